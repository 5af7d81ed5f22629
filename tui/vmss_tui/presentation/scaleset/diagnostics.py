"""Diagnostics in words: those that can be chosen, those that were run, and what one showed. Pure."""

from collections.abc import Sequence
from datetime import datetime

from vmss_tui import duration, text
from vmss_tui.domain.fleet.diagnostic import Diagnostic, DiagnosticEntry
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.records import Record, rfc3339
from vmss_tui.presentation.table import DataColumn, Line, Table, cell

_Choice = DataColumn[Diagnostic, None]
CHOICES: Table[Diagnostic, None] = Table(
    key=lambda it: it.name,
    columns=(
        _Choice("name", "DIAGNOSTIC", 14, cell=lambda it, _: cell(text.plain(it.name))),
        _Choice("help", "SHOWS", 20, flex=1, cell=lambda it, _: cell(text.plain(it.help), Role.DIM)),
    ),
)
"""The diagnostics of a system."""

_Column = DataColumn[DiagnosticEntry, datetime]
HISTORY: Table[DiagnosticEntry, datetime] = Table(
    key=lambda it: str(it.id),
    columns=(
        _Column("at", "TIME (UTC)", 19, cell=lambda it, now: cell(f"{it.at:%Y-%m-%d %H:%M:%S}", Role.DIM)),
        _Column("who", "WHO", 12, flex=1, middle=True, cell=lambda it, now: cell(text.plain(f"{it.who}@{it.host}"))),
        _Column("instance", "INSTANCE", 16, flex=1, middle=True, cell=lambda it, now: cell(text.plain(it.instance))),
        _Column("name", "DIAGNOSTIC", 14, cell=lambda it, now: cell(text.plain(it.name))),
        _Column("outcome", "OUTCOME", 20, flex=2, cell=lambda it, now: cell(
            text.plain(outcome(it)), Role.BAD if it.problem else Role.DIM)),
    ),
)  # fmt: skip
"""The diagnostics that were run, the newest first."""


def outcome(entry: DiagnosticEntry) -> str:
    """How one ended: `done in 24s`, why there is no output, or that its end is not recorded."""
    if entry.problem:
        return entry.problem
    if entry.ended_at is None:
        return "end not recorded"
    return f"done in {duration.exact(round((entry.ended_at - entry.at).total_seconds()))}"


def entry_record(entry: DiagnosticEntry) -> Record:
    """One that was run, for programs."""
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "ended_at": rfc3339(entry.ended_at) if entry.ended_at else None,
        "who": entry.who,
        "host": entry.host,
        "scale_set": str(entry.target),
        "instance": entry.instance,
        "diagnostic": entry.name,
        "script": entry.script,
        "problem": entry.problem,
    }


def choice_record(diagnostic: Diagnostic) -> Record:
    """One that can be chosen, for programs."""
    return {
        "name": diagnostic.name,
        "help": diagnostic.help,
        "linux": diagnostic.linux or None,
        "windows": diagnostic.windows or None,
    }


def output_lines(output: str, stderr: str, width: int) -> tuple[Line, ...]:
    """What a diagnostic printed for a sheet of `width` cells; its own headings (`== …`) stand out."""
    lines: list[Line] = []
    for shown, usual in ((output, Role.PLAIN), (stderr, Role.WARN)):
        for line in text.plain_lines(shown) if shown.strip() else ():
            role = Role.ACCENT if line.startswith("== ") else usual
            lines += [((f" {part}", role),) for part in text.chop(line, max(8, width - 2))] or [()]
    return tuple(lines) or (((" It printed nothing.", Role.DIM),),)


def choices(known: Sequence[Diagnostic]) -> str:
    """Names for a message."""
    return ", ".join(diagnostic.name for diagnostic in known)
