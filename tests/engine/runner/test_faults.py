"""Every fault of the simulator during a rollout, once and for a while: it ends as it would have without.

No fault repeats a write at Azure: a write whose answer got lost is looked for before it is sent again.
"""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from support.engine.lab import FAST, ONE_THIRD, Lab, version
from support.engine.opens import OpensLab
from support.engine.requests import batches_begun, when
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.errors import ConnectionFailed, SignInFailed, VmssTuiError
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.ports import Azure
from vmss_tui.simulator.scenario.model import FaultKind

pytestmark = pytest.mark.campaign

POLICY: RolloutPolicy = replace(ONE_THIRD, health_wait_seconds=30)
SERVER_ERROR: dict[str, Any] = {"kind": "status", "status": 503, "code": "ServerTimeout", "message": "try again"}
BUSY: dict[str, Any] = {
    "kind": "status",
    "status": 429,
    "code": "TooManyRequests",
    "message": "slow down",
    "retry_after": 1,
}
FAULTS: dict[str, dict[str, Any]] = {
    "503": SERVER_ERROR,
    "429": BUSY,
    "500": {**SERVER_ERROR, "status": 500},
    "504": {**SERVER_ERROR, "status": 504},
    "401": {"kind": "status", "status": 401, "code": "ExpiredAuthenticationToken", "message": "it has expired"},
    "reset": {"kind": "reset"},
    "truncate": {"kind": "truncate"},
    "garbage": {"kind": "garbage"},
    "drip": {"kind": "drip", "seconds": 0.4},
    "delay": {"kind": "delay", "seconds": 0.5},
}
OPERATIONS = "*/operations/*"
MINUTES = 2.0
"""Real seconds of a fault that lasts: two minutes of the simulator's time."""


async def roll_out(lab: Lab) -> RolloutState:
    rollout = await lab.create(version("2"), POLICY)
    await lab.run(rollout)
    return lab.journal.state(rollout)


def done_once(lab: Lab, state: RolloutState, *, mode: str, name: str = "") -> None:
    """It completed, and every write was carried out once: also one of which only the answer was truncated."""
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    cut = (0,) if name == "truncate" else ()
    taken = [write for write in lab.writes() if 200 <= write["status"] < 300 or write["status"] in cut]
    updates = sum("manualupgrade" in request["path"] for request in taken)
    assert updates == (3 if mode == "Manual" else 0), [request["path"] for request in taken]
    assert len(taken) == (4 if mode == "Manual" else 1)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("mode", ["Manual", "Rolling"])
