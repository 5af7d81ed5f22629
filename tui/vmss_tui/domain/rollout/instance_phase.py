"""The phase of one instance in a rollout: derived from what Azure says now, the plan and the log, never remembered.

Pure. *Assigned* is not *ran*: an instance is done when it has the configuration, its script provably ran, and its
health source (if any) reports it as healthy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from vmss_tui.domain.fleet.health import Health, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptRun, ScriptState
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.exclusions import Exclusion, ExclusionKind
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout.events import InstanceSeen, Phase
from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import Progress, RolloutState
from vmss_tui.domain.rollout.write_keys import batch_key, refused, retry_key, touched, update_ended, upgrade_begun
from vmss_tui.text import readable

SKEW = timedelta(minutes=5)
"""How far a guest's clock may be behind ours."""


@dataclass(frozen=True)
class PhaseContext:
    """The facts from which the phases of all instances are derived; made once for each observation."""

    plan: RolloutPlan
    state: RolloutState
    now: datetime

    @cached_property
    def target(self) -> str:
        """Digest of the configuration that the rollout brings."""
        return self.plan.target_digest

    @cached_property
    def rolling_upgrade(self) -> bool:
        """Whether Azure updates the instances."""
        return self.plan.strategy is Strategy.ROLLING_UPGRADE

    @cached_property
    def planned(self) -> Mapping[str, int]:
        """Planned batch by instance id."""
        return {i: batch.number for batch in self.plan.batches for i in batch.ids}

    @cached_property
    def excluded(self) -> Mapping[str, Exclusion]:
        """Exclusion by instance id."""
        return {exclusion.id: exclusion for exclusion in self.plan.excluded}

    @cached_property
    def begun(self) -> Mapping[str, int]:
        """Batch by instance id, of the batches that began."""
        return {i: batch.number for batch in self.state.batches for i in batch.ids}

    @cached_property
    def touched(self) -> bool:
        """Whether anything was written."""
        return touched(self.state)

    @cached_property
    def retried(self) -> Mapping[str, str]:
        """By instance that was retried, the digest of the configuration that its retry brings."""
        return retried_digests(self.plan, self.state)

    def target_of(self, instance_id: str) -> str:
        """Digest of the configuration that the rollout brings to an instance."""
        return self.retried.get(instance_id, self.target)

    def joins(self, instance_id: str) -> bool:
        """Whether the rollout answers for the instance: planned, or created by a rolling upgrade with surge."""
        surge = self.rolling_upgrade and self.plan.policy.surge
        return instance_id in self.planned or (surge and instance_id not in self.excluded)

    def started(self, instance_id: str) -> bool:
        """Whether the update of this instance has begun, or may begin at any time."""
        if (retry := self.state.retries.get(instance_id)) is not None:
            return retry_key(retry.number, instance_id) in self.state.writes
        if self.rolling_upgrade:
            return self._upgrade_begun
        if self.plan.strategy is Strategy.VM_BATCHES:
            return batch_key(self.begun.get(instance_id, 0), instance_id) in self.state.writes
        return instance_id in self.begun

    def over(self, instance_id: str) -> bool:
        """Whether the operation that updates this instance has ended."""
        return self._upgrade_over if self.rolling_upgrade else self._batch_over(instance_id)

    def refused(self, instance_id: str) -> bool:
        """Whether Azure refused the write that updates this instance."""
        if (retry := self.state.retries.get(instance_id)) is not None:
            return refused(self.state, retry_key(retry.number, instance_id)) is not None
        alone = instance_id if self.plan.strategy is Strategy.VM_BATCHES else ""
        return refused(self.state, batch_key(self.begun.get(instance_id, 0), alone)) is not None

    @cached_property
    def _upgrade_begun(self) -> bool:
        return self.rolling_upgrade and upgrade_begun(self.state)

    @cached_property
    def _upgrade_over(self) -> bool:
        return update_ended(self.plan, self.state, 0, "", self.now)

    def _batch_over(self, instance_id: str) -> bool:
        batch = self.begun.get(instance_id)
        return batch is not None and update_ended(self.plan, self.state, batch, instance_id, self.now)


def retried_digests(plan: RolloutPlan, state: RolloutState) -> Mapping[str, str]:
    """By instance that was retried, the digest of the configuration that its retry brings."""
    return {i: replace(plan.script, force_update_tag=retry.tag).digest for i, retry in state.retries.items()}


def phase_of(instance: Instance, context: PhaseContext) -> Phase:
    """The phase of an instance."""
    known = context.state.instances.get(instance.id)
    first = known.first if known is not None else None
    target = context.target_of(instance.id)
    has = instance.script_digest == target
    had = first is not None and first.digest == short(target)
    if instance.id in context.state.waived:
        return Phase.EXCLUDED
    if not instance.version_known:
        return _unread(instance, context, known)
    if not context.joins(instance.id):
        return _outside(instance, context, first, has=has)
    if instance.provisioning is Provisioning.DELETING:
        return known.seen.phase if known is not None and known.seen.phase in BAD else Phase.GONE
    if not context.started(instance.id):
        return Phase.LEAKED if has and not had and first is not None else Phase.WAITING
    over = context.over(instance.id)
    if not has:
        return _behind(instance, context, known, over=over)
    if instance.provisioning is Provisioning.FAILED and over and not had:
        return Phase.FAILED
    phase = Phase.DONE if context.plan.removes else _ran(instance, context, known, over=over)
    return _with_health(instance, context, known) if phase is Phase.DONE else phase


