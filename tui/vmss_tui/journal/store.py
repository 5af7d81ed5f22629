"""The rollout log's store: create, append, read, tail, ask for a verb, hold the lease.

Every other module reads a rollout through here. Calls are synchronous and short. Raises `JournalUnavailable` and its
kin only. Never stores a secret.
"""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.track_record import PastRollout, TrackRecord
from vmss_tui.domain.rollout.events import (
    Event,
    InstancesSeen,
    Logged,
    Noted,
    UpgradeSeen,
    Waiting,
)
from vmss_tui.domain.rollout.past_rollout import past_rollout, protected_written
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState, Stage, fold
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal import chain, columns, lease_table, rows, schema, waves_overlap
from vmss_tui.journal.chain import Link
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.databases.place import opened
from vmss_tui.journal.lease import Lease, Owner
from vmss_tui.journal.logs.diagnostics import DiagnosticsLog
from vmss_tui.journal.logs.presence import Presence, Watchers, watching
from vmss_tui.journal.rows import Request, RolloutHeader, WavesHeader
from vmss_tui.journal.schedule import Schedule, keep_schedule
from vmss_tui.journal.tail import CHUNK, tail
from vmss_tui.journal.waves import WavesLog
from vmss_tui.paths import journal_file
from vmss_tui.redact import redacted

__all__ = ["VERBS", "Journal", "Lease", "Owner", "Request", "RolloutHeader", "WavesHeader"]

VERBS = ("pause", "resume", "approve", "cancel", "retry", "undo", "exclude")
TRACK_RECORD = 10
"""Rollouts of a set from which a forecast learns."""
_STARTED = "EXISTS (SELECT 1 FROM events WHERE rollout = {0}.id AND kind = 'runner_started')"
_FORGET_SIGNED = (
    "UPDATE rollouts SET signed = NULL WHERE signed IS NOT NULL AND target_key = ? AND ended_at IS NOT NULL"
    f" AND (NOT {_STARTED.format('rollouts')} OR EXISTS (SELECT 1 FROM rollouts AS newer"
    " WHERE newer.target_key = rollouts.target_key AND newer.created_at > rollouts.created_at"
    f" AND newer.ended_at IS NOT NULL AND {_STARTED.format('newer')}))"
)
"""Signed addresses of a set's rollouts that have ended and that a retry or an undo can no longer need: one that never
started, one that a newer one has followed. An unfinished one may be resumed."""
_OBSERVATIONS = (InstancesSeen, UpgradeSeen, Waiting, Noted)
"""May be lost in a power cut, since it is seen again; everything else is on disk before the runner continues."""


