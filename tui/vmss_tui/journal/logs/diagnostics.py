"""Who ran which diagnostic on which instance: a table of its own, beside the logs of rollouts.

A row is committed before the script is sent, with its text; how it ended is added. Output is not kept: it may hold
anything that an instance has.
"""

from datetime import datetime

from vmss_tui.domain.fleet.diagnostic import DiagnosticEntry
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.journal import schema
from vmss_tui.journal.databases.database import Database
from vmss_tui.journal.rows import person
from vmss_tui.redact import redacted


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
                + " ORDER BY id DESC LIMIT ?",
                (wanted, limit) if wanted is not None else (limit,),
            ).fetchall()
        return tuple(
            DiagnosticEntry(
                id=int(row["id"]),
                at=schema.moment(row["at"]),
                who=row["who"],
                host=row["host"],
                target=ScaleSetId.parse(row["target"]),
                instance=row["instance"],
                name=row["name"],
                script=row["script"],
                ended_at=schema.moment(row["ended_at"]) if row["ended_at"] else None,
                problem=row["problem"],
            )
            for row in found
        )
