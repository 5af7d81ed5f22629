"""From a plan to a running rollout: values that only a person has, the last question, the start.

The one way for every screen that starts a rollout or a runner. Effects only; typed secrets live in `Secret` and
travel to the runner, never to disk. Must not import Textual.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from vmss_tui.app.effects import Ask, AskSecret, AskText, Complain, Effects, Question, Say, Work
from vmss_tui.app.session import Session
from vmss_tui.domain.fleet.script import Secret, SecretRef
from vmss_tui.domain.plan.overrides import allow, needed, only_overridable
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.engine.schedule.start_later import AT_ONCE, StartTime, parse_time
from vmss_tui.errors import UsageError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.confirm import confirm_lines, confirm_title, confirm_yes
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.profiles.secrets import to_prompt_for, travelling


def start_question(plan: RolloutPlan, *, serious: bool) -> Question:
    """Names the set, the number of instances, the versions and the batches; No is the default.

    A `serious` one wants the name of the scale set typed.
    """
    return Question(
        title=confirm_title(plan),
        yes=confirm_yes(plan),
        details=confirm_lines(plan),
        type_this=plan.target.name if serious else "",
        role=Role.ACCENT,
    )


def cannot_start(plan: RolloutPlan) -> bool:
    """Whether something stops the plan for which there is no override."""
    return bool(plan.refusals) and not only_overridable(plan)


def ask_values(references: Mapping[str, SecretRef], then: Callable[[Mapping[str, Secret]], Effects]) -> Effects:
    """Ask for each protected value that only a person has; `then` is not reached when one is refused."""
    return _ask_next(tuple(to_prompt_for(references).items()), {}, then)


def _ask_next(
    left: Sequence[tuple[str, str]],
    given: Mapping[str, Secret],
    then: Callable[[Mapping[str, Secret]], Effects],
) -> Effects:
    if not left:
        return then(given)
    (name, question), *rest = left

    def answered(value: Secret | None) -> Effects:
        return () if value is None else _ask_next(rest, {**given, name: value}, then)

    return (AskSecret(question, answered),)


def ask_and_start(
    plan: RolloutPlan,
    tags: Mapping[str, str],
    session: Session,
    *,
    why: str,
    ticket: str = "",
    started: Callable[[str], Effects],
    when: StartTime = AT_ONCE,
) -> Effects:
    """Refuse with the reason, or ask for what is missing, then for yes or no, then start; `started` gets the id.

    With a time in `when` it is scheduled for that time.

    `tags` are the scale set's: production wants its name typed.
    """
    if cannot_start(plan):
        first = plan.refusals[0]
        return (Say(" ".join(part for part in ("cannot start:", first.message, first.hint) if part), Role.BAD),)
    if only_overridable(plan):
        return _ask_for_override(
            plan,
            lambda allowed: ask_and_start(allowed, tags, session, why=why, ticket=ticket, started=started, when=when),
        )
    if not plan.affected:
        return (Say("nothing to do: every instance is excluded or already runs this version", Role.WARN),)

    async def start(given: Mapping[str, Secret]) -> Effects:
        secrets = travelling(plan.script.protected, given=given)
        if when.at is not None:
            made = session.schedule(plan, when.at, at_window=when.at_window, secrets=secrets, why=why, ticket=ticket)
            return started(await made)
        return started(await session.start(plan, secrets=secrets, why=why, ticket=ticket))

    def asked(given: Mapping[str, Secret]) -> Effects:
        def answered(yes: bool | None) -> Effects:
            return (Work(group="start", job=lambda: start(given), waiting="starting the rollout"),) if yes else ()

        serious = bool(session.production.why_confirm(plan.target, tags, plan.affected))
        question = start_question(plan, serious=serious)
        if when.at is not None:
            question = to_schedule(question, when.at, session.clock.now())
        return (Ask(question, answered),)

    return ask_values(plan.script.protected, asked)


def to_schedule(question: Question, at: datetime, now: datetime) -> Question:
    """The question before a start, for one at a later time."""
    details = (((f"It {starts_in(at, now)}.", Role.WAIT),), (), *question.details)
    return replace(question, yes="Schedule", details=details)


def ask_when(now: datetime, window: bool, then: Callable[[StartTime], Effects]) -> Effects:
    """Ask when to start; `window`: whether there is a maintenance window to start with."""

    def answered(text: str | None) -> Effects:
        word = (text or "").strip()
        if not word:
            return ()
        try:
            return then(StartTime(at_window=True) if word.lower() == "window" else StartTime(parse_time(word, now)))
        except UsageError as error:
            return (Complain(error),)

    title = "Start at 22:00, 2026-12-01T22:00, +2h30m, now or `window`:"
    return (AskText(title, "window" if window else "", answered),)


def _ask_for_override(plan: RolloutPlan, then: Callable[[RolloutPlan], Effects]) -> Effects:
    """Ask why the plan may start all the same, one refusal after another; without a reason it does not."""
    override = needed(plan)[0]
    finding = next(finding for finding in plan.refusals if finding.code == override.value)

    def answered(reason: str | None) -> Effects:
        return then(allow(plan, {override: reason})) if reason and reason.strip() else ()

    advice = finding.hint.partition("To start ")[0].strip()  # what follows is the option of the command line
    said = " ".join(part for part in (f"{finding.message}.", advice, "Reason to start anyway:") if part)
    return (AskText(said, "", answered),)
