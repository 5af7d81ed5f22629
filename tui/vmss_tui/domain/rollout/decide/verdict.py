"""What became of the instances, in one sentence: the verdict, and what is changed when a rollout stops early. Pure."""

from vmss_tui.domain.fleet.instance import staying
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Situation
from vmss_tui.domain.rollout.instance_phase import retried_digests, short
from vmss_tui.domain.rollout.stage import BAD, BUSY
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import touched
from vmss_tui.text import counted, listed

_FAILURES = {e.Phase.FAILED: "failed", e.Phase.UNHEALTHY: "unhealthy", e.Phase.NOT_RUN: "did not run the script"}


def final(situation: Situation) -> tuple[e.Verdict, str]:
    """The verdict and its reason, once everything is done that was to be done."""
    state, plan = situation.state, situation.plan
    bad, unread = state.bad, state.unread
    behind = [i for i in state.ids_in(e.Phase.WAITING, *BUSY) if i not in unread]
    gone = gone_instances(plan, state)
    total = in_scope(plan, state)
    if nowhere := runs_nowhere(situation):
        return e.Verdict.FAILED, nowhere
    if not total:
        return e.Verdict.COMPLETED, f"the scale set model is {plan.to_label}; no instance needed it"
    parts = [f"{state.count(e.Phase.DONE)} of {total} {reaching(plan)} {plan.to_label}"]
    well = not state.ids_in(*BAD, e.Phase.OVERWRITTEN) and not behind and not unread
    if well and situation.set.health_source.present and state.count(e.Phase.DONE):
        parts[0] += " and are healthy"
    allowed = bool(bad) and not behind and plan.policy.failure_budget is not None
    parts += _broken_before(state)
    parts += [_failures(state) + (" (within the failure budget)" if allowed else "")] if bad else []
    parts += [f"{len(behind)} not updated: {listed(behind)}"] if behind else []
    parts += [f"{len(unread)} of unknown version: {listed(unread)}"] if unread else []
    parts += [f"{len(gone)} gone: {listed(gone)}"] if gone else []
    parts += _overwritten(state)
    parts += _leaked(state)
    failed = bool(behind) or state.count(e.Phase.OVERWRITTEN) > 0 or (bool(bad) and not allowed)
    return e.Verdict.FAILED if failed else e.Verdict.COMPLETED, "; ".join(parts)


def runs_nowhere(situation: Situation) -> str:
    """That every instance of the plan is gone and none runs the version: nothing shows that it works. Else empty.

    A set that is scaled in to nothing, or whose instances were all replaced, has updated nothing, so it has not
    completed. A roll back and the removal of a script have reached their goal then.
    """
    plan, state = situation.plan, situation.state
    planned = {i for batch in plan.batches for i in batch.ids}
    gone = planned.intersection(state.ids_in(e.Phase.GONE))
    left = staying(situation.snapshot.instances)
    runs = any(i.script_digest in situation.targets and i.script.state is not ScriptState.FAILED for i in left)
    reached = plan.purpose is Purpose.ROLLBACK or plan.removes
    if reached or not planned or gone != planned or state.count(e.Phase.DONE) or runs:
        return ""
    label, here = plan.to_label, len(left)
    had = had_it(plan, state)
    known = f"no instance runs {label}" if had else "nothing was updated"
    all_gone = "the only instance is gone" if len(planned) == 1 else f"all {len(planned)} instances are gone"
    after = f" ({had} had it)" if had else ""
    parts = [f"{known}: {all_gone}{after}, the scale set has {counted(here, 'instance')}"]
    script = situation.set.script
    if script is not None and script.digest in situation.targets:
        parts.append(f"new ones get {label} from its model: check the first of them")
    return "; ".join((*parts, *_leaked(state)))


def set_is_gone(plan: RolloutPlan, state: RolloutState, what: str) -> str:
    """The reason for the end of a rollout whose scale set is deleted, as `what` says."""
    had = had_it(plan, state)
    return f"{what}; {counted(had, 'instance') if had else 'no instance'} had {plan.to_label}"


def had_it(plan: RolloutPlan, state: RolloutState) -> int:
    """How many instances of the plan had the version that the rollout brings, when each was last observed."""
    targets = {short(digest) for digest in (plan.target_digest, *retried_digests(plan, state).values())}
    planned = (i for batch in plan.batches for i in batch.ids)
    return sum(i in state.instances and state.instances[i].seen.digest in targets for i in planned)


