"""The fleet in rows: the cells of each column, the values that a filter compares, the order.

Pure functions over `domain.fleet`; the labels of versions and the time come from the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vmss_tui import text
from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import HandlerOs, ScriptConfig
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import name_of
from vmss_tui.presentation.filter import IDS, Match
from vmss_tui.presentation.fleet.state import SEVERITY, Knowledge, Labels, state_of
from vmss_tui.presentation.glyphs import SLASHED, Mark, Role
from vmss_tui.presentation.table import Cell, DataColumn, Row, Table, View, cell

MANAGED = "managed"
"""The field of a filter that shows sets of other controllers: `managed:yes`, `managed:aks`."""
LONGEST_VERSION = 16
"""Cells of `unknown a1b2c3d4`: a column of versions gets this width when it needs it."""

MODES = {UpgradeMode.ROLLING: "Rolling", UpgradeMode.MANUAL: "Manual", UpgradeMode.AUTOMATIC: "Auto"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetView(View):
    """How a person wants to see the fleet."""

    order: str = "name"
    favorites_only: bool = False
    faults_only: bool = False
    """Only scale sets that need attention."""


def tenant_names(snapshot: FleetSnapshot) -> dict[str, str]:
    """Names of the tenants of the visible subscriptions, by id; nothing when there is only one."""
    ids = {subscription.tenant_id for subscription in snapshot.subscriptions if subscription.tenant_id}
    if len(ids) < 2:
        return {}
    known = {tenant.id: tenant.domain.removesuffix(".onmicrosoft.com") or tenant.name for tenant in snapshot.tenants}
    return {tenant: known.get(tenant) or tenant[:8] for tenant in ids}


def version_name(script: ScriptConfig | None, label: Labels) -> str:
    """Label of a configuration, else `unknown` and 8 hex digits, else a dash."""
    if script is None:
        return "–"
    return name_of(script, label)


def tenant_of(entry: FleetEntry, know: Knowledge) -> str:
    """The name of a set's tenant; empty when there is only one."""
    return know.tenants.get(entry.subscription.tenant_id, "")


