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
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Scene, Write
from vmss_tui.domain.rollout.decide.conclude import (
    cancelled,
    changed_so_far,
    conclude,
    finish,
    protect,
    verdict,
)
from vmss_tui.domain.rollout.decide.external_gates import ASKED, ask, stopped
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.gates import check, failed
from vmss_tui.domain.rollout.instance_phase import BAD, FINAL, short
from vmss_tui.domain.rollout.state import BatchState, Stage
from vmss_tui.domain.rollout.write_keys import MODEL, REPAIRS_OFF, batch_key
from vmss_tui.text import listed

PROOF_SECONDS = 120.0
"""How long after its update an instance may take to report that the script ran."""


def decide(scene: Scene) -> Commands:
    """What to do now."""
    for step in (finish, _permitted, protect, _model, _running, _asked_to_stop, _checked):
        commands = step(scene)
        if commands is not None:
            return commands
    return _next(scene)


def _permitted(scene: Scene) -> Commands | None:
    """Before anything is written at all."""
    begun = MODEL in scene.state.writes or REPAIRS_OFF in scene.state.writes
    return None if begun or not scene.plan.writes_model else _held_before_start(scene)


def _model(scene: Scene) -> Commands | None:
    """The set's model (and mode) carries the new script before any instance is touched."""
    plan, state = scene.plan, scene.state
    if not plan.writes_model:
        return None if plan.batches or scene.cancelling else _nothing_to_do(scene)
    if MODEL not in state.writes and (held := _held_before_start(scene)) is not None:
        return held
    action = Action.REMOVE if plan.removes else Action.MODEL
    write = Write(MODEL, action, f"update the set's model to {plan.to_label}")
    waiting = follow(scene, write, arrived=_model_arrived(scene), why="Azure updates the set's model")
    if waiting is not None:
        return waiting
    ended = state.writes[MODEL]
    if isinstance(ended, e.WriteEnded) and ended.state in (OperationState.FAILED, OperationState.CANCELLED):
        why = ended.fault.message if ended.fault is not None else "Azure gave no reason"
        return conclude(scene, e.Verdict.FAILED, f"the set's model could not be updated: {why}", ended.fault)
    if ended == e.WriteEnded(MODEL, OperationState.GONE) and scene.set.provisioning is Provisioning.UPDATING:
        return _model_unheard(scene)
    return None


def _model_unheard(scene: Scene) -> Commands:
    """Nobody knows of the operation any more, and the set still says that it is being updated."""
    limit = scene.plan.policy.batch_deadline_seconds
    until = scene.due(scene.state.write_at.get(MODEL), limit)
    if scene.now < until:
        return scene.wait("Azure updates the set's model", until)
    why = f"the set's model is still being updated after {duration.exact(limit)}"
    return conclude(scene, e.Verdict.FAILED, f"{why}; {changed_so_far(scene)}")


def _held_before_start(scene: Scene) -> Commands | None:
    """Nothing is written yet: may it be?"""
    if scene.cancelling:
        return cancelled(scene)
    if scene.paused:
        return scene.wait("paused before anything was changed, until somebody resumes it")
    stop = failed(check(scene, None))
    if stop is not None:
        return [
            Record((stop,)),
            *conclude(scene, e.Verdict.FAILED, f"stopped before anything was changed: {stop.message}"),
        ]
    first = _upcoming(scene)
    return None if first is None else _agreed(scene, first)


def _agreed(scene: Scene, batch: Batch) -> Commands | None:
    """A person, where the plan asks for one, and whoever is asked outside say yes."""
    for step in (_approval, _asked):
        commands = step(scene, batch)
        if commands is not None:
            return commands
    return None


def _model_arrived(scene: Scene) -> bool:
    found = scene.set.script
    digest = found.digest if found is not None else ""
    mode = scene.set.mode is UpgradeMode.MANUAL or not scene.plan.policy_differs
    before = scene.plan.previous.digest if scene.plan.previous is not None else ""
    changed = scene.plan.policy_differs or before != scene.target
    return changed and mode and digest == scene.target


def _nothing_to_do(scene: Scene) -> Commands:
    return conclude(scene, e.Verdict.COMPLETED, f"nothing to do: every instance runs {scene.plan.to_label} already")


# --- the batch that runs --------------------------------------------------------------------------------------------


