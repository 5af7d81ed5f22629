"""Which database a journal's place means: a file, or the address of a server."""

import importlib.util
from pathlib import Path

from vmss_tui.errors import UsageError
from vmss_tui.journal.databases.database import Database

SCHEMES = ("postgresql://", "postgres://", "service=")
"""How the address of a PostgreSQL database begins; everything else is a file."""


def is_address(text: str) -> bool:
    """Whether `text` names a PostgreSQL database rather than a file."""
    return text.startswith(SCHEMES)


def opened(place: Path | str, *, read_only: bool = False) -> Database:
    """Open the database at a path or address; create it unless `read_only`. Raises JournalUnavailable, UsageError."""
    if is_address(str(place)):
        if importlib.util.find_spec("psycopg") is None:
            raise UsageError(
                "a journal in PostgreSQL needs the package psycopg", hint="Install it: pip install 'vmss-tui[team]'."
            )
        from vmss_tui.journal.databases.postgres import PostgresDatabase

        return PostgresDatabase(str(place), read_only=read_only)
    from vmss_tui.journal.databases.sqlite import SqliteDatabase

    return SqliteDatabase(Path(place), read_only=read_only)
