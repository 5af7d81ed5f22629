"""`vmss-tui watch`: one line for every change of a scale set, for eyes, ears, files and programs."""

from contextlib import aclosing
from datetime import datetime

import click

from vmss_tui import duration
from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.fleet import changes as watching
from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.options import connected, narrowed
from vmss_tui.cli.session import LiveSession, run
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.presentation.records import rfc3339
from vmss_tui.presentation.scaleset import instances
from vmss_tui.presentation.table import text_of


@click.command()
@click.argument("scaleset")
@click.option("--jsonl", is_flag=True, help="Print every change as a line of JSON.")
@connected
@narrowed
@click.pass_context
def watch(ctx: click.Context, scaleset: str, jsonl: bool) -> int:
    """Print a line for every change of a scale set and its instances until you press Ctrl-C."""
    return run(ctx, lambda session: _watch(session, scaleset, jsonl=jsonl))


async def _watch(session: LiveSession, text: str, *, jsonl: bool) -> int:
    from vmss_tui.engine.watch.scale_set import SetWatcher

    azure = await session.connect()
    target = await find.resolve(azure, text, within=session.subscription)
    meeting = session.meeting_place(target, await azure.identity())
    watcher = SetWatcher.at_pace(azure, target, session.clock, session.cloud, meeting)
    namer = session.versions
    before: SetSnapshot | None = None
    async with aclosing(watcher.snapshots()) as snapshots:
        async for found in snapshots:
            if not isinstance(found, SetSnapshot):
                retry = f"trying again in {duration.exact(found.retry_in)}"
                diagnostics.say(f"vmss-tui: {found.error.message}; {retry}", found.error.hint)
                continue
            now = session.clock.now()
            if before is None:
                _first(found, now, jsonl=jsonl)
            for change in watching.changes(before, found, namer):
                _print_change(change, now, jsonl=jsonl)
            before = found
    return 0


def _first(found: SetSnapshot, now: datetime, *, jsonl: bool) -> None:
    """Say that the watch has begun, and print the current state."""
    counts = text_of(instances.count_line(found, found.instances))
    if jsonl:
        output.record({"event": "watching", "at": rfc3339(now), "id": str(found.scale_set.id), "summary": counts})
    else:
        output.timed(f"{now.astimezone():%H:%M:%S}", f"{found.scale_set.name}  {counts}")


def _print_change(change: watching.Change, now: datetime, *, jsonl: bool) -> None:
    if jsonl:
        output.record({"event": change.event, "at": rfc3339(now), **change.record})
    else:
        output.timed(f"{now.astimezone():%H:%M:%S}", change.text)
