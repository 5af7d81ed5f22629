"""Choose which columns a list shows, and in which order."""

from collections.abc import Container, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from vmss_tui import text
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.widgets.grid import Grid
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Column, Row, cell

_COLUMNS = (Column("title", "COLUMN", 16), Column("key", "NAME IN FILTERS", 16, flex=1))
_HELP = "space: show or hide   J K: move down or up   r: as configured   enter: accept   esc: cancel"


class ColumnsScreen(DialogStyle[tuple[str, ...] | None]):
    """Answers the keys of the columns in their order, an empty tuple for the configured ones, None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "leave", id="columns.leave"),
        Binding("J", "shift(1)", "down", show=False, id="columns.down"),
        Binding("K", "shift(-1)", "up", show=False, id="columns.up"),
        Binding("r", "reset", "reset", show=False, id="columns.reset"),
    ]

    def __init__(self, columns: Sequence[Column], shown: Sequence[str], fields: Container[str]) -> None:
        """`columns` can be shown; those of `shown` are, in its order. `fields`: the keys that a filter takes."""
        super().__init__()
        self._fields = fields
        self._titles = {column.key: column.title for column in columns}
        self._order = [*shown, *(key for key in self._titles if key not in shown)]
        self._shown = frozenset(shown)

    def compose(self) -> ComposeResult:
        """Title, columns, keys."""
        with Vertical(classes="dialog dialog-tall", id="columns"):
            yield Lines(lambda width: ((("Columns", Role.ACCENT),),))
            yield Grid(_COLUMNS, id="choices")
            yield Lines(lambda width: [((part, Role.DIM),) for part in text.wrap(_HELP, width)], classes="dialog-foot")

    @property
    def _grid(self) -> Grid:
        return self.query_one("#choices", Grid)

    def on_mount(self) -> None:
        """The list has the keyboard."""
        self._draw()
        self._grid.set_marks(self._shown)
        self._grid.focus()

    def _draw(self) -> None:
        rows = []
        for key in self._order:
            shown = key in self._shown
            title = f"{'●' if shown else '○'} {self._titles[key]}"
            filtered = f"{key}:" if key in self._fields else "–"
            rows.append(Row(key, (cell(title, Role.PLAIN if shown else Role.WAIT), cell(filtered, Role.DIM))))
        self._grid.set_rows(rows)

    @on(Grid.Marked)
    def show(self, message: Grid.Marked) -> None:
        """The marked columns are shown; the last one stays."""
        if message.keys:
            self._shown = message.keys
            self._draw()
        else:
            self._grid.set_marks(self._shown)

    @on(Grid.Selected)
    def accept(self) -> None:
        """The columns that are shown."""
        self.dismiss(tuple(key for key in self._order if key in self._shown))

    def action_shift(self, by: int) -> None:
        """Move the column."""
        key = self._grid.cursor_key
        if key is None:
            return
        at = self._order.index(key)
        self._order.insert(max(0, min(len(self._order) - 1, at + by)), self._order.pop(at))
        self._draw()
        self._grid.move_to(key)

    def action_reset(self) -> None:
        """The configured ones."""
        self.dismiss(())

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)
