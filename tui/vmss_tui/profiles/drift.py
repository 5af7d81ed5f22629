"""How far a scale set is from a profile: same, differs, not installed; and who lags behind the model. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, SettingChange, diff_settings
from vmss_tui.domain.fleet.snapshot import FleetEntry, SetSnapshot
from vmss_tui.domain.fleet.version_names import name_of
from vmss_tui.profiles.convert.recognize import recognize, recover
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.resolve import fit_script, script_of, values_of
from vmss_tui.text import counted

Naming = Callable[[ScriptConfig], str]
"""Gives a configuration its name; an empty text when it has none."""


class DriftState(StrEnum):
    """A set's model compared with a profile."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One target against a profile. Counts are in instances."""

    target: ScaleSetId
    state: DriftState
    label: str = ""
    """Name of the version of the model, else `unknown` and 8 hex digits; empty when there is no script."""
    changes: tuple[SettingChange, ...] = ()
    """What a rollout would change; empty when it cannot be said for lack of a variable's value."""
    reason: str = ""
    """Why it differs, in a sentence; empty when it does not."""
    behind: int = 0
    """Instances that do not run what the model says."""
    total: int = 0
    counted: bool = True
    """False while the instances have not been read: `behind` and `total` are then unknown."""

    @property
    def clean(self) -> bool:
        """Whether nothing is left to do."""
        return self.state is DriftState.SAME and self.behind == 0 and self.counted


def _nameless(script: ScriptConfig) -> str:
    return ""


def drift(
    profile: Profile, snapshot: SetSnapshot, given: Mapping[str, str] | None = None, *, named: Naming = _nameless
) -> Drift:
    """Compare a set with a profile; `named` is asked for a version that the profile does not recognize.

    Variables without a value are taken from the live settings where they can be recovered: the set then counts as
    `same` when it runs *some* version of the profile.
    """
    return _compare(profile, snapshot.scale_set, given or {}, named, len(snapshot.instances), _behind(snapshot))


def fleet_drift(profile: Profile, fleet: Iterable[FleetEntry], *, named: Naming = _nameless) -> tuple[Drift, ...]:
    """Compare every target of a profile in the fleet with it, by what the fleet's own reading says already.

    Instances lag when Azure says that they do not have the latest model; a set that was not counted yet
    says nothing about its instances.
    """
    return tuple(_of_entry(profile, entry, named) for entry in fleet if profile.targets.choose(entry.scale_set))


def _of_entry(profile: Profile, entry: FleetEntry, named: Naming) -> Drift:
    counts = entry.counts
    if counts is None:
        return _compare(profile, entry.scale_set, {}, named, 0, 0, counted=False)
    return _compare(profile, entry.scale_set, {}, named, counts.total, counts.total - counts.current)


def _compare(
    profile: Profile, scale_set: ScaleSet, given: Mapping[str, str], named: Naming, total: int, behind: int,
    *, counted: bool = True,
) -> Drift:  # fmt: skip
    """The comparison of a set's model; `total` and `behind` are in instances."""
    live = scale_set.script
    if live is None:
        return Drift(
            target=scale_set.id,
            state=DriftState.NOT_INSTALLED,
            reason="the set has no Custom Script Extension",
            behind=total,
            total=total,
            counted=counted,
        )
    wanted = _wanted(profile, live, given)
    changes: tuple[SettingChange, ...] = ()
    state, reason = DriftState.DIFFERS, _unlike(profile, given)
    if wanted is not None:
        changes = diff_settings(_compared(live), _compared(fit_script(profile, wanted, live)))
        state, reason = _judge(changes, live, wanted)
    return Drift(
        target=scale_set.id,
        state=state,
        label=recognize(profile, live) or name_of(live, named),
        changes=changes,
        reason=reason,
        behind=behind,
        total=total,
        counted=counted,
    )


def _wanted(profile: Profile, live: ScriptConfig, given: Mapping[str, str]) -> ScriptConfig | None:
    values, missing = values_of(profile, given, {})
    if missing:
        found = recover(profile, live)
        if found is None or any(variable.name not in found for variable in missing):
            return None
        values = {**found, **{name: value for name, value in values.items() if name in given}}
    try:
        return script_of(profile, values)
    except KeyError:
        return None


def _compared(script: ScriptConfig) -> dict[str, object]:
    """Public settings without the stamp that only forces a rerun."""
    return {key: value for key, value in script.settings.items() if key != "timestamp"}


def _judge(changes: tuple[SettingChange, ...], live: ScriptConfig, wanted: ScriptConfig) -> tuple[DriftState, str]:
    if not live.handler.matches(wanted.handler.publisher, wanted.handler.type):
        return DriftState.DIFFERS, f"the set has the handler {live.handler.publisher}/{live.handler.type}"
    if changes:
        return DriftState.DIFFERS, counted(len(changes), "setting differs", "settings differ")
    return DriftState.SAME, ""


def _unlike(profile: Profile, given: Mapping[str, str]) -> str:
    _, missing = values_of(profile, given, {})
    names = ", ".join(variable.name for variable in missing)
    return f"the set runs no version of this profile; give {names} to see what would change"


def _behind(snapshot: SetSnapshot) -> int:
    script = snapshot.scale_set.script
    wanted = script.digest if script is not None else ""
    return sum(
        instance.is_behind or bool(instance.script_digest and wanted and instance.script_digest != wanted)
        for instance in snapshot.instances
    )
