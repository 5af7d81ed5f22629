"""Make a rollout's plan from what a scale set is now: strategy, batches, exclusions, findings, estimate.

Pure: reads a snapshot, writes nothing, asks nobody. What to warn of is in `checks`, who goes when in `batching`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.fleet.health import Health, Power, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import (
    RerunForecast,
    ScriptConfig,
    ScriptState,
    SettingChange,
    diff_settings,
    digest,
    forecast_rerun,
)
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames
from vmss_tui.domain.plan.batches import batches
from vmss_tui.domain.plan.checks import find
from vmss_tui.domain.plan.estimate import fixed_seconds
from vmss_tui.domain.plan.feasible import batch_percent
from vmss_tui.domain.plan.rollout_plan import CURRENT, Batch, Estimate, Exclusion, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy

FAST_SECONDS = 60
SLOW_SECONDS = 360
"""What one batch takes when nothing is known: script and health together, in seconds."""
_OFF = {
    Power.DEALLOCATED: "deallocated",
    Power.DEALLOCATING: "being deallocated",
    Power.STOPPED: "stopped",
    Power.STOPPING: "being stopped",
}


def plan_rollout(
    snapshot: SetSnapshot,
    script: ScriptConfig,
    policy: RolloutPolicy,
    *,
    profile: str = "",
    variables: Mapping[str, str] | None = None,
    names: VersionNames = NAMELESS,
    now: datetime,
) -> RolloutPlan:
    """Plan bringing `script` to every instance of the set under `policy`. `names` are those of known versions."""
    of = snapshot.scale_set
    strategy = choose_strategy(of, policy)
    previous = _previous(of, names)
    script = _prepared(script, previous, policy, names, now)
    policy = _fitting(policy, strategy, len(snapshot.instances))
    kept, excluded = _split(snapshot, script, policy, strategy)
    made = batches(kept, _as_carried_out(policy, strategy), len(snapshot.instances))
    healthy = _healthy(snapshot)
    differs = policy_differs(of, policy, strategy)
    plan = RolloutPlan(
        target=of.id,
        location=of.location,
        strategy=strategy,
        script=script,
        previous=previous,
        policy=policy,
        set_mode=of.mode,
        set_policy=of.policy,
        etag=of.etag,
        total=len(snapshot.instances),
        healthy=healthy,
        batches=made,
        excluded=excluded,
        changes=(*_script_changes(previous, script), *_policy_changes(of, policy, strategy, differs)),
        forecast=_forecast(previous, script, made),
        estimate=estimate(made, policy, len(snapshot.instances) if healthy is None else healthy),
        profile=profile,
        variables=dict(variables or {}),
        from_label=commonest(snapshot.instances, previous, names),
        names=names.of(snapshot.configurations),
        policy_differs=differs,
        holds_repairs=policy.suspend_repairs and bool(of.automatic_repairs and made) and not of.repairs_suspended,
    )
    return replace(plan, findings=find(snapshot, plan, now))


def choose_strategy(of: ScaleSet, policy: RolloutPolicy) -> Strategy:
    """Who moves the instances of this set under this policy."""
    mode = policy.mode or of.mode
    if mode is UpgradeMode.ROLLING and (of.orchestration is Orchestration.UNIFORM or of.health_source.present):
        return Strategy.ROLLING_UPGRADE
    return Strategy.VM_BATCHES if of.orchestration is Orchestration.FLEXIBLE else Strategy.CLIENT_BATCHES


def target_mode(plan: RolloutPlan) -> UpgradeMode:
    """The upgrade mode that the set must have while the rollout runs."""
    return UpgradeMode.ROLLING if plan.strategy is Strategy.ROLLING_UPGRADE else UpgradeMode.MANUAL


def policy_differs(of: ScaleSet, policy: RolloutPolicy, strategy: Strategy) -> bool:
    """Whether the set's own upgrade policy has to change for this rollout."""
    if strategy is Strategy.ROLLING_UPGRADE:
        return of.mode is not UpgradeMode.ROLLING or of.policy != policy.as_rolling()
    return of.mode is not UpgradeMode.MANUAL


def runs_it(instance: Instance, script: ScriptConfig) -> bool:
    """Whether the instance has this configuration and its script succeeded."""
    return instance.script_digest == script.digest and instance.script.state is ScriptState.SUCCEEDED


def estimate(made: tuple[Batch, ...], policy: RolloutPolicy, healthy: int) -> Estimate:
    """How long these batches take, in seconds, and the fewest healthy instances to expect."""
    if not made:
        return Estimate(0, 0, healthy)
    fixed = fixed_seconds(len(made), policy)
    largest = max(len(each.ids) for each in made)
    return Estimate(len(made) * FAST_SECONDS + fixed, len(made) * SLOW_SECONDS + fixed, max(0, healthy - largest))


def _previous(of: ScaleSet, names: VersionNames) -> ScriptConfig | None:
    found = of.script
    return names.labelled(found) if found is not None else None


