"""The fleet in a line: how many there are, how many need attention, and where the set under the cursor is.

Pure functions over `domain.fleet`.
"""

from collections.abc import Sequence

from vmss_tui import text
from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.presentation.fleet.rows import MANAGED, size_of, tenant_of
from vmss_tui.presentation.fleet.state import Knowledge, state_of
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, text_of


def fleet_note(snapshot: FleetSnapshot) -> str:
    """`contoso.com · 4 subscriptions · 15 scale sets`."""
    tenants = snapshot.tenants
    parts = [tenants[0].domain or tenants[0].name or tenants[0].id] if len(tenants) == 1 else []
    if len(tenants) > 1:
        parts.append(text.counted(len(tenants), "tenant"))
    parts.append(text.counted(len(snapshot.subscriptions), "subscription"))
    parts.append(text.counted(len(snapshot.entries), "scale set"))
    return " · ".join(parts)


def managed_hidden(snapshot: FleetSnapshot, shown: Sequence[FleetEntry]) -> int:
    """How many sets of other controllers are not shown; the filter `managed:yes` shows them."""
    ids = {entry.id for entry in shown}
    return sum(entry.id not in ids and controller_of(entry.scale_set) is not None for entry in snapshot.entries)


def not_counted(entries: Sequence[FleetEntry], why: str) -> str:
    """How many sets have no counts, and why (empty: no error says why); empty when all sets have them."""
    missing = sum(entry.counts is None for entry in entries)
    if not missing:
        return ""
    what = f"the instances of {text.counted(missing, 'scale set')} are not counted by Resource Graph"
    return f"{what}: {text.plain(why)}" if why else what


def place_of(entry: FleetEntry, know: Knowledge, cells: int) -> str:
    """Where a set is, its nearest parts in `cells` cells: `contoso.com ▸ prod-europe ▸ rg-ship-web`."""
    parts = [tenant_of(entry, know), entry.subscription.name, entry.scale_set.id.group]
    parts = [text.plain(part) for part in parts if part]
    while parts and text.width(" ▸ ".join(parts)) > cells:
        parts.pop(0)
    return " ▸ ".join(parts)


def fleet_rest(summary: Line, entry: FleetEntry | None, know: Knowledge, cells: int) -> Line:
    """The summary, and at the right where the set under the cursor is, as far as there is room."""
    room = cells - text.width(text_of(summary)) - 3
    where = place_of(entry, know, room) if entry is not None else ""
    return (*summary, (" " * (room + 3 - text.width(where)), Role.PLAIN), (where, Role.DIM)) if where else summary


def fleet_summary(snapshot: FleetSnapshot, shown: Sequence[FleetEntry], know: Knowledge) -> Line:
    """The status line at rest: how many are shown, how many instances, how many need attention."""
    total = len(snapshot.entries)
    sets = text.counted(total, "scale set") if len(shown) == total else f"{len(shown)} of {total} scale sets"
    instances = sum(size_of(entry) for entry in shown)
    marks = [state_of(entry, know) for entry in shown]
    parts: list[tuple[str, Role]] = [(f"{sets}, {text.counted(instances, 'instance')}", Role.DIM)]
    for role, words in ((Role.BAD, "failing"), (Role.WARN, "to check"), (Role.BUSY, "in progress")):
        count = sum(mark.role is role for mark in marks)
        if count:
            parts += [("  ·  ", Role.DIM), (f"{count} {words}", role)]
    if hidden := managed_hidden(snapshot, shown):
        parts += [("  ·  ", Role.DIM), (f"{hidden} hidden ({MANAGED}:yes)", Role.DIM)]
    if snapshot.problems:
        parts += [("  ·  ", Role.DIM), (f"▲ {text.plain(snapshot.problems[0])}", Role.WARN)]
        if len(snapshot.problems) > 1:
            parts.append((f" and {len(snapshot.problems) - 1} more", Role.WARN))
    return tuple(parts)
