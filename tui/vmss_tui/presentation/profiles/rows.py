"""The list of profiles: one row each, and what a filter finds them by.

Pure functions over anything that has the fields of the profile store's entries: a sibling may not be imported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar, cast

from vmss_tui import duration, text
from vmss_tui.presentation.filter import Match
from vmss_tui.presentation.glyphs import CROSS, DOT, DOTTED, Mark, Role
from vmss_tui.presentation.profiles.drift import Drift, drift_cell, drift_rank, drift_words
from vmss_tui.presentation.table import Cell, DataColumn, Table, View, cell


class ProfileEntry(Protocol):
    """A profile in a list."""

    @property
    def name(self) -> str:
        """Its name."""

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

Drifts = Mapping[str, Sequence[Drift]]
"""The state of the targets of profiles, by the path of the profile's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a row needs beside the entry: the time, and the state of the profile's targets."""

    now: datetime
    drifts: Drifts = field(default_factory=dict)

    def of(self, entry: ProfileEntry) -> Sequence[Drift] | None:
        """The state of the targets of a profile; None before they are known."""
        return self.drifts.get(str(entry.path))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesView(View):
    """How a person wants to see the profiles; `recent` is the store's own order, the last used first."""

    order: str = "recent"


def profile_mark(entry: ProfileEntry) -> Mark:
    """Whether it can be used."""
    if entry.problem:
        return Mark(CROSS, "invalid", Role.BAD)
    if entry.shadowed:
        return Mark(DOTTED, "shadowed", Role.WARN)
    return Mark(DOT, "ready", Role.WELL)


def where_words(entry: ProfileEntry, home: Path | None = None) -> str:
    """Where its file is: `bundled: web.toml`, else the path, with `~` for the home directory."""
    return text.plain(f"bundled: {entry.path.name}") if entry.origin == "bundled" else path_words(entry.path, home)


def path_words(path: Path, home: Path | None = None) -> str:
    """A path, with `~` for the home directory."""
    try:
        return text.plain(f"~/{path.relative_to(home or Path.home())}")
    except (ValueError, RuntimeError):
        return text.plain(str(path))


def _used(entry: ProfileEntry, known: Known) -> Cell:
    if entry.last_used is None:
        return cell("never", Role.WAIT)
    return cell(duration.ago(text.seconds_between(entry.last_used, known.now)), Role.DIM)


def _state(entry: ProfileEntry, known: Known) -> Cell:
    mark = profile_mark(entry)
    return ((mark.text(), mark.role),)


ProfileColumn = DataColumn[ProfileEntry, Known]

PROFILES: Table[ProfileEntry, Known] = Table(
    key=lambda it: str(it.path),
    columns=(
        ProfileColumn("name", "PROFILE", 18, flex=1, middle=True, bare=True,
            cell=lambda it, known: cell(text.plain(it.name)),
            rank=lambda it, known: it.name.lower(),
            values=lambda it, known: (it.name,)),
        ProfileColumn("state", "STATE", 10, match=Match.WORD, words=("ready", "invalid", "shadowed"), cell=_state,
            rank=lambda it, known: profile_mark(it).word,
            values=lambda it, known: (profile_mark(it).word,)),
        ProfileColumn("drift", "TARGETS", 26, match=Match.WORD,
            cell=lambda it, known: drift_cell(known.of(it)),
            rank=lambda it, known: drift_rank(known.of(it)),
            values=lambda it, known: drift_words(known.of(it))),
        ProfileColumn("origin", "FROM", 8, priority=3, middle=True,
            cell=lambda it, known: cell(str(it.origin), Role.DIM),
            rank=lambda it, known: str(it.origin),
            values=lambda it, known: (str(it.origin),)),
        ProfileColumn("used", "LAST USED", 10, right=True, priority=2, cell=_used,
            rank=lambda it, known: -it.last_used.timestamp() if it.last_used else 0.0),
        ProfileColumn("owner", "OWNER", 14, flex=1, priority=4, bare=True,
            cell=lambda it, known: cell(text.plain(it.owner), Role.DIM),
            rank=lambda it, known: it.owner.lower(),
            values=lambda it, known: (it.owner,)),
        ProfileColumn("description", "DESCRIPTION", 30, flex=8, priority=1, bare=True,
            cell=lambda it, known: cell(text.plain(it.problem or it.description)),
            rank=lambda it, known: it.description.lower(),
            values=lambda it, known: (it.description,)),
    ),
)  # fmt: skip
"""The profiles, a column an entry."""


def shown_profiles(entries: Iterable[ProfileT], view: ProfilesView, known: Known) -> tuple[ProfileT, ...]:
    """Profiles that a view shows; the last used first within an order, as the store lists them."""
    return cast("tuple[ProfileT, ...]", PROFILES.shown(entries, view, known))
