"""The levels of the request buckets, shared by every process that keeps its rollouts in the same journal.

One small private JSON file beside the journal, changed under a lock that is held for microseconds. A file that cannot
be used (read-only disk, another format) does not stop anything: the process then uses what it knows itself.
"""

import contextlib
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path

from vmss_tui import paths
from vmss_tui.gateway.http.buckets import Level

VERSION = 2
LARGEST = 1024 * 1024
"""Bytes; a larger file is not ours."""
_TRIES, _PAUSE = 5, 0.002
"""For the lock: a process that was stopped while it held it must not stop the others."""
_log = logging.getLogger("vmss_tui.gateway")


@dataclass(slots=True)
class Levels:
    """Levels by bucket, what sorts of reads use which buckets, and until when Azure wants no more of a sort."""

    levels: dict[str, Level] = field(default_factory=dict)
    used: dict[str, tuple[str, ...]] = field(default_factory=dict)
    blocked: dict[str, float] = field(default_factory=dict)
    """Seconds since 1970."""

    def dumped(self, now: float) -> str:
        """As JSON, without what says nothing any more: buckets that are full again, blocks that are over."""
        data = {
            "version": VERSION,
            "levels": {
                name: [round(value, 3) for value in astuple(level)]
                for name, level in self.levels.items()
                if level.share(now) < 1.0
            },
            "used": self.used,
            "blocked": {name: until for name, until in self.blocked.items() if until > now},
        }
        return json.dumps(data, separators=(",", ":"))

    def load(self, text: str, now: float) -> None:
        """Take over what another process wrote. Raises ValueError when it is of another shape."""
        try:
            data = json.loads(text)
        except RecursionError as error:
            raise ValueError("another format") from error
        if not isinstance(data, dict) or data.get("version") != VERSION:
            raise ValueError("another format")
        try:
            written = {str(name): Level(*map(float, values)) for name, values in data["levels"].items()}
            used = {str(name): tuple(map(str, names)) for name, names in data["used"].items()}
            blocked = {str(name): float(until) for name, until in data["blocked"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("another format") from error
        for name, level in written.items():
            if level.size > 0 and level.rate > 0 and level.at <= now + 1.0:
                self.levels[name] = level
        for name in [name for name in self.levels if name not in written]:
            self.levels[name].tokens, self.levels[name].at = self.levels[name].size, now
        self.used |= used
        self.blocked = blocked


class SharedLevels:
    """`with shared.changing(now) as levels`: read, change and write them as one step. Without a file, only ours."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._levels = Levels()
        self._last = ""

    @property
    def latest(self) -> Levels:
        """As of the last change by this process."""
        return self._levels

    @contextlib.contextmanager
    def changing(self, now: float) -> Iterator[Levels]:
        """The levels; changes to them inside are written at the end."""
        with contextlib.ExitStack() as stack:
            descriptor = self._locked(stack, now)
            yield self._levels
            if descriptor is not None:
                self._write(descriptor, now)

    def _locked(self, stack: contextlib.ExitStack, now: float) -> int | None:
        if self._file is None:
            return None
        try:
            paths.make_private_directory(self._file.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._file, flags, paths.FILE_MODE)
            stack.callback(os.close, descriptor)
            if not _lock(descriptor):
                return None
            text = os.read(descriptor, LARGEST).decode("utf-8")
            if text and text != self._last:
                self._levels.load(text, now)
        except ValueError:
            return descriptor
        except OSError as error:
            _log.info("request quota is not shared with other processes: %s", error)
            self._file = None
            return None
        return descriptor

    def _write(self, descriptor: int, now: float) -> None:
        text = self._levels.dumped(now)
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
            self._last = text


def _lock(descriptor: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        else:
            return True
    return False
