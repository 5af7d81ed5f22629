"""`vmss-tui help` and `vmss-tui version`: the words for what the options say too."""

import click

from vmss_tui.cli import output


@click.command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND …]")
@click.pass_context
def help_command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Print the help of the program, or of COMMAND."""
    from vmss_tui.cli.group import program

    parent = click.Context(program, info_name="vmss-tui", **program.context_settings)
    command: click.Command = program
    for word in words:
        name, found, _ = (
            command.resolve_command(parent, [word]) if isinstance(command, click.Group) else (None, None, [])
        )
        if found is None:
            raise click.UsageError(f"{parent.command_path} has no command {word!r}", parent)
        command, parent = found, click.Context(found, info_name=name, parent=parent)
    output.lines(command.get_help(parent).rstrip("\n").split("\n"))
    return 0


@click.command()
def version() -> int:
    """Print the version."""
    from vmss_tui import __version__

    output.line(f"vmss-tui {__version__}")
    return 0
