"""The client batch that runs: its writes, its instances until each has come to an end, its deadline. Pure."""

from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.instance_phase import short
from vmss_tui.domain.rollout.stage import FINAL, GateName
from vmss_tui.domain.rollout.state import BatchState
from vmss_tui.domain.rollout.write_keys import batch_key, refused, undo_key
from vmss_tui.text import listed

PROOF_SECONDS = 120.0
"""How long after its update an instance may take to report that the script ran."""


def run_batch(situation: Situation) -> Commands | None:
    """Drive the open batch to its end; None when no batch is open."""
    batch = situation.state.open_batch
    if batch is None:
        return None
    deadline = situation.due(batch.started_at, situation.plan.policy.batch_deadline_seconds)
    waiting = _updates(situation, batch, deadline)
    late = situation.now >= deadline
    if not late and waiting is not None:
        return waiting
    untaken = refused_instances(situation, batch)
    open_ids = [i for i in batch.ids if i not in untaken and not is_through(situation, i)]
    if open_ids and not late:
        return _wait_for(situation, batch, open_ids, deadline)
    bad = tuple(i for i in batch.ids if i in open_ids or i in situation.state.bad)
    ended = e.BatchEnded(batch.number, bad, untaken)
    if not open_ids:
        return [Record((ended,))]
    limit = duration.exact(situation.plan.policy.batch_deadline_seconds)
    message = f"batch {batch.number} exceeded its deadline of {limit}; not finished: {listed(open_ids)}"
    return [Record((ended, e.GateChecked(GateName.DEADLINE, False, message, batch.number)))]


def refused_instances(situation: Situation, batch: BatchState) -> tuple[str, ...]:
    """Instances of a batch whose update Azure refused, and that are as they were before."""
    state, alone = situation.state, situation.plan.strategy is Strategy.VM_BATCHES
    return tuple(
        i
        for i in batch.ids
        if refused(state, batch_key(batch.number, i if alone else "")) is not None
        and state.instances[i].seen.phase is e.Phase.WAITING
    )


def _wait_for(situation: Situation, batch: BatchState, open_ids: list[str], deadline: datetime) -> Commands:
    """Until these have come to an end; once all of them are done, until they have been healthy for long enough."""
    noun = "instance" if len(open_ids) == 1 else "instances"
    known, holds = [situation.state.instances[i] for i in open_ids], situation.plan.policy.min_healthy_seconds
    if any(progress.seen.phase is not e.Phase.DONE for progress in known):
        return situation.wait(f"batch {batch.number}: waiting for {noun} {listed(open_ids)}", deadline)
    until = max(situation.due(progress.since, holds) for progress in known)
    why = f"batch {batch.number}: {noun} {listed(open_ids)} must stay healthy"
    return situation.wait(why, min(until, deadline), takes_seconds=holds)


def _updates(situation: Situation, batch: BatchState, until: datetime) -> Commands | None:
    """The writes of a batch: one for all, or one for each VM. None when all have ended."""
    undoing = _undo_first(situation, batch, until)
    if undoing is not None:
        return undoing
    why = f"Azure is updating batch {batch.number}"
    if situation.plan.strategy is not Strategy.VM_BATCHES:
        update = update_of(situation, batch.number, batch.ids)
        return follow(situation, update, arrived=_moved(situation, batch.ids), why=why, until=until)
    writes: Commands = []
    waits: list[Commands] = []
    for instance_id in batch.ids:
        key = batch_key(batch.number, instance_id)
        if key not in situation.state.writes and (situation.cancelling or not needs_update(situation, instance_id)):
            continue
        verb = "remove the script of" if situation.plan.removes else "write the script of"
        write = Write(key, Action.VM, f"{verb} {instance_id}", (instance_id,), batch.number)
        commands = follow(situation, write, arrived=_moved(situation, (instance_id,)), why=why, until=until)
        if commands is not None:
            waits.append(commands)
            writes += [command for command in commands if isinstance(command, Write)]
    return writes or (waits[0] if waits else None)


def _undo_first(situation: Situation, batch: BatchState, until: datetime) -> Commands | None:
    """The undo command on each instance before its earlier version is restored; None when it has ended everywhere.

    Where it fails the earlier version is restored all the same: the log says so.
    """
    undoes, begun = situation.plan.undoes, situation.state.writes
    if undoes is None or any(key.split("/")[0] == batch_key(batch.number) for key in begun):
        return None
    writes: Commands = []
    waits: list[Commands] = []
    for instance_id in batch.ids:
        key = undo_key(batch.number, instance_id)
        if key not in begun and (situation.cancelling or not needs_update(situation, instance_id)):
            continue
        write = Write(key, Action.UNDO, f"run the undo command on {instance_id}", (instance_id,), batch.number)
        instance = situation.by_id.get(instance_id)
        arrived = instance is not None and instance.script_digest == undoes.digest
        commands = follow(situation, write, arrived=arrived, why=f"undo command of batch {batch.number}", until=until)
        if commands is not None:
            waits.append(commands)
            writes += [command for command in commands if isinstance(command, Write)]
    if writes or waits:
        return writes or waits[0]
    busy = [i for i in batch.ids if (found := situation.by_id.get(i)) and found.provisioning is Provisioning.UPDATING]
    late = situation.now >= until
    return situation.wait(f"undo command still running on {listed(busy)}", until) if busy and not late else None


def update_of(situation: Situation, number: int, ids: tuple[str, ...]) -> Write:
    """Apply the model to those of the batch that do not have it: never twice to one."""
    needing = tuple(i for i in ids if needs_update(situation, i))
    what = f"apply the model to {len(needing)} of batch {number}"
    return Write(batch_key(number), Action.UPDATE, what, needing, number)


def needs_update(situation: Situation, instance_id: str) -> bool:
    """Whether an instance exists and this rollout has not brought it to the target yet."""
    instance = situation.by_id.get(instance_id)
    if instance is None or instance.provisioning is Provisioning.DELETING:
        return False
    first = situation.state.instances[instance_id].first
    if first is None or first.digest != short(situation.target):
        return instance.script_digest != situation.target
    return first.script_at is None or instance.script.at is None or instance.script.at <= first.script_at


def _moved(situation: Situation, ids: tuple[str, ...]) -> bool:
    """Whether these instances show that Azure got the request."""
    there = [instance for i in ids if (instance := situation.by_id.get(i)) is not None]
    needing = [instance for instance in there if needs_update(situation, instance.id)]
    updating = any(instance.provisioning is Provisioning.UPDATING for instance in needing)
    return len(needing) < len(there) or not needing or updating


def is_through(situation: Situation, instance_id: str) -> bool:
    """Whether an instance has come to an end: done for long enough, or failed."""
    known, policy = situation.state.instances[instance_id], situation.plan.policy
    phase = known.seen.phase
    if phase is e.Phase.WAITING:
        return situation.cancelling
    if phase is e.Phase.NOT_RUN:
        return situation.now >= situation.due(known.since, min(PROOF_SECONDS, policy.health_wait_seconds))
    if phase is e.Phase.DONE and policy.min_healthy_seconds:
        return situation.now >= situation.due(known.since, policy.min_healthy_seconds)
    return phase in FINAL
