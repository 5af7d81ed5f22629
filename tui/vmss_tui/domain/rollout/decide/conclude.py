"""How a rollout ends: the verdict in one sentence, and putting the set's own upgrade policy back.

Pure. Automatic repairs that were suspended are resumed. The policy is put back only where that cannot push the new
version on: in Rolling and Automatic mode a write moves every instance that is behind the model. Source: "Upgrade
policy", recorded mode changes that walked every instance.
"""

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide import automatic_repairs as repairs
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import RESTORE, touched
from vmss_tui.text import listed


def finish(situation: Situation) -> Commands | None:
    """Once it is decided how it ends: restore policy and repairs, then end. None before that."""
    ending = situation.state.concluding
    if ending is None:
        return None
    if situation.state.policy_restored is None and _differs(situation):
        return _restore(situation)
    resuming = repairs.resume(situation)
    return resuming if resuming is not None else _ended(situation, ending)


def conclude(situation: Situation, verdict: e.Verdict, reason: str, fault: AzureFault | None = None) -> Commands:
    """Decide how it ends: at once, or after the set's own policy and automatic repairs were put back."""
    ending = e.Concluding(verdict, reason, fault)
    return [Record((ending,))] if _differs(situation) or repairs.held(situation) else _ended(situation, ending)


def protect(situation: Situation) -> Commands | None:
    """Suspend automatic repairs first, where the plan says so; end when that cannot be. None when it is done."""
    problem = repairs.refused(situation)
    if problem:
        return conclude(
            situation, e.Verdict.FAILED, f"automatic repairs could not be suspended: {problem}; nothing was changed"
        )
    return repairs.suspend(situation)


def _ended(situation: Situation, ending: e.Concluding) -> Commands:
    state, batch = situation.state, situation.state.open_batch
    counts = {phase.value: count for phase in e.Phase if (count := state.count(phase))}
    bad = set(state.ids_in(*BAD))
    last = (e.BatchEnded(batch.number, tuple(i for i in batch.ids if i in bad)),) if batch is not None else ()
    return [
        Record(
            (*last, *repairs.left_suspended(situation), e.Ended(ending.verdict, ending.reason, ending.fault, counts))
        )
    ]


def verdict(situation: Situation) -> Commands:
    """All that was to be done is done: conclude by what became of the instances."""
    state, plan = situation.state, situation.plan
    bad, behind = state.ids_in(*BAD), state.ids_in(e.Phase.WAITING, e.Phase.UPDATING, e.Phase.SCRIPT, e.Phase.HEALTH)
    good = f"{state.count(e.Phase.DONE)} of {_planned(state)} run {plan.to_label}"
    leaked = _leaked(situation)
    budget = plan.policy.failure_budget
    if not _planned(state):
        return conclude(situation, e.Verdict.COMPLETED, f"the set's model is {plan.to_label}; no instance needed it")
    if not bad and not behind:
        well = " and are healthy" if situation.set.health_source.present and state.count(e.Phase.DONE) else ""
        return conclude(situation, e.Verdict.COMPLETED, good + well + leaked)
    if not behind and budget is not None:
        return conclude(situation, e.Verdict.COMPLETED, f"{good}; within its budget {_failures(state)}{leaked}")
    told = [_failures(state)] if bad else []
    told += [f"{len(behind)} not updated: {listed(behind)}"] if behind else []
    return conclude(situation, e.Verdict.FAILED, "; ".join([good, *told]) + leaked)


def cancelled(situation: Situation, by: str = "") -> Commands:
    """Conclude as cancelled, with what is changed and what is not."""
    who = by or (f"cancelled by {situation.state.cancelled_by}" if situation.state.cancelled_by else "cancelled")
    return conclude(situation, e.Verdict.CANCELLED, f"{who}: {changed_so_far(situation)}")


