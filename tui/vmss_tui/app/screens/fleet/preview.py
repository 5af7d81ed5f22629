"""What the pane shows of the scale set under the cursor; imported parts wait until there is a pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from vmss_tui.app.effects import Sheet
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.errors import JournalUnavailable
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.table import Line

if TYPE_CHECKING:
    from vmss_tui.journal.store import Journal, RolloutHeader


def preview(
    entry: FleetEntry, know: Knowledge, journal: Callable[[], Journal], cells: int, rows: int
) -> Sequence[Line]:
    """Its facts and its newest rollouts; without those where the journal cannot be read."""
    from vmss_tui.presentation.panes.fleet import MOST_ROLLOUTS, set_pane

    past: tuple[RolloutHeader, ...] = ()
    with suppress(JournalUnavailable):
        past = journal().rollouts(limit=MOST_ROLLOUTS, target=entry.id)
    return set_pane(entry, know, past, cells, rows)


def details_sheet(entry: FleetEntry, know: Knowledge) -> Sheet:
    """Everything that the list knows of it."""
    from vmss_tui.presentation.fleet.details import entry_lines

    return Sheet(lambda width: entry_lines(entry, know, width))
