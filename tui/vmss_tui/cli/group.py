"""The Click groups: commands that are imported only when they run, with examples in their help."""

import importlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from vmss_tui.cli import examples
from vmss_tui.cli import help as texts
from vmss_tui.cli.known_names import BY_PARAMETER
from vmss_tui.cli.options import current, logged, shared, start_logging
from vmss_tui.text import plain


class HelpfulGroup(click.Group):
    """A group whose commands show examples and related commands, take the options of logging, and suggest names."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, complete with what all commands have."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            complete(command, _call(ctx, cmd_name))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As Click does, with the nearest name in the message when there is no such command."""
        known = ctx.resilient_parsing or not args or args[0].startswith("-")  # a shell that completes gets no message
        if not known and self.get_command(ctx, args[0]) is None:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            also = f"; did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{also}", ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As Click does; an option of the command that was given before it gets a message with its place."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise self._misplaced(ctx, error, args) or error from error

    def _misplaced(self, ctx: click.Context, error: click.NoSuchOption, args: list[str]) -> click.UsageError | None:
        name = next((word for word in args if not word.startswith("-") and word in self.list_commands(ctx)), None)
        command = self.get_command(ctx, name) if name is not None else None
        if command is None or error.option_name not in {flag for param in command.params for flag in param.opts}:
            return None
        call = f"{ctx.command_path} {name} {error.option_name}"
        return click.UsageError(f"{error.option_name} belongs after the command: `{call}`", ctx)


_NAME = re.compile(r"[\w@%+=:,./-]+").fullmatch
"""A plain word of a shell, without quotes: it inserts a name as it is, and names are foreign."""


class Text(click.types.StringParamType):
    """Text in UTF-8: other bytes of a command line could neither be kept in the journal nor be shown."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text; one with such bytes in it fails."""
        text = super().convert(value, param, ctx)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail("the value is not text in UTF-8", param, ctx)
        return text


class Filled(Text):
    """Text that must not be empty where it is given: an unset variable of a shell must not mean the default."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text; an empty one that was typed fails."""
        text = super().convert(value, param, ctx)
        typed = param is not None and ctx is not None and ctx.get_parameter_source(param.name or "") is _TYPED
        if typed and not plain(text).strip():
            self.fail("the value is empty; leave the option out, or give one", param, ctx)
        return text


_TYPED = click.core.ParameterSource.COMMANDLINE
_MAY_BE_EMPTY = frozenset({"why", "ticket"})
"""Options that only describe: a pipeline may have nothing to say."""


class KnownName(Filled):
    """Text that a shell completes with names that this host knows."""

    def __init__(self, known: Callable[[], Sequence[str]]) -> None:
        self._known = known

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names that begin so."""
        begin = incomplete.casefold()
        return [CompletionItem(name) for name in self._known() if name.casefold().startswith(begin) and _NAME(name)]


def refine_texts(command: click.Command) -> None:
    """Let shells complete the parameters that are names, and refuse options that are given without a value."""
    for parameter in command.params:
        if type(parameter.type) is not click.types.StringParamType:
            continue
        if parameter.name in BY_PARAMETER:
            parameter.type = KnownName(BY_PARAMETER[parameter.name])
        elif isinstance(parameter, click.Option) and parameter.name not in _MAY_BE_EMPTY:
            parameter.type = Filled()
        else:
            parameter.type = Text()


def complete(command: click.Command, call: str) -> None:
    """Give a command what all have: options of logging, examples, and its own group's way."""
    if command.epilog is None:
        command.epilog = "\b\n" + "\n".join(line or "\n\b" for line in examples.lines_of(call))
    refine_texts(command)
    if not isinstance(command, click.Group) and not any(param.name == "debug" for param in command.params):
        logged(command)


def _call(ctx: click.Context, name: str) -> str:
    """The command as it is typed after the program's name: `profiles list`."""
    within: list[str] = []
    here: click.Context | None = ctx
    while here is not None and here.parent is not None:
        within.insert(0, here.info_name or "")
        here = here.parent
    return " ".join((*within, name))


class LazyGroup(HelpfulGroup):
    """The program: its commands are those of `help`; running one imports only its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names for help and completion."""
        return [entry.name for entry in texts.ENTRIES if entry.section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        entry = texts.entry(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.where.partition(":")
        command = getattr(importlib.import_module(f"vmss_tui.cli.commands.{module}"), attribute)
        if not isinstance(command, click.Command):
            return None
        command.short_help = entry.summary
        complete(command, cmd_name)
        return command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The same overview as the quick way prints."""
        formatter.write(texts.overview() + "\n")


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
@shared
@click.option("--version", "-V", is_flag=True, is_eager=True, expose_value=False, callback=_version)
@click.pass_context
def program(ctx: click.Context, /, **_: Any) -> int | None:
    """Roll out custom scripts over Azure virtual machine scale sets, batch by batch."""
    ctx.obj = current(ctx)
    start_logging(ctx)
    if ctx.invoked_subcommand is None:
        command = program.get_command(ctx, "app")
        assert command is not None
        result = ctx.invoke(command)
        return result if isinstance(result, int) else 0
    return None


refine_texts(program)
