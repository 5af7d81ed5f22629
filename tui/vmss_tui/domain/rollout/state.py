"""A rollout as it stands: `fold(events) -> RolloutState`, a pure function of the log.

Everything that is known of a rollout is in its log; nothing is remembered elsewhere. What to do next is decided in
`deciding` from this state and from what Azure says now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage as Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One instance in a rollout: what was last seen of it and since when it stands there."""

    seen: e.InstanceSeen
    since: datetime | None = None
    """When its phase last changed."""
    first: e.InstanceSeen | None = None
    """What was seen of it first, before it was touched: the version it came from, its last run of a script."""


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


Write = e.WriteIntended | e.WriteAccepted | e.WriteEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """Everything the log says, folded. Times are UTC, counts are instances."""

    plan: RolloutPlan | None = None
    stage: Stage = Stage.PLANNED
    started_at: datetime | None = None
    resumed_at: datetime | None = None
    """When a runner last took over or the clock was set: waits are never counted from before."""
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
    our_rolls: frozenset[datetime] = frozenset()
    """Start times of Azure's rolling upgrades that this rollout caused."""
    other_rolls: frozenset[datetime] = frozenset()
    waiting: e.Waiting | None = None
    writes: Mapping[str, Write] = field(default_factory=dict)
    """Per write key, the furthest that it is known to have got."""
    write_at: Mapping[str, datetime] = field(default_factory=dict)
    """Per write key, when it got there."""
    accepted: frozenset[str] = frozenset()
    """Keys of the writes that Azure took."""
    deferred: Mapping[str, e.WriteDeferred] = field(default_factory=dict)
    gates: Mapping[tuple[str, int | None], e.GateChecked] = field(default_factory=dict)
    """The last answer of each gate, per batch."""
    asked: Mapping[int, e.Requested] = field(default_factory=dict)
    cancelled_by: str = ""
    approved: frozenset[int] = frozenset()
    awaiting_approval: int | None = None
    concluding: e.Concluding | None = None
    verdict: e.Verdict | None = None
    reason: str = ""
    fault: AzureFault | None = None
    policy_restored: bool | None = None
    seq: int = 0

    @property
    def batch(self) -> BatchState | None:
        """The batch that runs, or the last one that ran."""
        return self.batches[-1] if self.batches else None

    @property
    def open_batch(self) -> BatchState | None:
        """The batch that runs."""
        return self.batch if self.batch is not None and self.batch.ended_at is None else None

    @property
    def answered(self) -> int:
        """Number of the last request that the runner took up."""
        return max(self.asked, default=0)

    def count(self, *phases: e.Phase) -> int:
        """How many instances stand in one of these phases."""
        return sum(each.seen.phase in phases for each in self.instances.values())

    def ids_in(self, *phases: e.Phase) -> tuple[str, ...]:
        """The instances that stand in one of these phases."""
        return tuple(i for i, each in self.instances.items() if each.seen.phase in phases)

    def ended(self, key: str) -> OperationState | None:
        """How a write ended; None while it has not."""
        write = self.writes.get(key)
        return write.state if isinstance(write, e.WriteEnded) else None


def fold(log: Iterable[e.Logged], state: RolloutState | None = None) -> RolloutState:
    """The state after all of `log`, starting from `state` (or from nothing)."""
    return reduce(apply, log, state or RolloutState())


def apply(state: RolloutState, entry: e.Logged) -> RolloutState:
    """The state after one more event."""
    changes = _changes(state, entry.event, entry.at)
    return replace(state, seq=entry.seq, last_at=entry.at, **changes)


_Changes = dict[str, Any]


def _changes(state: RolloutState, event: e.Event, at: datetime) -> _Changes:
    match event:
        case e.InstancesSeen():
            return _saw(state, event, at)
        case e.Planned(plan):
            return _planned(plan, at)
        case e.RunnerStarted() | e.RunnerStopped() | e.ClockStepped():
            return _runner(state, event, at)
        case e.WriteIntended() | e.WriteAccepted() | e.WriteEnded() | e.WriteDeferred():
            return _wrote(state, event, at)
        case e.UpgradeSeen():
            return _upgrade(state, event)
        case e.BatchStarted() | e.BatchEnded():
            return _batch(state, event, at)
        case e.Waiting():
            return {"waiting": event}
        case _:
            return _decision(state, event, at)


def _decision(state: RolloutState, event: e.Event, at: datetime) -> _Changes:
    match event:
        case e.GateChecked(gate, batch=batch):
            return {"gates": {**state.gates, (gate, batch): event}}
        case e.Requested() | e.RequestAnswered():
            return _request(state, event)
        case e.Paused():
            return _stage(state, Stage.PAUSED, only=(Stage.RUNNING, Stage.APPROVAL, Stage.PLANNED))
        case e.Resumed():
            return _stage(state, Stage.RUNNING, only=(Stage.PAUSED,))
        case e.ApprovalNeeded(batch):
            return _stage(state, Stage.APPROVAL, only=(Stage.RUNNING,)) | {"awaiting_approval": batch}
        case e.Approved(batch):
            return _approved(state, batch)
        case e.Concluding():
            return {"concluding": event, "waiting": None}
        case e.PolicyRestored(restored):
            return {"policy_restored": restored}
        case e.Ended():
            return _ended(event, at)
        case _:
            return {}


