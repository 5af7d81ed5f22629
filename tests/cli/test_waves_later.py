"""Waves that start later, through the real program: scheduled, moved, canceled, started by a worker, refused."""

import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.program import PROFILE, Program, quick, until
from support.simulator import SimulatorProcess, StartsSimulator

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(300)]

SCENARIO = Path(__file__).parents[1] / "scenarios" / "waves.toml"
TESTS = '[targets]\ntags = { stage = "test" }\n[waves]\nat_once = 2\n'
START = ("rollout", "app", "--all", "--set", "version=2.0.0", "--yes")


@pytest.fixture
def world(simulator: StartsSimulator) -> SimulatorProcess:
    return simulator(SCENARIO, speed=30)


@pytest.fixture
def vmss(world: SimulatorProcess, tmp_path: Path) -> Program:
    program = Program(quick(world, tmp_path), tmp_path)
    program.profile(text=f"{PROFILE}\n{TESTS}")
    return program


def scheduled(vmss: Program, at: str) -> str:
    done = vmss(*START, "--at", at)
    assert done.code == 0, done.err
    return done.out.strip()


def whole(vmss: Program, rollout: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in vmss("rollouts", "--json").json if one["id"] == rollout)
    return found


def ended(vmss: Program, rollout: str) -> dict[str, Any]:
    until(lambda: whole(vmss, rollout)["ended_at"], "the end", 120)
    return whole(vmss, rollout)


def kill_waiting(rollout: str) -> None:
    """As a restart of the host does."""
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if rollout in words and "--wait" in words:
            process.kill()


def test_a_worker_starts_waves_that_are_due(vmss: Program) -> None:
    waves = scheduled(vmss, "+2h")
    assert whole(vmss, waves)["starts_at"] and whole(vmss, waves)["kind"] == "waves"
    moved = vmss("schedule", waves, "--at", "+3s", "--json")
    assert moved.code == 0, moved.err
    kill_waiting(waves)
    time.sleep(3)
    assert vmss("worker", "--once").code == 0
    assert ended(vmss, waves)["stage"] == "completed"
    report = vmss("report", waves).out
    assert report.count("scheduled by") == 2
    assert vmss("report", waves, "--verify").code == 0


def test_waves_are_refused_with_what_has_changed_on_a_set(vmss: Program) -> None:
    waves = scheduled(vmss, "+2h")
    other = vmss("rollout", "app", "test-001", "--set", "version=3.0.0", "--yes")
    assert other.code == 0, other.err
    assert vmss("schedule", waves, "--at", "now").code == 0
    found = ended(vmss, waves)
    assert found["stage"] == "refused"
    assert "test-001: the scale set's script was changed" in found["reason"] and "test-002" not in found["reason"]
    assert {one["version"] for one in vmss("instances", "test-002", "--json").json} == {"app 1.0.0"}


def test_waves_are_called_off_before_they_start(vmss: Program, world: SimulatorProcess) -> None:
    waves = scheduled(vmss, "+2h")
    assert vmss("pause", waves).code == 2, "it has not started"
    assert vmss("cancel", waves, "--why", "not tonight").code == 0
    found = whole(vmss, waves)
    assert found["stage"] == "cancelled" and "not tonight" in found["reason"] and not found["starts_at"]
    assert vmss("schedule", waves, "--at", "now").code == 2
    assert not any(route.startswith(("PUT", "PATCH")) for route in world.control.counters()["routes"])


def test_a_start_with_the_window_is_at_once_where_none_is_closed(vmss: Program) -> None:
    done = vmss(*START, "--at-window", "--jsonl", timeout=200)
    assert done.code == 0, done.err
    assert done.records[-1]["verdict"] == "completed"