def changed_so_far(situation: Situation) -> str:
    """`24 run web 2.5.0, 36 untouched`, or that nothing was changed."""
    state = situation.state
    if not touched(state):
        return "nothing was changed"
    parts = [f"{state.count(e.Phase.DONE)} run {situation.plan.to_label}"]
    parts += [_failures(state)] if state.ids_in(*BAD) else []
    busy = state.count(e.Phase.UPDATING, e.Phase.SCRIPT, e.Phase.HEALTH)
    parts += [f"{busy} still under way"] if busy else []
    return ", ".join([*parts, f"{state.count(e.Phase.WAITING)} untouched"])


def _leaked(situation: Situation) -> str:
    """Who got the new version outside the batches, and where its script failed; empty when nobody did."""
    leaked = situation.state.ids_in(e.Phase.LEAKED)
    if not leaked:
        return ""
    failed = [i for i in leaked if situation.state.instances[i].seen.script is ScriptState.FAILED]
    bad = f" (the script failed on {listed(failed)})" if failed else ""
    return f"; {len(leaked)} more got it outside the batches: {listed(leaked)}{bad}"


def _planned(state: RolloutState) -> int:
    return len(state.instances) - state.count(e.Phase.EXCLUDED, e.Phase.LEAKED, e.Phase.GONE)


def _failures(state: RolloutState) -> str:
    words = {e.Phase.FAILED: "failed", e.Phase.UNHEALTHY: "unhealthy", e.Phase.NOT_RUN: "did not run the script"}
    found = ((word, state.ids_in(phase)) for phase, word in words.items())
    return "; ".join(f"{len(ids)} {word}: {listed(ids)}" for word, ids in found if ids)


# --- the set's own policy -------------------------------------------------------------------------------------------


def _differs(situation: Situation) -> bool:
    """Whether the set's policy was changed for a rollout, is wanted back, and is not back yet."""
    plan = situation.plan
    changed = plan.policy_differs or plan.own_mode is not None
    if not (changed and plan.policy.restore_policy and touched(situation.state)):
        return False
    return RESTORE in situation.state.writes or not _is_back(situation)


def _restore(situation: Situation) -> Commands:
    mode = situation.plan.own[0].value
    if RESTORE not in situation.state.writes and (danger := _danger(situation)):
        return [Record((e.PolicyRestored(False, danger),))]
    write = Write(RESTORE, Action.RESTORE, f"put the set's own upgrade policy back ({mode})")
    walks = "; it walks over every instance once more, nothing runs again" if mode == UpgradeMode.ROLLING else ""
    waiting = follow(situation, write, arrived=_is_back(situation), why=f"Azure takes the set's own policy back{walks}")
    if waiting is not None:
        return waiting
    ended = situation.state.writes.get(RESTORE)
    fault = ended.fault if isinstance(ended, e.WriteEnded) else None
    if _is_back(situation):
        return [Record((e.PolicyRestored(True, f"the set's own upgrade policy is back ({mode})"),))]
    why = fault.message if fault is not None else "Azure gave no reason"
    return [Record((e.PolicyRestored(False, f"the set's own policy could not be put back: {why}"),))]


def _is_back(situation: Situation) -> bool:
    mode, policy = situation.plan.own
    numbers = mode is not UpgradeMode.ROLLING or situation.set.policy == policy
    return situation.set.mode is mode and numbers


def _danger(situation: Situation) -> str:
    """Why putting the policy back would push the new version on; empty when it would not."""
    mode = situation.plan.own[0]
    behind = [
        each
        for each in situation.snapshot.instances
        if each.script_digest != situation.target and not each.protected and not each.is_off
    ]
    if mode is UpgradeMode.MANUAL or not behind:
        return ""
    here = situation.set.mode.value
    return (
        f"the set stays as it is ({here}): with its own policy ({mode.value}) back, Azure would move the "
        f"{len(behind)} instances that are behind on to {situation.plan.to_label}; undo first, then put it back"
    )
