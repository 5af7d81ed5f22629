"""Tables of plain text for terminals and pipes: columns aligned, nothing cut unless a width is given.

Knows nothing of scale sets; pure. Front ends that paint (the app) have their own grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui.presentation.table import Column, Row, text_of
from vmss_tui.text import cut_middle, fit, plain, width

_GAP = "  "


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column: its title, its alignment, and the fewest cells that it may be cut to (0: never cut)."""

    title: str
    right: bool = False
    least: int = 0


def table(columns: Sequence[TextColumn], rows: Sequence[Sequence[str]], *, cells: int | None = None) -> list[str]:
    """Title and rows as lines; columns that allow it are cut in the middle when `cells` are too few."""
    clean = [[plain(cell) for cell in row] for row in rows]
    widths = [
        max(width(column.title), *(width(row[index]) for row in clean), 0) if clean else width(column.title)
        for index, column in enumerate(columns)
    ]
    if cells is not None:
        widths = _squeeze(columns, widths, cells)
    titles = [column.title for column in columns]
    return [_line(columns, widths, row) for row in (titles, *clean)]


def _squeeze(columns: Sequence[TextColumn], widths: list[int], cells: int) -> list[int]:
    """Take from the widest column that may be cut until all fit, or nothing more can be taken."""
    squeezed = list(widths)
    excess = sum(squeezed) + len(_GAP) * (len(squeezed) - 1) - cells
    while excess > 0:
        able = [i for i, column in enumerate(columns) if column.least and squeezed[i] > column.least]
        if not able:
            break
        squeezed[max(able, key=lambda i: squeezed[i])] -= 1
        excess -= 1
    return squeezed


def _line(columns: Sequence[TextColumn], widths: Sequence[int], row: Sequence[str]) -> str:
    parts = [
        fit(cut_middle(cell, cells), cells, right=column.right)
        for column, cells, cell in zip(columns, widths, row, strict=True)
    ]
    return _GAP.join(parts).rstrip()


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """`name  value` lines with the values aligned; without the pairs that have no value."""
    shown = [(name, value) for name, value in pairs if value]
    widest = max((width(name) for name, _ in shown), default=0)
    return [f"{fit(name, widest)}{_GAP}{plain(value)}" for name, value in shown]


def grid(
    columns: Sequence[Column], rows: Sequence[Row], *, cells: int | None = None
) -> tuple[list[str], tuple[str, ...]]:
    """Rows that were made for the app's grid as lines, and the titles of the columns that found no room.

    When `cells` are too few, names are cut in the middle; when that is not enough, columns go by their priority.
    """
    shown = list(range(len(columns)))
    texts = [[text_of(piece) for piece in row.cells] for row in rows]
    while True:
        kept = [TextColumn(c.title, right=c.right, least=c.width if c.flex else 0) for c in (columns[i] for i in shown)]
        lines = table(kept, [[row[i] for i in shown] for row in texts], cells=cells)
        spare = [i for i in shown if columns[i].priority]
        if cells is None or not spare or max(map(width, lines)) <= cells:
            return lines, tuple(column.title for i, column in enumerate(columns) if i not in shown)
        shown.remove(max(spare, key=lambda i: (columns[i].priority, i)))
