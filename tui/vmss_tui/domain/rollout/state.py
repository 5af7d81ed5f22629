"""The state of a rollout: `fold(events) -> RolloutState`, a pure function of the log.

Everything that is known of a rollout is in its log; nothing is remembered elsewhere. `decide` chooses the next step
from this state and from what Azure says now.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import assert_never

from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.rollout_state import BatchState as BatchState
from vmss_tui.domain.rollout.rollout_state import Lowest as Lowest
from vmss_tui.domain.rollout.rollout_state import Progress as Progress
from vmss_tui.domain.rollout.rollout_state import Retry as Retry
from vmss_tui.domain.rollout.rollout_state import RolloutState as RolloutState
from vmss_tui.domain.rollout.rollout_state import Write
from vmss_tui.domain.rollout.stage import EXTERNAL_GATES, Phase, Verb
from vmss_tui.domain.rollout.stage import Stage as Stage
from vmss_tui.domain.rollout.write_keys import REPAIRS_OFF


def fold(log: Iterable[e.Entry[e.Event]], state: RolloutState | None = None) -> RolloutState:
    """The state after all of `log`, starting from `state` (or from nothing)."""
    return reduce(apply, log, state or RolloutState())


def apply(state: RolloutState, entry: e.Entry[e.Event]) -> RolloutState:
    """The state after one more event."""
    after = _after(state, entry.event, entry.at)
    staged_at = state.staged_at if after.stage is state.stage else entry.at
    return replace(after, seq=entry.seq, last_at=entry.at, staged_at=staged_at)


_RunnerEvent = e.RunnerStarted | e.SignedIn | e.RunnerStopped | e.ClockStepped | e.RulesChanged
_PersonEvent = (
    e.Requested | e.RequestAnswered | e.Paused | e.Resumed | e.Overridden | e.Scheduled | e.ApprovalNeeded | e.Approved
)
_FailureEvent = e.DecisionNeeded | e.InstancesRetried | e.InstancesExcluded | e.RollbackStarted
_EndEvent = e.Concluding | e.PolicyRestored | e.Ended


def _after(state: RolloutState, event: e.Event, at: datetime) -> RolloutState:
    match event:
        case e.InstancesSeen() | e.UpgradeSeen() | e.BatchStarted() | e.BatchEnded():
            return _observed(state, event, at)
        case e.WriteIntended() | e.WriteAccepted() | e.WriteEnded() | e.WriteDeferred():
            return _wrote(state, event, at)
        case e.Planned(plan, who):
            return _planned(replace(state, started_by=who), plan, at)
        case e.RunnerStarted() | e.SignedIn() | e.RunnerStopped() | e.ClockStepped() | e.RulesChanged():
            return _runner(state, event, at)
        case e.Waiting() | e.GateChecked() | e.Noted():
            return _noticed(state, event)
        case e.DecisionNeeded() | e.InstancesRetried() | e.InstancesExcluded() | e.RollbackStarted():
            return _failure(state, event, at)
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


def _noticed(state: RolloutState, event: e.Waiting | e.GateChecked | e.Noted) -> RolloutState:
    match event:
        case e.Waiting():
            return replace(state, waiting=event)
        case e.GateChecked(gate, batch=batch):
            return replace(state, gates={**state.gates, (gate, batch): event})
        case e.Noted():
            return state
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
        case e.RequestAnswered():
            return _answered(state, event)
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


def _answered(state: RolloutState, event: e.RequestAnswered) -> RolloutState:
    if not event.accepted:
        return state
    if event.verb is Verb.CANCEL:
        asked = state.asked.get(event.request_id)
        return replace(_staged(state, Stage.CANCELLING), cancelled_by=asked.who if asked is not None else "")
    if event.verb is Verb.UNDO:
        return replace(_staged(state, Stage.RUNNING, only=(Stage.DECISION,)), rollback_asked=True)
    return state


def _failure(state: RolloutState, event: _FailureEvent, at: datetime) -> RolloutState:
    match event:
        case e.DecisionNeeded():
            deciding = _staged(state, Stage.DECISION, only=(Stage.RUNNING,))
            return replace(deciding, decision=event, rollback_asked=False)
        case e.InstancesRetried(ids, tag, number):
            retries = {**state.retries, **dict.fromkeys(ids, Retry(number, tag))}
            again = {i: _retried(state.instances[i], at) for i in ids if i in state.instances}
            return _decided(replace(state, retries=retries, instances={**state.instances, **again}))
        case e.InstancesExcluded(ids, reason):
            waived = {**state.waived, **dict.fromkeys(ids, reason)}
            known = (i for i in ids if i in state.instances)
            out = {i: _waived(state.instances[i], reason, at) for i in known}
            return _decided(replace(state, waived=waived, instances={**state.instances, **out}))
        case e.RollbackStarted():
            return _rolling_back(state, event, at)
        case _:
            assert_never(event)


def _decided(state: RolloutState) -> RolloutState:
    """A person has decided: the gates that failed are checked again."""
    gates = {key: gate for key, gate in state.gates.items() if gate.passed or key[0] in EXTERNAL_GATES}
    return replace(_staged(state, Stage.RUNNING, only=(Stage.DECISION,)), gates=gates)


def _retried(progress: Progress, at: datetime) -> Progress:
    """It starts again: its present state counts as the one from before."""
    seen = replace(progress.seen, phase=Phase.WAITING, message="", stdout="", stderr="")
    return Progress(seen=seen, since=at, first=progress.seen)


def _waived(progress: Progress, reason: str, at: datetime) -> Progress:
    return replace(progress, seen=replace(progress.seen, phase=Phase.EXCLUDED, message=reason), since=at)


def _rolling_back(state: RolloutState, event: e.RollbackStarted, at: datetime) -> RolloutState:
    """The plan of the roll back takes over: its batches and writes begin, people and health remain."""
    plan = _with_settings(event.plan, state.plan)
    begun = _planned(
        RolloutState(
            stage=state.stage if state.stage is Stage.CANCELLING else Stage.RUNNING,
            started_at=state.started_at,
            resumed_at=at,
            runner=state.runner,
            signed_in=state.signed_in,
            asked=state.asked,
            cancelled_by=state.cancelled_by,
            decision=state.decision,
            rules=state.rules,
            overrides=state.overrides,
        ),
        plan,
        at,
    )
    kept = [key for key in (REPAIRS_OFF,) if key in state.writes]
    return replace(
        begun,
        instances={i: _carried(progress, state.instances.get(i)) for i, progress in begun.instances.items()},
        healthy=state.healthy,
        total=state.total,
        lowest=state.lowest,
        health_trend=state.health_trend,
        other_upgrades=state.other_upgrades | state.own_upgrades,
        writes={key: state.writes[key] for key in kept},
        write_at={key: state.write_at[key] for key in kept},
        accepted=state.accepted.intersection(kept),
        rollback=event,
        forward=state,
    )


def _carried(progress: Progress, known: Progress | None) -> Progress:
    """An instance of the roll back, with what is known of it from before."""
    if known is None:
        return progress
    seen = replace(known.seen, phase=progress.seen.phase, batch=progress.seen.batch, message=progress.seen.message)
    return replace(progress, seen=seen, first=seen)


def _with_settings(back: RolloutPlan, forward: RolloutPlan | None) -> RolloutPlan:
    """The plan of a roll back with the settings that the log hides: those of the version from before are known."""
    before = forward.previous if forward is not None else None
    if before is None or not back.script.sealed_digest or back.script.digest != before.digest:
        return back
    script = replace(back.script, settings=before.settings, sealed_digest=before.sealed_digest)
    return replace(back, script=script)


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
    state = replace(state, instances=instances, total=state.total if event.total is None else event.total)
    if event.healthy is None or (event.healthy == state.healthy and state.health_trend):
        return state
    lowest = state.lowest
    if lowest is None or event.healthy < lowest.healthy:
        lowest = Lowest(healthy=event.healthy, at=at)
    trend = (*state.health_trend, (at, event.healthy))
    return replace(state, healthy=event.healthy, lowest=lowest, health_trend=trend)
