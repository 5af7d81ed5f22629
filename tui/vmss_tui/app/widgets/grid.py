"""A table of many rows that repaints only what changed (line API).

Owns cursor, marks, scrolling and the strip cache. It neither sorts nor filters nor formats: callers hand it rows.
The cursor stays on its row by key, over sorts, filters and refreshes; a cursor that was never moved stays on top.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeAlias

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vmss_tui.app.widgets import grid_events
from vmss_tui.app.widgets.cells import GUTTER
from vmss_tui.app.widgets.grid_paint import RowPainter
from vmss_tui.app.widgets.strips import ROLE_CSS
from vmss_tui.presentation.table import Cell, Column, Piece, Row, cell

__all__ = ["GUTTER", "Cell", "Column", "Grid", "Piece", "Row", "cell"]


class Grid(ScrollView, can_focus=True):
    """Rows under a header line; the header stays, the rows scroll."""

    ALLOW_SELECT = False
    LETTERS: ClassVar[frozenset[str]] = frozenset("G")  # capital ones that move the cursor
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--header", "grid--cursor", "grid--marked"}

    DEFAULT_CSS = (
        """
    Grid {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
"""
        + ROLE_CSS
        + """
        & > .grid--header { color: $foreground 60%; text-style: bold; }
        & > .grid--marked { background: $secondary 20%; }
        & > .grid--cursor { background: $foreground 8%; }
        &:focus > .grid--cursor { background: $primary 24%; }
    }
    """
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False),
        Binding("ctrl+d", "page(0.5)", "Half a page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
        Binding("enter", "select", "Open", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("shift+up", "mark_move(-1)", "Mark up", show=False),
        Binding("shift+down", "mark_move(1)", "Mark down", show=False),
    ]

    Highlighted: TypeAlias = grid_events.Highlighted
    Selected: TypeAlias = grid_events.Selected
    Sorted: TypeAlias = grid_events.Sorted
    Marked: TypeAlias = grid_events.Marked

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty: str = "",
        markable: bool = True,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._painter = RowPainter(self, columns)
        self._rows: tuple[Row, ...] = ()
        self._index: dict[str, int] = {}
        self._marks: frozenset[str] = frozenset()
        self._cursor = 0
        self.touched = False  # the cursor was moved
        self._sort: tuple[str, bool] = ("", False)
        self._empty, self._markable = empty, markable

    # -- what callers use ---------------------------------------------------------------------------------------

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows as last given."""
        return self._rows

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor."""
        return self._rows[self._cursor].key if self._rows else None

    @property
    def marks(self) -> frozenset[str]:
        """Keys of the marked rows, also of those that a filter hides now."""
        return self._marks

    @property
    def chosen(self) -> tuple[str, ...]:
        """What an action is about: the marked rows that are shown, else the row under the cursor."""
        marked = tuple(row.key for row in self._rows if row.key in self._marks)
        return marked or tuple(key for key in (self.cursor_key,) if key is not None)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; only cells that look different are painted again."""
        before, key, scroll = self._rows, self.cursor_key, self.scroll_offset.y
        visible = scroll <= self._cursor < scroll + self._page
        rows = tuple(rows)
        self._rows = rows
        self._index = {row.key: i for i, row in enumerate(rows)}
        cursor_before = self._cursor
        if self.touched and key in self._index:
            self._cursor = self._index[key]
        elif not self.touched:
            self._cursor = 0
        self._cursor = max(0, min(self._cursor, len(rows) - 1))
        self._resize_content()
        if visible:
            self._reveal()
        if self.scroll_offset.y == scroll:
            self._repaint(before, cursor_before, scroll)
        if self.cursor_key != key:
            self.post_message(self.Highlighted(self, self.cursor_key))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns; when they differ, everything is painted again."""
        if tuple(columns) != self._painter.columns:
            self._painter.set_columns(columns)
            self._forget()

    def set_empty(self, text: str) -> None:
        """The text shown when there are no rows."""
        if text != self._empty:
            self._empty = text
            if not self._rows:
                self._forget()

    def show_sort(self, column: str, *, reverse: bool = False) -> None:
        """Show in the header which order the rows are in."""
        if (column, reverse) != self._sort:
            self._sort = (column, reverse)
            self.refresh(Region(0, 0, self._width, 1))

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row; False when it is not there."""
        if key not in self._index:
            return False
        self._go(self._index[key])
        return True

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly these rows."""
        new = frozenset(keys)
        if new == self._marks:
            return
        changed = new ^ self._marks
        self._marks = new
        for key in changed:
            if key in self._index:
                self._refresh_row(self._index[key])
        self.post_message(self.Marked(self, new))

    # -- painting -----------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One line of the viewport: the header, then rows."""
        width = self._width
        if y == 0:
            return self._painter.header(self._sort, width)
        number = y - 1 + self.scroll_offset.y
        if number < len(self._rows):
            row = self._rows[number]
            return self._painter.row(row, number == self._cursor, row.key in self._marks, width)
        return self._painter.blank(self._empty if number == 0 else "", width)

    def notify_style_update(self) -> None:
        """Theme or focus changed: nothing painted before can be used again."""
        super().notify_style_update()
        if self._painter.forget():
            self.refresh()

    # -- repainting only what changed ---------------------------------------------------------------------------

    def _repaint(self, before: tuple[Row, ...], cursor_before: int, scroll: int) -> None:
        regions: list[Region] = []
        for y in range(1, self.size.height):
            number = y - 1 + scroll
            old = before[number] if number < len(before) else None
            new = self._rows[number] if number < len(self._rows) else None
            if old is None and new is None:
                if number == 0:
                    continue
                break
            moved = (number == cursor_before) != (number == self._cursor)
            span = self._painter.span(old, new, moved, self._width)
            if span is not None:
                regions.append(Region(span[0], y, span[1] - span[0], 1))
        if regions:
            self.refresh(*regions)

    def _refresh_row(self, number: int) -> None:
        y = number - self.scroll_offset.y + 1
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self._width, 1))

    def _forget(self) -> None:
        self._painter.forget()
        self.refresh()

    def _resize_content(self) -> None:
        size = Size(0, len(self._rows) + 1)
        if size != self.virtual_size:
            self.virtual_size = size

    # -- moving -------------------------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        """Cells beside the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def _page(self) -> int:
        return max(1, self.size.height - 1)

    def _go(self, number: int) -> None:
        if not self._rows:
            return
        number = max(0, min(number, len(self._rows) - 1))
        self.touched = number > 0
        if number == self._cursor:
            self._reveal()
            return
        old, self._cursor = self._cursor, number
        self._refresh_row(old)
        self._refresh_row(number)
        self._reveal()
        self.post_message(self.Highlighted(self, self.cursor_key))

    def _reveal(self) -> None:
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + self._page:
            self.scroll_to(y=self._cursor - self._page + 1, animate=False, force=True)

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._go(self._cursor + by)

    def action_page(self, by: float) -> None:
        """Move the cursor by pages or parts of a page."""
        self._go(self._cursor + int(by * self._page))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self._go(len(self._rows) - 1)

    def action_select(self) -> None:
        """Open the row under the cursor."""
        if self.cursor_key is not None:
            self.post_message(self.Selected(self, self.cursor_key))

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor."""
        if self.cursor_key is not None and self._markable:
            self.set_marks(self._marks ^ {self.cursor_key})

    def action_mark_move(self, by: int) -> None:
        """Mark the row under the cursor and move on."""
        if self.cursor_key is not None and self._markable:
            self.set_marks(self._marks | {self.cursor_key})
            self._go(self._cursor + by)
            self.set_marks(self._marks | {self.cursor_key})

    # -- mouse --------------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        """A title sorts, a row takes the cursor, the row under the cursor opens."""
        if event.y == 0:
            column = self._painter.column_at(event.x, self._width)
            if column is not None:
                self.post_message(self.Sorted(self, column.key))
            return
        number = event.y - 1 + self.scroll_offset.y
        if number >= len(self._rows):
            return
        if number == self._cursor and (self.touched or event.chain > 1):
            self.action_select()
        else:
            self._go(number)
            self.touched = True

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll without animation, three rows a notch."""
        self._wheel(event, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll without animation, three rows a notch."""
        self._wheel(event, -3)

    def _wheel(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        event.prevent_default()
        self.scroll_relative(y=by, animate=False, force=True)

    def on_resize(self) -> None:
        """Keep the cursor visible."""
        self._resize_content()
        self._reveal()
