"""What the finished batches of a rollout took: what its forecast learns from while it runs. Pure."""

from vmss_tui.domain.plan.forecast import Took, held_seconds
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.text import seconds_between


def took(state: RolloutState, plan: RolloutPlan) -> list[Took]:
    """The number of instances of each finished batch, and its seconds without the minimum healthy time.

    A roll back within a rollout goes at the pace of the batches that it undoes.
    """
    hold = held_seconds(plan)
    forward = state.forward.batches if state.forward is not None else ()
    return [
        (len(batch.ids), max(1.0, seconds_between(batch.started_at, batch.ended_at) - hold))
        for batch in (*forward, *state.batches)
        if batch.ended_at is not None and batch.ids
    ]
