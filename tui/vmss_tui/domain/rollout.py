"""A rollout as it stands: `fold(events) -> RolloutState`, a pure function of the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import reduce

from vmss_tui.domain import events as e
from vmss_tui.domain.plan import RolloutPlan
from vmss_tui.domain.upgrade import AzureFault


class Stage(StrEnum):
    """What a rollout as a whole is doing."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    APPROVAL = "awaiting approval"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One instance in a rollout: what was last seen of it and since when it stands there."""

    seen: e.InstanceSeen
    since: datetime | None = None
    """When its phase last changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """A batch that began."""

    number: int
    ids: tuple[str, ...]
    zones: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowest:
    """The lowest healthy count of the whole run, and when."""

    healthy: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """Everything the log says, folded. Times are UTC, counts are instances."""

    plan: RolloutPlan | None = None
    stage: Stage = Stage.PLANNED
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_at: datetime | None = None
    runner: tuple[int, str] | None = None
    instances: Mapping[str, Progress] = field(default_factory=dict)
    batches: tuple[BatchState, ...] = ()
    batch_count: int = 0
    healthy: int | None = None
    total: int = 0
    lowest: Lowest | None = None
    health_trend: tuple[tuple[datetime, int], ...] = ()
    """(time, healthy) each time it changed, newest last."""
    upgrade: e.UpgradeSeen | None = None
    waiting: e.Waiting | None = None
    writes: Mapping[str, e.WriteIntended | e.WriteAccepted | e.WriteEnded] = field(default_factory=dict)
    """Per write key, the furthest that it is known to have got."""
    approved: frozenset[int] = frozenset()
    awaiting_approval: int | None = None
    verdict: e.Verdict | None = None
    reason: str = ""
    fault: AzureFault | None = None
    policy_restored: bool | None = None
    seq: int = 0

    @property
    def batch(self) -> BatchState | None:
        """The batch that runs, or the last one that ran."""
        return self.batches[-1] if self.batches else None

    def count(self, *phases: e.Phase) -> int:
        """How many instances stand in one of these phases."""
        return sum(each.seen.phase in phases for each in self.instances.values())


def fold(log: Iterable[e.Logged], state: RolloutState | None = None) -> RolloutState:
    """The state after all of `log`, starting from `state` (or from nothing)."""
    return reduce(apply, log, state or RolloutState())


def apply(state: RolloutState, entry: e.Logged) -> RolloutState:
    """The state after one more event."""
    state = replace(state, seq=entry.seq, last_at=entry.at)
    return _apply(state, entry.event, entry.at)


def _apply(state: RolloutState, event: e.Event, at: datetime) -> RolloutState:
    match event:
        case e.Planned(plan):
            waiting = {
                i: Progress(seen=e.InstanceSeen(id=i, batch=b.number), since=at) for b in plan.batches for i in b.ids
            }
            left_out = {
                x.id: Progress(seen=e.InstanceSeen(id=x.id, phase=e.Phase.EXCLUDED, message=x.reason), since=at)
                for x in plan.excluded
            }
            return replace(
                state,
                plan=plan,
                instances={**waiting, **left_out},
                batch_count=len(plan.batches),
                total=plan.total,
                healthy=plan.healthy,
            )
        case e.RunnerStarted(pid, host):
            return replace(
                state,
                runner=(pid, host),
                started_at=state.started_at or at,
                stage=Stage.RUNNING if state.stage is Stage.PLANNED else state.stage,
            )
        case e.RunnerStopped():
            return replace(state, runner=None)
        case e.WriteIntended() | e.WriteAccepted() | e.WriteEnded():
            return replace(state, writes={**state.writes, event.key: event})
        case e.UpgradeSeen():
            return replace(state, upgrade=event)
        case e.InstancesSeen():
            return _saw(state, event, at)
        case e.BatchStarted(number, of, ids, zones):
            begun = BatchState(number=number, ids=ids, zones=zones, started_at=at)
            return replace(state, batches=(*state.batches, begun), batch_count=max(of, number), waiting=None)
        case e.BatchEnded(number, failed):
            return replace(
                state,
                batches=tuple(
                    replace(b, ended_at=at, failed=failed) if b.number == number else b for b in state.batches
                ),
            )
        case e.Waiting():
            return replace(state, waiting=event)
        case _:
            return _apply_decision(state, event, at)


def _apply_decision(state: RolloutState, event: e.Event, at: datetime) -> RolloutState:
    match event:
        case e.RequestAnswered("cancel", True):
            return replace(state, stage=Stage.CANCELLING)
        case e.Paused():
            return replace(state, stage=Stage.PAUSED)
        case e.Resumed():
            return replace(state, stage=Stage.RUNNING)
        case e.ApprovalNeeded(batch):
            return replace(state, stage=Stage.APPROVAL, awaiting_approval=batch)
        case e.Approved(batch):
            return replace(state, stage=Stage.RUNNING, approved=state.approved | {batch}, awaiting_approval=None)
        case e.PolicyRestored(restored):
            return replace(state, policy_restored=restored)
        case e.Ended(verdict, reason, fault):
            return replace(
                state,
                stage=Stage(verdict.value),
                verdict=verdict,
                reason=reason,
                fault=fault,
                ended_at=at,
                waiting=None,
            )
        case _:
            return state


def _saw(state: RolloutState, event: e.InstancesSeen, at: datetime) -> RolloutState:
    instances = dict(state.instances)
    for seen in event.changed:
        known = instances.get(seen.id)
        since = known.since if known is not None and known.seen.phase is seen.phase else at
        instances[seen.id] = Progress(seen=seen, since=since)
    state = replace(state, instances=instances, total=event.total or state.total)
    if event.healthy is None or (event.healthy == state.healthy and state.health_trend):
        return state
    lowest = state.lowest
    if lowest is None or event.healthy < lowest.healthy:
        lowest = Lowest(healthy=event.healthy, at=at)
    return replace(state, healthy=event.healthy, lowest=lowest, health_trend=(*state.health_trend, (at, event.healthy)))
