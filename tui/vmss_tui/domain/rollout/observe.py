"""What an observation of Azure adds to the log: only what differs from what the log says already.

Pure: `observe(plan, state, snapshot, names, now) -> events`. Batches of a rolling upgrade are inferred: instances that
leave the queue together are one batch.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.instance import Instance, healthy_among, staying
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.instance_phase import PhaseContext, phase_of, seen_from
from vmss_tui.domain.rollout.instance_seen import GONE_SINCE, is_gone
from vmss_tui.domain.rollout.stage import BAD, BUSY, FINAL
from vmss_tui.domain.rollout.state import BatchState, RolloutState, apply
from vmss_tui.domain.rollout.write_keys import upgrade_number
from vmss_tui.text import counted

CHUNK = 200
"""Instances in one event, so that no event is large."""
_LEFT_QUEUE = (FINAL | BUSY) - {e.Phase.EXCLUDED, e.Phase.GONE, e.Phase.LEAKED}


def observe(
    plan: RolloutPlan, state: RolloutState, snapshot: SetSnapshot, names: VersionNames, now: datetime
) -> tuple[e.Event, ...]:
    """The events that this snapshot adds, in order."""
    upgrade = _upgrade(plan, state, snapshot.upgrade)
    for event in upgrade:
        state = apply(state, e.Logged(state.seq, now, event))
    context = PhaseContext(plan, state, now)
    phases = {instance.id: phase_of(instance, context) for instance in snapshot.instances}
    upgrading = plan.strategy is Strategy.ROLLING_UPGRADE and state.concluding is None
    batches = _inferred(plan, state, phases, snapshot) if upgrading else ()
    in_place = tuple(_without_surge(plan, state, batches))
    for event in batches:
        state = apply(state, e.Logged(state.seq, now, event))
    known = names.including(plan.previous, plan.script, others=plan.names)
    changed = tuple(_changed(state, snapshot, phases, PhaseContext(plan, state, now), known))
    return (
        *_changed_since_plan(plan, state, snapshot),
        *upgrade,
        *batches,
        *in_place,
        *_in_chunks(changed, snapshot),
        *_leaks(state, changed, plan),
    )


def _changed_since_plan(plan: RolloutPlan, state: RolloutState, snapshot: SetSnapshot) -> tuple[e.Event, ...]:
    """The first observation of the set differs from what was planned against, by its etag: worth a line in the log.

    Whether that is a reason to stop is for the gates, which compare script, mode and policy.
    """
    fresh = not state.writes and not any(progress.first for progress in state.instances.values())
    etag = snapshot.scale_set.etag
    if not fresh or not snapshot.instances or not plan.etag or not etag or etag == plan.etag:
        return ()
    return (e.Noted("the scale set was changed after this plan was made", Severity.WARN),)


# --- Azure's rolling upgrade ----------------------------------------------------------------------------------------


def _upgrade(plan: RolloutPlan, state: RolloutState, latest: RollingUpgrade | None) -> tuple[e.Event, ...]:
    if latest is None:
        return ()
    seen = e.UpgradeSeen(
        code=latest.code,
        started_at=latest.started_at,
        successful=latest.successful,
        failed=latest.failed,
        in_progress=latest.in_progress,
        pending=latest.pending,
        ours=_is_ours(plan, state, latest),
        fault=latest.fault,
    )
    return () if seen == state.upgrade else (seen,)


def _is_ours(plan: RolloutPlan, state: RolloutState, latest: RollingUpgrade) -> bool:
    """Rolling upgrades differ by their start time only: ours is the first new one after our write."""
    if plan.strategy is not Strategy.ROLLING_UPGRADE or latest.started_at is None:
        return False
    if latest.started_at in state.own_upgrades:
        return True
    return latest.started_at not in state.other_upgrades and len(state.own_upgrades) < upgrade_number(state)


def _inferred(
    plan: RolloutPlan, state: RolloutState, phases: Mapping[str, e.Phase], snapshot: SetSnapshot
) -> tuple[e.Event, ...]:
    """Batches as they can be observed from outside."""
    events: list[e.Event] = []
    current = state.open_batch
    if current is not None and all(phases.get(i, e.Phase.GONE) in FINAL for i in current.ids):
        events.append(_ended(state, current, phases))
        current = None
    known = {i for batch in state.batches for i in batch.ids}
    fresh = [
        instance for instance in snapshot.instances if phases[instance.id] in _LEFT_QUEUE and instance.id not in known
    ]
    if fresh:
        events += _grown(plan, state, current, fresh, phases)
    return tuple(events)


def _without_surge(plan: RolloutPlan, state: RolloutState, begun: Iterable[e.Event]) -> Iterator[e.Noted]:
    """That Azure updates in place although the policy wants a surge: its first batch has no new instances.

    Azure does not say so itself ("Rolling upgrades with MaxSurge": too little quota falls back to in place).
    """
    if not plan.policy.surge or state.batches:
        return
    planned = {i for batch in plan.batches for i in batch.ids}
    first = next((event.ids for event in begun if isinstance(event, e.BatchStarted)), ())
    if first and planned.issuperset(first):
        message = "Azure updates instances in place: the quota has no room for the surplus instances of a surge"
        yield e.Noted(message, Severity.WARN, first)


def _grown(
    plan: RolloutPlan,
    state: RolloutState,
    current: BatchState | None,
    fresh: list[Instance],
    phases: Mapping[str, e.Phase],
) -> Iterator[e.Event]:
    largest = max((len(batch.ids) for batch in plan.batches), default=len(fresh))
    zones = {instance.zone for instance in fresh} - {""}
    ids = tuple(instance.id for instance in fresh)
    if current is not None and len(current.ids) + len(ids) <= largest:
        yield _begun(plan, state, current.number, (*current.ids, *ids), {*current.zones, *zones}, largest)
        return
    if current is not None:
        yield _ended(state, current, phases)
    number = state.batch.number + 1 if state.batch is not None else 1
    yield _begun(plan, state, number, ids, zones, largest)


def _begun(
    plan: RolloutPlan, state: RolloutState, number: int, ids: tuple[str, ...], zones: set[str], largest: int
) -> e.BatchStarted:
    seen = {i for batch in state.batches for i in batch.ids} | set(ids)
    rest = sum(len(batch.ids) for batch in plan.batches) - len(seen)
    room = max(0, largest - len(ids))
    to_come = max(1, -(-(rest - room) // largest)) if rest > 0 else 0
    of = max(len(plan.batches), number + to_come) if rest > 0 else number
    return e.BatchStarted(number, of, ids, tuple(sorted(zones)))


def _ended(state: RolloutState, batch: BatchState, phases: Mapping[str, e.Phase]) -> e.BatchEnded:
    """The end of a batch; of an instance that has gone, the phase in which it was last seen counts."""
    before = state.ids_in(*BAD)
    return e.BatchEnded(
        batch.number, tuple(i for i in batch.ids if phases.get(i) in BAD or (i not in phases and i in before))
    )


# --- instances ------------------------------------------------------------------------------------------------------


def _changed(
    state: RolloutState,
    snapshot: SetSnapshot,
    phases: Mapping[str, e.Phase],
    context: PhaseContext,
    names: VersionNames,
) -> Iterator[e.InstanceSeen]:
    for instance in snapshot.instances:
        batch = context.begun.get(instance.id, context.planned.get(instance.id))
        seen = seen_from(instance, phases[instance.id], batch, names)
        known = state.instances.get(instance.id)
        if seen.phase is e.Phase.GONE:
            seen = replace(seen, message="", health=Health.NONE)
        if seen.phase is e.Phase.OVERWRITTEN:
            seen = replace(seen, message=f"another change replaced it by {seen.version or 'no script'}")
        if instance.id in state.waived:
            seen = replace(seen, message=state.waived[instance.id])
        if known is not None and not instance.version_known:
            seen = replace(seen, version=known.seen.version, digest=known.seen.digest)
        if known is None or known.seen != seen:
            yield seen
    for gone in state.instances.keys() - phases.keys():
        last = state.instances[gone].seen
        if last.phase in BAD:
            yield from _gone_after_failure(last)
        elif last.phase is not e.Phase.GONE:
            yield _gone(last)


def set_gone(state: RolloutState) -> Iterator[e.InstancesSeen]:
    """That the whole set is gone, and every instance with it. What failed before still counts as failed."""
    left = [progress.seen for progress in state.instances.values() if progress.seen.phase not in BAD]
    changed = [_gone(last) for last in left if last.phase is not e.Phase.GONE]
    for start in range(0, len(changed), CHUNK):
        yield e.InstancesSeen(tuple(changed[start : start + CHUNK]), None if state.healthy is None else 0, 0)


def _gone(last: e.InstanceSeen) -> e.InstanceSeen:
    """An instance that does not exist any more: where it was, and the version that it had."""
    return e.InstanceSeen(
        id=last.id,
        name=last.name,
        zone=last.zone,
        batch=last.batch,
        phase=e.Phase.GONE,
        version=last.version,
        digest=last.digest,
    )


def _gone_after_failure(last: e.InstanceSeen) -> Iterator[e.InstanceSeen]:
    """A failed instance that was deleted or replaced since still counts as failed: repairs do not make up for it."""
    if not is_gone(last):
        yield replace(last, message=f"{last.message}{GONE_SINCE}".removeprefix("; "))


def _in_chunks(changed: tuple[e.InstanceSeen, ...], snapshot: SetSnapshot) -> Iterator[e.Event]:
    here = staying(snapshot.instances)
    healthy = 0 if not here and snapshot.scale_set.health_source.present else healthy_among(here)
    for start in range(0, len(changed), CHUNK):
        yield e.InstancesSeen(changed[start : start + CHUNK], healthy, len(here))


def _leaks(state: RolloutState, changed: tuple[e.InstanceSeen, ...], plan: RolloutPlan) -> Iterator[e.Event]:
    def fresh(seen: e.InstanceSeen) -> bool:
        known = state.instances.get(seen.id)
        return seen.phase is e.Phase.LEAKED and (known is None or known.seen.phase is not e.Phase.LEAKED)

    ids = tuple(sorted(seen.id for seen in changed if fresh(seen)))
    if ids:
        yield e.Noted(
            f"{counted(len(ids), 'instance')} got {plan.to_label} outside the batches (autoscale, automatic repairs, "
            "or another operator)",
            Severity.WARN,
            ids,
        )
