"""A rollout that starts later, or stopped at the end of its maintenance window: cancel it, or resume it in time.

Effects only. Must not import Textual.
"""

from collections.abc import Mapping
from datetime import datetime

from vmss_tui.app.effects import AskText, Complain, Effects, Say, Work
from vmss_tui.app.launch import ask_values
from vmss_tui.app.screens.rollout.take_over import take_over
from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.rollout.events import Ended, Scheduled
from vmss_tui.domain.rollout.requests import closed_for
from vmss_tui.domain.rollout.stage import Stage, Verb, Verdict
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import secrets_due
from vmss_tui.engine.start_later import first_batch_seconds, window_start
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.profiles.secrets import travelling

_WINDOW = "window"


def not_started(state: RolloutState) -> bool:
    """Whether it is scheduled and has not started."""
    return state.stage is Stage.PLANNED and state.scheduled is not None


def call_off(session: Session, rollout: str) -> Effects:
    """End a scheduled rollout before it starts. Raises JournalUnavailable."""
    reason = f"canceled by {session.who} before it started"
    session.journal().append(rollout, Ended(Verdict.CANCELLED, reason), at=session.clock.now())
    return (Say(reason, Role.OK),)


def held_by_window(state: RolloutState, now: datetime) -> bool:
    """Whether it may not be resumed now without a reason."""
    return bool(closed_for(state, now))


def ask_to_resume(session: Session, rollout: str, state: RolloutState) -> Effects:
    """Resume in the next window, or now for a reason that stands in the record."""
    closed = closed_for(state, session.clock.now())
    codes = ",".join(reason.code for reason in closed)

    def answered(text: str | None) -> Effects:
        word = (text or "").strip()
        if not word:
            return ()
        try:
            if word.lower() == _WINDOW:
                return _in_the_next(session, rollout, state)
            session.journal().request(rollout, Verb.RESUME, who=session.who, why=word, argument=codes)
            return take_over(session, rollout, requested=Verb.RESUME)
        except VmssTuiError as error:
            return (Complain(error),)

    words = closed[0].words if closed else "its window has ended"
    return (AskText(f"{words}: `{_WINDOW}` waits for the next, a reason resumes now:", _WINDOW, answered),)


def _in_the_next(session: Session, rollout: str, state: RolloutState) -> Effects:
    """Leave a process behind that resumes it. Raises PreflightRefused when no window is to come."""
    now, plan = session.clock.now(), state.plan
    if plan is None:
        return ()
    at = window_start(state.timetable, now, first_batch_seconds(plan))
    due = secrets_due(plan, state)

    async def schedule(given: Mapping[str, Secret]) -> Effects:
        session.journal().append(rollout, Scheduled(at, True, session.who), at=now)
        await session.wait_for_start(rollout, secrets=travelling(due, given=given))
        return (Say(starts_in(at, now).replace("starts", "resumes", 1), Role.OK),)

    return ask_values(due, lambda given: (Work(group="resume", job=lambda: schedule(given)),))
