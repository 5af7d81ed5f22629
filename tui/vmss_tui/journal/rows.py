"""Rollouts and requests as rows of the journal: the content of each column, and which rows cannot be read.

A damaged row raises ValueError here; the callers decide what that means.
"""

import secrets
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.rollout_plan import NO_SCRIPT, RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import Entry, Logged, Planned, RollbackStarted, kind_name
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.waves.events import WavesLogged, WavesPlanned
from vmss_tui.errors import NotUnique, UsageError
from vmss_tui.journal import chain, columns, schema
from vmss_tui.journal.databases.database import Connection, Row
from vmss_tui.journal.schema import AnyEvent
from vmss_tui.redact import redacted
from vmss_tui.text import listed

ALL = (
    "SELECT id, kind, target, target_key, digest, coalesce(rollouts.label, labels.label) AS label, profile, who, why,"
    " ticket, host, created_at, stage, ended_at, reason, waves, starts_at FROM rollouts LEFT JOIN labels USING (digest)"
)
"""Every rollout, of one set and over several; where a version got its name later, with that name."""
ROLLOUTS = ALL.replace("FROM rollouts", "FROM (SELECT * FROM rollouts WHERE kind = 'set') AS rollouts")
"""Rollouts of one set."""
WAVES = ALL.replace("FROM rollouts", "FROM (SELECT * FROM rollouts WHERE kind = 'waves') AS rollouts")
"""Rollouts over several sets."""
UNLIMITED = 2**62
"""More rows than there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A rollout of either kind at a glance. Times are UTC; `label` is the version it brings, `host` where it began."""

    id: str
    label: str
    profile: str
    who: str
    why: str
    ticket: str
    host: str
    created_at: datetime
    stage: Stage
    ended_at: datetime | None = None
    reason: str = ""
    starts_at: datetime | None = None
    """When it is to start, or to resume, until a runner has taken it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutHeader(Header):
    """A rollout of one scale set at a glance."""

    target: ScaleSetId
    waves: str = ""
    """The rollout over several sets that it belongs to; empty for one on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesHeader(Header):
    """A rollout over several scale sets at a glance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A requested verb; the runner answers it in the log."""

    id: int
    rollout: str
    verb: str
    who: str
    host: str
    why: str
    argument: str
    at: datetime


def newest(connection: Connection, query: str, values: Sequence[object] = (), limit: int = -1) -> list[Row]:
    """The newest `limit` rows of a query over rollouts (all of them: -1)."""
    limited = f"{query} ORDER BY created_at DESC, id LIMIT ?"
    return connection.execute(limited, (*values, limit if limit >= 0 else UNLIMITED)).fetchall()


def header_of(row: Row) -> RolloutHeader:
    """A rollout's row. Raises ValueError when it is damaged."""
    target = ScaleSetId.parse(columns.text(row, "target"))
    return RolloutHeader(target=target, waves=columns.text(row, "waves"), **_common(row))


def waves_header_of(row: Row) -> WavesHeader:
    """The row of a rollout over several sets. Raises ValueError when it is damaged."""
    return WavesHeader(**_common(row))


def any_header_of(row: Row) -> RolloutHeader | WavesHeader:
    """The row of a rollout of either kind. Raises ValueError when it is damaged."""
    if row["kind"] not in ("set", "waves"):
        raise ValueError("it is of no known kind")
    return waves_header_of(row) if row["kind"] == "waves" else header_of(row)


def _common(row: Row) -> dict[str, Any]:
    label = columns.text(row, "label") if row["label"] else ""
    return {
        **{name: columns.text(row, name) for name in ("id", "profile", "who", "why", "ticket", "host", "reason")},
        "label": label or unnamed(columns.text(row, "digest")) or NO_SCRIPT,
        "created_at": columns.moment(row, "created_at"),
        "stage": Stage(columns.text(row, "stage")),
        "starts_at": columns.moment_or_none(row, "starts_at"),
        "ended_at": columns.moment_or_none(row, "ended_at"),
    }


