"""A new runner for a rollout whose own is gone: asks for what it must be given, and for a yes where proof is missing.

Effects only. Starts a process through the session; changes nothing in Azure itself. Must not import Textual.
"""

import os
from collections.abc import Mapping

from vmss_tui.app.effects import Ask, Effects, Question, Repaint, Say, Work
from vmss_tui.app.launch import ask_values
from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.engine.followup import secrets_of_new_runner
from vmss_tui.errors import LeaseHeld
from vmss_tui.presentation.glyphs import Role
from vmss_tui.profiles.secrets import reveal, travelling

_GROUP = "resume"


def take_over(session: Session, rollout: str, *, requested: str = "") -> Effects:
    """Start a new runner to resume the rollout, or for a verb that was `requested` already.

    Raises JournalUnavailable.
    """
    due = secrets_of_new_runner(session.journal(), rollout) if requested != "cancel" else {}

    def asked(given: Mapping[str, Secret]) -> Effects:
        async def resume() -> Effects:
            secrets = travelling(due, environ=os.environ, given=given)
            reveal(due, environ=os.environ, given=secrets)
            if not requested:
                session.journal().request(rollout, "resume", who=session.who)
            return await _resume(session, rollout, secrets)

        return (Work(group=_GROUP, job=resume),)

    return ask_values(due, asked)


async def _resume(session: Session, rollout: str, secrets: Mapping[str, Secret]) -> Effects:
    try:
        await session.resume(rollout, secrets=secrets)
    except LeaseHeld as held:
        if not held.forcible:
            raise
        return _ask_to_force(session, rollout, secrets, held)
    return _resumed(rollout)


def _ask_to_force(session: Session, rollout: str, secrets: Mapping[str, Secret], held: LeaseHeld) -> Effects:
    async def force() -> Effects:
        await session.resume(rollout, secrets=secrets, force=True)
        return _resumed(rollout)

    def answered(yes: bool | None) -> Effects:
        if yes:
            return (Work(group=_GROUP, job=force),)
        return (Say(held.in_one_line, Role.BAD),)

    details = (
        held.message,
        "If the runner is alive after all, it stops at its next write to the journal; a request that it has just sent "
        "to Azure is awaited.",
        "Continue only when you know that its host is gone.",
    )
    question = Question(
        title="Take over without proof that the runner is gone?",
        yes="Take over",
        details=tuple(((sentence, Role.PLAIN),) for sentence in details),
    )
    return (Ask(question, answered),)


def _resumed(rollout: str) -> Effects:
    return (Say(f"a new runner has taken over rollout {rollout}", Role.OK), Repaint())
