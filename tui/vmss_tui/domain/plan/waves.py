"""Waves: one profile over several scale sets, group after group, and what the groups have in common.

Pure. A set belongs to the first group that selects it, so that "the rest" can be the last one. Times are in seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.plan.agreement import Agreement
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_policy import Amount, RolloutPolicy
from vmss_tui.text import counted, listed


class OnFailedSet(StrEnum):
    """What a scale set whose rollout failed does to the rest."""

    STOP = "stop"
    """Start no further set; those in progress run to their own end."""
    CONTINUE = "continue"
    """Continue while the failure budget allows it."""
    ROLLBACK_WAVE = "rollback-wave"
    """Start no further set, then roll the sets of this wave back to what they ran before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveGroup:
    """Which scale sets a wave takes: every condition that is given must hold; none takes all that remain."""

    name: str
    names: tuple[str, ...] = ()
    """Globs over `group/name`; a glob without a slash is over the name. Case does not matter."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that a set must all have; values are globs."""
    regions: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    """Globs over names or ids."""
    approve: bool = False
    """Wait for approval before this wave."""
    bake_seconds: int = 0
    """Wait this long after the wave's last set before the next wave."""

    def takes(self, entry: FleetEntry) -> bool:
        """Whether this set is meant."""
        scale_set, subscription = entry.scale_set, entry.subscription
        return (
            (not self.names or name_fits(scale_set.id, self.names))
            and (not self.regions or _any(self.regions, scale_set.location))
            and (
                not self.subscriptions or any(_any(self.subscriptions, n) for n in (subscription.id, subscription.name))
            )
            and tags_fit(scale_set.tags, self.tags)
        )


def name_fits(target: ScaleSetId, globs: Iterable[str]) -> bool:
    """Whether one of the globs over `group/name`, or over the name where it has no slash, fits; in any case."""
    return any(_any((glob,), target.short if "/" in glob else target.name) for glob in globs)


def tags_fit(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether a set has all the tags that are wanted; values are globs, names of tags have no case in Azure."""
    folded = {key.casefold(): value for key, value in tags.items()}
    return all(key.casefold() in folded and fnmatchcase(folded[key.casefold()], value) for key, value in wanted.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRules:
    """The `[waves]` of a profile. A budget is how much may fail before no further set starts; None: no limit."""

    groups: tuple[WaveGroup, ...] = ()
    """The waves in their order; without any, all sets are one wave."""
    at_once: int = 1
    """Scale sets in progress at the same time."""
    failed_instances: Amount | None = None
    failed_sets: Amount | None = None
    on_failed_set: OnFailedSet = OnFailedSet.STOP

    def instances_allowed(self, total: int) -> int | None:
        """How many instances of all sets together may fail."""
        return self.failed_instances.limit(total) if self.failed_instances is not None else None

    def sets_allowed(self, total: int) -> int | None:
        """How many sets may fail."""
        return self.failed_sets.limit(total) if self.failed_sets is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveSet:
    """A scale set of a wave, and what is done with it: the waves' own script, or a follow-up of an earlier rollout."""

    target: ScaleSetId
    instances: int = 0
    """How many it had when the waves were planned."""
    extension: str = ""
    """Name of the extension on this set; empty: the script's own."""
    policy: RolloutPolicy | None = None
    """The profile's policy with what it leaves to this set's own; None: what the earlier rollout had."""
    retries: str = ""
    """The rollout whose failed instances come first; then the rest of the set."""
    undoes: str = ""
    """The rollout that is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A group of scale sets that are rolled out before the next group starts."""

    number: int
    name: str
    sets: tuple[WaveSet, ...]
    approve: bool = False
    bake_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesPlan:
    """Everything a coordinator needs, so that it reads no profile."""

    profile: str
    label: str
    """Name of the version."""
    waves: tuple[Wave, ...]
    rules: WaveRules = WaveRules()
    origin: str = ""
    """`retry of 1234abcd`, `undo of 1234abcd`; empty for a first rollout."""
    script: ScriptConfig | None = None
    """The version that is rolled out; None when every set is a follow-up of a rollout of its own."""
    variables: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    """What the script's files must be (SHA-256 in hex, by address), on every set the same."""
    findings: tuple[Finding, ...] = ()
    """What the profile's own checks say; each set's plan has them too."""
    overrides: Mapping[Override, str] = field(default_factory=dict)
    agreed: tuple[Agreement, ...] = ()
    """For a start that is scheduled: the terms agreed to for each set, which must still hold when its time comes."""

    @property
    def sets(self) -> tuple[WaveSet, ...]:
        """All sets, in their order."""
        return tuple(member for wave in self.waves for member in wave.sets)

    @property
    def total(self) -> int:
        """Instances of all sets together."""
        return sum(member.instances for member in self.sets)

    @property
    def undoes(self) -> bool:
        """Whether the whole is a roll back."""
        return bool(self.waves) and all(member.undoes for member in self.sets)


@dataclass(frozen=True, slots=True)
class Selection:
    """Scale sets grouped into waves: (group, its sets), and what no group took."""

    groups: tuple[tuple[WaveGroup, tuple[FleetEntry, ...]], ...]
    remaining: tuple[FleetEntry, ...] = ()
    empty: tuple[str, ...] = ()
    """Names of groups that select nothing."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a person should know of the grouping."""
        found = []
        if not self.groups:
            found.append(Finding(Severity.REFUSE, "no-sets", "no visible scale set is in a wave", _CHECK_WAVES))
        if self.remaining and self.groups:
            names = listed(entry.id.name for entry in self.remaining)
            message = f"{counted(len(self.remaining), 'target')} of the profile in no wave: {names}"
            found.append(Finding(Severity.WARN, "in-no-wave", message, "Add a last group without conditions."))
        found += [
            Finding(Severity.WARN, "empty-wave", f"wave {name!r} selects no scale set", _CHECK_WAVES)
            for name in self.empty
        ]
        return tuple(found)


_CHECK_WAVES = "Check [targets] and [waves] in the profile; `vmss-tui list` shows names, tags and regions."
WHOLE = WaveGroup(name="all")
"""The one group of a profile without groups."""


def select(entries: Iterable[FleetEntry], groups: Iterable[WaveGroup]) -> Selection:
    """Group scale sets into waves; the sets of a wave are sorted by name."""
    remaining = sorted(entries, key=lambda entry: (entry.id.name.casefold(), entry.id.key))
    waves: list[tuple[WaveGroup, tuple[FleetEntry, ...]]] = []
    empty: list[str] = []
    for group in tuple(groups) or (WHOLE,):
        taken = tuple(entry for entry in remaining if group.takes(entry))
        remaining = [entry for entry in remaining if entry not in taken]
        if taken:
            waves.append((group, taken))
        else:
            empty.append(group.name)
    return Selection(tuple(waves), tuple(remaining), tuple(empty))


def waves_of(selection: Selection, members: Mapping[ScaleSetId, WaveSet]) -> tuple[Wave, ...]:
    """The groups of a selection as waves, with what is done with each set."""
    return tuple(
        Wave(
            number=number,
            name=group.name,
            sets=tuple(members[entry.id] for entry in sets),
            approve=group.approve,
            bake_seconds=group.bake_seconds,
        )
        for number, (group, sets) in enumerate(selection.groups, 1)
    )


def instances_of(entry: FleetEntry) -> int:
    """How many instances a set has, as counted, else as its model says."""
    return entry.counts.total if entry.counts is not None else entry.scale_set.capacity


def _any(globs: Iterable[str], text: str) -> bool:
    return any(fnmatchcase(text.casefold(), glob.casefold()) for glob in globs)
