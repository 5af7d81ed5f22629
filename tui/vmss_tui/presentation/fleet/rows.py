"""The fleet in rows: what stands in each column, what a filter sees, in which order.

Pure functions over `domain.fleet`; the labels of versions and the time come from the caller.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vmss_tui import duration, text
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.script import ScriptConfig, unnamed
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.presentation.filter import Fields, Term, matches
from vmss_tui.presentation.glyphs import CROSS, DOT, DOTTED, HALF, RING, SLASHED, TRIANGLE, Mark, Role
from vmss_tui.presentation.table import Cell, Column, Line, Row, cell, text_of, widened

COLUMNS = (
    Column("name", "SCALE SET", 15, flex=3, middle=True),
    Column("subscription", "SUBSCRIPTION", 12, flex=1, priority=4, middle=True),
    Column("group", "GROUP", 11, flex=2, priority=6, middle=True),
    Column("region", "REGION", 11, flex=1, priority=5, middle=True),
    Column("mode", "MODE", 7, priority=3),
    Column("instances", "INST", 4, right=True, priority=1),
    Column("healthy", "HEALTHY", 8, right=True, priority=1),
    Column("current", "CURRENT", 8, right=True, priority=2),
    Column("version", "VERSION", 13, flex=1, priority=2, middle=True),
    Column("state", "STATE", 15, flex=1),
)

TENANT = Column("tenant", "TENANT", 12, flex=1, priority=7, middle=True)
"""Stands after the name when there are several tenants."""

LONGEST_VERSION = 16
"""Cells of `unknown a1b2c3d4`: a column of versions gets so much room when it needs it."""

FIELDS = ("name", "sub", "group", "region", "mode", "tag", "state", "version", "tenant", "os")
"""What a filter may name."""

MODES = {UpgradeMode.ROLLING: "Rolling", UpgradeMode.MANUAL: "Manual", UpgradeMode.AUTOMATIC: "Auto"}

Labels = Callable[[ScriptConfig], str]
"""The name that people know a version by, or an empty text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What rows need beside Azure's answer."""

    now: datetime
    label: Labels = lambda script: ""
    favourites: frozenset[ScaleSetId] = frozenset()
    rollouts: Mapping[ScaleSetId, str] = field(default_factory=dict)
    """Rollouts of ours that run now, by scale set."""
    tenants: Mapping[str, str] = field(default_factory=dict)
    """Names of tenants by id when there are several; empty when there is nothing to tell apart."""
    generation: int = 0
    """Changes when names of versions may have changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView:
    """How a person wants to look at the fleet."""

    order: str = "name"
    reverse: bool = False
    favourites_only: bool = False
    terms: tuple[Term, ...] = ()


def tenant_names(snapshot: FleetSnapshot) -> dict[str, str]:
    """What the tenants of the subscriptions in sight are called, by id; nothing when there is only one."""
    ids = {each.tenant_id for each in snapshot.subscriptions if each.tenant_id}
    if len(ids) < 2:
        return {}
    known = {each.id: each.domain.removesuffix(".onmicrosoft.com") or each.name for each in snapshot.tenants}
    return {each: known.get(each) or each[:8] for each in ids}


def columns_of(know: Knowledge, rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns that these rows need: tenants when there are several, room for the longest version."""
    columns = (COLUMNS[0], TENANT, *COLUMNS[1:]) if know.tenants else COLUMNS
    at = next(index for index, each in enumerate(columns) if each.key == "version")
    longest = max((len(text_of(row.cells[at])) for row in rows), default=0)
    return widened(columns, "version", min(longest, LONGEST_VERSION))


def version_name(script: ScriptConfig | None, label: Labels) -> str:
    """Label of a configuration, else `unknown` and 8 hex digits, else a dash."""
    if script is None:
        return "–"
    return script.label or label(script) or unnamed(script.digest)


def state_of(entry: FleetEntry, know: Knowledge) -> Mark:
    """How a set stands, the most telling thing first."""
    upgrade, counts = entry.upgrade, entry.counts
    if entry.id in know.rollouts:
        return Mark(HALF, f"rollout {know.rollouts[entry.id][:4]}", Role.BUSY)
    if upgrade is not None and (mark := _upgrade_mark(upgrade, know.now)) is not None:
        return mark
    if entry.scale_set.provisioning is Provisioning.FAILED:
        return Mark(CROSS, "failed", Role.BAD)
    if counts is None:
        return Mark(DOTTED, "not readable", Role.WARN) if entry.problem else Mark(DOTTED, "reading", Role.WAIT)
    if counts.total == 0:
        return Mark(RING, "empty", Role.WAIT)
    if counts.failed:
        return Mark(CROSS, f"{counts.failed} failed", Role.BAD)
    if counts.healthy is not None and counts.healthy < counts.total:
        return Mark(TRIANGLE, f"{counts.total - counts.healthy} unhealthy", Role.BAD)
    if counts.current < counts.total:
        return Mark(TRIANGLE, f"{counts.total - counts.current} behind", Role.WARN)
    if entry.scale_set.provisioning in (Provisioning.UPDATING, Provisioning.CREATING, Provisioning.DELETING):
        return Mark(HALF, entry.scale_set.provisioning.value, Role.BUSY)
    return Mark(DOT, "idle", Role.OK)


