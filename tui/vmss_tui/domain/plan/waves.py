"""Waves: one profile over several scale sets, group after group, and what the groups have in common.

Pure. A set belongs to the first wave that selects it, so that "the rest" can be the last wave. Times are in seconds.
"""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.fleet.upgrade_policy import percent_of
from vmss_tui.domain.plan.rollout_policy import Amount


class OnFailedSet(StrEnum):
    """What a scale set whose rollout failed does to the rest."""

    STOP = "stop"
    """Start no further set; those in progress go on to their own end."""
    CONTINUE = "continue"
    """Go on while the failure budget allows it."""
    ROLLBACK_WAVE = "rollback-wave"
    """Start no further set, then bring the sets of this wave back to what they ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Which scale sets a wave takes: every condition that is given must hold; none takes all that are left."""

    names: tuple[str, ...] = ()
    """Shell patterns of names, case ignored: `web-*`."""
    tags: Mapping[str, str] | None = None
    regions: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    """Names or ids."""

    def takes(self, entry: FleetEntry) -> bool:
        """Whether this set is meant."""
        scale_set, subscription = entry.scale_set, entry.subscription
        name = scale_set.id.name.casefold()
        known = {subscription.id.casefold(), subscription.name.casefold()}
        return (
            (not self.names or any(fnmatch.fnmatchcase(name, pattern.casefold()) for pattern in self.names))
            and (not self.regions or scale_set.location.casefold() in _folded(self.regions))
            and (not self.subscriptions or bool(known & _folded(self.subscriptions)))
            and all(scale_set.tags.get(key) == value for key, value in (self.tags or {}).items())
        )


@dataclass(frozen=True, slots=True)
class WaveSet:
    """A scale set of a wave, and how many instances it had when the waves were planned."""

    target: ScaleSetId
    instances: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A group of scale sets that are rolled out before the next group starts."""

    number: int
    name: str
    sets: tuple[WaveSet, ...]
    approve: bool = False
    """Wait for a person before this wave."""
    bake_seconds: int = 0
    """Watch this long after the wave's last set before the next wave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRules:
    """What holds over all waves. A budget is how much may fail before no further set is started; None: no limit."""

    at_once: int = 1
    """Scale sets in progress at the same time."""
    failed_instances: Amount | None = None
    failed_sets: Amount | None = None
    on_failed_set: OnFailedSet = OnFailedSet.STOP

    def instances_allowed(self, total: int) -> int | None:
        """How many instances of all sets together may fail."""
        return _allowed(self.failed_instances, total)

    def sets_allowed(self, total: int) -> int | None:
        """How many sets may fail."""
        return _allowed(self.failed_sets, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesPlan:
    """Everything a coordinator needs."""

    profile: str
    label: str
    waves: tuple[Wave, ...]
    rules: WaveRules = WaveRules()

    @property
    def sets(self) -> tuple[WaveSet, ...]:
        """All sets, in their order."""
        return tuple(member for wave in self.waves for member in wave.sets)

    @property
    def total(self) -> int:
        """Instances of all sets together."""
        return sum(member.instances for member in self.sets)


@dataclass(frozen=True, slots=True)
class Selection:
    """The waves, and what no selector took."""

    waves: tuple[Wave, ...]
    left_over: tuple[ScaleSetId, ...] = ()
    empty: tuple[str, ...] = ()
    """Names of waves that select nothing."""


def select(entries: Iterable[FleetEntry], wanted: Sequence[tuple[str, Selector, bool, int]]) -> Selection:
    """Group scale sets into waves by (name, selector, approve, bake seconds); sets of a wave are sorted by name."""
    left = sorted(entries, key=lambda entry: entry.scale_set.id.name.casefold())
    waves: list[Wave] = []
    empty: list[str] = []
    for name, selector, approve, bake in wanted:
        taken = [entry for entry in left if selector.takes(entry)]
        left = [entry for entry in left if entry not in taken]
        if not taken:
            empty.append(name)
            continue
        sets = tuple(WaveSet(entry.scale_set.id, _instances(entry)) for entry in taken)
        waves.append(Wave(number=len(waves) + 1, name=name, sets=sets, approve=approve, bake_seconds=bake))
    return Selection(tuple(waves), tuple(entry.scale_set.id for entry in left), tuple(empty))


def _instances(entry: FleetEntry) -> int:
    return entry.counts.total if entry.counts is not None else entry.scale_set.capacity


def _allowed(budget: Amount | None, total: int) -> int | None:
    if budget is None:
        return None
    return percent_of(budget.value, total) if budget.percent else budget.value


def _folded(words: Iterable[str]) -> set[str]:
    return {word.casefold() for word in words}