def _unread(instance: Instance, context: PhaseContext, known: Progress | None) -> Phase:
    """Its configuration could not be read: the earlier observation remains valid, unless Azure shows a change."""
    joins = context.joins(instance.id)
    before = known.seen.phase if known is not None else (Phase.WAITING if joins else Phase.EXCLUDED)
    if joins and instance.provisioning is Provisioning.DELETING:
        return before if before in BAD else Phase.GONE
    updating = instance.provisioning is Provisioning.UPDATING and context.started(instance.id)
    return Phase.UPDATING if joins and updating and before is Phase.WAITING else before


def _outside(instance: Instance, context: PhaseContext, first: InstanceSeen | None, *, has: bool) -> Phase:
    """An instance that the rollout leaves alone, or that was created meanwhile.

    An excluded instance that had the version when it was first observed did not get it from this rollout.
    """
    exclusion = context.excluded.get(instance.id)
    if exclusion is None:
        return Phase.LEAKED if context.touched and has else Phase.EXCLUDED
    arrived = has and first is not None and first.digest != short(context.target)
    return Phase.LEAKED if arrived and exclusion.kind is not ExclusionKind.CURRENT else Phase.EXCLUDED


def _behind(instance: Instance, context: PhaseContext, known: Progress | None, *, over: bool) -> Phase:
    """Its update began, and it does not have the new configuration yet, or not any more."""
    moving = instance.provisioning is Provisioning.UPDATING
    if not moving and known is not None and _is_overwritten(instance, context, known):
        return Phase.OVERWRITTEN
    if context.rolling_upgrade:
        if over and instance.provisioning is Provisioning.FAILED and instance.id in context.begun:
            return Phase.FAILED
        return Phase.UPDATING if moving else Phase.WAITING
    if context.refused(instance.id) and not moving:
        return Phase.WAITING
    return Phase.FAILED if over and not moving else Phase.UPDATING


def _is_overwritten(instance: Instance, context: PhaseContext, known: Progress) -> bool:
    """Whether another change took the place of what this rollout brought.

    It had the new version when it was last observed, or it has one that this rollout knows nothing of. Azure itself
    restores earlier versions during a rolling upgrade.
    """
    if instance.id not in context.begun:
        return False
    now, ours = short(instance.script_digest), short(context.target_of(instance.id))
    if not context.rolling_upgrade and (known.seen.digest == ours or known.seen.phase is Phase.OVERWRITTEN):
        return True
    plan = context.plan
    expected = {short(script.digest) for script in (plan.previous, plan.undoes) if script is not None}
    expected |= {ours, short(context.target), known.first.digest if known.first is not None else now}
    return now not in expected


def _ran(instance: Instance, context: PhaseContext, known: Progress | None, *, over: bool) -> Phase:
    """It has the configuration: did the script run? DONE means yes."""
    moving = instance.provisioning in (Provisioning.UPDATING, Provisioning.CREATING)
    new = known is None or known.first is None or known.first.digest != short(context.target_of(instance.id))
    proven = ran_since(instance.script, known, context.state.started_at, settled=over or (new and not moving))
    state = instance.script.state
    if state is ScriptState.SUCCEEDED and proven:
        return Phase.DONE
    if state is ScriptState.FAILED and (proven or over):
        return Phase.FAILED
    if state is ScriptState.RUNNING:
        return Phase.SCRIPT
    return Phase.NOT_RUN if over and not moving else Phase.UPDATING


def ran_since(script: ScriptRun, known: Progress | None, started: datetime | None, *, settled: bool) -> bool:
    """Whether a final script status belongs to this rollout and not to an earlier run.

    A time that differs from the one observed before proves it, by the guest's own clock; without an earlier time it
    must not lie before the start (allowing for a clock that is behind). A handler that reports no time is believed when
    its report has changed, or when the instance has `settled` on a new configuration.
    """
    first = known.first if known is not None else None
    if script.at is None:
        return settled or (first is not None and _reported(script) != (first.exit_code, first.stdout, first.stderr))
    if first is not None and first.script_at is not None:
        return script.at > first.script_at
    return started is None or script.at >= started - SKEW


def _reported(script: ScriptRun) -> tuple[int | None, str, str]:
    return (script.exit_code, readable(script.stdout), readable(script.stderr))


def _with_health(instance: Instance, context: PhaseContext, known: Progress | None) -> Phase:
    """The script ran: is the instance healthy?"""
    if instance.health in (Health.HEALTHY, Health.NOT_REPORTED, Health.NONE):
        return Phase.DONE
    if instance.health is Health.INITIALISING:
        return Phase.HEALTH
    before = known.seen.phase if known is not None else Phase.WAITING
    if before in (Phase.DONE, Phase.UNHEALTHY):
        return Phase.UNHEALTHY
    since = known.since if known is not None and before is Phase.HEALTH else None
    limit = timedelta(seconds=context.plan.policy.health_wait_seconds)
    return Phase.UNHEALTHY if since is not None and context.now - since >= limit else Phase.HEALTH


def short(digest: str) -> str:
    """A digest as the log keeps it."""
    return digest[:12]


def seen_from(instance: Instance, phase: Phase, batch: int | None, names: VersionNames) -> InstanceSeen:
    """What the log keeps of an instance."""
    run = instance.script
    return InstanceSeen(
        id=instance.id,
        name=instance.name,
        zone=instance.zone,
        update_domain=instance.update_domain,
        batch=batch,
        phase=phase,
        version=names.text(instance.script_digest),
        script=run.state,
        exit_code=run.exit_code,
        script_at=run.at,
        health=instance.health,
        message=instance.message or run.message,
        stdout=readable(run.stdout),
        stderr=readable(run.stderr),
        digest=short(instance.script_digest),
        version_known=instance.version_known,
    )
