"""A rollout over several scale sets as it stands: `fold(log) -> WavesState`, a pure function of its log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.waves import Wave, WavesPlan
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w


class SetStage(StrEnum):
    """Where one scale set stands in the waves."""

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
    """One scale set in the waves. `updated` and `failed` are instances of its rollout."""

    target: ScaleSetId
    wave: int
    stage: SetStage = SetStage.WAITING
    rollout: str = ""
    rollback: str = ""
    updated: int = 0
    failed: int = 0
    reason: str = ""
    once_failed: bool = False
    """It failed, also when it was rolled back since: a roll back does not give the budget back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesState:
    """The fold of the log."""

    plan: WavesPlan | None = None
    sets: Mapping[ScaleSetId, SetProgress] = field(default_factory=dict)
    """In the order of the plan."""
    started: frozenset[int] = frozenset()
    ended: Mapping[int, datetime] = field(default_factory=dict)
    """When each wave ended."""
    approved: frozenset[int] = frozenset()
    asked: frozenset[int] = frozenset()
    """Waves whose approval was asked for."""
    paused: bool = False
    canceled: bool = False
    stopping: str = ""
    """Why no further set starts; empty while sets may start."""
    rolls_back: int = 0
    """The wave that goes back; 0: none."""
    verdict: Verdict | None = None
    reason: str = ""
    started_at: datetime | None = None
    last_at: datetime | None = None

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
        """The wave that waits for a person; 0: none."""
        wave = self.wave
        open_ = wave is not None and wave.number in self.asked and wave.number not in self.approved
        return wave.number if wave is not None and open_ and self.verdict is None else 0


def fold(log: Iterable[w.WavesLogged], state: WavesState | None = None) -> WavesState:
    """The state after these events."""
    now = state or WavesState()
    for entry in log:
        now = replace(_after(now, entry.event, entry.at), last_at=entry.at)
    return now


def _after(state: WavesState, event: w.WavesEvent, at: datetime) -> WavesState:
    match event:
        case w.WavesPlanned(plan):
            return replace(state, plan=plan, sets=_sets(plan))
        case w.CoordinatorStarted():
            return replace(state, started_at=state.started_at or at)
        case w.SetStarted() | w.SetRefused() | w.SetEnded():
            return _with_set(state, event)
        case w.WavesPaused():
            return replace(state, paused=True)
        case w.WavesResumed():
            return replace(state, paused=False)
        case w.WavesCanceled():
            return replace(state, canceled=True)
        case w.WavesStopping(reason, rolls_back):
            return replace(state, stopping=reason, rolls_back=rolls_back)
        case w.WavesEnded(verdict, reason):
            return replace(state, verdict=verdict, reason=reason)
        case w.WaveStarted() | w.WaveEnded() | w.WaveApprovalNeeded() | w.WaveApproved():
            return _with_wave(state, event, at)
        case _:
            assert_never(event)


def _with_wave(
    state: WavesState, event: w.WaveStarted | w.WaveEnded | w.WaveApprovalNeeded | w.WaveApproved, at: datetime
) -> WavesState:
    number = event.number
    match event:
        case w.WaveStarted():
            return replace(state, started=state.started | {number})
        case w.WaveEnded():
            return replace(state, ended={**state.ended, number: at})
        case w.WaveApprovalNeeded():
            return replace(state, asked=state.asked | {number})
        case w.WaveApproved():
            return replace(state, approved=state.approved | {number})
        case _:
            assert_never(event)


def _with_set(state: WavesState, event: w.SetStarted | w.SetRefused | w.SetEnded) -> WavesState:
    known = state.sets[event.target]
    match event:
        case w.SetStarted(_, rollout, rolls_back):
            if rolls_back:
                changed = replace(known, stage=SetStage.ROLLING_BACK, rollback=rollout)
            else:
                changed = replace(known, stage=SetStage.RUNNING, rollout=rollout)
        case w.SetRefused(_, reason):
            changed = replace(known, stage=SetStage.REFUSED, reason=reason, once_failed=True)
        case w.SetEnded():
            changed = _ended(known, event)
        case _:
            assert_never(event)
    return replace(state, sets={**state.sets, event.target: changed})


def _ended(known: SetProgress, event: w.SetEnded) -> SetProgress:
    if event.rollout == known.rollback:
        good = event.verdict is Verdict.COMPLETED
        stage = SetStage.ROLLED_BACK if good else SetStage.FAILED
        return replace(known, stage=stage, reason=known.reason if good else f"roll back: {event.reason}")
    return replace(
        known,
        stage=_ENDS[event.verdict],
        updated=event.updated,
        failed=event.failed,
        reason=event.reason,
        once_failed=event.verdict is Verdict.FAILED,
    )


def _sets(plan: WavesPlan) -> dict[ScaleSetId, SetProgress]:
    return {
        member.target: SetProgress(target=member.target, wave=wave.number)
        for wave in plan.waves
        for member in wave.sets
    }
