"""Who watches which rollout: a row for each screen, page or command, kept by a heartbeat and gone with its silence.

Nothing rests on it but what people see: where rows cannot be written (a file that is read-only, a role that may not)
the watcher is not seen by others and still sees them. Times are the database's own, as those of the leases.
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from vmss_tui.domain.rollout.team.presence import Through, Watcher
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal import columns, schema
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.databases.place import opened

HEARTBEAT_SECONDS = 5.0
"""How often a watcher says that it is there, and sees who else is."""
GONE_SECONDS = 20.0
"""How long a watcher may be without a heartbeat before it counts as gone."""
Watchers = tuple[Watcher, ...]


class Presence:
    """The watchers of a journal's rollouts."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def watchers(self) -> dict[str, Watchers]:
        """Who watches, by rollout, those who came first first. Raises JournalUnavailable."""
        with self._db.reading() as connection:
            return self._by_rollout(connection)

    def note(self, watcher: str, rollout: str, *, who: str, through: Through) -> None:
        """Record that `watcher`, an id of the caller's own, watches a rollout now. Raises JournalUnavailable."""
        with self._db.writing(durable=False) as connection:
            now = self._db.now(connection, datetime.now(UTC))
            connection.execute("DELETE FROM watchers WHERE heartbeat < ?", (_silent_since(now),))
            connection.execute(
                "INSERT INTO watchers (id, rollout, who, host, through, since, heartbeat) VALUES (?,?,?,?,?,?,?)"
                " ON CONFLICT (id) DO UPDATE SET heartbeat = excluded.heartbeat",
                (watcher, rollout, who, socket.gethostname(), through.value, schema.stamp(now), schema.stamp(now)),
            )

    def leave(self, watcher: str) -> None:
        """It watches no more. Raises JournalUnavailable."""
        with self._db.writing(durable=False) as connection:
            connection.execute("DELETE FROM watchers WHERE id = ?", (watcher,))

    def others(self, watcher: str, rollout: str) -> Watchers:
        """Who else watches a rollout. Raises JournalUnavailable."""
        with self._db.reading() as connection:
            return self._by_rollout(connection, watcher).get(rollout, ())

    def _by_rollout(self, connection: Connection, but: str = "") -> dict[str, Watchers]:
        now = self._db.now(connection, datetime.now(UTC))
        found = connection.execute(
            "SELECT * FROM watchers WHERE heartbeat >= ? AND id <> ? ORDER BY since, id", (_silent_since(now), but)
        ).fetchall()
        known: dict[str, Watchers] = {}
        for rollout, watcher in columns.readable(found, _watcher, "watchers"):
            known[rollout] = (*known.get(rollout, ()), watcher)
        return known


def _silent_since(now: datetime) -> str:
    return schema.stamp(now - timedelta(seconds=GONE_SECONDS))


def _watcher(row: Row) -> tuple[str, Watcher]:
    """A watcher, behind the rollout that it watches. Raises ValueError."""
    who, host, through = (columns.text(row, name) for name in ("who", "host", "through"))
    return columns.text(row, "rollout"), Watcher(
        who=who, host=host, through=through, since=columns.moment(row, "since")
    )


@asynccontextmanager
async def watching(
    database: Database, rollout: str, *, who: str, through: Through, seen: Callable[[Watchers], None]
) -> AsyncIterator[None]:
    """Be seen to watch a rollout for as long as the block runs; `seen` gets who else does, whenever that changes."""
    beat = asyncio.ensure_future(_beat(database, rollout, who, through, seen))
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


async def _beat(database: Database, rollout: str, who: str, through: Through, seen: Callable[[Watchers], None]) -> None:
    """Write and read every few seconds, in a thread: a database far away must not hold up what is on the screen."""
    watcher, known = secrets.token_hex(8), Watchers()
    own = await asyncio.to_thread(_writable, database)

    def both() -> Watchers | None:
        with contextlib.suppress(JournalUnavailable):
            if own is not None:
                Presence(own).note(watcher, rollout, who=who, through=through)
        with contextlib.suppress(JournalUnavailable):
            return Presence(database).others(watcher, rollout)
        return None

    reading: asyncio.Future[Watchers | None] | None = None
    try:
        while True:
            reading = asyncio.ensure_future(asyncio.to_thread(both))
            others = await asyncio.shield(reading)
            if others is not None and others != known:
                known = others
                seen(others)
            await asyncio.sleep(HEARTBEAT_SECONDS)
    finally:
        if reading is not None:
            await asyncio.gather(reading, return_exceptions=True)  # else its row would outlive the watcher
        with contextlib.suppress(JournalUnavailable):
            if own is not None:
                Presence(own).leave(watcher)
        if own is not None and own is not database:
            own.close()


def _writable(database: Database) -> Database | None:
    """The same database for writing: a watcher who changes nothing is also seen. None where it cannot be written."""
    if not database.read_only:
        return database
    with contextlib.suppress(JournalUnavailable):
        return opened(database.place)
    return None
