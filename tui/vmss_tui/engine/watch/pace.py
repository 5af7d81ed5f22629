"""How often to read: slower when the request quota runs low, backing off after failures, at once when requested.

Times are in seconds.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.errors import ConnectionFailed, NotFound, Throttled, VmssTuiError
from vmss_tui.ports import GIVE_UP_SECONDS, Clock

ENOUGH = 0.5
"""Share of the emptiest bucket above which the usual pace is kept."""
SLOWEST = 6.0
"""The pace is never stretched more than this."""
LONGEST_RETRY = 60.0


def eased(seconds: float, share: float) -> float:
    """The pace for a quota of which `share` (0.0 to 1.0) is left."""
    if share >= ENOUGH:
        return seconds
    return seconds * min(SLOWEST, ENOUGH / max(share, 0.01))


@contextlib.asynccontextmanager
async def giving_up(what: str, seconds: float = GIVE_UP_SECONDS) -> AsyncIterator[None]:
    """Limit the block to `seconds`; raises ConnectionFailed after that. `what` as in `read web-weu`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ConnectionFailed(
            f"cannot {what}: no answer within {seconds:.0f}s", hint="check the network; try again"
        ) from error


@dataclass(slots=True)
class Backoff:
    """Waits that double from `first` seconds; a quota's own time is kept, and a missing resource is rarely read."""

    first: float = 2.0
    failures: int = 0

    def after(self, error: VmssTuiError) -> float:
        """Seconds to wait after this failure."""
        self.failures += 1
        wait = min(LONGEST_RETRY, self.first * 2.0 ** (self.failures - 1))
        if isinstance(error, Throttled):
            return max(wait, error.retry_after)
        return LONGEST_RETRY if isinstance(error, NotFound) else wait

    def reset(self) -> None:
        """All is well again."""
        self.failures = 0


@dataclass(frozen=True, slots=True)
class WatchFailure:
    """Reading failed: why, since when, and in how many seconds it is tried again."""

    error: VmssTuiError
    since: datetime
    retry_in: float


class Pulse:
    """A wait that can be cut short when a read is requested now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wanted = asyncio.Event()

    def now(self) -> None:
        """Cut the present wait short, or the next one."""
        self._wanted.set()

    async def wait(self, seconds: float) -> bool:
        """Let `seconds` pass, or less; whether a read was requested."""
        nap = asyncio.ensure_future(self._clock.sleep(seconds))
        call = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait((nap, call), return_when=asyncio.FIRST_COMPLETED)
        finally:
            nap.cancel()
            call.cancel()
        asked = self._wanted.is_set()
        self._wanted.clear()
        return asked
