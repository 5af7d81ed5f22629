"""`vmss-tui man`: the manual page, from the same data as the help. Writes troff for `man -l`."""

from collections.abc import Iterator
from pathlib import Path

import click

from vmss_tui import __version__, paths
from vmss_tui.cli import examples, output
from vmss_tui.cli import help as texts

VARIABLES = (
    ("VMSS_TUI_CONFIG", "another configuration file"),
    ("VMSS_TUI_CLOUD_FILE", "file of the cloud to use"),
    ("VMSS_TUI_PROFILES", "directories of deployment profiles, separated by colons"),
    ("VMSS_TUI_JOURNAL", "record of all rollouts: a file, or the address of a database"),
    ("VMSS_TUI_LOG", f"log level: {', '.join(texts.LOG_LEVELS)}"),
    ("VMSS_TUI_VAR_NAME", "value of the profile variable NAME"),
    ("VMSS_TUI_SECRET_NAME", "value of the protected setting NAME that a profile asks for"),
    ("AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET", "service principal to sign in with"),
    ("NO_COLOR", "no colors"),
    ("VISUAL, EDITOR", "the editor"),
)


@click.command("man")
def man() -> int:
    """Print the manual page: `vmss-tui man | man -l -`."""
    output.lines(page())
    return 0


def page() -> list[str]:
    """The lines of the page."""
    return [
        f'.TH VMSS-TUI 1 "" "vmss-tui {__version__}" "User Commands"',
        ".ad l",
        ".SH NAME",
        f"vmss-tui \\- {_text(texts.INTRODUCTION[0].lower() + texts.INTRODUCTION[1:].rstrip('.'))}",
        ".SH SYNOPSIS",
        ".B vmss-tui",
        "[OPTIONS] [COMMAND] [ARGUMENTS]",
        ".SH DESCRIPTION",
        _text(texts.INTRODUCTION + " Without a command, the app opens in the terminal."),
        ".SH OPTIONS",
        *(line for option in texts.OPTIONS for line in _item(option.call, option.text)),
        ".SH COMMANDS",
        *_commands(),
        ".SH EXIT STATUS",
        *(line for code, meaning in texts.EXIT_CODES for line in _item(code, meaning)),
        ".SH ENVIRONMENT",
        *(line for name, meaning in VARIABLES for line in _item(name, meaning)),
        ".SH FILES",
        *(line for name, meaning in _files() for line in _item(name, meaning)),
    ]


def _commands() -> Iterator[str]:
    from vmss_tui.cli.group import program

    root = click.Context(program, info_name="vmss-tui")
    for name in program.list_commands(root):
        command = program.get_command(root, name)
        if command is not None:
            yield from _command(command, click.Context(command, info_name=name, parent=root), name)


def _command(command: click.Command, context: click.Context, call: str) -> Iterator[str]:
    """A command, its options and examples; those of a group follow it."""
    yield f".SS {_text(' '.join((call, *command.collect_usage_pieces(context)[1:])))}"
    for paragraph in (command.help or "").split("\n\n"):
        if not paragraph.startswith("\b"):
            yield from (_text(" ".join(paragraph.split())), ".PP")
    shared = {flag for option in texts.OPTIONS for flag in (option.flag,)}
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden and not shared & set(parameter.opts):
            value = "" if parameter.is_flag else f" {parameter.make_metavar(context)}"
            yield from _item(", ".join(parameter.opts) + value, parameter.help or "")
    advice = examples.ADVICE.get(call)
    for example in advice.examples if advice is not None else ():
        yield from (".PP", f".B {_text(example.call)}", ".br", _text(example.does))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _command(inner, click.Context(inner, info_name=name, parent=context), f"{call} {name}")


def _files() -> tuple[tuple[str, str], ...]:
    home = "~/"
    places = (
        (paths.config_file, "settings"),
        (paths.clouds_directory, "clouds, one TOML file each"),
        (paths.user_profiles_directory, "deployment profiles"),
        (paths.journal_file, "the journal of all rollouts"),
        (paths.log_file, "the log"),
    )
    return tuple((str(find()).replace(str(Path.home()) + "/", home), meaning) for find, meaning in places)


def _item(name: str, meaning: str) -> tuple[str, str, str]:
    return ".TP", f".B {_text(name)}", _text(meaning)


def _text(text: str) -> str:
    """Text that troff prints unchanged."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("’", "'")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe
