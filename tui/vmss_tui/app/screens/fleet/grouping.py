"""How the list of scale sets is grouped now, and which groups are closed. Must not import Textual."""

from collections.abc import Sequence

from vmss_tui import text
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.presentation.fleet.groups import BY_COLUMN, KEY, group_row, grouped, ways_to_group
from vmss_tui.presentation.fleet.rows import FLEET, RowCache, table_of
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Column, Row, cell

COLUMNS = (Column("by", "GROUP BY", 30, flex=1),)


class Grouping:
    """The property by which the list is grouped; empty for not at all."""

    def __init__(self, by: str = "") -> None:
        self.by = by
        self._closed: set[str] = set()

    def choices(self, entries: Sequence[FleetEntry]) -> tuple[Row, ...]:
        """What the list can be grouped by, as rows to pick from; the key of the first is empty."""
        titles = {way: FLEET.column(way).title.lower() for way in ways_to_group(entries) if not way.startswith("tag:")}
        ways = {"": "no groups", **{way: titles.get(way, text.plain(way)) for way in ways_to_group(entries)}}
        return tuple(
            Row(way, (cell(title, Role.ACCENT if way == self.by else Role.PLAIN),)) for way, title in ways.items()
        )

    def use(self, by: str) -> None:
        """Group by something else, by nothing when this program does not know it; every group is open."""
        self.by = by if by in BY_COLUMN or by.startswith("tag:") else ""
        self._closed.clear()

    def toggle(self, key: str | None) -> bool:
        """Close or open the group of a row; False when the row is none."""
        if key is None or not key.startswith(KEY):
            return False
        self._closed ^= {key}
        return True

    def rows(self, entries: Sequence[FleetEntry], cache: RowCache, know: Knowledge) -> tuple[Row, ...]:
        """The rows of these sets, with a line above each group."""
        if not self.by:
            return cache.rows(entries, know)
        groups = grouped(entries, self.by, know)
        made = iter(cache.rows([entry for group in groups for entry in group.entries], know))
        found: list[Row] = []
        for group in groups:
            closed = group.key in self._closed
            found.append(group_row(group, table_of(know), know, closed=closed))
            rows = [next(made) for _ in group.entries]
            found += [] if closed else rows
        return tuple(found)
