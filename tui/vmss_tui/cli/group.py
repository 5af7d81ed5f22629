"""The Click group: the options before the command, and commands that are imported only when they run."""

import importlib
from pathlib import Path

import click

from vmss_tui.cli import help as catalogue
from vmss_tui.cli.options import AUTH
from vmss_tui.cli.settings import Settings


class LazyGroup(click.Group):
    """A group whose commands are those of the catalogue; asking for one imports its module only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names for help and completion."""
        return [each.name for each in catalogue.ENTRIES if each.section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        entry = catalogue.entry(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.where.partition(":")
        command = getattr(importlib.import_module(f"vmss_tui.cli.commands.{module}"), attribute)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As Click does, with the nearest name in the message when there is no such command."""
        if args and catalogue.entry(args[0]) is None and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            also = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{also}", ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The same overview as the quick way prints."""
        formatter.write(catalogue.overview() + "\n")


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from vmss_tui import __version__
        from vmss_tui.cli import output

        output.line(f"vmss-tui {__version__}")
        ctx.exit(0)


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--cloud", metavar="NAME")
@click.option("--auth", type=click.Choice(AUTH))
@click.option("--tenant", metavar="ID")
@click.option("--profiles", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--read-only", is_flag=True)
@click.option("--version", "-V", is_flag=True, is_eager=True, expose_value=False, callback=_version)
@click.pass_context
def program(
    ctx: click.Context,
    cloud: str | None,
    auth: str | None,
    tenant: str | None,
    profiles: Path | None,
    read_only: bool,
) -> int | None:
    """Roll out custom scripts over Azure virtual machine scale sets, batch by batch."""
    ctx.obj = Settings(cloud=cloud, auth=auth, tenant=tenant, profiles=profiles, read_only=read_only)
    if ctx.invoked_subcommand is None:
        command = program.get_command(ctx, "app")
        assert command is not None
        result = ctx.invoke(command)
        return result if isinstance(result, int) else 0
    return None
