"""`pause`, `resume`, `approve`, `cancel`, `retry`, `undo`: a request in the journal, and the runner's answer to it."""

from collections.abc import Callable

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.history import opened
from vmss_tui.cli.launching import Launch, Manner, manners
from vmss_tui.cli.options import connected
from vmss_tui.cli.running import run
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.events import RequestAnswered
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.journal.store import Journal, RolloutHeader

PATIENCE = 60.0
"""Seconds to wait for the runner's answer."""


def _verb(name: str, text: str) -> click.Command:
    @click.argument("rollout", required=False)
    @click.option("--why", default="", metavar="TEXT", help="Kept in the journal.")
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    @connected
    @click.pass_context
    def command(ctx: click.Context, rollout: str | None, why: str, as_json: bool) -> int:
        return run(ctx, lambda session: _request(session, name, rollout, why, _printer(as_json, name)))

    return click.command(name=name, help=text)(command)


Printer = Callable[[str, RequestAnswered], None]


def _printer(as_json: bool, verb: str) -> Printer:
    def show(rollout: str, answer: RequestAnswered) -> None:
        if as_json:
            output.document({"rollout": rollout, "verb": verb, "accepted": answer.accepted, "message": answer.message})
        else:
            output.line(f"{rollout}: {answer.message}")

    return show


async def _request(session: LiveSession, verb: str, text: str | None, why: str, show: Printer) -> int:
    session.require_writes()
    journal = session.journal()
    header = journal.find(text)
    alive = _alive(journal, header)
    if not alive and not header.stage.over and verb not in ("resume", "cancel"):
        raise UsageError(
            f"nobody carries rollout {header.id} out: its runner is gone",
            hint=f"`vmss-tui resume {header.id}` starts another one where it stopped",
        )
    after = len(journal.events(header.id))
    number = journal.request(header.id, verb, who=session.who, why=why)
    if not alive:
        diagnostics.say(f"its runner is gone; starting another one for rollout {header.id} …")
        await session.resume(header.id)
    answer = await _answer(session, journal, header, number, after)
    show(header.id, answer)
    return 0 if answer.accepted else 1


def _alive(journal: Journal, header: RolloutHeader) -> bool:
    lease = journal.lease(header.id)
    return lease is not None and lease.alive


async def _answer(
    session: LiveSession, journal: Journal, header: RolloutHeader, number: int, after: int
) -> RequestAnswered:
    limit = session.clock.monotonic() + PATIENCE
    while session.clock.monotonic() < limit:
        for entry in journal.events(header.id, after):
            after = entry.seq
            if isinstance(entry.event, RequestAnswered) and entry.event.request_id == number:
                return entry.event
        await session.clock.sleep(0.2)
    raise VmssTuiError(
        f"the runner of rollout {header.id} has not answered within {PATIENCE:.0f} s; the request stays in its journal",
        hint=f"`vmss-tui attach {header.id}` shows what it does",
    )


def _followup(name: str, text: str) -> click.Command:
    @click.argument("rollout", required=False)
    @manners
    @click.option("--why", default="", metavar="TEXT", help="Kept in the journal.")
    @click.option("--ticket", default="", metavar="ID", help="Change ticket, for the record.")
    @click.option("--json", "as_json", is_flag=True, help="Print the answer of a rollout that still runs as JSON.")
    @connected
    @click.pass_context
    def command(
        ctx: click.Context, /, rollout: str | None, yes: bool, detach: bool, jsonl: bool, why: str, ticket: str,
        as_json: bool,
    ) -> int:  # fmt: skip
        launch = Launch(Manner(yes=yes, detach=detach, jsonl=jsonl))

        async def work(session: LiveSession) -> int:
            from vmss_tui.engine.followup import plan_followup

            journal = session.journal()
            header = journal.find(rollout)
            plan = await plan_followup(
                name, header.id, journal=journal, azure=await session.connect(), clock=session.clock
            )
            return await launch.go(session, plan, why=why or f"{name} of rollout {header.id}", ticket=ticket)

        with opened(ctx) as journal:
            header = journal.find(rollout)
        if header.stage.over:
            return launch.run(ctx, work)
        return run(ctx, lambda session: _request(session, name, header.id, why, _printer(as_json, name)))

    return click.command(name=name, help=text)(command)


pause = _verb("pause", "Start no further batch until somebody resumes.")
resume = _verb("resume", "Go on after a pause, or start a new runner where one died.")
approve = _verb("approve", "Let the batch start that waits for a person.")
cancel = _verb("cancel", "Stop the rollout; instances that are updated stay updated.")
retry = _followup("retry", "Try the failed instances again; of a rollout that has ended, in one of its own.")
undo = _followup("undo", "Bring the previous script back, in a rollout of its own.")
