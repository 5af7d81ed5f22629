"""A recorded log, played at a speed. Reads and writes nothing. Must not import Textual."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from vmss_tui.domain.rollout.events import Logged
from vmss_tui.ports import Clock
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.log import follow
from vmss_tui.presentation.scrubber import Position

LONGEST_GAP = 3.0
"""Real seconds that a replay shows of a stretch in which nothing happened."""

_STEP = 0.1
_WAIT = 0.02
"""Between two looks whether more of the log is there."""
_SLOWEST, _FASTEST = 0.25, 1024.0


class Replay:
    """A recorded log, played `speed` times faster than it happened; may be held and changed in speed."""

    def __init__(self, log: Sequence[Logged], speed: float, clock: Clock, *, complete: bool = True) -> None:
        """Not `complete`: `log` is its beginning, and `extend` brings the rest while it is played."""
        self._log = list(log)
        self.complete = complete
        self._clock = clock
        self.speed = max(_SLOWEST, min(_FASTEST, speed))
        self.held = False
        self.failures: tuple[datetime, ...] = ()
        """When something failed, as far as it was looked up."""
        self._at = 0
        self._time = self._log[0].at if self._log else clock.now()
        self._since = clock.monotonic()

    @property
    def now(self) -> datetime:
        """The time in the recording; it never passes the last event."""
        end = self._log[-1].at if self._log else self._time
        if self.held:
            return min(self._time, end)
        passed = (self._clock.monotonic() - self._since) * self.speed
        return min(self._time + timedelta(seconds=passed), end)

    def extend(self, more: Sequence[Logged]) -> None:
        """Add what follows the log so far; nothing: it is complete."""
        self._rebase()
        self._log += more
        self.complete = not more

    def hold(self) -> None:
        """Hold the replay, or continue it."""
        self._rebase()
        self.held = not self.held

    def change_speed(self, factor: float) -> None:
        """Play `factor` times faster from now on."""
        self._rebase()
        self.speed = max(_SLOWEST, min(_FASTEST, self.speed * factor))

    def seek(self, moment: datetime) -> bool:
        """Move to a moment of the recording; returns whether what was played before has to be forgotten.

        Then the next events are those from the first one on. A recording that has ended has to be played again.
        """
        self._rebase()
        first, last = (self._log[0].at, self._log[-1].at) if self._log else (self._time, self._time)
        self._time = max(first, min(moment, last))
        back = self._at > 0 and self._log[self._at - 1].at > self._time
        if back:
            self._at = 0
        return back

    @property
    def ended(self) -> bool:
        """Whether every event so far was played."""
        return self._at >= len(self._log)

    def step(self, ways: int) -> datetime:
        """The moment a twentieth of the recording later (or earlier), at least ten seconds."""
        whole = self.position.end - self.position.start
        return self.now + ways * max(whole / 20, timedelta(seconds=10))

    @property
    def position(self) -> Position:
        """Where it is, for the scrubber."""
        start, end = (self._log[0].at, self._log[-1].at) if self._log else (self._time, self._time)
        return Position(start=start, end=end, now=self.now, speed=self.speed, held=self.held, failures=self.failures)

    def find_failures(self) -> None:
        """Look up when something failed; takes a second for 50,000 events."""
        known = tuple(self._log)
        self.failures = tuple(line.at for line in follow(known)[1] if line.role is Role.BAD)

    async def play(self) -> AsyncIterator[tuple[Logged, ...]]:
        """The events in the order and at the pace in which they happened."""
        while self._at < len(self._log) or not self.complete:
            at = self._at
            if at == len(self._log):
                await self._clock.sleep(_WAIT)
                continue
            due = at
            while due < len(self._log) and self._log[due].at <= self.now:
                due += 1
            if due > at:
                self._at = due
                yield tuple(self._log[at:due])
                continue
            await self._wait_for(self._log[at].at)

    async def _wait_for(self, moment: datetime) -> None:
        left = (moment - self.now).total_seconds() / self.speed
        if left > LONGEST_GAP and not self.held:
            self._time = moment - timedelta(seconds=LONGEST_GAP * self.speed)
            self._since = self._clock.monotonic()
            left = LONGEST_GAP
        await self._clock.sleep(_STEP if self.held else max(0.01, min(_STEP, left)))

    def _rebase(self) -> None:
        self._time = self.now
        self._since = self._clock.monotonic()
