"""Retry and undo: rollouts of their own, planned from what an earlier one left behind.

Pure. A retry runs the same script again on the instances that failed, and touches neither the model nor any other
instance. An undo brings back the configuration from before the first write, as a gated rollout; what cannot be brought
back is said before, not after.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.instance import unhealthy_among
from vmss_tui.domain.fleet.script import RerunForecast, ScriptConfig, SecretRef, diff_settings
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames, unnamed
from vmss_tui.domain.plan.batches import batches
from vmss_tui.domain.plan.checks import find
from vmss_tui.domain.plan.checks.facts import info, refuse, warn
from vmss_tui.domain.plan.findings import Finding, by_weight
from vmss_tui.domain.plan.planner import commonest, estimate, plan_rollout
from vmss_tui.domain.plan.rollout_plan import Exclusion, RolloutPlan, Strategy
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

    Nothing but these instances is written: in Rolling or Automatic mode any other write would move everybody.
    """
    failed = set(state.ids_in(*BAD))
    script = replace(plan.script, force_update_tag=_tag(now))
    policy = _stepwise(_admitting(plan.policy, snapshot))
    chosen = [each for each in snapshot.instances if each.id in failed]
    left = [Exclusion(each.id, "did not fail") for each in snapshot.instances if each.id not in failed]
    made = batches(chosen, policy, len(snapshot.instances))
    again = replace(
        plan_rollout(snapshot, script, policy, names=names, now=now),
        origin=f"retry of {name}",
        strategy=Strategy.VM_BATCHES,
        keeps_model=True,
        policy_differs=False,
        batches=made,
        excluded=tuple(left),
        changes=(),
        forecast=RerunForecast(True, "the force-update tag differs"),
        estimate=estimate(made, policy, _healthy(snapshot)),
        profile=plan.profile,
        variables=plan.variables,
        from_label=commonest(chosen, plan.script, VersionNames().including(plan.script, others=names.labels)),
    )
    found = [each for each in find(snapshot, again, now) if each.code not in _ABOUT_SAMENESS | {"automatic-mode"}]
    if not made:
        found.append(refuse("nothing-failed", "no instance that failed is still there", "Start a new rollout."))
    return replace(again, findings=by_weight(*found))


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
    """The configuration from before rollout `name`, brought back under the same policy.

    `sources` say where the old protected settings came from, as far as anybody knows; they are written again only
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
    """The rollout's policy, worst first, without canaries; a set that was left in another mode is undone in that."""
    policy = replace(_admitting(plan.policy, snapshot), canary=(), force_rerun=False, prioritise_unhealthy=True)
    here = snapshot.scale_set.mode
    left = state.policy_restored is False and here is not UpgradeMode.AUTOMATIC
    return replace(policy, mode=here) if left else policy


def _admitting(policy: RolloutPolicy, snapshot: SetSnapshot) -> RolloutPolicy:
    """The policy with a health limit that lets those pass that are down already: they are why somebody does this."""
    down, running = unhealthy_among(snapshot.instances)
    share = -(-100 * len(down) // max(1, running))
    return replace(policy, unhealthy_percent=max(policy.unhealthy_percent, share))


def _removal(plan: RolloutPlan, snapshot: SetSnapshot, policy: RolloutPolicy, now: datetime) -> RolloutPlan:
    """Take the extension away again: the first installation undone."""
    of = snapshot.scale_set
    current = of.script or plan.script
    base = plan_rollout(snapshot, replace(current, force_update_tag=_tag(now)), policy, now=now)
    having = [each for each in snapshot.instances if each.script_digest]
    made = batches(having, policy, len(snapshot.instances))
    bare = replace(
        base,
        removes=True,
        script=current,
        previous=of.script,
        batches=made,
        excluded=tuple(Exclusion(e.id, "has no script") for e in snapshot.instances if not e.script_digest),
        changes=diff_settings(current.settings, {}),
        forecast=RerunForecast(False, "the extension is taken away; what the script did stays done"),
        estimate=estimate(made, policy, _healthy(snapshot)),
    )
    return replace(bare, findings=tuple(each for each in base.findings if each.code not in _ABOUT_SAMENESS))


def _lost(plan: RolloutPlan, again: Mapping[str, SecretRef], snapshot: SetSnapshot) -> list[Finding]:
    """What an undo cannot bring back."""
    found = [
        info("effects-stay", "what the newer script did on an instance stays done: only the configuration goes back")
    ]
    if plan.previous is None:
        return found
    if plan.script.protected:
        found.append(_written_again(again) if again else _overwritten(plan.previous))
    now = snapshot.scale_set.script
    if now is not None and now.digest not in (plan.script.digest, plan.previous.digest):
        found.append(
            warn("changed-since", f"the set's script was changed since: it is {now.label or unnamed(now.digest)} now")
        )
    return found


def _written_again(again: Mapping[str, SecretRef]) -> Finding:
    named = ", ".join(f"{name} ({ref})" for name, ref in sorted(again.items()))
    return warn(
        "protected-again",
        "the rollout wrote protected settings; the old ones are taken again from where an earlier rollout took them: "
        f"{named}",
        "Look whether the old values are still there: Azure keeps none to compare.",
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
    return warn("protected-lost", f"{message}: the old script will see the new ones")


def _stepwise(policy: RolloutPolicy) -> RolloutPolicy:
    """The same limits, one batch size, no mode, canaries and exclusions."""
    return replace(policy, mode=None, steps=policy.steps[:1], canary=(), exclude=(), force_rerun=False)


def _healthy(snapshot: SetSnapshot) -> int:
    return sum(each.health in (Health.HEALTHY, Health.NONE) for each in snapshot.instances)


def _tag(now: datetime) -> str:
    return now.strftime("%Y%m%dT%H%M%SZ")