def _prepared(
    script: ScriptConfig, previous: ScriptConfig | None, policy: RolloutPolicy, names: VersionNames, now: datetime
) -> ScriptConfig:
    """The script with its name, and with a fresh force-update tag when identical settings shall run again.

    A tag that an earlier run was forced with stays: dropping it would run the same script once more. A version of
    another name whose public settings are the same must differ in what nobody can see, so it gets a tag too.
    """
    same = previous is not None and previous.digest == digest(
        script.handler, script.settings, script.force_update_tag or previous.force_update_tag
    )
    if previous is None or not same:
        return names.labelled(script)
    kept = replace(script, force_update_tag=previous.force_update_tag, label=script.label or previous.label)
    other = bool(script.protected and previous.label) and kept.label != previous.label
    return replace(kept, force_update_tag=now.strftime("%Y%m%dT%H%M%SZ")) if policy.force_rerun or other else kept


def _fitting(policy: RolloutPolicy, strategy: Strategy, total: int) -> RolloutPolicy:
    """For Azure's own roll: one batch size, as a percentage (Azure takes no less than 5)."""
    first = policy.steps[0].amount
    if strategy is not Strategy.ROLLING_UPGRADE or first.percent or not total:
        return policy
    percent = batch_percent(first, total)
    return replace(policy, steps=(BatchStep(Amount(percent, percent=True), policy.steps[0].approve), *policy.steps[1:]))


def _as_carried_out(policy: RolloutPolicy, strategy: Strategy) -> RolloutPolicy:
    """What counts for the batches: Azure's own roll knows one batch size and no canaries."""
    return replace(policy, steps=policy.steps[:1], canary=()) if strategy is Strategy.ROLLING_UPGRADE else policy


def _split(
    snapshot: SetSnapshot, script: ScriptConfig, policy: RolloutPolicy, strategy: Strategy
) -> tuple[list[Instance], tuple[Exclusion, ...]]:
    kept, excluded = [], []
    for each in sorted(snapshot.instances, key=lambda found: found.ordinal):
        reason = exclusion(each, script, policy)
        if reason and not (strategy is Strategy.ROLLING_UPGRADE and reason == "named in exclude"):
            excluded.append(Exclusion(each.id, reason))
        else:
            kept.append(each)
    return kept, tuple(excluded)


def exclusion(instance: Instance, script: ScriptConfig, policy: RolloutPolicy) -> str:
    """Why a rollout leaves this instance alone; empty when it does not."""
    if instance.id in policy.exclude or instance.name in policy.exclude:
        return "named in exclude"
    if instance.provisioning is Provisioning.DELETING:
        return "being deleted"
    if instance.protected:
        return "protected from scale set actions"
    if instance.is_off:
        return f"{_OFF[instance.power]}: its script cannot run"
    if runs_it(instance, script):
        return CURRENT
    return ""


def _healthy(snapshot: SetSnapshot) -> int | None:
    if all(each.health is Health.NONE for each in snapshot.instances):
        return None
    return sum(each.health is Health.HEALTHY for each in snapshot.instances)


def _forecast(previous: ScriptConfig | None, script: ScriptConfig, made: tuple[Batch, ...]) -> RerunForecast:
    if previous is not None and previous.digest == script.digest and not made:
        return RerunForecast(False, "every instance runs it already")
    return forecast_rerun(previous, script)


def commonest(instances: Iterable[Instance], previous: ScriptConfig | None, names: VersionNames) -> str:
    """Name of the version that most of these instances run; of the model's when they run none."""
    counted = Counter(each.script_digest for each in instances if each.script_digest)
    digest = counted.most_common(1)[0][0] if counted else (previous.digest if previous is not None else "")
    return names.text(digest)


def _script_changes(previous: ScriptConfig | None, script: ScriptConfig) -> tuple[SettingChange, ...]:
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


def _policy_changes(
    of: ScaleSet, policy: RolloutPolicy, strategy: Strategy, differs: bool
) -> tuple[SettingChange, ...]:
    if not differs:
        return ()
    mode = UpgradeMode.ROLLING if strategy is Strategy.ROLLING_UPGRADE else UpgradeMode.MANUAL
    found = [SettingChange("upgradePolicy.mode", of.mode.value, mode.value)] if mode is not of.mode else []
    if strategy is Strategy.ROLLING_UPGRADE:
        old, new = of.policy, policy.as_rolling()
        for name, path in _POLICY_PATHS.items():
            before, after = getattr(old, name), getattr(new, name)
            if before != after:
                found.append(SettingChange(f"upgradePolicy.{path}", _told(name, before), _told(name, after)))
    return tuple(found)


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
"""Azure's names, since a diff shows what is written."""


def _told(name: str, value: int | bool) -> str:
    if name == "pause_seconds":
        return duration.iso(int(value))
    return str(value).lower() if isinstance(value, bool) else f"{value}"
