"""Tables as data: text with meaning, rows, columns, and which columns fit a width.

A column is one entry: its title and width, what its cell shows, how it sorts, and what a filter finds in it. Shared by
the app's grid and the command line's tables. Widths are terminal cells. Knows no color and no widget.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, Generic, Self, TypeVar

from vmss_tui.presentation.filter import Field, Match, Term, matches
from vmss_tui.presentation.glyphs import Role
from vmss_tui.text import width as cells_of

ItemT = TypeVar("ItemT")
KnownT = TypeVar("KnownT")

Piece = tuple[str, Role]
"""A stretch of text and what it means."""

Cell = tuple[Piece, ...]
"""The content of one cell."""

Line = tuple[Piece, ...]
"""A line of a panel: pieces side by side."""


class Cycle(StrEnum):
    """Ways to show a table or a map, through which a key steps."""

    @property
    def following(self) -> Self:
        """The next one; the first after the last."""
        members = tuple(type(self))
        return members[(members.index(self) + 1) % len(members)]


def cell(text: str, role: Role = Role.PLAIN) -> Cell:
    """One piece as a cell; an empty text is an empty cell."""
    return ((text, role),) if text else ()


def text_of(pieces: Sequence[Piece]) -> str:
    """The pieces as plain text."""
    return "".join(text for text, _ in pieces)


@dataclass(frozen=True, slots=True)
class Column:
    """Key, title, width and priority of a column.

    `width` is its width, or the least width of a `flex` column, which shares the spare room by weight. It grows up to
    `longest` cells when its content needs them, and shrinks to `least` when it needs fewer. `priority` 0 is never
    dropped; when room is short the highest number goes first, the rightmost of equals, and comes back when the ones
    that went after it left enough room. `middle` cuts long text in the middle (names), otherwise at the end.
    """

    key: str
    title: str
    width: int = 10
    flex: int = 0
    right: bool = False
    priority: int = 0
    middle: bool = False
    longest: int = 0
    least: int = 0
    largest_first: bool = False
    """Whether sorting by it begins with the largest."""


def _empty(item: Any, known: Any) -> Cell:
    return ()


@dataclass(frozen=True)
class DataColumn(Column, Generic[ItemT, KnownT]):
    """A column with its data: `known` is what a cell needs beside the item (the time, names of versions).

    `rank` sorts ascending; a column without one sorts by its text. `values` are what `key:` in a filter finds,
    compared as `match` says; a bare word finds those of `bare` columns; `words` is the closed set of its values, if
    it has one.
    """

    cell: Callable[[ItemT, KnownT], Cell] = _empty
    rank: Callable[[ItemT, KnownT], Any] | None = None
    values: Callable[[ItemT, KnownT], Sequence[str]] | None = None
    match: Match = Match.PART
    bare: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a person wants to see a table: `order` is the key of a column, or "" for the order that items come in."""

    order: str = ""
    reverse: bool = False
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[ItemT, KnownT]):
    """A table of items: rows, filter fields and orders all derive from its columns.

    `hidden` columns are never shown, but filter and sort. `key` identifies an item over sorts and refreshes.
    """

    columns: tuple[DataColumn[ItemT, KnownT], ...]
    key: Callable[[ItemT], str]
    hidden: tuple[DataColumn[ItemT, KnownT], ...] = ()

    @property
    def fields(self) -> Mapping[str, Field]:
        """What a filter may name."""
        every = (*self.columns, *self.hidden)
        return {
            column.key: Field(column.key, column.match, column.bare, column.words) for column in every if column.values
        }

    @property
    def orders(self) -> tuple[str, ...]:
        """Keys that it can be sorted by."""
        return tuple(column.key for column in (*self.hidden, *self.columns) if column.rank is not None)

    @property
    def choices(self) -> tuple[str, ...]:
        """Keys of the columns that can be shown, those that are not shown by themselves last."""
        return tuple(column.key for column in (*self.columns, *self.hidden) if column.cell is not _empty)

    def chosen(self, keys: Sequence[str]) -> "Table[ItemT, KnownT]":
        """The same table with these columns shown, in this order.

        Without keys the table as it is. Raises KeyError for a column that cannot be shown.
        """
        if not keys:
            return self
        shown = tuple(self.column(key) for key in dict.fromkeys(keys))
        hidden = tuple(column for column in (*self.columns, *self.hidden) if column.key not in keys)
        return replace(self, columns=shown, hidden=hidden)

    def column(self, key: str) -> DataColumn[ItemT, KnownT]:
        """The column with this key. Raises KeyError."""
        return {column.key: column for column in (*self.columns, *self.hidden)}[key]

    def without(self, *keys: str) -> "Table[ItemT, KnownT]":
        """The same table with some columns hidden."""
        shown = tuple(column for column in self.columns if column.key not in keys)
        hidden = tuple(column for column in self.columns if column.key in keys)
        return replace(self, columns=shown, hidden=(*self.hidden, *hidden))

    def row(self, item: ItemT, known: KnownT) -> "Row":
        """An item as a row."""
        return Row(self.key(item), self._cells(item, known))

    def late_row(self, item: ItemT, known: KnownT) -> "Row":
        """The same row, of which nothing is computed until it is shown."""
        return LateRow(self.key(item), partial(self._cells, item, known))

    def _cells(self, item: ItemT, known: KnownT) -> tuple[Cell, ...]:
        return tuple(column.cell(item, known) for column in self.columns)

    def shown(self, items: Iterable[ItemT], view: View, known: KnownT) -> tuple[ItemT, ...]:
        """The items that a view shows, in its order; equals stay in the order in which they came.

        Words of a filter that nothing contains are matched by their letters, where the filter allows it.
        """
        columns = {column.key: column for column in (*self.columns, *self.hidden)}

        def kept_by_filter(item: ItemT, loosely: bool) -> bool:
            return matches(view.terms, lambda name: _values(columns[name], item, known), loosely=loosely)

        every = list(items)
        kept = [item for item in every if kept_by_filter(item, False)] if view.terms else every
        if not kept and any(term.fuzzy for term in view.terms):
            kept = [item for item in every if kept_by_filter(item, True)]
        ordered = columns.get(view.order)
        if ordered is not None and (rank := _rank_of(ordered)) is not None:
            kept.sort(key=lambda item: rank(item, known), reverse=view.reverse)
        elif view.reverse:
            kept.reverse()
        return tuple(kept)

    def fitted(self, rows: Sequence["Row"]) -> tuple[Column, ...]:
        """Its columns, each as wide as these rows need it, up to its `longest`."""
        if not rows:
            return self.columns
        growing = ((index, column) for index, column in enumerate(self.columns) if column.longest or column.least)
        widest = {column.key: _widest(rows, index) for index, column in growing}
        return tuple(_grown(column, widest.get(column.key, 0)) for column in self.columns)

    def widened(self, key: str, cells: int) -> tuple[Column, ...]:
        """Its columns, one with room for `cells` cells, up to its `longest`."""
        return tuple(_grown(column, cells) if column.key == key else column for column in self.columns)


