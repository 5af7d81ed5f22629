"""The levels of Azure's request quota, as the hosts of a team share them: a text for each subscription, with a lock.

The texts are the gateway's. Nothing rests on them but how fast requests are sent, so that the newest may be lost in a
power cut. Times are the database's own.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from vmss_tui.journal.databases.database import Database
from vmss_tui.journal.databases.place import opened


class QuotaTable:
    """The texts in the journal at an address, over a connection of its own that opens with the first exchange."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._db: Database | None = None

    def exchange(self, name: str, change: Callable[[str, float], str]) -> None:
        """See `ports.QuotaPlace`. Raises JournalUnavailable, UsageError."""
        if self._db is None:
            self._db = opened(self._address)
        with self._db.writing(durable=False) as connection:
            find, values = "SELECT body FROM quota WHERE name = ? FOR UPDATE", (name,)
            row = connection.execute(find, values).fetchone()
            if row is None:
                connection.execute("INSERT INTO quota VALUES (?, '') ON CONFLICT (name) DO NOTHING", values)
                row = connection.execute(find, values).fetchone()
            now = self._db.now(connection, datetime.now(UTC)).timestamp()
            connection.execute("UPDATE quota SET body = ? WHERE name = ?", (change(row["body"], now), name))

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.close()
            self._db = None
