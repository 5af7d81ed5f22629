"""Ask for one line of text, or for one of several things."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from vmss_tui import text
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.widgets.grid import Grid
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Column, Line, Row, text_of


class PromptScreen(DialogStyle[str | None]):
    """One line; `check` says what is wrong with it, or nothing. Answers None when it was left.

    An empty line is an answer only where it is `optional`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", id="prompt.leave")]

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        check: Callable[[str], str] = lambda typed: "",
        optional: bool = False,
    ) -> None:
        super().__init__()
        self._optional = optional
        self._title = text.plain(title)
        self._value = value
        self._check = check
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Title, input, what is wrong."""
        with Vertical(classes="dialog", id="prompt"):
            yield Lines(lambda width: [((part, Role.ACCENT),) for part in text.wrap(self._title, width)])
            yield Input(self._value, id="line", compact=True, select_on_focus=False)
            yield Lines(self._foot, id="foot", classes="dialog-foot")

    def _foot(self, width: int) -> Sequence[Line]:
        if self._problem:
            return (((self._problem, Role.WARN),),)
        return ((("enter: accept   esc: cancel", Role.DIM),),)

    @on(Input.Changed)
    def typed(self) -> None:
        """The complaint goes while typing."""
        self._problem = ""
        self.query_one("#foot", Lines).reload()

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Accept it, or say what is wrong."""
        value = message.value.strip()
        empty = not value and not self._optional
        self._problem = "Type a value, or press esc to cancel" if empty else self._check(value)
        if self._problem:
            self.query_one("#foot", Lines).reload()
        else:
            self.dismiss(value)

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)


def _apart(typed: str, name: str) -> int:
    """How far a name is from what is typed: 0 the same, 1 it begins so, 2 neither."""
    low = name.strip().lower()
    return 0 if low == typed else 1 if low.startswith(typed) else 2


class PickScreen(DialogStyle[str | None]):
    """Choose a row by typing part of it; answers its key, or None when it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", id="pick.leave"),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, title: str, columns: Sequence[Column], rows: Sequence[Row], *, empty: str = "") -> None:
        super().__init__()
        self._title = text.plain(title)
        self._columns = columns
        self._rows = tuple(rows)
        self._empty = empty

    def compose(self) -> ComposeResult:
        """Title, input, rows."""
        with Vertical(classes="dialog dialog-tall", id="pick"):
            yield Lines(lambda width: [((part, Role.ACCENT),) for part in text.wrap(self._title, width)])
            yield Input(placeholder="type to filter", id="line", compact=True)
            yield Grid(self._columns, empty=self._empty, id="choices")
            yield Lines(lambda width: ((("enter: choose   esc: cancel", Role.DIM),),), classes="dialog-foot")

    def on_mount(self) -> None:
        """All rows at first."""
        self.query_one("#choices", Grid).set_rows(self._rows)
        self.query_one("#line", Input).focus()

    @on(Input.Changed)
    def narrow(self, message: Input.Changed) -> None:
        """Rows that hold every typed word; before all others, those whose name it is or begins."""
        typed = message.value.lower().strip()
        found = [
            row
            for row in self._rows
            if all(word in " ".join(text_of(part) for part in row.cells).lower() for word in typed.split())
        ]
        grid = self.query_one("#choices", Grid)
        grid.set_rows(sorted(found, key=lambda row: _apart(typed, text_of(row.cells[0]))) if typed else found)
        if typed:
            grid.action_first()

    @on(Input.Submitted)
    @on(Grid.Selected)
    def choose(self) -> None:
        """The row under the cursor."""
        key = self.query_one("#choices", Grid).cursor_key
        if key is not None:
            self.dismiss(key)

    def action_move(self, by: int) -> None:
        """Move in the rows while typing."""
        self.query_one("#choices", Grid).action_move(by)

    def action_leave(self) -> None:
        """No answer."""
        self.dismiss(None)
