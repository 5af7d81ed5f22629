"""Every fault of the simulator during a rollout, once and for a while: it ends as it would have without.

No fault makes Azure be told twice: a write whose answer got lost is looked for before it is sent again.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from engine.conftest import OpensLab
from engine.lab import FAST, ONE_THIRD, Lab, version
from engine.test_verbs import batches_begun, when
from vmss_tui.domain import events as e
from vmss_tui.domain.policy import RolloutPolicy
from vmss_tui.domain.rollout import RolloutState
from vmss_tui.errors import VmssTuiError

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


async def roll_out(lab: Lab) -> RolloutState:
    rollout = await lab.create(version("2"), POLICY)
    await lab.run(rollout)
    return lab.journal.state(rollout)


def done_once(lab: Lab, state: RolloutState, *, mode: str, cut: int = 0) -> None:
    """It completed, and every write was carried out once; `cut` of them have no status, since their answer was cut."""
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    taken = [each for each in lab.writes() if 200 <= each["status"] < 300]
    updates = sum("manualupgrade" in each["path"] for each in taken)
    assert updates == (3 - cut if mode == "Manual" else 0), [each["path"] for each in taken]
    assert len(taken) == (4 if mode == "Manual" else 1) - cut


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("mode", ["Manual", "Rolling"])
async def test_a_fault_in_a_write_is_looked_into_before_it_is_sent_again(
    name: str, mode: str, open_lab: OpensLab
) -> None:
    lab = await open_lab(mode=mode)
    path, method = ("/manualupgrade", "POST") if mode == "Manual" else ("/extensions/*", "PUT")
    lab.fault(**FAULTS[name], path=path, method=method, count=1)
    done_once(lab, await roll_out(lab), mode=mode, cut=name == "truncate")


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_in_reading_for_a_while_is_waited_out(name: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    lab.fault(**FAULTS[name], method="GET", count=0, duration=1.5, after=3)
    done_once(lab, await roll_out(lab), mode="Manual")


async def test_it_says_what_it_waits_for_and_until_when(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    lab.fault(**SERVER_ERROR, method="GET", count=0, duration=4)
    await lab.run(rollout)
    waits = [each for each in lab.events(rollout, e.Waiting) if isinstance(each, e.Waiting)]
    trouble = [each for each in waits if "cannot be read" in each.why]
    assert len(trouble) == 1 and trouble[0].until is not None
    assert any("answers again" in each.message for each in lab.events(rollout, e.Noted) if isinstance(each, e.Noted))


async def test_it_gives_up_after_a_long_while_and_can_be_resumed(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), POLICY)
    running = asyncio.create_task(lab.run(rollout, pace=replace(FAST, patience_seconds=0.5)))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.sim.control.add_fault(kind="reset", method="*", path="*", count=0)
    with pytest.raises(VmssTuiError):
        await running
    state = lab.journal.state(rollout)
    assert state.verdict is None and state.runner is None
    assert lab.journal.lease(rollout) is None
    lab.sim.control.clear_faults()
    await lab.run(rollout)
    done_once(lab, lab.journal.state(rollout), mode="Manual")


async def test_an_expiring_token_is_invisible(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", head="[directory]\ntoken_lifetime = 2\n\n", speed=20)
    state = await roll_out(lab)
    done_once(lab, state, mode="Manual")
    assert not lab.events(lab.journal.find(None).id, e.Noted)
    assert sum("/oauth2/" in each["path"] for each in lab.sim.control.requests()) > 1


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
