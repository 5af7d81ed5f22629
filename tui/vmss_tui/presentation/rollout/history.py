"""The list of rollouts: one row each, running ones first, and what a filter finds them by.

Pure functions over anything that has the fields of the journal's headers: a sibling may not be imported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vmss_tui import duration, text
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.domain.rollout.team.presence import Watcher
from vmss_tui.presentation.filter import Match
from vmss_tui.presentation.glyphs import NO_RUNNER, SCHEDULED, SILENT_RUNNER, STAGE, WINDOW_ENDED, Mark, Role
from vmss_tui.presentation.key_hints import key_hint
from vmss_tui.presentation.records import rfc3339
from vmss_tui.presentation.rollout.info import Head
from vmss_tui.presentation.rollout.schedule import countdown
from vmss_tui.presentation.table import Cell, DataColumn, Line, Table, View, cell, text_of


@dataclass(frozen=True, slots=True)
class RolloutItem:
    """A rollout, of one set or over several, and whether a runner is active."""

    header: Head
    alive: bool
    trouble: str = ""
    """Why its runner, which is alive, has written nothing for a while; empty when it writes."""
    runner: str = ""
    """The host whose runner holds it, in a journal that several hosts share."""
    watchers: tuple[Watcher, ...] = ()
    window_ended: bool = False
    """Whether its runner left at the end of the maintenance window."""

    @property
    def target(self) -> ScaleSetId | None:
        """The scale set; None for a rollout over several."""
        found = getattr(self.header, "target", None)
        return found if isinstance(found, ScaleSetId) else None

    @property
    def name(self) -> str:
        """What it is about: the scale set, or the profile whose waves it carries out."""
        target = self.target
        if target is None:
            return f"{self.header.profile} in waves"
        return f"  {target.name}" if getattr(self.header, "waves", "") else target.name

    @property
    def orphaned(self) -> bool:
        """It is not over and its runner is gone."""
        return not self.header.stage.over and not self.alive and not self.scheduled

    @property
    def scheduled(self) -> bool:
        """It is to start, or to resume, later."""
        return self.header.starts_at is not None and not self.alive


def stage_mark(item: RolloutItem) -> Mark:
    """Its state."""
    if item.scheduled:
        return SCHEDULED
    if item.orphaned:
        return WINDOW_ENDED if item.window_ended else NO_RUNNER
    return SILENT_RUNNER if item.trouble else STAGE[item.header.stage]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutsView(View):
    """How a person wants to see the rollouts."""

    order: str = "running"


def _seconds(item: RolloutItem, now: datetime) -> float:
    return text.seconds_between(item.header.created_at, item.header.ended_at or now)


def _started(item: RolloutItem, now: datetime) -> Cell:
    """`3d ago`; for one that is to start, the countdown."""
    starts_at = item.header.starts_at
    if starts_at is not None and not item.alive:
        return cell(countdown(starts_at, now), Role.WAIT)
    return cell(duration.ago(text.seconds_between(item.header.created_at, now)), Role.DIM)


def _took(item: RolloutItem, now: datetime) -> Cell:
    if item.scheduled and item.header.stage is Stage.PLANNED:
        return ()
    seconds = _seconds(item, now)
    return cell(duration.clock(seconds) if item.header.stage.over else duration.coarse(seconds), Role.DIM)


def _stage(item: RolloutItem, now: datetime) -> Cell:
    mark = stage_mark(item)
    return ((mark.text(), mark.role),)


def _why(item: RolloutItem, now: datetime) -> Cell:
    header = item.header
    if header.reason and header.stage is Stage.FAILED:
        return cell(text.plain(header.reason))
    return cell(text.plain(" ".join(part for part in (header.ticket, header.why) if part)))


def watcher_name(watcher: Watcher) -> str:
    """`maria@bastion-2 (app)`."""
    return text.plain(f"{watcher.who}@{watcher.host} ({watcher.through})")


def watcher_names(watchers: Sequence[Watcher]) -> str:
    """Who watches; those who watch by several screens at once are named once for each way."""
    return text.listed(tuple(dict.fromkeys(map(watcher_name, watchers))))


def with_people(line: Line, cells: int, holder: str, watchers: Sequence[Watcher]) -> Line:
    """A line with the host that holds a rollout and who else watches it at its right end, as fully as there is room."""
    people = tuple(dict.fromkeys(f"{watcher.who}@{watcher.host}" for watcher in watchers))
    forms = (
        (f"runner on {holder}" if holder else "", f"watched by {watcher_names(watchers)}" if watchers else ""),
        (holder, f"watched by {text.listed(people)}" if watchers else ""),
        ("", text.listed(people)),
        ("", f"{len(people)} watching" if watchers else ""),
    )
    taken = text.width(text_of(line))
    for form in forms:
        words = text.plain(" · ".join(filter(None, form)))
        room = cells - taken - text.width(words) - 1
        if words and room >= _APART:
            return (*line, (" " * room, Role.PLAIN), (words, Role.DIM))
    return line


_APART = 3
"""Cells at least between a line and who is there."""


def watcher_record(watcher: Watcher) -> dict[str, str | None]:
    """The same for programs."""
    return {"who": watcher.who, "host": watcher.host, "through": watcher.through, "since": rfc3339(watcher.since)}


RolloutColumn = DataColumn[RolloutItem, datetime]
_LONGEST_VERSION = 16

ROLLOUTS: Table[RolloutItem, datetime] = Table(
    key=lambda it: it.header.id,
    columns=(
        RolloutColumn("id", "ROLLOUT", 8, priority=5, bare=True,
            cell=lambda it, now: cell(it.header.id, Role.DIM),
            rank=lambda it, now: it.header.id,
            values=lambda it, now: (it.header.id,)),
        RolloutColumn("set", "SCALE SET", 14, flex=2, middle=True, bare=True,
            cell=lambda it, now: cell(text.plain(it.name)),
            rank=lambda it, now: it.name.strip().lower(),
            values=lambda it, now: (it.name.strip(),)),
        RolloutColumn("version", "VERSION", 10, flex=1, middle=True, priority=1, longest=_LONGEST_VERSION, bare=True,
            cell=lambda it, now: cell(text.plain(it.header.label)),
            rank=lambda it, now: it.header.label.lower(),
            values=lambda it, now: (it.header.label,)),
        RolloutColumn("stage", "STAGE", 17, longest=22, flex=1, match=Match.WORD, cell=_stage,
            rank=lambda it, now: stage_mark(it).word,
            values=lambda it, now: (stage_mark(it).word,)),
        RolloutColumn("age", "STARTED", 10, right=True, priority=1, cell=_started,
            rank=lambda it, now: -it.header.created_at.timestamp()),
        RolloutColumn("took", "TOOK", 7, right=True, priority=4, largest_first=True, cell=_took,
            rank=lambda it, now: -_seconds(it, now)),
        RolloutColumn("who", "WHO", 8, priority=3, middle=True, bare=True,
            cell=lambda it, now: cell(text.plain(it.header.who), Role.DIM),
            rank=lambda it, now: it.header.who.lower(),
            values=lambda it, now: (it.header.who,)),
        RolloutColumn("why", "WHY", 18, flex=6, priority=2, bare=True, cell=_why,
            rank=lambda it, now: it.header.why.lower(),
            values=lambda it, now: (it.header.why, it.header.ticket, it.header.reason)),
        RolloutColumn("runner", "RUNNER", 10, priority=6, middle=True, bare=True, longest=20,
            cell=lambda it, now: cell(text.plain(it.runner), Role.DIM),
            values=lambda it, now: (it.runner,)),
        RolloutColumn("watchers", "WATCHED BY", 12, priority=7, middle=True, longest=40,
            cell=lambda it, now: cell(watcher_names(it.watchers), Role.DIM),
            values=lambda it, now: tuple(watcher.who for watcher in it.watchers)),
    ),
    hidden=(
        RolloutColumn("running", "RUNNING", rank=lambda it, now: it.header.stage.over),
        RolloutColumn("started", "STARTED", match=Match.START,
            values=lambda it, now: (f"{it.header.created_at.astimezone():%Y-%m-%d}",)),
        RolloutColumn("group", "GROUP", values=lambda it, now: (it.target.group,) if it.target is not None else ()),
        RolloutColumn("profile", "PROFILE", values=lambda it, now: (it.header.profile,)),
    ),
)  # fmt: skip
"""The rollouts, a column an entry."""


def rollouts_table(items: Sequence[RolloutItem]) -> Table[RolloutItem, datetime]:
    """The table without the columns of a team that would be empty."""
    empty = {"runner": not any(it.runner for it in items), "watchers": not any(it.watchers for it in items)}
    return ROLLOUTS.without(*(key for key, is_empty in empty.items() if is_empty))


def shown_rollouts(items: Sequence[RolloutItem], view: RolloutsView, now: datetime) -> tuple[RolloutItem, ...]:
    """Rollouts that a view shows; newest first within an order, one over several sets right above its sets."""
    whole = {item.header.id: item.header.created_at for item in items if item.target is None}

    def newest(item: RolloutItem) -> tuple[datetime, bool, datetime]:
        created, waves = item.header.created_at, getattr(item.header, "waves", "")
        return whole.get(waves, created), item.target is None, created

    newest_first = sorted(items, key=newest, reverse=True)
    return ROLLOUTS.shown(newest_first, view, now)


def rollouts_summary(items: Sequence[RolloutItem], shown: int) -> Line:
    """`12 rollouts · 1 running · 1 without a runner`."""
    running = sum(not item.header.stage.over and item.alive for item in items)
    orphaned = sum(item.orphaned for item in items)
    head = text.counted(len(items), "rollout") if shown == len(items) else f"{shown} of {len(items)} rollouts"
    pieces: list[tuple[str, Role]] = [(head, Role.DIM)]
    if running:
        pieces += [("  ·  ", Role.DIM), (f"{running} running", Role.BUSY)]
    if orphaned:
        pieces += [
            ("  ·  ", Role.DIM),
            (f"{orphaned} without a runner: press {key_hint('rollouts.resume')} to resume", Role.BAD),
        ]
    return tuple(pieces)
