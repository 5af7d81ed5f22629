"""From a plan to a running rollout: shows it, asks, starts the runner, follows it. Shared by all that start one."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout.annotations import Dialect, annotated, vanishing_machine
from vmss_tui.cli.commands.rollout.follow_rollout import JsonWriter, PlainWriter, follow
from vmss_tui.cli.commands.rollout.interrupt import OnInterrupt, left, terminable
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.commands.schedule.start_time import start_times
from vmss_tui.cli.options import current
from vmss_tui.cli.session import LiveSession, open_session
from vmss_tui.cli.wait_notice import long_waits_reported
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.engine.in_progress import waiting
from vmss_tui.errors import JournalUnavailable, PreflightRefused, RolloutCancelled, UsageError
from vmss_tui.journal.databases.place import is_address
from vmss_tui.journal.store import Journal
from vmss_tui.ports import FilePin
from vmss_tui.presentation.plan.confirm import confirm_title
from vmss_tui.presentation.plan.lines import ProtectedLine, sections
from vmss_tui.presentation.records import rfc3339
from vmss_tui.presentation.rollout.info import arrow
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.presentation.table import text_of

Function = TypeVar("Function", bound=Callable[..., Any])

WIDTH = 120
"""Cells that a plan may take in a file or a pipe."""

_OPTIONS = (
    click.option("--yes", is_flag=True, help="Start without confirmation; production requires --confirm NAME."),
    click.option(
        "--confirm",
        default="",
        metavar="NAME",
        help="Confirm a change of production, or of many instances, by the name of the set (--all: of the profile).",
    ),
    click.option("--detach", is_flag=True, help="Print the rollout's id and return; do not follow it."),
    click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON."),
    click.option(
        "--on-interrupt",
        type=click.Choice([choice.value for choice in OnInterrupt]),
        default=OnInterrupt.DETACH.value,
        show_default=True,
        help="What Ctrl-C and SIGTERM do to the rollout: let it continue, or cancel it.",
    ),
    click.option(
        "--annotations",
        type=click.Choice([dialect.value for dialect in Dialect]),
        help="Add warnings, errors and a summary that this pipeline shows.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to start: without asking, without following, as JSON lines, for a pipeline."""

    yes: bool = False
    confirm: str = ""
    """The name of the scale set, where it was given."""
    detach: bool = False
    jsonl: bool = False
    on_interrupt: str = OnInterrupt.DETACH
    annotations: str | None = None


def manners(function: Function) -> Function:
    """Give a command the options of a `Manner`, and those that say when to start."""
    function = start_times(function)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


class Launch:
    """One start of a rollout."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self._started = ""
        self._who = ""

    def note_started(self, rollout: str, who: str) -> None:
        """Remember what an interrupt leaves or cancels."""
        self._started, self._who = rollout, who

    def run(self, ctx: click.Context, work: Callable[[LiveSession], Awaitable[int]]) -> int:
        """The exit code of `work`, which calls `go`; an interrupt leaves or cancels a started rollout."""

        async def whole() -> int:
            session = open_session(ctx)
            try:
                session.require_writes()
                session.require_runner_sign_in(before_sign_in=True)
                async with long_waits_reported(session):
                    return await work(session)
            finally:
                await session.close()

        with terminable():
            try:
                return asyncio.run(whole())
            except KeyboardInterrupt as error:
                if not self._started:
                    raise
                return self._left(ctx, error)

    def _left(self, ctx: click.Context, error: KeyboardInterrupt) -> int:
        journal = Journal.open(current(ctx).journal)
        try:
            return left(journal, self._started, error, who=self._who, then=OnInterrupt(self.manner.on_interrupt))
        finally:
            journal.close()

    async def go(
        self,
        session: LiveSession,
        plan: RolloutPlan,
        *,
        tags: Mapping[str, str],
        pins: Sequence[FilePin] = (),
        why: str = "",
        ticket: str = "",
        starts_at: datetime | None = None,
        at_window: bool = False,
    ) -> int:
        """Show the plan, ask, start and follow; with `starts_at`, schedule it and return.

        `tags` are the scale set's: production wants its name.

        Raises PreflightRefused, LeaseHeld, UsageError, RolloutCancelled after a no.
        """
        if starts_at is None:
            session.require_free(plan.target)
        for finding in waiting(session.journal(), plan.target):
            diagnostics.say(finding.message, finding.hint)
        if plan.refusals:
            raise _refused(plan)
        serious = session.production.why_confirm(plan.target, tags, plan.affected)
        require_answer(plan.target.name, self.manner, serious)
        if starts_at is not None:
            diagnostics.say(starts_in(starts_at, session.clock.now()))
        self._confirm(session, plan, pins, serious)
        self.warn_of_vanishing(session)
        secrets = values_to_travel(plan.script.protected)
        self._who = session.who
        if starts_at is not None:
            rollout = await session.schedule(
                plan, starts_at, at_window=at_window, secrets=secrets, why=why, ticket=ticket
            )
            self.print_schedule(rollout, starts_at, session.clock.now())
            return 0
        self._started = await session.start(plan, secrets=secrets, why=why, ticket=ticket)
        if self.manner.detach:
            self.print_id()
            return 0
        jsonl, journal = self.manner.jsonl, session.journal()
        writer = JsonWriter() if jsonl else PlainWriter()
        return await follow(journal, self._started, annotated(writer, self.manner.annotations, journal, jsonl=jsonl))

    def warn_of_vanishing(self, session: LiveSession) -> None:
        """Say so where a pipeline's agent is thrown away after the job, and the journal and the runner with it."""
        kept = is_address(str(session.journal_place))
        machine = "" if kept else vanishing_machine()
        if not machine:
            return
        if self.manner.detach:
            diagnostics.say(
                f"vmss-tui: warning: with --detach the runner ends with this job of {machine}",
                "Omit --detach, so that the job waits for the rollout.",
            )
        diagnostics.say(
            f"vmss-tui: warning: the journal {session.journal_place} vanishes with this agent of {machine}",
            "Keep `vmss-tui report --format html --output FILE` as an artifact of the job.",
        )

    def print_id(self) -> None:
        """Print the id of what was started, for `--detach`."""
        if self.manner.jsonl:
            output.record({"event": "rollout_started", "rollout": self._started})
        else:
            output.line(self._started)
            diagnostics.say(f"rollout {self._started} has started", f"`vmss-tui attach {self._started}` follows it")

    def print_schedule(self, rollout: str, at: datetime, now: datetime) -> None:
        """Print when something that was scheduled starts, and what can be done about it."""
        if self.manner.jsonl:
            output.record({"event": "rollout_scheduled", "rollout": rollout, "starts_at": rfc3339(at)})
        else:
            output.line(rollout)
            diagnostics.say(
                f"rollout {rollout} {starts_in(at, now)}",
                f"`vmss-tui schedule {rollout} --at TIME` moves it, `vmss-tui cancel {rollout}` cancels it; "
                "`vmss-tui worker` starts it also after a restart of this host",
            )

    def _confirm(self, session: LiveSession, plan: RolloutPlan, pins: Sequence[FilePin], serious: str) -> None:
        """Show the plan and ask. `serious`: why the scale set's name is wanted; empty when yes or no will do."""
        if not self.manner.jsonl:
            for line in plan_lines(session, plan, pins, diagnostics.columns()):
                diagnostics.say(line)
        if not confirmed(plan.target.name, self.manner.confirm, serious) and not self.manner.yes:
            question = f"{confirm_title(plan)} {plan.to_label} [y/N]"
            if diagnostics.ask(question).lower() not in ("y", "yes"):
                raise RolloutCancelled("nothing was started")


