"""A scale set on one sheet: what may interfere, its extensions with their states, its zones and domains as maps.

Pure. Foreign text is cleaned of escape sequences and is never markup.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from vmss_tui import duration, text
from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.health import IN_PROGRESS, Provisioning
from vmss_tui.domain.fleet.instance import ExtensionStatus, Instance
from vmss_tui.domain.fleet.scale_set import Autoscale, Extension, ScaleSet
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.presentation.glyphs import SCRIPT, Role
from vmss_tui.presentation.heatmap import heatmap_lines
from vmss_tui.presentation.scaleset.instances import Grouping, zones_of
from vmss_tui.presentation.scaleset.interference import policy_effects, pool_words
from vmss_tui.presentation.scaleset.summary import policy_words
from vmss_tui.presentation.table import Cell, DataColumn, Line, Piece, Table, cell, place

_LABEL = 20
_MOST_MAP_LINES = 40
_MOST_POLICIES = 5
_MOST_TROUBLED = 20
"""Reports of an extension that did not succeed; more of them only repeat the reason."""


def lines(snapshot: SetSnapshot, now: datetime, width: int) -> tuple[Line, ...]:
    """The sheet in lines of `width` cells."""
    return (
        *_heading("Interference"),
        *interference_lines(snapshot),
        (),
        *_heading("Extensions of the model"),
        *extension_lines(snapshot, now, width),
        *(line for by in Grouping for line in _map(snapshot, by, width)),
    )


def _heading(words: str) -> list[Line]:
    return [((f" {words}", Role.ACCENT),)]


# --- interference ---------------------------------------------------------------------------------------------------


def interference_lines(snapshot: SetSnapshot) -> tuple[Line, ...]:
    """Everything that may interfere with a rollout, a line each, also where there is none of it."""
    scale_set, protected = snapshot.scale_set, [it for it in snapshot.instances if it.protected]
    held = [it for it in snapshot.instances if it.protected_from_scale_in]
    notice = scale_set.terminate_notice_seconds
    owner = controller_of(scale_set)
    return (
        _switch("Managed by", owner is not None, f"{owner.name} ({text.plain(owner.evidence)})" if owner else ""),
        *_locks(snapshot.governance),
        *_policies(snapshot.governance),
        _pair("Upgrade policy", policy_words(scale_set)),
        _autoscale(snapshot.autoscale),
        *_standby(snapshot.governance, snapshot.scale_set.capacity),
        _repairs(scale_set),
        _switch("OS image upgrades", scale_set.automatic_os_upgrade, "automatic: Azure replaces instances by itself"),
        _switch("Overprovisioning", scale_set.overprovision, "on: instances come and go while the set grows"),
        _switch("Spot", bool(scale_set.spot_eviction), f"evicted instances: {text.plain(scale_set.spot_eviction)}"),
        _switch(
            "Terminate notice", bool(notice), f"{duration.exact(notice)} before an instance is deleted", Role.PLAIN
        ),
        _switch("Protected", bool(protected), f"from scale set actions: {_ids(protected)}; Azure's upgrades skip them"),
        _switch("  from scale-in", bool(held), _ids(held), Role.PLAIN),
        _change(scale_set),
    )


def _pair(name: str, words: str, role: Role = Role.PLAIN) -> Line:
    return ((text.fit(f" {name}", _LABEL), Role.DIM), (words, role))


def _switch(name: str, on: bool, words: str, role: Role = Role.WARN) -> Line:
    return _pair(name, words, role) if on else _pair(name, "none" if name[0] in "MSPT " else "off", Role.DIM)


def _ids(instances: Sequence[Instance]) -> str:
    return f"{len(instances)} ({text.listed(it.id for it in instances)})"


def _locks(known: Governance | None) -> Iterator[Line]:
    if known is None:
        yield _pair("Locks", "not read yet", Role.WAIT)
    elif known.locks is None:
        yield _pair("Locks", f"unknown: {text.plain(known.unknown)}", Role.WAIT)
    elif not known.locks:
        yield _pair("Locks", "none", Role.DIM)
    for lock in (known.locks if known is not None else None) or ():
        notes = f": {text.one_line(lock.notes)}" if lock.notes else ""
        where = text.plain(lock.scope.rstrip("/").rsplit("/", 1)[-1])
        yield _pair("Lock", f"{lock.level.value} {text.plain(lock.name)} on {where}{notes}", Role.WARN)


def _policies(known: Governance | None) -> Iterator[Line]:
    """How many are assigned, then those that deny writes, a line each."""
    if known is None:
        yield _pair("Azure Policy", "not read yet", Role.WAIT)
        return
    if known.policies is None:
        yield _pair("Azure Policy", "unknown: assignments could not be read", Role.WAIT)
        return
    count = text.counted(len(known.policies), "assignment") if known.policies else "no assignment"
    yield _pair("Azure Policy", count, Role.PLAIN if known.policies else Role.DIM)
    for words, names in policy_effects(known.policies):
        for name in names[:_MOST_POLICIES]:
            yield _pair(f"  {words}", name, Role.WARN)
        if len(names) > _MOST_POLICIES:
            yield _pair("", f"and {len(names) - _MOST_POLICIES} more", Role.DIM)


def _standby(known: Governance | None, instances: int) -> Iterator[Line]:
    if known is None:
        yield _pair("Standby pool", "not read yet", Role.WAIT)
    elif known.standby_pools is None:
        yield _pair("Standby pool", "unknown: it could not be read", Role.WAIT)
    elif not known.standby_pools:
        yield _pair("Standby pool", "none", Role.DIM)
    for pool in (known.standby_pools if known is not None else None) or ():
        yield _pair("Standby pool", f"{text.plain(pool.name)}: {pool_words(pool, instances)}", Role.WARN)


def _autoscale(found: Autoscale | None) -> Line:
    if found is not None and found.unknown:
        return _pair("Autoscale", f"unknown: {text.plain(found.unknown)}", Role.WAIT)
    if found is None or not found.enabled:
        return _pair("Autoscale", "none", Role.DIM)
    return _pair("Autoscale", f"{found.minimum}–{found.maximum} instances", Role.WARN)


def _repairs(scale_set: ScaleSet) -> Line:
    if not scale_set.automatic_repairs:
        return _pair("Automatic repairs", "off", Role.DIM)
    held = ", suspended" if scale_set.repairs_suspended else ""
    return _pair("Automatic repairs", f"on ({text.plain(scale_set.automatic_repairs)}{held})", Role.WARN)


def _change(scale_set: ScaleSet) -> Line:
    if scale_set.provisioning is Provisioning.FAILED:
        return _pair("Last change", "failed", Role.BAD)
    if scale_set.provisioning in IN_PROGRESS:
        return _pair("Last change", f"in progress ({scale_set.provisioning.value})", Role.WARN)
    return _pair("Last change", scale_set.provisioning.value, Role.DIM)


# --- extensions -----------------------------------------------------------------------------------------------------


def order_of(extension: Extension, among: Sequence[Extension]) -> int | None:
    """In which step Azure installs it, counted from 1; None where no extension waits for another.

    "Sequence extension provisioning": an extension comes after all that it names in `provisionAfterExtensions`.
    """
    if not any(found.provision_after for found in among):
        return None
    by_name = {found.name: found for found in among}

    def step(name: str, seen: frozenset[str]) -> int:
        before = [by_name[other] for other in by_name[name].provision_after if other in by_name and other not in seen]
        return 1 + max((step(found.name, seen | {found.name}) for found in before), default=0)

    return step(extension.name, frozenset({extension.name}))


def upgrades_of(extension: Extension) -> str:
    """How its handler is upgraded: `automatic`, `minor` versions with the next write, or `off`."""
    return "automatic" if extension.automatic_upgrade else "minor" if extension.auto_upgrade_minor else "off"


def statuses_of(name: str, snapshot: SetSnapshot) -> Counter[str]:
    """How many instances report what of the extension; `not reported` of those that say nothing."""
    found = Counter[str]()
    for instance in snapshot.instances:
        own = _status_of(name, instance)
        found[SCRIPT[own.state].word if own is not None else "not reported"] += 1
    return found


def _status_of(name: str, instance: Instance) -> ExtensionStatus | None:
    return next((status for status in instance.extensions if status.name == name), None)


_Column = DataColumn[Extension, SetSnapshot]

EXTENSIONS: Table[Extension, SetSnapshot] = Table(
    key=lambda it: it.name,
    columns=(
        _Column("order", "ORDER", 5, right=True, cell=lambda it, known: cell(_order(it, known), Role.DIM)),
        _Column("name", "NAME", 16, flex=1, middle=True, cell=lambda it, known: cell(text.plain(it.name))),
        _Column("handler", "PUBLISHER AND TYPE", 24, flex=3, middle=True,
            cell=lambda it, known: cell(text.plain(f"{it.publisher}.{it.type}"))),
        _Column("version", "VERSION", 7, cell=lambda it, known: cell(text.plain(it.version), Role.ACCENT)),
        _Column("upgrades", "UPGRADES", 9, priority=1, cell=lambda it, known: cell(upgrades_of(it), Role.DIM)),
        _Column("after", "AFTER", 8, flex=1, priority=3, middle=True,
            cell=lambda it, known: cell(", ".join(map(text.plain, it.provision_after)) or "–", Role.DIM)),
        _Column("instances", "INSTANCES", 20, flex=2, cell=lambda it, known: _counts(it, known)),
    ),
)  # fmt: skip
"""The extensions of the model in the order of their installation."""


def _order(extension: Extension, known: SetSnapshot) -> str:
    step = order_of(extension, known.scale_set.extensions)
    return "any" if step is None else str(step)


def _counts(extension: Extension, known: SetSnapshot) -> tuple[Piece, ...]:
    roles = {SCRIPT[state].word: SCRIPT[state].role for state in ScriptState}
    pieces: list[Piece] = []
    for word, count in statuses_of(extension.name, known).most_common():
        pieces += [(", ", Role.DIM)] if pieces else []
        pieces.append((f"{count} {word}", roles.get(word, Role.WAIT)))
    return tuple(pieces) or cell("–", Role.WAIT)


def extension_lines(snapshot: SetSnapshot, now: datetime, width: int) -> tuple[Line, ...]:
    """A table of the extensions, then what those report that have not succeeded."""
    among = snapshot.scale_set.extensions
    if not among:
        return (((" none", Role.WAIT),),)
    ordered = sorted(among, key=lambda found: (order_of(found, among) or 0, found.name.lower()))
    rows = [EXTENSIONS.row(found, snapshot).cells for found in ordered]
    return (
        *_table([cell(column.title, Role.DIM) for column in EXTENSIONS.columns], rows, width),
        *_troubled(snapshot, now),
    )


def _table(titles: Sequence[Cell], rows: Sequence[Sequence[Cell]], width: int) -> Iterator[Line]:
    """The titles and the rows in the columns that fit."""
    places = place(EXTENSIONS.columns, width, start=1, gap=2)
    for row in (titles, *rows):
        pieces: list[Piece] = []
        for found in places:
            column = EXTENSIONS.columns[found.index]
            pieces += [(" " if found is places[0] else "  ", Role.PLAIN)]
            pieces += _fitted(row[found.index], found.width, right=column.right, middle=column.middle)
        yield tuple(pieces)


def _fitted(pieces: Cell, cells: int, *, right: bool, middle: bool) -> Line:
    """A cell in exactly this many cells of the terminal."""
    if len(pieces) == 1:
        return ((text.fit(pieces[0][0], cells, right=right, middle=middle), pieces[0][1]),)
    kept: list[Piece] = []
    for words, role in pieces:
        room = cells - sum(text.width(shown) for shown, _ in kept)
        kept.append((text.cut_end(words, room), role))
    used = sum(text.width(shown) for shown, _ in kept)
    return (*kept, (" " * (cells - used), Role.PLAIN))


def _troubled(snapshot: SetSnapshot, now: datetime) -> Iterator[Line]:
    well = (ScriptState.SUCCEEDED, ScriptState.PENDING)
    found = [(it, status) for it in snapshot.instances for status in it.extensions if status.state not in well]
    for instance, status in found[:_MOST_TROUBLED]:
        mark = SCRIPT[status.state]
        age = f" {duration.ago(text.seconds_between(status.at, now))}" if status.at is not None else ""
        head = f" {text.plain(instance.name)} {text.plain(status.name)} "
        yield ((head, Role.PLAIN), (mark.text(), mark.role), (f"{age}  {status.message}", Role.DIM))
    if len(found) > _MOST_TROUBLED:
        yield ((f" and {len(found) - _MOST_TROUBLED} more", Role.DIM),)


# --- maps -----------------------------------------------------------------------------------------------------------


def _map(snapshot: SetSnapshot, by: Grouping, width: int) -> Iterator[Line]:
    yield ()
    yield from _heading(by.value.capitalize())
    groups = zones_of(snapshot, by)
    if not any(group.title for group in groups):
        yield ((" none: Azure names none", Role.WAIT),)
        return
    for line in heatmap_lines(groups, width - 2, most=_MOST_MAP_LINES, beside=False):
        yield ((" ", Role.PLAIN), *line)
