"""The lists of rollouts and of profiles in rows.

Pure functions over anything that has the fields of the journal's headers and of the profile store's entries: a sibling
may not be imported.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from vmss_tui import duration, text
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.presentation.filter import Fields, Term, matches
from vmss_tui.presentation.glyphs import CROSS, DOT, DOTTED, HALF, RING, SLASHED, TRIANGLE, Mark, Role
from vmss_tui.presentation.profiles.drift import Drift, drift_rank, drift_words
from vmss_tui.presentation.table import Cell, Column, Line, Row, cell, text_of, widened


class RolloutHeader(Protocol):
    """A rollout at a glance; times are UTC."""

    @property
    def id(self) -> str:
        """8 hex digits."""

    @property
    def target(self) -> ScaleSetId:
        """The scale set."""

    @property
    def label(self) -> str:
        """The version that it brings."""

    @property
    def profile(self) -> str:
        """The profile that it came from."""

    @property
    def who(self) -> str:
        """Who started it."""

    @property
    def why(self) -> str:
        """What for."""

    @property
    def ticket(self) -> str:
        """The change ticket."""

    @property
    def created_at(self) -> datetime:
        """When it was started."""

    @property
    def ended_at(self) -> datetime | None:
        """When it ended."""

    @property
    def stage(self) -> Stage:
        """How it stands."""

    @property
    def reason(self) -> str:
        """The verdict in a sentence."""


class ProfileEntry(Protocol):
    """A profile in a list."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def origin(self) -> str:
        """Why its directory is searched."""

    @property
    def description(self) -> str:
        """What it is for."""

    @property
    def owner(self) -> str:
        """Whose it is."""

    @property
    def problem(self) -> str:
        """Its first error, empty when it can be used."""

    @property
    def last_used(self) -> datetime | None:
        """When it was last used."""

    @property
    def shadowed(self) -> bool:
        """Whether another of this name is found first."""


ProfileT = TypeVar("ProfileT", bound=ProfileEntry)

ROLLOUT_COLUMNS = (
    Column("id", "ROLLOUT", 8, priority=5),
    Column("set", "SCALE SET", 14, flex=2, middle=True),
    Column("version", "VERSION", 10, flex=1, middle=True, priority=1),
    Column("stage", "STAGE", 17, flex=1),
    Column("age", "STARTED", 10, right=True, priority=1),
    Column("took", "TOOK", 7, right=True, priority=4),
    Column("who", "WHO", 8, priority=3, middle=True),
    Column("why", "WHY", 18, flex=6, priority=2),
)
_LONGEST_VERSION = 16


def rollout_columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns of rollouts, with room for the longest version."""
    at = next(index for index, each in enumerate(ROLLOUT_COLUMNS) if each.key == "version")
    longest = max((len(text_of(row.cells[at])) for row in rows), default=0)
    return widened(ROLLOUT_COLUMNS, "version", min(longest, _LONGEST_VERSION))


ROLLOUT_FIELDS = ("id", "set", "group", "version", "stage", "who", "why", "profile")

PROFILE_COLUMNS = (
    Column("name", "PROFILE", 18, flex=1, middle=True),
    Column("state", "STATE", 10),
    Column("origin", "FROM", 8, priority=3, middle=True),
    Column("used", "LAST USED", 10, right=True, priority=2),
    Column("owner", "OWNER", 14, flex=1, priority=4),
    Column("description", "DESCRIPTION", 30, flex=8, priority=1),
)
_DRIFT = Column("drift", "TARGETS", 24)
PROFILE_DRIFT_COLUMNS = (*PROFILE_COLUMNS[:2], _DRIFT, *PROFILE_COLUMNS[2:])
"""The same with how the profile's targets stand."""
PROFILE_FIELDS = ("name", "origin", "owner", "description", "state", "drift")

Drifts = Mapping[str, Sequence[Drift]]
"""How the targets of profiles stand, by the path of the profile's file."""

_STAGES = {
    Stage.PLANNED: Mark(RING, "planned", Role.WAIT),
    Stage.RUNNING: Mark(HALF, "running", Role.BUSY),
    Stage.PAUSED: Mark(TRIANGLE, "paused", Role.WARN),
    Stage.APPROVAL: Mark(TRIANGLE, "needs approval", Role.WARN),
    Stage.CANCELLING: Mark(HALF, "cancelling", Role.WARN),
    Stage.COMPLETED: Mark(DOT, "completed", Role.OK),
    Stage.FAILED: Mark(CROSS, "failed", Role.BAD),
    Stage.CANCELLED: Mark(SLASHED, "cancelled", Role.DIM),
}
_ORPHAN = Mark(TRIANGLE, "runner is gone", Role.BAD)


@dataclass(frozen=True, slots=True)
class RolloutItem:
    """A rollout and whether somebody works on it."""

    header: RolloutHeader
    alive: bool

    @property
    def orphaned(self) -> bool:
        """It is not over and its runner is gone."""
        return not self.header.stage.over and not self.alive


def stage_mark(item: RolloutItem) -> Mark:
    """How it stands."""
    return _ORPHAN if item.orphaned else _STAGES[item.header.stage]


def rollout_row(item: RolloutItem, now: datetime) -> Row:
    """One rollout as a row."""
    header, mark = item.header, stage_mark(item)
    took = text.seconds_between(header.created_at, header.ended_at or now)
    why = " ".join(part for part in (header.ticket, header.why) if part)
    if header.reason and header.stage is Stage.FAILED:
        why = header.reason
    return Row(
        header.id,
        (
            cell(header.id, Role.DIM),
            cell(text.plain(header.target.name)),
            cell(text.plain(header.label)),
            ((mark.text(), mark.role),),
            cell(duration.ago(text.seconds_between(header.created_at, now)), Role.DIM),
            cell(duration.clock(took) if header.stage.over else duration.coarse(took), Role.DIM),
            cell(text.plain(header.who), Role.DIM),
            cell(text.plain(why)),
        ),
    )


