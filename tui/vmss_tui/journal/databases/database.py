"""What the journal asks of a database: queries, transactions, a lock on one name, a clock, and word of new rows.

The SQL of the journal is the part that SQLite and PostgreSQL share, with `?` for values and rows that are read by
column name. What differs is behind this protocol.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from vmss_tui.domain.rollout.stage import Verb


class Row(Protocol):
    """One row of an answer, by column name."""

    def __getitem__(self, key: str, /) -> Any: ...
    def keys(self) -> Iterable[str]:
        """Names of the columns."""


class Answer(Protocol):
    """The rows of a statement."""

    def fetchone(self) -> Any:
        """The next `Row`; None after the last."""

    def fetchall(self) -> list[Any]:
        """Every `Row` that remains."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """Runs statements of SQL."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Answer:
        """Run one statement."""


class Database(Protocol):
    """Where a journal is kept. Every method raises JournalUnavailable and nothing else for what goes wrong there."""

    read_only: bool

    @property
    def name(self) -> str:
        """Which one, in words for people and without a password: a path, or an address."""

    @property
    def place(self) -> Path | str:
        """What opens it again."""

    @property
    def shared(self) -> bool:
        """Whether several hosts use it: leases are then judged by its clock."""

    def outgrown(self) -> bool:
        """Whether a newer program has changed the tables since it was opened."""

    def require_right(self, verb: Verb | None) -> None:
        """Raise PreflightRefused when the database grants too little for a verb; None: to start a rollout."""

    def reading(self) -> AbstractContextManager[Connection]:
        """The connection, for queries."""

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Connection]:
        """A transaction that is committed at the end; `durable` means it survives a power cut from then on."""

    def serialize(self, connection: Connection, name: str) -> None:
        """Until the end of this transaction, no other one gets past this line with the same name."""

    def now(self, connection: Connection, here: datetime) -> datetime:
        """The time by which leases are judged: the database's own where hosts share it, else the time `here`."""

    def announce(self, connection: Connection, rollout: str) -> None:
        """Wake those who wait in `changed`, when this transaction is committed."""

    async def changed(self, rollout: str, seconds: float) -> None:
        """Return when the rollout's log may have grown, at the latest after `seconds`."""

    def faults(self) -> tuple[str, ...]:
        """What the database finds damaged in its own structure."""

    def rebuild_indexes(self, connection: Connection) -> None:
        """Build every index again."""

    def copy(self, stamp: str) -> str:
        """Copy the whole journal beside it; returns where, in words for people."""

    def close(self) -> None:
        """Close the connection; safe to call twice."""
