"""`vmss-tui app`: the app, with options."""

import click

from vmss_tui.cli.open_app import open_app
from vmss_tui.cli.options import connected, current, narrowed, opening, painted, with_profiles


@click.command()
@connected
@narrowed
@with_profiles
@painted
@opening
@click.pass_context
def app(ctx: click.Context) -> int:
    """Open the app."""
    return open_app(current(ctx))
