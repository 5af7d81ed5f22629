"""Roll back (the verb `undo`): a gated rollout of its own that restores an earlier configuration. Pure.

It takes the instances that the rollout updated, then those that got its version from the scale set model; no other. It
inherits no approvals. Instances that were broken before that rollout never count as failures. An instance that cannot
be restored is a finding of the plan.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from vmss_tui.domain.fleet.health import unhealthy_for_azure
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import RerunForecast, ScriptConfig, ScriptState, SecretRef, diff_settings
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames, unnamed
from vmss_tui.domain.plan.batches import batches
from vmss_tui.domain.plan.checks import find
from vmss_tui.domain.plan.checks.facts import info, refuse, warn
from vmss_tui.domain.plan.exclusions import Exclusion
from vmss_tui.domain.plan.findings import Finding, by_weight
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, Purpose, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.domain.rollout.retry import ABOUT_SAMENESS, admitting, force_update_tag
from vmss_tui.domain.rollout.stage import Phase
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import batch_key, refused


@dataclass(frozen=True, slots=True)
class Revision:
    """An earlier version of a set: the configuration, and what rollouts did since it was there."""

    script: ScriptConfig
    rollout: str
    """The rollout that brought it, or that replaced it."""
    at: datetime
    who: str
    touched: frozenset[str] = frozenset()
    """Instances that rollouts updated since."""
    digests: frozenset[str] = frozenset()
    """Versions that rollouts brought since."""
    protected: bool = False
    """Whether one of them wrote protected settings."""


CHANGED_SINCE = "changed-since"
"""Code of the warning that the set has another script than the rollout brought."""
SAME_BEFORE = "same-before"
"""Code of the refusal to undo a rollout that brought the version that was there before."""
_HIDDEN = {"commandToExecute", "script"}
"""Protected settings beside which a public command is refused."""


def plan_rollback(
    name: str,
    plan: RolloutPlan,
    state: RolloutState,
    snapshot: SetSnapshot,
    *,
    names: VersionNames = NAMELESS,
    sources: Mapping[str, SecretRef] | None = None,
    only: Collection[str] | None = None,
    to: Revision | None = None,
    now: datetime,
) -> RolloutPlan:
    """The configuration from before rollout `name`, or an earlier one, restored under the same policy.

    `sources` say where the old protected settings came from, as far as it is known; they are written again only
    where a rollout has overwritten them. `only`: of the instances, these at most.
    """
    policy, undoes = _policy(plan, state, snapshot), _undoes(plan.script, now)
    mode = policy.mode or snapshot.scale_set.mode
    if undoes is not None and mode is not UpgradeMode.MANUAL:
        policy = replace(policy, mode=UpgradeMode.MANUAL)
    touched, brought = touched_by(plan, state), {plan.target_digest} - {""}
    again = dict(sources or {}) if plan.script.protected else {}
    if to is not None:
        again = dict(to.script.protected) if to.protected or plan.script.protected else {}
        touched, brought = touched | to.touched, brought | to.digests
        plan = replace(plan, previous=replace(to.script, protected={}))
    if plan.previous is None:
        back = _removal(plan, snapshot, policy, now)
    else:
        back = plan_rollout(
            snapshot, replace(plan.previous, protected=again), policy, names=names, profile=plan.profile, now=now
        )
    known, model = VersionNames().including(plan.script, others=names.labels), snapshot.scale_set.script
    undone = known.text(model.digest if to is not None and model is not None else plan.target_digest)
    back = replace(
        _scoped(name, back, (touched, brought), snapshot, only),
        origin=f"undo of {name}" + (f" to {back.to_label}" if to is not None else ""),
        purpose=Purpose.ROLLBACK,
        tolerated=broken_before(state),
        undoes=undoes,
        from_label=undone,
    )
    if state.policy_restored is False:
        back = replace(back, own_mode=plan.own[0], own_policy=plan.own[1])
    found = [item for item in find(snapshot, back, now) if not (back.removes and item.code in ABOUT_SAMENESS)]
    overwrote = bool(plan.script.protected) or (to is not None and to.protected)
    lost = _lost(plan, again if overwrote else None, snapshot, brought)
    other = _sealed(to) if to is not None else _same_before(plan, state)
    return replace(back, findings=by_weight(*found, *lost, *other, *_undo_command(plan.script)))


def _undoes(script: ScriptConfig, now: datetime) -> ScriptConfig | None:
    """The configuration that runs the undo command of a version with its files; None without one that can run."""
    if not script.undo or _HIDDEN & set(script.protected):
        return None
    files = {"fileUris": script.settings["fileUris"]} if "fileUris" in script.settings else {}
    return replace(
        script,
        settings={**files, "commandToExecute": script.undo},
        protected={},
        force_update_tag=force_update_tag(now),
        label=f"undo of {script.label or unnamed(script.digest)}",
        undo="",
        sealed_digest="",
    )


def _undo_command(script: ScriptConfig) -> list[Finding]:
    if not script.undo:
        return []
    if _HIDDEN & set(script.protected):
        message = "the undo command cannot run: the command of the version is a protected setting, which Azure keeps"
        return [warn("undo-command", message)]
    return [info("undo-command", f"before its earlier version is restored, each instance runs: {script.undo}")]


def _same_before(plan: RolloutPlan, state: RolloutState) -> list[Finding]:
    """A rollout that continued or repeated another one: there is nothing that its undo could change."""
    same = plan.previous is not None and plan.previous.digest == plan.target_digest
    if not same or plan.script.protected or state.policy_restored is False:
        return []
    message = f"the scale set model was {plan.to_label} before that rollout, too"
    return [refuse(SAME_BEFORE, message, "Name an earlier version with `undo --to`, or undo the rollout before it.")]


def _sealed(to: Revision) -> list[Finding]:
    """An older version whose settings held secrets is kept without them."""
    if not to.script.sealed_digest:
        return []
    message = "the journal keeps no secrets of older versions, and the settings of this one held some"
    return [refuse("revision-sealed", message, "Roll that version out from its profile.")]


def touched_by(plan: RolloutPlan, state: RolloutState) -> frozenset[str]:
    """Instances that a rollout updated, or may have: Azure did not refuse the write, or the instance moved since."""
    alone = plan.strategy is Strategy.VM_BATCHES
    untouched = (Phase.WAITING, Phase.EXCLUDED, Phase.LEAKED, Phase.OVERWRITTEN)
    moved = {i for i, progress in state.instances.items() if progress.seen.phase not in untouched}
    written = {
        i
        for batch in state.batches
        for i in batch.ids
        if (key := batch_key(batch.number, i if alone else "")) in state.writes and refused(state, key) is None
    }
    return frozenset((moved | written) - set(state.ids_in(Phase.OVERWRITTEN)))


def broken_before(state: RolloutState) -> tuple[str, ...]:
    """Instances that were unhealthy, or whose script had failed, before the rollout began with them."""
    return tuple(
        i
        for i, progress in state.instances.items()
        if (first := progress.first) is not None
        and (unhealthy_for_azure(first.health) or first.script is ScriptState.FAILED)
    )


def _scoped(
    name: str,
    back: RolloutPlan,
    changed: tuple[frozenset[str], set[str]],
    snapshot: SetSnapshot,
    only: Collection[str] | None,
) -> RolloutPlan:
    """The plan for what rollouts changed: the instances that they updated first, then those that run their versions.

    `changed`: these instances, and the digests of these versions.
    """
    touched, brought = changed
    chosen = {i for batch in back.batches for i in batch.ids}
    wanted = [found for found in snapshot.instances if found.id in chosen and (only is None or found.id in only)]
    first = [found for found in wanted if found.id in touched]
    then = [found for found in wanted if found.id not in touched and found.script_digest in brought]
    planned = _batches((first, then), back, len(snapshot.instances))
    kept = {i for batch in planned for i in batch.ids}
    spared = (Exclusion(i, f"not updated by rollout {name}") for i in sorted(chosen - kept))
    return replace(
        back,
        batches=planned,
        excluded=(*back.excluded, *spared),
        holds_repairs=back.holds_repairs and bool(planned),
    )


def _batches(groups: Iterable[list[Instance]], back: RolloutPlan, total: int) -> tuple[Batch, ...]:
    """Group after group, each in batches of its own; a rolling upgrade has one size of batch."""
    rolling = back.strategy is Strategy.ROLLING_UPGRADE
    policy = replace(back.policy, steps=back.policy.steps[:1]) if rolling else back.policy
    made: list[Batch] = []
    for group in groups:
        made += [replace(batch, number=len(made) + batch.number) for batch in batches(group, policy, total)]
    return tuple(made)


def _policy(plan: RolloutPlan, state: RolloutState, snapshot: SetSnapshot) -> RolloutPolicy:
    """The rollout's policy, unhealthy first, without canaries, exclusions and approvals.

    A set that was left in another mode is rolled back in that. Azure counts every unhealthy instance in a rolling
    upgrade: its limit admits those that are unhealthy already, since they are the reason. With surge every instance is
    replaced, unhealthy ones too: another order is not worth a policy to restore, which may replace all of them again.
    """
    policy = replace(
        plan.policy,
        canary=(),
        exclude=(),
        steps=tuple(replace(step, approve=False) for step in plan.policy.steps),
        force_rerun=False,
        prioritise_unhealthy=True,
    )
    here, own = snapshot.scale_set.mode, snapshot.scale_set.policy
    if state.policy_restored is False and here is not UpgradeMode.AUTOMATIC:
        policy = replace(policy, mode=here)
    if (policy.mode or here) is not UpgradeMode.ROLLING:
        return policy
    if own.surge and policy.surge:
        policy = replace(policy, prioritise_unhealthy=own.prioritise_unhealthy)
    return admitting(policy, snapshot)


def _removal(plan: RolloutPlan, snapshot: SetSnapshot, policy: RolloutPolicy, now: datetime) -> RolloutPlan:
    """Remove the extension: the roll back of a first installation."""
    model = snapshot.scale_set.script
    current = model or plan.script
    base = plan_rollout(snapshot, replace(current, force_update_tag=force_update_tag(now)), policy, now=now)
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
    )


def _lost(
    plan: RolloutPlan, again: Mapping[str, SecretRef] | None, snapshot: SetSnapshot, brought: Collection[str]
) -> list[Finding]:
    """What a roll back cannot restore. `again`: protected settings to write again; None when none were overwritten.

    `brought`: versions that rollouts of this journal brought, so that no other user changed the set to them.
    """
    findings = [
        info("effects-stay", "what the newer script did on an instance stays done: only the configuration is restored")
    ]
    if plan.previous is None:
        return findings
    if again is not None:
        findings.append(_written_again(again) if again else _overwritten(plan.previous))
    now = snapshot.scale_set.script
    if now is not None and now.digest not in (plan.script.digest, plan.previous.digest, *brought):
        version = now.label or unnamed(now.digest)
        findings.append(warn(CHANGED_SINCE, f"the scale set's script was changed since the rollout: it is {version}"))
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
    hidden = not previous.shows_command
    message = "the rollout wrote protected settings; the ones from before cannot be read and are lost"
    if hidden:
        return refuse(
            "protected-lost",
            f"{message}, and the old command was among them",
            "Roll the old version out from its profile.",
        )
    return warn("protected-lost", f"{message}: the old script will get the new ones")