_NEAREST = 50
"""Rows from which one is chosen: enough to pass over damaged ones, and to name those whose ids begin alike."""


def candidates(connection: Connection, select: str, text: str | None, *, alone: bool = False) -> list[Row]:
    """Rows of `select` among which `chosen` finds what `text` means, newest first, without reading them all.

    `alone`: without those that belong to a rollout over several sets.
    """
    if text is not None:
        found = connection.execute(
            f"{select} WHERE substr(id, 1, ?) = ? ORDER BY created_at DESC, id LIMIT ?",
            (len(text), text.lower(), _NEAREST if text else 0),
        )
        return list(found)
    known: dict[str, Row] = {}
    for which in ("ended_at IS NULL", "created_at <> ''"):
        rows = connection.execute(
            f"{select} WHERE {which} {'AND waves = ?' if alone else ''} ORDER BY created_at DESC, id LIMIT ?",
            (*([""] if alone else []), _NEAREST),
        )
        known.update((row["id"], row) for row in rows)
    return sorted(known.values(), key=lambda row: str(row["created_at"]), reverse=True)


HeaderT = TypeVar("HeaderT", RolloutHeader, RolloutHeader | WavesHeader)


def chosen(known: Sequence[HeaderT], text: str | None) -> HeaderT:
    """The rollout with an id or its unique beginning; None is the newest that runs, else the newest.

    `known` are in order, newest first. Raises UsageError when there is none, NotUnique when several fit.
    """
    if text is None:
        if not known:
            raise UsageError("there is no rollout yet", hint="Start one with `vmss-tui rollout PROFILE`.")
        return next((header for header in known if not header.stage.over), known[0])
    found = [header for header in known if text and header.id.startswith(text.lower())]
    if not found:
        raise UsageError(f"no rollout {text!r}", hint="`vmss-tui rollouts` lists them.")
    if len(found) > 1:
        names = listed(header.id for header in found)
        raise NotUnique(f"several rollout ids begin with {text!r}", hint=f"Give more of the id: {names}.")
    return found[0]


def request_of(row: Row) -> Request:
    """A request's row. Raises ValueError when it is damaged."""
    return Request(
        **{name: columns.text(row, name) for name in ("rollout", "verb", "who", "host", "why", "argument")},
        id=columns.number(row, "id"),
        at=columns.moment(row, "at"),
    )


def versions_brought(connection: Connection, target_key: str) -> frozenset[str]:
    """Digests of the versions that rollouts brought to a set, or were to bring; and of those that they restored.

    A failed rollout that rolls itself back writes the model of the version before.
    """
    brought = connection.execute("SELECT DISTINCT digest FROM rollouts WHERE target_key = ?", (target_key,)).fetchall()
    restored = connection.execute(
        "SELECT kind, version, body FROM events WHERE kind = ? AND rollout IN"
        " (SELECT id FROM rollouts WHERE target_key = ? AND stage <> ?)",
        (kind_name(RollbackStarted), target_key, Stage.COMPLETED.value),
    ).fetchall()
    found = {str(row["digest"]) for row in brought}
    for row in restored:
        with suppress(ValueError):
            event = schema.decode(row["kind"], row["version"], row["body"])
            found |= {event.plan.target_digest} if isinstance(event, RollbackStarted) else set()
    return frozenset(found - {""})


# --- writing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who starts a rollout on which host, what for, and the ticket; without secrets."""

    who: str
    host: str
    why: str
    ticket: str


def person(who: str, why: str, ticket: str) -> Person:
    """A person on this host."""
    return Person(who, socket.gethostname(), redacted(why), redacted(ticket))


