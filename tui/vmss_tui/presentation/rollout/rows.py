"""The instances of a rollout as table rows: what needs a person floats to the top.

Pure. Ages tick by the second only for instances in progress, so that little is sent over a slow connection.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.version_names import UNNAMED
from vmss_tui.domain.rollout.events import InstanceSeen, Phase
from vmss_tui.domain.rollout.stage import BUSY
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.presentation.filter import Match
from vmss_tui.presentation.glyphs import HEALTH, PHASE, SCRIPT, Role
from vmss_tui.presentation.rollout.info import FAILED, ODD, arrow, versions, why_failed
from vmss_tui.presentation.table import Cell, Column, DataColumn, Row, Table, View, cell, mark_cell
from vmss_tui.text import natural, plain, seconds_between, short_id

_LONGEST = 18
"""Cells of `a1b2c3d4→web 2.5.0`: the column of versions gets so much room when it needs it."""

_RANK = {
    **dict.fromkeys(FAILED, 0),
    **dict.fromkeys(ODD, 1),
    Phase.HEALTH: 2,
    Phase.SCRIPT: 3,
    Phase.UPDATING: 4,
    Phase.WAITING: 5,
    Phase.DONE: 6,
    Phase.EXCLUDED: 7,
    Phase.GONE: 8,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a row needs beside the instance: the time, the old and the new version, and how much room there is."""

    now: datetime
    pair: tuple[str, str]
    tight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView(View):
    """How a person wants to see the instances; `wide` is for 100 cells and more."""

    order: str = "urgency"
    faults_only: bool = False
    wide: bool = True

    @property
    def table(self) -> Table[Progress, Known]:
        """The table of this width."""
        return WIDE if self.wide else NARROW


def _urgency(it: Progress) -> tuple[int, int]:
    seen = it.seen
    return (_RANK[seen.phase], -(seen.batch or 0) if seen.phase is Phase.DONE else seen.batch or 1 << 30)


def _phase_words(it: Progress) -> tuple[str, str]:
    return (it.seen.phase.value, PHASE[it.seen.phase].word)


def _script_words(it: Progress) -> tuple[str, ...]:
    state, code = it.seen.script, it.seen.exit_code
    return (state.value, SCRIPT[state].word, *((f"exit {code}",) if code is not None else ()))


