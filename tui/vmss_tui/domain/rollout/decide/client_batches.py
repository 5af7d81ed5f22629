"""Client batches: Manual mode, and instance by instance.

Pure: a row of small steps, each of which says what to do now, or None when it is done and the next one decides.
Write the model; drive the batch that runs; check the gates; wait for approvals and pauses; start the next batch.
"""

from datetime import timedelta

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_plan import Batch, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide.conclude import (
    cancelled,
    complete,
    conclude,
    finish,
    nothing_to_do,
    protect,
    stop,
)
from vmss_tui.domain.rollout.decide.external_gates import check_external
from vmss_tui.domain.rollout.decide.failure import decided
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.decide.rerun import rerun, settled
from vmss_tui.domain.rollout.decide.running_batch import needs_update, run_batch, update_of
from vmss_tui.domain.rollout.decide.window_guard import guard, too_late_after
from vmss_tui.domain.rollout.stage import ASKED_APART, GateName
from vmss_tui.domain.rollout.state import BatchState, Stage
from vmss_tui.domain.rollout.write_keys import MODEL, REPAIRS_OFF, batch_key, named, refused
from vmss_tui.text import listed


def decide(situation: Situation) -> Commands:
    """What to do now."""
    for step in (finish, decided, _permitted, protect, _model, run_batch, rerun, _cancel_requested, _checked):
        commands = step(situation)
        if commands is not None:
            return commands
    return _next(situation)


def _permitted(situation: Situation) -> Commands | None:
    """Before anything is written at all."""
    begun = MODEL in situation.state.writes or REPAIRS_OFF in situation.state.writes
    return None if begun or not situation.plan.writes_model else _held_before_start(situation)


def _model(situation: Situation) -> Commands | None:
    """The set's model (and mode) carries the new script before any instance is updated."""
    plan, state = situation.plan, situation.state
    if not plan.writes_model:
        return None if plan.batches or situation.cancelling else nothing_to_do(situation)
    if MODEL not in state.writes and (held := _held_before_start(situation)) is not None:
        return held
    action = Action.REMOVE if plan.removes else Action.MODEL
    write = Write(MODEL, action, f"update the scale set model to {plan.to_label}")
    arrived = _model_arrived(situation)
    waiting = follow(situation, write, arrived=arrived, why="Azure is updating the scale set model")
    if waiting is not None:
        return waiting
    ended = state.writes[MODEL]
    if isinstance(ended, e.WriteEnded) and ended.state in (OperationState.FAILED, OperationState.CANCELLED):
        why = ended.fault.message if ended.fault is not None else "Azure gave no reason"
        reason = f"the scale set model could not be updated: {why}"
        return conclude(situation, e.Verdict.FAILED, reason, ended.fault)
    if ended == e.WriteEnded(MODEL, OperationState.GONE) and situation.set.provisioning is Provisioning.UPDATING:
        return _model_unheard(situation)
    return None


def _model_unheard(situation: Situation) -> Commands:
    """Azure has no record of the operation any more, and the set still reports that it is being updated."""
    limit = situation.plan.policy.batch_deadline_seconds
    until = situation.due(situation.state.write_at.get(MODEL), limit)
    if situation.now < until:
        return situation.wait("Azure is updating the scale set model", until)
    return stop(situation, f"the scale set model is still being updated after {duration.exact(limit)}")


def _held_before_start(situation: Situation) -> Commands | None:
    """Nothing is written yet: may it be?"""
    if situation.cancelling:
        return cancelled(situation)
    if situation.paused:
        return situation.wait("paused before anything was changed; resume to continue")
    gate = failed(check(situation, None))
    if gate is not None:
        reason = f"stopped before anything was changed: {gate.message}"
        return [Record((gate,)), *conclude(situation, e.Verdict.FAILED, reason)]
    first = _upcoming(situation)
    return None if first is None else _agreed(situation, first)


def _agreed(situation: Situation, batch: Batch) -> Commands | None:
    """The maintenance window, the approval where the plan asks for one, and the external gates."""
    for step in (_window, _approval, _external):
        commands = step(situation, batch)
        if commands is not None:
            return commands
    return None


def _model_arrived(situation: Situation) -> bool:
    plan, script = situation.plan, situation.set.script
    digest = script.digest if script is not None else ""
    mode = situation.set.mode is UpgradeMode.MANUAL or not plan.policy_differs
    before = plan.previous.digest if plan.previous is not None else ""
    changed = plan.policy_differs or before != situation.target
    return changed and mode and digest == situation.target


# --- between batches ------------------------------------------------------------------------------------------------


def _cancel_requested(situation: Situation) -> Commands | None:
    return cancelled(situation) if situation.cancelling else None


def _checked(situation: Situation) -> Commands | None:
    """Once a batch has ended: whether Azure accepted it, its deadline, and every gate against what Azure says now."""
    last, batch = situation.state.batch, _upcoming(situation)
    if last is not None and (untaken := [i for i in last.refused if i not in settled(situation)]):
        return _refused(situation, last, untaken[0])
    late = situation.state.gates.get((GateName.DEADLINE, last.number)) if last is not None else None
    if late is not None:
        return stop(situation, late.message)
    number = batch.number if batch is not None else None
    if any(about == number and gate not in ASKED_APART for gate, about in situation.state.gates):
        return None
    checked = check(situation, number)
    gate = failed(checked)
    return [*([Record(checked)] if checked else []), *(stop(situation, gate.message) if gate else [])] or None


