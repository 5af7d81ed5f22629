"""A new runner for a rollout whose own is gone: asks for what it must be given, and for a yes where proof is missing.

Call it from a worker: it waits for people. Starts a process through the session; changes nothing in Azure itself.
"""

import os
from collections.abc import Mapping

from vmss_tui.app.screens.base import BaseScreen
from vmss_tui.app.screens.dialogs.confirm import ConfirmScreen, Question
from vmss_tui.app.screens.dialogs.confirm_rollout import SecretScreen
from vmss_tui.domain.fleet.script import Secret, SecretRef
from vmss_tui.domain.rollout.write_keys import secrets_due
from vmss_tui.errors import LeaseHeld, VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.profiles.secrets import needs_asking, reveal, travelling


async def take_over(screen: BaseScreen, rollout: str, *, asked: str = "") -> None:
    """Start a new runner to resume, or for the verb that somebody `asked` for already.

    What stands in the way is said in the status line.
    """
    try:
        await _take_over(screen, rollout, asked)
    except VmssTuiError as error:
        screen.complain(error)


async def _take_over(screen: BaseScreen, rollout: str, asked: str) -> None:
    session = screen.shell.session
    state = session.journal().state(rollout)
    due = secrets_due(state.plan, state) if state.plan is not None and asked != "cancel" else {}
    given = await ask_values(screen, due)
    if given is None:
        return
    secrets = travelling(due, environ=os.environ, given=given)
    reveal(due, environ=os.environ, given=secrets)
    if not asked:
        session.journal().request(rollout, "resume", who=session.who)
    try:
        await session.resume(rollout, secrets=secrets)
    except LeaseHeld as held:
        if not held.forcible or not await screen.app.push_screen_wait(ConfirmScreen(_insist(held))):
            raise
        await session.resume(rollout, secrets=secrets, force=True)
    screen.flash(f"a new runner takes rollout {rollout} over", Role.OK)


async def ask_values(screen: BaseScreen, references: Mapping[str, SecretRef]) -> dict[str, Secret] | None:
    """What a person types for protected settings; None when they left."""
    given: dict[str, Secret] = {}
    for name, question in needs_asking(references).items():
        value = await screen.app.push_screen_wait(SecretScreen(question))
        if value is None:
            return None
        given[name] = value
    return given


def _insist(held: LeaseHeld) -> Question:
    words = (held.message, "If it is alive after all, it stops at the next thing that it writes to the journal; what "
             "it has just sent to Azure is waited for.", "Go on only when you know that its host is gone.")  # fmt: skip
    return Question(
        title="Take over without proof?", yes="Take over", details=tuple(((each, Role.PLAIN),) for each in words)
    )