def since(progress: Progress, now: datetime) -> str:
    """How long an instance has stood where it stands.

    By the second for the first minute, then by five; settled instances by the minute. Waiting ones have no age.
    """
    if progress.since is None or progress.seen.phase in (Phase.WAITING, Phase.EXCLUDED):
        return ""
    seconds = max(0.0, seconds_between(progress.since, now))
    if progress.seen.phase not in BUSY:
        return "now" if seconds < 60 else duration.coarse(max(90.0, seconds))
    return duration.clock(seconds if seconds < 60 else seconds // 5 * 5)


def _version(seen: InstanceSeen, known: Known) -> Cell:
    new = known.pair[1]
    if seen.phase in BUSY and seen.version and seen.version != new:
        return cell(_change(seen.version, new), Role.BUSY)
    return cell(_short(seen.version, known.pair, tight=known.tight), Role.PLAIN if seen.version == new else Role.DIM)


def _change(old: str, new: str) -> str:
    """`2.4.0→2.5.0`, `a1b2c3d4→web 2.5.0`."""
    return plain(arrow(old.removeprefix(f"{UNNAMED} "), new, tight=True))


def _short(version: str, pair: tuple[str, str], *, tight: bool) -> str:
    """A version; where room is tight, without the word that all versions begin with."""
    head, _, rest = plain(version).rpartition(" ")
    return (
        rest if tight and head and all(version_name.startswith(f"{head} ") for version_name in pair) else plain(version)
    )


def _script(seen: InstanceSeen) -> Cell:
    if seen.phase in (Phase.WAITING, Phase.UPDATING, Phase.EXCLUDED):
        return cell("–", Role.DIM)
    mark = SCRIPT[seen.script]
    if seen.script in (ScriptState.SUCCEEDED, ScriptState.FAILED) and seen.exit_code is not None:
        word = f"exit {seen.exit_code}" if seen.exit_code else "ok"
        return ((f"{mark.glyph.char} {word}", mark.role),)
    return mark_cell(mark)


def _message(seen: InstanceSeen) -> Cell:
    if seen.phase in FAILED:
        return cell(why_failed(seen.message, seen.stderr, seen.exit_code), Role.BAD)
    if seen.phase is Phase.WAITING:
        return ()
    return cell(plain(seen.message), Role.DIM if seen.phase is Phase.DONE else Role.PLAIN)


ProgressColumn = DataColumn[Progress, Known]

_EVERY_PHASE = (*Phase, *(mark.word for mark in PHASE.values()))

WIDE: Table[Progress, Known] = Table(
    key=lambda it: it.seen.id,
    columns=(
        ProgressColumn("id", "ID", 6, right=True, middle=True, match=Match.WHOLE, bare=True,
            cell=lambda it, known: cell(short_id(plain(it.seen.id))),
            rank=lambda it, known: natural(it.seen.id),
            values=lambda it, known: (it.seen.id,)),
        ProgressColumn("name", "NAME", 16, flex=1, middle=True, priority=4, bare=True,
            cell=lambda it, known: cell(plain(it.seen.name)),
            rank=lambda it, known: (it.seen.name.rsplit("_", 1)[0], *natural(it.seen.name)),
            values=lambda it, known: (it.seen.name,)),
        ProgressColumn("zone", "ZONE", 4, right=True, priority=5, match=Match.WHOLE,
            cell=lambda it, known: cell(it.seen.zone, Role.DIM),
            rank=lambda it, known: it.seen.zone,
            values=lambda it, known: (it.seen.zone,)),
        ProgressColumn("batch", "BATCH", 5, right=True, priority=3, match=Match.WHOLE,
            cell=lambda it, known: cell(str(it.seen.batch or ""), Role.DIM),
            rank=lambda it, known: it.seen.batch or 1 << 30,
            values=lambda it, known: (str(it.seen.batch),) if it.seen.batch else ()),
        ProgressColumn("state", "STATE", 11, match=Match.WORD, bare=True, words=_EVERY_PHASE,
            cell=lambda it, known: mark_cell(PHASE[it.seen.phase]),
            rank=lambda it, known: _RANK[it.seen.phase],
            values=lambda it, known: _phase_words(it)),
        ProgressColumn("version", "VERSION", 14, flex=1, middle=True, longest=_LONGEST, bare=True,
            cell=lambda it, known: _version(it.seen, known),
            rank=lambda it, known: it.seen.version,
            values=lambda it, known: (it.seen.version,)),
        ProgressColumn("script", "SCRIPT", 10, priority=6, match=Match.WORD,
            cell=lambda it, known: _script(it.seen),
            rank=lambda it, known: (it.seen.script.value, it.seen.exit_code or 0),
            values=lambda it, known: _script_words(it)),
        ProgressColumn("health", "HEALTH", 14, match=Match.WORD, bare=True,
            words=(*Health, *(mark.word for mark in HEALTH.values())),
            cell=lambda it, known: mark_cell(HEALTH[it.seen.health]),
            rank=lambda it, known: it.seen.health.value,
            values=lambda it, known: (it.seen.health.value, HEALTH[it.seen.health].word)),
        ProgressColumn("since", "SINCE", 6, right=True,
            cell=lambda it, known: cell(since(it, known.now), Role.DIM),
            rank=lambda it, known: -it.since.timestamp() if it.since else 0.0),
        ProgressColumn("message", "LAST MESSAGE", 17, flex=6, priority=1, bare=True,
            cell=lambda it, known: _message(it.seen),
            rank=lambda it, known: it.seen.message,
            values=lambda it, known: (it.seen.message, it.seen.stderr)),
    ),
    hidden=(
        ProgressColumn("urgency", "URGENCY", rank=lambda it, known: _urgency(it)),
        ProgressColumn("phase", "PHASE", match=Match.WORD, words=_EVERY_PHASE,
            values=lambda it, known: _phase_words(it)),
    ),
)  # fmt: skip
"""The instances of a rollout, a column an entry; for 100 cells and more."""


def _narrowed(key: str, title: str, width: int, **changes: Any) -> ProgressColumn:
    return replace(WIDE.column(key), title=title, width=width, **changes)


_SHOWN_NARROW = (
    WIDE.column("id"),
    _narrowed("zone", "Z", 1, priority=3),
    _narrowed("batch", "B", 2, priority=4),
    WIDE.column("state"),
    _narrowed("version", "VERSION", 11, flex=0, priority=2),
    WIDE.column("health"),
    _narrowed("since", "SINCE", 5),
    _narrowed("message", "MESSAGE", 10, flex=1),
)
NARROW: Table[Progress, Known] = replace(
    WIDE,
    columns=_SHOWN_NARROW,
    hidden=(*WIDE.hidden, WIDE.column("name"), WIDE.column("script")),
)
"""The same for 80 cells."""


def columns_of(state: RolloutState, *, wide: bool) -> tuple[Column, ...]:
    """The columns of a width, with room for the longest version, whichever rows are shown."""
    pair = versions(state)
    names = {progress.seen.version for progress in state.instances.values()}
    longest = max((len(_short(name, pair, tight=not wide)) for name in names), default=0)
    before = max((len(_change(name, pair[1])) for name in names if name and name != pair[1]), default=0)
    return (WIDE if wide else NARROW).widened("version", max(longest, before))


def select(state: RolloutState, view: RolloutView, now: datetime) -> tuple[Progress, ...]:
    """The instances that a view shows, in its order; equals by number."""
    known = Known(now=now, pair=versions(state), tight=not view.wide)
    wanted: Iterable[Progress] = state.instances.values()
    if view.faults_only:
        wanted = (progress for progress in wanted if progress.seen.phase in (*FAILED, *ODD))
    return view.table.shown(sorted(wanted, key=lambda it: natural(it.seen.id)), view, known)


RowCache = dict[str, tuple[Progress, str, tuple[str, str], bool, Row]]
"""Rows made before by instance id, with what they were made from."""


def rows(state: RolloutState, now: datetime, view: RolloutView, cache: RowCache | None = None) -> tuple[Row, ...]:
    """The rows of a view at a moment; with a `cache`, rows that look the same are the same objects as last time."""
    known = Known(now=now, pair=versions(state), tight=not view.wide)
    shown = select(state, view, now)
    if cache is None:
        return tuple(view.table.row(progress, known) for progress in shown)
    made = []
    for progress in shown:
        age, old = since(progress, now), cache.get(progress.seen.id)
        if old is None or old[0] is not progress or old[1:4] != (age, known.pair, view.wide):
            old = (progress, age, known.pair, view.wide, view.table.row(progress, known))
            cache[progress.seen.id] = old
        made.append(old[4])
    return tuple(made)
