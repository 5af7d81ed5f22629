"""`vmss-tui resume`: now, where the maintenance window allows it or a reason overrides it; or later."""

from dataclasses import dataclass, replace

import click

from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.commands.rollout.verbs import FORCE, Asked, request
from vmss_tui.cli.commands.schedule.start_time import start_from, start_times
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.rollout.events import Scheduled
from vmss_tui.domain.rollout.requests import closed_for
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.domain.rollout.write_keys import secrets_due
from vmss_tui.engine.followup import secrets_of_new_runner
from vmss_tui.errors import PreflightRefused, UsageError
from vmss_tui.journal.store import WavesHeader
from vmss_tui.presentation.records import rfc3339
from vmss_tui.presentation.rollout.schedule import starts_in
from vmss_tui.text import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """When to resume, and the reasons for what a window or a freeze would refuse."""

    at: str | None
    at_window: bool
    outside_window: str
    during_freeze: str

    @property
    def later(self) -> bool:
        """Whether it is not now."""
        return bool(self.at or self.at_window)

    @property
    def reasons(self) -> dict[str, str]:
        """By the code of what they lift."""
        given = {Override.OUTSIDE_WINDOW: self.outside_window, Override.DURING_FREEZE: self.during_freeze}
        return {override.value: clean for override, reason in given.items() if (clean := plain(reason).strip())}


@click.command()
@click.argument("rollout", required=False)
@click.option(
    "--force",
    is_flag=True,
    help="Take over from a runner on a lost host, without proof that it ended: allowed after ten minutes without a "
    "heartbeat.",
)
@start_times
@click.option("--outside-window", default="", metavar="REASON", help="Ignore maintenance windows from now on.")
@click.option("--during-freeze", default="", metavar="REASON", help="Ignore freezes from now on.")
@click.option("--why", default="", metavar="TEXT", help="Reason, kept in the change record.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@connected
@click.pass_context
def resume(
    ctx: click.Context, /, rollout: str | None, force: bool, at: str | None, at_window: bool, outside_window: str,
    during_freeze: str, why: str, as_json: bool,
) -> int:  # fmt: skip
    """Resume after a pause or the end of a maintenance window, or start a new runner if it died.

    A new runner reads Azure first: nothing is done twice. Prompted values are asked for again, or read from
    VMSS_TUI_SECRET_NAME.
    """
    asked = Asked(verb=Verb.RESUME, why=why, argument=FORCE if force else "", as_json=as_json)
    wish = _Wish(at=at, at_window=at_window, outside_window=outside_window, during_freeze=during_freeze)
    return run(ctx, lambda session: _resume(session, rollout, asked, wish))


async def _resume(session: LiveSession, text: str | None, asked: Asked, wish: _Wish) -> int:
    session.require_writes()
    header = session.journal().locate(text)
    if wish.later and wish.reasons:
        raise UsageError(
            f"--{next(iter(wish.reasons))} is for a rollout that resumes now",
            hint="Leave it out, or leave --at and --at-window out.",
        )
    if isinstance(header, WavesHeader):
        return await _resume_waves(session, header, asked, wish)
    if wish.later:
        return await _later(session, header.id, asked, wish)
    given = wish.reasons
    for closed in closed_for(session.journal().state(header.id), session.clock.now()):
        if closed.code not in given:
            raise PreflightRefused(
                f"rollout {header.id} may not continue now: {closed.words}",
                hint=f"`vmss-tui resume {header.id} --at-window` waits for the next window; to continue now, use "
                f"{Override(closed.code).option}.",
            )
    if given:
        argument = ",".join(filter(None, (*given, asked.argument)))
        why = "; ".join(filter(None, (*given.values(), asked.why)))
        asked = replace(asked, argument=argument, why=why)
    return await request(session, header.id, asked)


async def _resume_waves(session: LiveSession, header: WavesHeader, asked: Asked, wish: _Wish) -> int:
    """Windows and freezes are those of each set: its own runner keeps them; later, each set that left resumes."""
    if wish.later:
        journal = session.journal()
        running = journal.waves.state(header.id).running
        left = [progress.current for progress in running if journal.state(progress.current).window_ended]
        if not left:
            raise UsageError(
                f"no scale set of rollout {header.id} waits for its maintenance window",
                hint=f"`vmss-tui retry {header.id} --at-window` continues one that has ended.",
            )
        for rollout in left:
            await _later(session, rollout, asked, wish)
        lease = journal.lease(header.id)
        if lease is None or not lease.alive:
            due = secrets_of_new_runner(journal, header.id)
            await session.resume(header.id, secrets=values_to_travel(due))
        return 0
    if wish.reasons:
        raise UsageError(
            f"rollout {header.id} goes over several scale sets, each with windows of its own",
            hint="Give these options with the id of a set's rollout; `vmss-tui rollouts` lists them.",
        )
    return await request(session, header.id, asked)


async def _later(session: LiveSession, rollout: str, asked: Asked, wish: _Wish) -> int:
    """A process is left behind that resumes it; the worker does it after a restart of this host."""
    from vmss_tui.engine.schedule.start_later import resume_time

    journal, now = session.journal(), session.clock.now()
    start, state, lease = start_from(wish.at, wish.at_window, now), journal.state(rollout), journal.lease(rollout)
    if state.plan is None or state.stage.over or state.started_at is None:
        raise UsageError(f"rollout {rollout} cannot be resumed ({state.stage.word})")
    if lease is not None and lease.alive:
        raise UsageError(f"a runner is active for rollout {rollout}", hint=f"`vmss-tui resume {rollout}` resumes it")
    at = resume_time(state, start, now)
    secrets = values_to_travel(secrets_due(state.plan, state))
    journal.append(rollout, Scheduled(at, start.at_window, session.who), at=now)
    await session.wait_for_start(rollout, secrets=secrets)
    if asked.as_json:
        output.document({"rollout": rollout, "verb": asked.verb, "accepted": True, "starts_at": rfc3339(at)})
    else:
        output.line(f"{rollout}: {starts_in(at, now).replace('starts', 'resumes', 1)}")
    return 0
