"""Batches by our own engine: Manual mode, and Flexible sets VM by VM.

Pure: a row of small steps, each of which says what to do now, or None when it is done with and the next one may speak.
Write the model; follow the batch that runs; check the gates; wait for people and pauses; start the next batch.
"""

from datetime import datetime, timedelta

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_plan import Batch, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide.conclude import (
    cancelled,
    changed_so_far,
    conclude,
    finish,
    protect,
    verdict,
)
from vmss_tui.domain.rollout.decide.external_gates import ask, stopped
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.instance_phase import short
from vmss_tui.domain.rollout.stage import BAD, EXTERNAL_GATES, FINAL, GateName
from vmss_tui.domain.rollout.state import BatchState, Stage
from vmss_tui.domain.rollout.write_keys import MODEL, REPAIRS_OFF, batch_key
from vmss_tui.text import listed

PROOF_SECONDS = 120.0
"""How long after its update an instance may take to report that the script ran."""


def decide(situation: Situation) -> Commands:
    """What to do now."""
    for step in (finish, _permitted, protect, _model, _running, _asked_to_stop, _checked):
        commands = step(situation)
        if commands is not None:
            return commands
    return _next(situation)


def _permitted(situation: Situation) -> Commands | None:
    """Before anything is written at all."""
    begun = MODEL in situation.state.writes or REPAIRS_OFF in situation.state.writes
    return None if begun or not situation.plan.writes_model else _held_before_start(situation)


def _model(situation: Situation) -> Commands | None:
    """The set's model (and mode) carries the new script before any instance is touched."""
    plan, state = situation.plan, situation.state
    if not plan.writes_model:
        return None if plan.batches or situation.cancelling else _nothing_to_do(situation)
    if MODEL not in state.writes and (held := _held_before_start(situation)) is not None:
        return held
    action = Action.REMOVE if plan.removes else Action.MODEL
    write = Write(MODEL, action, f"update the set's model to {plan.to_label}")
    waiting = follow(situation, write, arrived=_model_arrived(situation), why="Azure updates the set's model")
    if waiting is not None:
        return waiting
    ended = state.writes[MODEL]
    if isinstance(ended, e.WriteEnded) and ended.state in (OperationState.FAILED, OperationState.CANCELLED):
        why = ended.fault.message if ended.fault is not None else "Azure gave no reason"
        return conclude(situation, e.Verdict.FAILED, f"the set's model could not be updated: {why}", ended.fault)
    if ended == e.WriteEnded(MODEL, OperationState.GONE) and situation.set.provisioning is Provisioning.UPDATING:
        return _model_unheard(situation)
    return None


def _model_unheard(situation: Situation) -> Commands:
    """Nobody knows of the operation any more, and the set still says that it is being updated."""
    limit = situation.plan.policy.batch_deadline_seconds
    until = situation.due(situation.state.write_at.get(MODEL), limit)
    if situation.now < until:
        return situation.wait("Azure updates the set's model", until)
    why = f"the set's model is still being updated after {duration.exact(limit)}"
    return conclude(situation, e.Verdict.FAILED, f"{why}; {changed_so_far(situation)}")


def _held_before_start(situation: Situation) -> Commands | None:
    """Nothing is written yet: may it be?"""
    if situation.cancelling:
        return cancelled(situation)
    if situation.paused:
        return situation.wait("paused before anything was changed, until somebody resumes it")
    stop = failed(check(situation, None))
    if stop is not None:
        return [
            Record((stop,)),
            *conclude(situation, e.Verdict.FAILED, f"stopped before anything was changed: {stop.message}"),
        ]
    first = _upcoming(situation)
    return None if first is None else _agreed(situation, first)


def _agreed(situation: Situation, batch: Batch) -> Commands | None:
    """A person, where the plan asks for one, and whoever is asked outside say yes."""
    for step in (_approval, _asked):
        commands = step(situation, batch)
        if commands is not None:
            return commands
    return None


def _model_arrived(situation: Situation) -> bool:
    found = situation.set.script
    digest = found.digest if found is not None else ""
    mode = situation.set.mode is UpgradeMode.MANUAL or not situation.plan.policy_differs
    before = situation.plan.previous.digest if situation.plan.previous is not None else ""
    changed = situation.plan.policy_differs or before != situation.target
    return changed and mode and digest == situation.target


def _nothing_to_do(situation: Situation) -> Commands:
    return conclude(
        situation, e.Verdict.COMPLETED, f"nothing to do: every instance runs {situation.plan.to_label} already"
    )


# --- the batch that runs --------------------------------------------------------------------------------------------