def insert_rollout(connection: Connection, plan: RolloutPlan, by: Person, at: datetime, *, waves: str = "") -> str:
    """Store a new rollout with its plan, of those over several sets where `waves` is given; returns its id."""
    rollout = secrets.token_hex(4)
    label = None if plan.removes else redacted(plan.script.label) or None
    connection.execute(
        "INSERT INTO rollouts (id, target, target_key, digest, label, profile, who, why, ticket, host,"
        " created_at, stage, waves) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            rollout, str(plan.target), "|".join(plan.target.key), plan.target_digest, label,
            plan.profile, by.who, by.why, by.ticket, by.host, schema.stamp(at), Stage.PLANNED.value, waves,
        ),
    )  # fmt: skip
    planned = Planned(plan, who=by.who, host=by.host, why=by.why, ticket=by.ticket)
    insert_events(connection, rollout, (Logged(1, at, planned),), "")
    connection.execute("UPDATE rollouts SET signed = ? WHERE id = ?", (schema.encode_signed(planned), rollout))
    before = {plan.previous.digest: plan.previous.label} if plan.previous is not None else {}
    for digest, name in {**before, **plan.names}.items():
        if name:
            label_version(connection, digest, name)
    label_version(connection, plan.script.digest, plan.script.label)
    return rollout


def insert_waves(connection: Connection, plan: WavesPlan, by: Person, at: datetime) -> str:
    """Store a new rollout over several sets with its plan; returns its id."""
    rollout = secrets.token_hex(4)
    digest = plan.script.digest if plan.script is not None else ""
    connection.execute(
        "INSERT INTO rollouts (id, kind, target, target_key, digest, label, profile, who, why, ticket, host,"
        " created_at, stage) VALUES (?,'waves','',?,?,?,?,?,?,?,?,?,?)",
        (
            rollout, waves_key(rollout), digest, redacted(plan.label) or None, plan.profile, by.who, by.why, by.ticket,
            by.host, schema.stamp(at), Stage.PLANNED.value,
        ),
    )  # fmt: skip
    planned = WavesPlanned(plan, who=by.who, host=by.host, why=by.why, ticket=by.ticket)
    insert_events(connection, rollout, (WavesLogged(1, at, planned),), "")
    connection.execute("UPDATE rollouts SET signed = ? WHERE id = ?", (schema.encode_signed(planned), rollout))
    if plan.script is not None:
        label_version(connection, digest, plan.script.label)
    return rollout


def waves_key(rollout: str) -> str:
    """What stands for the scale set in the lease of a rollout over several: each has a coordinator of its own."""
    return f"waves|{rollout}"


def insert_events(connection: Connection, rollout: str, log: Iterable[Entry[AnyEvent]], head: str) -> None:
    """Store events after the one whose hash is `head`."""
    for entry in log:
        kind, body = schema.encode(entry.event)
        values = (rollout, entry.seq, schema.stamp(entry.at), kind, schema.VERSION, body.decode())
        head = chain.hash_of(head, *values)
        connection.execute(
            "INSERT INTO events (rollout, seq, at, kind, version, body, hash) VALUES (?,?,?,?,?,?,?)", (*values, head)
        )
    connection.execute("UPDATE rollouts SET head = ? WHERE id = ?", (head, rollout))


def label_version(connection: Connection, digest: str, label: str) -> None:
    """Label a version; one that is rolled out without a label has none until it is named."""
    label = redacted(label)
    then = "UPDATE SET label = excluded.label" if label else "NOTHING"
    connection.execute(
        f"INSERT INTO labels (digest, label) VALUES (?,?) ON CONFLICT (digest) DO {then}", (digest, label or None)
    )


def require_running(row: Row, verb: str) -> None:
    """Raise UsageError for a verb that a rollout takes no more, since it has ended."""
    stage = Stage(row["stage"])
    if stage.over:
        running = "`vmss-tui rollouts` lists those that are running."
        raise UsageError(
            f"rollout {row['id']} has ended ({stage.word}): {verb} is no longer possible",
            hint="Retry and undo start a new rollout." if verb in ("retry", "undo") else running,
        )
