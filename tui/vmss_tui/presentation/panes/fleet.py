"""The pane of the list of scale sets: the set under the cursor, and its last rollouts. Pure."""

from collections.abc import Sequence
from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.presentation.fleet.details import entry_lines
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.glyphs import STAGE, Role
from vmss_tui.presentation.panes.sections import Section, heading, stacked
from vmss_tui.presentation.rollout.header import Header
from vmss_tui.presentation.table import Line
from vmss_tui.text import plain, seconds_between, wrap

MOST_ROLLOUTS = 6
"""Rollouts of a set that the pane shows."""


def set_pane(entry: FleetEntry, know: Knowledge, rollouts: Sequence[Header], cells: int, rows: int) -> tuple[Line, ...]:
    """Facts above, the newest rollouts below."""
    facts = tuple(entry_lines(entry, know, cells))
    past = tuple(line for header in rollouts[:MOST_ROLLOUTS] for line in _rollout(header, know.now, cells))
    return stacked(
        (
            Section(
                title=((plain(entry.scale_set.name), Role.ACCENT),),
                lines=facts,
                rows=min(len(facts) + 1, rows * 3 // 5),
            ),
            Section(title=heading("rollouts"), lines=past or ((("none in the journal", Role.DIM),),)),
        ),
        rows,
    )


def _rollout(header: Header, now: datetime, cells: int) -> Sequence[Line]:
    """How it ended, its version, when and by whom; then what for, or why it failed."""
    mark = STAGE[header.stage]
    age = duration.ago(seconds_between(header.created_at, now))
    first: Line = (
        (mark.text(), mark.role),
        (f"  {plain(header.label)}", Role.PLAIN),
        (f"  {age}, by {plain(header.who)}", Role.DIM),
    )
    failed = header.stage is Stage.FAILED and header.reason
    why = header.reason if failed else " ".join(part for part in (header.ticket, header.why) if part)
    return (first, *(((f"  {part}", Role.DIM),) for part in wrap(plain(why), max(8, cells - 2)) if part))
