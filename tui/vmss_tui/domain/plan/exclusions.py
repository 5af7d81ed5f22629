"""Which instances a rollout leaves alone, and why.

Azure's rolling upgrades cannot exclude named instances; whether such a plan may start is for `checks`.
"""

from dataclasses import dataclass
from enum import StrEnum

from vmss_tui.domain.fleet.health import Power, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptConfig, ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

_OFF = {
    Power.DEALLOCATED: "deallocated",
    Power.DEALLOCATING: "being deallocated",
    Power.STOPPED: "stopped",
    Power.STOPPING: "being stopped",
}


class ExclusionKind(StrEnum):
    """Why an instance is excluded."""

    NAMED = "named"
    DELETING = "deleting"
    PROTECTED = "protected"
    OFF = "off"
    SKIPPED = "skipped"
    """Its application asks rolling upgrades to skip it (custom metric `SkipUpgrade`)."""
    CURRENT = "current"
    """It runs the version already and needs nothing."""
    NOT_SELECTED = "not selected"
    """The rollout is about other instances: those that failed, or those that have a script to remove."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An instance that the rollout leaves alone; `reason` is for people."""

    id: str
    reason: str
    kind: ExclusionKind = ExclusionKind.NOT_SELECTED


def runs_version(instance: Instance, script: ScriptConfig) -> bool:
    """Whether the instance has this configuration and its script succeeded."""
    return instance.script_digest == script.digest and instance.script.state is ScriptState.SUCCEEDED


def exclusion(instance: Instance, script: ScriptConfig, policy: RolloutPolicy) -> Exclusion | None:
    """Why a rollout of `script` leaves this instance alone; None when it is updated."""
    if instance.id in policy.exclude or instance.name in policy.exclude:
        return Exclusion(instance.id, "listed in exclude", ExclusionKind.NAMED)
    if instance.provisioning is Provisioning.DELETING:
        return Exclusion(instance.id, "being deleted", ExclusionKind.DELETING)
    if instance.protected:
        return Exclusion(instance.id, "protected from scale set actions", ExclusionKind.PROTECTED)
    if instance.is_off:
        return Exclusion(instance.id, f"{_OFF[instance.power]}: its script cannot run", ExclusionKind.OFF)
    if runs_version(instance, script):
        return Exclusion(instance.id, "already on this version", ExclusionKind.CURRENT)
    return None


def select(
    snapshot: SetSnapshot, script: ScriptConfig, policy: RolloutPolicy, *, rolling_upgrade: bool
) -> tuple[tuple[Instance, ...], tuple[Exclusion, ...]]:
    """The instances to update and those to leave alone, both in natural order.

    A rolling upgrade cannot exclude instances that the policy names, and skips those whose application asks for it.
    Source: "Rolling upgrades with custom metrics".
    """
    selected: list[Instance] = []
    excluded: list[Exclusion] = []
    for instance in sorted(snapshot.instances, key=lambda instance: instance.ordinal):
        found = exclusion(instance, script, policy)
        if rolling_upgrade and instance.skip_upgrade and (found is None or found.kind is ExclusionKind.NAMED):
            found = Exclusion(instance.id, "its application requests SkipUpgrade", ExclusionKind.SKIPPED)
        if found is None or (found.kind is ExclusionKind.NAMED and rolling_upgrade):
            selected.append(instance)
        else:
            excluded.append(found)
    return tuple(selected), tuple(excluded)
