"""What becomes of a failure where the profile says `on_failure = "ask"`: a list of decisions.

An exclusion asks for its reason; a roll back of production wants the name of the scale set, as any roll back does.
Effects only. Must not import Textual.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Ask, AskText, Effects, Pick, Question, Say, Work
from vmss_tui.app.session import Session
from vmss_tui.domain.rollout.rollback import touched_by
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.decisions import COLUMNS, Choice, choices, roll_back_question


class Request(Protocol):
    """Writes a request for the runner."""

    def __call__(self, verb: Verb, *, argument: str = "", why: str = "") -> Effects:
        """Write it."""


def ask_for_decision(
    state: RolloutState, session: Session, connection: Callable[[], Connection], request: Request
) -> Effects:
    """The list of what can be decided now; `request` puts the decision into the journal."""
    possible = {choice.key: choice for choice in choices(state)}
    if not possible or state.decision is None:
        return (Say("no failure is waiting for a decision", Role.WARN),)

    def answered(key: str | None) -> Effects:
        choice = possible.get(key or "")
        if choice is None:
            return ()
        if choice.verb is Verb.EXCLUDE:
            title = f"Reason to exclude {', '.join(choice.ids)} and continue:"
            return (AskText(title, "", lambda why: _exclude(choice, why or "", request)),)
        if choice.verb is Verb.UNDO:
            return (Work(group="decision", job=lambda: _confirm_roll_back(state, session, connection, request)),)
        return request(choice.verb, argument=choice.argument)

    title = f"Failed: {state.decision.why}"
    rows = [choice.row for choice in possible.values()]
    return (Pick(title=title, columns=COLUMNS, rows=rows, empty="nothing matches", then=answered),)


def _exclude(choice: Choice, why: str, request: Request) -> Effects:
    return request(choice.verb, argument=choice.argument, why=why) if why.strip() else ()


async def _confirm_roll_back(
    state: RolloutState, session: Session, connection: Callable[[], Connection], request: Request
) -> Effects:
    """Ask, by the rule for every change of production; tags are read, since they may be what makes it production."""
    plan, azure = state.plan, connection().azure
    if plan is None:
        return ()
    tags: Mapping[str, str] = (await azure.scale_set(plan.target)).tags if azure is not None else {}
    instances = len(touched_by(plan, state))
    serious = azure is None or bool(session.production.why_confirm(plan.target, tags, instances))
    title, details = roll_back_question(plan, instances)
    question = Question(
        title=title,
        yes="Roll back",
        details=details,
        type_this=plan.target.name if serious else "",
        role=Role.ACCENT,
    )
    return (Ask(question, lambda yes: request(Verb.UNDO) if yes else ()),)
