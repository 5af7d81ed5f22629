"""A plan that is out of date: made again right before the first write, and refused where that makes a difference.

Pure. A plan is out of date when the set has another etag than the plan was made from, or when it is older than an
hour. Nothing has been written then, so refusing costs nothing; a new plan shows what is different.
"""

from collections.abc import Iterator
from datetime import timedelta

from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Commands, Situation, Write
from vmss_tui.domain.rollout.decide.conclude import conclude
from vmss_tui.text import counted, listed

LONGEST = timedelta(hours=1)
"""How long a plan may wait for its first write."""


def unless_stale(situation: Situation, commands: Commands) -> Commands:
    """The commands; a refusal instead where they would begin to carry out a plan that no longer fits."""
    starts = any(isinstance(command, Write) for command in commands) and not situation.state.writes
    if not starts or not _is_old(situation):
        return commands
    differences = tuple(_differences(situation))
    if not differences:
        return commands
    reason = f"the plan is out of date: {'; '.join(differences)}; nothing was changed"
    return conclude(situation, e.Verdict.REFUSED, reason)


def _is_old(situation: Situation) -> bool:
    plan, etag = situation.plan, situation.set.etag
    changed = bool(plan.etag and etag) and plan.etag != etag
    return changed or (plan.made_at is not None and situation.now - plan.made_at > LONGEST)


def _differences(situation: Situation) -> Iterator[str]:
    """What a plan that is made now would say differently, where it matters; a change outside is a gate."""
    plan = situation.plan
    if plan.removes or plan.origin:
        return
    again = plan_rollout(situation.snapshot, plan.script, plan.policy, now=situation.now)
    if again.strategy is not plan.strategy:
        yield f"the scale set would now be updated by {again.strategy.value}"
        return
    known = {finding.code for finding in plan.findings} | set(plan.overrides)
    yield from (finding.message for finding in again.refusals if finding.code not in known)
    new = _affected(again) - _affected(plan) - {exclusion.id for exclusion in plan.excluded}
    if new and plan.strategy is not Strategy.ROLLING_UPGRADE:
        count = counted(len(new), "instance is in no batch", "instances are in no batch")
        yield f"{count}, since {'it is' if len(new) == 1 else 'they are'} newer than the plan: {listed(new)}"


def _affected(plan: RolloutPlan) -> set[str]:
    return {instance for batch in plan.batches for instance in batch.ids}
