"""Recognizes a connection pooler that shares sessions, as PgBouncer does in transaction mode.

The journal needs sessions of its own: the search path, prepared statements and LISTEN belong to one. Azure Database for
PostgreSQL offers such a pooler at port 6432. Sources: "PgBouncer features" (what each mode breaks), "PgBouncer in Azure
Database for PostgreSQL".
"""

import secrets
from collections.abc import Callable
from typing import Any

import psycopg

from vmss_tui.errors import JournalUnavailable

_MARK = "vmss_tui.session"
"""A setting of the session, of ours."""
_TRIES = 3


def require_own_session(
    connection: "psycopg.Connection[Any]", another: "Callable[[], psycopg.Connection[Any]]", name: str
) -> None:
    """Raise JournalUnavailable when other connections get the session of this one between its transactions.

    A pooler in any mode makes up the process id that a client is greeted with; only then is the rest tried, with
    `another` connection to the same address.
    """
    if connection.info.backend_pid == _value(connection, "SELECT pg_backend_pid() AS value"):
        return
    with another() as second:
        for _ in range(_TRIES):
            mark = secrets.token_hex(8)
            _value(connection, f"SELECT set_config('{_MARK}', '{mark}', false) AS value")
            seen = {_value(one, f"SELECT current_setting('{_MARK}', true) AS value") for one in (second, connection)}
            if seen != {None, mark} and seen != {"", mark}:
                raise JournalUnavailable(
                    f"the journal {name} is behind a connection pooler that shares sessions",
                    hint="Use the server's own port (on Azure 5432, not 6432), or a pool in session mode.",
                )


def _value(connection: "psycopg.Connection[Any]", statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    return row["value"] if row is not None else None