def require_answer(name: str, manner: Manner, why: str, what: str = "scale set") -> None:
    """Raise UsageError, naming the option, where a start is not confirmed and no one can be asked.

    For before the plan is shown; the rest is as in `confirmed`.
    """
    _require_name(name, manner.confirm, why, what)
    if not (manner.yes or manner.confirm or diagnostics.can_ask()):
        raise UsageError(
            "a start without --yes needs a terminal to confirm at", hint="give --yes to start without confirmation"
        )


def confirmed(name: str, given: str, why: str, what: str = "scale set") -> bool:
    """Whether a change is confirmed by name: by the one that was given, else typed where there is a reason `why`.

    `what` has the name. Raises UsageError for another name or where no one can be asked, RolloutCancelled when another
    one is typed.
    """
    _require_name(name, given, why, what)
    if given or not why:
        return bool(given)
    typed = diagnostics.ask(f"{why}. Type {name} to confirm:")
    if typed != name:
        raise RolloutCancelled(f"nothing was started: {typed!r} is not {name}" if typed else "nothing was started")
    return True


def _require_name(name: str, given: str, why: str, what: str) -> None:
    """Raise UsageError for another name, and for none where it is required and no one can be asked for it."""
    if given and given != name:
        raise UsageError(f"--confirm {given}: the {what} is {name}", hint=f"Give --confirm {name}.")
    if why and not given and not diagnostics.can_ask():
        raise UsageError(f"{why}: the name is required to confirm", hint=f"Give --confirm {name}.")


def plan_lines(session: LiveSession, plan: RolloutPlan, pins: Sequence[FilePin], terminal: int | None) -> list[str]:
    """The plan for people, on a `terminal` with so many columns; None for a file or a pipe."""
    cells = min(terminal or WIDTH, WIDTH)
    title = f"{plan.target.short}, {plan.location}: {arrow(plan.from_label or 'nothing', plan.to_label)}"
    shown = sections(plan, cells, files=pins, protected=_protected(session, plan))
    return [title, "", *(text_of(line) for line in shown), ""]


def _protected(session: LiveSession, plan: RolloutPlan) -> list[ProtectedLine]:
    """What happens to protected settings, by name: their values are never shown."""
    from vmss_tui.engine.revisions import last_applied
    from vmss_tui.profiles.protected_changes import protected_changes

    applied = None
    with contextlib.suppress(JournalUnavailable):
        applied = last_applied(session.journal(), plan.target, plan.previous) if plan.previous is not None else None
    found = () if plan.removes else protected_changes(plan.previous, plan.script, applied)
    return [ProtectedLine(change.name, change.word.value, change.source) for change in found]


def _refused(plan: RolloutPlan) -> PreflightRefused:
    first, *others = plan.refusals
    also = "".join(f"\n{finding.message}" for finding in others)
    return PreflightRefused(f"refused: {first.message}{also}", hint=first.hint)
