"""`pause`, `resume`, `approve`, `cancel`, `exclude`: a request in the journal, and the runner's answer to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.domain.rollout.events import Ended, Entry, RequestAnswered
from vmss_tui.domain.rollout.stage import Stage, Verb
from vmss_tui.engine.followup import secrets_of_new_runner
from vmss_tui.errors import LeaseHeld, UsageError, VmssTuiError
from vmss_tui.journal.lease import stuck
from vmss_tui.journal.store import Journal, RolloutHeader, WavesHeader
from vmss_tui.presentation.rollout.log import outcome

PATIENCE = 60.0
"""Seconds to wait for the runner's answer."""
FORCE = "force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to a rollout: the verb, its argument as the journal keeps it, and the form of the answer."""

    verb: str
    why: str = ""
    argument: str = ""
    as_json: bool = False

    def show(self, rollout: str, answer: RequestAnswered) -> None:
        """Print the answer."""
        if self.as_json:
            words = {"rollout": rollout, "verb": self.verb, "accepted": answer.accepted, "message": answer.message}
            output.document(words)
        else:
            output.line(diagnostics.as_typed(f"{rollout}: {answer.message}"))


class _RunnerGone(VmssTuiError):
    """The runner that was asked died before it answered."""


Option = Callable[[Callable[..., int]], Callable[..., int]]

instances = click.option(
    "--instance",
    "instances",
    multiple=True,
    metavar="ID",
    help="Of the failed instances, this one; repeatable. By default, all of them.",
)


def _verb(name: str, text: str, *options: Option, argument: Callable[..., str] = lambda: "") -> click.Command:
    """A command for a verb; `argument` makes the request's argument of the values of its own `options`."""

    @click.argument("rollout", required=False)
    @click.option("--why", default="", metavar="TEXT", help="Reason, kept in the change record.")
    @click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    @connected
    @click.pass_context
    def command(ctx: click.Context, /, rollout: str | None, why: str, as_json: bool, **own: Any) -> int:
        asked = Asked(verb=name, why=why, argument=argument(**own), as_json=as_json)
        return run(ctx, lambda session: request(session, rollout, asked))

    for option in options:
        command = option(command)
    return click.command(name=name, help=text)(command)


async def request(session: LiveSession, text: str | None, asked: Asked) -> int:
    """Put a request into the journal and print the runner's answer; returns the exit code."""
    session.require_writes(Verb(asked.verb))
    journal = session.journal()
    header = journal.locate(text)
    if asked.verb == "cancel" and header.stage is Stage.CANCELLED:
        asked.show(
            header.id, RequestAnswered(Verb.CANCEL, True, f"already {outcome(header.stage.word, header.reason)}")
        )
        return 0
    if header.starts_at is not None and header.stage is Stage.PLANNED:
        asked.show(header.id, _not_started(session, header, asked))
        return 0
    if _alive(journal, header.id) or header.stage.over:
        answer = await _ask(session, header.id, asked)
    else:
        answer = await _ask_a_silent_one(session, header.id, asked)
    asked.show(header.id, answer)
    return 0 if answer.accepted else 1


def _not_started(session: LiveSession, header: RolloutHeader | WavesHeader, asked: Asked) -> RequestAnswered:
    """Cancel a scheduled rollout. Raises UsageError for another verb: nothing runs that could take it."""
    if asked.verb != Verb.CANCEL:
        raise UsageError(
            f"rollout {header.id} has not started", hint=f"`vmss-tui schedule {header.id} --at now` starts it"
        )
    from vmss_tui.engine.schedule.scheduled import cancel_start

    reason = cancel_start(session.journal(), header.id, session.who, session.clock.now(), asked.why)
    return RequestAnswered(Verb.CANCEL, True, reason)


async def _ask(session: LiveSession, rollout: str, asked: Asked) -> RequestAnswered:
    journal = session.journal()
    after = _seq(journal, rollout)
    number = journal.request(rollout, asked.verb, who=session.who, why=asked.why, argument=asked.argument)
    lease = journal.lease(rollout)
    if lease is not None and (trouble := stuck(lease, session.clock.now())):
        diagnostics.say(trouble, "waiting for the runner's answer …")
    try:
        return await _answer(session, rollout, number, after)
    except _RunnerGone:
        if asked.verb not in ("resume", "cancel"):
            raise
        await _start_runner(session, rollout, _values_due(session, rollout, asked))
        return _taken_over(asked, await _answer(session, rollout, number, after))