async def test_a_fault_in_a_write_is_looked_into_before_it_is_sent_again(
    name: str, mode: str, open_lab: OpensLab
) -> None:
    lab = await open_lab(mode=mode)
    path, method = ("/manualupgrade", "POST") if mode == "Manual" else ("/extensions/*", "PUT")
    lab.fault(**FAULTS[name], path=path, method=method, count=1)
    done_once(lab, await roll_out(lab), mode=mode, name=name)


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_in_writes_and_in_polling_for_a_while_is_waited_out(name: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    for method in ("PUT", "POST"):
        lab.fault(**FAULTS[name], method=method, count=0, duration=MINUTES)
    lab.sim.control.add_fault(**FAULTS[name], path=OPERATIONS, count=0, duration=MINUTES)
    await lab.run(rollout)
    done_once(lab, lab.journal.state(rollout), mode="Manual", name=name)
    assert any(fault["hits"] for fault in lab.sim.control.faults())


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_in_reading_for_a_while_is_waited_out(name: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    lab.fault(**FAULTS[name], method="GET", count=0, duration=MINUTES, after=1)
    await lab.run(rollout)
    done_once(lab, lab.journal.state(rollout), mode="Manual")


@pytest.mark.parametrize("name", FAULTS)
async def test_one_fault_in_reading_and_one_in_polling(name: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Rolling")
    rollout = await lab.create(version("2"), POLICY)
    lab.fault(**FAULTS[name], method="GET", after=2)
    lab.sim.control.add_fault(**FAULTS[name], path=OPERATIONS)
    await lab.run(rollout)
    done_once(lab, lab.journal.state(rollout), mode="Rolling")
    assert not [fault for fault in lab.sim.control.faults() if not fault["hits"]]


@pytest.mark.parametrize("rule", [{"count": 1}, {"count": 0, "duration": MINUTES}])
async def test_a_page_that_azure_no_longer_knows(rule: dict[str, Any], open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", head="[paging]\ninstances = 2\n\n")
    rollout = await lab.create(version("2"), POLICY)
    lab.fault(kind="stale_token", **rule)
    await lab.run(rollout)
    done_once(lab, lab.journal.state(rollout), mode="Manual")
    assert all(fault["hits"] for fault in lab.sim.control.faults())


def test_no_fault_of_the_simulator_is_left_out() -> None:
    injected = {fault["kind"] for fault in FAULTS.values()} | {"stale_token"}
    assert injected == set(FaultKind)


async def test_it_says_what_it_waits_for_and_until_when(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    lab.fault(**SERVER_ERROR, method="GET", count=0, duration=4)
    await lab.run(rollout)
    waits = [event for event in lab.events(rollout, e.Waiting) if isinstance(event, e.Waiting)]
    trouble = [wait for wait in waits if "cannot be read" in wait.why]
    assert len(trouble) == 1 and trouble[0].until is not None
    assert any("answers again" in event.message for event in lab.events(rollout, e.Noted) if isinstance(event, e.Noted))


GONE: dict[str, list[dict[str, Any]]] = {
    "reset": [{"kind": "reset"}],
    "503": [SERVER_ERROR],
    "refused": [FAULTS["401"]],
    "garbage": [{"kind": "garbage"}],
    "no token": [{**SERVER_ERROR, "path": "*/oauth2/*"}],
    "sign-in refused": [
        {"kind": "status", "status": 401, "code": "invalid_client", "message": "it has expired", "path": "*/oauth2/*"}
    ],
    "operations": [{**SERVER_ERROR, "path": OPERATIONS}],
}


@pytest.mark.parametrize("name", GONE)
async def test_it_gives_up_after_a_long_while_and_can_be_resumed(name: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", head="[directory]\ntoken_lifetime = 2\n\n", speed=20)
    rollout = await lab.create(version("2"), POLICY)
    patience = 3.5 if name == "operations" else 1.0
    running = asyncio.create_task(lab.run(rollout, pace=replace(FAST, patience_seconds=patience)))
    await when(lab, rollout, batches_begun(1), "approve")
    for rule in GONE[name]:
        lab.sim.control.add_fault(**{"method": "*", "path": "*", "count": 0} | rule)
    with pytest.raises(VmssTuiError) as stopped:
        await running
    assert said_until_when(lab, rollout)
    assert lab.events(rollout, e.RunnerStopped) == [e.RunnerStopped(stopped.value.message)]
    state = lab.journal.state(rollout)
    assert state.verdict is None and state.runner is None
    assert lab.journal.lease(rollout) is None
    lab.sim.control.clear_faults()
    await lab.run(rollout)
    done_once(lab, lab.journal.state(rollout), mode="Manual")


def said_until_when(lab: Lab, rollout: str) -> list[str]:
    """What the log says of a trouble with the time at which it is given up."""
    sentences = []
    for event in lab.events(rollout, e.Waiting, e.Noted):
        if isinstance(event, e.Waiting) and "trying again" in event.why and event.until is not None:
            sentences.append(event.why)
        if isinstance(event, e.Noted) and "trying again until" in event.message:
            sentences.append(event.message)
    return sentences


@pytest.mark.parametrize("host", ["https://127.0.0.1:9", "https://nowhere.invalid"])
async def test_a_cloud_that_is_away_at_the_start_is_waited_for(host: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    away = msgspec.structs.replace(load_cloud(None, lab.sim.cloud_file), resource_manager=host, authority=host)

    async def never() -> Azure:
        return await connect(away, environ=lab.sim.variables)

    with pytest.raises(ConnectionFailed) as stopped:
        await lab.run(rollout, pace=replace(FAST, patience_seconds=1.0), azure=never)
    assert [sentence for sentence in said_until_when(lab, rollout) if sentence.startswith("Azure cannot be reached")]
    assert lab.events(rollout, e.RunnerStopped) == [e.RunnerStopped(stopped.value.message)]
    attempts = 0

    async def at_last() -> Azure:
        nonlocal attempts
        attempts += 1
        return lab.azure if attempts > 2 else await never()

    await lab.run(rollout, azure=at_last)
    done_once(lab, lab.journal.state(rollout), mode="Manual")
    assert any("answers again" in event.message for event in lab.events(rollout, e.Noted) if isinstance(event, e.Noted))


async def test_a_sign_in_that_is_refused_at_the_start_stops_at_once_with_the_reason(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    cloud = load_cloud(None, lab.sim.cloud_file)

    async def refused() -> Azure:
        return await connect(cloud, environ={**lab.sim.variables, "AZURE_CLIENT_SECRET": "wrong"})

    with pytest.raises(SignInFailed):
        await lab.run(rollout, azure=refused)
    (stopped,) = lab.events(rollout, e.RunnerStopped)
    assert isinstance(stopped, e.RunnerStopped) and "sign-in with environment was refused" in stopped.reason
    assert not lab.writes() and lab.journal.lease(rollout) is None


@pytest.mark.parametrize("fault", [SERVER_ERROR, {"kind": "reset"}, {"kind": "delay", "seconds": 0.5}])
async def test_a_sign_in_service_that_fails_for_a_while_is_waited_out(
    fault: dict[str, Any], open_lab: OpensLab
) -> None:
    lab = await open_lab(mode="Manual", head="[directory]\ntoken_lifetime = 2\n\n", speed=20)
    rollout = await lab.create(version("2"), POLICY)
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.sim.control.add_fault(**fault, path="*/oauth2/*", count=0, duration=3)
    await running
    done_once(lab, lab.journal.state(rollout), mode="Manual")


async def test_an_expiring_token_is_invisible(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", head="[directory]\ntoken_lifetime = 2\n\n", speed=20)
    state = await roll_out(lab)
    done_once(lab, state, mode="Manual")
    assert not lab.events(lab.journal.find(None).id, e.Noted)
    assert sum("/oauth2/" in request["path"] for request in lab.sim.control.requests()) > 1


async def test_our_own_quota_is_never_used_up(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Rolling")
    lab.sim.control.throttle(enabled=True)
    state = await roll_out(lab)
    done_once(lab, state, mode="Rolling")


async def test_a_refused_write_ends_with_azures_reason(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Rolling")
    lab.fault(kind="status", status=403, code="AuthorizationFailed", message="may not write", method="PUT", count=0)
    state = await roll_out(lab)
    assert state.verdict is e.Verdict.FAILED
    assert "may not write" in state.reason and "nothing was changed" in state.reason