def _upgrade_mark(upgrade: RollingUpgrade, now: datetime) -> Mark | None:
    total = upgrade.successful + upgrade.failed + upgrade.in_progress + upgrade.pending
    if upgrade.code.running:
        word = "rolling" if upgrade.code is UpgradeCode.ROLLING_FORWARD else "rolling back"
        return Mark(HALF, f"{word} {upgrade.successful}/{total}" if total else word, Role.BUSY)
    ago = duration.coarse(text.seconds_between(upgrade.last_action_at, now)) if upgrade.last_action_at else ""
    ago = ago.replace(" min", "m").replace(" ", "")
    if upgrade.code is UpgradeCode.FAULTED:
        return Mark(CROSS, f"faulted {ago}".rstrip(), Role.BAD)
    if upgrade.code is UpgradeCode.CANCELLED and upgrade.pending:
        return Mark(SLASHED, f"cancelled {ago}".rstrip(), Role.WARN)
    return None


def row_of(entry: FleetEntry, know: Knowledge) -> Row:
    """One set as a row for `columns_of`; its key is the resource id in lower case."""
    scale_set = entry.scale_set
    mark = state_of(entry, know)
    star: Cell = (("★ ", Role.ACCENT),) if entry.id in know.favourites else ()
    healthy, current = _shares(entry)
    return Row(
        key_of(entry.id),
        (
            (*star, (text.plain(scale_set.name), Role.PLAIN)),
            *((cell(text.plain(_tenant(entry, know)), Role.DIM),) if know.tenants else ()),
            cell(text.plain(entry.subscription.name), Role.DIM),
            cell(text.plain(scale_set.id.group), Role.DIM),
            cell(scale_set.location, Role.DIM),
            cell(MODES[scale_set.mode]),
            cell(str(_size(entry))),
            healthy,
            current,
            cell(text.plain(version_name(scale_set.script, know.label))),
            ((mark.text(), mark.role),),
        ),
    )


def _tenant(entry: FleetEntry, know: Knowledge) -> str:
    return know.tenants.get(entry.subscription.tenant_id, "")


