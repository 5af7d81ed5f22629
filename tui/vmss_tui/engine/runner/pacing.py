"""A runner's time: how often it observes Azure, and a clock that never runs backwards.

`Pace` holds seconds of the host's own clock. `SteadyClock` steers by the monotonic clock and says when the host's
clock was set or the host slept, so that no pause is cut short and no deadline passes by accident.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vmss_tui.domain.rollout.commands import SETTLE_SECONDS
from vmss_tui.ports import Clock

STEP_SECONDS = 5.0
"""A smaller difference is drift, not a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a runner does what, in seconds. The defaults stay within half of Azure's limits for one scale set."""

    watch_seconds: float = 12.0
    """Between two observations of the set, its instances and its latest rolling upgrade."""
    operation_seconds: float = 4.0
    """Between two polls of an operation, which are the cheapest calls there are."""
    request_seconds: float = 0.5
    """Between two reads of the journal for requests."""
    heartbeat_seconds: float = 5.0
    settle_seconds: float = SETTLE_SECONDS
    """How long the effect of an unanswered request may take to show."""
    patience_seconds: float = 1800.0
    """How long Azure or the disk may be away before the runner gives up; the rollout can be resumed."""

    @classmethod
    def of(cls, watch_seconds: float, poll_seconds: float) -> "Pace":
        """The pace that a cloud suggests."""
        return cls(
            watch_seconds=watch_seconds,
            operation_seconds=poll_seconds,
            request_seconds=min(0.5, watch_seconds),
            settle_seconds=min(SETTLE_SECONDS, 10 * watch_seconds),
        )


class SteadyClock:
    """Wall-clock time that moves with the monotonic clock."""

    def __init__(self, clock: Clock, not_before: datetime | None = None) -> None:
        self._clock = clock
        wall = clock.now()
        self._base = max(wall, not_before) if not_before is not None else wall
        self._started = clock.monotonic()
        self._offset = (wall - self._base).total_seconds()

    def now(self) -> datetime:
        """Aware UTC; never before an earlier answer."""
        return self._base + timedelta(seconds=self.monotonic() - self._started)

    def host_now(self) -> datetime:
        """The host's own clock as it is set now: before `now` where it was set back. Windows and freezes go by it."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await self._clock.sleep(max(0.0, seconds))

    def stepped(self) -> float | None:
        """By how many seconds the host's clock was set since the last call, or None; forward steps are followed."""
        offset = (self._clock.now() - self.now()).total_seconds()
        step = offset - self._offset
        if abs(step) < STEP_SECONDS:
            return None
        follow = max(0.0, offset)
        self._base += timedelta(seconds=follow)
        self._offset = offset - follow
        return step
