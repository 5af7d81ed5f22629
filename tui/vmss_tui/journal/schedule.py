"""Rollouts, of one set or over several, that start or resume later.

When, who takes one up, and the one worker of a journal.

The schedule is in the log of each rollout (`Scheduled`); the column beside it says what is still to be taken up, so
that of several processes one does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from vmss_tui.domain.rollout.events import Ended, Entry, RunnerStarted, Scheduled
from vmss_tui.errors import JournalUnavailable, LeaseHeld, UsageError
from vmss_tui.journal import columns, lease_table, rows, schema
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.lease import SHARED_SECONDS, Lease, Owner
from vmss_tui.journal.rows import RolloutHeader, WavesHeader
from vmss_tui.journal.schema import AnyEvent

CLAIMED = timedelta(minutes=10)
"""How long a process that took a rollout up has to start it."""
WORKER = "worker"
"""What stands for the scale set in the worker's lease."""


class Schedule:
    """The rollouts that are due in a journal, and who may start them."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def header(self, rollout: str) -> RolloutHeader | WavesHeader:
        """A rollout of either kind by its full id. Raises UsageError, JournalUnavailable for a damaged row."""
        with self._db.reading() as connection:
            row = connection.execute(f"{rows.ALL} WHERE id = ?", (rollout,)).fetchone()
        if row is None:
            raise UsageError(f"no rollout {rollout!r}", hint="`vmss-tui rollouts` lists them.")
        try:
            return rows.any_header_of(row)
        except ValueError as problem:
            raise JournalUnavailable(
                f"rollout {rollout} in {self._db.name} is damaged: {problem}", hint="See `vmss-tui journal check`."
            ) from problem

    def due(self, by: datetime) -> tuple[RolloutHeader | WavesHeader, ...]:
        """Rollouts whose time has come, the earliest first."""
        with self._db.reading() as connection:
            found = connection.execute(
                f"{rows.ALL} WHERE starts_at IS NOT NULL AND starts_at <= ? ORDER BY starts_at, id",
                (schema.stamp(by),),
            ).fetchall()
        return tuple(columns.readable(found, rows.any_header_of, "rollouts"))

    def abandoned(self, here: datetime) -> tuple[str, ...]:
        """Ids of rollouts in progress whose runner was silent for so long that another may take over."""
        with self._db.reading() as connection:
            silent = self._db.now(connection, here) - timedelta(seconds=SHARED_SECONDS)
            found = connection.execute(
                "SELECT leases.rollout AS id FROM leases JOIN rollouts ON rollouts.id = leases.rollout"
                " WHERE leases.heartbeat < ? AND rollouts.ended_at IS NULL ORDER BY leases.heartbeat",
                (schema.stamp(silent),),
            ).fetchall()
        return tuple(row["id"] for row in found)

    def claim(self, rollout: str, now: datetime) -> bool:
        """Take up a rollout whose time has come; False when it is not due, or another process has taken it up.

        It is due again after `CLAIMED` unless a runner has started it by then: the process that took it up may have
        died.
        """
        with self._db.writing() as connection:
            self._db.serialize(connection, f"schedule|{rollout}")
            row = connection.execute("SELECT starts_at FROM rollouts WHERE id = ?", (rollout,)).fetchone()
            if row is None or row["starts_at"] is None or schema.moment(row["starts_at"]) > now:
                return False
            _keep(connection, rollout, None, now + CLAIMED)
            return True

    def lead(self, by: Owner, at: datetime) -> Lease:
        """Become the worker of this journal. Raises LeaseHeld while another one is."""
        with self._db.writing() as connection:
            self._db.serialize(connection, WORKER)
            try:
                return lease_table.take(self._db, connection, WORKER, "", by, at, force=False)
            except LeaseHeld:
                held = connection.execute("SELECT host, pid FROM leases WHERE target_key = ?", (WORKER,)).fetchone()
                raise LeaseHeld(
                    f"a worker on {held['host']} (process {held['pid']}) serves this journal",
                    hint="One is enough; stop it first to run it elsewhere.",
                ) from None


def keep_schedule(connection: Connection, row: Row, log: Iterable[Entry[AnyEvent]]) -> None:
    """Keep the column in step with events that are added to the rollout of a row: a start or an end clears it."""
    before = at = schema.moment(row["starts_at"]) if row["starts_at"] else None
    for entry in log:
        if isinstance(entry.event, Scheduled):
            at = entry.event.at
        elif isinstance(entry.event, RunnerStarted | Ended):
            at = None
    _keep(connection, row["id"], before, at)


def _keep(connection: Connection, rollout: str, before: datetime | None, after: datetime | None) -> None:
    """Store when a rollout is to start, where that changed."""
    if before != after:
        at = schema.stamp(after) if after is not None else None
        connection.execute("UPDATE rollouts SET starts_at = ? WHERE id = ?", (at, rollout))
