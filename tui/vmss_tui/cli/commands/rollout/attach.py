"""`vmss-tui attach`: a rollout from its first event, in the app or as lines."""

import asyncio
import os

import click

from vmss_tui.cli import output
from vmss_tui.cli.commands.rollout.follow_rollout import JsonWriter, PlainWriter, follow
from vmss_tui.cli.commands.rollout.interrupt import OnInterrupt, left, terminable
from vmss_tui.cli.commands.simulator.simulation import DemoHome
from vmss_tui.cli.commands.waves.follow import follow_waves, writer
from vmss_tui.cli.invocation import DEMO
from vmss_tui.cli.options import connected, current, painted
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import Journal


def _find(journal: Journal, rollout: str | None) -> str:
    """The id of the rollout that is meant; where there is none, the demo's are pointed at."""
    try:
        return journal.locate(rollout).id
    except UsageError as error:
        if DEMO not in os.environ and DemoHome().has_journal:
            raise UsageError(
                error.message, hint=f"{error.hint} For the demo's rollouts: `vmss-tui demo attach`."
            ) from error
        raise


@click.command()
@click.argument("rollout", required=False)
@click.option("--jsonl", is_flag=True, help="Print every event as a line of JSON.")
@click.option("--plain", is_flag=True, help="Print a line for every event, also on a terminal.")
@connected
@painted
@click.pass_context
def attach(ctx: click.Context, rollout: str | None, jsonl: bool, plain: bool) -> int:
    """Follow ROLLOUT (by default the newest): in the app on a terminal, else as lines.

    Leaving does not stop the rollout. The exit code reflects its verdict.
    """
    journal = Journal.open(current(ctx).journal)
    try:
        found = _find(journal, rollout)
        if not jsonl and not plain and output.is_terminal():
            from vmss_tui.cli.open_app import open_app

            return open_app(current(ctx), rollout=found)
        with terminable():
            if journal.waves.has(found):
                return asyncio.run(follow_waves(journal, found, writer(journal, jsonl=jsonl)))
            return asyncio.run(follow(journal, found, JsonWriter() if jsonl else PlainWriter()))
    except KeyboardInterrupt as error:
        return left(journal, found, error, who="", then=OnInterrupt.DETACH)
    finally:
        journal.close()
