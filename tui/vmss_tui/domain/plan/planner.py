"""Make a rollout's plan from what a scale set is now: strategy, batches, exclusions, changes, findings.

Pure: reads a snapshot, writes nothing. Warnings are in `checks`, the order of instances in `batches`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from vmss_tui.domain.fleet.instance import Instance, healthy_among, staying
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import RerunForecast, ScriptConfig, digest, forecast_rerun
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames
from vmss_tui.domain.plan.batches import batches, phased
from vmss_tui.domain.plan.changes import policy_changes, policy_differs, script_changes
from vmss_tui.domain.plan.checks import find
from vmss_tui.domain.plan.exclusions import select
from vmss_tui.domain.plan.feasible import batch_percent
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.text import counted


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
    scale_set = snapshot.scale_set
    strategy = choose_strategy(scale_set, policy)
    previous = _previous(scale_set, names)
    script = _prepared(script, previous, policy, names, now)
    total = len(snapshot.instances)
    policy = _fitting(policy, strategy, total)
    rolling = strategy is Strategy.ROLLING_UPGRADE
    selected, excluded = select(snapshot, script, policy, rolling_upgrade=rolling)
    cut = phased if rolling else batches
    planned = cut(selected, _as_carried_out(policy, strategy), total)
    differs = policy_differs(scale_set, policy, strategy)
    repairs = bool(scale_set.automatic_repairs) and not scale_set.repairs_suspended
    plan = RolloutPlan(
        target=scale_set.id,
        location=scale_set.location,
        strategy=strategy,
        script=script,
        previous=previous,
        policy=policy,
        set_mode=scale_set.mode,
        set_policy=scale_set.policy,
        etag=scale_set.etag,
        made_at=now,
        total=total,
        healthy=healthy_among(staying(snapshot.instances)),
        batches=planned,
        excluded=excluded,
        changes=(*script_changes(previous, script), *policy_changes(scale_set, policy, strategy)),
        forecast=_forecast(previous, script, selected),
        profile=profile,
        variables=dict(variables or {}),
        from_label=commonest(snapshot.instances, previous, names),
        names=names.of(snapshot.configurations),
        policy_differs=differs,
        holds_repairs=policy.suspend_repairs and repairs and bool(planned),
    )
    return replace(plan, findings=find(snapshot, plan, now))


def choose_strategy(scale_set: ScaleSet, policy: RolloutPolicy) -> Strategy:
    """Who updates the instances of this set under this policy."""
    mode = policy.mode or scale_set.mode
    uniform = scale_set.orchestration is Orchestration.UNIFORM
    if mode is UpgradeMode.ROLLING and (uniform or scale_set.health_source.present):
        return Strategy.ROLLING_UPGRADE
    return Strategy.CLIENT_BATCHES if uniform else Strategy.VM_BATCHES


def commonest(instances: Iterable[Instance], previous: ScriptConfig | None, names: VersionNames) -> str:
    """Name of the version that most of these instances run; of the model's when they run none."""
    counts = Counter(instance.script_digest for instance in instances if instance.script_digest)
    found = counts.most_common(1)[0][0] if counts else (previous.digest if previous is not None else "")
    return names.text(found)


def _previous(scale_set: ScaleSet, names: VersionNames) -> ScriptConfig | None:
    script = scale_set.script
    return names.labelled(script) if script is not None else None


def _prepared(
    script: ScriptConfig, previous: ScriptConfig | None, policy: RolloutPolicy, names: VersionNames, now: datetime
) -> ScriptConfig:
    """The script with its name, and with a fresh force-update tag when unchanged settings must run again.

    A tag that an earlier run was forced with stays: dropping it would run the same script once more. A version of
    another name whose public settings are the same must differ in its protected settings, so it gets a tag too.
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
    """For a rolling upgrade: one batch size, as a percentage that Azure accepts."""
    first = policy.steps[0].amount
    if strategy is not Strategy.ROLLING_UPGRADE or first.percent or not total:
        return policy
    percent = batch_percent(first, total)
    return replace(policy, steps=(BatchStep(Amount(percent, percent=True), policy.steps[0].approve), *policy.steps[1:]))


def _as_carried_out(policy: RolloutPolicy, strategy: Strategy) -> RolloutPolicy:
    """What counts for the batches: a rolling upgrade has one batch size and no canaries."""
    return replace(policy, steps=policy.steps[:1], canary=()) if strategy is Strategy.ROLLING_UPGRADE else policy


def _forecast(previous: ScriptConfig | None, script: ScriptConfig, selected: Sequence[Instance]) -> RerunForecast:
    """Whether the script will run; an unchanged model still brings it to instances that run another version."""
    if previous is None or previous.digest != script.digest:
        return forecast_rerun(previous, script)
    if not selected:
        return RerunForecast(False, "all instances already run it")
    others = sum(found.script_digest != script.digest for found in selected)
    if not others:
        return forecast_rerun(previous, script)
    verb = "does" if others == 1 else "do"
    return RerunForecast(True, f"{counted(others, 'instance')} {verb} not run it yet; the model is unchanged")
