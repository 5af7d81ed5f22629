"""`vmss-tui schedule`: move a rollout that is to start, or to resume, later."""

import click

from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.secrets import values_to_travel
from vmss_tui.cli.commands.schedule.start_time import start_from, start_times
from vmss_tui.cli.options import connected
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.engine.followup import secrets_of_new_runner
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import WavesHeader
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
    from vmss_tui.engine.schedule.scheduled import move, scheduled_header

    session.require_writes()
    journal, now = session.journal(), session.clock.now()
    start, header = start_from(at, at_window, now), journal.locate(text)
    if not start.later:
        raise UsageError("no time was given", hint="give --at TIME or --at-window")
    scheduled_header(journal, header.id)
    waves = isinstance(header, WavesHeader)
    azure = await session.connect() if waves else None
    secrets = values_to_travel(secrets_of_new_runner(journal, header.id))
    when = await move(journal, azure, session.background(), session.clock, header.id, start, session.who)
    await session.wait_for_start(header.id, secrets=secrets)
    if as_json:
        output.document({"rollout": header.id, "starts_at": rfc3339(when), "at_window": start.at_window})
    else:
        output.line(f"{header.id}: {starts_in(when, session.clock.now())}")
    return 0
