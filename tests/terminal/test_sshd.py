"""Over a real SSH connection: the line drops in the middle, the rollout continues, and attach shows it again."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Program, until
from support.sshd import MISSING, Sshd
from support.terminal import Terminal

pytestmark = [pytest.mark.terminal, pytest.mark.campaign, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    server = Sshd.start(tmp_path / "sshd")
    yield server
    server.stop()


def over(sshd: Sshd, vmss: Program, *arguments: str, term: str = "xterm-256color", **env: str) -> Terminal:
    """vmss-tui on the server, in a terminal of `term` on this side."""
    remote = {**vmss.env, "TEXTUAL_ANIMATIONS": "none", **env}
    command = sshd.command([sys.executable, "-m", "vmss_tui", *arguments], remote)
    return Terminal(*command[1:], command=command[:1], env={**vmss.env, "TERM": term})


def test_a_dropped_line_is_picked_up_where_it_was(sshd: Sshd, vmss: Program) -> None:
    rollout = vmss("rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach").out.strip()
    with over(sshd, vmss, "attach", rollout) as first:
        first.wait_for(rf"rollout {rollout[:4]}")
        first.wait_for(r"app 1\.0\.0 → app 8\.0\.0")
        sshd.drop_lines()
        until(lambda: first.pump() < 0 or not first.child.isalive(), "the end of the connection")
    assert [(known["id"], known["runner_alive"]) for known in vmss("rollouts", "--json").json] == [(rollout, True)]
    with over(sshd, vmss, "attach", rollout) as again:
        again.wait_for(r"app 1\.0\.0 → app 8\.0\.0")
        for columns, lines in ((80, 24), (200, 60), (120, 40)):
            again.resize(columns, lines)
            again.wait_for(rf"rollout {rollout[:4]}")
        again.press("q")
        again.wait_for(r"Quit vmss-tui\?")
        again.press("right", "enter")
        assert again.finish() == 0
        assert again.restored() == []
    assert vmss("cancel").code == 0


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "screen-256color", "tmux-256color"])
def test_every_terminal_gets_its_colors_and_is_left_as_it_was(term: str, sshd: Sshd, vmss: Program) -> None:
    with over(sshd, vmss, term=term, COLORTERM="") as screen:
        screen.wait_for(r"app .*app 1\.0\.0")
        assert b"38;2;" not in bytes(screen.raw), "no true color where the terminal did not announce it"
        screen.press("q")
        assert screen.finish() == 0
        assert screen.restored() == []