class RowCache:
    """Rows of entries: the same entry gives the same row until something that it shows changes."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[FleetEntry, object, Row]] = {}

    def rows(self, entries: Sequence[FleetEntry], know: Knowledge) -> tuple[Row, ...]:
        """A row an entry; only new looks are made."""
        kept: dict[int, tuple[FleetEntry, object, Row]] = {}
        for entry in entries:
            look = (state_of(entry, know), entry.id in know.favourites, know.generation, _tenant(entry, know))
            before = self._rows.get(id(entry))
            same = before is not None and before[0] is entry and before[1] == look
            kept[id(entry)] = before if same and before is not None else (entry, look, row_of(entry, know))
        self._rows = kept
        return tuple(row for _, _, row in kept.values())


def key_of(target: ScaleSetId) -> str:
    """The row key of a set."""
    return str(target).lower()


def _shares(entry: FleetEntry) -> tuple[Cell, Cell]:
    counts = entry.counts
    if counts is None or counts.total == 0:
        return cell("–" if counts else "·", Role.WAIT), cell("–" if counts else "·", Role.WAIT)
    healthy = cell("–", Role.WAIT) if counts.healthy is None else _share(counts.healthy, counts.total, Role.WARN)
    return healthy, _share(counts.current, counts.total, Role.WARN)


def _share(part: int, whole: int, short: Role) -> Cell:
    role = Role.PLAIN if part == whole else short
    return ((f"{part}", role), (f" {text.share(part, whole):>4}", Role.DIM if part == whole else short))


def fields_of(entry: FleetEntry, know: Knowledge, tenants: Mapping[str, str]) -> Fields:
    """What a filter sees of a set."""
    scale_set = entry.scale_set
    version = version_name(scale_set.script, know.label)
    sub = (entry.subscription.name, entry.subscription.id)
    return {
        "": (scale_set.name, scale_set.id.group, entry.subscription.name, scale_set.location, version),
        "name": (scale_set.name,),
        "sub": sub,
        "group": (scale_set.id.group,),
        "region": (scale_set.location,),
        "mode": (scale_set.mode.value,),
        "tag": tuple(f"{key}={value}" for key, value in scale_set.tags.items()),
        "state": (state_of(entry, know).word,),
        "version": (version,),
        "tenant": (tenants.get(entry.subscription.tenant_id, ""), entry.subscription.tenant_id),
        "os": (scale_set.os.value if scale_set.os else "",),
    }


_SEVERITY = {Role.BAD: 0, Role.WARN: 1, Role.BUSY: 2, Role.WAIT: 3, Role.OK: 4}


def _part(part: int | None, entry: FleetEntry) -> float:
    counts = entry.counts
    return 2.0 if counts is None or part is None or not counts.total else part / counts.total


def _size(entry: FleetEntry) -> int:
    return entry.counts.total if entry.counts else entry.scale_set.capacity


def _by_state(entry: FleetEntry, know: Knowledge) -> tuple[int, str]:
    mark = state_of(entry, know)
    return _SEVERITY.get(mark.role, 5), mark.word


_RANKS: dict[str, Callable[[FleetEntry, Knowledge], Any]] = {
    "tenant": lambda it, know: _tenant(it, know).lower(),
    "subscription": lambda it, _: it.subscription.name.lower(),
    "group": lambda it, _: it.scale_set.id.group.lower(),
    "region": lambda it, _: it.scale_set.location,
    "mode": lambda it, _: it.scale_set.mode.value,
    "instances": lambda it, _: -_size(it),
    "healthy": lambda it, _: _part(it.counts.healthy if it.counts else None, it),
    "current": lambda it, _: _part(it.counts.current if it.counts else None, it),
    "version": lambda it, know: version_name(it.scale_set.script, know.label).lower(),
    "state": _by_state,
}


def shown_entries(snapshot: FleetSnapshot, view: FleetView, know: Knowledge) -> tuple[FleetEntry, ...]:
    """The entries that a view shows, in its order; equals by name, favourites first when ordered by name."""
    tenants = {each.id: f"{each.name} {each.domain}" for each in snapshot.tenants}
    kept = [
        each
        for each in snapshot.entries
        if (not view.favourites_only or each.id in know.favourites)
        and (not view.terms or matches(view.terms, fields_of(each, know, tenants)))
    ]
    kept.sort(key=lambda each: (each.scale_set.name.lower(), each.id.key))
    rank = _RANKS.get(view.order)
    if rank is not None:
        kept.sort(key=lambda each: rank(each, know), reverse=view.reverse)
    if view.order == "name":
        if view.reverse:
            kept.reverse()
        kept.sort(key=lambda each: each.id not in know.favourites)
    return tuple(kept)


def fleet_note(snapshot: FleetSnapshot) -> str:
    """`contoso.com · 4 subscriptions · 15 scale sets`."""
    tenants = snapshot.tenants
    parts = [tenants[0].domain or tenants[0].name or tenants[0].id] if len(tenants) == 1 else []
    if len(tenants) > 1:
        parts.append(text.counted(len(tenants), "tenant"))
    parts.append(text.counted(len(snapshot.subscriptions), "subscription"))
    parts.append(text.counted(len(snapshot.entries), "scale set"))
    return " · ".join(parts)


def place_of(entry: FleetEntry, know: Knowledge, cells: int) -> str:
    """Where a set is, its nearest parts in `cells` cells: `contoso.com ▸ prod-europe ▸ rg-ship-web`."""
    parts = [_tenant(entry, know), entry.subscription.name, entry.scale_set.id.group]
    parts = [text.plain(each) for each in parts if each]
    while parts and text.width(" ▸ ".join(parts)) > cells:
        parts.pop(0)
    return " ▸ ".join(parts)


def fleet_rest(summary: Line, entry: FleetEntry | None, know: Knowledge, cells: int) -> Line:
    """The summary, and at the right where the set under the cursor is, as far as there is room."""
    room = cells - text.width(text_of(summary)) - 3
    where = place_of(entry, know, room) if entry is not None else ""
    return (*summary, (" " * (room + 3 - text.width(where)), Role.PLAIN), (where, Role.DIM)) if where else summary


def fleet_summary(snapshot: FleetSnapshot, shown: Sequence[FleetEntry], know: Knowledge) -> Line:
    """The status line at rest: how many are shown, how many instances, how many need a look."""
    total = len(snapshot.entries)
    sets = text.counted(total, "scale set") if len(shown) == total else f"{len(shown)} of {total} scale sets"
    instances = sum(_size(each) for each in shown)
    marks = [state_of(each, know) for each in shown]
    parts: list[tuple[str, Role]] = [(f"{sets}, {text.counted(instances, 'instance')}", Role.DIM)]
    for role, words in ((Role.BAD, "in trouble"), (Role.WARN, "to look at"), (Role.BUSY, "busy")):
        count = sum(mark.role is role for mark in marks)
        if count:
            parts += [("  ·  ", Role.DIM), (f"{count} {words}", role)]
    if snapshot.problems:
        parts += [("  ·  ", Role.DIM), (f"▲ {text.plain(snapshot.problems[0])}", Role.WARN)]
        if len(snapshot.problems) > 1:
            parts.append((f" and {len(snapshot.problems) - 1} more", Role.WARN))
    return tuple(parts)
