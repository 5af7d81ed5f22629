"""The simulated clock: real time, stretched by a factor, that can be paused and moved forward.

Owns the only place of the simulator's core where real time is read. The world never reads it: the time is passed in. A
shared clock reads no real time either: it is in a file, and a client that waits for the simulation moves it forward.
"""

import mmap
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

_TIME = struct.Struct("<d")


class SimClock:
    """Simulated time that runs `speed` times as fast as real time.

    `speed` is in simulated seconds a real second and must be positive; simulated time begins at `start`, or at the
    real time (UTC); `monotonic` is the source of real seconds, which tests replace.
    """

    def __init__(
        self,
        speed: float = 1.0,
        start: datetime | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._speed = _positive(speed)
        self._base = start or datetime.now(UTC)
        self._anchor = monotonic()
        self._paused = False

    @property
    def speed(self) -> float:
        """Simulated seconds a real second."""
        return self._speed

    @property
    def paused(self) -> bool:
        """True while simulated time is paused."""
        return self._paused

    def now(self) -> datetime:
        """The simulated time, aware and in UTC."""
        if self._paused:
            return self._base
        return self._base + timedelta(seconds=(self._monotonic() - self._anchor) * self._speed)

    def seconds(self) -> float:
        """The simulated time in seconds since 1970."""
        return self.now().timestamp()

    def set_speed(self, speed: float) -> None:
        """Change the speed from now on; time does not jump."""
        self._rebase()
        self._speed = _positive(speed)

    def pause(self) -> None:
        """Stop simulated time."""
        self._rebase()
        self._paused = True

    def resume(self) -> None:
        """Let simulated time run again."""
        self._rebase()
        self._paused = False

    def jump(self, seconds: float) -> None:
        """Move simulated time forward by `seconds`; it never goes back."""
        if seconds < 0:
            raise ValueError(f"simulated time only moves forward, not by {seconds:g}s; give a positive number")
        self._rebase()
        self._base += timedelta(seconds=seconds)

    def _rebase(self) -> None:
        self._base = self.now()
        self._anchor = self._monotonic()


def shared_clock(path: Path, start: datetime) -> SimClock:
    """A clock whose time another process lets pass, through a new file that begins with `start`.

    The file holds eight bytes: a little-endian double, seconds since 1970 in UTC.

    Raises OSError when the file cannot be written.
    """
    path.write_bytes(_TIME.pack(start.timestamp()))
    with path.open("rb") as file:
        memory = mmap.mmap(file.fileno(), _TIME.size, access=mmap.ACCESS_READ)

    def seconds() -> float:
        value: float = _TIME.unpack_from(memory)[0]
        return value

    return SimClock(1.0, start, seconds)


def _positive(speed: float) -> float:
    if speed <= 0:
        raise ValueError(f"the speed factor must be greater than 0, not {speed:g}")
    return float(speed)
