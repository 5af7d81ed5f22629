"""The journal in a PostgreSQL database, for a team: connections, and their loss.

psycopg and libpq do the work: addresses, `.pgpass`, `PGSERVICE`, several hosts and TLS are as their documentation says.
Sources: "libpq: Database Connection Control Functions", "Explicit Locking", "NOTIFY" of the PostgreSQL documentation.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from threading import RLock
from typing import Any, cast

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row

from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.databases import migrations, tokens
from vmss_tui.journal.databases.database import Answer, Connection
from vmss_tui.journal.databases.pooler import require_own_session
from vmss_tui.journal.databases.postgres_address import name_of, parameters
from vmss_tui.journal.databases.postgres_errors import explain, kind_of, refused_token
from vmss_tui.journal.databases.postgres_rights import require_right

SCHEMA = "vmss_tui"
"""Everything of ours is in this schema of the database."""
CHANNEL = "vmss_tui_events"
"""Where the id of a rollout is announced when its log grows."""
LISTENING_SECONDS = 2.0
"""How long a reader waits for an announcement before it looks anyway."""
_DEAD_MS = 10_000
"""The server ends a transaction whose client has been silent for this long: its host may be gone, and others wait for
its locks. The server itself would notice after two hours."""
_LOCKED_MS = 12_000
"""A lock that is not free by then is an administrator's, or of a forgotten transaction: the wait ends with an error.

Longer than a dead client's transaction, shorter than the silence that costs a lease.
"""
ENDS_THE_DEAD = f"SET idle_in_transaction_session_timeout TO {_DEAD_MS}"
"""The same as a statement for a session."""


class PostgresDatabase:
    """One connection, guarded by a lock so that threads may share it; opened again when it was lost.

    A second connection listens for what other processes write. See `database.Database`.
    """

    def __init__(self, address: str, *, read_only: bool = False) -> None:
        self.place = address
        self.read_only = read_only
        self._wanted = parameters(address, read_only=read_only)
        self._by_token = tokens.without_auth(address)[1]
        self.name = name_of(self._wanted)
        self._lock = RLock()
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self._listener: _Listener | None = None
        try:
            with self._explained():
                self._prepare(self._connected())
        except BaseException:
            self.close()
            raise

    @property
    def shared(self) -> bool:
        """Any host may use it."""
        return True

    def outgrown(self) -> bool:
        """See `Database`."""
        with self._lock, self._explained():
            return _format_of(self._connected()) > migrations.FORMAT

    def require_right(self, verb: Verb | None) -> None:
        """By the grants of the role: what it may insert."""
        with self._lock, self._explained():
            require_right(self._connected(), SCHEMA, self.name, verb)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See `Database`."""
        with self._lock, self._explained():
            yield _Translating(self._connected())

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """See `Database`."""
        if self.read_only:
            raise JournalUnavailable(f"the journal {self.name} is open read-only", hint="Start without --read-only.")
        with self._lock, self._explained():
            connection = self._connected()
            with connection.transaction():
                connection.execute(f"SET LOCAL synchronous_commit = {'on' if durable else 'off'}")
                yield _Translating(connection)

    def serialize(self, connection: Connection, name: str) -> None:
        """An advisory lock of the transaction."""
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (f"{SCHEMA}|{name}",))

    def now(self, connection: Connection, here: datetime) -> datetime:
        """The server's clock."""
        found: datetime = connection.execute("SELECT clock_timestamp() AS now").fetchone()["now"]
        return found

    def announce(self, connection: Connection, rollout: str) -> None:
        """`NOTIFY`, delivered when the transaction is committed."""
        connection.execute("SELECT pg_notify(?, ?)", (CHANNEL, rollout))

    async def changed(self, rollout: str, seconds: float) -> None:
        """Wait for the announcement; without a connection that listens, wait `seconds`."""
        if self._listener is None or not self._listener.usable:
            try:
                self._listener = _Listener(self._new_connection(), asyncio.get_running_loop())
            except psycopg.Error:
                self._listener = None
                await asyncio.sleep(seconds)
                return
        await self._listener.wait(rollout, LISTENING_SECONDS)

    def faults(self) -> tuple[str, ...]:
        """Nothing: a server watches over its own files (`pg_amcheck` is its administrator's tool)."""
        return ()

    def rebuild_indexes(self, connection: Connection) -> None:
        """`REINDEX` of our schema's tables."""
        for table in _tables(connection):
            connection.execute(f'REINDEX TABLE "{table}"')

    def copy(self, stamp: str) -> str:
        """A schema beside ours."""
        beside = f"{SCHEMA}_{stamp.lower()}"
        with self.writing() as connection:
            connection.execute(f'CREATE SCHEMA "{beside}"')
            for table in _tables(connection):
                connection.execute(f'CREATE TABLE "{beside}"."{table}" AS TABLE "{SCHEMA}"."{table}"')
        return f"schema {beside} of {self.name}"

    def close(self) -> None:
        """Close both connections; safe to call twice."""
        with self._lock:
            if self._listener is not None:
                self._listener.close()
                self._listener = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> "psycopg.Connection[dict[str, Any]]":
        if self._connection is None or self._connection.closed:
            self._connection = self._new_connection()
        return self._connection

    def _new_connection(self) -> "psycopg.Connection[dict[str, Any]]":
        connection = self._bare_connection()
        try:
            require_own_session(connection, self._bare_connection, self.name)
            connection.execute(f"SET lock_timeout TO {_LOCKED_MS}")
            connection.execute(f"SET search_path TO {SCHEMA}; {ENDS_THE_DEAD}")
            if self.read_only:
                connection.execute("SET default_transaction_read_only = on")
        except BaseException:
            connection.close()
            raise
        return connection

    def _bare_connection(self) -> "psycopg.Connection[dict[str, Any]]":
        wanted = {**self._wanted, "password": tokens.password()} if self._by_token else self._wanted
        connection = psycopg.connect(**wanted, autocommit=True, row_factory=cast(Any, dict_row))
        return cast("psycopg.Connection[dict[str, Any]]", connection)

    def _prepare(self, connection: "psycopg.Connection[dict[str, Any]]") -> None:
        """Bring the tables to the format of this program."""
        try:
            found = _format_of(connection)
        except (errors.UndefinedTable, errors.InsufficientPrivilege) as problem:
            raise JournalUnavailable(
                f"the journal {self.name} grants nothing to your database role",
                hint="Ask the owner of its tables for a right (`vmss-tui journal grant`).",
            ) from problem
        if found > migrations.FORMAT:
            raise JournalUnavailable(
                f"the journal {self.name} was written by a newer vmss-tui (format {found};"
                f" this version reads up to {migrations.FORMAT})",
                hint="Upgrade vmss-tui.",
            )
        if found == migrations.FORMAT:
            return
        state = "empty" if found == 0 else "of an older vmss-tui"
        refusal = JournalUnavailable(
            f"the journal {self.name} is {state}",
            hint="Open it once, for writing, with the role that owns its tables or may create them.",
        )
        if self.read_only:
            raise refusal
        try:
            self._migrate(connection)
        except errors.InsufficientPrivilege as problem:
            raise refusal from problem

    def _migrate(self, connection: "psycopg.Connection[dict[str, Any]]") -> None:
        with connection.transaction():
            translating = _Translating(connection)
            self.serialize(translating, "migration")
            found = _format_of(connection)
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            migrations.bring_up_to_date(translating, found)
            connection.execute("CREATE TABLE IF NOT EXISTS format (number INTEGER NOT NULL)")
            connection.execute("DELETE FROM format")
            connection.execute("INSERT INTO format VALUES (%s)", (migrations.FORMAT,))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn PostgreSQL's errors into JournalUnavailable; a connection that cannot be trusted any more is closed."""
        try:
            yield
        except psycopg.Error as problem:
            lost = isinstance(problem, psycopg.OperationalError | errors.ReadOnlySqlTransaction)
            if lost and self._connection is not None:
                with contextlib.suppress(psycopg.Error):
                    self._connection.close()
            if self._by_token and kind_of(problem) is errors.InvalidPassword:
                tokens.forget()
                raise refused_token(self.name) from problem
            raise explain(problem, self.name) from problem