def _running(scene: Scene) -> Commands | None:
    batch = scene.state.open_batch
    if batch is None:
        return None
    deadline = scene.due(batch.started_at, scene.plan.policy.batch_deadline_seconds)
    waiting = _updates(scene, batch, deadline)
    late = scene.now >= deadline
    if not late and waiting is not None:
        return waiting
    open_ids = [i for i in batch.ids if not _through(scene, i)]
    if open_ids and not late:
        return _wait_for(scene, batch, open_ids, deadline)
    unwell = tuple(i for i in batch.ids if i in open_ids or scene.state.instances[i].seen.phase in BAD)
    note = (e.GateChecked("deadline", False, _late(scene, batch, open_ids), batch.number),) if open_ids else ()
    return [Record((e.BatchEnded(batch.number, unwell), *note))]


def _wait_for(scene: Scene, batch: BatchState, open_ids: list[str], deadline: datetime) -> Commands:
    """Until these are through; once all of them are well, until they have been so for long enough."""
    noun = "instance" if len(open_ids) == 1 else "instances"
    known, holds = [scene.state.instances[i] for i in open_ids], scene.plan.policy.min_healthy_seconds
    if any(each.seen.phase is not e.Phase.DONE for each in known):
        return scene.wait(f"batch {batch.number}: waiting for {noun} {listed(open_ids)}", deadline)
    until = max(scene.due(each.since, holds) for each in known)
    why = f"batch {batch.number}: {noun} {listed(open_ids)} must stay healthy"
    return scene.wait(why, min(until, deadline), takes_seconds=holds)


def _late(scene: Scene, batch: BatchState, open_ids: list[str]) -> str:
    limit = duration.exact(scene.plan.policy.batch_deadline_seconds)
    return f"batch {batch.number} took longer than {limit}; not through: {listed(open_ids)}"


def _updates(scene: Scene, batch: BatchState, until: datetime) -> Commands | None:
    """The writes of a batch: one for all, or one for each VM. None when all have ended."""
    why = f"Azure updates batch {batch.number}"
    if scene.plan.strategy is not Strategy.VM_BATCHES:
        return follow(
            scene, _update(scene, batch.number, batch.ids), arrived=_moved(scene, batch.ids), why=why, until=until
        )
    writes: Commands = []
    waits: list[Commands] = []
    for each in batch.ids:
        key = batch_key(batch.number, each)
        if key not in scene.state.writes and (scene.cancelling or not _needs(scene, each)):
            continue
        what = f"take the script off {each}" if scene.plan.removes else f"write the script of {each}"
        write = Write(key, Action.VM, what, (each,), batch.number)
        found = follow(scene, write, arrived=_moved(scene, (each,)), why=why, until=until)
        if found is not None:
            waits.append(found)
            writes += [command for command in found if isinstance(command, Write)]
    return writes or (waits[0] if waits else None)


def _update(scene: Scene, number: int, ids: tuple[str, ...]) -> Write:
    """Apply the model to those of the batch that do not have it: never twice to one."""
    left = tuple(i for i in ids if _needs(scene, i))
    what = f"apply the model to {len(left)} of batch {number}"
    return Write(batch_key(number), Action.UPDATE, what, left, number)


def _needs(scene: Scene, instance_id: str) -> bool:
    """Whether an instance is there and this rollout has not brought it to the target yet."""
    found = scene.by_id.get(instance_id)
    if found is None or found.provisioning is Provisioning.DELETING:
        return False
    first = scene.state.instances[instance_id].first
    if first is None or first.digest != short(scene.target):
        return found.script_digest != scene.target
    return first.script_at is None or found.script.at is None or found.script.at <= first.script_at


def _moved(scene: Scene, ids: tuple[str, ...]) -> bool:
    """Whether these instances show that Azure got the request."""
    found = [each for i in ids if (each := scene.by_id.get(i)) is not None]
    needing = [each for each in found if _needs(scene, each.id)]
    return len(needing) < len(found) or not needing or any(_updating(each) for each in needing)


def _updating(instance: Instance) -> bool:
    return instance.provisioning is Provisioning.UPDATING


def _through(scene: Scene, instance_id: str) -> bool:
    """Whether an instance has come to an end, good for long enough, or bad."""
    known = scene.state.instances[instance_id]
    phase, policy = known.seen.phase, scene.plan.policy
    if phase not in FINAL:
        return phase is e.Phase.WAITING and scene.cancelling
    if phase is e.Phase.NOT_RUN:
        return scene.now >= scene.due(known.since, min(PROOF_SECONDS, policy.health_wait_seconds))
    if phase is e.Phase.DONE:
        return scene.now >= scene.due(known.since, policy.min_healthy_seconds) or not policy.min_healthy_seconds
    return True


# --- between batches ------------------------------------------------------------------------------------------------


def _asked_to_stop(scene: Scene) -> Commands | None:
    return cancelled(scene) if scene.cancelling else None


