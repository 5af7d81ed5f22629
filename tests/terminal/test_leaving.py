"""However the app ends, the terminal is as it was before, and nothing that runs stops with it."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from support.program import Program, until
from support.terminal import Opens
from vmss_tui.app.terminal.hang_up import LastingTerminal

pytestmark = pytest.mark.terminal


@pytest.mark.parametrize("keys", [("q",), ("ctrl+q",)])
def test_quitting_restores_the_terminal(vmss: Program, opens: Opens, keys: tuple[str, ...]) -> None:
    screen = opens(env=vmss.env)
    screen.wait_for(r"app .*app 1\.0\.0")
    assert screen.restored(), "the app uses the whole screen"
    screen.press(*keys)
    assert screen.finish() == 0
    assert screen.restored() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_restore_the_terminal(vmss: Program, opens: Opens, number: signal.Signals) -> None:
    screen = opens(env=vmss.env)
    screen.wait_for(r"app .*app 1\.0\.0")
    screen.kill(number)
    assert screen.finish() == 128 + number
    assert screen.restored() == []


def test_a_dropped_line_ends_the_app_and_not_the_rollout(vmss: Program, opens: Opens) -> None:
    started = vmss("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach")
    rollout = started.out.strip()
    screen = opens("attach", env=vmss.env)
    screen.wait_for(rf"rollout {rollout[:4]}")
    screen.wait_for(r"app 1\.0\.0 → app 8\.0\.0")
    pid = screen.child.pid
    assert pid is not None
    screen.hang_up()
    until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, "the end of the app")
    listed = vmss("rollouts", "--json").json
    assert [(record["id"], record["runner_alive"]) for record in listed] == [(rollout, True)]
    assert vmss("cancel").code == 0


def test_a_terminal_that_is_gone_without_a_signal_ends_the_app(vmss: Program) -> None:
    near, far = pty.openpty()
    environment = {**vmss.env, "TERM": "xterm-256color"}
    with subprocess.Popen(
        [sys.executable, "-m", "vmss_tui"], stdin=far, stdout=far, stderr=far, start_new_session=True, env=environment
    ) as app:
        try:
            os.close(far)
            until(lambda: b"fleet" in os.read(near, 65536), "the app's first frame")
            os.close(near)
            assert app.wait(20) == 128 + signal.SIGHUP
        finally:
            app.kill()


def test_what_is_painted_for_nobody_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = pty.openpty()
    heard: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: heard.append(number))
    with os.fdopen(far, "w") as file:
        terminal = LastingTerminal(file)
        terminal.write("first")
        terminal.flush()
        assert os.read(near, 64) == b"first"
        os.close(near)
        for _ in range(2):
            terminal.write("second")
            terminal.flush()
        assert heard == [signal.SIGHUP]
        with contextlib.suppress(OSError):
            file.close()


@pytest.mark.campaign
def test_leaving_while_a_rollout_runs_asks_and_does_not_stop_it(vmss: Program, opens: Opens) -> None:
    rollout = vmss("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach").out.strip()
    screen = opens("attach", rollout, env=vmss.env)
    screen.wait_for(r"app 1\.0\.0 → app 8\.0\.0")
    screen.leave()
    assert vmss("cancel", "--json").json["accepted"] is True
    last = json.loads(vmss("attach", "--jsonl").out.splitlines()[-1])
    assert last["verdict"] == "cancelled"


def test_the_size_may_change_at_any_time(vmss: Program, opens: Opens) -> None:
    screen = opens(env=vmss.env)
    screen.wait_for(r"app .*app 1\.0\.0")
    for columns, lines in ((80, 24), (60, 20), (40, 10), (200, 60)):
        screen.resize(columns, lines)
        screen.wait_for(r"app 1\.0\.0|app +Roll|▸ app")
    screen.wait_for(r"SUBSCRIPTION")
    screen.press("q")
    assert screen.finish() == 0
    assert screen.restored() == []


def test_a_dumb_terminal_is_told_what_works(vmss: Program, opens: Opens) -> None:
    screen = opens(env={**vmss.env, "TERM": "dumb"})
    assert screen.finish() == 2
    assert b"\x1b" not in bytes(screen.raw)
    assert "vmss-tui list" in screen.text


def test_no_color_means_no_color(vmss: Program, opens: Opens) -> None:
    screen = opens(env={**vmss.env, "NO_COLOR": "1"})
    screen.wait_for(r"● idle")
    screen.press("q")
    assert screen.finish() == 0
    raw = bytes(screen.raw)
    assert b"38;2;" not in raw
    assert b"48;2;" not in raw
    assert b"38;5;" not in raw
