"""Instances that a person retries within a rollout: the script once more, each with a fresh force-update tag. Pure."""

from collections.abc import Set

from vmss_tui import duration
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.running_batch import is_through
from vmss_tui.domain.rollout.stage import FINAL, GateName
from vmss_tui.domain.rollout.write_keys import refused, retry_key
from vmss_tui.text import listed


def settled(situation: Situation) -> Set[str]:
    """Instances about which a person has decided: earlier outcomes do not count."""
    return situation.state.waived.keys() | situation.state.retries.keys()


def rerun(situation: Situation) -> Commands | None:
    """Send the retries that a person decided on and wait for their end; None when there is none to wait for."""
    state = situation.state
    open_ids = [i for i in state.retries if i in situation.by_id and not _is_through(situation, i)]
    if not open_ids or (situation.cancelling and not any(_key(situation, i) in state.writes for i in open_ids)):
        return None
    writes: Commands = []
    waits: list[Commands] = []
    for instance_id in open_ids:
        key, retry = _key(situation, instance_id), state.retries[instance_id]
        if key not in state.writes and situation.cancelling:
            continue
        known = state.instances[instance_id].seen.batch
        what = f"run the script of {instance_id} again"
        write = Write(key, Action.RERUN, what, (instance_id,), known, tag=retry.tag)
        digest = situation.plan.script.digest
        arrived = situation.by_id[instance_id].script_digest in situation.targets - {digest}
        commands = follow(situation, write, arrived=arrived, why=f"Azure is running the script of {instance_id} again")
        if commands is not None:
            waits.append(commands)
            writes += [command for command in commands if isinstance(command, Write)]
    if writes or waits:
        return writes or waits[0]
    return _wait(situation, open_ids)


def _wait(situation: Situation, open_ids: list[str]) -> Commands:
    limit = situation.plan.policy.batch_deadline_seconds
    begun = max((situation.state.write_at[_key(situation, i)] for i in open_ids), default=None)
    until = situation.due(begun, limit)
    if situation.now < until:
        return situation.wait(f"waiting for the retry of {listed(open_ids)}", until)
    message = f"the retry of {listed(open_ids)} exceeded its deadline of {duration.exact(limit)}"
    batch = situation.state.batch
    return [Record((e.GateChecked(GateName.DEADLINE, False, message, batch.number if batch is not None else None),))]


def _key(situation: Situation, instance_id: str) -> str:
    return retry_key(situation.state.retries[instance_id].number, instance_id)


def _is_through(situation: Situation, instance_id: str) -> bool:
    """Whether a retry has come to an end: Azure refused it, a person excluded it, or the instance is done or failed."""
    state, key = situation.state, _key(situation, instance_id)
    late = any(gate is GateName.DEADLINE and not found.passed for (gate, _), found in state.gates.items())
    if instance_id in state.waived or refused(state, key) is not None or late:
        return True
    ended = state.ended(key) is not None
    return ended and state.instances[instance_id].seen.phase in FINAL and is_through(situation, instance_id)