class RowCache:
    """Rows of entries: the same entry gives the same row until something that it shows changes."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[FleetEntry, object, Row]] = {}

    def rows(self, entries: Sequence[FleetEntry], know: Knowledge) -> tuple[Row, ...]:
        """A row an entry; only new looks are made."""
        kept: dict[int, tuple[FleetEntry, object, Row]] = {}
        for entry in entries:
            look = (state_of(entry, know), entry.id in know.favorites, know.generation, tenant_of(entry, know))
            before = self._rows.get(id(entry))
            same = before is not None and before[0] is entry and before[1] == look
            kept[id(entry)] = before if same and before is not None else (entry, look, table_of(know).row(entry, know))
        self._rows = kept
        return tuple(row for _, _, row in kept.values())


def key_of(target: ScaleSetId) -> str:
    """The row key of a set."""
    return str(target).lower()


def _healthy(entry: FleetEntry, know: Knowledge) -> Cell:
    counts = entry.counts
    if counts is None or (counts.total and not counts.health_known):
        return cell(_gap(know), Role.WAIT)
    return cell("–", Role.WAIT) if counts.healthy is None or not counts.total else _share(counts.healthy, counts.total)


def _gap(know: Knowledge) -> str:
    """The text for a number that is not known: it comes, or it does not."""
    return "·" if know.reading else "–"


def _current(entry: FleetEntry, know: Knowledge) -> Cell:
    counts = entry.counts
    if counts is None or counts.total == 0:
        return cell("–" if counts else _gap(know), Role.WAIT)
    return _share(counts.current, counts.total)


def _share(part: int, whole: int) -> Cell:
    role = Role.PLAIN if part == whole else Role.WARN
    return ((f"{part}", role), (f" {text.share(part, whole):>4}", Role.DIM if part == whole else Role.WARN))


def _name(entry: FleetEntry, know: Knowledge) -> Cell:
    star: Cell = (("★ ", Role.ACCENT),) if entry.id in know.favorites else ()
    owner = controller_of(entry.scale_set)
    mark: Cell = ((f" ({owner.name})", Role.DIM),) if owner is not None else ()
    ruled: Cell = ((" (read-only)", Role.DIM),) if entry.scale_set.read_only_rule else ()
    return (*star, (text.plain(entry.scale_set.name), Role.PLAIN), *mark, *ruled)


def _subscription(entry: FleetEntry) -> Cell:
    """Its name; with a sign, which no narrow column cuts off, and the state where it can only be read."""
    name, mark = text.plain(entry.subscription.title), entry.subscription.is_read_only
    return cell(Mark(SLASHED, name, Role.WARN).text(), Role.WARN) if mark else cell(name, Role.DIM)


def _owners(entry: FleetEntry) -> tuple[str, ...]:
    owner = controller_of(entry.scale_set)
    return ("no",) if owner is None else ("yes", owner.name)


def _tags(entry: FleetEntry) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(entry.scale_set.tags.items()))


def _version(entry: FleetEntry, know: Knowledge) -> str:
    return entry.kept_version or version_name(entry.scale_set.script, know.label)


def _state(entry: FleetEntry, know: Knowledge) -> Cell:
    mark = state_of(entry, know)
    return ((mark.text(), mark.role),)


def _part(part: int | None, entry: FleetEntry) -> float:
    counts = entry.counts
    return 2.0 if counts is None or part is None or not counts.total else part / counts.total


def _percent(part: int | None, entry: FleetEntry) -> tuple[str, ...]:
    """`100%`, as the cell shows it; nothing while it is not known, or without instances."""
    counts = entry.counts
    return () if counts is None or part is None or not counts.total else (text.share(part, counts.total),)


def size_of(entry: FleetEntry) -> int:
    """How many instances a set has, by its capacity while they were not counted."""
    return entry.counts.total if entry.counts else entry.scale_set.capacity


def _by_state(entry: FleetEntry, know: Knowledge) -> tuple[int, str]:
    mark = state_of(entry, know)
    return SEVERITY.get(mark.role, 5), mark.word


FleetColumn = DataColumn[FleetEntry, Knowledge]

_TENANT = FleetColumn(
    "tenant", "TENANT", 12, flex=1, priority=7, middle=True,
    cell=lambda it, know: cell(text.plain(tenant_of(it, know)), Role.DIM),
    rank=lambda it, know: tenant_of(it, know).lower(),
    values=lambda it, know: (know.directory.get(it.subscription.tenant_id, ""), it.subscription.tenant_id),
)  # fmt: skip
"""Shown after the name when there are several tenants."""

FLEET: Table[FleetEntry, Knowledge] = Table(
    key=lambda it: key_of(it.id),
    columns=(
        FleetColumn("name", "SCALE SET", 15, flex=3, middle=True, least=10, bare=True, cell=_name,
            rank=lambda it, know: (it.scale_set.name.lower(), it.id.key),
            values=lambda it, know: (it.scale_set.name,)),
        FleetColumn("sub", "SUBSCRIPTION", 12, flex=1, priority=4, middle=True, bare=True,
            cell=lambda it, know: _subscription(it),
            rank=lambda it, know: it.subscription.name.lower(),
            values=lambda it, know: (it.subscription.title, it.subscription.id)),
        FleetColumn("group", "GROUP", 11, flex=2, priority=6, middle=True, bare=True,
            cell=lambda it, know: cell(text.plain(it.scale_set.id.group), Role.DIM),
            rank=lambda it, know: it.scale_set.id.group.lower(),
            values=lambda it, know: (it.scale_set.id.group,)),
        FleetColumn("region", "REGION", 11, flex=1, priority=5, middle=True, longest=13, bare=True,
            cell=lambda it, know: cell(text.plain(it.scale_set.location), Role.DIM),
            rank=lambda it, know: it.scale_set.location,
            values=lambda it, know: (it.scale_set.location,)),
        FleetColumn("mode", "MODE", 7, priority=3, match=Match.WORD, words=tuple(UpgradeMode),
            cell=lambda it, know: cell(MODES[it.scale_set.mode]),
            rank=lambda it, know: it.scale_set.mode.value,
            values=lambda it, know: (it.scale_set.mode.value,)),
        FleetColumn("instances", "INST", 4, right=True, priority=1, largest_first=True, match=Match.WHOLE,
            cell=lambda it, know: cell(str(size_of(it))),
            rank=lambda it, know: -size_of(it),
            values=lambda it, know: (str(size_of(it)),)),
        FleetColumn("healthy", "HEALTHY", 8, right=True, priority=1, cell=_healthy, match=Match.START,
            rank=lambda it, know: _part(it.counts.healthy if it.counts else None, it),
            values=lambda it, know: _percent(it.counts.healthy if it.counts else None, it)),
        FleetColumn("current", "CURRENT", 8, right=True, priority=2, cell=_current, match=Match.START,
            rank=lambda it, know: _part(it.counts.current if it.counts else None, it),
            values=lambda it, know: _percent(it.counts.current if it.counts else None, it)),
        FleetColumn("version", "VERSION", 13, flex=1, priority=2, middle=True, longest=LONGEST_VERSION, bare=True,
            cell=lambda it, know: cell(text.plain(_version(it, know))),
            rank=lambda it, know: _version(it, know).lower(),
            values=lambda it, know: (_version(it, know),)),
        FleetColumn("state", "STATE", 15, flex=1, match=Match.WORD, cell=_state, rank=_by_state,
            values=lambda it, know: (state_of(it, know).word,)),
    ),
    hidden=(
        _TENANT,
        FleetColumn("tag", "TAGS", 16, flex=2, priority=7, match=Match.START,
            cell=lambda it, know: cell(text.plain(_tags(it)), Role.DIM),
            rank=lambda it, know: _tags(it),
            values=lambda it, know: tuple(f"{name}={value}" for name, value in it.scale_set.tags.items())),
        FleetColumn("os", "OS", 7, priority=4, match=Match.WORD, words=tuple(HandlerOs),
            cell=lambda it, know: cell(it.scale_set.os.value if it.scale_set.os else "–", Role.DIM),
            values=lambda it, know: (it.scale_set.os.value,) if it.scale_set.os else ()),
        FleetColumn(IDS, "ID", values=lambda it, know: (it.id.short, str(it.id))),
        FleetColumn(MANAGED, "MANAGED", match=Match.START, values=lambda it, know: _owners(it)),
        FleetColumn("readonly", "READ-ONLY", match=Match.WORD, words=("yes", "no"),
            values=lambda it, know: ("yes" if it.scale_set.read_only_rule else "no",)),
    ),
)  # fmt: skip
"""The scale sets, a column an entry."""

_WITH_TENANTS = replace(FLEET, columns=(FLEET.columns[0], _TENANT, *FLEET.columns[1:]), hidden=FLEET.hidden[1:])


def table_of(know: Knowledge) -> Table[FleetEntry, Knowledge]:
    """The table; with a column for the tenant when there are several, unless the columns were chosen."""
    if know.columns:
        return FLEET.chosen(know.columns)
    return _WITH_TENANTS if know.tenants else FLEET


def shown_entries(snapshot: FleetSnapshot, view: FleetView, know: Knowledge) -> tuple[FleetEntry, ...]:
    """The entries that a view shows, in its order; equals by name, favorites first when ordered by name.

    Sets that belong to another controller (AKS, Batch) are shown only to a filter that names them with `managed:`.
    """
    asked = any(field.name == MANAGED for term in view.terms for field in term.fields)
    entries = (
        entry
        for entry in snapshot.entries
        if (asked or controller_of(entry.scale_set) is None)
        and (not view.favorites_only or entry.id in know.favorites)
        and (not view.faults_only or state_of(entry, know).role in (Role.BAD, Role.WARN))
    )
    by_name = sorted(entries, key=lambda entry: (entry.scale_set.name.lower(), entry.id.key))
    directory = {tenant.id: f"{tenant.name} {tenant.domain}" for tenant in snapshot.tenants}
    shown = FLEET.shown(by_name, view, replace(know, directory=directory))
    if view.order != "name":
        return shown
    return tuple(sorted(shown, key=lambda entry: entry.id not in know.favorites))
