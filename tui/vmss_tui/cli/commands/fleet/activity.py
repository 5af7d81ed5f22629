"""`vmss-tui activity`: who changed a scale set, by Azure's activity log."""

from datetime import timedelta

import click

from vmss_tui import duration
from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.options import connected, narrowed
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.errors import UsageError
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.scaleset import activity as words

KEPT = timedelta(days=90)
"""How long Azure keeps its activity log."""


@click.command()
@click.argument("scaleset")
@click.option("--since", default="7d", show_default=True, metavar="TIME", help="How far back: 1h, 7d, at most 90d.")
@shaped
@connected
@narrowed
@click.pass_context
def activity(ctx: click.Context, scaleset: str, since: str, shape: Shape) -> int:
    """Show who changed a scale set, the newest change first."""
    back = _span(since)

    async def work(session: LiveSession) -> int:
        azure = await session.connect()
        target = await find.resolve(azure, scaleset, within=session.subscription)
        now = session.clock.now()
        log = await azure.activity(target, now - back)
        if log.unknown:
            diagnostics.say(
                f"vmss-tui: the activity log of {target.short} cannot be read: {log.unknown}",
                "It needs Microsoft.Insights/eventtypes/values/read; `vmss-tui roles reader` has it.",
            )
        if not shape.for_people:
            shape.answer([words.activity_record(change) for change in log.entries], tuple)
        elif log.entries:
            output.lines(text_tables.grid(words.ACTIVITY.columns, words.rows(log, now), cells=output.columns())[0])
        elif not log.unknown:
            diagnostics.say(f"no change of {target.short} within {duration.exact(back.total_seconds())}")
        return 3 if log.unknown else 0

    return run(ctx, work)


def _span(text: str) -> timedelta:
    try:
        span = timedelta(seconds=duration.parse(text))
    except ValueError as error:
        raise UsageError(f"--since: {error}") from error
    if not timedelta(0) < span <= KEPT:
        raise UsageError(f"--since {text}: Azure keeps its activity log for 90 days", hint="Write 1h, 7d or 90d.")
    return span