def _running(situation: Situation) -> Commands | None:
    batch = situation.state.open_batch
    if batch is None:
        return None
    deadline = situation.due(batch.started_at, situation.plan.policy.batch_deadline_seconds)
    waiting = _updates(situation, batch, deadline)
    late = situation.now >= deadline
    if not late and waiting is not None:
        return waiting
    open_ids = [i for i in batch.ids if not _through(situation, i)]
    if open_ids and not late:
        return _wait_for(situation, batch, open_ids, deadline)
    unwell = tuple(i for i in batch.ids if i in open_ids or situation.state.instances[i].seen.phase in BAD)
    note = (
        (e.GateChecked(e.GateName.DEADLINE, False, _late(situation, batch, open_ids), batch.number),)
        if open_ids
        else ()
    )
    return [Record((e.BatchEnded(batch.number, unwell), *note))]


def _wait_for(situation: Situation, batch: BatchState, open_ids: list[str], deadline: datetime) -> Commands:
    """Until these are through; once all of them are well, until they have been so for long enough."""
    noun = "instance" if len(open_ids) == 1 else "instances"
    known, holds = [situation.state.instances[i] for i in open_ids], situation.plan.policy.min_healthy_seconds
    if any(each.seen.phase is not e.Phase.DONE for each in known):
        return situation.wait(f"batch {batch.number}: waiting for {noun} {listed(open_ids)}", deadline)
    until = max(situation.due(each.since, holds) for each in known)
    why = f"batch {batch.number}: {noun} {listed(open_ids)} must stay healthy"
    return situation.wait(why, min(until, deadline), takes_seconds=holds)


def _late(situation: Situation, batch: BatchState, open_ids: list[str]) -> str:
    limit = duration.exact(situation.plan.policy.batch_deadline_seconds)
    return f"batch {batch.number} took longer than {limit}; not through: {listed(open_ids)}"


def _updates(situation: Situation, batch: BatchState, until: datetime) -> Commands | None:
    """The writes of a batch: one for all, or one for each VM. None when all have ended."""
    why = f"Azure updates batch {batch.number}"
    if situation.plan.strategy is not Strategy.VM_BATCHES:
        return follow(
            situation,
            _update(situation, batch.number, batch.ids),
            arrived=_moved(situation, batch.ids),
            why=why,
            until=until,
        )
    writes: Commands = []
    waits: list[Commands] = []
    for each in batch.ids:
        key = batch_key(batch.number, each)
        if key not in situation.state.writes and (situation.cancelling or not _needs(situation, each)):
            continue
        what = f"take the script off {each}" if situation.plan.removes else f"write the script of {each}"
        write = Write(key, Action.VM, what, (each,), batch.number)
        found = follow(situation, write, arrived=_moved(situation, (each,)), why=why, until=until)
        if found is not None:
            waits.append(found)
            writes += [command for command in found if isinstance(command, Write)]
    return writes or (waits[0] if waits else None)


def _update(situation: Situation, number: int, ids: tuple[str, ...]) -> Write:
    """Apply the model to those of the batch that do not have it: never twice to one."""
    left = tuple(i for i in ids if _needs(situation, i))
    what = f"apply the model to {len(left)} of batch {number}"
    return Write(batch_key(number), Action.UPDATE, what, left, number)


def _needs(situation: Situation, instance_id: str) -> bool:
    """Whether an instance is there and this rollout has not brought it to the target yet."""
    found = situation.by_id.get(instance_id)
    if found is None or found.provisioning is Provisioning.DELETING:
        return False
    first = situation.state.instances[instance_id].first
    if first is None or first.digest != short(situation.target):
        return found.script_digest != situation.target
    return first.script_at is None or found.script.at is None or found.script.at <= first.script_at


def _moved(situation: Situation, ids: tuple[str, ...]) -> bool:
    """Whether these instances show that Azure got the request."""
    found = [each for i in ids if (each := situation.by_id.get(i)) is not None]
    needing = [each for each in found if _needs(situation, each.id)]
    return len(needing) < len(found) or not needing or any(_updating(each) for each in needing)


def _updating(instance: Instance) -> bool:
    return instance.provisioning is Provisioning.UPDATING


def _through(situation: Situation, instance_id: str) -> bool:
    """Whether an instance has come to an end, good for long enough, or bad."""
    known = situation.state.instances[instance_id]
    phase, policy = known.seen.phase, situation.plan.policy
    if phase not in FINAL:
        return phase is e.Phase.WAITING and situation.cancelling
    if phase is e.Phase.NOT_RUN:
        return situation.now >= situation.due(known.since, min(PROOF_SECONDS, policy.health_wait_seconds))
    if phase is e.Phase.DONE:
        return situation.now >= situation.due(known.since, policy.min_healthy_seconds) or not policy.min_healthy_seconds
    return True


# --- between batches ------------------------------------------------------------------------------------------------


