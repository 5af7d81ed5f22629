"""`vmss-tui journal check`, `repair` and `copy`: damage to the log of all rollouts, and moving it elsewhere."""

from collections.abc import Sequence
from pathlib import Path

import click

from vmss_tui.cli import diagnostics, output
from vmss_tui.cli.commands.database_roles import statements
from vmss_tui.cli.commands.permissions import require_operator
from vmss_tui.cli.group import HelpfulGroup
from vmss_tui.cli.options import current
from vmss_tui.cli.shape import Shape, shaped
from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.errors import JournalUnavailable, UsageError
from vmss_tui.journal.check import Problem, check, repair
from vmss_tui.journal.databases.database import Database
from vmss_tui.journal.databases.place import is_address, opened
from vmss_tui.paths import is_missing, journal_file
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.records import Record
from vmss_tui.text import counted, listed


@click.group(cls=HelpfulGroup)
def journal() -> None:
    """Check, repair and copy the journal, in which every rollout is recorded."""


@journal.command("check")
@shaped
@click.pass_context
def check_journal(ctx: click.Context, shape: Shape) -> int:
    """Check the journal for damage; changes nothing. The exit code is 1 when there is any."""
    database = _opened(ctx, read_only=True)
    try:
        found = check(database)
    finally:
        database.close()
    shape.answer([_record(problem) for problem in found], lambda: _table(found))
    if shape.for_people:
        diagnostics.say(_verdict(found), "`vmss-tui journal repair` repairs it" if _repairable(found) else "")
    return JournalUnavailable.exit_code if found else 0


@journal.command("repair")
@click.pass_context
def repair_journal(ctx: click.Context) -> int:
    """Repair what can be repaired, after copying the journal. End running rollouts first.

    Rows are made again from the log of their rollout; an event that cannot be read becomes a note. The exit code is 1
    when damage remains.
    """
    if current(ctx).read_only:
        raise UsageError("the journal cannot be repaired with --read-only", hint="Start without it.")
    require_operator()
    database = _opened(ctx, read_only=False)
    try:
        copy, found = repair(database)
        remaining = check(database)
    finally:
        database.close()
    output.lines(_table(found))
    if copy:
        diagnostics.say(f"repaired {len(found) - len(remaining)} of {len(found)}", f"the previous journal is {copy}")
    diagnostics.say(_verdict(remaining))
    return JournalUnavailable.exit_code if remaining else 0


@journal.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@shaped
@click.pass_context
def copy_journal(ctx: click.Context, source: str, target: str, shape: Shape) -> int:
    """Copy every rollout that has ended, and every diagnostic, from one journal to another: files or databases.

    The hash chain of each rollout is verified before and after. Copies that exist are skipped, so the command can
    be repeated, also after it was killed; the source is not changed. The exit code is 1 when something could not be
    copied.
    """
    from vmss_tui.journal.copy import copy

    if current(ctx).read_only:
        raise UsageError("a journal cannot be written with --read-only", hint="Start without it.")
    require_operator()
    if not is_address(source) and is_missing(Path(source)):
        raise UsageError(f"there is no journal {source}", hint="Name a file or an address.")
    reading = opened(_place(source), read_only=True)
    try:
        writing = opened(_place(target))
        try:
            done = copy(reading, writing)
        finally:
            writing.close()
    finally:
        reading.close()
    shape.answer(
        {
            "copied": done.copied, "present": done.present, "unfinished": done.unfinished, "refused": done.refused,
            "diagnostics": {
                "copied": done.diagnostics_copied, "present": done.diagnostics_present,
                "refused": done.diagnostics_refused,
            },
        },
        lambda: [*(f"{rollout}: {why}" for rollout, why in done.refused.items()), *done.diagnostics_refused],
    )  # fmt: skip
    if shape.for_people:
        diagnostics.say(
            f"{counted(len(done.copied), 'rollout')} copied, {len(done.present)} already there,"
            f" {len(done.unfinished)} unfinished, {len(done.refused)} refused",
            f"unfinished: {listed(done.unfinished)}; copy again when they have ended" if done.unfinished else "",
        )
        diagnostics.say(
            f"{counted(done.diagnostics_copied, 'diagnostic')} copied, {done.diagnostics_present} already there,"
            f" {len(done.diagnostics_refused)} refused"
        )
    return JournalUnavailable.exit_code if done.refused or done.diagnostics_refused else 0


@journal.command("grant")
@click.argument("role")
@click.argument("right", type=click.Choice([right.value for right in Right]))
@click.option("--execute", is_flag=True, help="carry it out in the journal, as the owner of its tables")
@click.pass_context
def grant(ctx: click.Context, role: str, right: str, execute: bool) -> int:
    """Print the SQL by which a database role may view, approve or operate; --execute carries it out.

    For a journal in PostgreSQL. The role must exist. A viewer reads, an approver may also approve, an operator may do
    everything; earlier rights of the role are replaced.
    """
    wanted = statements(role, Right(right))
    if not execute:
        output.lines([f"{statement};" for statement in wanted])
        return 0
    if current(ctx).read_only:
        raise UsageError("roles cannot be changed with --read-only", hint="Start without it.")
    require_operator()
    if not is_address(str(current(ctx).journal or "")):
        raise UsageError("a journal in a file has no roles", hint="Name a database with --journal.")
    database = _opened(ctx, read_only=False)
    try:
        if Right(right) is Right.OPERATOR:
            from vmss_tui.journal.jobs import Jobs

            Jobs(str(database.place), "").prepare()  # operators use the queue, and may not make it
        with database.writing() as connection:
            for statement in wanted:
                connection.execute(statement)
    finally:
        database.close()
    diagnostics.say(f"{role} is {'an' if right[0] in 'ao' else 'a'} {right} of {database.name}")
    return 0


def _place(text: str) -> Path | str:
    return text if is_address(text) else Path(text)


def _opened(ctx: click.Context, *, read_only: bool) -> Database:
    place = current(ctx).journal or journal_file()
    if not is_address(str(place)) and is_missing(Path(place)):
        raise UsageError(f"there is no journal {place}", hint="`vmss-tui rollout PROFILE` creates one.")
    return opened(place, read_only=read_only)


def _repairable(found: Sequence[Problem]) -> bool:
    return any(problem.repair for problem in found)


def _verdict(found: Sequence[Problem]) -> str:
    if not found:
        return "the journal is not damaged"
    lost = sum(not problem.repair for problem in found)
    return f"damage: {len(found)}" + (f", {lost} beyond repair" if lost else "")


def _record(problem: Problem) -> Record:
    return {
        "damage": problem.damage.value,
        "rollout": problem.rollout or None,
        "message": problem.message,
        "repair": problem.repair or None,
    }


def _table(found: Sequence[Problem]) -> list[str]:
    if not found:
        return []
    columns = [text_tables.TextColumn(title, least=least) for title, least in
               (("ROLLOUT", 0), ("DAMAGE", 0), ("WHAT IS WRONG", 20), ("REPAIR", 12))]  # fmt: skip
    rows = [
        (problem.rollout or "–", problem.damage.value, problem.message, problem.repair or "none") for problem in found
    ]
    return text_tables.table(columns, rows, cells=output.columns())
