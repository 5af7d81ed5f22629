"""The levels of Azure's request quota, as the hosts of a team share them: a text for each subscription, with a lock.

The texts are the gateway's. Nothing rests on them but how fast requests are sent, so that the newest may be lost in a
power cut. Times are the database's own.
"""

from collections.abc import Callable, Mapping

from vmss_tui.journal.databases.database import Database
from vmss_tui.journal.databases.place import opened

_FIND = (
    "SELECT name, body, clock_timestamp() AS now"
    " FROM (SELECT name, body FROM quota WHERE name = ANY(?) ORDER BY name FOR UPDATE) AS locked"
)
"""In the order of their names, so that two hosts never wait for each other; the time is that after the wait."""
_ADD = "INSERT INTO quota SELECT name, '' FROM unnest(?::text[]) AS name ON CONFLICT (name) DO NOTHING"
_SET = (
    "UPDATE quota SET body = new.body FROM unnest(?::text[], ?::text[]) AS new (name, body) WHERE quota.name = new.name"
)


class QuotaTable:
    """The texts in the journal at an address, over a connection of its own that opens with the first exchange."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._db: Database | None = None

    def exchange(self, changes: Mapping[str, Callable[[str, float], str]]) -> None:
        """See `ports.QuotaPlace`. Raises JournalUnavailable, UsageError."""
        if self._db is None:
            self._db = opened(self._address)
        names = sorted(changes)
        with self._db.writing(durable=False) as connection:
            rows = connection.execute(_FIND, (names,)).fetchall()
            if len(rows) < len(names):
                connection.execute(_ADD, (names,))
                rows = connection.execute(_FIND, (names,)).fetchall()
            texts = [changes[row["name"]](row["body"], row["now"].timestamp()) for row in rows]
            connection.execute(_SET, ([row["name"] for row in rows], texts))

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.close()
            self._db = None
