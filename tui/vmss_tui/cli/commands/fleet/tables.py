"""What tables on the command line share: chosen columns, a filter, printing as wide as the terminal."""

from collections.abc import Sequence

from vmss_tui.cli import diagnostics, output
from vmss_tui.errors import UsageError
from vmss_tui.presentation import text_tables
from vmss_tui.presentation.filter import Fields, Term, parse
from vmss_tui.presentation.table import Column, Row


def chosen_columns(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Keys of columns as `--columns` has them. Raises UsageError for one that is none."""
    keys = tuple(key.strip().lower() for key in text.split(",") if key.strip())
    unknown = next((key for key in keys if key not in known), None)
    if unknown is not None:
        raise UsageError(f"--columns: there is no column {unknown!r}", hint=f"use {', '.join(known)}")
    return keys


def print_table(columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """A table as wide as the terminal; columns that find no room are named."""
    lines, without = text_tables.grid(columns, rows, cells=output.columns())
    output.lines(lines)
    if without:
        diagnostics.say(f"(too narrow for {', '.join(without).lower()}; a pipe or -o json shows all)")


def parsed_terms(given: tuple[str, ...], fields: Fields) -> tuple[Term, ...]:
    """A filter from what was typed. Raises UsageError for one that is none."""
    try:
        return parse(" ".join(given), fields)
    except ValueError as error:
        raise UsageError(f"invalid filter: {error}") from error