def rollout_fields(item: RolloutItem) -> Fields:
    """What a filter sees of a rollout."""
    header = item.header
    why = (header.why, header.ticket, header.reason)
    return {
        "": (header.id, header.target.name, header.label, header.who, *why),
        "id": (header.id,),
        "set": (header.target.name,),
        "group": (header.target.group,),
        "version": (header.label,),
        "stage": (stage_mark(item).word,),
        "who": (header.who,),
        "why": why,
        "profile": (header.profile,),
    }


_ROLLOUT_RANKS: dict[str, Callable[[RolloutItem], Any]] = {
    "running": lambda it: it.header.stage.over,
    "id": lambda it: it.header.id,
    "set": lambda it: it.header.target.name.lower(),
    "version": lambda it: it.header.label.lower(),
    "stage": lambda it: stage_mark(it).word,
    "took": lambda it: -text.seconds_between(it.header.created_at, it.header.ended_at or it.header.created_at),
    "who": lambda it: it.header.who.lower(),
    "why": lambda it: it.header.why.lower(),
}


def shown_rollouts(
    items: Sequence[RolloutItem], terms: Sequence[Term], order: str, *, reverse: bool = False
) -> tuple[RolloutItem, ...]:
    """Rollouts that a filter keeps; newest first within an order."""
    kept = [each for each in items if matches(terms, rollout_fields(each))]
    kept.sort(key=lambda each: each.header.created_at, reverse=True)
    rank = _ROLLOUT_RANKS.get(order)
    if rank is not None:
        kept.sort(key=rank, reverse=reverse)
    elif reverse:
        kept.reverse()
    return tuple(kept)


def rollouts_summary(items: Sequence[RolloutItem], shown: int) -> Line:
    """`12 rollouts · 1 running · 1 without a runner`."""
    running = sum(not each.header.stage.over and each.alive for each in items)
    orphaned = sum(each.orphaned for each in items)
    head = text.counted(len(items), "rollout") if shown == len(items) else f"{shown} of {len(items)} rollouts"
    pieces: list[tuple[str, Role]] = [(head, Role.DIM)]
    if running:
        pieces += [("  ·  ", Role.DIM), (f"{running} running", Role.BUSY)]
    if orphaned:
        pieces += [("  ·  ", Role.DIM), (f"{orphaned} without a runner: r resumes", Role.BAD)]
    return tuple(pieces)


def profile_mark(entry: ProfileEntry) -> Mark:
    """Whether it can be used."""
    if entry.problem:
        return Mark(CROSS, "invalid", Role.BAD)
    if entry.shadowed:
        return Mark(DOTTED, "shadowed", Role.WARN)
    return Mark(DOT, "ready", Role.OK)


def profile_row(entry: ProfileEntry, now: datetime, drift: Cell | None = None) -> Row:
    """One profile as a row, with `drift` in its column where there is one; its key is its path."""
    mark = profile_mark(entry)
    used = duration.ago(text.seconds_between(entry.last_used, now)) if entry.last_used else "never"
    return Row(
        str(entry.path),
        (
            cell(text.plain(entry.name)),
            ((mark.text(), mark.role),),
            *((drift,) if drift is not None else ()),
            cell(str(entry.origin), Role.DIM),
            cell(used, Role.DIM if entry.last_used else Role.WAIT),
            cell(text.plain(entry.owner), Role.DIM),
            cell(text.plain(entry.problem or entry.description)),
        ),
    )


def where_words(entry: ProfileEntry, home: Path | None = None) -> str:
    """Where its file is: `bundled: web.toml`, else the path, with `~` for the home directory."""
    if entry.origin == "bundled":
        return text.plain(f"bundled: {entry.path.name}")
    try:
        return text.plain(f"~/{entry.path.relative_to(home or Path.home())}")
    except (ValueError, RuntimeError):
        return text.plain(str(entry.path))


def profile_fields(entry: ProfileEntry, drifts: Drifts) -> Fields:
    """What a filter sees of a profile."""
    return {
        "": (entry.name, entry.description, entry.owner),
        "name": (entry.name,),
        "origin": (str(entry.origin),),
        "owner": (entry.owner,),
        "description": (entry.description,),
        "state": (profile_mark(entry).word,),
        "drift": drift_words(drifts.get(str(entry.path))),
    }


_PROFILE_RANKS: dict[str, Callable[[ProfileEntry], Any]] = {
    "name": lambda it: it.name.lower(),
    "state": lambda it: profile_mark(it).word,
    "origin": lambda it: str(it.origin),
    "owner": lambda it: it.owner.lower(),
    "description": lambda it: it.description.lower(),
}


def shown_profiles(
    entries: Sequence[ProfileT],
    terms: Sequence[Term],
    order: str,
    *,
    reverse: bool = False,
    drifts: Drifts | None = None,
) -> tuple[ProfileT, ...]:
    """Profiles that a filter keeps; the last used first within an order, as the store lists them."""
    known = drifts or {}
    kept = [each for each in entries if matches(terms, profile_fields(each, known))]
    rank = _PROFILE_RANKS.get(order)
    if order == "drift":
        kept.sort(key=lambda each: drift_rank(known.get(str(each.path))), reverse=reverse)
    elif rank is not None:
        kept.sort(key=rank, reverse=reverse)
    elif reverse:
        kept.reverse()
    return tuple(kept)
