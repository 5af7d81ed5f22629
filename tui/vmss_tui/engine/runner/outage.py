"""A stretch of time in which something does not answer: since when, until when it is tried again, when it is given up.

Keeps time only; the runner decides what is tried and reported. Times are in seconds.
"""

from datetime import datetime, timedelta

from vmss_tui.engine.runner.pacing import SteadyClock
from vmss_tui.engine.watch.pace import Backoff
from vmss_tui.errors import VmssTuiError


class Outage:
    """Patience with one thing. `failed` on every failure, `ended` on every answer."""

    def __init__(self, clock: SteadyClock, patience_seconds: float, first: float) -> None:
        self.backoff = Backoff(first=first)
        self.announced = False
        """Whether the log says that there is one now."""
        self._clock = clock
        self._patience = patience_seconds
        self._since: float | None = None
        self._until = clock.now()

    @property
    def failures(self) -> int:
        """How many waits in a row followed a failure."""
        return self.backoff.failures

    @property
    def lasted(self) -> float:
        """Seconds since the first failure; 0 when there is none."""
        return 0.0 if self._since is None else self._clock.monotonic() - self._since

    def failed(self, error: VmssTuiError) -> datetime:
        """When it will be given up; raises `error` when that is now."""
        if self._since is None:
            self._since = self._clock.monotonic()
            self._until = self._clock.now() + timedelta(seconds=self._patience)
        if self.lasted > self._patience:
            raise error
        return self._until

    def ended(self) -> int | None:
        """There is an answer: for how many seconds there was none, if that was announced."""
        seconds = round(self.lasted) if self.announced else None
        self._since, self.announced = None, False
        self.backoff.reset()
        return seconds