class Journal:
    """The log of all rollouts."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @classmethod
    def open(cls, place: Path | str | None = None, *, read_only: bool = False) -> "Journal":
        """Open (and create, unless `read_only`) the journal in a file or a database. Raises JournalUnavailable."""
        return cls(opened(place or journal_file(), read_only=read_only))

    @property
    def waves(self) -> WavesLog:
        """The rollouts over several scale sets."""
        return WavesLog(self._db)

    @property
    def diagnostics(self) -> DiagnosticsLog:
        """The diagnostics that were run on instances."""
        return DiagnosticsLog(self._db)

    def watchers(self) -> Mapping[str, Watchers]:
        """Who watches rollouts now, by rollout."""
        return Presence(self._db).watchers()

    def watching(
        self, rollout: str, *, who: str, through: Through, seen: Callable[[Watchers], None]
    ) -> AbstractAsyncContextManager[None]:
        """Be seen to watch a rollout during a block; `seen` gets who else does, whenever that changes."""
        return watching(self._db, rollout, who=who, through=through, seen=seen)

    @property
    def schedule(self) -> Schedule:
        """What is to start later."""
        return Schedule(self._db)

    @property
    def name(self) -> str:
        """Where it is, in words for people."""
        return self._db.name

    @property
    def shared(self) -> bool:
        """Whether several hosts use it: a lease is then lost by silence."""
        return self._db.shared

    @property
    def outgrown(self) -> bool:
        """Whether a newer program has changed its tables: this one may miss settings of new rollouts."""
        return self._db.outgrown()

    def require_right(self, verb: Verb | None = None) -> None:
        """Raise PreflightRefused when the database grants too little for a verb; None: to start a rollout."""
        self._db.require_right(verb)

    @property
    def place(self) -> Path | str:
        """What opens it again."""
        return self._db.place

    def close(self) -> None:
        """Close it; safe to call twice."""
        self._db.close()

    def create(
        self, plan: RolloutPlan, *, who: str, why: str = "", ticket: str = "", at: datetime | None = None
    ) -> str:
        """Write a new rollout with its plan; returns its id, 8 hex digits."""
        with self._db.writing() as connection:
            return rows.insert_rollout(connection, plan, rows.person(who, why, ticket), at or datetime.now(UTC))

    def append(self, rollout: str, *events: Event, at: datetime, lease: Lease | None = None) -> tuple[Logged, ...]:
        """Add events in one transaction. With a `lease`, raises LeaseHeld when it was lost meanwhile."""
        durable = not all(isinstance(event, _OBSERVATIONS) for event in events)
        with self._db.writing(durable=durable) as connection:
            row = self._locked_row(connection, rollout)
            if lease is not None:
                lease_table.require_held(connection, lease)
            last, head = chain.last(connection, rollout)
            log = tuple(Logged(last + i, at, event) for i, event in enumerate(events, 1))
            if Stage(row["stage"]).over and events:
                raise JournalUnavailable(f"rollout {rollout} has ended; its log is closed")
            rows.insert_events(connection, rollout, log, head)
            _summarize(connection, row, log)
            self._db.announce(connection, rollout)
        return log

    def events(self, rollout: str, after: int = 0, *, limit: int = -1) -> tuple[Logged, ...]:
        """The log of a rollout after sequence number `after`."""
        with self._db.reading() as connection:
            found = connection.execute(
                "SELECT seq, at, events.kind AS kind, version, hash,"
                " CASE WHEN seq = 1 THEN coalesce(signed, body) ELSE body END AS body"
                " FROM events JOIN rollouts ON rollouts.id = rollout WHERE rollout = ? AND seq > ?"
                " ORDER BY seq LIMIT ?",
                (rollout, after, limit if limit >= 0 else rows.UNLIMITED),
            ).fetchall()
        try:
            return tuple(
                Logged(
                    columns.number(row, "seq"),
                    columns.moment(row, "at"),
                    schema.decode(row["kind"], row["version"], row["body"]),
                    columns.text(row, "hash"),
                )
                for row in found
            )
        except ValueError as problem:
            raise JournalUnavailable(
                f"the log of rollout {rollout} in {self.name} is damaged: {problem}",
                hint="See `vmss-tui journal check`; `vmss-tui show SCALESET` shows the state in Azure.",
            ) from problem

    def links(self, rollout: str) -> tuple[Link, ...]:
        """The hash chain of a rollout, as it is stored."""
        with self._db.reading() as connection:
            return chain.links(connection, rollout)

    def tail(self, rollout: str, after: int = 0, *, poll_seconds: float = 0.1) -> AsyncIterator[tuple[Logged, ...]]:
        """New events as they come, in chunks; ends after `Ended`."""
        return tail(
            lambda after: self.events(rollout, after, limit=CHUNK),
            lambda: self._db.changed(rollout, poll_seconds),
            after,
        )

    def state(self, rollout: str) -> RolloutState:
        """The state of the rollout: the fold of its log."""
        return fold(self.events(rollout))

    def rollouts(self, *, limit: int = 200, target: ScaleSetId | None = None) -> tuple[RolloutHeader, ...]:
        """Rollouts, newest first."""
        where, values = ("WHERE target_key = ?", ("|".join(target.key),)) if target is not None else ("", ())
        with self._db.reading() as connection:
            found = rows.newest(connection, f"{rows.ROLLOUTS} {where}", values, limit)
        return tuple(columns.readable(found, rows.header_of, "rollouts"))

    def unfinished(self) -> tuple[RolloutHeader, ...]:
        """Every rollout that has not ended, newest first, of any age."""
        with self._db.reading() as connection:
            found = rows.newest(connection, f"{rows.ROLLOUTS} WHERE ended_at IS NULL")
        return tuple(columns.readable(found, rows.header_of, "rollouts"))

    def damaged(self, *, limit: int = -1) -> tuple[str, ...]:
        """Ids of the rollouts that are missing in a list with this `limit`, since their row cannot be read."""
        with self._db.reading() as connection:
            found = rows.newest(connection, rows.ALL, limit=limit)
        return tuple(str(row["id"]) for row in found if _is_damaged(row))

    def header(self, rollout: str) -> RolloutHeader:
        """One rollout by its full id. Raises UsageError."""
        with self._db.reading() as connection:
            row = self._row(connection, rollout)
        try:
            return rows.header_of(row)
        except ValueError as problem:
            raise JournalUnavailable(
                f"rollout {row['id']} in {self.name} is damaged: {problem}", hint="See `vmss-tui journal check`."
            ) from problem

    def stage(self, rollout: str) -> Stage:
        """What a rollout, of one set or over several, is doing. Raises UsageError."""
        with self._db.reading() as connection:
            return Stage(self._row(connection, rollout)["stage"])

    def target_key(self, rollout: str) -> str:
        """What the leases of rollouts of the same scale set share. Raises UsageError."""
        with self._db.reading() as connection:
            return str(self._row(connection, rollout)["target_key"])

    def find(self, text: str | None) -> RolloutHeader:
        """A rollout by id or unique prefix; None is the newest that runs, else the newest.

        Raises UsageError when there is none, NotUnique when several fit.
        """
        with self._db.reading() as connection:
            found = rows.candidates(connection, rows.ROLLOUTS, text)
        return rows.chosen(list(columns.readable(found, rows.header_of, "rollouts")), text)

    def locate(self, text: str | None) -> RolloutHeader | WavesHeader:
        """The same among rollouts of one set and over several; None prefers the whole to the sets that belong to it."""
        with self._db.reading() as connection:
            found = rows.candidates(connection, rows.ROLLOUTS, text, alone=text is None)
        known = columns.readable(found, rows.header_of, "rollouts")
        both: list[RolloutHeader | WavesHeader] = [*known, *self.waves.candidates(text)]
        return rows.chosen(sorted(both, key=lambda header: header.created_at, reverse=True), text)

    def request(
        self, rollout: str, verb: str, *, who: str, why: str = "", argument: str = "", at: datetime | None = None,
        host: str = "",
    ) -> int:  # fmt: skip
        """Ask for a verb; returns the request's number. Raises UsageError when it makes no sense any more.

        `host`: where `who` asked; empty is this host.
        """
        if verb not in VERBS:
            raise UsageError(f"{verb!r} is not a request that a rollout takes", hint=f"Use {', '.join(VERBS)}.")
        with self._db.writing() as connection:
            rows.require_running(self._locked_row(connection, rollout), verb)
            asked = schema.stamp(at or datetime.now(UTC))
            values = (rollout, verb, who, host or socket.gethostname(), why, argument, asked)
            number = connection.execute(
                "INSERT INTO requests (rollout, verb, who, host, why, argument, at) VALUES (?,?,?,?,?,?,?)"
                " RETURNING id",
                values,
            ).fetchone()
            return int(number["id"])

    def requests(self, rollout: str, after: int = 0) -> tuple[Request, ...]:
        """Requests after number `after`, oldest first."""
        with self._db.reading() as connection:
            found = connection.execute(
                "SELECT * FROM requests WHERE rollout = ? AND id > ? ORDER BY id", (rollout, after)
            ).fetchall()
        return tuple(columns.readable(found, rows.request_of, "requests"))

    def lease(self, rollout: str) -> Lease | None:
        """Who holds (or held last, when it died) the lease for this rollout; None when there is none."""
        with self._db.reading() as connection:
            return lease_table.of_rollout(self._db, connection, rollout)

    def leases(self) -> Mapping[str, Lease]:
        """The leases of all rollouts at once, by rollout."""
        with self._db.reading() as connection:
            return lease_table.of_rollouts(self._db, connection)

    def take_lease(self, rollout: str, by: Owner, *, at: datetime, force: bool = False) -> Lease:
        """Take the right to act on the rollout's scale set. Raises LeaseHeld unless its owner is provably gone.

        `force` replaces an owner on another host that was not heard of for ten minutes: a person answers for it.
        """
        with self._db.writing() as connection:
            row = self._locked_row(connection, rollout)
            waves_overlap.require_alone(self._db, connection, row, starts=True)
            return lease_table.take(self._db, connection, row["target_key"], rollout, by, at, force=force)

    def require_free(self, rollout: str, by: Owner, *, at: datetime, force: bool = False) -> None:
        """Raise the LeaseHeld that `take_lease` would raise now."""
        with self._db.reading() as connection:
            row = self._row(connection, rollout)
            waves_overlap.require_alone(self._db, connection, row)
            lease_table.require_free(self._db, connection, row["target_key"], rollout, by, at, force=force)

    def beat(self, lease: Lease, at: datetime) -> None:
        """Say that the runner lives. Raises LeaseHeld when the lease was lost."""
        with self._db.writing(durable=False) as connection:
            lease_table.beat(self._db, connection, lease, at)

    def release(self, lease: Lease) -> None:
        """Let go; does nothing when it was lost already."""
        with self._db.writing() as connection:
            lease_table.release(connection, lease)

    def track_record(
        self, target: ScaleSetId, *, before: datetime | None = None, limit: int = TRACK_RECORD
    ) -> TrackRecord:
        """What the newest rollouts of a set showed; with `before`, only those that were created before that time."""
        with self._db.reading() as connection:
            found = connection.execute(
                "SELECT id FROM rollouts WHERE target_key = ? AND created_at < ? ORDER BY created_at DESC LIMIT ?",
                ("|".join(target.key), schema.stamp(before) if before is not None else "9", limit),
            ).fetchall()
        past: list[PastRollout] = []
        protected: tuple[str, ...] = ()
        for row in reversed(found):
            with contextlib.suppress(JournalUnavailable):
                log = self.events(row["id"])
                shown, protected = past_rollout(log), protected_written(log) or protected
                past += [shown] if shown is not None else []
        return TrackRecord(rollouts=tuple(past), protected=protected)

    def versions_brought(self, target: ScaleSetId) -> frozenset[str]:
        """Digests of the versions that rollouts of this journal brought to a set, were to bring, or restored."""
        with self._db.reading() as connection:
            return rows.versions_brought(connection, "|".join(target.key))

    def labels(self) -> Mapping[str, str | None]:
        """Labels of versions by digest; None for a version that was rolled out without one."""
        with self._db.reading() as connection:
            found = connection.execute("SELECT * FROM labels").fetchall()
        return dict(columns.readable(found, _label_of, "labels"))

    def name_version(self, digest: str, label: str) -> None:
        """Remember the label of a version; it replaces the one from before."""
        with self._db.writing() as connection:
            rows.label_version(connection, digest, label)

    def _locked_row(self, connection: Connection, rollout: str) -> Row:
        """The row, with no other writer for the same scale set until the end of the transaction."""
        self._db.serialize(connection, self._row(connection, rollout)["target_key"])
        return self._row(connection, rollout)

    @staticmethod
    def _row(connection: Connection, rollout: str) -> Row:
        row = connection.execute(f"{rows.ALL} WHERE id = ?", (rollout,)).fetchone()
        if row is None:
            raise UsageError(f"no rollout {rollout!r}", hint="`vmss-tui rollouts` lists them.")
        found: Row = row
        return found


def _label_of(row: Row) -> tuple[str, str | None]:
    return columns.text(row, "digest"), columns.text(row, "label") if row["label"] is not None else None


def _is_damaged(row: Row) -> bool:
    try:
        rows.any_header_of(row)
    except ValueError:
        return True
    return False


def _summarize(connection: Connection, row: Row, log: tuple[Logged, ...]) -> None:
    """Keep stage, end and reason of the header in step with the log."""
    lasting = [entry for entry in log if not isinstance(entry.event, InstancesSeen)]
    state = fold(lasting, RolloutState(stage=Stage(row["stage"])))
    keep_schedule(connection, row, log)
    if state.stage.value != row["stage"] or state.ended_at is not None:
        ended = schema.stamp(state.ended_at) if state.ended_at is not None else None
        connection.execute(
            "UPDATE rollouts SET stage = ?, ended_at = ?, reason = ? WHERE id = ?",
            (state.stage.value, ended, redacted(state.reason), row["id"]),
        )
    if state.stage.over:
        connection.execute(_FORGET_SIGNED, (row["target_key"],))
