"""What a coordinator does next: `decide(state, now) -> commands`, a pure function.

It starts sets, never instances: each set's own runner keeps its batches, gates and window. A set that is in progress
is never started again, since its rollout's id is in the log before its runner starts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from vmss_tui.domain.plan.waves import OnFailedSet, Wave, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.domain.rollout.waves.state import SetProgress, SetStage, WavesState
from vmss_tui.text import counted, listed


@dataclass(frozen=True, slots=True)
class RecordWaves:
    """Add events to the log."""

    events: tuple[w.WavesEvent, ...]


@dataclass(frozen=True, slots=True)
class StartSet:
    """Plan a set's rollout, put it into the log, start its runner."""

    progress: SetProgress
    rolls_back: str = ""
    """The rollout that it rolls back; empty: it does what the plan says of the set."""


@dataclass(frozen=True, slots=True)
class CancelSet:
    """Ask the rollout of a set to cancel."""

    rollout: str


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing to do; `until` is None while a person or a set decides when it continues."""

    why: str
    until: datetime | None = None


WavesCommand = RecordWaves | StartSet | CancelSet | WaitUntil


def decide(state: WavesState, now: datetime) -> list[WavesCommand]:
    """What to do now; empty once the waves have ended."""
    plan = state.plan
    if plan is None or state.verdict is not None:
        return []
    if state.canceled_by:
        return _canceling(state)
    if not state.stopping and (stop := _stop(plan, state)) is not None:
        return [RecordWaves((stop,))]
    if state.stopping:
        return _stopping(plan, state)
    wave = state.wave
    if wave is None:
        return [RecordWaves((_conclusion(state),))]
    if wave.number not in state.started:
        return _before(plan, state, wave, now)
    return _within(plan, state, wave)


def _before(plan: WavesPlan, state: WavesState, wave: Wave, now: datetime) -> list[WavesCommand]:
    """Bake time of the wave before, then approval, where the plan asks for one."""
    before = next((earlier for earlier in plan.waves if earlier.number == wave.number - 1), None)
    if before is not None and before.number in state.ended:
        until = state.ended[before.number] + timedelta(seconds=before.bake_seconds)
        if now < until:
            return [WaitUntil(f"bake time of wave {before.number}", until)]
    if state.paused:
        return [WaitUntil(f"paused before wave {wave.number}")]
    if wave.approve and wave.number not in state.approved:
        if wave.number not in state.approval_needed:
            return [RecordWaves((w.WaveApprovalNeeded(wave.number),))]
        return [WaitUntil(f"wave {wave.number} is waiting for approval")]
    return [RecordWaves((w.WaveStarted(wave.number),))]


def _within(plan: WavesPlan, state: WavesState, wave: Wave) -> list[WavesCommand]:
    sets = state.of_wave(wave.number)
    waiting = [progress for progress in sets if progress.stage is SetStage.WAITING]
    running = [progress for progress in sets if progress.stage.running]
    if not waiting and not running:
        return [RecordWaves((w.WaveEnded(wave.number),))]
    free = 0 if state.paused else max(0, plan.rules.at_once - len(running))
    starts: list[WavesCommand] = [StartSet(progress) for progress in _next(waiting, running, free)]
    if starts:
        return starts
    return [_for(running) if running else WaitUntil(f"paused in wave {wave.number}")]


def _next(waiting: list[SetProgress], running: list[SetProgress], free: int) -> list[SetProgress]:
    """The sets to start: in their order, but from the subscriptions with the fewest in progress.

    Azure's request quota is one for each subscription and region.
    """
    busy = Counter(progress.target.key[0] for progress in running)
    remaining = list(waiting)
    chosen: list[SetProgress] = []
    while remaining and len(chosen) < free:
        best = min(remaining, key=lambda progress: busy[progress.target.key[0]])
        remaining.remove(best)
        chosen.append(best)
        busy[best.target.key[0]] += 1
    return chosen


def _stop(plan: WavesPlan, state: WavesState) -> w.WavesStopping | None:
    """Whether a failed set or a spent budget keeps further sets from starting."""
    wave = state.wave
    rolls_back = wave is not None and plan.rules.on_failed_set is OnFailedSet.ROLLBACK_WAVE
    reason = next(_reasons(plan, state), "")
    return w.WavesStopping(reason, wave.number if wave is not None and rolls_back else 0) if reason else None


def _reasons(plan: WavesPlan, state: WavesState) -> Iterator[str]:
    failed = [progress for progress in state.sets.values() if progress.once_failed]
    if failed and plan.rules.on_failed_set is not OnFailedSet.CONTINUE:
        yield f"{listed(progress.target.name for progress in failed)} failed"
    sets = plan.rules.sets_allowed(len(plan.sets))
    if sets is not None and len(failed) > sets:
        yield f"{counted(len(failed), 'scale set')} failed (limit {sets})"
    instances = plan.rules.instances_allowed(plan.total)
    if instances is not None and state.failed_instances > instances:
        yield f"{counted(state.failed_instances, 'instance')} failed over all sets (limit {instances})"


def _canceling(state: WavesState) -> list[WavesCommand]:
    if state.running:
        return [*(CancelSet(progress.current) for progress in state.running), _for(state.running)]
    return [RecordWaves((e.Ended(Verdict.CANCELLED, f"canceled by {state.canceled_by}; {_tally(state)}"),))]


def _stopping(plan: WavesPlan, state: WavesState) -> list[WavesCommand]:
    """Sets in progress run to their own end; then the wave is rolled back, where that was asked for."""
    back = [progress for progress in state.running if progress.stage is SetStage.ROLLING_BACK]
    if len(state.running) > len(back):
        return [_for(state.running)]
    due = [
        progress
        for progress in state.of_wave(state.rolls_back)
        if progress.rollout and not progress.rolled_back and progress.updated + progress.failed > 0
    ]
    free = max(0, plan.rules.at_once - len(back))
    if due and free:
        return [StartSet(progress, rolls_back=progress.rollout) for progress in due[:free]]
    if back:
        return [_for(back)]
    return [RecordWaves((e.Ended(Verdict.FAILED, f"{state.stopping}; {_tally(state)}"),))]


def _conclusion(state: WavesState) -> e.Ended:
    """Completed only when every set is done: one that was canceled on its own was not rolled out."""
    done = all(progress.stage is SetStage.DONE for progress in state.sets.values())
    return e.Ended(Verdict.COMPLETED if done else Verdict.FAILED, _tally(state))


def _tally(state: WavesState) -> str:
    """`38 of 40 scale sets done; 1 failed: web-neu; 1 not started`."""
    by_stage = {stage: [p for p in state.sets.values() if p.stage is stage] for stage in SetStage}
    words = [f"{len(by_stage[SetStage.DONE])} of {counted(len(state.sets), 'scale set')} done"]
    words += [
        f"{len(by_stage[stage])} {stage.value}: {listed(progress.target.name for progress in by_stage[stage])}"
        for stage in (SetStage.FAILED, SetStage.REFUSED, SetStage.CANCELED, SetStage.ROLLED_BACK)
        if by_stage[stage]
    ]
    if by_stage[SetStage.WAITING]:
        words.append(f"{len(by_stage[SetStage.WAITING])} not started")
    return "; ".join(words)


def _for(running: list[SetProgress] | tuple[SetProgress, ...]) -> WaitUntil:
    return WaitUntil(f"{listed(progress.target.name for progress in running)} in progress")
