"""Pieces of text in the cells of a terminal: fitting, the places of columns in a list.

Imports no Textual: the first frame is painted with it.
"""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Column, Piece, Place, place

GUTTER = 3
"""Cells left of the first column of a list: mark, cursor, space."""
PANE_FROM = 160
"""Columns from which on there is room for a pane beside a list."""
LIST_SHARE = 64
"""Percent of the width that the pane leaves; the style sheet has the same number."""
_ROOMY = 100
"""From this width on, columns are two cells apart, unless that would cost a column."""


def length(pieces: Iterable[Piece]) -> int:
    """Terminal cells that the pieces take."""
    return sum(len(text) if text.isascii() else cell_len(text) for text, _ in pieces)


def _cut_middle(text: str, width: int) -> str:
    tail = (width - 1) // 2
    head = width - 1 - tail
    start, end = set_cell_size(text, head), text
    while end and cell_len(end) > tail:
        end = end[1:]
    return f"{start}…{end}"


def fit(pieces: Iterable[Piece], width: int, *, right: bool = False, middle: bool = False) -> list[Piece]:
    """The pieces cut and padded to exactly `width` cells.

    Padding takes the role beside it, so that one change of color fewer goes down the line.
    """
    parts = [piece for piece in pieces if piece[0]]
    used = length(parts)
    if used > width:
        parts = _cut(parts, width, middle=middle)
        used = length(parts)
    if used < width:
        beside = parts[0 if right else -1][1] if parts else Role.PLAIN
        pad: Piece = (" " * (width - used), beside)
        parts = [pad, *parts] if right else [*parts, pad]
    return parts


def _cut(parts: list[Piece], width: int, *, middle: bool) -> list[Piece]:
    if width <= 0:
        return []
    if middle and len(parts) == 1 and width > 2:
        return [(_cut_middle(parts[0][0], width), parts[0][1])]
    kept: list[Piece] = []
    room = width - 1
    for text, role in parts:
        cells = cell_len(text)
        if cells > room:
            kept.append((set_cell_size(text, room).rstrip() + "…", role))
            break
        kept.append((text, role))
        room -= cells
    return kept


def places_in(columns: Sequence[Column], width: int) -> tuple[Place, ...]:
    """The places of a list's columns in `width` cells."""
    tight = place(columns, width, start=GUTTER)
    roomy = place(columns, width, start=GUTTER, gap=2) if width >= _ROOMY else ()
    return roomy if len(roomy) == len(tight) else tight


def titled(column: Column, sort: tuple[str, bool], width: int) -> str:
    """A title in `width` cells, with an arrow when the rows are sorted by this column; `sort`: its key, reversed."""
    falls = sort[1] != column.largest_first
    arrow = ("↓" if falls else "↑") if column.key == sort[0] else ""
    title = column.title[: width - 1] if arrow else column.title
    return "".join(part for part, _ in fit([(title + arrow, Role.DIM)], width, right=column.right))
