"""From a plan to a rollout under way: shows it, asks, starts the runner, follows it. Shared by all that start one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout.follow_rollout import JsonWriter, PlainWriter, detached, follow
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.session import LiveSession, open_session
from vmss_tui.cli.wait_notice import long_waits_reported
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.errors import PreflightRefused, RolloutCancelled, UsageError
from vmss_tui.ports import FilePin
from vmss_tui.presentation.plan.lines import ProtectedLine, sections
from vmss_tui.presentation.rollout.info import arrow
from vmss_tui.presentation.table import text_of
from vmss_tui.text import counted

Function = TypeVar("Function", bound=Callable[..., Any])

WIDTH = 120
"""Cells that a plan may take in a file or a pipe."""

_OPTIONS = (
    click.option("--yes", is_flag=True, help="Start without asking."),
    click.option("--detach", is_flag=True, help="Do not follow it; print its id."),
    click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to start: without asking, without following, as JSON lines."""

    yes: bool = False
    detach: bool = False
    jsonl: bool = False
    rehearsal: bool = False
    """It happens on a copy that is gone afterwards: there is nothing to come back to."""


def manners(function: Function) -> Function:
    """Give a command the options of a `Manner`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


class Launch:
    """One start of a rollout."""

    def __init__(self, manner: Manner) -> None:
        self._manner = manner
        self._started = ""

    def run(self, ctx: click.Context, work: Callable[[LiveSession], Awaitable[int]]) -> int:
        """The exit code of `work`, which calls `go`; Ctrl-C leaves a started rollout alone and says so."""

        async def whole() -> int:
            session = open_session(ctx)
            try:
                self.require_somebody(session)
                async with long_waits_reported(session):
                    return await work(session)
            finally:
                await session.close()

        try:
            return asyncio.run(whole())
        except KeyboardInterrupt:
            if not self._started or self._manner.rehearsal:
                raise
            return detached(self._started, running=True)

    def require_somebody(self, session: LiveSession) -> None:
        """Raise UsageError when nothing may be changed, or nobody can be asked."""
        session.require_writes()
        session.require_runner_sign_in()
        if not self._manner.yes and not diagnostics.can_ask():
            raise UsageError("nobody is there to say yes", hint="give --yes to start without being asked")

    async def go(
        self,
        session: LiveSession,
        plan: RolloutPlan,
        *,
        pins: Sequence[FilePin] = (),
        why: str = "",
        ticket: str = "",
    ) -> int:
        """Show the plan, ask, start and follow. Raises PreflightRefused, LeaseHeld, RolloutCancelled after a no."""
        session.require_free(plan.target)
        for each in session.unfinished(plan.target):
            diagnostics.say(
                f"rollout {each} of {plan.target.name} was never finished: its runner is gone",
                f"`vmss-tui resume {each}` goes on with it, `vmss-tui cancel {each}` ends it",
            )
        if plan.refusals:
            raise _refused(plan)
        self._confirm(plan, pins)
        secrets = await asyncio.to_thread(values_to_travel, plan.script.protected)
        self._started = await session.start(plan, secrets=secrets, why=why, ticket=ticket)
        if self._manner.detach:
            self._tell()
            return 0
        writer = JsonWriter() if self._manner.jsonl else PlainWriter(hints=not self._manner.rehearsal)
        return await follow(session.journal(), self._started, writer)

    def _tell(self) -> None:
        if self._manner.jsonl:
            output.record({"event": "rollout_started", "rollout": self._started})
        else:
            output.line(self._started)
            diagnostics.say(f"rollout {self._started} has started", f"`vmss-tui attach {self._started}` follows it")

    def _confirm(self, plan: RolloutPlan, pins: Sequence[FilePin]) -> None:
        if not self._manner.jsonl:
            for line in plan_lines(plan, pins):
                diagnostics.say(line)
        if self._manner.yes:
            return
        question = f"Roll {plan.to_label} out to {counted(plan.affected, 'instance')} of {plan.target.name}? [y/N]"
        if diagnostics.ask(question).lower() not in ("y", "yes"):
            raise RolloutCancelled("nothing was started")


def plan_lines(plan: RolloutPlan, pins: Sequence[FilePin] = ()) -> list[str]:
    """The plan for people."""
    cells = min(output.columns() or WIDTH, WIDTH)
    title = f"{plan.target.short}, {plan.location}: {arrow(plan.from_label or 'nothing', plan.to_label)}"
    shown = sections(plan, cells, files=pins, protected=_protected(plan))
    return [title, "", *(text_of(line) for line in shown), ""]


def _protected(plan: RolloutPlan) -> list[ProtectedLine]:
    """What happens to protected settings, by name: their values are nobody's to see."""
    from vmss_tui.profiles.protected_changes import protected_changes

    found = () if plan.removes else protected_changes(plan.previous, plan.script)
    return [ProtectedLine(each.name, each.word.value, each.source) for each in found]


def _refused(plan: RolloutPlan) -> PreflightRefused:
    first, *others = plan.refusals
    also = "".join(f"\n{each.message}" for each in others)
    return PreflightRefused(f"refused: {first.message}{also}", hint=first.hint)
