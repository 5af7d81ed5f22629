"""How long a rollout takes: assumed, or learned from the batches of earlier rollouts of the same set. Pure.

A batch takes as long as its slowest instance, whatever its size; pauses, minimum healthy times and the soak are known.
"""

from collections.abc import Sequence
from dataclasses import replace

from vmss_tui.domain.fleet.instance import healthy_among
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import Batch, Estimate, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.text import counted

LEARNED = "from "
"""How the basis of a learned estimate begins."""
FAST_SECONDS = 60
SLOW_SECONDS = 360
"""What one batch takes when nothing is known: script and health together, in seconds."""
_MANY = 10
"""From so many batches on, the fastest and the slowest tenth say nothing."""


def fixed_seconds(count: int, policy: RolloutPolicy) -> int:
    """What does not depend on instances: pauses, minimum healthy times, the soak. `count`: how many batches."""
    return (count - 1) * policy.pause_seconds + count * policy.min_healthy_seconds + policy.soak_seconds


def assume(planned: tuple[Batch, ...], policy: RolloutPolicy, snapshot: SetSnapshot) -> Estimate:
    """How long these batches take, in seconds, and the lowest healthy count: one batch at a time may be down.

    Without a health source every instance counts as healthy.
    """
    known = healthy_among(snapshot.instances)
    healthy = len(snapshot.instances) if known is None else known
    if not planned:
        return Estimate(0, 0, healthy)
    count, fixed = len(planned), fixed_seconds(len(planned), policy)
    largest = max(len(batch.ids) for batch in planned)
    return Estimate(count * FAST_SECONDS + fixed, count * SLOW_SECONDS + fixed, max(0, healthy - largest))


def learn(plan: RolloutPlan, past: Sequence[Sequence[float]]) -> RolloutPlan:
    """The plan with an estimate from earlier rollouts, if there are any: for each, the seconds of its batches."""
    known = [batch_seconds for batch_seconds in past if batch_seconds]
    durations = sorted(seconds for batch_seconds in known for seconds in batch_seconds)
    count = len(plan.batches)
    if not durations or not count:
        return plan
    spare = len(durations) // 10 if len(durations) >= _MANY else 0
    low, high = durations[spare], durations[len(durations) - 1 - spare]
    fixed = fixed_seconds(count, plan.policy)
    basis = f"{LEARNED}{counted(len(known), 'earlier rollout')} of this set"
    learned = Estimate(round(count * low) + fixed, round(count * high) + fixed, plan.estimate.lowest_healthy, basis)
    return replace(plan, estimate=learned)
