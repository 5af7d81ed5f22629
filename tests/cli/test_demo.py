"""The demo: its own journal, one simulator for all who look, alive as long as a client needs it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.program import PROFILE, Program, runners, until
from support.terminal import Terminal

SCENARIO = Path(__file__).parents[1] / "scenarios" / "cli.toml"


@pytest.fixture
def demo(bare: Program) -> Iterator[Program]:
    """A demo of the test's own (its state directory is), that is stopped at the end."""
    yield bare
    bare("demo", "--stop")


def simulators(program: Program) -> list[int]:
    """Processes of this test's demo."""
    home = str(Path(program.env["XDG_STATE_HOME"]) / "vmss-tui" / "demo")
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "vmss_tui.simulator" in (process.info["cmdline"] or [])
        and any(home in word for word in process.info["cmdline"])
    ]


def start(program: Program) -> list[str]:
    return ["demo", "--scenario", str(SCENARIO), "--speed", "30"]


def test_any_command_runs_on_the_same_simulated_azure(demo: Program) -> None:
    demo.profile("app", PROFILE)
    first = demo(*start(demo), "list", "--json", AZURE_CLIENT_SECRET="the real one", AZURE_TENANT_ID="real")
    assert first.code == 0, first.err
    assert len(first.json) == 7
    running = simulators(demo)
    assert len(running) == 1
    done = demo("demo", "rollout", "app", "app", "--set", "version=2.0.0", "--yes", "--jsonl")
    assert done.code == 0, done.err
    assert {instance["version"] for instance in demo("demo", "instances", "app", "--json").json} == {"app 2.0.0"}
    assert simulators(demo) == running
    assert len(demo("demo", "rollouts", "--json").json) == 1
    assert "vmss-tui demo report" in demo("demo", "attach", "--plain").out, "hints can be typed as they stand"
    assert demo("rollouts", "--json").json == [], "the real journal is untouched"
    elsewhere = demo("attach", "--plain")
    assert elsewhere.code == 2
    assert re.search(r"For the demo's rollouts: `\S*vmss-tui demo attach`", elsewhere.err), elsewhere.err

    record = Path(demo.env["XDG_STATE_HOME"]) / "vmss-tui" / "demo" / "simulator.json"
    assert record.stat().st_mode & 0o077 == 0
    assert json.loads(record.read_text())["client_secret"] is None

    stopped = demo("demo", "--stop")
    assert stopped.code == 0
    until(lambda: not simulators(demo), "the simulator's end")
    assert "no demo is running" in demo("demo", "--stop").err


@pytest.mark.campaign
def test_stopping_ends_the_runner_of_an_unfinished_rollout(demo: Program) -> None:
    demo.profile("app", PROFILE)
    words = ("rollout", "app", "hand", "--set", "version=8.0.0", "--yes", "--detach")
    started = demo(*start(demo), *words)
    assert started.code == 0, started.err
    state = demo.env["XDG_STATE_HOME"]
    assert len(runners(state)) == 1
    stopped = demo("demo", "--stop")
    assert stopped.code == 0 and started.out.strip() in stopped.err
    assert runners(state) == [] and simulators(demo) == []


@pytest.mark.terminal
def test_leaving_the_app_stops_the_simulator(demo: Program) -> None:
    with Terminal(*start(demo), env=demo.env) as screen:
        screen.wait_for(r"app 1\.0\.0|custom|idle")
        assert len(simulators(demo)) == 1
        screen.press("q")
        assert screen.finish() == 0
        assert screen.restored() == []
    until(lambda: not simulators(demo), "the simulator's end")


@pytest.mark.campaign
@pytest.mark.terminal
def test_the_simulator_outlives_the_app_while_a_rollout_runs_on_it(demo: Program) -> None:
    demo.profile("app", PROFILE)
    with Terminal(*start(demo), env=demo.env) as screen:
        screen.wait_for(r"slow .*idle")
        started = demo("demo", "rollout", "app", "slow", "--set", "version=8.0.0", "--yes", "--detach")
        assert started.code == 0, started.err
        rollout = started.out.strip()
        screen.leave()
        after = bytes(screen.raw).decode(errors="replace").rpartition("?1049l")[2]
        assert f"rollout {rollout} continues in the background" in after
        assert "vmss-tui demo attach" in after
        shown = re.search(
            rf"Rollout {rollout} of slow continues in the background: `(\S+vmss-tui) demo attach {rollout}`", after
        )
        assert shown is not None, "what the app says when it closes can be typed from here"
        assert Path(shown[1]).exists()
    assert len(simulators(demo)) == 1
    assert demo("demo", "cancel").code == 0
    ended = demo("demo", "attach", "--jsonl")
    assert ended.code == 5
    assert ended.records[0]["rollout"] == rollout


def test_another_scenario_waits_until_nobody_uses_the_first(demo: Program) -> None:
    assert demo(*start(demo), "list", "--no-counts").code == 0
    home = Path(demo.env["XDG_STATE_HOME"]) / "vmss-tui" / "demo"
    holder = subprocess.Popen(["flock", "--shared", str(home / "visitors"), "sleep", "60"], start_new_session=True)
    try:
        until(lambda: psutil.Process(holder.pid).children(), "the lock")
        refused = demo("demo", "--speed", "60", "list")
        assert refused.code == 2
        assert "already runs" in refused.err
    finally:
        os.killpg(holder.pid, 15)
        holder.wait()
    changed = demo("demo", "--scenario", str(SCENARIO), "--speed", "60", "list", "--no-counts")
    assert changed.code == 0, changed.err
    assert len(simulators(demo)) == 1


def test_a_scenario_that_does_not_hold_is_said(demo: Program) -> None:
    done = demo("demo", "--scenario", "nosuch", "list")
    assert done.code == 2
    assert "nosuch" in done.err
    assert "Traceback" not in done.err
    assert simulators(demo) == []


def test_the_demo_brings_its_own_cloud(demo: Program) -> None:
    done = demo("--cloud", "AzureCloud", "demo", "list")
    assert done.code == 2
    assert "--cloud" in done.err
