"""Retry and roll back: rollouts of their own, planned from what an earlier one left behind.

Pure. A retry runs the same script again on the instances that failed, and touches neither the model nor any other
instance. A roll back (the verb `undo`) restores the configuration from before the first write, as a gated rollout; what
cannot be restored is a finding of the plan.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from vmss_tui.domain.fleet.instance import unhealthy_among
from vmss_tui.domain.fleet.script import RerunForecast, ScriptConfig, SecretRef, diff_settings
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, percent_admitting
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames, unnamed
from vmss_tui.domain.plan.batches import batches
from vmss_tui.domain.plan.checks import find
from vmss_tui.domain.plan.checks.facts import info, refuse, warn
from vmss_tui.domain.plan.exclusions import Exclusion
from vmss_tui.domain.plan.findings import Finding, by_weight
from vmss_tui.domain.plan.planner import commonest, plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import RolloutState

_ABOUT_SAMENESS = frozenset(("all-current", "identical-settings"))


def plan_retry(
    name: str,
    plan: RolloutPlan,
    state: RolloutState,
    snapshot: SetSnapshot,
    *,
    names: VersionNames = NAMELESS,
    now: datetime,
) -> RolloutPlan:
    """The same script once more on what failed in rollout `name`, instance by instance, with a fresh force-update tag.

    Only these instances are written: in Rolling or Automatic mode any other write would update all of them.
    """
    failed = set(state.ids_in(*BAD))
    script = replace(plan.script, force_update_tag=_tag(now))
    policy = _stepwise(_admitting(plan.policy, snapshot))
    chosen = [instance for instance in snapshot.instances if instance.id in failed]
    others = [instance for instance in snapshot.instances if instance.id not in failed]
    planned = batches(chosen, policy, len(snapshot.instances))
    again = replace(
        plan_rollout(snapshot, script, policy, names=names, now=now),
        origin=f"retry of {name}",
        strategy=Strategy.VM_BATCHES,
        keeps_model=True,
        policy_differs=False,
        batches=planned,
        excluded=tuple(Exclusion(instance.id, "did not fail") for instance in others),
        changes=(),
        forecast=RerunForecast(True, "the force-update tag differs"),
        profile=plan.profile,
        variables=plan.variables,
        from_label=commonest(chosen, plan.script, VersionNames().including(plan.script, others=names.labels)),
    )
    irrelevant = _ABOUT_SAMENESS | {"automatic-mode"}
    findings = [finding for finding in find(snapshot, again, now) if finding.code not in irrelevant]
    if not planned:
        findings.append(refuse("nothing-failed", "no instance that failed is still there", "Start a new rollout."))
    return replace(again, findings=by_weight(*findings))


def plan_rollback(
    name: str,
    plan: RolloutPlan,
    state: RolloutState,
    snapshot: SetSnapshot,
    *,
    names: VersionNames = NAMELESS,
    sources: Mapping[str, SecretRef] | None = None,
    now: datetime,
) -> RolloutPlan:
    """The configuration from before rollout `name`, restored under the same policy.

    `sources` say where the old protected settings came from, as far as it is known; they are written again only
    where the rollout has overwritten them.
    """
    policy = _own_mode(plan, state, snapshot)
    again = dict(sources or {}) if plan.script.protected else {}
    if plan.previous is None:
        back = _removal(plan, snapshot, policy, now)
    else:
        back = plan_rollout(
            snapshot, replace(plan.previous, protected=again), policy, names=names, profile=plan.profile, now=now
        )
    back = replace(back, origin=f"undo of {name}")
    if state.policy_restored is False:
        back = replace(back, own_mode=plan.own[0], own_policy=plan.own[1])
    return replace(back, findings=by_weight(*back.findings, *_lost(plan, again, snapshot)))


def _own_mode(plan: RolloutPlan, state: RolloutState, snapshot: SetSnapshot) -> RolloutPolicy:
    """The rollout's policy, unhealthy first, without canaries; a set left in another mode is rolled back in that."""
    policy = replace(_admitting(plan.policy, snapshot), canary=(), force_rerun=False, prioritise_unhealthy=True)
    here = snapshot.scale_set.mode
    left = state.policy_restored is False and here is not UpgradeMode.AUTOMATIC
    return replace(policy, mode=here) if left else policy


def _admitting(policy: RolloutPolicy, snapshot: SetSnapshot) -> RolloutPolicy:
    """The policy with a health limit that admits the instances that are unhealthy already: they are the reason."""
    down, running = unhealthy_among(snapshot.instances)
    return replace(policy, unhealthy_percent=max(policy.unhealthy_percent, percent_admitting(len(down), running)))


def _removal(plan: RolloutPlan, snapshot: SetSnapshot, policy: RolloutPolicy, now: datetime) -> RolloutPlan:
    """Remove the extension: the roll back of a first installation."""
    model = snapshot.scale_set.script
    current = model or plan.script
    base = plan_rollout(snapshot, replace(current, force_update_tag=_tag(now)), policy, now=now)
    having = [instance for instance in snapshot.instances if instance.script_digest]
    bare = [instance for instance in snapshot.instances if not instance.script_digest]
    planned = batches(having, policy, len(snapshot.instances))
    return replace(
        base,
        removes=True,
        script=current,
        previous=model,
        batches=planned,
        excluded=tuple(Exclusion(instance.id, "has no script") for instance in bare),
        changes=diff_settings(current.settings, {}),
        forecast=RerunForecast(False, "the extension is removed; what the script did stays done"),
        findings=tuple(finding for finding in base.findings if finding.code not in _ABOUT_SAMENESS),
    )


def _lost(plan: RolloutPlan, again: Mapping[str, SecretRef], snapshot: SetSnapshot) -> list[Finding]:
    """What a roll back cannot restore."""
    findings = [
        info("effects-stay", "what the newer script did on an instance stays done: only the configuration is restored")
    ]
    if plan.previous is None:
        return findings
    if plan.script.protected:
        findings.append(_written_again(again) if again else _overwritten(plan.previous))
    now = snapshot.scale_set.script
    if now is not None and now.digest not in (plan.script.digest, plan.previous.digest):
        version = now.label or unnamed(now.digest)
        findings.append(warn("changed-since", f"the scale set's script was changed since the rollout: it is {version}"))
    return findings


def _written_again(again: Mapping[str, SecretRef]) -> Finding:
    named = ", ".join(f"{name} ({ref})" for name, ref in sorted(again.items()))
    return warn(
        "protected-again",
        "the rollout wrote protected settings; the old ones are read again from the sources of the earlier rollout: "
        f"{named}",
        "Check that the sources still hold the old values: Azure keeps none to compare.",
    )


def _overwritten(previous: ScriptConfig) -> Finding:
    hidden = not set(previous.settings) & {"commandToExecute", "script"}
    message = "the rollout wrote protected settings; the ones from before cannot be read and are lost"
    if hidden:
        return refuse(
            "protected-lost",
            f"{message}, and the old command was among them",
            "Roll the old version out from its profile.",
        )
    return warn("protected-lost", f"{message}: the old script will get the new ones")


def _stepwise(policy: RolloutPolicy) -> RolloutPolicy:
    """The same limits, one batch size, no mode, canaries and exclusions."""
    return replace(policy, mode=None, steps=policy.steps[:1], canary=(), exclude=(), force_rerun=False)


def _tag(now: datetime) -> str:
    return now.strftime("%Y%m%dT%H%M%SZ")
