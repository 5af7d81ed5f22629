"""What a rollout writes, as a diff under Azure's own names: settings, force-update tag, protected names, policy."""

from vmss_tui import duration
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, SettingChange, diff_settings
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

_POLICY_PATHS = {
    "batch_percent": "maxBatchInstancePercent",
    "unhealthy_percent": "maxUnhealthyInstancePercent",
    "unhealthy_upgraded_percent": "maxUnhealthyUpgradedInstancePercent",
    "pause_seconds": "pauseTimeBetweenBatches",
    "cross_zone": "enableCrossZoneUpgrade",
    "prioritise_unhealthy": "prioritizeUnhealthyInstances",
    "rollback_on_breach": "rollbackFailedInstancesOnPolicyBreach",
    "surge": "maxSurge",
}


def policy_differs(scale_set: ScaleSet, policy: RolloutPolicy, strategy: Strategy) -> bool:
    """Whether the set's own upgrade policy has to change for this rollout."""
    if scale_set.mode is not strategy.mode:
        return True
    return strategy is Strategy.ROLLING_UPGRADE and scale_set.policy != policy.as_rolling()


def script_changes(previous: ScriptConfig | None, script: ScriptConfig) -> tuple[SettingChange, ...]:
    """What differs between the configuration before and the new one; values of protected settings never show."""
    old_tag = previous.force_update_tag if previous is not None else ""
    tag = (SettingChange("forceUpdateTag", old_tag or None, script.force_update_tag or None),)
    protected = tuple(
        SettingChange(f"protectedSettings.{name}", None, str(ref)) for name, ref in sorted(script.protected.items())
    )
    return (
        *diff_settings(previous.settings if previous is not None else {}, script.settings),
        *(tag if old_tag != script.force_update_tag else ()),
        *protected,
    )


def policy_changes(scale_set: ScaleSet, policy: RolloutPolicy, strategy: Strategy) -> tuple[SettingChange, ...]:
    """What differs between the set's own upgrade policy and the one that the rollout needs."""
    changes: list[SettingChange] = []
    if scale_set.mode is not strategy.mode:
        changes.append(SettingChange("upgradePolicy.mode", scale_set.mode.value, strategy.mode.value))
    if strategy is not Strategy.ROLLING_UPGRADE:
        return tuple(changes)
    old, new = scale_set.policy, policy.as_rolling()
    for name, path in _POLICY_PATHS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            changes.append(SettingChange(f"upgradePolicy.{path}", _written(name, before), _written(name, after)))
    return tuple(changes)


def _written(name: str, value: int | bool) -> str:
    """A value as Azure writes it."""
    if name == "pause_seconds":
        return duration.iso(int(value))
    return str(value).lower() if isinstance(value, bool) else f"{value}"
