"""Every ready-made profile is rolled out by the real program on a simulator; only its waits are cut short."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.program import Program
from support.simulator import SimulatorProcess
from vmss_tui.paths import bundled_profiles_directory

SCENARIO = Path(__file__).parents[2] / "scenarios" / "ready-made.toml"
BUNDLED = bundled_profiles_directory() or Path()
NO_WAITS = '\n[rollout]\npause = "0s"\nmin_healthy = "0s"\nsoak = "0s"\n'

RUNS = {
    "agent-update": ({"version": "7.2.0"}, "agent 7.2.0"),
    "custom-application": ({"major": "2"}, "custom application v2"),
    "nginx-static": ({"build": "1847"}, "site 1847"),
    "service": ({"service": "gateway", "version": "3.0.1"}, "gateway 3.0.1"),
    "systemd-service": ({"version": "7.2"}, "tracking 7.2"),
    "web": ({"version": "2.5.0"}, "web 2.5.0"),
    "windows-iis": ({"release": "5.4"}, "billing 5.4"),
}
"""Values for a profile's variables, and what the version is called; `hotfix` needs a person and has its own test."""


@pytest.fixture(scope="module")
def world() -> Iterator[SimulatorProcess]:
    """One simulator; every test has a scale set of its own in it."""
    sim = SimulatorProcess.start(SCENARIO, speed=30.0)
    yield sim
    sim.stop()


@pytest.fixture
def vmss(world: SimulatorProcess, tmp_path: Path) -> Program:
    return Program({**world.variables, "BILLING_STORAGE_KEY": "bWFkZSB1cA=="}, tmp_path)


def quick(vmss: Program, name: str) -> str:
    """A profile that differs from the ready-made one only in its waits."""
    text = f'schema = 1\nname = "app"\nextends = "{BUNDLED / name}.toml"\n{NO_WAITS}'
    vmss.profile(f"quick-{name}", text)
    return f"quick-{name}"


def versions(vmss: Program, name: str) -> set[str]:
    return {instance["version"] for instance in vmss("instances", name, "--json").json}


def arguments(values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


@pytest.mark.campaign
@pytest.mark.parametrize("name", RUNS)
def test_a_ready_made_profile_rolls_out(vmss: Program, name: str) -> None:
    values, label = RUNS[name]
    done = vmss(
        "rollout", quick(vmss, name), name, *arguments(values), "--yes", "--jsonl", "--outside-window", "a test"
    )
    assert (done.code, done.err) == (0, "")
    last: dict[str, Any] = done.records[-1]
    assert (last["verdict"], last["failed"], last["counts"]["done"]) == ("completed", [], 4)
    assert versions(vmss, name) == {label}
    assert "bWFkZSB1cA" not in done.out


@pytest.mark.campaign
def test_the_hot_fix_waits_for_a_person_twice(vmss: Program) -> None:
    words = ("rollout", quick(vmss, "hotfix"), "hotfix", "--set", "change=CHG0012345", "--yes", "--jsonl")
    asked = []
    with vmss.running(*words) as process:
        assert process.stdout is not None
        for line in process.stdout:
            record = json.loads(line)
            if record["event"] == "approval_needed":
                asked.append(record["batch"])
                assert vmss("approve").code == 0
        assert process.wait(timeout=30) == 0
    assert asked == [2, 3]
    assert versions(vmss, "hotfix") == {"hotfix CHG0012345"}
