"""How long a rollout has run and may still run, from what its finished batches took.

Pure: times are aware UTC, durations are seconds.
"""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.plan.estimate import LEARNED
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.text import seconds_between


@dataclass(frozen=True, slots=True)
class Remaining:
    """The shortest and the longest that it may still take, in seconds."""

    low: float
    high: float

    @property
    def text(self) -> str:
        """`02:50`, or `2m to 4m` when the batches differed much."""
        if self.high < 60 or self.high - self.low <= max(20.0, 0.2 * self.high):
            return duration.clock(self.high)
        words = duration.between(self.low, self.high)
        return words if " to " in words else duration.clock(self.high)


def elapsed(state: RolloutState, now: datetime) -> float:
    """Seconds since the rollout started, until it ended or until now."""
    return max(0.0, seconds_between(state.started_at, state.ended_at or now))


def remaining(state: RolloutState, now: datetime) -> Remaining | None:
    """What is left by the pace of the finished batches; before the first, by that of earlier rollouts of the set.

    None while nothing is known, after the end, and while nothing moves: paused, waiting for approval, for its runner.
    """
    if state.stage is not Stage.RUNNING or state.plan is None:
        return None
    took = [seconds_between(b.started_at, b.ended_at) for b in state.batches if b.ended_at is not None]
    if not took:
        return _as_planned(state, now)
    pauses = _pauses(state)
    left = max(0, state.batch_count - len(state.batches))
    current = state.batch
    into = seconds_between(current.started_at, now) if current is not None and current.ended_at is None else None
    rested = seconds_between(current.ended_at, now) if current is not None and left else 0.0
    soak = state.plan.policy.soak_seconds

    def total(batch_seconds: float, pause: float) -> float:
        begun = max(0.0, batch_seconds - into) if into is not None else 0.0
        return begun + left * (batch_seconds + pause) - min(rested, pause) + soak

    return Remaining(total(min(took), min(pauses)), total(max(took), max(pauses)))


def _as_planned(state: RolloutState, now: datetime) -> Remaining | None:
    """What the plan learned from earlier rollouts; what it only assumed says nothing."""
    if state.plan is None or not state.plan.estimate.basis.startswith(LEARNED):
        return None
    gone, planned = elapsed(state, now), state.plan.estimate
    return Remaining(max(0.0, planned.low_seconds - gone), max(0.0, planned.high_seconds - gone))


def _pauses(state: RolloutState) -> list[float]:
    """Seconds between batches as they were, else as planned."""
    seen = [
        seconds_between(before.ended_at, after.started_at)
        for before, after in zip(state.batches, state.batches[1:], strict=False)
        if before.ended_at is not None
    ]
    planned = float(state.plan.policy.pause_seconds) if state.plan is not None else 0.0
    return [seconds for seconds in seen if seconds >= 0] or [planned]
