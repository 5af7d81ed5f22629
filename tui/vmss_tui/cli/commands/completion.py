"""`vmss-tui completion`: the script that lets a shell complete commands, options and names."""

import click

from vmss_tui.cli import output
from vmss_tui.cli.main import COMPLETION
from vmss_tui.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> int:
    """Print the completion script of a shell.

    Names of profiles, scale sets, rollouts, clouds and tenants come from local files: nothing is read from Azure.
    """
    from click.shell_completion import get_completion_class

    from vmss_tui.cli.group import program

    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"no completion for {shell}", hint=f"Use {', '.join(SHELLS)}.")
    try:
        source = found(program, {}, "vmss-tui", COMPLETION).source()
    except RuntimeError as error:
        raise UsageError(str(error), hint="Use a newer shell.") from error
    output.lines(source.rstrip("\n").split("\n"))
    return 0
