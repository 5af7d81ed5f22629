"""PostgreSQL's errors in words for people, each with its next step."""

import re

import psycopg
from psycopg import errors, pq

from vmss_tui.errors import JournalUnavailable


def kind_of(problem: psycopg.Error) -> type[psycopg.Error]:
    """What kind of error it is. libpq gives no code for a connection that was refused: it is read from the rest."""
    refused = problem.pgconn
    if problem.sqlstate is not None or refused is None or refused.status == pq.ConnStatus.OK:
        return type(problem)
    said = str(problem)
    for kind, pattern in _REFUSALS.items():
        if pattern.search(said):
            return kind
    return errors.InvalidPassword if refused.used_password or refused.needs_password else type(problem)


_REFUSALS: dict[type[psycopg.Error], re.Pattern[str]] = {
    errors.InvalidCatalogName: re.compile(r'database "[^"\n]*" does not exist'),
    errors.TooManyConnections: re.compile("too many (clients|connections)|remaining connection slots"),
    errors.CannotConnectNow: re.compile(
        "the database system is|timeout expired|not allow|read-only|closed the connection"
    ),
}
"""What the server or libpq says in English, where it is not the password."""


def explain(problem: psycopg.Error, name: str) -> JournalUnavailable:
    """What went wrong with the journal, and the next step."""
    found = kind_of(problem)
    if found is errors.InvalidPassword and problem.pgconn is not None and problem.pgconn.needs_password:
        return JournalUnavailable(
            f"the journal {name} asks for a password, and there is none",
            hint="Add a line HOST:PORT:DATABASE:USER:PASSWORD to ~/.pgpass (mode 0600), or set PGPASSWORD.",
        )
    for kind, what, hint in _KINDS:
        if issubclass(found, kind):
            return JournalUnavailable(f"the journal {name} {what}", hint=hint)
    if isinstance(problem, psycopg.OperationalError):
        reason = _first_line(problem)
        hint = "Check the address, the network and the server; what waits continues without further action."
        return JournalUnavailable(
            f"the journal {name} cannot be reached: {reason}", hint=_OF_TLS if _TLS.search(reason) else hint
        )
    return JournalUnavailable(
        f"the journal {name} cannot be used: {_first_line(problem)}", hint="Ask the administrator of the database."
    )


_TLS = re.compile("SSL|certificate")
_OF_TLS = (
    "The server must offer TLS with a certificate for this host name; `?sslrootcert=FILE` at the end of the address"
    " names an authority of your own."
)


def refused_token(name: str) -> JournalUnavailable:
    """The database did not take a token of Entra ID."""
    return JournalUnavailable(
        f"the journal {name} refused the token of Entra ID",
        hint="The user of the address must be an Entra principal of the server, and the one that is signed in.",
    )


_KINDS: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (errors.DiskFull, "cannot grow: the server's disk is full", "The rollout continues by itself when there is space."),
    (errors.ReadOnlySqlTransaction, "is read-only", "The server may be a standby: name the primary, or wait."),
    (
        errors.LockNotAvailable,
        "is locked by another transaction",
        "Ask the administrator of the database to end it (`pg_locks` names it); rollouts continue by themselves then.",
    ),
    (
        errors.InsufficientPrivilege,
        "does not allow that to your database role",
        "As the owner of its tables: `vmss-tui journal grant ROLE operator`.",
    ),
    (errors.InvalidPassword, "refused the password", "Put the correct one into ~/.pgpass (mode 0600) or PGPASSWORD."),
    (errors.InvalidCatalogName, "does not exist", "Create the database, or correct the address."),
    (errors.TooManyConnections, "has no connection left", "Wait, or raise max_connections of the server."),
    (errors.UndefinedTable, "has no tables of vmss-tui", "Open it once with a role that may create tables."),
)


def _first_line(problem: psycopg.Error) -> str:
    from vmss_tui.redact import redacted
    from vmss_tui.text import plain

    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return plain(redacted(lines[0] if lines else type(problem).__name__))
