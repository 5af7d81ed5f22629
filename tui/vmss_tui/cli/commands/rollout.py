"""`vmss-tui rollout`: plan, ask, start the runner, follow it. The rollout itself is the runner's."""

import asyncio
import os
import re

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.plan import plan_lines, wish_from, wishes
from vmss_tui.cli.following import JsonWriter, PlainWriter, detached, follow
from vmss_tui.cli.preparing import Prepared, Wish, prepare
from vmss_tui.cli.session import LiveSession
from vmss_tui.cli.settings import connected, current, with_profiles
from vmss_tui.domain.script import Secret
from vmss_tui.errors import PreflightRefused, RolloutCancelled, UsageError
from vmss_tui.presentation.text import counted


@click.command()
@wishes
@click.option("--yes", is_flag=True, help="Start without asking.")
@click.option("--detach", is_flag=True, help="Do not follow it; print its id.")
@click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON.")
@click.option("--why", metavar="TEXT", help="Why, for the record.")
@click.option("--ticket", metavar="ID", help="Change ticket, for the record.")
@connected
@with_profiles
@click.pass_context
def rollout(
    ctx: click.Context,
    /,
    yes: bool,
    detach: bool,
    jsonl: bool,
    why: str | None,
    ticket: str | None,
    **given: object,
) -> int:
    """Carry out PROFILE on SCALESET (by default the profile's own target) and follow it.

    The rollout is a process of its own: it goes on when this command, the terminal or the connection ends.
    """
    call = Call(wish_from(given), yes=yes, detach=detach, jsonl=jsonl, why=why, ticket=ticket)
    return call.run(ctx)


class Call:
    """One call of the command."""

    def __init__(
        self, wish: Wish, *, yes: bool, detach: bool, jsonl: bool, why: str | None, ticket: str | None
    ) -> None:
        self._wish = wish
        self._yes, self._detach, self._jsonl = yes, detach, jsonl
        self._why, self._ticket = why, ticket
        self._started = ""

    def run(self, ctx: click.Context) -> int:
        """Do it; Ctrl-C leaves the rollout alone and says so."""

        async def whole() -> int:
            session = LiveSession(current(ctx))
            try:
                return await self._work(session)
            finally:
                await session.close()

        try:
            return asyncio.run(whole())
        except KeyboardInterrupt:
            if not self._started:
                raise
            return detached(self._started, running=True)

    async def _work(self, session: LiveSession) -> int:
        session.require_writes()
        if not self._yes and not diagnostics.can_ask():
            raise UsageError("nobody is there to say yes", hint="give --yes to start without being asked")
        prepared = await prepare(session, self._wish)
        why, ticket = self._reasons(prepared)
        session.require_free(prepared.plan.target)
        if prepared.plan.refusals:
            raise _refused(prepared)
        self._confirm(prepared)
        secrets = await asyncio.to_thread(_secrets, prepared)
        self._started = await session.start(prepared.plan, secrets=secrets, why=why, ticket=ticket)
        if self._detach:
            self._tell()
            return 0
        writer = JsonWriter() if self._jsonl else PlainWriter()
        return await follow(session.journal(), self._started, writer)

    def _tell(self) -> None:
        if self._jsonl:
            output.record({"event": "rollout_started", "rollout": self._started})
        else:
            output.line(self._started)
            diagnostics.say(f"rollout {self._started} has started", f"`vmss-tui attach {self._started}` follows it")

    def _reasons(self, prepared: Prepared) -> tuple[str, str]:
        """Why and ticket, as given or as the profile has them. Raises UsageError when the profile insists."""
        report = prepared.resolved.report
        why, ticket = self._why or report.why, self._ticket or report.ticket
        for name, value in (("why", why), ("ticket", ticket)):
            if name in report.require and not value:
                raise UsageError(
                    f"profile {prepared.profile.name} wants a {name} for the record", hint=f"give --{name} …"
                )
        if ticket and report.ticket_pattern and not re.fullmatch(report.ticket_pattern, ticket):
            raise UsageError(f"--ticket: {ticket!r} does not match {report.ticket_pattern}")
        return why, ticket

    def _confirm(self, prepared: Prepared) -> None:
        """Show the plan and ask, both on stderr. Raises RolloutCancelled when the answer is no."""
        if not self._jsonl:
            for line in plan_lines(prepared):
                diagnostics.say(line)
        if self._yes:
            return
        plan = prepared.plan
        question = f"Roll {plan.to_label} out to {counted(plan.affected, 'instance')} of {plan.target.name}? [y/N]"
        if diagnostics.ask(question).lower() not in ("y", "yes"):
            raise RolloutCancelled("nothing was started")


def _refused(prepared: Prepared) -> PreflightRefused:
    first, *others = prepared.plan.refusals
    also = "".join(f"\n{each.message}" for each in others)
    return PreflightRefused(f"refused: {first.message}{also}", hint=first.hint)


def _secrets(prepared: Prepared) -> dict[str, Secret]:
    """Values that only this process can get, for the runner; and proof now that it will find the others."""
    from vmss_tui.profiles.secrets import reveal, travelling

    references = prepared.plan.script.protected
    prompt = diagnostics.ask_secret if diagnostics.can_ask() else None
    given = travelling(references, prompt=prompt)
    reveal(references, environ=os.environ, prompt=None, given=given)
    return dict(given)