def in_scope(plan: RolloutPlan, state: RolloutState) -> int:
    """How many instances the rollout is for: also those that are gone since, not who got the version outside it."""
    outside = state.count(e.Phase.EXCLUDED, e.Phase.LEAKED, e.Phase.GONE)
    return len(state.instances) - outside + len(gone_instances(plan, state))


def reaching(plan: RolloutPlan) -> str:
    """What instances do with the version that the rollout brings: `run`, or `rolled back to`."""
    return "rolled back to" if plan.purpose is Purpose.ROLLBACK else "run"


def _broken_before(state: RolloutState) -> list[str]:
    """Instances that were broken before what a roll back undoes, and still are."""
    known = set(state.ids_in(*BAD)) - set(state.bad)
    return [f"{len(known)} broken before the rollout: {listed(known)}"] if known else []


def gone_instances(plan: RolloutPlan, state: RolloutState) -> tuple[str, ...]:
    """Instances of the plan that were deleted or evicted; a rolling upgrade with surge replaces them itself."""
    if plan.strategy is Strategy.ROLLING_UPGRADE and plan.policy.surge:
        return ()
    planned = {i for batch in plan.batches for i in batch.ids}
    return tuple(i for i in state.ids_in(e.Phase.GONE) if i in planned)


def changed_so_far(situation: Situation) -> str:
    """`24 instances run web 2.5.0; 36 untouched`, or that nothing was changed."""
    state = situation.state
    if not touched(state):
        return "nothing was changed" if state.forward is None else _nothing_back(state.forward)
    done, busy = state.count(e.Phase.DONE), state.count(*BUSY)
    verb = "runs" if done <= 1 else "run"
    if situation.plan.purpose is Purpose.ROLLBACK:
        verb = reaching(situation.plan)
    parts = [f"{counted(done, 'instance') if done else 'no instance'} {verb} {situation.plan.to_label}"]
    parts += [_failures(state)] if state.bad else []
    parts += _overwritten(state)
    parts += [f"{busy} in progress"] if busy else []
    parts.append(f"{state.count(e.Phase.WAITING)} untouched")
    gone = gone_instances(situation.plan, state)
    parts += [f"{len(gone)} gone: {listed(gone)}"] if gone else []
    return "; ".join(parts)


def keeping(situation: Situation) -> str:
    """`; 2 instances keep web 2.5.0: 0, 5`: what the roll back of one batch leaves of the rollout; else empty."""
    forward = situation.state.forward
    plan = forward.plan if forward is not None else None
    brought, label = (plan.target_digest, plan.to_label) if plan is not None else ("", "")
    back = {i for batch in situation.plan.batches for i in batch.ids}
    on_new = [i for i, found in situation.by_id.items() if brought and found.script_digest == brought]
    kept = [i for i in on_new if i not in back]
    verb = "keeps" if len(kept) == 1 else "keep"
    return f"; {counted(len(kept), 'instance')} {verb} {label}: {listed(kept)}" if kept else ""


def _nothing_back(forward: RolloutState) -> str:
    """A roll back within a rollout that stops before its first write."""
    changed, label = forward.count(e.Phase.DONE, *BAD), forward.plan.to_label if forward.plan is not None else ""
    return f"nothing was rolled back; {counted(changed, 'instance')} still {'has' if changed == 1 else 'have'} {label}"


def _overwritten(state: RolloutState) -> list[str]:
    """Instances that this rollout updated and that another change has overwritten since."""
    ids = state.ids_in(e.Phase.OVERWRITTEN)
    return [f"{len(ids)} overwritten by another change: {listed(ids)}"] if ids else []


def _leaked(state: RolloutState) -> list[str]:
    """Instances that got the new version outside the batches, and where its script failed."""
    leaked = state.ids_in(e.Phase.LEAKED)
    if not leaked:
        return []
    failed = [i for i in leaked if state.instances[i].seen.script is ScriptState.FAILED]
    bad = f" (the script failed on {listed(failed)})" if failed else ""
    return [f"{len(leaked)} more got it outside the batches: {listed(leaked)}{bad}"]


def _failures(state: RolloutState) -> str:
    bad = set(state.bad)
    found = ((word, [i for i in state.ids_in(phase) if i in bad]) for phase, word in _FAILURES.items())
    return "; ".join(f"{len(ids)} {word}: {listed(ids)}" for word, ids in found if ids)
