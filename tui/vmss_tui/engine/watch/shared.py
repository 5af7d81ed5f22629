"""One poll of a scale set for all processes of a journal: the process that reads it answers the others over a socket.

The first process that watches a set takes a lock, listens, and reads Azure. The others ask it instead of Azure, more
often than it reads, and get a snapshot only when it is another one. When its snapshot is older than they want, it reads
once for all who wait; when it ends, the next process that asks takes its place. A runner shares what it reads anyway,
and never waits for others. Snapshots stay in memory and in the socket, which is in a private directory; a process that
cannot reach it reads Azure itself.
"""

import asyncio
import contextlib
import fcntl
import os
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.snapshot_reader import SnapshotReader, reused
from vmss_tui.errors import VmssTuiError
from vmss_tui.paths import FILE_MODE, make_private_directory
from vmss_tui.ports import Clock

PATIENCE_SECONDS = 10.0
"""How long to wait for the other process before Azure is read here."""
_LONGEST_PATH = 100
"""Bytes of a socket's path that every system takes."""
_OFTENER = 8
"""How often a process asks for a snapshot in the time between two reads."""
_LEAST_SECONDS = 0.5
_STALE = 1.25
"""How long a snapshot is valid, as a multiple of the time between two reads."""
_ASK, _SIZE = struct.Struct("!dd"), struct.Struct("!I")
"""How old it may be, and when (seconds of Unix time) the one was taken that is known; the size of what follows."""
_NONE, _SAME = 0, 2**32 - 1

Reading = Callable[[float], Awaitable[SetSnapshot | None]]
"""A snapshot that is at most this number of seconds old; None when there is none."""


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(SetSnapshot).decode
SAME = "same"
"""The other process has nothing newer than what is known."""


@dataclass(slots=True)
class _Kept:
    """A snapshot, when it was read (monotonic seconds), and its bytes once they were requested."""

    snapshot: SetSnapshot
    at: float
    packed: bytes = b""


