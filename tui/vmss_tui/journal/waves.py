"""The log of rollouts over several scale sets, in the same tables and hash chain as that of each set.

Requests and the lease of the coordinator are `Journal`'s, by the id of the whole.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.waves.events import SetStarted, WavesEvent, WavesLogged
from vmss_tui.domain.rollout.waves.state import WavesState, fold
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal import chain, columns, lease_table, rows, schema
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.lease import Lease
from vmss_tui.journal.rows import RolloutHeader, WavesHeader
from vmss_tui.journal.schedule import keep_schedule
from vmss_tui.journal.tail import CHUNK, tail
from vmss_tui.journal.waves_overlap import ALL_WAVES, require_apart, running, targets_of
from vmss_tui.redact import redacted


class WavesLog:
    """Rollouts over several scale sets."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(
        self, plan: WavesPlan, *, who: str, why: str = "", ticket: str = "", at: datetime | None = None,
        later: bool = False,
    ) -> str:  # fmt: skip
        """Write a new rollout over several sets with its plan; returns its id, 8 hex digits.

        Raises LeaseHeld while another one runs that has sets in common with it, unless it is to start `later`.
        """
        with self._db.writing() as connection:
            if not later:
                self._db.serialize(connection, ALL_WAVES)
                require_apart(self._db, connection, _targets(plan))
            return rows.insert_waves(connection, plan, rows.person(who, why, ticket), at or datetime.now(UTC))

    def require_apart(self, plan: WavesPlan) -> None:
        """Raise the LeaseHeld that `create` would raise now."""
        with self._db.reading() as connection:
            require_apart(self._db, connection, _targets(plan))

    def running_over(self, target: ScaleSetId) -> tuple[WavesHeader, ...]:
        """The rollouts over several sets that start or run now, and go over this one."""
        with self._db.reading() as connection:
            return tuple(
                header
                for header in running(self._db, connection)
                if any(other.key == target.key for other in targets_of(connection, header.id))
            )

    def append(
        self, waves: str, *events: WavesEvent, at: datetime, lease: Lease | None = None
    ) -> tuple[WavesLogged, ...]:
        """Add events in one transaction. With a `lease`, raises LeaseHeld when it was lost meanwhile."""
        with self._db.writing() as connection:
            self._db.serialize(connection, rows.waves_key(waves))
            log = _append(connection, waves, events, at, lease)
            self._db.announce(connection, waves)
        return log

    def start_set(
        self, waves: str, plan: RolloutPlan, *, rolls_back: bool, at: datetime, lease: Lease | None = None
    ) -> tuple[WavesLogged, ...]:
        """Create the rollout of a set and say so in the log of the whole: both, or neither.

        Who, why and ticket are those of the whole. Its id is in the `SetStarted` that is returned.
        """
        with self._db.writing() as connection:
            self._db.serialize(connection, rows.waves_key(waves))
            row = _row(connection, waves)
            by = rows.Person(row["who"], row["host"], row["why"], row["ticket"])
            rollout = rows.insert_rollout(connection, plan, by, at, waves=waves)
            log = _append(connection, waves, (SetStarted(plan.target, rollout, rolls_back),), at, lease)
            self._db.announce(connection, waves)
        return log

    def events(self, waves: str, after: int = 0, *, limit: int = -1) -> tuple[WavesLogged, ...]:
        """The log after sequence number `after`. Raises JournalUnavailable for a damaged one."""
        with self._db.reading() as connection:
            found = connection.execute(
                "SELECT seq, at, kind, version, hash,"
                " CASE WHEN seq = 1 THEN coalesce(signed, body) ELSE body END AS body"
                " FROM events JOIN (SELECT id, signed FROM rollouts) AS plans ON plans.id = rollout"
                " WHERE rollout = ? AND seq > ?"
                " ORDER BY seq LIMIT ?",
                (waves, after, limit if limit >= 0 else rows.UNLIMITED),
            ).fetchall()
        try:
            return tuple(_logged(row) for row in found)
        except ValueError as problem:
            raise JournalUnavailable(
                f"the log of rollout {waves} in {self._db.name} is damaged: {problem}",
                hint="See `vmss-tui journal check`.",
            ) from problem

    def tail(self, waves: str, after: int = 0, *, poll_seconds: float = 0.25) -> AsyncIterator[tuple[WavesLogged, ...]]:
        """New events as they come, in chunks; ends after `Ended`."""
        return tail(
            lambda seen: self.events(waves, seen, limit=CHUNK),
            lambda: self._db.changed(waves, poll_seconds),
            after,
        )

    def state(self, waves: str) -> WavesState:
        """The state of the waves: the fold of their log."""
        return fold(self.events(waves))

    def headers(self, *, limit: int = 200) -> tuple[WavesHeader, ...]:
        """Rollouts over several sets, newest first; damaged rows are not among them."""
        with self._db.reading() as connection:
            found = rows.newest(connection, rows.WAVES, limit=limit)
        return tuple(columns.readable(found, rows.waves_header_of, "rollouts"))

    def unfinished(self) -> tuple[WavesHeader, ...]:
        """Every rollout over several sets that has not ended, newest first, of any age."""
        with self._db.reading() as connection:
            found = rows.newest(connection, f"{rows.WAVES} WHERE ended_at IS NULL")
        return tuple(columns.readable(found, rows.waves_header_of, "rollouts"))

    def candidates(self, text: str | None) -> tuple[WavesHeader, ...]:
        """Those among which `rows.chosen` finds what a text means."""
        with self._db.reading() as connection:
            found = rows.candidates(connection, rows.WAVES, text)
        return tuple(columns.readable(found, rows.waves_header_of, "rollouts"))

    def has(self, rollout: str) -> bool:
        """Whether a rollout (full id) is one over several sets."""
        with self._db.reading() as connection:
            return connection.execute(f"{rows.WAVES} WHERE id = ?", (rollout,)).fetchone() is not None

    def header(self, waves: str) -> WavesHeader:
        """One of them by its full id. Raises UsageError, JournalUnavailable for a damaged row."""
        with self._db.reading() as connection:
            row = _row(connection, waves)
        try:
            return rows.waves_header_of(row)
        except ValueError as problem:
            raise JournalUnavailable(
                f"rollout {waves} in {self._db.name} is damaged: {problem}", hint="See `vmss-tui journal check`."
            ) from problem

    def sets(self, waves: str) -> tuple[RolloutHeader, ...]:
        """The rollouts of single sets that belong to it, in the order in which they were created."""
        with self._db.reading() as connection:
            found = connection.execute(f"{rows.ROLLOUTS} WHERE waves = ? ORDER BY created_at, id", (waves,)).fetchall()
        return tuple(columns.readable(found, rows.header_of, "rollouts"))


