"""A silent Azure: what is waited for, until when, and that it is given up then."""

import re
from collections.abc import Iterator

import pytest

from support.program import Inside
from support.simulator import SimulatorProcess
from vmss_tui.cli import session
from vmss_tui.cli import wait_notice as waiting
from vmss_tui.gateway.http import policies

CLOCK = r"\d\d:\d\d:\d\d"
SILENT = rf"vmss-tui: a request to Azure has had no answer since {CLOCK}; waiting until {CLOCK} at most\n"


@pytest.fixture
def world(cli_world: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorProcess]:
    monkeypatch.setattr(waiting, "QUIET_SECONDS", 0.3)
    monkeypatch.setattr(waiting, "_CHECK_SECONDS", 0.1)
    yield cli_world
    cli_world.control.clear_faults()


@pytest.mark.parametrize("command", [("list",), ("show", "app"), ("instances", "app"), ("plan", "app", "app")])
def test_a_long_wait_is_reported_once_with_its_end(
    command: tuple[str, ...], world: SimulatorProcess, inside: Inside
) -> None:
    path = "*ResourceGraph*" if command[0] == "list" else "*/virtualMachineScaleSets*"
    world.control.add_fault(kind="delay", seconds=1.5, path=path, count=1)
    done = inside(*command, *(("--set", "version=1.0.0") if command[0] == "plan" else ()))
    assert done.code == 0
    assert len(re.findall(SILENT, done.err)) == 1
    assert "waiting until" not in done.out


def test_a_wait_that_is_short_is_not_told(inside: Inside) -> None:
    assert "waiting until" not in inside("list").err


def test_silence_is_given_up(world: SimulatorProcess, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "GIVE_UP_SECONDS", 1.0)
    for path in ("*ResourceGraph*", "*/virtualMachineScaleSets*"):
        world.control.add_fault(kind="delay", seconds=4, path=path, count=0)
    done = inside("list")
    assert done.code == 3 and re.search(SILENT, done.err) and "did not answer in time" in done.err


def test_a_sign_in_that_gets_no_answer(
    world: SimulatorProcess, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.control.add_fault(kind="delay", seconds=4, path="*/oauth2/*", count=0)
    monkeypatch.setattr(session, "SIGN_IN_SECONDS", 1.0)
    done = inside("list")
    assert done.code == 3
    assert re.search(rf"signing in since {CLOCK}; waiting until {CLOCK} at most", done.err)
    assert "cannot sign in to simulator: no answer within 1s" in done.err


def test_an_empty_quota_says_when_reading_continues(world: SimulatorProcess, inside: Inside) -> None:
    world.control.add_fault(
        kind="status",
        status=429,
        code="TooManyRequests",
        message="no",
        retry_after=4,
        path="*/virtualMachines",
        count=1,
    )
    done = inside("list", "--health")
    assert done.code == 0
    assert re.search(rf"Azure's request quota is used up; reading resumes at {CLOCK}", done.err)


def test_counts_that_are_missing_have_a_reason(world: SimulatorProcess, inside: Inside) -> None:
    assert "not counted" not in inside("list").err
    world.control.add_fault(
        kind="status", status=403, code="AuthorizationFailed", message="no", path="*ResourceGraph*", count=0
    )
    done = inside("list")
    assert done.code == 0 and "scale sets are not counted by Resource Graph: cannot list the scale sets" in done.err
    assert "vmss-tui list --health" in done.err
    assert "not counted" not in inside("list", "--no-counts").err
