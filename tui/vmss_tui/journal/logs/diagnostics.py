"""Who ran which diagnostic on which instance: a table of its own, beside the logs of rollouts.

A row is committed before the script is sent, with its text; how it ended is added. Output is not kept: it may hold
anything that an instance has.
"""

from datetime import datetime

from vmss_tui.domain.fleet.diagnostic import DiagnosticEntry
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.journal import columns, schema
from vmss_tui.journal.databases.database import Database, Row
from vmss_tui.journal.rows import person
from vmss_tui.redact import redacted

IDENTITY = ("at", "who", "host", "target_key", "instance", "name", "script")
"""The columns that are written when a diagnostic begins, and distinguish it from all others of any journal."""


class DiagnosticsLog:
    """The diagnostics of a journal."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def begin(self, target: ScaleSetId, instance: str, name: str, script: str, *, who: str, at: datetime) -> int:
        """Record a diagnostic that is about to run; returns its number. Raises JournalUnavailable."""
        by = person(who, "", "")
        with self._db.writing() as connection:
            row = connection.execute(
                "INSERT INTO diagnostics (at, who, host, target, target_key, instance, name, script, problem)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '') RETURNING id",
                (
                    schema.stamp(at), by.who, by.host, str(target), "/".join(target.key), instance, name,
                    redacted(script),
                ),
            ).fetchone()  # fmt: skip
        return int(row["id"])

    def end(self, entry: int, problem: str, *, at: datetime) -> None:
        """Record how it ended. Raises JournalUnavailable."""
        with self._db.writing() as connection:
            connection.execute(
                "UPDATE diagnostics SET ended_at = ?, problem = ? WHERE id = ?",
                (schema.stamp(at), redacted(problem), entry),
            )

    def entries(self, *, target: ScaleSetId | None = None, limit: int = 200) -> tuple[DiagnosticEntry, ...]:
        """The newest first, of all scale sets or of one. Raises JournalUnavailable."""
        wanted = "/".join(target.key) if target is not None else None
        with self._db.reading() as connection:
            found = connection.execute(
                "SELECT * FROM diagnostics"
                + (" WHERE target_key = ?" if wanted is not None else "")
                + " ORDER BY at DESC, id DESC LIMIT ?",
                (wanted, limit) if wanted is not None else (limit,),
            ).fetchall()
        return tuple(columns.readable(found, entry_of, "diagnostics"))


def identity_of(row: Row) -> tuple[object, ...]:
    """What a diagnostic has in common with its copy in another journal."""
    return tuple(row[name] for name in IDENTITY)


def entry_of(row: Row) -> DiagnosticEntry:
    """The diagnostic of a row. Raises ValueError for a damaged one."""
    return DiagnosticEntry(
        **{name: columns.text(row, name) for name in ("who", "host", "instance", "name", "script", "problem")},
        id=columns.number(row, "id"),
        at=columns.moment(row, "at"),
        target=ScaleSetId.parse(columns.text(row, "target")),
        ended_at=columns.moment_or_none(row, "ended_at"),
    )
