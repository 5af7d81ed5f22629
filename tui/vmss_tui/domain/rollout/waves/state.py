"""The state of a rollout over several scale sets: `fold(log) -> WavesState`, a pure function of its log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage, Verb, Verdict
from vmss_tui.domain.rollout.waves import events as w


class SetStage(StrEnum):
    """The state of one scale set in the waves."""

    WAITING = "waiting"
    RUNNING = "in progress"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    CANCELED = "canceled"
    ROLLING_BACK = "rolling back"
    ROLLED_BACK = "rolled back"

    @property
    def running(self) -> bool:
        """Whether a runner works on the set."""
        return self in (SetStage.RUNNING, SetStage.ROLLING_BACK)

    @property
    def bad(self) -> bool:
        """Whether it counts against the budget of sets."""
        return self in (SetStage.FAILED, SetStage.REFUSED)


_ENDS = {
    Verdict.COMPLETED: SetStage.DONE,
    Verdict.FAILED: SetStage.FAILED,
    Verdict.CANCELLED: SetStage.CANCELED,
    Verdict.REFUSED: SetStage.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProgress:
    """One scale set in the waves. `updated` and `failed` are instances of its rollouts."""

    member: WaveSet
    wave: int
    stage: SetStage = SetStage.WAITING
    rollout: str = ""
    """The newest rollout that is not a roll back."""
    rollback: str = ""
    """The roll back of that rollout, where there is one."""
    rolled_back: bool = False
    """Its roll back was started, refused or not needed: it is not due again."""
    updated: int = 0
    failed: int = 0
    reason: str = ""
    retried: bool = False
    """The retry of its failed instances is done: the rest of the set is due."""
    once_failed: bool = False
    """It failed, also when it was rolled back since: a roll back does not restore the budget."""

    @property
    def target(self) -> ScaleSetId:
        """Its id."""
        return self.member.target

    @property
    def current(self) -> str:
        """The rollout to look at: the roll back where there is one; empty before any."""
        return self.rollback or self.rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesState:
    """The fold of the log."""

    plan: WavesPlan | None = None
    started_by: str = ""
    """Who started it."""
    sets: Mapping[ScaleSetId, SetProgress] = field(default_factory=dict)
    """In the order of the plan."""
    started: Mapping[int, datetime] = field(default_factory=dict)
    """When each wave started."""
    ended: Mapping[int, datetime] = field(default_factory=dict)
    """When each wave ended."""
    approved: frozenset[int] = frozenset()
    approval_needed: frozenset[int] = frozenset()
    paused: bool = False
    scheduled: e.Scheduled | None = None
    """When it is to start, until a coordinator has started."""
    canceled_by: str = ""
    requests: Mapping[int, e.Requested] = field(default_factory=dict)
    stopping: str = ""
    """Why no further set starts; empty while sets may start."""
    rolls_back: int = 0
    """The wave that is rolled back; 0: none."""
    verdict: Verdict | None = None
    reason: str = ""
    signed_in: e.SignedIn | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_at: datetime | None = None
    seq: int = 0

    @property
    def stage(self) -> Stage:
        """What the whole is doing."""
        if self.verdict is not None:
            return Stage(self.verdict.value)
        if self.canceled_by:
            return Stage.CANCELLING
        if self.started_at is None:
            return Stage.PLANNED
        if self.paused:
            return Stage.PAUSED
        return Stage.APPROVAL if self.awaiting_approval else Stage.RUNNING

    @property
    def answered(self) -> int:
        """Number of the last request that the coordinator answered."""
        return max(self.requests, default=0)

    @property
    def running(self) -> tuple[SetProgress, ...]:
        """Sets on which a runner works."""
        return tuple(progress for progress in self.sets.values() if progress.stage.running)

    @property
    def failed_instances(self) -> int:
        """Instances of all sets that failed."""
        return sum(progress.failed for progress in self.sets.values())

    @property
    def failed_sets(self) -> int:
        """Sets that failed or were refused, also when they were rolled back since."""
        return sum(progress.once_failed for progress in self.sets.values())

    def of_wave(self, number: int) -> tuple[SetProgress, ...]:
        """The sets of a wave."""
        return tuple(progress for progress in self.sets.values() if progress.wave == number)

    @property
    def wave(self) -> Wave | None:
        """The wave that is in progress or comes next; None when all have ended."""
        waves = self.plan.waves if self.plan is not None else ()
        return next((wave for wave in waves if wave.number not in self.ended), None)

    @property
    def awaiting_approval(self) -> int:
        """The wave that is waiting for approval; 0: none."""
        wave = self.wave
        waits = wave is not None and wave.number in self.approval_needed and wave.number not in self.approved
        return wave.number if wave is not None and waits and self.verdict is None else 0


def fold(log: Iterable[e.Entry[w.WavesEvent]], state: WavesState | None = None) -> WavesState:
    """The state after these events."""
    now = state or WavesState()
    for entry in log:
        now = replace(_after(now, entry.event, entry.at), seq=entry.seq, last_at=entry.at)
    return now


def _after(state: WavesState, event: w.WavesEvent, at: datetime) -> WavesState:
    match event:
        case w.WavesPlanned(plan, who):
            return replace(state, plan=plan, sets=_sets(plan), started_by=who)
        case w.SetStarted() | w.SetRefused() | w.SetSkipped() | w.SetFailures() | w.SetEnded():
            return _with_set(state, event)
        case w.WavesStopping(reason, rolls_back):
            return replace(state, stopping=reason, rolls_back=rolls_back)
        case w.WaveStarted() | w.WaveEnded() | w.WaveApprovalNeeded() | w.WaveApproved():
            return _with_wave(state, event, at)
        case e.Ended(verdict, reason):
            return replace(state, verdict=verdict, reason=reason, ended_at=at)
        case (
            e.RunnerStarted() | e.SignedIn() | e.RunnerStopped() | e.Requested() | e.RequestAnswered() | e.Paused()
            | e.Resumed() | e.Scheduled() | e.Noted()
        ):  # fmt: skip
            return _logged(state, event, at)
        case _:
            assert_never(event)


def _logged(state: WavesState, event: w.LogEvent, at: datetime) -> WavesState:
    match event:
        case e.RunnerStarted():
            return replace(state, started_at=state.started_at or at, scheduled=None)
        case e.Scheduled():
            return replace(state, scheduled=event)
        case e.SignedIn():
            return replace(state, signed_in=event)
        case e.Paused():
            return replace(state, paused=True)
        case e.Resumed():
            return replace(state, paused=False)
        case e.Requested():
            return replace(state, requests={**state.requests, event.request_id: event})
        case e.RequestAnswered(Verb.CANCEL, True, _, number):
            request = state.requests.get(number)
            return replace(state, canceled_by=request.who if request is not None and request.who else "someone")
        case e.RequestAnswered() | e.RunnerStopped() | e.Noted():
            return state
        case _:
            assert_never(event)


def _with_wave(state: WavesState, event: w.WaveEvent, at: datetime) -> WavesState:
    number = event.number
    match event:
        case w.WaveStarted():
            return replace(state, started={**state.started, number: at})
        case w.WaveEnded():
            return replace(state, ended={**state.ended, number: at})
        case w.WaveApprovalNeeded():
            return replace(state, approval_needed=state.approval_needed | {number})
        case w.WaveApproved():
            return replace(state, approved=state.approved | {number})
        case _:
            assert_never(event)


def _with_set(state: WavesState, event: w.SetEvent) -> WavesState:
    known = state.sets[event.target]
    match event:
        case w.SetStarted(_, rollout, rolls_back):
            if rolls_back:
                changed = replace(known, stage=SetStage.ROLLING_BACK, rollback=rollout, rolled_back=True)
            else:
                changed = replace(known, stage=SetStage.RUNNING, rollout=rollout)
        case w.SetRefused(_, reason, True):
            changed = replace(known, rolled_back=True, reason=f"{known.reason}; roll back: {reason}")
        case w.SetRefused(_, reason):
            changed = replace(known, stage=SetStage.REFUSED, reason=reason, once_failed=True)
        case w.SetSkipped(_, reason, True):
            changed = replace(known, stage=SetStage.ROLLED_BACK, rolled_back=True)
        case w.SetSkipped(_, reason):
            changed = replace(known, stage=SetStage.DONE, reason=known.reason or reason)
        case w.SetFailures(_, rollout, failed):
            changed = replace(known, failed=failed) if rollout == known.rollout else known
        case w.SetEnded():
            changed = _ended(known, event)
        case _:
            assert_never(event)
    return replace(state, sets={**state.sets, event.target: changed})


def _ended(known: SetProgress, event: w.SetEnded) -> SetProgress:
    if known.rollback and event.rollout == known.rollback:
        good = event.verdict is Verdict.COMPLETED
        stage = SetStage.ROLLED_BACK if good else SetStage.FAILED
        return replace(known, stage=stage, reason=known.reason if good else f"roll back: {event.reason}")
    rest_due = bool(known.member.retries) and not known.retried and event.verdict is Verdict.COMPLETED
    return replace(
        known,
        stage=SetStage.WAITING if rest_due else _ENDS[event.verdict],
        retried=known.retried or rest_due,
        updated=known.updated + event.updated,
        failed=event.failed,
        reason="" if rest_due else event.reason,
        once_failed=event.verdict in (Verdict.FAILED, Verdict.REFUSED),
    )


def _sets(plan: WavesPlan) -> dict[ScaleSetId, SetProgress]:
    return {member.target: SetProgress(member=member, wave=wave.number) for wave in plan.waves for member in wave.sets}