def _approved(state: RolloutState, batch: int) -> _Changes:
    """A batch may be approved before its turn: another one that waits goes on waiting."""
    approved: _Changes = {"approved": state.approved | {batch}}
    if batch != state.awaiting_approval:
        return approved
    return approved | _stage(state, Stage.RUNNING, only=(Stage.APPROVAL,)) | {"awaiting_approval": None}


def _request(state: RolloutState, event: e.Requested | e.RequestAnswered) -> _Changes:
    match event:
        case e.Requested():
            return {"asked": {**state.asked, event.request_id: event}}
        case e.RequestAnswered("cancel", True, _, number):
            asked = state.asked.get(number)
            return _stage(state, Stage.CANCELLING) | {"cancelled_by": asked.who if asked is not None else ""}
        case _:
            return {}


def _ended(event: e.Ended, at: datetime) -> _Changes:
    return {
        "stage": Stage(event.verdict.value),
        "verdict": event.verdict,
        "reason": event.reason,
        "fault": event.fault,
        "ended_at": at,
        "waiting": None,
    }


def _stage(state: RolloutState, stage: Stage, only: tuple[Stage, ...] = ()) -> _Changes:
    """A change of stage, unless the rollout is over or the stage is not one of `only`."""
    return {} if state.stage.over or (only and state.stage not in only) else {"stage": stage}


def _planned(plan: RolloutPlan, at: datetime) -> _Changes:
    waiting = {i: Progress(seen=e.InstanceSeen(id=i, batch=b.number), since=at) for b in plan.batches for i in b.ids}
    left_out = {
        x.id: Progress(seen=e.InstanceSeen(id=x.id, phase=e.Phase.EXCLUDED, message=x.reason), since=at)
        for x in plan.excluded
    }
    return {
        "plan": plan,
        "instances": {**waiting, **left_out},
        "batch_count": len(plan.batches),
        "total": plan.total,
        "healthy": plan.healthy,
    }


def _runner(state: RolloutState, event: e.RunnerStarted | e.RunnerStopped | e.ClockStepped, at: datetime) -> _Changes:
    match event:
        case e.RunnerStarted(pid, host):
            begun = {"runner": (pid, host), "started_at": state.started_at or at, "resumed_at": at}
            return begun | _stage(state, Stage.RUNNING, only=(Stage.PLANNED,))
        case e.RunnerStopped():
            return {"runner": None}
        case _:
            return {"resumed_at": at}


def _wrote(state: RolloutState, event: Write | e.WriteDeferred, at: datetime) -> _Changes:
    if isinstance(event, e.WriteDeferred):
        writes = {name: write for name, write in state.writes.items() if name != event.key}
        return {"writes": writes, "deferred": {**state.deferred, event.key: event}}
    taken = {event.key} if isinstance(event, e.WriteAccepted) else set()
    return {
        "accepted": state.accepted | taken,
        "writes": {**state.writes, event.key: event},
        "write_at": {**state.write_at, event.key: at},
        "waiting": None,
    }


def _upgrade(state: RolloutState, event: e.UpgradeSeen) -> _Changes:
    which = "our_rolls" if event.ours else "other_rolls"
    known: frozenset[datetime] = getattr(state, which)
    return {"upgrade": event, which: known | ({event.started_at} if event.started_at is not None else set())}


def _batch(state: RolloutState, event: e.BatchStarted | e.BatchEnded, at: datetime) -> _Changes:
    if isinstance(event, e.BatchEnded):
        ended = (
            replace(each, ended_at=at, failed=event.failed) if each.number == event.number else each
            for each in state.batches
        )
        return {"batches": tuple(ended)}
    known = next((each for each in state.batches if each.number == event.number), None)
    started = known.started_at if known is not None else at
    begun = BatchState(number=event.number, ids=event.ids, zones=event.zones, started_at=started)
    others = tuple(each for each in state.batches if each is not known)
    return {"batches": (*others, begun), "batch_count": max(event.of, event.number)}


def _saw(state: RolloutState, event: e.InstancesSeen, at: datetime) -> _Changes:
    instances = dict(state.instances)
    for seen in event.changed:
        known = instances.get(seen.id)
        since = known.since if known is not None and known.seen.phase is seen.phase else at
        first = known.first if known is not None and known.first is not None else seen
        instances[seen.id] = Progress(seen=seen, since=since, first=first)
    changes: _Changes = {"instances": instances, "total": event.total or state.total}
    if event.healthy is None or (event.healthy == state.healthy and state.health_trend):
        return changes
    lowest = state.lowest
    if lowest is None or event.healthy < lowest.healthy:
        lowest = Lowest(healthy=event.healthy, at=at)
    trend = (*state.health_trend, (at, event.healthy))
    return changes | {"healthy": event.healthy, "lowest": lowest, "health_trend": trend}