async def _ask_a_silent_one(session: LiveSession, rollout: str, asked: Asked) -> RequestAnswered:
    """Ask a runner elsewhere that may be gone, or start another one where this one is proved to be."""
    journal, force = session.journal(), FORCE in asked.argument.split(",")
    try:
        session.require_runner(rollout, force=force)
    except LeaseHeld as held:
        if asked.verb == "resume" or journal.lease(rollout) is None:
            raise
        diagnostics.say(f"{held.message}; requesting it …", held.hint)
        return await _ask(session, rollout, asked)
    if asked.verb not in ("resume", "cancel"):
        raise UsageError(
            f"no runner is active for rollout {rollout}",
            hint=f"`vmss-tui resume {rollout}` starts one",
        )
    return await _ask_a_new_one(session, rollout, asked, force=force)


async def _ask_a_new_one(session: LiveSession, rollout: str, asked: Asked, *, force: bool) -> RequestAnswered:
    journal = session.journal()
    after = _seq(journal, rollout)
    values = _values_due(session, rollout, asked)
    number = journal.request(rollout, asked.verb, who=session.who, why=asked.why, argument=asked.argument)
    await _start_runner(session, rollout, values, force=force)
    return _taken_over(asked, await _answer(session, rollout, number, after))


def _taken_over(asked: Asked, answer: RequestAnswered) -> RequestAnswered:
    """The answer of a runner that was just started: `resume` is done, even if the rollout waits."""
    if asked.verb != Verb.RESUME:
        return answer
    return replace(answer, accepted=True, message=f"a new runner is active; {answer.message}")


def _values_due(session: LiveSession, rollout: str, asked: Asked) -> Mapping[str, Secret]:
    """Values that a new runner has to be given. Raises ProfileInvalid that names what is missing."""
    due = secrets_of_new_runner(session.journal(), rollout) if asked.verb == "resume" else {}
    return values_to_travel(due)


async def _start_runner(
    session: LiveSession, rollout: str, secrets: Mapping[str, Secret], *, force: bool = False
) -> None:
    diagnostics.say(f"no runner is active; starting one for rollout {rollout} …")
    await session.resume(rollout, secrets=secrets, force=force)


def _seq(journal: Journal, rollout: str) -> int:
    """The number of the newest event."""
    return journal.waves.state(rollout).seq if journal.waves.has(rollout) else journal.state(rollout).seq


def _alive(journal: Journal, rollout: str) -> bool:
    lease = journal.lease(rollout)
    return lease is not None and lease.alive


def _events(journal: Journal, rollout: str, after: int) -> Sequence[Entry[Any]]:
    return journal.waves.events(rollout, after) if journal.waves.has(rollout) else journal.events(rollout, after)


async def _answer(session: LiveSession, rollout: str, number: int, after: int) -> RequestAnswered:
    """The runner's answer to request `number`. Raises UsageError when the rollout ended before it was taken up."""
    journal = session.journal()
    waits_for_the_living = _alive(journal, rollout)
    limit = session.clock.monotonic() + PATIENCE
    while session.clock.monotonic() < limit:
        for entry in _events(journal, rollout, after):
            after = entry.seq
            if isinstance(entry.event, RequestAnswered) and entry.event.request_id == number:
                return entry.event
            if isinstance(entry.event, Ended):
                raise UsageError(f"rollout {rollout} ended before that: {entry.event.reason}")
        if (lease := journal.lease(rollout)) is not None and not lease.alive and waits_for_the_living:
            raise _RunnerGone(
                f"the runner of rollout {rollout} on {lease.host} is gone; the request is kept in the journal",
                hint=f"`vmss-tui resume {rollout}` starts another",
            )
        await session.clock.sleep(0.2)
    raise VmssTuiError(
        f"the runner of rollout {rollout} has not answered within {PATIENCE:.0f}s; the request is kept in the journal",
        hint=f"`vmss-tui attach {rollout}` follows it",
    )


pause = _verb(
    "pause",
    "Start no further batch until the rollout is resumed.\n\nAn Azure rolling upgrade (a set in Rolling mode) "
    "cannot be paused, only canceled: give --cancel there.",
    click.option(
        "--cancel",
        is_flag=True,
        help="In Rolling mode: cancel the rolling upgrade now; `resume` starts a new one for the remaining instances.",
    ),
    argument=lambda cancel: "cancel" if cancel else "",
)
approve = _verb(
    "approve",
    "Start the batch that waits for approval.",
    click.option(
        "--batch",
        type=click.IntRange(min=1),
        metavar="N",
        help="Approve this batch in advance; by default, the batch that waits.",
    ),
    argument=lambda batch: str(batch or ""),
)
cancel = _verb("cancel", "Cancel the rollout; updated instances stay updated.")
exclude = _verb(
    "exclude",
    "Exclude failed instances and continue, while the rollout waits for a decision.\n\n--why is needed: it is kept in "
    "the change record.",
    instances,
    argument=lambda instances: ",".join(instances),
)
