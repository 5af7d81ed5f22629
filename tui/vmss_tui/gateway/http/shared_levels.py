"""Processes share the levels of the request buckets: in a file beside the journal, or in its database.

A read takes its tokens while no other process changes the levels. A process that cannot change them in time (another
was stopped while it held the lock, the database is not reachable) takes no more than a share of the levels that it
remembers, and subtracts the tokens later. So no request is sent without being counted.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from vmss_tui import paths
from vmss_tui.gateway.http.levels import Levels, Taken
from vmss_tui.ports import QuotaPlace

LARGEST = 1024 * 1024
"""Bytes; a larger file is not ours."""
ROOMY = 4096
"""Bytes; a file is shortened when it is larger than this and twice what is in it."""
LOCK_SECONDS = 10.0
"""How long a read waits for the levels: a process that was stopped while it held them must not stop the others."""
REST_SECONDS = 10.0
"""How long reads use remembered levels, without a new wait, after the shared ones were not available."""
KEPT_SECONDS = 30.0
"""Age at which changes that could not be written are dropped: later answers of Azure say what remains."""
_PAUSES = (0.001, 0.002, 0.004, 0.008, 0.016)
"""Seconds between two tries for the lock of the file; the last one again and again."""
CLOSE_SECONDS = 1.0
"""How long the end of a process waits until its last changes are written."""
_NOTES_SECONDS = 0.5
"""How long the levels of answers may wait for the next read before they are written to the database."""
_log = logging.getLogger("vmss_tui.gateway")


@dataclass(frozen=True, slots=True)
class Reserved:
    """Seconds until a read may be sent, and its tokens by bucket."""

    delay: float
    taken: tuple[Taken, ...]


Reserve = Callable[[Levels, float, bool], Reserved]
"""By the levels and the time now; the last argument: whether they are those that all processes share."""
Note = Callable[[Levels, float], None]
"""Changes the levels at a time."""


class SharedLevels(Protocol):
    """The levels of the buckets. `group` names those that are changed together, a subscription's."""

    @property
    def latest(self) -> Levels:
        """As of the last change by this process."""

    def now(self) -> float:
        """The time of the levels: seconds since 1970, by the clock of those who share them."""

    async def reserve(self, group: str, reserve: Reserve) -> Reserved:
        """Reserve on the levels, alone. Raises as `reserve` does; nothing is reserved then."""

    def note(self, group: str, note: Note) -> None:
        """Change the levels, at once or soon."""

    async def close(self) -> None:
        """Write the last changes, and close the place."""


def shared_levels(place: Path | QuotaPlace | None, here: Callable[[], float]) -> SharedLevels:
    """The levels in a file or in a database; None: in this process only. `here` is this host's clock."""
    if place is None or isinstance(place, Path):
        return LevelsInFile(place, here)
    return LevelsInPlace(place, here)


@dataclass(frozen=True, slots=True)
class _Later:
    """A change that is still to be written, made at a time of the monotonic clock."""

    group: str
    note: Note
    at: float


def _recent(later: Iterable[_Later]) -> list[_Later]:
    """The changes that are worth writing."""
    return [it for it in later if time.monotonic() - it.at < KEPT_SECONDS]


class LevelsInFile:
    """One small private JSON file, changed under a lock that is held for microseconds.

    A file that cannot be used at all (read-only disk, another format) does not stop anything.
    """

    def __init__(self, file: Path | None, here: Callable[[], float]) -> None:
        self._file = file
        self._here = here
        self._levels = Levels()
        self._last = ""
        self._later: list[_Later] = []
        self._rests_until = 0.0

    @property
    def latest(self) -> Levels:
        """See `SharedLevels`."""
        return self._levels

    def now(self) -> float:
        """This host's clock: all who use the file have it."""
        return self._here()

    async def reserve(self, group: str, reserve: Reserve) -> Reserved:
        """See `SharedLevels`."""
        resting = time.monotonic() < self._rests_until
        limit, tries = time.monotonic() + (0.0 if resting else LOCK_SECONDS), 0
        while True:
            with self._held() as held:
                if held:
                    self._rests_until = 0.0
                    return reserve(self._levels, self.now(), True)
            if time.monotonic() >= limit:
                break
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1
        if not resting:
            _log.info("request quota: another process has held it for %.0f s", LOCK_SECONDS)
            self._rests_until = time.monotonic() + REST_SECONDS
        reserved = reserve(self._levels, self.now(), False)
        self._write_later(group, partial(_charge, reserved.taken))
        return reserved

    def note(self, group: str, note: Note) -> None:
        """See `SharedLevels`."""
        with self._held() as held:
            note(self._levels, self.now())
        if not held:
            self._write_later(group, note)

    def _write_later(self, group: str, note: Note) -> None:
        self._later = [*_recent(self._later), _Later(group, note, time.monotonic())]

    async def close(self) -> None:
        """See `SharedLevels`."""
        with self._held():
            pass

    @contextlib.contextmanager
    def _held(self) -> Iterator[bool]:
        """The lock of the file, if it is free; changes to the levels inside are written at the end."""
        now = self.now()
        with contextlib.ExitStack() as stack:
            descriptor = self._locked(stack, now) if self._file is not None else None
            held = self._file is None or descriptor is not None
            if held:
                for later in _recent(self._later):
                    later.note(self._levels, now)
                self._later.clear()
            else:
                self._last = ""
            try:
                yield held
            finally:
                if descriptor is not None:
                    self._write(descriptor, now)

    def _locked(self, stack: contextlib.ExitStack, now: float) -> int | None:
        assert self._file is not None
        try:
            paths.make_private_directory(self._file.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self._file, flags, paths.FILE_MODE)
            stack.callback(os.close, descriptor)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            text = os.read(descriptor, LARGEST).decode("utf-8").rstrip()
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
        """One write of what was there in length: to shorten a file takes milliseconds, for which others wait."""
        text = self._levels.dumped(now)
        with contextlib.suppress(OSError):
            length = os.fstat(descriptor).st_size
            os.pwrite(descriptor, text.encode().ljust(length), 0)
            if length > ROOMY + 2 * len(text):
                os.ftruncate(descriptor, len(text))
            self._last = text


