"""The list of scale sets by subscription, region, version, tag and more, with a line for each group. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui import text
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.presentation.fleet.rows import FLEET
from vmss_tui.presentation.fleet.state import SEVERITY, Knowledge, state_of
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Cell, Row, Table, cell, text_of

BY_COLUMN = ("sub", "region", "version", "group", "tenant", "mode")
"""Columns that the list can be grouped by; further ways are `tag:NAME`."""
KEY = "group:"
"""Before the name of a group in the key of its row."""


@dataclass(frozen=True, slots=True)
class Group:
    """Scale sets that have something in common."""

    name: str
    entries: tuple[FleetEntry, ...]

    @property
    def key(self) -> str:
        """The key of its row."""
        return f"{KEY}{self.name}"


def ways_to_group(entries: Sequence[FleetEntry]) -> tuple[str, ...]:
    """What these sets can be grouped by: columns, then tags that any of them has."""
    tags = {name for entry in entries for name in entry.scale_set.tags}
    return (*BY_COLUMN, *(f"tag:{name}" for name in sorted(tags)))


def grouped(entries: Sequence[FleetEntry], by: str, know: Knowledge) -> tuple[Group, ...]:
    """The sets by what `by` says, groups by name; within one they keep their order."""
    found: dict[str, list[FleetEntry]] = {}
    for entry in entries:
        found.setdefault(_name(entry, by, know), []).append(entry)
    return tuple(Group(name, tuple(found[name])) for name in sorted(found, key=lambda name: (name == "–", name)))


def group_row(group: Group, table: Table[FleetEntry, Knowledge], know: Knowledge, *, closed: bool) -> Row:
    """The line of a group: its name and size, its instances and the most important state of its sets."""
    worst = min((state_of(entry, know) for entry in group.entries), key=lambda mark: SEVERITY.get(mark.role, 5))
    counts = [entry.counts.total if entry.counts else entry.scale_set.capacity for entry in group.entries]
    cells: dict[str, Cell] = {
        "instances": cell(str(sum(counts)), Role.DIM),
        "state": ((worst.text(), worst.role),),
    }
    title = f"{'▸' if closed else '▾'} {text.plain(group.name)} ({len(group.entries)})"
    shown = [cells.get(column.key, ()) for column in table.columns]
    return Row(group.key, ((cell(title, Role.ACCENT)), *shown[1:]))


def _name(entry: FleetEntry, by: str, know: Knowledge) -> str:
    if by.startswith("tag:"):
        return entry.scale_set.tags.get(by.removeprefix("tag:"), "") or "–"
    if by == "tenant":
        return know.tenants.get(entry.subscription.tenant_id, "") or entry.subscription.tenant_id or "–"
    return text_of(FLEET.column(by).cell(entry, know)).strip() or "–"
