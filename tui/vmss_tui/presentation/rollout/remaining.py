"""How long a rollout has run and may still run: its forecast, given what has happened.

Pure: times are aware UTC, durations are seconds.
"""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.plan.forecast import remaining
from vmss_tui.domain.rollout.batch_schedule import remaining_batches
from vmss_tui.domain.rollout.finished_batches import took
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.text import seconds_between


@dataclass(frozen=True, slots=True)
class Remaining:
    """What it may still take, in seconds: half of all rollouts like it take at most `p50`, nine in ten `p90`."""

    p50: float
    p90: float

    @property
    def text(self) -> str:
        """`02:50`, or `2m30s to 4m` when P50 and P90 differ much."""
        if self.p90 < 60 or self.p90 - self.p50 <= max(20.0, 0.2 * self.p90):
            return duration.clock(self.p90)
        return duration.between(self.p50, self.p90)


def elapsed(state: RolloutState, now: datetime) -> float:
    """Seconds since the rollout started, until it ended or until now."""
    return max(0.0, seconds_between(state.started_at, state.ended_at or now))


def rest(state: RolloutState, now: datetime) -> Remaining | None:
    """The remaining time once it moves, by the forecast of the plan and the real durations of finished batches.

    None before the start and after the end.
    """
    plan = state.plan
    if state.started_at is None or state.stage.over or plan is None or not plan.batches:
        return None
    current = state.open_batch
    running = current.number if current is not None else 0
    last = state.batch.ended_at if state.batch is not None else state.started_at
    left = remaining(
        plan,
        tuple(len(batch.ids) for batch in remaining_batches(state) if batch.number != running),
        took=took(state, plan),
        current=(len(current.ids), seconds_between(current.started_at, now)) if current is not None else None,
        begun=state.batch is not None,
        idle=seconds_between(last, now) if current is None else 0.0,
    )
    return Remaining(left.p50, left.p90)
