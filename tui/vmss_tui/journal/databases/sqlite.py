"""The journal in an SQLite file: opening it safely, and SQLite's errors in words for people. The embedded default.

Owns permissions, WAL and durability; knows nothing of events. WAL is used only on local file systems, since its shared
memory does not reach other hosts. Source: "Write-Ahead Logging" and "Pragma statements" of the SQLite documentation.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock
from urllib.parse import quote

from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.databases import migrations
from vmss_tui.journal.databases.database import Connection
from vmss_tui.paths import make_private_directory, open_private

BUSY_SECONDS = 10.0
_REMOTE = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.glusterfs")
)


class SqliteDatabase:
    """One connection, guarded by a lock so that threads may share it. See `database.Database`."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = RLock()
        self._durable = True
        self._unwritable = False
        with self.explained():
            if not read_only:
                _make_private(path)
            try:
                self.connection = _opened(path, "ro" if read_only else "rw")
            except sqlite3.OperationalError as problem:
                if not _is_write_protected(problem, path):
                    raise
                self.connection = _opened_protected(path)
                self._unwritable = not read_only
                self.read_only = True

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def place(self) -> Path:
        """The path."""
        return self.path

    @property
    def shared(self) -> bool:
        """One host uses it, or several that a person keeps apart."""
        return False

    def outgrown(self) -> bool:
        """See `Database`."""
        with self.reading() as connection:
            return format_of(connection) > migrations.FORMAT

    def require_right(self, verb: Verb | None) -> None:
        """Nothing to do: a file has no roles."""

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn SQLite's and the file system's errors into JournalUnavailable."""
        try:
            yield
        except (sqlite3.Error, OSError) as problem:
            raise explain(problem, self.path) from problem

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries."""
        with self._lock, self.explained():
            self._recheck()
            yield self.connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed at the end; `durable` means it survives a power cut from then on."""
        with self._lock, self.explained():
            self._recheck()
        if self._unwritable:
            what, hint = _SQLITE[sqlite3.SQLITE_READONLY]
            raise JournalUnavailable(f"the journal {self.path} {what}", hint=hint)
        if self.read_only:
            raise JournalUnavailable(f"the journal {self.path} is open read-only", hint="Start without --read-only.")
        with self._lock, self.explained():
            if durable is not self._durable:
                self.connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                _roll_back(self.connection)
                raise

    def serialize(self, connection: Connection, name: str) -> None:
        """Nothing to do: there is one writing transaction at a time."""

    def now(self, connection: Connection, here: datetime) -> datetime:
        """The time here."""
        return here

    def announce(self, connection: Connection, rollout: str) -> None:
        """Nothing to do: readers look again and again."""

    async def changed(self, rollout: str, seconds: float) -> None:
        """Wait; a file does not notify."""
        await asyncio.sleep(seconds)

    def faults(self) -> tuple[str, ...]:
        """SQLite's own integrity check, the first twenty faults."""
        with self.reading() as connection:
            return tuple(row[0] for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok")

    def rebuild_indexes(self, connection: Connection) -> None:
        """`REINDEX`."""
        connection.execute("REINDEX")

    def copy(self, stamp: str) -> str:
        """A file beside it."""
        copy = self.path.with_name(f"{self.path.name}.{stamp}.bak")
        try:
            os.close(open_private(copy))
            with self.reading() as connection, closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
        except (OSError, sqlite3.Error) as problem:
            raise explain(problem, copy) from problem
        return str(copy)

    def _recheck(self) -> None:
        """Open it for writing once that has become possible."""
        if self._unwritable and _may_write(self.path):
            opened = _opened(self.path, "rw")
            self.connection.close()
            self.connection, self.read_only, self._unwritable = opened, False, False

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        with self._lock:
            self.connection.close()


def explain(problem: sqlite3.Error | OSError, path: Path) -> JournalUnavailable:
    """What went wrong with the journal, and the next step."""
    if isinstance(problem, OSError):
        return JournalUnavailable(
            f"the journal {path} cannot be used: {problem.strerror or problem}",
            hint="Check the directory and its rights, or choose another with XDG_STATE_HOME.",
        )
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    message, hint = _SQLITE.get(
        code, (f"cannot be used: {problem}", "Check the file, or choose another place with XDG_STATE_HOME.")
    )
    return JournalUnavailable(f"the journal {path} {message}", hint=hint)


_SQLITE = {
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Free some space; a running rollout continues by itself."),
    sqlite3.SQLITE_READONLY: (
        "is read-only",
        "Make the file and its directory writable, or choose another place with XDG_STATE_HOME.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Check that it exists and that you may read it and write its directory.",
    ),
    sqlite3.SQLITE_PERM: (
        "cannot be opened: access denied",
        "It belongs to another user: choose another XDG_STATE_HOME.",
    ),
    sqlite3.SQLITE_BUSY: ("is locked by another process", "Wait until that process has finished, or end it."),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Move the file away; a new journal is created at the next start."),
    sqlite3.SQLITE_NOTADB: ("is not a journal", "Move the file away; a new journal is created at the next start."),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk reports an error", "Check the disk (dmesg)."),
}


def _make_private(path: Path) -> None:
    """Create directory (0700) and file (0600), follow no link; take others' rights away from one's own file."""
    if path.is_symlink():
        raise JournalUnavailable(
            f"the journal {path} is a symbolic link, and none is followed to write",
            hint=f"Name the file itself: --journal {path.readlink()}",
        )
    make_private_directory(path.parent)
    if path.exists():
        mode, mine = path.stat().st_mode, path.stat().st_uid == os.getuid()
        if mode & 0o007 and mine:
            path.chmod(mode & 0o770)
        return
    os.close(open_private(path))


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(path, mode)
    try:
        _prepare(connection, path, read_only=mode != "rw")
    except BaseException:
        connection.close()
        raise
    return connection


def _is_write_protected(problem: sqlite3.Error, path: Path) -> bool:
    """Whether it cannot be opened only because nothing can be written there."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) and path.exists() and not _may_write(path)


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _opened_protected(path: Path) -> sqlite3.Connection:
    """For reading, where not even the files beside it can be made; without a write-ahead log nothing is missing."""
    log = path.with_name(f"{path.name}-wal")
    return _opened(path, "ro" if log.exists() and log.stat().st_size else "ro&immutable=1")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.text_factory = _text
    return connection


def _text(stored: bytes) -> str:
    """A text, also one that is not UTF-8: a damaged value must not block the rows beside it."""
    return stored.decode("utf-8", "replace")


def _prepare(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    found = format_of(connection)
    if found > migrations.FORMAT:
        connection.close()
        raise JournalUnavailable(
            f"the journal {path} was written by a newer vmss-tui (format {found};"
            f" this version reads up to {migrations.FORMAT})",
            hint="Upgrade vmss-tui, or choose another place with XDG_STATE_HOME.",
        )
    if read_only:
        if found == 0:
            raise JournalUnavailable(f"the journal {path} is empty", hint="Start a rollout first.")
        if found < migrations.FORMAT:
            _bring_up_to_date(path)
        return
    connection.execute(f"PRAGMA journal_mode={'WAL' if on_local_disk(path) else 'DELETE'}")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    if found < migrations.FORMAT:
        migrate(connection)


def format_of(connection: sqlite3.Connection) -> int:
    """Format of the file; 0 for one without tables."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction, unless SQLite has ended it: it does so when the disk is full."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection) -> None:
    """Create the tables, or bring those of an earlier format up to date. Raises sqlite3.Error."""
    connection.execute("PRAGMA foreign_keys=OFF")  # a referenced table is replaced; takes effect outside transactions
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrations.bring_up_to_date(connection, format_of(connection))
            connection.execute(f"PRAGMA user_version={migrations.FORMAT}")
            connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
    finally:
        connection.execute("PRAGMA foreign_keys=ON")


def _bring_up_to_date(path: Path) -> None:
    """Change the tables of a journal that is opened for reading: its content stays the same."""
    if not _may_write(path):
        raise JournalUnavailable(
            f"the journal {path} was written by an older vmss-tui and cannot be changed to the current format",
            hint="Make the file and its directory writable once.",
        )
    _opened(path, "rw").close()


def on_local_disk(path: Path, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Whether `path` is on a file system that shares memory with no other host; unknown counts as local."""
    try:
        rows = [line.split() for line in mounts.read_text(errors="replace").splitlines()]
    except OSError:
        return True
    real = path.absolute().resolve()
    holding = [row for row in rows if len(row) > 2 and real.is_relative_to(row[1].replace("\\040", " "))]
    return not holding or max(holding, key=lambda row: len(row[1]))[2] not in _REMOTE
