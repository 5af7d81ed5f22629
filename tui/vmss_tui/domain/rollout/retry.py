"""Retry: a rollout of its own that runs the script of an earlier one again on the instances that failed. Pure.

It touches neither the model nor any other instance, and its limits count over the whole set. Instances that failed then
and do not need it any more are excluded, each with the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from vmss_tui.domain.fleet.health import unhealthy_for_azure
from vmss_tui.domain.fleet.instance import Instance, unhealthy_among
from vmss_tui.domain.fleet.script import RerunForecast, ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import percent_admitting
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames
from vmss_tui.domain.plan.batches import batches
from vmss_tui.domain.plan.checks import find
from vmss_tui.domain.plan.checks.facts import info, refuse
from vmss_tui.domain.plan.exclusions import Exclusion, runs_version
from vmss_tui.domain.plan.findings import Finding, by_weight
from vmss_tui.domain.plan.planner import commonest, plan_rollout
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.text import counted, listed

ABOUT_SAMENESS = frozenset(("all-current", "identical-settings"))
"""Findings about a version that is there already: a retry and a removal are about just that."""


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
    then = set(state.ids_in(*BAD))
    recovered = {i: why for found in snapshot.instances if (i := found.id) in then and (why := _recovered(found, plan))}
    failed = then - recovered.keys()
    script = replace(plan.script, force_update_tag=force_update_tag(now))
    policy = _stepwise(admitting(plan.policy, snapshot))
    chosen = [instance for instance in snapshot.instances if instance.id in failed]
    others = [instance for instance in snapshot.instances if instance.id not in failed]
    planned = batches(chosen, policy, len(snapshot.instances))
    again = replace(
        plan_rollout(snapshot, script, policy, names=names, now=now),
        origin=f"retry of {name}",
        purpose=Purpose.RETRY,
        strategy=Strategy.VM_BATCHES,
        keeps_model=True,
        policy_differs=False,
        batches=planned,
        excluded=tuple(Exclusion(other.id, recovered.get(other.id, "did not fail")) for other in others),
        changes=(),
        forecast=RerunForecast(True, "the force-update tag differs"),
        profile=plan.profile,
        variables=plan.variables,
        from_label=commonest(chosen, plan.script, VersionNames().including(plan.script, others=names.labels)),
    )
    irrelevant = ABOUT_SAMENESS | {"automatic-mode"}
    findings = [finding for finding in find(snapshot, again, now) if finding.code not in irrelevant]
    recovery = tuple(_no_longer_failed(then, recovered, snapshot))
    findings += recovery
    if not planned:
        why = "; ".join(["no instance that failed still needs a retry", *(finding.message for finding in recovery)])
        findings.append(refuse("nothing-failed", why, "Start a new rollout."))
    return replace(again, findings=by_weight(*findings))


def _recovered(instance: Instance, plan: RolloutPlan) -> str:
    """Why an instance that failed then needs no retry now; empty when it does."""
    if instance.is_off:
        return "failed then, is switched off now: its script cannot run"
    if runs_version(instance, plan.script) and not unhealthy_for_azure(instance.health):
        at = f" since {instance.script.at:%Y-%m-%d %H:%M} UTC" if instance.script.at is not None else ""
        return f"failed then; its script succeeded{at}, and it is not unhealthy now"
    other = bool(instance.script_digest) and instance.script_digest != plan.target_digest and not instance.is_behind
    if other and instance.script.state is ScriptState.SUCCEEDED:
        return "failed then, runs another version now"
    return ""


def _no_longer_failed(then: set[str], recovered: Mapping[str, str], snapshot: SetSnapshot) -> Iterator[Finding]:
    """Which of the instances that failed are not retried, by reason."""
    gone = then - {instance.id for instance in snapshot.instances}
    reasons = {**recovered, **dict.fromkeys(gone, "failed then, does not exist any more")}
    for reason in dict.fromkeys(reasons.values()):
        ids = [i for i, why in reasons.items() if why == reason]
        yield info(
            "not-retried", f"{len(ids)} of {counted(len(then), 'failed instance')}: {reason}: {listed(ids)}", "", ids
        )


def admitting(policy: RolloutPolicy, snapshot: SetSnapshot) -> RolloutPolicy:
    """The policy with a health limit that admits the instances that are unhealthy already: they are the reason."""
    down, running = unhealthy_among(snapshot.instances)
    return replace(policy, unhealthy_percent=max(policy.unhealthy_percent, percent_admitting(len(down), running)))


def _stepwise(policy: RolloutPolicy) -> RolloutPolicy:
    """The same limits, one batch size, no mode, canaries and exclusions."""
    return replace(policy, mode=None, steps=policy.steps[:1], canary=(), exclude=(), force_rerun=False)


def force_update_tag(now: datetime) -> str:
    """A tag with which Azure runs a script again whose settings are the same."""
    return now.strftime("%Y%m%dT%H%M%SZ")
