"""Moves history from one journal to another: every rollout that has ended, verified by its hash chain; diagnostics.

The momentary stays behind: leases, watchers, the levels of the request quota, the queue of the workers.
"""

from dataclasses import dataclass, field
from typing import Any

from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal import chain
from vmss_tui.journal.databases.database import Connection, Database, Row
from vmss_tui.journal.logs.diagnostics import IDENTITY, entry_of, identity_of

_LEFT_BEHIND = {"signed"}
"""Columns of a rollout that are for its runner only, and may hold a signed address."""


@dataclass
class Copied:
    """What a copy did, as ids of rollouts."""

    copied: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    """Already there, with the same head."""
    unfinished: list[str] = field(default_factory=list)
    """Not copied: a runner of the source may still work on them."""
    refused: dict[str, str] = field(default_factory=dict)
    """Not copied, and why: the source is damaged, or the target has another rollout of that id."""
    diagnostics_copied: int = 0
    """Diagnostics that are new in the target, or whose end is."""
    diagnostics_present: int = 0
    diagnostics_refused: list[str] = field(default_factory=list)
    """Rows of diagnostics that cannot be read, and why."""


def copy(source: Database, target: Database) -> Copied:
    """Copy what has ended, the oldest first; each rollout is there whole or not at all.

    May be run again, also after it was killed. Raises JournalUnavailable when one of them cannot be used, UsageError
    when they are the same.
    """
    if str(source.place) == str(target.place):
        raise UsageError("the journal would be copied onto itself", hint="Name two different journals.")
    done = Copied()
    with source.reading() as connection:
        headers = connection.execute("SELECT * FROM rollouts ORDER BY created_at, id").fetchall()
        _labels(connection, target)
    for header in headers:
        _copy_one(source, target, header, done)
    _copy_diagnostics(source, target, done)
    return done


def _copy_one(source: Database, target: Database, header: Row, done: Copied) -> None:
    rollout = str(header["id"])
    if not Stage(header["stage"]).over:
        done.unfinished.append(rollout)
        return
    with source.reading() as connection:
        events = _rows(connection, "events", rollout, "seq")
        requests = _rows(connection, "requests", rollout, "id")
        broken = next(chain.breaks(chain.links(connection, rollout), str(header["head"])), None)
    if broken is not None:
        done.refused[rollout] = broken.message
        return
    with target.writing() as connection:
        target.serialize(connection, f"copy|{rollout}")
        there = connection.execute("SELECT head FROM rollouts WHERE id = ?", (rollout,)).fetchone()
        if there is not None:
            if there["head"] == header["head"]:
                done.present.append(rollout)
            else:
                done.refused[rollout] = "the other journal has another rollout of this id"
            return
        _insert(connection, "rollouts", header, without=_LEFT_BEHIND)
        for row in events:
            _insert(connection, "events", row)
        for row in requests:
            _insert(connection, "requests", row, without={"id"})
        if next(chain.breaks(chain.links(connection, rollout), str(header["head"])), None) is not None:
            raise JournalUnavailable(
                f"rollout {rollout} did not arrive in {target.name} as it was",
                hint="Nothing of it was kept there; see `vmss-tui journal check`.",
            )
    done.copied.append(rollout)


def _labels(connection: Connection, target: Database) -> None:
    """Names of versions; those of the target stay."""
    known = connection.execute("SELECT digest, label FROM labels").fetchall()
    with target.writing() as writing:
        for row in known:
            writing.execute(
                "INSERT INTO labels (digest, label) VALUES (?,?) ON CONFLICT (digest) DO NOTHING",
                (row["digest"], row["label"]),
            )


def _copy_diagnostics(source: Database, target: Database, done: Copied) -> None:
    """All at once. A number is of one journal only: a diagnostic is the same when its beginning is the same."""
    with source.reading() as connection:
        found = connection.execute("SELECT * FROM diagnostics ORDER BY id").fetchall()
    if not found:
        return
    with target.writing() as connection:
        target.serialize(connection, "copy|diagnostics")
        there = {
            identity_of(row): row
            for row in connection.execute(f"SELECT id, ended_at, {', '.join(IDENTITY)} FROM diagnostics").fetchall()
        }
        for row in found:
            try:
                entry_of(row)
            except ValueError as problem:
                done.diagnostics_refused.append(f"diagnostic {row['id']}: {problem}")
                continue
            known = there.get(identity_of(row))
            if known is None:
                _insert(connection, "diagnostics", row, without={"id"})
            elif known["ended_at"] is None and row["ended_at"] is not None:
                connection.execute(
                    "UPDATE diagnostics SET ended_at = ?, problem = ? WHERE id = ?",
                    (row["ended_at"], row["problem"], known["id"]),
                )
            else:
                done.diagnostics_present += 1
                continue
            done.diagnostics_copied += 1


def _rows(connection: Connection, table: str, rollout: str, order: str) -> list[Any]:
    return connection.execute(f"SELECT * FROM {table} WHERE rollout = ? ORDER BY {order}", (rollout,)).fetchall()


def _insert(connection: Connection, table: str, row: Row, without: frozenset[str] | set[str] = frozenset()) -> None:
    columns = [name for name in row.keys() if name not in without]  # noqa: SIM118 - a row iterates values
    marks = ",".join("?" * len(columns))
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(row[name] for name in columns)
    )
