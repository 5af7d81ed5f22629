"""A rollout of the journal that is to start, or to resume, later: its time in the log, of either kind."""

from datetime import datetime

from vmss_tui.domain.plan.checks.maintenance import closed_at
from vmss_tui.domain.plan.forecast import first_batch_seconds
from vmss_tui.domain.plan.timetable import Timetable
from vmss_tui.domain.rollout.events import Ended, Scheduled
from vmss_tui.domain.rollout.stage import Stage, Verdict
from vmss_tui.engine.schedule.start_later import StartTime, window_start
from vmss_tui.engine.schedule.waves import common_window
from vmss_tui.engine.waves.set_plans import Background, preview
from vmss_tui.errors import PreflightRefused, UsageError
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

    `azure` is read where waves are to start with the windows of their sets. Raises UsageError, PreflightRefused when no
    window is to come or the set's is closed at the given time, and what reading Azure raises.
    """
    scheduled_header(journal, rollout)
    now = clock.now()
    if start.at is not None and not journal.waves.has(rollout):
        _require_open(journal.state(rollout).timetable, start.at)
    at = start.at if start.at is not None else await _window(journal, azure, known, clock, rollout)
    record(journal, rollout, Scheduled(at, start.at is None, who), now)
    return at


def _require_open(table: Timetable, at: datetime) -> None:
    """Raise PreflightRefused for a time at which the start would be refused."""
    if (why := closed_at(table, at)) is not None:
        message, hint = why
        raise PreflightRefused(message, hint=hint)


async def _window(journal: Journal, azure: Azure | None, known: Background, clock: Clock, rollout: str) -> datetime:
    if not journal.waves.has(rollout):
        state = journal.state(rollout)
        if state.plan is None:
            raise UsageError(f"rollout {rollout} has no plan")
        return window_start(state.timetable, clock.now(), first_batch_seconds(state.plan))
    plan = journal.waves.state(rollout).plan
    if plan is None or azure is None:
        raise UsageError(f"the windows of rollout {rollout} cannot be read now", hint="Sign in, or give a time.")
    return common_window(await preview(azure, plan, known, clock), clock.now())
