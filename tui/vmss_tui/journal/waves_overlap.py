"""Rollouts over several scale sets that have sets in common: one of them runs at a time.

The lease of each set keeps two runners apart, but not two coordinators: between two waves, while one waits for an
approval or a bake time, the other would start on its sets.
"""

import os
import socket
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.waves.events import WavesPlanned
from vmss_tui.errors import LeaseHeld
from vmss_tui.journal import columns, lease_table, rows, schema
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.lease import gone, owner
from vmss_tui.journal.rows import WavesHeader
from vmss_tui.text import counted, listed

_STARTS = timedelta(seconds=90)
"""How long after its creation a rollout is taken to be starting, while no coordinator has its lease."""
ALL_WAVES = "waves"
"""The name by which starts of rollouts over several sets are serialized, so that the second one sees the first."""


def require_apart(
    database: Database, connection: Connection, targets: Collection[ScaleSetId], *, but: str = ""
) -> None:
    """Raise LeaseHeld while another rollout over several sets, one of `targets` among them, starts or runs.

    `but` is the rollout that asks. A transaction that writes is serialized with `ALL_WAVES` first.
    """
    wanted = {target.key for target in targets}
    for header in running(database, connection, but=but):
        common = [target.name for target in targets_of(connection, header.id) if target.key in wanted]
        if common:
            raise LeaseHeld(
                f"rollout {header.id} of {header.who} on {header.host} has not ended, and goes over"
                f" {counted(len(common), 'scale set')} of this one, too: {listed(common)}",
                hint=f"follow it with `vmss-tui attach {header.id}`, or cancel it first",
            )


def require_alone(database: Database, connection: Connection, row: Row, *, starts: bool = False) -> None:
    """The same for the rollout of a row, which may also be one of a single set; `starts`: the transaction writes."""
    if row["kind"] == "waves":
        if starts:
            database.serialize(connection, ALL_WAVES)
        require_apart(database, connection, targets_of(connection, row["id"]), but=row["id"])


def targets_of(connection: Connection, waves: str) -> tuple[ScaleSetId, ...]:
    """The scale sets of a rollout, by its plan; none where that cannot be read."""
    row = connection.execute(
        "SELECT kind, version, body FROM events WHERE rollout = ? ORDER BY seq LIMIT 1", (waves,)
    ).fetchone()
    try:
        planned = schema.decode_waves(row["kind"], row["version"], row["body"]) if row is not None else None
    except (ValueError, TypeError):
        return ()
    return tuple(member.target for member in planned.plan.sets) if isinstance(planned, WavesPlanned) else ()


def running(database: Database, connection: Connection, *, but: str = "") -> Iterator[WavesHeader]:
    """Those whose coordinator is not proved to be gone, and those that were created a moment ago and get one."""
    held, here = lease_table.of_rollouts(database, connection), owner(os.getpid(), socket.gethostname())
    now = database.now(connection, datetime.now(UTC))
    found = connection.execute(
        f"{rows.WAVES} WHERE ended_at IS NULL AND id <> ? ORDER BY created_at", (but,)
    ).fetchall()
    for header in columns.readable(found, rows.waves_header_of, "rollouts"):
        lease = held.get(header.id)
        if lease is not None:
            runs = not gone(lease, here, now, shared=database.shared)
        else:
            runs = header.stage is Stage.PLANNED and header.starts_at is None and header.created_at >= now - _STARTS
        if runs:
            yield header
