"""The record of earlier rollouts. Reading it needs no cloud and no sign-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from vmss_tui.cli.commands import database_token
from vmss_tui.cli.settings import Settings
from vmss_tui.domain.rollout.state import fold
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import Journal, RolloutHeader, WavesHeader
from vmss_tui.presentation.records import Record, header_record, log_records
from vmss_tui.presentation.rollout.info import info_of
from vmss_tui.redact import redacted_record
from vmss_tui.report.formats import write


class RolloutJournal:
    """Rollouts of single scale sets, as they are recorded. See `open_journal`.

    `rollout` is an id or its unique beginning. Every method raises JournalUnavailable, and UsageError for an id that
    the journal does not have.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def rollouts(self, limit: int = 50) -> tuple[Record, ...]:
        """The newest rollouts, newest first, as in `rollouts --json`."""
        return tuple(redacted_record(header_record(header)) for header in self._journal.rollouts(limit=limit))

    def events(self, rollout: str) -> tuple[Record, ...]:
        """The whole log of a rollout, as in `attach --jsonl`; the verdict last when it has ended."""
        header = self._header(rollout)
        log = self._journal.events(header.id)
        state = fold(log)
        found = log_records(header.id, log, info_of(state, state.last_at or header.created_at))
        return tuple(redacted_record(record) for record in found)

    def report(self, rollout: str, form: Literal["md", "html", "json", "jsonl", "csv", "junit"] = "md") -> str:
        """The change record, as `vmss-tui report --format FORM` prints it."""
        header = self._header(rollout)
        return write(form, header, self._journal.events(header.id), self._journal.links(header.id))

    def _header(self, rollout: str) -> RolloutHeader:
        found = self._journal.locate(rollout)
        if isinstance(found, WavesHeader):
            raise UsageError(
                f"rollout {found.id} goes over several scale sets", hint="Name the rollout of one of its sets."
            )
        return found


@contextmanager
def open_journal(place: Path | str | None = None) -> Iterator[RolloutJournal]:
    """Open a journal to read it: a file, or the address of a PostgreSQL database; None: the configured one.

    Raises JournalUnavailable, also when there is no journal yet.
    """
    settings = Settings(journal=place).with_configuration()
    database_token.provide(settings)
    journal = Journal.open(settings.journal, read_only=True)
    try:
        yield RolloutJournal(journal)
    finally:
        journal.close()
