"""Verbs against the simulator: pause, resume, approve, cancel, retry, undo."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from support.engine.lab import ONE_THIRD, Lab, steps, version
from support.engine.opens import OpensLab
from support.engine.requests import batches_begun, when
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import BatchStep
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.engine.followup import Followup


async def follow_up(lab: Lab, verb: Followup, rollout: str) -> tuple[RolloutPlan, RolloutState]:
    plan = await lab.followed_up(verb, rollout)
    assert not plan.refusals, plan.refusals
    again = lab.journal.create(plan, who="bo")
    await lab.run(again)
    return plan, lab.journal.state(again)


async def test_pause_and_resume_between_batches(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "pause")
    await when(lab, rollout, lambda state: state.waiting is not None and "paused" in state.waiting.why, "pause")
    assert len(lab.journal.state(rollout).batches) == 1
    await when(lab, rollout, lambda state: state.answered == 2, "resume")
    assert await running is e.Verdict.COMPLETED
    answers = [
        event.message for event in lab.events(rollout, e.RequestAnswered) if isinstance(event, e.RequestAnswered)
    ]
    assert answers[0].endswith("no new batch starts") and answers[1:] == ["already paused", "resumed"]


async def test_a_step_waits_for_an_approval(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    first, rest = steps(1, "100%")
    rollout = await lab.create(
        version("2"), replace(ONE_THIRD, steps=(first, BatchStep(rest.amount, approve=True)), unhealthy_percent=100)
    )
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, lambda state: state.stage is Stage.APPROVAL, "approve")
    assert await running is e.Verdict.COMPLETED
    assert lab.events(rollout, e.Approved) == [e.Approved(2, "bo")]


async def test_cancel_between_batches_leaves_the_rest_untouched(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2"))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(2), "cancel")
    assert await running is e.Verdict.CANCELLED
    state = lab.journal.state(rollout)
    assert state.reason == "canceled by bo; 4 instances run app 2; 2 untouched"
    digests = [instance.script_digest for instance in (await lab.look()).instances]
    assert digests.count(version("2").digest) == 4


async def test_cancel_before_anything_was_written(open_lab: OpensLab) -> None:
    lab = await open_lab()
    rollout = await lab.create(version("2"))
    lab.journal.request(rollout, "cancel", who="bo")
    assert await lab.run(rollout) is e.Verdict.CANCELLED
    assert lab.journal.state(rollout).reason == "canceled by bo; nothing was changed"
    assert not lab.writes()


async def test_cancel_of_azures_rolling_upgrade(open_lab: OpensLab) -> None:
    lab = await open_lab()
    rollout = await lab.create(version("2"))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(2), "cancel")
    assert await running is e.Verdict.CANCELLED
    state = lab.journal.state(rollout)
    assert state.reason.startswith("canceled by bo; ") and "untouched" in state.reason
    assert sum("rollingUpgrades/cancel" in write["path"] for write in lab.writes()) == 1


async def test_azure_has_no_pause_but_cancel_and_continue(open_lab: OpensLab) -> None:
    lab = await open_lab()
    rollout = await lab.create(version("2"), replace(ONE_THIRD, health_wait_seconds=5))
    running = asyncio.create_task(lab.run(rollout))
    await when(lab, rollout, batches_begun(1), "pause")
    await when(lab, rollout, lambda state: state.answered == 1, "pause", "cancel")
    await when(lab, rollout, lambda state: state.waiting is not None and "paused" in state.waiting.why, "resume")
    verdict = await running
    state = lab.journal.state(rollout)
    refused, *_ = lab.events(rollout, e.RequestAnswered)
    assert isinstance(refused, e.RequestAnswered) and not refused.accepted and "cannot be paused" in refused.message
    assert set(state.writes) >= {"roll-1", "cancel-1", "roll-2"}
    assert verdict is e.Verdict.COMPLETED, state.reason


async def test_undo_brings_the_old_version_back_batch_by_batch(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual")
    rollout = await lab.create(version("2-bad"))
    assert await lab.run(rollout) is e.Verdict.FAILED
    plan, state = await follow_up(lab, Followup.UNDO, rollout)
    assert plan.origin == f"undo of {rollout}" and "effects-stay" in {finding.code for finding in plan.findings}
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    snapshot = await lab.look()
    assert {instance.script_settings["commandToExecute"] for instance in snapshot.instances} == {"./app-1.sh"}
    assert {i for batch in plan.batches for i in batch.ids} == {"0", "5", "1", "2"}


async def test_undo_of_azures_faulted_rolling_upgrade(open_lab: OpensLab) -> None:
    lab = await open_lab()
    rollout = await lab.create(version("2-bad"))
    assert await lab.run(rollout) is e.Verdict.FAILED
    _, state = await follow_up(lab, Followup.UNDO, rollout)
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    snapshot = await lab.look()
    assert {instance.script_settings["commandToExecute"] for instance in snapshot.instances} == {"./app-1.sh"}


async def test_undo_puts_back_the_mode_that_a_failed_rollout_had_to_leave(open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Automatic")
    rollout = await lab.create(version("2-bad"), replace(ONE_THIRD, mode=UpgradeMode.MANUAL))
    assert await lab.run(rollout) is e.Verdict.FAILED
    left = lab.journal.state(rollout)
    assert left.policy_restored is False
    assert (await lab.look()).scale_set.mode is UpgradeMode.MANUAL
    _, state = await follow_up(lab, Followup.UNDO, rollout)
    assert state.verdict is e.Verdict.COMPLETED and state.policy_restored is True, state.reason
    assert (await lab.look()).scale_set.mode is UpgradeMode.AUTOMATIC


@pytest.mark.parametrize("kind", ["Manual", "Rolling", "Automatic", "Flexible"])
async def test_undo_of_a_first_installation_removes_the_extension_in_batches(kind: str, open_lab: OpensLab) -> None:
    lab = await (open_lab(mode="Manual", orchestration=kind) if kind == "Flexible" else open_lab(mode=kind))
    policy = replace(ONE_THIRD, mode=UpgradeMode.MANUAL) if kind == "Automatic" else ONE_THIRD
    await without_script(lab, kind)
    rollout = await lab.create(version("2"), policy)
    assert await lab.run(rollout) is e.Verdict.COMPLETED, lab.journal.state(rollout).reason
    lab.sim.control.reset_counters()
    plan, state = await follow_up(lab, Followup.UNDO, rollout)
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    snapshot = await lab.look()
    assert {instance.script_digest for instance in snapshot.instances} == {""} and snapshot.scale_set.script is None
    assert snapshot.scale_set.mode.value == ("Manual" if kind == "Flexible" else kind)
    assert len(plan.batches) == 3 and len(state.batches) >= 3
    if kind == "Flexible":
        taken = [
            write["path"]
            for write in lab.writes()
            if write["method"] == "DELETE" and "/virtualMachines/" in write["path"]
        ]
        assert len(taken) == len(set(taken)) == 6


async def without_script(lab: Lab, kind: str) -> None:
    """Take the script off the set and its instances, as if there had never been one."""
    bare = await lab.azure.scale_set(lab.target)
    await lab.azure.remove_extension(bare, "CustomScript")
    await until(lab, lambda: "CustomScript" not in str(lab.sim.get(f"{lab.target}").body["properties"]))
    snapshot = await lab.look()
    if kind == "Manual":
        await lab.azure.update_instances(snapshot.scale_set, [instance.id for instance in snapshot.instances])
    for instance in snapshot.instances if kind == "Flexible" else ():
        await lab.azure.remove_vm_extension(snapshot.scale_set, instance, "CustomScript")
    for _ in range(600):
        snapshot = await lab.look()
        still = snapshot.scale_set.provisioning is not Provisioning.SUCCEEDED
        if not still and not any(instance.script_digest for instance in snapshot.instances):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(snapshot)


async def until(lab: Lab, holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(lab.sim.wait_for, holds, "the set to be as wanted")


async def test_retry_runs_only_where_it_failed(open_lab: OpensLab) -> None:
    for mode in ("Manual", "Rolling"):
        lab = await open_lab(mode=mode, after='[[scale_sets.overrides]]\ninstances = [5]\nscript = "fails"\n')
        rollout = await lab.create(
            version("2"), replace(ONE_THIRD, unhealthy_upgraded_percent=50, unhealthy_percent=50)
        )
        assert await lab.run(rollout) is e.Verdict.FAILED, lab.journal.state(rollout).reason
        failed = lab.journal.state(rollout).ids_in(e.Phase.FAILED)
        assert failed == ("5",)
        lab.sim.control.reset_counters()
        plan, state = await follow_up(lab, Followup.RETRY, rollout)
        assert [batch.ids for batch in plan.batches] == [("5",)]
        assert (plan.from_label, plan.to_label) == ("app 2", "app 2")
        assert state.verdict is e.Verdict.FAILED
        proof = state.instances["5"]
        assert proof.first is not None and proof.first.script_at is not None
        assert proof.seen.script_at is not None and proof.seen.script_at > proof.first.script_at
        writes = [write["path"] for write in lab.writes()]
        assert len(writes) == 1 and "/virtualMachines/5/extensions/" in writes[0]