@dataclass(slots=True)
class _Asked:
    """A reservation that waits for its turn in the database."""

    group: str
    reserve: Reserve
    answer: "Future[Reserved]" = field(default_factory=Future)


class LevelsInPlace:
    """Texts in a database, changed in a thread: everything that waits goes in one exchange."""

    def __init__(self, place: QuotaPlace, here: Callable[[], float]) -> None:
        self._place = place
        self._here = here
        self._known: dict[str, Levels] = {}
        self._ahead = 0.0
        """Seconds by which the database's clock is ahead of this host's."""
        self._rests_until = 0.0
        self._later: list[_Later] = []
        self._guard = threading.Lock()
        self._queue: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def latest(self) -> Levels:
        """See `SharedLevels`."""
        found = Levels()
        for levels in list(self._known.values()):
            found.levels |= levels.levels
            found.used |= levels.used
            found.blocked |= levels.blocked
        return found

    def now(self) -> float:
        """The database's clock."""
        return self._here() + self._ahead

    async def reserve(self, group: str, reserve: Reserve) -> Reserved:
        """See `SharedLevels`."""
        if time.monotonic() >= self._rests_until:
            asked = _Asked(group, reserve)
            self._put(asked)
            try:
                async with asyncio.timeout(LOCK_SECONDS):
                    return await asyncio.wrap_future(asked.answer)
            except TimeoutError:
                self._rest("no answer")
            except _Unusable as problem:
                self._rest(str(problem))
        reserved = reserve(self._known.setdefault(group, Levels()), self.now(), False)
        with self._guard:
            note = partial(_charge, reserved.taken)
            self._later.append(_Later(group, note, time.monotonic()))
        return reserved

    def note(self, group: str, note: Note) -> None:
        """See `SharedLevels`."""
        note(self._known.setdefault(group, Levels()), self.now())
        with self._guard:
            first = not self._later
            self._later.append(_Later(group, note, time.monotonic()))
        if first and time.monotonic() >= self._rests_until:
            self._put(None)

    async def close(self) -> None:
        """See `SharedLevels`."""
        self._closing = True
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join, CLOSE_SECONDS)

    def _rest(self, why: str) -> None:
        if time.monotonic() >= self._rests_until:
            _log.info("request quota is not shared with other hosts: %s", why)
        self._rests_until = time.monotonic() + REST_SECONDS

    def _put(self, asked: _Asked | None) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="request quota", daemon=True)
            self._thread.start()
        self._queue.put(asked)

    def _work(self) -> None:
        while not self._closing or not self._queue.empty():
            first = self._queue.get()
            if first is None and not self._closing:
                with contextlib.suppress(queue.Empty):
                    first = self._queue.get(timeout=_NOTES_SECONDS)
            asked = [first] if first is not None else []
            with contextlib.suppress(queue.Empty):
                while True:
                    following = self._queue.get_nowait()
                    asked += [following] if following is not None else []
            self._exchange(asked)
        self._place.close()

    def _exchange(self, asked: list[_Asked]) -> None:
        with self._guard:
            later, self._later = self._later, []
        later = _recent(later)
        exchanges: dict[str, _Exchange] = {}
        for group in {it.group for it in asked} | {it.group for it in later}:
            mine = [it for it in asked if it.group == group and it.answer.set_running_or_notify_cancel()]
            exchanges[group] = _Exchange([it.note for it in later if it.group == group], mine)
        try:
            if exchanges:
                self._place.exchange(exchanges)
        except Exception as problem:  # requests do not stop for any of them
            with self._guard:
                self._later = [*later, *self._later]
            for exchange in exchanges.values():
                exchange.failed(_Unusable(str(problem) or type(problem).__name__))
            return
        for group, exchange in exchanges.items():
            self._known[group] = exchange.levels
            self._ahead = exchange.now - self._here()
            exchange.settle()


def _charge(taken: tuple[Taken, ...], levels: Levels, now: float) -> None:
    levels.charge(taken, now)


class _Unusable(Exception):
    """The place cannot be used now."""


class _Exchange:
    """Everything that this process has to change in one group of levels."""

    def __init__(self, notes: list[Note], asked: list[_Asked]) -> None:
        self.levels, self.now = Levels(), 0.0
        self._notes = notes
        self._asked = asked
        self._found: list[tuple[_Asked, Reserved | Exception]] = []

    def __call__(self, text: str, now: float) -> str:
        """The text that replaces the shared one."""
        self.now = now
        with contextlib.suppress(ValueError):
            if text:
                self.levels.load(text, now)
        for note in self._notes:
            note(self.levels, now)
        for it in self._asked:
            try:
                self._found.append((it, it.reserve(self.levels, now, True)))
            except Exception as refused:  # raised where it was asked for
                self._found.append((it, refused))
        return self.levels.dumped(now)

    def settle(self) -> None:
        """Answer those who asked: it is written."""
        for it, found in self._found:
            answer: Future[Any] = it.answer
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)

    def failed(self, problem: Exception) -> None:
        """Nothing was written."""
        for it in self._asked:
            it.answer.set_exception(problem)
