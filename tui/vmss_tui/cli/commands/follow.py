"""`vmss-tui attach`: a rollout from its first event, in the app or as lines."""

import asyncio

import click

from vmss_tui.cli import output
from vmss_tui.cli.following import JsonWriter, PlainWriter, detached, follow
from vmss_tui.cli.options import connected, current
from vmss_tui.journal.store import Journal


@click.command()
@click.argument("rollout", required=False)
@click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON.")
@click.option("--plain", is_flag=True, help="Print a line for every event, also on a terminal.")
@connected
@click.pass_context
def attach(ctx: click.Context, rollout: str | None, jsonl: bool, plain: bool) -> int:
    """Follow ROLLOUT (by default the newest): in the app on a terminal, else as lines.

    Leaving does not stop it. The exit code is that of its verdict.
    """
    journal = Journal.open(current(ctx).journal)
    try:
        found = journal.find(rollout).id
        if not jsonl and not plain and output.is_terminal():
            from vmss_tui.cli.opening import open_app

            return open_app(current(ctx), rollout=found)
        return asyncio.run(follow(journal, found, JsonWriter() if jsonl else PlainWriter()))
    except KeyboardInterrupt:
        return detached(found, running=not journal.header(found).stage.over)
    finally:
        journal.close()