def _checked(scene: Scene) -> Commands | None:
    """Every gate, once a batch has ended, against what Azure says now."""
    last, batch = scene.state.batch, _upcoming(scene)
    late = scene.state.gates.get(("deadline", last.number)) if last is not None else None
    if late is not None:
        return stopped(scene, late)
    number = batch.number if batch is not None else None
    if any(about == number and gate not in ASKED for gate, about in scene.state.gates):
        return None
    checked = check(scene, number)
    stop = failed(checked)
    return [*([Record(checked)] if checked else []), *(stopped(scene, stop) if stop is not None else [])] or None


def _next(scene: Scene) -> Commands:
    batch = _upcoming(scene)
    if batch is None:
        return _soak(scene)
    if scene.paused:
        return scene.wait(f"paused before batch {batch.number}, until somebody resumes it")
    last, pause = scene.state.batch, scene.plan.policy.pause_seconds
    until = scene.due(last.ended_at if last is not None else None, pause)
    if last is not None and last.ids and scene.now < until:
        return scene.wait(f"pause before batch {batch.number}", until, takes_seconds=pause)
    for step in (_approval, _quiet, _gate, _asked):
        commands = step(scene, batch)
        if commands is not None:
            return commands
    return _start(scene, batch)


def _approval(scene: Scene, batch: Batch) -> Commands | None:
    """A person's yes, where the plan asks for one."""
    state = scene.state
    if not batch.approve or batch.number in state.approved:
        return None
    waiting = scene.wait(f"batch {batch.number} waits until somebody approves it")
    asked = state.stage is Stage.APPROVAL and state.awaiting_approval == batch.number
    return waiting if asked else [Record((e.ApprovalNeeded(batch.number),)), *waiting]


def _quiet(scene: Scene, batch: Batch) -> Commands | None:
    """Nobody else has instances under way, from another journal perhaps: two batches at once are one too many."""
    ours = {i for begun in scene.state.batches for i in begun.ids}
    busy = [each.id for each in scene.snapshot.instances if _updating(each) and each.id not in ours]
    if not busy:
        return None
    what = f"somebody else has instances under way ({listed(busy)})"
    why = f"{what}: batch {batch.number} waits until they are done"
    limit, known = scene.plan.policy.batch_deadline_seconds, scene.state.waiting
    until = known.until if known is not None and known.why == why else None
    until = until or scene.now + timedelta(seconds=limit)
    if scene.now < until:
        return scene.wait(why, until)
    stop = e.GateChecked("others", False, f"{what} for longer than {limit} s", batch.number)
    return [Record((stop,)), *stopped(scene, stop)]


def _gate(scene: Scene, batch: Batch) -> Commands | None:
    """The gates once more, right before the batch starts: a pause may have been long."""
    stop = failed(check(scene, batch.number))
    return [Record((stop,)), *stopped(scene, stop)] if stop is not None else None


def _asked(scene: Scene, batch: Batch) -> Commands | None:
    """Whoever is asked outside says yes."""
    return ask(scene, batch.number, f"batch {batch.number}")


def _start(scene: Scene, batch: Batch) -> Commands:
    state = scene.state
    ids = tuple(i for i in batch.ids if _needs(scene, i) and state.instances[i].seen.phase is e.Phase.WAITING)
    of = len(scene.plan.batches)
    if not ids:
        note = e.Noted(f"batch {batch.number} has nothing left to do")
        return [Record((e.BatchStarted(batch.number, of, ()), e.BatchEnded(batch.number), note))]
    zones = tuple(sorted({each.zone for i in ids if (each := scene.by_id.get(i)) is not None} - {""}))
    begun = e.BatchStarted(batch.number, of, ids, zones)
    if scene.plan.strategy is Strategy.VM_BATCHES:
        return [Record((begun,))]
    update = _update(scene, batch.number, ids)
    return [Write(update.key, update.action, update.what, update.ids, batch.number, before=(begun,))]


def _upcoming(scene: Scene) -> Batch | None:
    begun = {each.number for each in scene.state.batches}
    return next((each for each in scene.plan.batches if each.number not in begun), None)


def _soak(scene: Scene) -> Commands:
    """Watch a while after the last batch, then say how it went."""
    last, seconds = scene.state.batch, scene.plan.policy.soak_seconds
    until = scene.due(last.ended_at if last is not None else None, seconds)
    if last is None or not seconds or scene.now >= until:
        return verdict(scene)
    stop = failed(check(scene, None))
    if stop is not None:
        return [Record((stop,)), *stopped(scene, stop)]
    return scene.wait("watching whether it stays well", until, takes_seconds=seconds)
