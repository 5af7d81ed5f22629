"""A rollout over several scale sets as every reader shows it: rows and totals, made of the logs. Pure.

The log of the whole says how sets ended; the progress of a set is in the log of its own rollout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault
from vmss_tui.domain.plan.rollout_plan import Purpose
from vmss_tui.domain.plan.waves import Wave
from vmss_tui.domain.rollout.stage import BAD, BUSY, Phase, Stage
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.waves.state import SetProgress, SetStage, WavesState
from vmss_tui.presentation.glyphs import (
    CROSS,
    DOT,
    HALF,
    NO_RUNNER,
    RING,
    SCHEDULED,
    SLASHED,
    STAGE,
    TRIANGLE,
    WINDOW_ENDED,
    Mark,
    Role,
)
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.text import counted, listed, seconds_between

SET_STAGE = {
    SetStage.WAITING: Mark(RING, "waiting", Role.WAIT),
    SetStage.RUNNING: Mark(HALF, "in progress", Role.BUSY),
    SetStage.DONE: Mark(DOT, "done", Role.WELL),
    SetStage.FAILED: Mark(CROSS, "failed", Role.BAD),
    SetStage.REFUSED: Mark(SLASHED, "refused", Role.BAD),
    SetStage.CANCELED: Mark(SLASHED, "canceled", Role.WARN),
    SetStage.ROLLING_BACK: Mark(HALF, "rolling back", Role.WARN),
    SetStage.ROLLED_BACK: Mark(TRIANGLE, "rolled back", Role.WARN),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetInfo:
    """One scale set in the waves. Counts are instances; `total` is how many its rollout updates, else has."""

    progress: SetProgress
    wave_name: str
    mark: Mark
    total: int
    done: int = 0
    """Run the new version."""
    rolled_back: int = 0
    """Run the version from before again, by a roll back of the waves."""
    busy: int = 0
    failed: int = 0
    batch: int = 0
    batches: int = 0
    reason: str = ""
    fault: AzureFault | None = None
    """Azure's reason where it ended the set's rollout."""
    seconds: float = 0.0
    """How long its rollout runs or ran; 0 before."""

    @property
    def name(self) -> str:
        """The set's name."""
        return self.progress.target.name


@dataclass(frozen=True, slots=True, kw_only=True)
class WavesInfo:
    """The whole at one moment."""

    rollout: str
    state: WavesState
    mark: Mark
    sets: tuple[SetInfo, ...]
    waiting: str
    """What it waits for, in words; empty once it has ended."""
    until: datetime | None
    elapsed: float

    @property
    def total(self) -> int:
        """Instances of all sets."""
        return sum(member.total for member in self.sets)

    @property
    def done(self) -> int:
        """Instances that were updated."""
        return sum(member.done for member in self.sets)

    @property
    def rolled_back(self) -> int:
        """Instances that were rolled back."""
        return sum(member.rolled_back for member in self.sets)

    @property
    def busy(self) -> int:
        """In-flight instances."""
        return sum(member.busy for member in self.sets)

    @property
    def failed(self) -> int:
        """Instances that failed."""
        return sum(member.failed for member in self.sets)

    def count(self, *stages: SetStage) -> int:
        """How many sets are in one of these stages."""
        return sum(member.progress.stage in stages for member in self.sets)


def waves_info(
    rollout: str,
    state: WavesState,
    rollouts: Mapping[str, RolloutState],
    now: datetime,
    *,
    alive: bool = True,
) -> WavesInfo:
    """The state of the waves; `rollouts` are those of its sets, by id, as far as they were read."""
    names = {wave.number: wave.name for wave in state.plan.waves} if state.plan is not None else {}
    sets = tuple(
        _set_info(progress, names.get(progress.wave, ""), rollouts.get(progress.current), now)
        for progress in state.sets.values()
    )
    mark = STAGE[state.stage] if alive or state.stage.over else NO_RUNNER
    if state.scheduled is not None and not state.stage.over:
        mark = SCHEDULED
    why, until = waits_for(state, now)
    end = state.ended_at or now
    elapsed = seconds_between(state.started_at, end) if state.started_at is not None else 0.0
    return WavesInfo(rollout=rollout, state=state, mark=mark, sets=sets, waiting=why, until=until, elapsed=elapsed)


