"""A rollout of the journal that is to start, or to resume, later: its time in the log, of either kind."""

from datetime import datetime

from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.events import Ended, Scheduled
from vmss_tui.domain.rollout.stage import Stage, Verdict
from vmss_tui.engine.schedule.start_later import StartTime, require_open, resume_time
from vmss_tui.engine.schedule.waves import common_window, require_all_open
from vmss_tui.engine.waves.set_plans import Background, preview
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import Journal, RolloutHeader, WavesHeader
from vmss_tui.ports import Azure, Clock


def scheduled_header(journal: Journal, rollout: str) -> RolloutHeader | WavesHeader:
    """A rollout (full id) that is to start or to resume later. Raises UsageError for another one."""
    header = journal.schedule.header(rollout)
    if header.starts_at is None:
        raise UsageError(f"rollout {header.id} is not scheduled", hint="`vmss-tui rollouts` lists those that are.")
    return header


def left_at_window(journal: Journal, rollout: str) -> bool:
    """Whether a paused rollout has no runner since its maintenance window has ended. Raises JournalUnavailable."""
    return not journal.waves.has(rollout) and journal.state(rollout).window_ended


def record(journal: Journal, rollout: str, event: Scheduled | Ended, at: datetime) -> None:
    """Add an event to the log of a rollout of one set or over several."""
    if journal.waves.has(rollout):
        journal.waves.append(rollout, event, at=at)
    else:
        journal.append(rollout, event, at=at)


def scheduled_of(journal: Journal, rollout: str) -> Scheduled | None:
    """When a rollout of either kind is to start, and who wants that; None when it is not to start later."""
    waves = journal.waves.has(rollout)
    return journal.waves.state(rollout).scheduled if waves else journal.state(rollout).scheduled


def cancel_start(journal: Journal, rollout: str, who: str, now: datetime, why: str = "") -> str:
    """End a rollout before it starts; `why` is recorded.

    Raises UsageError when it has started.
    """
    header = scheduled_header(journal, rollout)
    if header.stage is not Stage.PLANNED:
        raise UsageError(f"rollout {header.id} has started", hint=f"`vmss-tui cancel {header.id}` cancels it.")
    reason = f"canceled by {who} before it started" + (f": {why}" if why else "")
    record(journal, rollout, Ended(Verdict.CANCELLED, reason), now)
    return reason


async def move(
    journal: Journal, azure: Azure | None, known: Background, clock: Clock, rollout: str, start: StartTime, who: str
) -> datetime:
    """Give a scheduled rollout another time, which is returned; the caller leaves a process behind that waits for it.

    `azure` is read for waves, whose sets have windows of their own; without it their start checks them. Raises
    UsageError, PreflightRefused when no window is to come or one is closed at the given time, and what reading raises.
    """
    scheduled_header(journal, rollout)
    now = clock.now()
    if journal.waves.has(rollout):
        at = await _waves_time(journal.waves.state(rollout).plan, azure, known, clock, start)
    else:
        state = journal.state(rollout)
        if start.at is not None and state.started_at is None:
            require_open(state.timetable, start.at)
        at = resume_time(state, start, now)
    record(journal, rollout, Scheduled(at, start.at is None, who), now)
    return at


async def _waves_time(
    plan: WavesPlan | None, azure: Azure | None, known: Background, clock: Clock, start: StartTime
) -> datetime:
    """When waves start, by the windows of the sets of the first wave; a time that is given where Azure is not read."""
    if plan is None or azure is None:
        if start.at is not None:
            return start.at
        raise UsageError("the windows of its scale sets cannot be read now", hint="Sign in, or give a time.")
    sets = await preview(azure, plan, known, clock)
    if start.at is None:
        return common_window(sets, clock.now())
    require_all_open(sets, start.at)
    return start.at
