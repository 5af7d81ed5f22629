"""Others at work on the same set: colleagues, autoscale, the platform; and gates that say no."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from support.engine.lab import ONE_THIRD, version
from support.engine.opens import OpensLab
from support.engine.requests import batches_begun, when
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_policy import ExternalGate, Hook
from vmss_tui.domain.rollout import events as e
from vmss_tui.presentation.rollout.info import floor

pytestmark = pytest.mark.campaign


async def test_a_colleague_who_writes_another_script_stops_the_next_batch(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=1))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.happen("write", script={"name": "CustomScript", "command": "./colleague.sh"})
    assert await running is e.Verdict.FAILED
    state = lab.journal.state(rollout)
    assert "the scale set's script was changed outside this rollout" in state.reason and "4 untouched" in state.reason


async def test_a_colleague_who_was_faster_stops_it_before_anything_is_written(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"))
    await lab.azure.write_extension(await lab.azure.scale_set(lab.target), version("9"), None)
    assert await lab.run(rollout) is e.Verdict.FAILED
    assert "stopped before anything was changed: the scale set" in lab.journal.state(rollout).reason


async def test_a_tag_or_capacity_that_changed_since_the_plan_is_no_reason_to_stop(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Automatic")
    rollout = await lab.create(version("2"), replace(ONE_THIRD, mode=UpgradeMode.MANUAL))
    lab.happen("write", tags={"touched": "yes"})
    assert await lab.run(rollout) is e.Verdict.COMPLETED, lab.journal.state(rollout).reason


async def test_instances_that_came_after_the_plan_refuse_it_before_anything_is_written(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"))
    lab.happen("autoscale", by=2)
    await lab.look_until(lambda seen: len(seen.instances) == 8)
    assert await lab.run(rollout) is e.Verdict.REFUSED
    assert "2 instances are in no batch" in lab.journal.state(rollout).reason
    assert not [request for request in lab.writes() if request["method"] != "GET"]
    assert await lab.run(rollout) is e.Verdict.REFUSED, "it is over"


async def test_autoscale_leaks_are_seen_and_stay_apart(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", after="")
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=2))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.happen("autoscale", by=1)
    assert await running is e.Verdict.COMPLETED, lab.journal.state(rollout).reason
    state = lab.journal.state(rollout)
    assert state.count(e.Phase.LEAKED) == 1 and state.count(e.Phase.DONE) == 6
    notes = [event.message for event in lab.events(rollout, e.Noted) if isinstance(event, e.Noted)]
    assert any("1 instance got app 2 outside the batches" in note for note in notes)
    assert state.reason == "6 of 6 run app 2 and are healthy; 1 more got it outside the batches: 6"


REPAIRS = '[scale_sets.repairs]\nenabled = true\ngrace = "PT10M"\naction = "{action}"\n'


@pytest.mark.parametrize("action", ["Replace", "Reimage"])
async def test_a_leak_by_automatic_repairs_is_seen_and_said(action: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", more=REPAIRS.format(action=action))
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=2))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.happen("health", instances=[4], to="unhealthy")
    lab.sim.control.clock(advance=660)
    assert await running is e.Verdict.COMPLETED, lab.journal.state(rollout).reason
    state = lab.journal.state(rollout)
    (leaked,) = state.ids_in(e.Phase.LEAKED)
    assert leaked == ("6" if action == "Replace" else "4")
    ran = "5 of 6 run app 2 and are healthy; 1 gone: 4" if action == "Replace" else "5 of 5 run app 2 and are healthy"
    assert state.reason == f"{ran}; 1 more got it outside the batches: {leaked}"
    notes = [event for event in lab.events(rollout, e.Noted) if isinstance(event, e.Noted) and event.ids == (leaked,)]
    assert ["automatic repairs" in note.message for note in notes] == [True]
    (checked,) = {gate.message for gate in state.gates.values() if gate.gate == "leaks"}
    assert checked == f"1 instance got the new version outside the batches (limit 2, one batch): {leaked}"


async def test_automatic_repairs_leak_nothing_while_they_are_suspended(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", more=REPAIRS.format(action="Replace"))
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=2, suspend_repairs=True))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    assert (await lab.look()).scale_set.repairs_suspended
    lab.happen("health", instances=[4], to="unhealthy")
    lab.sim.control.clock(advance=660)
    assert await running is e.Verdict.COMPLETED, lab.journal.state(rollout).reason
    state = lab.journal.state(rollout)
    assert (state.count(e.Phase.LEAKED), state.count(e.Phase.DONE)) == (0, 6)
    paths = [write["path"].partition("?")[0].rpartition("/")[2] for write in lab.writes()]
    assert paths[0] == paths[-1] == "setOrchestrationServiceState"
    assert not (await lab.look()).scale_set.repairs_suspended


async def test_a_leak_by_a_colleague_is_seen_and_too_many_stop_it(open_lab: OpensLab) -> None:
    for colleagues, verdict in ((("4",), e.Verdict.COMPLETED), (("1", "3", "4"), e.Verdict.FAILED)):
        lab = await open_lab(mode="Manual")
        rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=2, unhealthy_percent=100))
        running = asyncio.create_task(lab.run(rollout))
        await when(lab, rollout, batches_begun(1), "approve")
        await lab.azure.update_instances(await lab.azure.scale_set(lab.target), colleagues)
        assert await running is verdict, lab.journal.state(rollout).reason
        state = lab.journal.state(rollout)
        assert sorted(state.ids_in(e.Phase.LEAKED)) == list(colleagues)
        if verdict is e.Verdict.FAILED:
            wanted = "3 instances got the new version outside the batches (limit 2, one batch): 1, 3, 4; "
            assert state.reason.startswith(wanted)


async def test_an_instance_that_is_deleted_meanwhile_is_gone_and_holds_up_nobody(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=1))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.happen("delete", instances=[3])
    lab.sim.control.clock(advance=300)
    assert await running is e.Verdict.COMPLETED, lab.journal.state(rollout).reason
    state = lab.journal.state(rollout)
    assert (state.count(e.Phase.GONE), state.count(e.Phase.DONE)) == (1, 5)


@pytest.mark.parametrize("mode", ["Manual", "Rolling"])
async def test_the_floor_counts_those_that_were_ill_before(mode: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode=mode)
    lab.happen("health", instances=[5], to="unhealthy")
    await lab.look_until(lambda found: found.instances[5].health is Health.UNHEALTHY)
    rollout = await lab.create(version("2"))
    await lab.run(rollout)
    state = lab.journal.state(rollout)
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert state.plan is not None and (state.plan.healthy, floor(state)) == (5, 3)
    assert state.lowest is not None and state.lowest.healthy >= 3


async def test_instances_that_fall_ill_stop_the_next_batch(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=1))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "approve")
    lab.happen("health", instances=[1, 2, 3], to="unhealthy")
    assert await running is e.Verdict.FAILED
    reason = lab.journal.state(rollout).reason
    assert reason.startswith("3 of 6 instances unhealthy or unknown (limit 34%)")


async def test_a_rolling_upgrade_of_the_platform_is_not_ours(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"), replace(ONE_THIRD, pause_seconds=1))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, lambda state: state.batch is not None and state.open_batch is None, "approve")
    lab.sim.control.clock(speed=1)
    lab.happen("roll", kind="extension")
    assert await running is e.Verdict.FAILED
    assert "a rolling upgrade is running that this rollout did not start" in lab.journal.state(rollout).reason
    seen = [event for event in lab.events(rollout, e.UpgradeSeen) if isinstance(event, e.UpgradeSeen)]
    assert seen and not any(upgrade.ours for upgrade in seen)


async def test_another_user_cancels_azures_rolling_upgrade(open_lab: OpensLab) -> None:
    lab = await open_lab()
    rollout = await lab.create(version("2"))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(2), "approve")
    await lab.azure.cancel_upgrade(await lab.azure.scale_set(lab.target))
    assert await running is e.Verdict.CANCELLED
    assert lab.journal.state(rollout).reason.startswith("the rolling upgrade was canceled outside; ")


@pytest.mark.parametrize("mode", ["Manual", "Rolling"])
@pytest.mark.parametrize(("code", "verdict"), [(0, e.Verdict.COMPLETED), (3, e.Verdict.FAILED)])
async def test_a_command_as_gate(code: int, verdict: e.Verdict, mode: str, open_lab: OpensLab, tmp_path: Path) -> None:
    asked = tmp_path / "asked.jsonl"
    script = tmp_path / "gate.sh"
    script.write_text(f'#!/bin/sh\ncat >> {asked}; echo >> {asked}\necho "traffic is fine"\nexit {code}\n')
    script.chmod(0o700)
    lab = await open_lab(mode=mode)
    state = await lab.roll_out(version("2"), replace(ONE_THIRD, gate=ExternalGate(command=(str(script),))))
    assert state.verdict is verdict, state.reason
    batches = [json.loads(line)["batch"] for line in asked.read_text().splitlines()]
    assert batches == ([1, 2, 3] if code == 0 and mode == "Manual" else [1])
    if code:
        assert state.reason == "traffic is fine; nothing was changed" and not lab.writes()


async def test_hooks_are_told_and_cannot_harm(open_lab: OpensLab, tmp_path: Path) -> None:
    received = tmp_path / "received.jsonl"
    hook = tmp_path / "hook.sh"
    hook.write_text(f"#!/bin/sh\ncat >> {received}; echo >> {received}\nexit 7\n")
    hook.chmod(0o700)
    lab = await open_lab(mode="Manual")
    hooks = (
        Hook(command=(str(hook),)),
        Hook(command=("/no/such/command",)),
        Hook(url="https://127.0.0.1:9/nobody", timeout_seconds=2),
        Hook(url="nonsense"),
        Hook(command=("sleep", "60"), timeout_seconds=1),
        Hook(command=(str(hook),), on=("needs_person",)),
    )
    state = await lab.roll_out(version("2-bad"), replace(ONE_THIRD, hooks=hooks))
    assert state.verdict is e.Verdict.FAILED
    (message,) = [json.loads(line) for line in received.read_text().splitlines()]
    assert message["occasion"] == "failed" and message["version"] == "app 2-bad"
    assert message["message"].startswith("failed: ")
