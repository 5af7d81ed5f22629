"""Time that several processes share through a file: eight bytes, a little-endian double, seconds since 1970 in UTC.

A cloud whose time is not the host's (a simulated one) names such a file. One process drives: its waits cost no real
time, they move the clock forward. For all others time passes as the driver lets it pass.
"""

import asyncio
import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.errors import UsageError

_TIME = struct.Struct("<d")


class SharedClock:
    """See `ports.Clock`. `drives`: whether a wait of this process moves the time.

    Raises UsageError when the file cannot be opened or holds no time.
    """

    def __init__(self, path: Path, *, drives: bool = False) -> None:
        self._drives = drives
        try:
            with path.open("r+b" if drives else "rb") as file:
                access = mmap.ACCESS_WRITE if drives else mmap.ACCESS_READ
                self._memory = mmap.mmap(file.fileno(), _TIME.size, access=access)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the cloud's clock {path} cannot be read: {error}", hint="Start the cloud again."
            ) from error

    def now(self) -> datetime:
        """See Clock."""
        return datetime.fromtimestamp(self.monotonic(), UTC)

    def monotonic(self) -> float:
        """See Clock."""
        seconds: float = _TIME.unpack_from(self._memory)[0]
        return seconds

    async def sleep(self, seconds: float) -> None:
        """Move the time forward once all that can run now has run; a process that does not drive it just waits."""
        if not self._drives:
            await asyncio.sleep(seconds)
            return
        until = self.monotonic() + max(0.0, seconds)
        await asyncio.sleep(0)
        if self.monotonic() < until:
            _TIME.pack_into(self._memory, 0, until)
