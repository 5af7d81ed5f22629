"""Finds damage in a journal and repairs what the rest of the journal can replace. Decides nothing about a rollout.

The log of a rollout is its truth: a damaged header is made again from it, an event that cannot be read becomes a note
that says so. Before anything is changed, the file is copied.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, assert_never

from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout.events import Entry, Logged, Noted, Planned, kind_name
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.domain.rollout.waves.events import WavesLogged, WavesPlanned
from vmss_tui.domain.rollout.waves.state import WavesState
from vmss_tui.domain.rollout.waves.state import fold as fold_waves
from vmss_tui.journal import chain, columns, lease_table, rows, schema
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.logs.diagnostics import entry_of
from vmss_tui.redact import redacted


class Damage(StrEnum):
    """What can be wrong with a journal."""

    FILE = "file"
    """The database finds its own structure damaged."""
    HEADER = "header"
    """A rollout's row cannot be read, or does not say what its log says."""
    EVENT = "event"
    """An event cannot be read."""
    CHAIN = "chain"
    """An event was changed or is missing: its hash does not fit the one before."""
    REQUEST = "request"
    """A request cannot be read."""
    LEASE = "lease"
    """A lease that cannot be read, or is one of a rollout that is not there."""
    DIAGNOSTIC = "diagnostic"
    """A diagnostic that cannot be read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One damage: where it is, what is wrong, and how `repair` mends it; an empty `repair` means that it cannot."""

    damage: Damage
    rollout: str
    message: str
    repair: str = ""


_INDEXES = "its indexes are rebuilt"
_FROM_LOG = "the row is rebuilt from the rollout's log"
_NOTED = "the event is replaced by a note"
_DROPPED = "the row is removed"


def check(database: Database) -> tuple[Problem, ...]:
    """Everything that is wrong with a journal. Raises JournalUnavailable when it cannot be read at all."""
    faults = database.faults()
    with database.reading() as connection:
        return tuple(_problems(connection, faults))


def check_rollout(database: Database, rollout: str) -> tuple[Problem, ...]:
    """Everything that is wrong with one rollout (full id), its hash chain included. Raises JournalUnavailable."""
    with database.reading() as connection:
        return tuple(_of_rollout(connection, rollout))


