"""The instances of a rollout as table rows: instances that need a person come first.

Pure. Ages tick by the second only for instances in progress, so that little is sent over a slow connection.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.version_names import UNNAMED
from vmss_tui.domain.rollout.batch_schedule import remaining_batches
from vmss_tui.domain.rollout.events import InstanceSeen, Phase
from vmss_tui.domain.rollout.stage import BUSY
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.presentation.filter import Match
from vmss_tui.presentation.glyphs import HEALTH, PHASE, SCRIPT, Role
from vmss_tui.presentation.rollout.info import FAILED, ODD, arrow, versions, why_failed
from vmss_tui.presentation.table import Cell, Column, Cycle, DataColumn, Row, Table, View, cell, text_of
from vmss_tui.text import natural, plain, plain_lines, seconds_between, short_id

_LONGEST = 20
"""Cells of `a1b2c3d4 → web 2.5.0`: the column of versions gets this width when it needs it."""

_RANK = {
    **dict.fromkeys(FAILED, 0),
    **dict.fromkeys(ODD, 1),
    Phase.SCRIPT: 2,
    Phase.HEALTH: 3,
    Phase.UPDATING: 4,
    Phase.WAITING: 6,
    Phase.DONE: 7,
    Phase.EXCLUDED: 8,
    Phase.GONE: 9,
}
_DONE_NOW = 5
"""The rank of finished instances of the batch in progress: below those in progress, above those that wait."""

_UNPROVEN = frozenset((Phase.UPDATING, Phase.SCRIPT, Phase.FAILED, Phase.NOT_RUN))
"""Phases in which it is not proven that the new version runs, even if it is assigned."""

_HANDLER_WORDS = ("Enable ", "Transitioning")
"""How phrases of the Custom Script handler and of the agent begin: they say less than the state does."""


def says_little(message: str) -> bool:
    """Whether a message is nothing, or a phrase of the handler."""
    return not message.strip() or message.startswith(_HANDLER_WORDS)


class Shown(Cycle):
    """Which instances are shown."""

    ALL = "all"
    FAULTS = "faults"
    ACTIVE = "active"
    """The batch that runs, and what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a row needs beside the instance: the time, the old and the new version, the batches, and the room."""

    now: datetime
    pair: tuple[str, str]
    tight: bool = False
    active: int = 0
    """Number of the batch that runs, or of the last one."""
    batches: Mapping[str, int] = field(default_factory=dict)
    """By instance that waits, the batch that it waits for."""
    over: bool = False

    def batch(self, seen: InstanceSeen) -> int:
        """The batch that an instance is in, or waits for; 0: none."""
        return self.batches.get(seen.id, seen.batch or 0) if seen.phase is Phase.WAITING else seen.batch or 0

    def of(self, seen: InstanceSeen) -> "Known":
        """The same for one instance, without the batches of all others."""
        return replace(self, batches={seen.id: self.batches[seen.id]} if seen.id in self.batches else {})

    def lit(self, seen: InstanceSeen) -> bool:
        """Whether an instance is one to look at: in progress, of the batch that runs, or failed."""
        return seen.phase in _LIT or (seen.phase is Phase.DONE and self.batch(seen) == self.active)

    def tone(self, seen: InstanceSeen) -> Role:
        """How loud an instance is that is as it should be."""
        return Role.PLAIN if self.lit(seen) else Role.DIM


_LIT = frozenset((*BUSY, *FAILED, *ODD))


def known_of(state: RolloutState, now: datetime, *, wide: bool = True) -> Known:
    """What the rows of a rollout need at a moment."""
    waits = {i: batch.number for batch in remaining_batches(state) for i in batch.ids}
    active = state.batch.number if state.batch is not None else 0
    return Known(now=now, pair=versions(state), tight=not wide, active=active, batches=waits, over=state.stage.over)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutView(View):
    """How a person wants to see the instances; `wide` is for 100 cells and more."""

    order: str = "urgency"
    instances: Shown = Shown.ALL
    wide: bool = True

    @property
    def table(self) -> Table[Progress, Known]:
        """The table of this width."""
        return WIDE if self.wide else NARROW


def _urgency(it: Progress, known: Known) -> tuple[int, int]:
    seen, batch = it.seen, known.batch(it.seen)
    if seen.phase is Phase.DONE:
        return (_DONE_NOW if batch == known.active else _RANK[seen.phase], -batch)
    return (_RANK[seen.phase], batch or 1 << 30)


def _phase_words(it: Progress) -> tuple[str, ...]:
    seen = it.seen
    code = (f"exit {seen.exit_code}",) if seen.phase is Phase.FAILED and seen.exit_code else ()
    return (seen.phase.value, PHASE[seen.phase].word, *code)


def since(progress: Progress, now: datetime) -> str:
    """How long an instance has been in its phase.

    By the second for the first minute, then by five; settled instances by the minute. Waiting ones have no age.
    """
    if progress.since is None or progress.seen.phase in (Phase.WAITING, Phase.EXCLUDED):
        return ""
    seconds = max(0.0, seconds_between(progress.since, now))
    if progress.seen.phase not in BUSY:
        return "now" if seconds < 60 else duration.coarse(max(90.0, seconds))
    return duration.clock(seconds if seconds < 60 else seconds // 5 * 5)


def _version(it: Progress, known: Known) -> Cell:
    """The version that runs, as far as that is proven: `2.4.0 → 2.5.0` until the script has provably run."""
    seen, (_, new) = it.seen, known.pair
    if seen.phase in _UNPROVEN:
        left, right = _change(proven_version(it, known.pair), new)
        return ((f"{left}{_sign(known.tight)}", Role.DIM), (right, Role.BUSY if seen.phase in BUSY else Role.BAD))
    return cell(_short(seen.version, known.pair), known.tone(seen))


def proven_version(it: Progress, pair: tuple[str, str]) -> str:
    """The version that an instance provably runs: the old one until the script of the new one has run."""
    seen, (old, new) = it.seen, pair
    if seen.phase not in _UNPROVEN:
        return seen.version
    before = it.first.version if it.first is not None else ""
    return before or (seen.version if seen.version != new else "") or old


def _sign(tight: bool) -> str:
    return "→" if tight else " → "


def _change(old: str, new: str) -> tuple[str, str]:
    """`2.4.0` and `2.5.0`; `a1b2c3d4` and `web 2.5.0`."""
    left, _, right = plain(arrow(old.removeprefix(f"{UNNAMED} "), new, tight=True)).partition("→")
    return left, right


def _short(version: str, pair: tuple[str, str]) -> str:
    """A version without the word that old and new begin with."""
    head, _, rest = plain(version).rpartition(" ")
    return rest if head and all(name.startswith(f"{head} ") for name in pair) else plain(version)


def _state(it: Progress, known: Known) -> Cell:
    """Its phase; a failed script with its exit code, and an instance that was never reached once all is over."""
    seen = it.seen
    mark = PHASE[seen.phase]
    if seen.phase is Phase.FAILED and seen.exit_code:
        return cell(f"{mark.text()}, exit {seen.exit_code}", mark.role)
    if seen.phase is Phase.WAITING and known.over:
        return cell(f"{mark.glyph.char} untouched", Role.DIM)
    return cell(mark.text(), known.tone(seen) if mark.role is Role.WELL else mark.role)


def _script_words(it: Progress) -> tuple[str, ...]:
    state, code = it.seen.script, it.seen.exit_code
    return (state.value, SCRIPT[state].word, *((f"exit {code}",) if code is not None else ()))


def _health(it: Progress, known: Known) -> Cell:
    """Its health; pending while the script runs, and nothing before it was observed."""
    seen, mark = it.seen, HEALTH[it.seen.health]
    if seen.phase is Phase.WAITING and not seen.name:
        return ()
    if _pending(seen):
        return cell("pending", Role.DIM)
    if seen.health is Health.HEALTHY:
        return cell(mark.word, known.tone(seen))
    if seen.health is Health.NONE:
        return cell("–", Role.DIM)
    return cell(mark.text(), Role.WARN if seen.phase in FAILED and mark.role is Role.BAD else mark.role)


def _pending(seen: InstanceSeen) -> bool:
    if seen.phase is Phase.SCRIPT or (seen.phase is Phase.UPDATING and seen.health is not Health.HEALTHY):
        return seen.health not in (Health.NONE, Health.NOT_REPORTED)
    return seen.phase is Phase.HEALTH and seen.health is not Health.UNHEALTHY


def _health_words(it: Progress) -> tuple[str, ...]:
    shown = "pending" if _pending(it.seen) else HEALTH[it.seen.health].word
    return (it.seen.health.value, shown)


def _says(it: Progress, known: Known) -> Cell:
    """The last line that its script wrote in this rollout, why it failed, or else what Azure says of it."""
    seen = it.seen
    if seen.phase in FAILED:
        return cell(why_failed(seen.message, seen.stderr, None))
    if seen.phase is Phase.WAITING:
        return ()
    words = last_output(it) or ("" if says_little(seen.message) else plain(seen.message))
    return cell(words, known.tone(seen))


def last_output(it: Progress) -> str:
    """The last line of what the script printed in this rollout; not what an earlier run had left."""
    seen, first = it.seen, it.first
    if not seen.stdout.strip() or (seen.phase is not Phase.DONE and first is not None and first.stdout == seen.stdout):
        return ""
    return next((line.strip() for line in reversed(plain_lines(seen.stdout)) if line.strip()), "")


ProgressColumn = DataColumn[Progress, Known]

_EVERY_PHASE = (*Phase, *(mark.word for mark in PHASE.values()))

WIDE: Table[Progress, Known] = Table(
    key=lambda it: it.seen.id,
    columns=(
        ProgressColumn("id", "ID", 5, right=True, middle=True, match=Match.WHOLE, bare=True,
            cell=lambda it, known: cell(short_id(plain(it.seen.id)), known.tone(it.seen)),
            rank=lambda it, known: natural(it.seen.id),
            values=lambda it, known: (it.seen.id,)),
        ProgressColumn("name", "NAME", 12, flex=1, middle=True, priority=4, bare=True,
            cell=lambda it, known: cell(plain(it.seen.name), known.tone(it.seen)),
            rank=lambda it, known: (it.seen.name.rsplit("_", 1)[0], *natural(it.seen.name)),
            values=lambda it, known: (it.seen.name,)),
        ProgressColumn("zone", "ZONE", 4, right=True, priority=5, match=Match.WHOLE,
            cell=lambda it, known: cell(it.seen.zone, Role.DIM),
            rank=lambda it, known: it.seen.zone,
            values=lambda it, known: (it.seen.zone,)),
        ProgressColumn("batch", "BATCH", 5, right=True, priority=3, match=Match.WHOLE,
            cell=lambda it, known: cell(str(known.batch(it.seen) or ""), Role.DIM),
            rank=lambda it, known: known.batch(it.seen) or 1 << 30,
            values=lambda it, known: (str(known.batch(it.seen)),) if known.batch(it.seen) else ()),
        ProgressColumn("version", "VERSION", 13, middle=True, longest=_LONGEST, bare=True,
            cell=_version,
            rank=lambda it, known: it.seen.version,
            values=lambda it, known: (it.seen.version,)),
        ProgressColumn("state", "STATE", 18, match=Match.WORD, bare=True, words=_EVERY_PHASE,
            cell=_state,
            rank=lambda it, known: _RANK[it.seen.phase],
            values=lambda it, known: _phase_words(it)),
        ProgressColumn("health", "HEALTH", 12, match=Match.WORD, bare=True,
            words=(*Health, *(mark.word for mark in HEALTH.values())),
            cell=_health,
            rank=lambda it, known: it.seen.health.value,
            values=lambda it, known: _health_words(it)),
        ProgressColumn("since", "SINCE", 6, right=True,
            cell=lambda it, known: cell(since(it, known.now), Role.DIM),
            rank=lambda it, known: -it.since.timestamp() if it.since else 0.0),
        ProgressColumn("message", "SCRIPT SAYS", 17, flex=6, priority=1, bare=True,
            cell=_says,
            rank=lambda it, known: text_of(_says(it, known)),
            values=lambda it, known: (it.seen.message, it.seen.stderr, it.seen.stdout)),
    ),
    hidden=(
        ProgressColumn("urgency", "URGENCY", rank=_urgency),
        ProgressColumn("script", "SCRIPT", match=Match.WORD,
            rank=lambda it, known: (it.seen.script.value, it.seen.exit_code or 0),
            values=lambda it, known: _script_words(it)),
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
    _narrowed("version", "VERSION", 11, priority=2),
    WIDE.column("state"),
    _narrowed("health", "HEALTH", 11),
    _narrowed("since", "SINCE", 5),
    _narrowed("message", "SCRIPT SAYS", 12, flex=1),
)
NARROW: Table[Progress, Known] = replace(
    WIDE,
    columns=_SHOWN_NARROW,
    hidden=(*WIDE.hidden, WIDE.column("name")),
)
"""The same for 80 cells."""


def columns_of(state: RolloutState, *, wide: bool) -> tuple[Column, ...]:
    """The columns of a width, with room for the longest version, whichever rows are shown."""
    pair = versions(state)
    names = {progress.seen.version for progress in state.instances.values()}
    longest = max((len(_short(name, pair)) for name in names), default=0)
    sign = _sign(not wide)
    before = (sign.join(_change(name, pair[1])) for name in names if name and name != pair[1])
    return (WIDE if wide else NARROW).widened("version", max((longest, *map(len, before))))


def select(state: RolloutState, view: RolloutView, now: datetime) -> tuple[Progress, ...]:
    """The instances that a view shows, in its order; equals by number."""
    return _select(state, view, known_of(state, now, wide=view.wide))


def _select(state: RolloutState, view: RolloutView, known: Known) -> tuple[Progress, ...]:
    wanted: Iterable[Progress] = in_order(state)
    if view.instances is Shown.FAULTS:
        wanted = (progress for progress in wanted if progress.seen.phase in (*FAILED, *ODD))
    elif view.instances is Shown.ACTIVE:
        wanted = (progress for progress in wanted if known.lit(progress.seen))
    return view.table.shown(wanted, view, known)


def in_order(state: RolloutState) -> list[Progress]:
    """The instances in the natural order of their ids."""
    return [state.instances[i] for i in _ordered(tuple(state.instances))]


@lru_cache(maxsize=4)
def _ordered(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Sorted once for the instances of a rollout: its screen is drawn every second, and they hardly change."""
    return tuple(sorted(ids, key=natural))


RowCache = dict[str, tuple[Progress, Hashable, Row]]
"""Rows made before by instance id, with what they were made from."""


def rows(state: RolloutState, now: datetime, view: RolloutView, cache: RowCache | None = None) -> tuple[Row, ...]:
    """The rows of a view at a moment; with a `cache`, rows that look the same are the same objects as last time."""
    known = known_of(state, now, wide=view.wide)
    shown = _select(state, view, known)
    if cache is None:
        return tuple(view.table.row(progress, known) for progress in shown)
    made = []
    for progress in shown:
        seen, old = progress.seen, cache.get(progress.seen.id)
        look = (since(progress, now), known.pair, view.wide, known.batch(seen), known.lit(seen), known.over)
        if old is None or old[0] is not progress or old[1] != look:
            old = (progress, look, view.table.late_row(progress, known.of(seen)))
            cache[seen.id] = old
        made.append(old[2])
    return tuple(made)
