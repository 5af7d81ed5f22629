"""A rollout that starts later, or stopped at the end of its window: move it, cancel it, resume it in time.

Effects only. Must not import Textual.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Ask, AskText, Complain, Effects, Question, Repaint, Say, Work
from vmss_tui.app.launch import ask_values, ask_when
from vmss_tui.app.screens.rollout.take_over import take_over
from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.rollout.events import Scheduled
from vmss_tui.domain.rollout.requests import closed_for
from vmss_tui.domain.rollout.stage import Stage, Verb
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.domain.rollout.write_keys import secrets_due
from vmss_tui.engine.followup import secrets_of_new_runner
from vmss_tui.engine.schedule import scheduled
from vmss_tui.engine.schedule.start_later import StartTime, resume_time
from vmss_tui.errors import VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.profiles.secrets import travelling

_WINDOW = "window"


def not_started(state: RolloutState) -> bool:
    """Whether it is scheduled and has not started."""
    return state.stage is Stage.PLANNED and state.scheduled is not None


def ask_to_cancel_start(session: Session, rollout: str, name: str) -> Effects:
    """Ask, then end a scheduled rollout before it starts."""

    def answered(yes: bool | None) -> Effects:
        try:
            now, journal = session.clock.now(), session.journal()
            if not yes:
                return ()
            return (Say(scheduled.cancel_start(journal, rollout, session.who, now), Role.OK), Repaint())
        except VmssTuiError as error:
            return (Complain(error),)

    words = "It has not started: nothing is changed."
    question = Question(
        title=f"Cancel rollout {rollout} of {name} before it starts?",
        yes="Cancel it",
        details=(((words, Role.PLAIN),),),
    )
    return (Ask(question, answered),)


def ask_to_move(session: Session, connection: Callable[[], Connection], rollout: str) -> Effects:
    """Ask for another time of a scheduled rollout, of one set or over several; a new process waits for it."""

    def chosen(start: StartTime) -> Effects:
        due = secrets_of_new_runner(session.journal(), rollout)

        async def moved(given: Mapping[str, Secret]) -> Effects:
            azure, known = connection().azure, session.background()
            at = await scheduled.move(session.journal(), azure, known, session.clock, rollout, start, session.who)
            await session.wait_for_start(rollout, secrets=travelling(due, given=given))
            return (Say(f"rollout {rollout} {starts_in(at, session.clock.now())}", Role.OK), Repaint())

        return ask_values(due, lambda given: (Work(group="schedule", job=lambda: moved(given)),))

    try:
        scheduled.scheduled_header(session.journal(), rollout)
        return ask_when(session.clock.now(), False, chosen)
    except VmssTuiError as error:
        return (Complain(error),)


def held_by_window(state: RolloutState, now: datetime) -> bool:
    """Whether it may not be resumed now without a reason."""
    return bool(closed_for(state, now))


def ask_to_resume_left(session: Session, rollout: str) -> Effects:
    """The same for one of a list, whose log is not read yet."""
    try:
        return ask_to_resume(session, rollout, session.journal().state(rollout))
    except VmssTuiError as error:
        return (Complain(error),)


def ask_to_resume(session: Session, rollout: str, state: RolloutState) -> Effects:
    """Resume in the next window, or now for a recorded reason."""
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

    words = closed[0].words if closed else "The maintenance window has ended"
    return (AskText(f"{words}. `{_WINDOW}` waits for the next one; a reason resumes now:", _WINDOW, answered),)


def _in_the_next(session: Session, rollout: str, state: RolloutState) -> Effects:
    """Leave a process behind that resumes it. Raises PreflightRefused when no window is to come."""
    now, plan = session.clock.now(), state.plan
    if plan is None:
        return ()
    at = resume_time(state, StartTime(at_window=True), now)
    due = secrets_due(plan, state)

    async def schedule(given: Mapping[str, Secret]) -> Effects:
        session.journal().append(rollout, Scheduled(at, True, session.who), at=now)
        await session.wait_for_start(rollout, secrets=travelling(due, given=given))
        return (Say(starts_in(at, now).replace("starts", "resumes", 1), Role.OK), Repaint())

    return ask_values(due, lambda given: (Work(group="resume", job=lambda: schedule(given)),))
