"""The lines of a grid: columns in their places, rows as strips, the cache of strips, and what differs between rows.

Knows no cursor movement and no scrolling. A strip is kept by (row key, row version, cursor, mark, width).
"""

from collections.abc import Hashable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from vmss_tui.app.widgets.cells import GUTTER, fit, places_in, titled
from vmss_tui.app.widgets.strips import RoleStyles, paint
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Column, Piece, Place, Row

_MOST_STRIPS = 400


class RowPainter:
    """Paints the rows of one grid widget."""

    def __init__(self, widget: Widget, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._styles = RoleStyles(widget)
        self._strips: dict[Hashable, Strip] = {}
        self._places: tuple[Place, ...] = ()
        self._placed_for = -1

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, also those that have no room now."""
        return self._columns

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns."""
        self._columns = tuple(columns)
        self._placed_for = -1

    def forget(self) -> bool:
        """Colors or columns changed: nothing painted before can be used again. Whether a color of a role differs."""
        self._strips.clear()
        return self._styles.renew()

    def places(self, width: int) -> tuple[Place, ...]:
        """The positions of the columns in `width` cells."""
        if self._placed_for != width:
            self._places = places_in(self._columns, width)
            self._placed_for = width
        return self._places

    def column_at(self, x: int, width: int) -> Column | None:
        """The column at a cell."""
        spot = next((place for place in self.places(width) if place.x <= x < place.x + place.width), None)
        return self._columns[spot.index] if spot is not None else None

    def span(self, old: Row | None, new: Row | None, moved: bool, width: int) -> tuple[int, int] | None:
        """First cell and last cell + 1 in which two rows differ, None when they look alike; `moved`: the cursor did."""
        if old is None or new is None or moved or old.key != new.key:
            return None if old is new else (0, width)
        if new.same(old):
            return None
        spots = [
            spot
            for spot in self.places(width)
            if old.cells[spot.index : spot.index + 1] != new.cells[spot.index : spot.index + 1]
        ]
        return (spots[0].x, spots[-1].x + spots[-1].width) if spots else None

    def row(self, row: Row, current: bool, marked: bool, width: int) -> Strip:
        """A row as a strip."""
        key = (row.key, row.version if row.version is not None else row.cells, current, marked, width)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._painted(row, current, marked, width)
            if len(self._strips) > _MOST_STRIPS:
                self._strips.clear()
            self._strips[key] = strip
        return strip

    def _painted(self, row: Row, current: bool, marked: bool, width: int) -> Strip:
        over = self._over(current, marked)
        tone = (_plain if self._styles.few_colors else _raised) if current else tuple
        gutter: list[Piece] = [
            ("✓", Role.ACCENT) if marked else (" ", Role.PLAIN),
            ("▸ ", Role.ACCENT) if current else ("  ", Role.PLAIN),
        ]
        segments = paint(gutter, self._styles, over)
        x = GUTTER
        for spot in self.places(width):
            if spot.x > x:
                segments += paint([(" " * (spot.x - x), Role.PLAIN)], self._styles, over)
            column = self._columns[spot.index]
            content = row.cells[spot.index] if spot.index < len(row.cells) else ()
            pieces = fit(content, spot.width, right=column.right, middle=column.middle)
            segments += paint(tone(pieces), self._styles, over)
            x = spot.x + spot.width
        return Strip(Segment.simplify(segments)).adjust_cell_length(width, over)

    def header(self, sort: tuple[str, bool], width: int) -> Strip:
        """The titles, with an arrow at the column that the rows are sorted by."""
        style = self._styles.base + self._styles.component("grid--header")
        segments = [Segment(" " * GUTTER, style)]
        x = GUTTER
        for spot in self.places(width):
            if spot.x > x:
                segments.append(Segment(" " * (spot.x - x), style))
            segments.append(Segment(titled(self._columns[spot.index], sort, spot.width), style))
            x = spot.x + spot.width
        return Strip(Segment.simplify(segments)).adjust_cell_length(width, style)

    def blank(self, words: str, width: int) -> Strip:
        """A line without a row: empty, or a dim remark."""
        if not words:
            return Strip.blank(width, self._styles.base)
        pieces = fit([(" " * GUTTER, Role.PLAIN), (words, Role.DIM)], width)
        return Strip(paint(pieces, self._styles, self._styles.base), width)

    def _over(self, current: bool, marked: bool) -> Style:
        style = self._styles.base
        if marked:
            style += self._styles.component("grid--marked")
        if current:
            style += self._styles.component("grid--cursor")
        return style


_FAINT = (Role.DIM, Role.WAIT)


def _raised(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """The same text without the faint tones, which are not readable on the background of the cursor's row."""
    return [(text, Role.WELL if role in _FAINT else role) for text, role in pieces]


def _plain(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """The same text in one color: reversed, each color would be a block of its own."""
    return [(text, Role.PLAIN) for text, _ in pieces]
