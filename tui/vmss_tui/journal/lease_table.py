"""The rows of the leases: who holds one, whether it may be taken, and the fence around a runner that lost its own.

Every function runs inside a query or transaction of the caller and judges time by the database's own rule.
"""

import os
import secrets
import socket
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from vmss_tui.errors import JournalUnavailable, LeaseHeld
from vmss_tui.journal import columns, schema
from vmss_tui.journal import lease as leases
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.lease import Lease, Owner


def of_rollout(database: Database, connection: Connection, rollout: str) -> Lease | None:
    """The lease of a rollout as this process sees it; None when it is free."""
    row = connection.execute("SELECT * FROM leases WHERE rollout = ?", (rollout,)).fetchone()
    return None if row is None else _seen(database, connection, [row]).get(rollout)


def of_rollouts(database: Database, connection: Connection) -> dict[str, Lease]:
    """The leases of all rollouts as this process sees them."""
    return _seen(database, connection, connection.execute("SELECT * FROM leases WHERE rollout <> ''").fetchall())


def _seen(database: Database, connection: Connection, rows: Iterable[Row]) -> dict[str, Lease]:
    here, now = leases.owner(os.getpid(), socket.gethostname()), database.now(connection, datetime.now(UTC))
    found = columns.readable(rows, lambda row: _lease(row, here, now, shared=database.shared), "leases")
    return {lease.rollout: lease for lease in found}


def take(
    database: Database, connection: Connection, key: str, rollout: str, by: Owner, at: datetime, *, force: bool
) -> Lease:
    """Give the lease of scale set `key` to `by`. Raises LeaseHeld unless its owner is provably gone."""
    require_free(database, connection, key, rollout, by, at, force=force)
    now = database.now(connection, at)
    values = (key, rollout, by.pid, by.host, by.machine, by.boot_id, by.namespace, by.started,
              schema.stamp(now), secrets.token_hex(8))  # fmt: skip
    connection.execute("DELETE FROM leases WHERE target_key = ?", (key,))
    connection.execute("INSERT INTO leases VALUES (?,?,?,?,?,?,?,?,?,?)", values)
    row = connection.execute("SELECT * FROM leases WHERE target_key = ?", (key,)).fetchone()
    return _lease(row, by, now, shared=database.shared)


def require_free(
    database: Database, connection: Connection, key: str, rollout: str, by: Owner, at: datetime, *, force: bool
) -> None:
    """Raise LeaseHeld when the lease of another runner on scale set `key` may not be taken over."""
    row = connection.execute("SELECT * FROM leases WHERE target_key = ?", (key,)).fetchone()
    if row is None:
        return
    now = database.now(connection, at)
    try:
        held = _lease(row, by, now, shared=database.shared)
    except ValueError as problem:
        raise JournalUnavailable(
            f"the lease of {key} in {database.name} is damaged: {problem}",
            hint="`vmss-tui journal repair` removes it; do that when no runner is active.",
        ) from problem
    free = leases.gone(held, by, now, shared=database.shared)
    if not free and not (force and leases.may_force(held, by, now)):
        raise _held(held, rollout, by, now, shared=database.shared)


def require_held(connection: Connection, lease: Lease) -> None:
    """Raise LeaseHeld when `lease` was lost: its token is gone."""
    row = connection.execute("SELECT rollout FROM leases WHERE token = ?", (lease.token,)).fetchone()
    if row is None or row["rollout"] != lease.rollout:
        raise LeaseHeld(
            f"another runner took over rollout {lease.rollout}", hint="This runner stops; attach to follow the rollout."
        )


def beat(database: Database, connection: Connection, lease: Lease, at: datetime) -> None:
    """Say that the runner lives. Raises LeaseHeld."""
    require_held(connection, lease)
    now = schema.stamp(database.now(connection, at))
    connection.execute("UPDATE leases SET heartbeat = ? WHERE token = ?", (now, lease.token))


def release(connection: Connection, lease: Lease) -> None:
    """Let go; does nothing when it was lost already."""
    connection.execute("DELETE FROM leases WHERE token = ?", (lease.token,))


def is_readable(row: Row) -> bool:
    """Whether a row is that of a lease."""
    try:
        _lease_of(row)
    except ValueError:
        return False
    return True


def _lease(row: Row, here: Owner, now: datetime, *, shared: bool) -> Lease:
    found = _lease_of(row)
    return replace(found, alive=leases.is_alive(found, here, now, shared=shared))


def _lease_of(row: Row) -> Lease:
    """Raises ValueError for a damaged row."""
    texts = ("rollout", "host", "machine", "boot_id", "namespace", "started", "token")
    return Lease(
        **{name: columns.text(row, name) for name in texts},
        pid=columns.number(row, "pid"),
        heartbeat=columns.moment(row, "heartbeat"),
        alive=True,
    )


def _held(held: Lease, rollout: str, by: Owner, now: datetime, *, shared: bool) -> LeaseHeld:
    other = "" if held.rollout == rollout else ", on this scale set"
    message = f"a runner on {held.host} (process {held.pid}) is active for rollout {held.rollout}{other}"
    if held.alive or shared:
        return LeaseHeld(message, hint=f"Follow it with `vmss-tui attach {held.rollout}`.")
    silent, forcible = leases.silence(held, now), leases.may_force(held, by, now)
    again = f"`vmss-tui resume {held.rollout} --force`"
    way = (
        f"{again} takes over" if forcible else f"{again} takes over after {leases.FORCE_SECONDS:g}s without a heartbeat"
    )
    hint = f"Its last heartbeat was {silent:.0f}s ago. If {held.host} is lost for good, {way}."
    return LeaseHeld(f"{message}; whether it still runs cannot be verified", hint=hint, forcible=forcible)