def _asked_to_stop(situation: Situation) -> Commands | None:
    return cancelled(situation) if situation.cancelling else None


def _checked(situation: Situation) -> Commands | None:
    """Every gate, once a batch has ended, against what Azure says now."""
    last, batch = situation.state.batch, _upcoming(situation)
    late = situation.state.gates.get((GateName.DEADLINE, last.number)) if last is not None else None
    if late is not None:
        return stopped(situation, late)
    number = batch.number if batch is not None else None
    if any(about == number and gate not in EXTERNAL_GATES for gate, about in situation.state.gates):
        return None
    checked = check(situation, number)
    stop = failed(checked)
    return [*([Record(checked)] if checked else []), *(stopped(situation, stop) if stop is not None else [])] or None


def _next(situation: Situation) -> Commands:
    batch = _upcoming(situation)
    if batch is None:
        return _soak(situation)
    if situation.paused:
        return situation.wait(f"paused before batch {batch.number}, until somebody resumes it")
    last, pause = situation.state.batch, situation.plan.policy.pause_seconds
    until = situation.due(last.ended_at if last is not None else None, pause)
    if last is not None and last.ids and situation.now < until:
        return situation.wait(f"pause before batch {batch.number}", until, takes_seconds=pause)
    for step in (_approval, _quiet, _gate, _asked):
        commands = step(situation, batch)
        if commands is not None:
            return commands
    return _start(situation, batch)


def _approval(situation: Situation, batch: Batch) -> Commands | None:
    """A person's yes, where the plan asks for one."""
    state = situation.state
    if not batch.approve or batch.number in state.approved:
        return None
    waiting = situation.wait(f"batch {batch.number} waits until somebody approves it")
    asked = state.stage is Stage.APPROVAL and state.awaiting_approval == batch.number
    return waiting if asked else [Record((e.ApprovalNeeded(batch.number),)), *waiting]


def _quiet(situation: Situation, batch: Batch) -> Commands | None:
    """Nobody else has instances under way, from another journal perhaps: two batches at once are one too many."""
    ours = {i for begun in situation.state.batches for i in begun.ids}
    busy = [each.id for each in situation.snapshot.instances if _updating(each) and each.id not in ours]
    if not busy:
        return None
    what = f"somebody else has instances under way ({listed(busy)})"
    why = f"{what}: batch {batch.number} waits until they are done"
    limit, known = situation.plan.policy.batch_deadline_seconds, situation.state.waiting
    until = known.until if known is not None and known.why == why else None
    until = until or situation.now + timedelta(seconds=limit)
    if situation.now < until:
        return situation.wait(why, until)
    stop = e.GateChecked(e.GateName.OTHERS, False, f"{what} for longer than {limit} s", batch.number)
    return [Record((stop,)), *stopped(situation, stop)]


def _gate(situation: Situation, batch: Batch) -> Commands | None:
    """The gates once more, right before the batch starts: a pause may have been long."""
    stop = failed(check(situation, batch.number))
    return [Record((stop,)), *stopped(situation, stop)] if stop is not None else None


def _asked(situation: Situation, batch: Batch) -> Commands | None:
    """Whoever is asked outside says yes."""
    return ask(situation, batch.number, f"batch {batch.number}")


def _start(situation: Situation, batch: Batch) -> Commands:
    state = situation.state
    ids = tuple(i for i in batch.ids if _needs(situation, i) and state.instances[i].seen.phase is e.Phase.WAITING)
    of = len(situation.plan.batches)
    if not ids:
        note = e.Noted(f"batch {batch.number} has nothing left to do")
        return [Record((e.BatchStarted(batch.number, of, ()), e.BatchEnded(batch.number), note))]
    zones = tuple(sorted({each.zone for i in ids if (each := situation.by_id.get(i)) is not None} - {""}))
    begun = e.BatchStarted(batch.number, of, ids, zones)
    if situation.plan.strategy is Strategy.VM_BATCHES:
        return [Record((begun,))]
    update = _update(situation, batch.number, ids)
    return [Write(update.key, update.action, update.what, update.ids, batch.number, before=(begun,))]


def _upcoming(situation: Situation) -> Batch | None:
    begun = {each.number for each in situation.state.batches}
    return next((each for each in situation.plan.batches if each.number not in begun), None)


def _soak(situation: Situation) -> Commands:
    """Watch a while after the last batch, then say how it went."""
    last, seconds = situation.state.batch, situation.plan.policy.soak_seconds
    until = situation.due(last.ended_at if last is not None else None, seconds)
    if last is None or not seconds or situation.now >= until:
        return verdict(situation)
    stop = failed(check(situation, None))
    if stop is not None:
        return [Record((stop,)), *stopped(situation, stop)]
    return situation.wait("watching whether it stays well", until, takes_seconds=seconds)
