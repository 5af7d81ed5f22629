"""`vmss-tui simulate`: becomes the simulator, whose own command line takes all the options."""

import os
import sys

import click

from vmss_tui.cli.commands.rollout.runner_process import python


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": [], "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulate(arguments: tuple[str, ...]) -> None:
    """Run the simulated Azure in the foreground; `--help` lists its options."""
    sys.stdout.flush()
    os.execv(sys.executable, python("vmss_tui.simulator", *arguments))
