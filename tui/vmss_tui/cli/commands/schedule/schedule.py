"""`vmss-tui schedule`: move a rollout that is to start, or to resume, later."""

import asyncio

import click

from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.commands.schedule.start_time import start_from, start_times
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.rollout.events import Scheduled
from vmss_tui.domain.rollout.write_keys import secrets_due
from vmss_tui.errors import UsageError
from vmss_tui.presentation.records import rfc3339
from vmss_tui.presentation.rollout.schedule import starts_in


@click.command()
@click.argument("rollout")
@start_times
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@connected
@click.pass_context
def schedule(ctx: click.Context, rollout: str, at: str | None, at_window: bool, as_json: bool) -> int:
    """Move ROLLOUT, which is scheduled, to another time. `cancel` cancels it; `--at now` starts it."""
    return run(ctx, lambda session: _move(session, rollout, at, at_window, as_json))


async def _move(session: LiveSession, text: str, at: str | None, at_window: bool, as_json: bool) -> int:
    from vmss_tui.engine.start_later import first_batch_seconds, window_start

    session.require_writes()
    journal, now = session.journal(), session.clock.now()
    start, header = start_from(at, at_window, now), journal.find(text)
    state = journal.state(header.id)
    if header.starts_at is None or state.plan is None:
        raise UsageError(f"rollout {header.id} is not scheduled", hint="`vmss-tui rollouts` lists those that are.")
    if not start.later:
        raise UsageError("no time was given", hint="give --at TIME or --at-window")
    when = start.at or window_start(state.timetable, now, first_batch_seconds(state.plan))
    journal.append(header.id, Scheduled(when, start.at_window, session.who), at=now)
    secrets = await asyncio.to_thread(values_to_travel, secrets_due(state.plan, state))
    await session.wait_for_start(header.id, secrets=secrets)
    if as_json:
        output.document({"rollout": header.id, "starts_at": rfc3339(when), "at_window": start.at_window})
    else:
        output.line(f"{header.id}: {starts_in(when, now)}")
    return 0