def repair(database: Database) -> tuple[str, tuple[Problem, ...]]:
    """Repair what can be repaired; returns the copy of the journal from before, and what was found.

    Without a problem nothing is changed and the copy is empty. Raises JournalUnavailable.
    """
    found = check(database)
    if not any(problem.repair for problem in found):
        return "", found
    copy = database.copy(datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
    with database.writing() as connection:
        if any(problem.damage is Damage.FILE for problem in found):
            database.rebuild_indexes(connection)
        for problem in found:
            _mend(connection, problem)
    return copy, found


def _problems(connection: Connection, faults: tuple[str, ...]) -> Iterator[Problem]:
    for text in faults:
        yield Problem(Damage.FILE, "", text, _INDEXES if "index" in text else "")
    known = [row["id"] for row in connection.execute("SELECT id FROM rollouts ORDER BY created_at, id")]
    for rollout in known:
        if isinstance(rollout, str):
            yield from _of_rollout(connection, rollout)
        else:
            yield Problem(Damage.HEADER, str(rollout), "its row cannot be read: id is not a text")
    for row in connection.execute(
        "SELECT rollout FROM leases WHERE rollout <> '' AND rollout NOT IN (SELECT id FROM rollouts)"
    ):
        yield Problem(Damage.LEASE, str(row["rollout"]), "a lease of a rollout that does not exist", _DROPPED)
    for row in _unread_leases(connection):
        yield Problem(Damage.LEASE, str(row["rollout"]), "a lease that cannot be read", _DROPPED)
    for row, why in _unread_diagnostics(connection):
        yield Problem(Damage.DIAGNOSTIC, "", f"diagnostic {row['id']} cannot be read: {why}", _DROPPED)


def _unread_leases(connection: Connection) -> list[Row]:
    return [row for row in connection.execute("SELECT * FROM leases").fetchall() if not lease_table.is_readable(row)]


def _unread_diagnostics(connection: Connection) -> Iterator[tuple[Row, str]]:
    for row in connection.execute("SELECT * FROM diagnostics ORDER BY id").fetchall():
        try:
            entry_of(row)
        except ValueError as problem:
            yield row, str(problem)


def _of_rollout(connection: Connection, rollout: str) -> Iterator[Problem]:
    log: list[Entry[Any]] = []
    unread: set[int] = set()
    for row in _events(connection, rollout):
        try:
            log.append(_logged(row))
        except ValueError as problem:
            mended = _NOTED if _can_be_noted(row) else ""
            yield Problem(
                Damage.EVENT, rollout, f"event {row['seq']} ({row['kind']}) cannot be read: {problem}", mended
            )
            unread.add(row["seq"])
    yield from _of_chain(connection, rollout, unread)
    for row in connection.execute("SELECT * FROM requests WHERE rollout = ? ORDER BY id", (rollout,)):
        try:
            rows.request_of(row)
        except (ValueError, TypeError) as problem:
            yield Problem(Damage.REQUEST, rollout, f"request {row['id']} cannot be read: {problem}", _DROPPED)
    complaint = _header_complaint(connection, rollout, log)
    if complaint:
        yield Problem(Damage.HEADER, rollout, complaint, "" if _row_of(rollout, log) is None else _FROM_LOG)


def _of_chain(connection: Connection, rollout: str, unread: set[int]) -> Iterator[Problem]:
    """Where the hash chain does not hold, apart from events that cannot be read anyway."""
    row = connection.execute("SELECT head, signed FROM rollouts WHERE id = ?", (rollout,)).fetchone()
    stored = chain.links(connection, rollout)
    for broken in chain.breaks(stored, str(row["head"])):
        if broken.seq not in unread:
            yield Problem(Damage.CHAIN, rollout, broken.message)
    if row["signed"] is not None and stored and not _signed_fits(stored[0], str(row["signed"])):
        yield Problem(Damage.CHAIN, rollout, "the plan that is carried out is not the one in the log")


def _signed_fits(first: chain.Link, signed: str) -> bool:
    """Whether the plan with secrets in it is, without them, the one that is chained."""
    decode: Callable[[str, int, str | bytes], Any] = schema.decode
    if first.kind == kind_name(WavesPlanned):
        decode = schema.decode_waves
    try:
        whole, written = (decode(first.kind, first.version, body) for body in (signed, first.body))
    except ValueError:
        return False
    if not isinstance(whole, Planned | WavesPlanned):
        return False
    # both, since a program from before redacted less
    hidden, stored = (decode(first.kind, first.version, schema.encode(plan)[1]) for plan in (whole, written))
    return bool(hidden == stored)


def _header_complaint(connection: Connection, rollout: str, log: Sequence[Entry[Any]]) -> str:
    """What a rollout's row says that its log does not; empty when they agree."""
    row = connection.execute("SELECT * FROM rollouts WHERE id = ?", (rollout,)).fetchone()
    try:
        rows.any_header_of(row)
    except ValueError as problem:
        return f"its row cannot be read: {problem}"
    expected = _row_of(rollout, log)
    if expected is None:
        return "its log has no plan"
    if not Stage(str(expected["stage"])).over:
        del expected["reason"], expected["ended_at"]  # a row has them at the end only
    for name, said in expected.items():
        if row[name] != said:
            return f"its row says {name} {row[name]!r}, its log {said!r}"
    return ""


def _row_of(rollout: str, log: Sequence[Entry[Any]]) -> dict[str, object] | None:
    """The columns of a rollout's row as its log has them; None without a plan."""
    planned = log[0].event if log else None
    if isinstance(planned, WavesPlanned):
        waves, whole = fold_waves(log), planned.plan
        digest = whole.script.digest if whole.script is not None else ""
        own: dict[str, object] = {"kind": "waves", "target": "", "target_key": rows.waves_key(rollout)}
        return {**own, "digest": digest, **_common(planned, whole.label, log, waves)}
    if isinstance(planned, Planned):
        plan, state = planned.plan, fold(log)
        own = {"kind": "set", "target": str(plan.target), "target_key": "|".join(plan.target.key)}
        label = "" if plan.removes else plan.script.label
        return {**own, "digest": plan.target_digest, **_common(planned, label, log, state)}
    return None


def _common(
    planned: Planned | WavesPlanned, label: str, log: Sequence[Entry[Any]], state: RolloutState | WavesState
) -> dict[str, object]:
    """The columns that rollouts of one set and over several share."""
    return {
        **{name: getattr(planned, name) for name in ("who", "host", "why", "ticket")},
        "label": redacted(label) or None,
        "profile": planned.plan.profile,
        "created_at": schema.stamp(log[0].at),
        "stage": state.stage.value,
        "ended_at": schema.stamp(state.ended_at) if state.ended_at is not None else None,
        "reason": redacted(state.reason),
    }


def _events(connection: Connection, rollout: str) -> list[Row]:
    return connection.execute(
        "SELECT events.*, rollouts.kind AS log FROM events JOIN rollouts ON id = rollout WHERE rollout = ?"
        " ORDER BY seq",
        (rollout,),
    ).fetchall()


def _logged(row: Row) -> Entry[Any]:
    """The event of a row, by the kind of its log. Raises ValueError."""
    seq = columns.number(row, "seq")
    try:
        if row["log"] == "waves":
            event = schema.decode_waves(row["kind"], row["version"], row["body"])
            return WavesLogged(seq, columns.moment(row, "at"), event)
        return Logged(seq, columns.moment(row, "at"), schema.decode(row["kind"], row["version"], row["body"]))
    except TypeError as problem:
        raise ValueError(str(problem)) from problem


def _mend(connection: Connection, problem: Problem) -> None:
    match problem.damage:
        case Damage.LEASE:
            connection.execute("DELETE FROM leases WHERE rollout NOT IN (SELECT id FROM rollouts)")
            for row in _unread_leases(connection):
                connection.execute("DELETE FROM leases WHERE target_key = ?", (row["target_key"],))
        case Damage.REQUEST:
            _drop_requests(connection, problem.rollout)
        case Damage.DIAGNOSTIC:
            for row, _ in _unread_diagnostics(connection):
                connection.execute("DELETE FROM diagnostics WHERE id = ?", (row["id"],))
        case Damage.EVENT:
            _note_events(connection, problem.rollout)
        case Damage.HEADER:
            _rewrite_header(connection, problem.rollout)
        case Damage.FILE | Damage.CHAIN:
            pass
        case _:
            assert_never(problem.damage)


def _can_be_noted(row: Row) -> bool:
    """Whether an event has a number, and is not the plan."""
    return isinstance(row["seq"], int) and row["seq"] > 1


def _drop_requests(connection: Connection, rollout: str) -> None:
    for row in connection.execute("SELECT * FROM requests WHERE rollout = ?", (rollout,)).fetchall():
        try:
            rows.request_of(row)
        except (ValueError, TypeError):
            connection.execute("DELETE FROM requests WHERE id = ?", (row["id"],))


def _note_events(connection: Connection, rollout: str) -> None:
    """Replace what cannot be read by notes. Links that held are made again; those that did not hold stay broken."""
    before, stored = datetime.now(UTC), chain.links(connection, rollout)
    noted: set[int] = set()
    for row in reversed(_events(connection, rollout)):
        try:
            before = _logged(row).at
        except ValueError:
            if not _can_be_noted(row):
                continue
            note = Noted(
                f"an event ({row['kind']}) could not be read and was replaced by `journal repair`", Severity.WARN
            )
            kind, body = schema.encode(note)
            connection.execute(
                "UPDATE events SET at = ?, kind = ?, version = ?, body = ? WHERE rollout = ? AND seq = ?",
                (_stamp_of(row["at"], before), kind, schema.VERSION, body.decode(), rollout, row["seq"]),
            )
            noted.add(row["seq"])
    _chain_again(connection, rollout, stored, noted)


def _chain_again(connection: Connection, rollout: str, stored: tuple[chain.Link, ...], noted: set[int]) -> None:
    """Hashes after notes were put in: a changed event must not come out of a repair as a good one."""
    broken = {found.seq for found in chain.breaks(stored)} - noted
    head = ""
    for link in chain.links(connection, rollout):
        head = link.hash if link.seq in broken else link.expected(head)
        connection.execute("UPDATE events SET hash = ? WHERE rollout = ? AND seq = ?", (head, rollout, link.seq))
    connection.execute(
        "UPDATE rollouts SET head = ? WHERE id = ? AND head = ?", (head, rollout, stored[-1].hash if stored else "")
    )


def _stamp_of(text: object, fallback: datetime) -> str:
    try:
        return schema.stamp(schema.moment(str(text)))
    except (ValueError, OverflowError):
        return schema.stamp(fallback)


def _rewrite_header(connection: Connection, rollout: str) -> None:
    """Make a rollout's row again from its log."""
    log: list[Entry[Any]] = []
    for row in _events(connection, rollout):
        try:
            log.append(_logged(row))
        except ValueError:
            continue
    expected = _row_of(rollout, log)
    if expected is None:
        return
    assigned = ", ".join(f"{name} = ?" for name in expected)
    connection.execute(f"UPDATE rollouts SET {assigned} WHERE id = ?", (*expected.values(), rollout))