def _targets(plan: WavesPlan) -> tuple[ScaleSetId, ...]:
    return tuple(member.target for member in plan.sets)


def _logged(row: Row) -> WavesLogged:
    event = schema.decode_waves(row["kind"], row["version"], row["body"])
    return WavesLogged(columns.number(row, "seq"), columns.moment(row, "at"), event, columns.text(row, "hash"))


def _row(connection: Connection, waves: str) -> Row:
    row = connection.execute(f"{rows.WAVES} WHERE id = ?", (waves,)).fetchone()
    if row is None:
        raise UsageError(f"no rollout over several scale sets {waves!r}", hint="`vmss-tui rollouts` lists them.")
    found: Row = row
    return found


def _append(
    connection: Connection, waves: str, events: tuple[WavesEvent, ...], at: datetime, lease: Lease | None
) -> tuple[WavesLogged, ...]:
    row = _row(connection, waves)
    if lease is not None:
        lease_table.require_held(connection, lease)
    if Stage(row["stage"]).over and events:
        raise JournalUnavailable(f"rollout {waves} has ended; its log is closed")
    last, head = chain.last(connection, waves)
    log = tuple(WavesLogged(last + i, at, event) for i, event in enumerate(events, 1))
    rows.insert_events(connection, waves, log, head)
    keep_schedule(connection, row, log)
    _summarize(connection, waves)
    return log


def _summarize(connection: Connection, waves: str) -> None:
    """Keep stage, end and reason of the row in step with the log; an older plan's secrets are no longer needed."""
    found = connection.execute("SELECT * FROM events WHERE rollout = ? ORDER BY seq", (waves,)).fetchall()
    state = fold(_logged(row) for row in found)
    ended = schema.stamp(state.ended_at) if state.ended_at is not None else None
    connection.execute(
        "UPDATE rollouts SET stage = ?, ended_at = ?, reason = ? WHERE id = ?",
        (state.stage.value, ended, redacted(state.reason), waves),
    )
    if state.stage.over:
        connection.execute(
            "UPDATE rollouts SET signed = NULL WHERE kind = 'waves' AND ended_at IS NOT NULL AND created_at <"
            " (SELECT max(created_at) FROM rollouts WHERE kind = 'waves' AND ended_at IS NOT NULL)"
        )
