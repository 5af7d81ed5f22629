"""A rollout as it stands: `fold(events) -> RolloutState`, a pure function of the log.

Everything that is known of a rollout is in its log; nothing is remembered elsewhere. What to do next is decided in
`decide` from this state and from what Azure says now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import assert_never

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.timetable import MaintenanceRules, Timetable, timetable
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import BAD, BUSY, GateName, Verb
from vmss_tui.domain.rollout.stage import Stage as Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One instance in a rollout: what was last seen of it and since when it stands there."""

    seen: e.InstanceSeen
    since: datetime | None = None
    """When its phase last changed."""
    first: e.InstanceSeen | None = None
    """What was observed of it before its update began: the version it came from, its last run of a script.

    None for an instance that was created during the rollout: all that it has is new.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """A batch that began."""

    number: int
    ids: tuple[str, ...]
    zones: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Instances whose update Azure refused."""


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
    signed_in: e.SignedIn | None = None
    """With which account the runner writes; after a take-over the last one."""
    instances: Mapping[str, Progress] = field(default_factory=dict)
    batches: tuple[BatchState, ...] = ()
    batch_count: int = 0
    healthy: int | None = None
    total: int = 0
    lowest: Lowest | None = None
    health_trend: tuple[tuple[datetime, int], ...] = ()
    """(time, healthy) each time it changed, newest last."""
    upgrade: e.UpgradeSeen | None = None
    own_upgrades: frozenset[datetime] = frozenset()
    """Start times of Azure's rolling upgrades that this rollout caused."""
    other_upgrades: frozenset[datetime] = frozenset()
    waiting: e.Waiting | None = None
    writes: Mapping[str, Write] = field(default_factory=dict)
    """Per write key, the furthest that it is known to have got."""
    write_at: Mapping[str, datetime] = field(default_factory=dict)
    """Per write key, when it got there."""
    accepted: frozenset[str] = frozenset()
    """Keys of the writes that Azure took."""
    deferred: Mapping[str, e.WriteDeferred] = field(default_factory=dict)
    gates: Mapping[tuple[GateName, int | None], e.GateChecked] = field(default_factory=dict)
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
    rules: MaintenanceRules | None = None
    """The windows and freezes of the configuration, where they changed since the plan."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """What a person lifted since the start, by its code, with the reason."""
    scheduled: e.Scheduled | None = None
    """When a runner starts it, or resumes it; None once one has."""
    window_ended: bool = False
    """Paused since no batch can end in the maintenance window; the runner has left."""
    seq: int = 0

    @property
    def timetable(self) -> Timetable:
        """When changes may be made."""
        if self.plan is None:
            return Timetable()
        policy = self.plan.policy
        return timetable(policy.window, self.rules or policy.rules, {**self.plan.overrides, **self.overrides})

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
        return sum(progress.seen.phase in phases for progress in self.instances.values())

    def ids_in(self, *phases: e.Phase) -> tuple[str, ...]:
        """The instances that stand in one of these phases."""
        return tuple(i for i, progress in self.instances.items() if progress.seen.phase in phases)

    @property
    def bad(self) -> tuple[str, ...]:
        """Instances that count as failures: not those that were broken before what a roll back undoes."""
        known = self.plan.tolerated if self.plan is not None else ()
        return tuple(i for i in self.ids_in(*BAD) if i not in known)

    @property
    def unread(self) -> tuple[str, ...]:
        """Instances that would count as not updated, but whose configuration could not be read."""
        return tuple(
            i
            for i, progress in self.instances.items()
            if progress.seen.phase in (e.Phase.WAITING, *BUSY) and not progress.seen.version_known
        )

    def ended(self, key: str) -> OperationState | None:
        """How a write ended; None while it has not."""
        write = self.writes.get(key)
        return write.state if isinstance(write, e.WriteEnded) else None


def fold(log: Iterable[e.Entry[e.Event]], state: RolloutState | None = None) -> RolloutState:
    """The state after all of `log`, starting from `state` (or from nothing)."""
    return reduce(apply, log, state or RolloutState())


def apply(state: RolloutState, entry: e.Entry[e.Event]) -> RolloutState:
    """The state after one more event."""
    return replace(_after(state, entry.event, entry.at), seq=entry.seq, last_at=entry.at)


_RunnerEvent = e.RunnerStarted | e.SignedIn | e.RunnerStopped | e.ClockStepped | e.RulesChanged
_PersonEvent = (
    e.Requested | e.RequestAnswered | e.Paused | e.Resumed | e.Overridden | e.Scheduled | e.ApprovalNeeded | e.Approved
)
_EndEvent = e.Concluding | e.PolicyRestored | e.Ended


def _after(state: RolloutState, event: e.Event, at: datetime) -> RolloutState:
    match event:
        case e.InstancesSeen() | e.UpgradeSeen() | e.BatchStarted() | e.BatchEnded():
            return _observed(state, event, at)
        case e.WriteIntended() | e.WriteAccepted() | e.WriteEnded() | e.WriteDeferred():
            return _wrote(state, event, at)
        case e.Planned(plan):
            return _planned(state, plan, at)
        case e.RunnerStarted() | e.SignedIn() | e.RunnerStopped() | e.ClockStepped() | e.RulesChanged():
            return _runner(state, event, at)
        case e.Waiting():
            return replace(state, waiting=event)
        case e.GateChecked(gate, batch=batch):
            return replace(state, gates={**state.gates, (gate, batch): event})
        case e.Noted():
            return state
        case e.Concluding() | e.PolicyRestored() | e.Ended():
            return _ending(state, event, at)
        case (
            e.Requested()
            | e.RequestAnswered()
            | e.Paused()
            | e.Resumed()
            | e.Overridden()
            | e.Scheduled()
            | e.ApprovalNeeded()
            | e.Approved()
        ):
            return _requested(state, event)
        case _:
            assert_never(event)


def _planned(state: RolloutState, plan: RolloutPlan, at: datetime) -> RolloutState:
    waiting = {i: Progress(seen=e.InstanceSeen(id=i, batch=b.number), since=at) for b in plan.batches for i in b.ids}
    excluded = {
        x.id: Progress(seen=e.InstanceSeen(id=x.id, phase=e.Phase.EXCLUDED, message=x.reason), since=at)
        for x in plan.excluded
    }
    return replace(
        state,
        plan=plan,
        instances={**waiting, **excluded},
        batch_count=len(plan.batches),
        total=plan.total,
        healthy=plan.healthy,
    )


def _runner(state: RolloutState, event: _RunnerEvent, at: datetime) -> RolloutState:
    match event:
        case e.RunnerStarted(pid, host):
            running = _staged(state, Stage.RUNNING, only=(Stage.PLANNED,))
            started = state.started_at or at
            return replace(running, runner=(pid, host), started_at=started, resumed_at=at, scheduled=None)
        case e.SignedIn():
            return replace(state, signed_in=event)
        case e.RunnerStopped():
            return replace(state, runner=None)
        case e.ClockStepped():
            return replace(state, resumed_at=at)
        case e.RulesChanged(rules):
            return replace(state, rules=rules)
        case _:
            assert_never(event)


# --- people and the end ---------------------------------------------------------------------------------------------


def _requested(state: RolloutState, event: _PersonEvent) -> RolloutState:
    match event:
        case e.Requested():
            return replace(state, asked={**state.asked, event.request_id: event})
        case e.RequestAnswered(Verb.CANCEL, True, _, number):
            asked = state.asked.get(number)
            cancelling = _staged(state, Stage.CANCELLING)
            return replace(cancelling, cancelled_by=asked.who if asked is not None else "")
        case e.RequestAnswered():
            return state
        case e.Paused(window=window):
            paused = replace(state, window_ended=window)
            return _staged(paused, Stage.PAUSED, only=(Stage.RUNNING, Stage.APPROVAL, Stage.PLANNED))
        case e.Resumed():
            return _staged(replace(state, window_ended=False), Stage.RUNNING, only=(Stage.PAUSED,))
        case e.Overridden(code, reason):
            return replace(state, overrides={**state.overrides, code: reason})
        case e.Scheduled():
            return replace(state, scheduled=event)
        case e.ApprovalNeeded(batch):
            return replace(_staged(state, Stage.APPROVAL, only=(Stage.RUNNING,)), awaiting_approval=batch)
        case e.Approved(batch):
            return _approved(state, batch)
        case _:
            assert_never(event)


def _approved(state: RolloutState, batch: int) -> RolloutState:
    """A batch may be approved before its turn: another one that waits for approval keeps waiting."""
    approved = replace(state, approved=state.approved | {batch})
    if batch != state.awaiting_approval:
        return approved
    return replace(_staged(approved, Stage.RUNNING, only=(Stage.APPROVAL,)), awaiting_approval=None)


def _ending(state: RolloutState, event: _EndEvent, at: datetime) -> RolloutState:
    match event:
        case e.Concluding():
            return replace(state, concluding=event, waiting=None)
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
            assert_never(event)


def _staged(state: RolloutState, stage: Stage, only: tuple[Stage, ...] = ()) -> RolloutState:
    """With another stage, unless the rollout is over or its stage is not one of `only`."""
    return state if state.stage.over or (only and state.stage not in only) else replace(state, stage=stage)


# --- writes and observations ----------------------------------------------------------------------------------------


def _wrote(state: RolloutState, event: Write | e.WriteDeferred, at: datetime) -> RolloutState:
    if isinstance(event, e.WriteDeferred):
        writes = {name: write for name, write in state.writes.items() if name != event.key}
        return replace(state, writes=writes, deferred={**state.deferred, event.key: event})
    taken = {event.key} if isinstance(event, e.WriteAccepted) else set()
    return replace(
        state,
        accepted=state.accepted | taken,
        writes={**state.writes, event.key: event},
        write_at={**state.write_at, event.key: at},
        waiting=None,
    )


_Observation = e.InstancesSeen | e.UpgradeSeen | e.BatchStarted | e.BatchEnded


def _observed(state: RolloutState, event: _Observation, at: datetime) -> RolloutState:
    match event:
        case e.InstancesSeen():
            return _saw(state, event, at)
        case e.UpgradeSeen():
            return _upgrade(state, event)
        case e.BatchStarted():
            return _batch_started(state, event, at)
        case e.BatchEnded(number, failed, refused):
            ended = (
                replace(batch, ended_at=at, failed=failed, refused=refused) if batch.number == number else batch
                for batch in state.batches
            )
            return replace(state, batches=tuple(ended))
        case _:
            assert_never(event)


def _upgrade(state: RolloutState, event: e.UpgradeSeen) -> RolloutState:
    started = frozenset() if event.started_at is None else frozenset((event.started_at,))
    if event.ours:
        return replace(state, upgrade=event, own_upgrades=state.own_upgrades | started)
    return replace(state, upgrade=event, other_upgrades=state.other_upgrades | started)


def _batch_started(state: RolloutState, event: e.BatchStarted, at: datetime) -> RolloutState:
    known = next((batch for batch in state.batches if batch.number == event.number), None)
    started = known.started_at if known is not None else at
    begun = BatchState(number=event.number, ids=event.ids, zones=event.zones, started_at=started)
    others = tuple(batch for batch in state.batches if batch is not known)
    return replace(state, batches=(*others, begun), batch_count=max(event.of, event.number))


_UNTOUCHED = (e.Phase.WAITING, e.Phase.EXCLUDED)
"""Phases in which an instance is as it was before the rollout."""


def _saw(state: RolloutState, event: e.InstancesSeen, at: datetime) -> RolloutState:
    instances = dict(state.instances)
    for seen in event.changed:
        known = instances.get(seen.id)
        since = known.since if known is not None and known.seen.phase is seen.phase else at
        first = known.first if known is not None else None
        if first is None and known is not None and seen.version_known and seen.phase in _UNTOUCHED:
            first = seen
        instances[seen.id] = Progress(seen=seen, since=since, first=first)
    state = replace(state, instances=instances, total=event.total or state.total)
    if event.healthy is None or (event.healthy == state.healthy and state.health_trend):
        return state
    lowest = state.lowest
    if lowest is None or event.healthy < lowest.healthy:
        lowest = Lowest(healthy=event.healthy, at=at)
    trend = (*state.health_trend, (at, event.healthy))
    return replace(state, healthy=event.healthy, lowest=lowest, health_trend=trend)
