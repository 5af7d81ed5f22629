"""How a rollout ends: conclude, restore the set's own upgrade policy and its repairs, then end.

Pure. The policy is restored only where that cannot push the new version on: in Rolling and Automatic mode a write
updates every instance that is behind the model. Source: "Upgrade policy", recorded mode changes that walked every
instance.
"""

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_policy import OnFailure
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Commands, Record, Situation, Write
from vmss_tui.domain.rollout.decide import automatic_repairs
from vmss_tui.domain.rollout.decide.failure import react
from vmss_tui.domain.rollout.decide.follow_write import follow
from vmss_tui.domain.rollout.decide.verdict import changed_so_far, final, keeping, runs_nowhere, set_is_gone
from vmss_tui.domain.rollout.write_keys import RESTORE, touched


def finish(situation: Situation) -> Commands | None:
    """Once the verdict is known: restore policy and repairs, then end. None before that."""
    ending = situation.state.concluding
    if ending is None:
        return None
    if situation.state.policy_restored is None and _differs(situation):
        return _restore(situation)
    resuming = automatic_repairs.resume(situation)
    return resuming if resuming is not None else _ended(situation, ending)


def conclude(situation: Situation, verdict: e.Verdict, reason: str, fault: AzureFault | None = None) -> Commands:
    """End with this verdict: at once, or after the set's own policy and automatic repairs are restored."""
    ending = e.Concluding(verdict, reason, fault)
    restoring = _differs(situation) or automatic_repairs.held(situation)
    return [Record((ending,))] if restoring else _ended(situation, ending)


def stop(situation: Situation, why: str, fault: AzureFault | None = None) -> Commands:
    """A limit, a gate or a deadline stops it: do what the policy says, else conclude as failed with what is changed."""
    commands, problem = react(situation, why, fault)
    if commands is not None:
        return commands
    not_done = f"; not rolled back: {problem}" if problem else ""
    reason = f"{why}; {changed_so_far(situation)}{not_done}"
    begun = situation.state.rollback
    if begun is not None:
        return conclude(situation, e.Verdict.FAILED, f"{begun.why}; the roll back stopped: {reason}", fault)
    return conclude(situation, e.Verdict.FAILED, reason, fault)


def cancelled(situation: Situation, by: str = "") -> Commands:
    """Conclude as canceled, with what is changed and what is not."""
    who, begun = situation.state.cancelled_by, situation.state.rollback
    why = by or (f"canceled by {who}" if who else "canceled")
    before = f"{begun.why}; during the roll back " if begun is not None else ""
    return conclude(situation, e.Verdict.CANCELLED, f"{before}{why}; {changed_so_far(situation)}")


def complete(situation: Situation) -> Commands:
    """All that was to be done is done: conclude by what became of the instances.

    A rollout that was rolled back has failed, even if its roll back succeeded.
    """
    verdict, reason = final(situation)
    begun = situation.state.rollback
    if begun is not None:
        return conclude(situation, e.Verdict.FAILED, f"{begun.why}; {reason}{keeping(situation)}", begun.fault)
    reacts = situation.plan.policy.on_failure is not OnFailure.STOP and not runs_nowhere(situation)
    if verdict is e.Verdict.FAILED and reacts:
        return stop(situation, reason)
    return conclude(situation, verdict, reason)


def set_deleted(situation: Situation) -> Commands | None:
    """End when the scale set itself is being deleted: nothing is left to update, restore or roll back."""
    if situation.set.provisioning is not Provisioning.DELETING:
        return None
    reason = set_is_gone(situation.plan, situation.state, "the scale set is being deleted")
    return _ended(situation, e.Concluding(e.Verdict.FAILED, reason))


def nothing_to_do(situation: Situation) -> Commands:
    """Conclude: every instance runs the version already."""
    label, begun = situation.plan.to_label, situation.state.rollback
    if begun is not None:
        return conclude(situation, e.Verdict.FAILED, f"{begun.why}; nothing to roll back", begun.fault)
    return conclude(situation, e.Verdict.COMPLETED, f"nothing to do: all instances already run {label}")


def protect(situation: Situation) -> Commands | None:
    """Suspend automatic repairs first, where the plan says so; conclude when that fails. None when it is done."""
    problem = automatic_repairs.refused(situation)
    if problem:
        why = f"automatic repairs could not be suspended: {problem}; nothing was changed"
        return conclude(situation, e.Verdict.FAILED, why)
    return automatic_repairs.suspend(situation)


def _ended(situation: Situation, ending: e.Concluding) -> Commands:
    state, batch = situation.state, situation.state.open_batch
    counts = {phase.value: count for phase in e.Phase if (count := state.count(phase))}
    bad = set(state.bad)
    last = (e.BatchEnded(batch.number, tuple(i for i in batch.ids if i in bad)),) if batch is not None else ()
    ended = e.Ended(ending.verdict, ending.reason, ending.fault, counts)
    return [Record((*last, *automatic_repairs.left_suspended(situation), ended))]


# --- the set's own policy -------------------------------------------------------------------------------------------


def _differs(situation: Situation) -> bool:
    """Whether the set's policy was changed for a rollout, is to be restored, and is not restored yet."""
    plan = situation.plan
    changed = plan.policy_differs or plan.own_mode is not None
    if not (changed and plan.policy.restore_policy and touched(situation.state)):
        return False
    return RESTORE in situation.state.writes or not _is_back(situation)


def _restore(situation: Situation) -> Commands:
    own_mode, own_policy = situation.plan.own
    mode = own_mode.value
    if RESTORE not in situation.state.writes and (danger := _danger(situation)):
        return [Record((e.PolicyRestored(False, danger),))]
    write = Write(RESTORE, Action.RESTORE, f"restore the scale set's own upgrade policy ({mode})")
    surge = own_policy.surge
    once_more = (
        "may replace every instance once more" if surge else "checks every instance once more, no script is executed"
    )
    walks = f"; Azure {once_more}" if own_mode is UpgradeMode.ROLLING else ""
    why = f"restoring the scale set's own upgrade policy{walks}"
    waiting = follow(situation, write, arrived=_is_back(situation), why=why)
    if waiting is not None:
        return waiting
    ended = situation.state.writes.get(RESTORE)
    fault = ended.fault if isinstance(ended, e.WriteEnded) else None
    if _is_back(situation):
        return [Record((e.PolicyRestored(True, f"the scale set's own upgrade policy is restored ({mode})"),))]
    why = fault.message if fault is not None else "Azure gave no reason"
    return [Record((e.PolicyRestored(False, f"the scale set's own policy could not be restored: {why}"),))]


def _is_back(situation: Situation) -> bool:
    mode, policy = situation.plan.own
    numbers = mode is not UpgradeMode.ROLLING or situation.set.policy == policy
    return situation.set.mode is mode and numbers


def _danger(situation: Situation) -> str:
    """Why restoring the policy would push the new version on; empty when it would not."""
    mode = situation.plan.own[0]
    behind = [
        instance
        for instance in situation.snapshot.instances
        if instance.script_digest not in situation.targets
        and instance.version_known
        and not instance.protected
        and not instance.is_off
        and instance.provisioning is not Provisioning.DELETING
    ]
    if mode is UpgradeMode.MANUAL or not behind:
        return ""
    here, label = situation.set.mode.value, situation.plan.to_label
    others = f"{len(behind)} {'instance that does' if len(behind) == 1 else 'instances that do'} not run {label}"
    return (
        f"the scale set stays in {here} mode, because in its own mode ({mode.value}) Azure would update the {others}, "
        "with no batch of this rollout to limit it"
    )