def _refused(situation: Situation, batch: BatchState, first: str) -> Commands:
    """Azure refused to update instances of the batch: they are untouched, and its reason is the verdict."""
    alone = situation.plan.strategy is Strategy.VM_BATCHES
    key = batch_key(batch.number, first if alone else "")
    fault = refused(situation.state, key)
    why = fault.message if fault is not None else "it gave no reason"
    return stop(situation, f"Azure refused {named(key)}: {why}", fault)


def _next(situation: Situation) -> Commands:
    batch = _upcoming(situation)
    if batch is None:
        return _soak(situation)
    if situation.paused:
        return situation.wait(f"paused before batch {batch.number}; resume to continue")
    if all(situation.state.instances[i].seen.phase is e.Phase.GONE for i in batch.ids):
        return _start(situation, batch)
    last, pause = situation.state.batch, situation.plan.policy.pause_seconds
    until = situation.due(last.ended_at if last is not None else None, pause)
    if last is not None and last.ids and situation.now < until:
        late = too_late_after(situation, batch.number, (until - situation.now).total_seconds())
        return late or situation.wait(f"pause before batch {batch.number}", until, takes_seconds=pause)
    for step in (_window, _approval, _others_updating, _gates, _external):
        commands = step(situation, batch)
        if commands is not None:
            return commands
    return _start(situation, batch)


def _window(situation: Situation, batch: Batch) -> Commands | None:
    """The batch can end in the maintenance window."""
    return guard(situation, batch.number)


def _approval(situation: Situation, batch: Batch) -> Commands | None:
    """A person's approval, where the plan asks for one."""
    state = situation.state
    if not batch.approve or batch.number in state.approved:
        return None
    waiting = situation.wait(f"batch {batch.number} is waiting for approval")
    asked = state.stage is Stage.APPROVAL and state.awaiting_approval == batch.number
    return waiting if asked else [Record((e.ApprovalNeeded(batch.number),)), *waiting]


def _others_updating(situation: Situation, batch: Batch) -> Commands | None:
    """No instance is being updated from outside, perhaps by another journal's rollout: that would be two batches."""
    ours = {i for begun in situation.state.batches for i in begun.ids}
    busy = [
        instance.id
        for instance in situation.snapshot.instances
        if instance.provisioning is Provisioning.UPDATING and instance.id not in ours
    ]
    if not busy:
        return None
    what = f"instances are being updated outside this rollout ({listed(busy)})"
    why = f"{what}: batch {batch.number} waits until they are done"
    limit, known = situation.plan.policy.batch_deadline_seconds, situation.state.waiting
    until = known.until if known is not None and known.why == why else None
    until = until or situation.now + timedelta(seconds=limit)
    if situation.now < until:
        return situation.wait(why, until)
    message = f"{what} for longer than {duration.exact(limit)}"
    return [Record((e.GateChecked(GateName.OTHERS, False, message, batch.number),)), *stop(situation, message)]


def _gates(situation: Situation, batch: Batch) -> Commands | None:
    """The gates once more, right before the batch starts: a pause may have been long."""
    gate = failed(check(situation, batch.number))
    return [Record((gate,)), *stop(situation, gate.message)] if gate is not None else None


def _external(situation: Situation, batch: Batch) -> Commands | None:
    """The external gates."""
    return check_external(situation, batch.number, f"batch {batch.number}")


def _start(situation: Situation, batch: Batch) -> Commands:
    state = situation.state
    ids = tuple(i for i in batch.ids if needs_update(situation, i) and state.instances[i].seen.phase is e.Phase.WAITING)
    of = len(situation.plan.batches)
    if not ids:
        note = e.Noted(f"batch {batch.number} has no instances left to update")
        return [Record((e.BatchStarted(batch.number, of, ()), e.BatchEnded(batch.number), note))]
    zones = {situation.by_id[i].zone for i in ids} - {""}
    begun = e.BatchStarted(batch.number, of, ids, tuple(sorted(zones)))
    if situation.plan.strategy is Strategy.VM_BATCHES or situation.plan.undoes is not None:
        return [Record((begun,))]
    update = update_of(situation, batch.number, ids)
    return [Write(update.key, update.action, update.what, update.ids, batch.number, before=(begun,))]


def _upcoming(situation: Situation) -> Batch | None:
    begun = {batch.number for batch in situation.state.batches}
    return next((batch for batch in situation.plan.batches if batch.number not in begun), None)


def _soak(situation: Situation) -> Commands:
    """Keep watching after the last batch, then conclude."""
    last, seconds = situation.state.batch, situation.plan.policy.soak_seconds
    until = situation.due(last.ended_at if last is not None else None, seconds)
    if last is None or not seconds or situation.now >= until:
        return complete(situation)
    gate = failed(check(situation, None))
    if gate is not None:
        return [Record((gate,)), *stop(situation, gate.message)]
    return situation.wait("soaking: watching health after the last batch", until, takes_seconds=seconds)
