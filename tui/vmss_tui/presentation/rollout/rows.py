"""The instances of a rollout as table rows: what needs a person floats to the top.

Pure. Ages tick by the second only where somebody waits for them, so that a thin line has little to carry.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.rollout.events import InstanceSeen, Phase
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.presentation.glyphs import HEALTH, PHASE, SCRIPT, Role
from vmss_tui.presentation.rollout.lines import BROKEN, BUSY, ODD, arrow, versions, why_failed
from vmss_tui.presentation.table import Cell, Column, Row, cell, mark_cell, widened
from vmss_tui.text import plain, seconds_between, short_id

WIDE = (
    Column("id", "ID", 6, right=True, middle=True),
    Column("name", "NAME", 16, flex=1, middle=True, priority=4),
    Column("zone", "ZONE", 4, right=True, priority=5),
    Column("batch", "BATCH", 5, right=True, priority=3),
    Column("state", "STATE", 11),
    Column("version", "VERSION", 14, flex=1, middle=True),
    Column("script", "SCRIPT", 10, priority=6),
    Column("health", "HEALTH", 14),
    Column("since", "SINCE", 6, right=True),
    Column("message", "LAST MESSAGE", 17, flex=6, priority=1),
)
"""For 100 cells and more."""

NARROW = (
    Column("id", "ID", 6, right=True, middle=True),
    Column("zone", "Z", 1, right=True, priority=3),
    Column("batch", "B", 2, right=True, priority=4),
    Column("state", "STATE", 11),
    Column("version", "VERSION", 11, middle=True, priority=2),
    Column("health", "HEALTH", 14),
    Column("since", "SINCE", 5, right=True),
    Column("message", "MESSAGE", 10, flex=1, priority=1),
)
"""For 80 cells."""

_DIGITS = re.compile("[0-9a-f]{8}")
"""What the log calls a version that nobody named."""

_LONGEST = 18
"""Cells of `a1b2c3d4→web 2.5.0`: the column of versions gets so much room when it needs it."""


def columns_of(state: RolloutState, *, wide: bool) -> tuple[Column, ...]:
    """The columns of a width, with room for the longest version."""
    pair = versions(state)
    names = {each.seen.version for each in state.instances.values()}
    longest = max((len(_short(each, pair, tight=not wide)) for each in names), default=0)
    before = max((len(_change(each, pair[1])) for each in names if each and each != pair[1]), default=0)
    return widened(WIDE if wide else NARROW, "version", min(max(longest, before), _LONGEST))


_RANK = {
    **dict.fromkeys(BROKEN, 0),
    **dict.fromkeys(ODD, 1),
    Phase.HEALTH: 2,
    Phase.SCRIPT: 3,
    Phase.UPDATING: 4,
    Phase.WAITING: 5,
    Phase.DONE: 6,
    Phase.EXCLUDED: 7,
    Phase.GONE: 8,
}


@dataclass(frozen=True, slots=True)
class View:
    """Which rows in which order: `column` "" is by urgency; `needle` is text that a row must hold."""

    column: str = ""
    reverse: bool = False
    faults_only: bool = False
    needle: str = ""
    wide: bool = True

    @property
    def columns(self) -> tuple[Column, ...]:
        """What stands in a row of this width; `columns_of` says how wide each is."""
        return WIDE if self.wide else NARROW


def ordinal(instance_id: str) -> tuple[int, str]:
    """Sort key that puts 2 before 10."""
    tail = instance_id.rsplit("_", 1)[-1]
    return (int(tail) if tail.isdigit() else 1 << 30, instance_id)


def _urgency(each: Progress) -> tuple[Any, ...]:
    seen = each.seen
    first = -(seen.batch or 0) if seen.phase is Phase.DONE else seen.batch or 1 << 30
    return (_RANK[seen.phase], first, ordinal(seen.id))


_ORDERS: dict[str, Callable[[Progress], tuple[Any, ...]]] = {
    "": _urgency,
    "id": lambda each: ordinal(each.seen.id),
    "name": lambda each: (each.seen.name.rsplit("_", 1)[0], *ordinal(each.seen.name)),
    "zone": lambda each: (each.seen.zone, *ordinal(each.seen.id)),
    "batch": lambda each: (each.seen.batch or 1 << 30, *ordinal(each.seen.id)),
    "state": lambda each: (_RANK[each.seen.phase], *ordinal(each.seen.id)),
    "version": lambda each: (each.seen.version, *ordinal(each.seen.id)),
    "script": lambda each: (each.seen.script.value, each.seen.exit_code or 0, *ordinal(each.seen.id)),
    "health": lambda each: (each.seen.health.value, *ordinal(each.seen.id)),
    "since": lambda each: (-each.since.timestamp() if each.since else 0.0, *ordinal(each.seen.id)),
    "message": lambda each: (each.seen.message, *ordinal(each.seen.id)),
}
SORTS = tuple(_ORDERS)
"""Keys that a view can be sorted by."""


def select(state: RolloutState, view: View) -> tuple[Progress, ...]:
    """The instances that a view shows, in its order."""
    found = [each for each in state.instances.values() if _wanted(each.seen, view)]
    found.sort(key=_ORDERS.get(view.column, _urgency), reverse=view.reverse)
    return tuple(found)


def _wanted(seen: InstanceSeen, view: View) -> bool:
    if view.faults_only and seen.phase not in (*BROKEN, *ODD):
        return False
    needle = view.needle.strip().lower()
    if not needle:
        return True
    negated = needle.startswith("!")
    text = " ".join(
        (
            seen.id,
            seen.name,
            f"zone:{seen.zone}",
            f"batch:{seen.batch}",
            seen.phase.value,
            seen.version,
            seen.health.value,
        )
    )
    holds = needle.removeprefix("!") in f"{text} {seen.message}".lower()
    return holds is not negated


Known = dict[str, tuple[Progress, str, tuple[str, str], bool, Row]]
"""Rows made before, with what they were made from."""


def rows(state: RolloutState, now: datetime, view: View, known: Known | None = None) -> tuple[Row, ...]:
    """The rows of a view at a moment; with `known`, rows that look the same are the same objects as last time."""
    pair = versions(state)
    if known is None:
        return tuple(_row(each, pair, since(each, now), view) for each in select(state, view))
    made = []
    for each in select(state, view):
        age, old = since(each, now), known.get(each.seen.id)
        if old is None or old[0] is not each or old[1:4] != (age, pair, view.wide):
            old = (each, age, pair, view.wide, _row(each, pair, age, view))
            known[each.seen.id] = old
        made.append(old[4])
    return tuple(made)


def _row(each: Progress, pair: tuple[str, str], age: str, view: View) -> Row:
    seen = each.seen
    cells = {
        "id": cell(short_id(plain(seen.id))),
        "name": cell(plain(seen.name)),
        "zone": cell(seen.zone, Role.DIM),
        "batch": cell(str(seen.batch) if seen.batch else "", Role.DIM),
        "state": mark_cell(PHASE[seen.phase]),
        "version": _version(seen, pair, tight=not view.wide),
        "script": _script(seen),
        "health": mark_cell(HEALTH[seen.health]),
        "since": cell(age, Role.DIM),
        "message": _message(seen),
    }
    return Row(seen.id, tuple(cells[column.key] for column in view.columns))


def since(each: Progress, now: datetime) -> str:
    """How long an instance has stood where it stands.

    By the second for the first minute, then by five; settled instances by the minute. Waiting ones have no age.
    """
    if each.since is None or each.seen.phase in (Phase.WAITING, Phase.EXCLUDED):
        return ""
    seconds = max(0.0, seconds_between(each.since, now))
    if each.seen.phase not in BUSY:
        return "now" if seconds < 60 else f"{int(seconds) // 60} min" if seconds < 5400 else f"{int(seconds) // 3600} h"
    return duration.clock(seconds if seconds < 60 else seconds // 5 * 5)


def _version(seen: InstanceSeen, pair: tuple[str, str], *, tight: bool) -> Cell:
    new = pair[1]
    if seen.phase in BUSY and seen.version and seen.version != new:
        return cell(_change(seen.version, new), Role.BUSY)
    return cell(_short(seen.version, pair, tight=tight), Role.PLAIN if seen.version == new else Role.DIM)


def _change(old: str, new: str) -> str:
    """`2.4.0→2.5.0`, `a1b2c3d4→web 2.5.0`."""
    return plain(arrow(old.removeprefix("unknown "), new, tight=True))


def _short(version: str, pair: tuple[str, str], *, tight: bool) -> str:
    """A version; where room is tight, without the word that all versions begin with."""
    if _DIGITS.fullmatch(version):
        return f"unknown {version}"
    head, _, rest = plain(version).rpartition(" ")
    return rest if tight and head and all(each.startswith(f"{head} ") for each in pair) else plain(version)


def _script(seen: InstanceSeen) -> Cell:
    if seen.phase in (Phase.WAITING, Phase.UPDATING, Phase.EXCLUDED):
        return cell("–", Role.DIM)
    mark = SCRIPT[seen.script]
    if seen.script in (ScriptState.SUCCEEDED, ScriptState.FAILED) and seen.exit_code is not None:
        word = f"exit {seen.exit_code}" if seen.exit_code else "ok"
        return ((f"{mark.glyph.char} {word}", mark.role),)
    return mark_cell(mark)


def _message(seen: InstanceSeen) -> Cell:
    if seen.phase in BROKEN:
        return cell(why_failed(seen.message, seen.stderr, seen.exit_code), Role.BAD)
    if seen.phase is Phase.WAITING:
        return ()
    return cell(plain(seen.message), Role.DIM if seen.phase is Phase.DONE else Role.PLAIN)