def _rank_of(column: DataColumn[ItemT, KnownT]) -> Callable[[ItemT, KnownT], Any] | None:
    """What a column sorts by: its rank, else its text; nothing for a column that shows nothing."""
    if column.rank is not None or column.cell is _empty:
        return column.rank
    return lambda item, known: text_of(column.cell(item, known)).lower()


def sort_letters(columns: Sequence[Column], taken: Iterable[str] = ()) -> Mapping[str, str]:
    """A capital letter for each column that sorts by it; the key of the column by letter, in the columns' order.

    It is the first of its title; where that is `taken` or another column's, the next one that is free.
    """
    used, letters = set(taken), dict[str, str]()
    for first_only in (True, False):
        for column in columns:
            title = [letter for letter in column.title.upper() if "A" <= letter <= "Z"]
            free = [letter for letter in title[: 1 if first_only else None] if letter not in used]
            if free and column.key not in letters:
                letters[column.key] = free[0]
                used.add(free[0])
    return {letters[column.key]: column.key for column in columns if column.key in letters}


def _grown(column: Column, cells: int) -> Column:
    width = max(column.least or column.width, min(max(column.longest, column.width), cells))
    return column if width == column.width else replace(column, width=width)


def _values(column: DataColumn[ItemT, KnownT], item: ItemT, known: KnownT) -> Sequence[str]:
    return column.values(item, known) if column.values is not None else ()


def _widest(rows: Sequence["Row"], index: int) -> int:
    return max((cells_of(text_of(row.cells[index])) for row in rows), default=0)


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


class LateRow(Row):
    """A row whose cells are computed when they are first read: most rows of a long list are never on the screen."""

    __slots__ = ("_compute", "_computed")
    _compute: Callable[[], tuple[Cell, ...]]
    _computed: tuple[Cell, ...] | None

    def __init__(self, key: str, compute: Callable[[], tuple[Cell, ...]]) -> None:
        for name, value in (("key", key), ("version", None), ("_compute", compute), ("_computed", None)):
            object.__setattr__(self, name, value)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells, computed once."""
        computed = self._computed
        if computed is None:
            computed = self._compute()
            object.__setattr__(self, "_computed", computed)
            object.__setattr__(self, "_compute", tuple)
        return computed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and (self.key, self.version, self.cells) == (
            other.key,
            other.version,
            other.cells,
        )

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a column: its index in the column list, first cell, and width."""

    index: int
    x: int
    width: int


def place(columns: Sequence[Column], width: int, *, start: int = 0, gap: int = 1) -> tuple[Place, ...]:
    """Which columns fit into `width` cells from `start` on, and where; flexible ones share what is left."""
    kept = list(range(len(columns)))
    room = width - start

    def needed() -> int:
        return sum(columns[index].width for index in kept) + gap * max(0, len(kept) - 1)

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
