"""Tables as data: text with meaning, rows, columns, and which columns fit a width.

Shared by the app's grid and the command line's tables. Widths are terminal cells. Knows no colour and no widget.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from vmss_tui.presentation.glyphs import Mark, Role

Piece = tuple[str, Role]
"""A stretch of text and what it means."""

Cell = tuple[Piece, ...]
"""The content of one cell."""

Line = tuple[Piece, ...]
"""A line of a panel: pieces side by side."""


def cell(text: str, role: Role = Role.PLAIN) -> Cell:
    """One piece as a cell; an empty text is an empty cell."""
    return ((text, role),) if text else ()


def mark_cell(mark: Mark, detail: str = "") -> Cell:
    """A state as glyph and word in its role, and an optional dim detail: `◐ running 0:41`."""
    head: Piece = (mark.text(), mark.role)
    return (head, (f" {detail}", Role.DIM)) if detail else (head,)


def text_of(pieces: Sequence[Piece]) -> str:
    """The pieces as plain text."""
    return "".join(text for text, _ in pieces)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    `width` is its width, or the least width of a `flex` column, which shares what is left by weight. `priority` 0 is
    never dropped; when room is short the highest number goes first, the rightmost of equals, and comes back when the
    ones that went after it left enough room. `middle` cuts long text
    in the middle (names), otherwise at the end.
    """

    key: str
    title: str
    width: int = 10
    flex: int = 0
    right: bool = False
    priority: int = 0
    middle: bool = False


def widened(columns: Sequence[Column], key: str, cells: int) -> tuple[Column, ...]:
    """The same columns, one of them at least `cells` wide: others have to go first when room is short."""
    return tuple(replace(each, width=cells) if each.key == key and each.width < cells else each for each in columns)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: `key` is its identity over sorts and refreshes; `version` differs whenever anything visible differs.

    Without a version the cells themselves are compared.
    """

    key: str
    cells: tuple[Cell, ...]
    version: Hashable = None

    def same(self, other: "Row | None") -> bool:
        """Whether `other` looks exactly the same."""
        if other is self:
            return True
        if other is None or self.key != other.key or self.version != other.version:
            return False
        return self.version is not None or self.cells == other.cells


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column stands: its index in the column list, first cell, and width."""

    index: int
    x: int
    width: int


def place(columns: Sequence[Column], width: int, *, start: int = 0, gap: int = 1) -> tuple[Place, ...]:
    """Which columns fit into `width` cells from `start` on, and where; flexible ones share what is left."""
    kept = list(range(len(columns)))
    room = width - start

    def needed() -> int:
        return sum(columns[i].width for i in kept) + gap * max(0, len(kept) - 1)

    while needed() > room:
        droppable = [i for i in kept if columns[i].priority > 0]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda i: (columns[i].priority, i)))
    for index in sorted(set(range(len(columns))) - set(kept), key=lambda i: columns[i].priority):
        if needed() + gap + columns[index].width <= room:
            kept = sorted((*kept, index))
    spare = max(0, room - needed())
    weights = sum(columns[i].flex for i in kept)
    places: list[Place] = []
    x = start
    for index in kept:
        column = columns[index]
        share = spare * column.flex // weights if weights else 0
        cells = min(column.width + share, max(0, width - x))
        if cells:
            places.append(Place(index, x, cells))
        x += column.width + share + gap
    return tuple(places)