class _Translating:
    """A connection that takes the journal's own SQL."""

    def __init__(self, connection: "psycopg.Connection[dict[str, Any]]") -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Answer:
        """Run one statement. PostgreSQL has no text with NUL in it, which a reason from elsewhere may have."""
        given = tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values)
        return self._connection.execute(cast(Any, translated(statement)), given)


class _Listener:
    """A connection that listens, and who waits for which rollout. Belongs to one event loop."""

    def __init__(self, connection: "psycopg.Connection[dict[str, Any]]", loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        loop.add_reader(connection.fileno(), self._read)

    @property
    def usable(self) -> bool:
        """Whether it still listens for the loop that runs now."""
        return not self._connection.closed and self._loop is asyncio.get_running_loop()

    async def wait(self, rollout: str, seconds: float) -> None:
        """Until the rollout is announced, at most `seconds`."""
        announced: asyncio.Future[None] = self._loop.create_future()
        waiting = self._waiting.setdefault(rollout, set())
        waiting.add(announced)
        try:
            await asyncio.wait((announced,), timeout=seconds)
        finally:
            waiting.discard(announced)
            if not waiting:
                self._waiting.pop(rollout, None)

    def close(self) -> None:
        """Stop listening."""
        if not self._connection.closed:
            with contextlib.suppress(RuntimeError):
                self._loop.remove_reader(self._connection.fileno())
            self._connection.close()

    def _read(self) -> None:
        try:
            said = [note.payload for note in self._connection.notifies(timeout=0)]
        except psycopg.Error:
            self.close()
            said = list(self._waiting)
        for rollout in said:
            for announced in self._waiting.get(rollout, ()):
                if not announced.done():
                    announced.set_result(None)


@cache
def translated(statement: str) -> str:
    """SQLite's words in PostgreSQL's."""
    return (
        statement.replace("%", "%%")
        .replace(" WITHOUT ROWID", "")
        .replace("INTEGER PRIMARY KEY AUTOINCREMENT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
        .replace("?", "%s")
    )


def has_table(connection: "psycopg.Connection[Any]", schema: str, name: str) -> bool:
    """Whether there is a table, by the catalog itself.

    `to_regclass` asks a cache, which does not hear of what another session has committed while this transaction waited.
    """
    found = connection.execute(
        "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = %s", (schema, name)
    ).fetchone()
    return found is not None


def _format_of(connection: "psycopg.Connection[dict[str, Any]]") -> int:
    """Format of the tables; 0 where there are none."""
    if not has_table(connection, SCHEMA, "format"):
        return 0
    found = connection.execute("SELECT number FROM format").fetchone()
    return int(found["number"]) if found is not None else 0


def _tables(connection: Connection) -> list[str]:
    found = connection.execute(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = ? ORDER BY tablename", (SCHEMA,)
    ).fetchall()
    return [row["name"] for row in found]
