"""`vmss-tui config …`: the settings with their origin, their file in an editor, and what is wrong with it."""

import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.host import editor_command
from vmss_tui.cli.configuration import keys_in_use, read_configuration
from vmss_tui.cli.group import HelpfulGroup
from vmss_tui.cli.options import current
from vmss_tui.cli.settings import report
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.config import text
from vmss_tui.config.read import Config, Origin, Problem, Value
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.errors import UsageError
from vmss_tui.paths import configuration_file, is_missing, write_private
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.records import Record


@click.group(cls=HelpfulGroup)
def config() -> None:
    """Settings: a TOML file in the configuration directory; environment variables and options take precedence."""


@config.command("show")
@shaped
@click.pass_context
def show_config(ctx: click.Context, shape: Shape) -> int:
    """Show every setting, its value and where the value comes from."""
    found = read_configuration()
    values = [_seen(ctx, value) for value in found.values.values()]
    shape.answer([_record(value) for value in values], lambda: _table(found.path, values))
    return 0


@config.command("edit")
@click.pass_context
def edit_config(ctx: click.Context) -> int:
    """Open the file in $VISUAL or $EDITOR, with every setting as a comment when it is new, and check it afterwards."""
    path = configuration_file()
    if not diagnostics.can_ask():
        raise UsageError("an editor needs a terminal", hint=f"Edit {path} and run `vmss-tui config check`.")
    try:
        if is_missing(path):
            write_private(path, text.template())
        subprocess.run([*editor_command(), str(path)], check=False)
    except OSError as error:
        raise UsageError(f"{path} cannot be edited: {error.strerror or error}", hint="Check $EDITOR.") from error
    return _checked(read_configuration(path))


@config.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@shaped
def check_config(file: Path | None, shape: Shape) -> int:
    """Check FILE, by default the file in use. The exit code is 2 when something is wrong."""
    if file is not None and is_missing(file):
        raise UsageError(f"there is no file {file}", hint="`vmss-tui config show` names the file in use.")
    found = read_configuration(file)
    if shape.for_people:
        return _checked(found)
    shape.answer([_problem(problem) for problem in found.problems], tuple)
    return UsageError.exit_code if found.problems else 0


@config.command("schema")
def schema_of_config() -> int:
    """Print the JSON Schema of the file, for editors."""
    output.document(text.schema())
    return 0


@config.command("keys")
@shaped
def keys_of_app(shape: Shape) -> int:
    """List the actions of the app with their ids and keys, for the table [keys]."""
    from vmss_tui.app.actions.action import shown
    from vmss_tui.app.actions.rebinding import keys_by_action
    from vmss_tui.app.actions.table import ACTIONS

    chosen = keys_by_action(keys_in_use(read_configuration()))
    found: list[Record] = [
        {"id": action.id, "keys": [shown(key) for key in chosen.get(action.id, action.keys)], "help": action.help}
        for action in ACTIONS
    ]
    columns = [text_tables.TextColumn("ACTION"), text_tables.TextColumn("KEYS"), text_tables.TextColumn("", least=20)]
    rows = [(record["id"], " ".join(record["keys"]), record["help"]) for record in found]
    shape.answer(found, lambda: text_tables.table(columns, rows, cells=output.columns()))
    return 0


def _checked(found: Config) -> int:
    report(found.problems)
    if found.problems:
        return UsageError.exit_code
    diagnostics.say(f"there is no file {found.path}" if is_missing(found.path) else f"{found.path}: no problems")
    return 0


def _seen(ctx: click.Context, value: Value) -> Value:
    """A value with what the options of this call say."""
    option = value.key.option
    if not option:
        return value
    name = option.removeprefix("--").replace("-", "_")
    here: click.Context | None = ctx
    while here is not None:
        given = here.get_parameter_source(name)
        if given is click.core.ParameterSource.COMMANDLINE:
            return Value(value.key, getattr(current(ctx), name), Origin.OPTION, option)
        here = here.parent
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, Hook):
        return {
            "command": list(value.command),
            "url": value.url or None,
            "service": str(value.service) if value.service is not None else None,
            "on": list(value.on),
            "least": value.least.value,
        }
    if isinstance(value, date):
        return value.isoformat()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _record(value: Value) -> Record:
    return {
        "key": value.key.name,
        "value": _plain(value.value),
        "origin": value.origin.value,
        "where": value.where or None,
        "help": value.key.help,
    }


def _problem(problem: Problem) -> Record:
    return {
        "path": str(problem.path),
        "line": problem.line or None,
        "key": problem.key or None,
        "message": problem.message,
        "hint": problem.hint or None,
    }


def _table(path: Path, values: Sequence[Value]) -> list[str]:
    columns = [text_tables.TextColumn(title, least=least) for title, least in
               (("SETTING", 0), ("VALUE", 12), ("FROM", 0), ("WHAT IT DOES", 20))]  # fmt: skip
    rows = [
        (value.key.name, _words(value.value), " ".join((value.origin.value, value.where)).strip(), value.key.help)
        for value in values
    ]
    state = " (there is none)" if is_missing(path) else ""
    return [f"file: {path}{state}", "", *text_tables.table(columns, rows, cells=output.columns())]


def _words(value: Any) -> str:
    if value in (None, (), "", {}):
        return "–"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {' '.join(keys)}" for name, keys in value.items())
    if isinstance(value, Hook):
        return value.url or " ".join(value.command) or str(value.service)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_words(item)}" for name, item in value.items() if item not in ("", ()))
    return ", ".join(map(_words, value)) if isinstance(value, tuple) else str(value)