class Listener:
    """Answers other processes at a socket, from when its lock is free until `close`."""

    def __init__(self, path: Path, clock: Clock, reading: Reading) -> None:
        self._path = path
        self._clock = clock
        self._reading = reading
        self._lock: int | None = None
        self._server: asyncio.Server | None = None
        self.kept: _Kept | None = None

    @property
    def listens(self) -> bool:
        """Whether this process answers the others."""
        return self._server is not None

    async def listen(self) -> bool:
        """Listen, unless another process does; whether this one does now."""
        if self.listens:
            return True
        if len(os.fsencode(self._path)) > _LONGEST_PATH:
            return False
        with contextlib.suppress(OSError):
            make_private_directory(self._path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open(self._path.with_name(f"{self._path.name}.lock"), flags, FILE_MODE)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._path.unlink(missing_ok=True)
                self._server = await asyncio.start_unix_server(self._answer, self._path)
                self._path.chmod(0o600)
                self._lock = lock
            except OSError:
                os.close(lock)
                raise
        return self.listens

    def keep(self, snapshot: SetSnapshot) -> None:
        """This was read just now."""
        self.kept = _Kept(snapshot, self._clock.monotonic())

    def fresh(self, seconds: float) -> SetSnapshot | None:
        """What was read no longer ago than that."""
        kept = self.kept
        return kept.snapshot if kept is not None and self._clock.monotonic() - kept.at <= seconds else None

    async def close(self) -> None:
        """Stop answering other processes."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            self._path.unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _answer(self, asked: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            seconds, known = _ASK.unpack(await asked.readexactly(_ASK.size))
            snapshot = await self._reading(seconds)
            if snapshot is None:
                answer.write(_SIZE.pack(_NONE))
            elif _taken(snapshot) == known:
                answer.write(_SIZE.pack(_SAME))
            else:
                packed = self._packed(snapshot)
                answer.write(_SIZE.pack(len(packed)) + packed)
            await answer.drain()
        answer.close()

    def _packed(self, snapshot: SetSnapshot) -> bytes:
        kept = self.kept
        if kept is None or kept.snapshot is not snapshot:
            return _ENCODE(snapshot)
        kept.packed = kept.packed or _ENCODE(snapshot)
        return kept.packed


def _taken(snapshot: SetSnapshot | None) -> float:
    at = snapshot.taken_at if snapshot is not None else None
    return at.timestamp() if at is not None else 0.0


async def ask(path: Path, seconds: float, known: SetSnapshot | None = None) -> SetSnapshot | str | None:
    """What another process read no longer ago than that; SAME when it is `known`.

    None when no process answers, or it has nothing.
    """
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, msgspec.DecodeError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer, asked = await asyncio.open_unix_connection(path)
            try:
                asked.write(_ASK.pack(seconds, _taken(known)))
                (size,) = _SIZE.unpack(await answer.readexactly(_SIZE.size))
                if size in (_NONE, _SAME):
                    return SAME if size == _SAME else None
                return _DECODE(await answer.readexactly(size))
            finally:
                asked.close()
    return None


class SharedReader:
    """Reads a scale set as its `SnapshotReader` does, or lets the process do it that reads it already."""

    def __init__(self, reader: SnapshotReader, path: Path | None, clock: Clock) -> None:
        """Without a `path` nothing is shared."""
        self._reader = reader
        self._path = path
        self._listener = Listener(path, clock, self._once) if path is not None else None
        self._reading: asyncio.Task[SetSnapshot] | None = None
        self._wants_all = True
        self._handed = False
        """Whether the last snapshot was read by another process."""
        self.last: SetSnapshot | None = None
        """The last snapshot; None before the first read."""

    def want_all(self) -> None:
        """Read everything next."""
        self._wants_all = True
        self._reader.want_all()

    def pace(self, seconds: float) -> float:
        """Seconds until the next read: as the quota permits, and more often where another process reads."""
        pace = self._reader.pace(seconds)
        return min(pace, max(_LEAST_SECONDS, pace / _OFTENER)) if self._handed else pace

    async def read(self, seconds: float) -> SetSnapshot:
        """The set as it was not much longer ago than `seconds`. Raises what reading raises.

        While the quota is short, it may be as old as this process would let it become: a list of its own would only
        delay the next one of the runner.
        """
        whole, self._wants_all = self._wants_all, False
        valid = max(seconds, self._reader.spacing) * _STALE
        found = await self._of_others(0.0 if whole and self.last is not None else valid)
        self._handed = found is not None
        if found is None:
            found = await self._own()
        self.last = found = self._joined(found)
        return found

    async def close(self) -> None:
        """Stop reading for others."""
        if self._listener is not None:
            await self._listener.close()

    async def _of_others(self, seconds: float) -> SetSnapshot | None:
        """What another process has; None when it has nothing, or when this one is to read for the others."""
        path, listener = self._path, self._listener
        if path is None or listener is None:
            return None
        found: SetSnapshot | str | None = None
        if self.last is not None and seconds > 0:
            found = await ask(runners(path), seconds, self.last)
        if found is None and not listener.listens:
            found = await ask(path, seconds, self.last)
            if found is None:
                await listener.listen()
        return self.last if isinstance(found, str) else found

    def _joined(self, found: SetSnapshot) -> SetSnapshot:
        """Equal instances as the objects that are known, and what a runner does not read as it was."""
        last = self.last
        if last is None or last is found:
            return found
        autoscale = found.autoscale or last.autoscale if self._handed else found.autoscale
        return replace(found, instances=reused(found.instances, last.instances), autoscale=autoscale)

    async def _once(self, seconds: float) -> SetSnapshot | None:
        """For another process; None when Azure cannot be read: it finds out why by itself."""
        if seconds <= 0:
            self._reader.want_all()
        listener = self._listener
        try:
            return (listener.fresh(seconds) if listener is not None else None) or await self._own()
        except VmssTuiError:
            return None

    async def _own(self) -> SetSnapshot:
        """Read Azure, once for all who wait."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._reader.read())
            self._reading.add_done_callback(_heard)
        found = await asyncio.shield(self._reading)
        if self._listener is not None:
            self._listener.keep(found)
        return found


def _heard(reading: asyncio.Task[SetSnapshot]) -> None:
    """Its error is retrieved, even if nothing awaits it any more."""
    if not reading.cancelled():
        reading.exception()


def runners(path: Path) -> Path:
    """Where the runner of the set answers."""
    return path.with_suffix(".runner")


class Publisher:
    """Hands on what a runner reads anyway; never reads for others."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._listener = Listener(runners(path), clock, self._fresh)

    async def publish(self, snapshot: SetSnapshot) -> None:
        """This was read just now."""
        self._listener.keep(snapshot)
        await self._listener.listen()

    async def close(self) -> None:
        """Stop answering other processes."""
        await self._listener.close()

    async def _fresh(self, seconds: float) -> SetSnapshot | None:
        return self._listener.fresh(seconds)