def waits_for(state: WavesState, now: datetime) -> tuple[str, datetime | None]:
    """The current wait of the waves, and its end where that is known."""
    wave = state.wave
    if state.verdict is not None or state.plan is None:
        return "", None
    if state.scheduled is not None:
        return starts_in(state.scheduled.at, now), None
    if state.running:
        return f"{listed(progress.target.name for progress in state.running)} in progress", None
    if state.paused:
        return "paused: no further set starts", None
    if wave is None or wave.number in state.started:
        return "", None
    until = _bakes_until(state, wave)
    if until is not None and now < until:
        return f"bake time before wave {wave.number} ({wave.name})", until
    if state.awaiting_approval:
        return f"wave {wave.number} ({wave.name}) is waiting for approval", None
    return "", None


def _bakes_until(state: WavesState, wave: Wave) -> datetime | None:
    before = (
        next((other for other in state.plan.waves if other.number == wave.number - 1), None) if state.plan else None
    )
    if before is None or before.number not in state.ended:
        return None
    return state.ended[before.number] + timedelta(seconds=before.bake_seconds)


def _set_info(progress: SetProgress, wave: str, rollout: RolloutState | None, now: datetime) -> SetInfo:
    mark = SET_STAGE[progress.stage]
    ended = SetInfo(
        progress=progress, wave_name=wave, mark=mark, total=max(progress.member.instances, progress.updated),
        done=0 if progress.stage is SetStage.ROLLED_BACK else progress.updated,
        rolled_back=progress.updated if progress.stage is SetStage.ROLLED_BACK else 0,
        failed=progress.failed, reason=progress.reason,
    )  # fmt: skip
    if rollout is None or rollout.plan is None:
        return ended
    end = rollout.ended_at or now
    running = progress.stage.running
    if running:
        mark = _held(rollout) or mark
    reached = rollout.count(Phase.DONE)
    back = rollout.plan.purpose is Purpose.ROLLBACK and not progress.member.undoes
    return SetInfo(
        progress=progress,
        wave_name=wave,
        mark=mark,
        total=rollout.plan.affected or ended.total,
        done=max(0, ended.done - reached) if back else reached,
        rolled_back=reached if back else 0,
        busy=rollout.count(*BUSY) if running else 0,
        failed=rollout.count(*BAD),
        batch=len(rollout.batches),
        batches=rollout.batch_count,
        reason=progress.reason or _running_reason(rollout),
        fault=None if running else rollout.fault,
        seconds=seconds_between(rollout.started_at, end) if rollout.started_at is not None else 0.0,
    )


def _held(rollout: RolloutState) -> Mark | None:
    """What holds a set in progress up; None while it moves."""
    if rollout.scheduled is not None:
        return SCHEDULED
    if rollout.window_ended:
        return WINDOW_ENDED
    return STAGE[rollout.stage] if rollout.stage in (Stage.PAUSED, Stage.APPROVAL, Stage.DECISION) else None


def _running_reason(rollout: RolloutState) -> str:
    return rollout.waiting.why if rollout.waiting is not None and rollout.verdict is None else ""


def headline(info: WavesInfo) -> str:
    """`web: 40 scale sets in 3 waves, 1000 instances`; `web 2.4.0: roll back of …`."""
    plan = info.state.plan
    if plan is None:
        return info.rollout
    origin = f" ({plan.origin})" if plan.origin else ""
    what = plan.label or plan.profile
    sets, waves = counted(len(plan.sets), "scale set"), counted(len(plan.waves), "wave")
    return f"{what}{origin}: {sets} in {waves}, {counted(plan.total, 'instance')}"


def verdict_line(info: WavesInfo) -> str:
    """The verdict and its reason; empty while it runs."""
    state = info.state
    if state.verdict is None:
        return ""
    words = state.verdict.word
    if not state.reason or state.reason.startswith(f"{words} "):
        return state.reason or words
    return f"{words}: {state.reason}"
