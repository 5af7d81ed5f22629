"""A clock that a test moves by hand."""

import asyncio
import heapq
import itertools
from datetime import datetime, timedelta

from support import estate


class FakeClock:
    """A clock that only a test moves; sleepers wake when their time comes."""

    def __init__(self, start: datetime = estate.NOW) -> None:
        self._start = start
        self._seconds = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """See Clock."""
        return self._start + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        """See Clock."""
        return self._seconds

    def next_wake(self) -> float | None:
        """When the next sleeper wakes; None without a sleeper."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    async def sleep(self, seconds: float) -> None:
        """See Clock; 0 or less only yields."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._seconds + seconds, next(self._order), wake))
        await wake

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` and wake everybody whose time has come."""
        self._seconds += seconds
        while self._sleepers and self._sleepers[0][0] <= self._seconds:
            wake = heapq.heappop(self._sleepers)[2]
            if not wake.done():
                wake.set_result(None)
