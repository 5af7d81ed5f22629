"""Which instances a rolling upgrade works on, in which order, and how a batch turned out: pure questions.

Sources: "Configure rolling upgrades" (zones one after another unless cross-zone, 5 minutes to become healthy),
RollingUpgradePolicy.prioritizeUnhealthyInstances (all unhealthy instances of the set before any healthy one), "Custom
metrics for rolling upgrades" (SkipUpgrade, PhaseOrderingNumber). The order inside a zone is not documented; update
domain and id are used.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import takewhile

from vmss_tui.simulator.world.machine.health import SICK, reports_metrics
from vmss_tui.simulator.world.machine.scaling import id_order
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.errors import Failure
from vmss_tui.simulator.world.state.model import Instance, RollingUpgrade
from vmss_tui.simulator.world.state.policy import RollingPolicy, batch_size, healthy_room
from vmss_tui.simulator.world.state.source import LONGEST_GRACE
from vmss_tui.simulator.world.state.states import Health, Provisioning, Verdict

UNHEALTHY = Failure("RollingUpgradeInstanceUnhealthyError", "Instance found to be unhealthy or unreachable.")


def scope(draft: Draft, walk_all: bool) -> tuple[str, ...]:
    """Ids a rolling upgrade has to work on: those behind the model or failed, or all when there is none and `walk_all`.

    Instances that are protected from scale set actions, or that report the custom metric SkipUpgrade, are left alone.
    """
    skipped = {instance.id for instance in _with_metrics(draft) if instance.traits.skip_upgrade}
    free = [
        instance
        for instance in draft.members()
        if not instance.protect_from_actions
        and instance.provisioning is not Provisioning.DELETING
        and instance.id not in skipped
    ]
    generation = draft.value.generation
    behind = [
        instance.id
        for instance in free
        if instance.generation != generation or instance.provisioning is Provisioning.FAILED
    ]
    return tuple(behind or ([instance.id for instance in free] if walk_all else []))


def phases(draft: Draft) -> dict[str, int]:
    """PhaseOrderingNumber of every instance that reports one ("Custom metrics for rolling upgrades")."""
    return {
        instance.id: instance.traits.phase for instance in _with_metrics(draft) if instance.traits.phase is not None
    }


def _with_metrics(draft: Draft) -> list[Instance]:
    return [instance for instance in draft.members() if reports_metrics(instance)]


def unhealthy(instances: Iterable[Instance]) -> list[Instance]:
    """Those that run and whose health source says that they are not well; Unknown counts, Initializing does not."""
    return [instance for instance in instances if not instance.is_off and instance.health in SICK]


def next_batch(draft: Draft, ready: tuple[str, ...], roll: RollingUpgrade) -> tuple[str, ...]:
    """The ids of the next batch, chosen from `ready`, the pending instances that may be touched.

    Phases go in order of their number, each with batches of its own; instances without a number come in the last one
    ("Custom metrics for rolling upgrades").
    """
    members, policy = draft.members(), roll.policy
    last = max(roll.phases.values(), default=0)
    phase = min((roll.phases.get(key, last) for key in roll.pending if key in draft.instances), default=last)
    in_phase = (key for key in ready if roll.phases.get(key, last) == phase)
    waiting = [draft.instances[key] for key in in_phase if key in draft.instances]
    if not waiting:
        return ()
    ordered = sorted(waiting, key=lambda instance: _rank(instance, policy))
    candidates = list(takewhile(lambda instance: policy.cross_zone or instance.zone == ordered[0].zone, ordered))
    room = healthy_room(policy, len(members), len(unhealthy(members)))
    batch: list[str] = []
    for instance in candidates[: batch_size(policy.max_batch, len(members))]:
        is_sick = bool(unhealthy([instance]))
        if batch and not is_sick and room <= 0:
            break
        room -= not is_sick
        batch.append(instance.id)
    return tuple(batch)


def verdict(instance: Instance, now: datetime, health_wait: float) -> Verdict:
    """How far an upgraded instance is; it has `health_wait` seconds after its update to be healthy."""
    if instance.busy:
        return Verdict.WORKING
    if instance.provisioning is Provisioning.FAILED:
        return Verdict.BAD
    if instance.is_off or instance.health in (Health.HEALTHY, None):
        return Verdict.GOOD
    return Verdict.WAITING if now < patience(instance, health_wait) else Verdict.BAD


def patience(instance: Instance, health_wait: float) -> datetime:
    """Until when an instance that is not healthy is waited for: Initializing for as long as it may last."""
    usual = (instance.provisioned_at or instance.created) + timedelta(seconds=health_wait)
    if instance.health is Health.INITIALIZING and instance.health_at is not None:
        return max(usual, instance.health_at + timedelta(seconds=LONGEST_GRACE))
    return usual


def explain(draft: Draft, instance: Instance) -> Failure:
    """The detail of an instance that failed a rolling upgrade: its script's error, else that it is unhealthy."""
    target = f"{draft.value.name}/virtualMachines/{instance.id}"
    reason = instance.failure or UNHEALTHY
    return Failure(reason.code, reason.message, target)


def _rank(instance: Instance, policy: RollingPolicy) -> tuple[object, ...]:
    zone = "" if policy.cross_zone else instance.zone or ""
    well = policy.prioritize_unhealthy and not unhealthy([instance])
    return well, zone, instance.update_domain, id_order(instance.id)
