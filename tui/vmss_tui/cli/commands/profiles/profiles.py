"""`vmss-tui profiles …`: the deployment profiles; needs no cloud but for `drift` and for importing a live set."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.profiles.convert import export_profile, import_profile, new_profile
from vmss_tui.cli.commands.profiles.drift import drift_of_profile
from vmss_tui.cli.commands.profiles.names import name_version
from vmss_tui.cli.group import HelpfulGroup
from vmss_tui.cli.options import current, with_profiles
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.errors import UsageError
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.records import Record, plain_value
from vmss_tui.profiles.format.problem import LintProblem, Severity
from vmss_tui.profiles.lint.lint import lint_with_syntax
from vmss_tui.profiles.store.store import ProfileEntry


@click.group(cls=HelpfulGroup)
@with_profiles
def profiles() -> None:
    """Manage deployment profiles: what to roll out, where, and under which limits, one file each."""


@profiles.command("list")
@shaped
@with_profiles
@click.pass_context
def list_profiles(ctx: click.Context, shape: Shape) -> int:
    """List all profiles with their origin, last used first."""
    entries = current(ctx).profile_store().list()
    shape.answer([_record(entry) for entry in entries], lambda: _table(entries))
    return 0


def _table(entries: Sequence[ProfileEntry]) -> list[str]:
    columns = [text_tables.TextColumn(title, least=least) for title, least in
               (("PROFILE", 0), ("FROM", 0), ("LAST USED", 0), ("DESCRIPTION", 20))]  # fmt: skip
    rows = [
        (
            entry.name,
            f"{entry.origin.value}{', shadowed' if entry.shadowed else ''}",
            entry.last_used.astimezone().strftime("%Y-%m-%d %H:%M") if entry.last_used else "never",
            f"✖ {entry.problem}" if entry.problem else entry.description,
        )
        for entry in entries
    ]
    return text_tables.table(columns, rows, cells=output.columns())


def _record(entry: ProfileEntry) -> Record:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "origin": entry.origin.value,
        "description": entry.description or None,
        "owner": entry.owner or None,
        "problem": entry.problem or None,
        "last_used": plain_value(entry.last_used),
        "shadowed": entry.shadowed,
    }


@profiles.command("show")
@click.argument("profile")
@shaped
@with_profiles
@click.pass_context
def show_profile(ctx: click.Context, profile: str, shape: Shape) -> int:
    """Print the file of PROFILE, or with -o json its parsed content. Literal secrets are hidden."""
    store = current(ctx).profile_store()
    entry = store.find(profile)
    if shape.for_people:
        output.lines([f"# {entry.path}", *store.shown(entry).rstrip("\n").split("\n")])
        return 0
    from vmss_tui.profiles.format.write_toml import to_table

    found = store.get(profile)
    record = {**_record(entry), "profile": plain_value(to_table(found, found.directory, hide=True))}
    shape.answer(record, lambda: ())
    return 0


@profiles.command("lint")
@click.argument("files", nargs=-1, metavar="[FILE|PROFILE …]")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@shaped
@with_profiles
@click.pass_context
def lint_profiles(ctx: click.Context, files: tuple[str, ...], strict: bool, shape: Shape) -> int:
    """Check profiles; without arguments, all of them.

    `-` reads one from stdin. The exit code is 2 if there is an error.
    """
    found = [problem for name in _linted(ctx, files) for problem in _problems(ctx, name)]
    if strict:
        found = [replace(problem, severity=Severity.ERROR) for problem in found]
    shape.answer([_problem(problem) for problem in found], lambda: [str(problem) for problem in found])
    errors = sum(problem.is_error for problem in found)
    if shape.for_people:
        diagnostics.say(_verdict(errors, len(found) - errors))
    return UsageError.exit_code if errors else 0


def _linted(ctx: click.Context, files: Sequence[str]) -> Sequence[str]:
    return files or [str(entry.path) for entry in current(ctx).profile_store().list()]


def _problems(ctx: click.Context, name: str) -> tuple[LintProblem, ...]:
    if name == "-":
        return asyncio.run(lint_with_syntax(Path("<stdin>"), sys.stdin.read()))
    return asyncio.run(lint_with_syntax(current(ctx).profile_store().find(name).path))


def _problem(problem: LintProblem) -> Record:
    return {
        "path": str(problem.path) if problem.path else None,
        "line": problem.line or None,
        "key": problem.key,
        "severity": problem.severity.value,
        "code": problem.code or None,
        "message": problem.message,
        "hint": problem.hint or None,
    }


def _verdict(errors: int, warnings: int) -> str:
    from vmss_tui.text import counted

    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"


for _command in (new_profile, import_profile, export_profile, drift_of_profile, name_version):
    profiles.add_command(_command)
