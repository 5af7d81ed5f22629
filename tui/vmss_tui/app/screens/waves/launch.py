"""From marked scale sets, or from waves that have ended, to running waves: preview, question, start.

Effects only. Must not import Textual.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vmss_tui.app.connection import Connection
from vmss_tui.app.effects import Ask, AskText, Complain, Effects, Open, Question, Say, Work
from vmss_tui.app.launch import ask_values, ask_when, to_schedule
from vmss_tui.app.screens.deploy.profile_file import pick_profile
from vmss_tui.app.session import Session
from vmss_tui.app.shell import OpenWaves
from vmss_tui.domain.fleet.script import Secret, SecretRef
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.plan.findings import by_weight
from vmss_tui.domain.plan.waves import WHOLE, WavesPlan, select
from vmss_tui.engine.schedule.start_later import AT_ONCE, StartTime
from vmss_tui.engine.schedule.waves import prepare_waves_for
from vmss_tui.engine.waves.set_plans import SetPlan, refusals
from vmss_tui.errors import ProfileInvalid, VmssTuiError
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.waves.lines import plan_lines
from vmss_tui.presentation.waves.questions import plan_details
from vmss_tui.profiles.model import Profile, ReportFields, check_record, values_of
from vmss_tui.profiles.secrets import travelling
from vmss_tui.profiles.waves import plan_waves
from vmss_tui.text import counted, listed

_CELLS = 68
"""Cells of a line in a question."""
Connect = Callable[[], Connection]


def deploy_marked(
    entries: Sequence[FleetEntry], session: Session, connection: Connect, *, later: bool = False
) -> Effects:
    """Choose a profile for the marked sets, ask for its variables, then plan, ask and start; `later`: ask when, too.

    Sets that a rule of the configuration protects are named before anything is asked.
    """
    protected = [entry.scale_set.name for entry in entries if entry.scale_set.read_only_rule]
    if protected:
        are = "is" if len(protected) == 1 else "are"
        return (Say(f"unmark {listed(protected)}, which {are} read-only by the configuration", Role.WARN),)
    try:
        store = session.profiles()
        title = f"Profile for {counted(len(entries), 'marked scale set')}"
        return pick_profile(
            title,
            store,
            session.clock.now(),
            lambda name: _with_variables(store.get(name), entries, session, connection, later=later),
        )
    except VmssTuiError as error:
        return (Complain(error),)


def _with_variables(
    profile: Profile,
    entries: Sequence[FleetEntry],
    session: Session,
    connection: Connect,
    given: Mapping[str, str] | None = None,
    *,
    later: bool = False,
) -> Effects:
    """Ask for each variable that has no value; then plan."""
    values = dict(given or {})
    _, missing = values_of(profile, values, os.environ)
    if missing:
        first = missing[0]
        about = f"{first.name} ({first.help})" if first.help else first.name

        def answered(text: str | None) -> Effects:
            if text is None:
                return ()
            return _with_variables(profile, entries, session, connection, {**values, first.name: text}, later=later)

        return (AskText(about, "", answered),)
    try:
        selection = select(entries, profile.waves.groups)
        if selection.remaining:
            selection = select(entries, (*profile.waves.groups, WHOLE))
        plan, resolved = plan_waves(profile, values, selection, environ=os.environ)
    except ProfileInvalid as error:
        return (Complain(error),)
    report = resolved.report
    own = tuple(finding for finding in selection.findings if finding.code != "empty-wave")
    plan = replace(plan, findings=by_weight(*own, *plan.findings))

    def recorded(why: str, ticket: str) -> Effects:
        def start(when: StartTime) -> Effects:
            return preview_and_start(plan, session, connection, why=why, ticket=ticket, when=when)

        return ask_when(session.clock.now(), False, start) if later else start(AT_ONCE)

    return _ask_for_record(report, report.why, report.ticket, recorded)


def _ask_for_record(report: ReportFields, why: str, ticket: str, then: Callable[[str, str], Effects]) -> Effects:
    """Ask for the reason and the ticket that the profile wants and does not have."""
    problems = check_record(report, why=why, ticket=ticket)
    if not problems:
        return then(why, ticket)
    wants_ticket = "ticket" in problems[0].key

    def answered(text: str | None) -> Effects:
        if text is None or not text.strip():
            return ()
        given = (why, text.strip()) if wants_ticket else (text.strip(), ticket)
        return _ask_for_record(report, *given, then)

    return (AskText(f"{'Ticket' if wants_ticket else 'Why'}: {problems[0].message}", "", answered),)


def preview_and_start(
    plan: WavesPlan,
    session: Session,
    connection: Connect,
    *,
    why: str,
    ticket: str = "",
    when: StartTime = AT_ONCE,
) -> Effects:
    """Plan every set against what Azure says now, show the whole, ask, start; with a time in `when`, schedule it."""

    async def work() -> Effects:
        azure = connection().azure
        if azure is None:
            return (Say(f"waves: {connection().reason}", Role.BAD),)
        agreed, sets, at = await prepare_waves_for(azure, plan, session.background(), session.clock, when)
        return _ask(agreed, sets, session, StartTime(at, when.at_window), why=why, ticket=ticket)

    return (Work(group="waves", job=work, waiting=f"planning {counted(len(plan.sets), 'scale set')}"),)


def _ask(
    plan: WavesPlan, sets: Sequence[SetPlan], session: Session, when: StartTime, *, why: str, ticket: str
) -> Effects:
    refused = refusals(plan, sets)
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        return (Say(f"cannot start: {refused[0]}{more}", Role.BAD),)
    if not any(found.plan.affected for found in sets if found.plan):
        return (Say("nothing to do: every instance already runs this version", Role.WARN),)
    question = _question(plan, sets, session, when)
    references: dict[str, SecretRef] = dict(plan.script.protected) if plan.script is not None else {}
    for found in sets:
        references |= found.plan.script.protected if found.plan is not None else {}

    def asked(given: Mapping[str, Secret]) -> Effects:
        async def start() -> Effects:
            secrets = travelling(references, environ=os.environ, given=given)
            if when.at is not None:
                made = session.schedule(
                    plan, when.at, at_window=when.at_window, secrets=secrets, why=why, ticket=ticket
                )
            else:
                made = session.start_waves(plan, secrets=secrets, why=why, ticket=ticket)
            return (Open(OpenWaves(await made)),)

        def answered(yes: bool | None) -> Effects:
            return (Work(group="start", job=start, waiting="starting the waves"),) if yes else ()

        return (Ask(question, answered),)

    return ask_values(references, asked)


def _question(plan: WavesPlan, sets: Sequence[SetPlan], session: Session, when: StartTime) -> Question:
    """Names what is done, to how many instances of how many sets, and when; production wants the profile's name."""
    counts = [(found.member.target, found.tags, found.plan.affected if found.plan else 0) for found in sets]
    affected = sum(count for _, _, count in counts)
    planned = {found.member.target: found.plan or found.problem for found in sets}
    what = "Roll back" if plan.undoes else f"Roll out {plan.label or plan.profile} to"
    question = Question(
        title=f"{what} {counted(affected, 'instance')} of {counted(len(sets), 'scale set')}?",
        yes="Roll back" if plan.undoes else "Start",
        details=plan_details(plan_lines(plan, planned, _CELLS)),
        type_this=plan.profile if session.production.why_confirm_waves(counts) else "",
        role=Role.ACCENT,
    )
    return question if when.at is None else to_schedule(question, when.at, session.clock.now())
