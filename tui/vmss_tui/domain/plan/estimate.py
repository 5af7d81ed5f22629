"""How long a rollout takes, learned from how long the batches of earlier rollouts of the same set took. Pure.

A batch takes as long as its slowest instance, whatever its size; pauses, minimum healthy times and the soak are known.
"""

from collections.abc import Sequence
from dataclasses import replace

from vmss_tui.domain.plan.rollout_plan import Estimate, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

LEARNED = "from "
"""How the basis of a learned estimate begins."""
_MANY = 10
"""From so many batches on, the fastest and the slowest tenth say nothing."""


def fixed_seconds(batches: int, policy: RolloutPolicy) -> int:
    """What does not depend on instances: pauses, minimum healthy times, the soak."""
    return (batches - 1) * policy.pause_seconds + batches * policy.min_healthy_seconds + policy.soak_seconds


def learn(plan: RolloutPlan, past: Sequence[Sequence[float]]) -> RolloutPlan:
    """The plan with an estimate from earlier rollouts (each as the seconds that its batches took), if there are any."""
    known = [each for each in past if each]
    took = sorted(seconds for each in known for seconds in each)
    count = len(plan.batches)
    if not took or not count:
        return plan
    spare = len(took) // 10 if len(took) >= _MANY else 0
    low, high = took[spare], took[len(took) - 1 - spare]
    fixed = fixed_seconds(count, plan.policy)
    basis = f"{LEARNED}{len(known)} earlier rollout{'' if len(known) == 1 else 's'} of this set"
    learned = Estimate(round(count * low) + fixed, round(count * high) + fixed, plan.estimate.lowest_healthy, basis)
    return replace(plan, estimate=learned)
