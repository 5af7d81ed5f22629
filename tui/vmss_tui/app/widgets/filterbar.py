"""The line for filtering: an input that is quiet until asked for, and the modes at its right.

Owns the text; the screen interprets it. Escape clears, enter keeps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from vmss_tui import text
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.app.widgets.tabs import ModeTabs
from vmss_tui.presentation.glyphs import Role


class _FilterInput(Input):
    """An input that cannot be reached by tab while no filter is being typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "clear", show=False),
        Binding("enter,down", "leave(False)", "keep", show=False),
    ]

    def on_resize(self) -> None:
        """A badge of the modes takes room from the hint."""
        bar = self.parent
        if isinstance(bar, FilterBar):
            bar.fit_hint()

    def action_leave(self, clear: bool) -> None:
        """Back to the list."""
        bar = self.parent
        if isinstance(bar, FilterBar):
            bar.leave(clear=bool(clear))


class FilterBar(Horizontal):
    """`/ filter…`, with the modes at the right on the first screens."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        & > .filter--sign { width: 3; }
        & > Input { width: 1fr; height: 1; background: transparent; }
    }
    """

    @dataclass
    class Changed(Message):
        """The filter is being edited."""

        value: str

    class Left(Message):
        """Back to the list."""

    def __init__(
        self,
        hint: str,
        *,
        mode: int = 0,
        leave: Callable[[str], None] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """`leave` gets the text at once when the focus returns to the list, and must move the focus.

        Messages would come after keys that were typed ahead, which would then act on rows that are about to go.
        """
        super().__init__(id=id)
        self._hint = hint
        self._mode = mode
        self._leave = leave

    def compose(self) -> ComposeResult:
        """Sign, input, modes."""
        yield Lines(lambda _: (((" / ", Role.ACCENT if self.value else Role.DIM),),), classes="filter--sign")
        field = _FilterInput(placeholder=self._hint, compact=True, select_on_focus=False)
        field.cursor_blink = False
        field.can_focus = False
        yield field
        if self._mode:
            yield ModeTabs(self._mode)

    def set_hint(self, hint: str) -> None:
        """Another example of what one can type."""
        if hint != self._hint:
            self._hint = hint
            self.fit_hint()

    def fit_hint(self) -> None:
        """A hint that does not fit ends in an ellipsis."""
        field = self.query_one(Input)
        field.placeholder = text.cut_end(self._hint, max(1, field.size.width - 2))

    @property
    def value(self) -> str:
        """The filter as typed."""
        return self.query_one(Input).value if self.is_mounted else ""

    def set_value(self, value: str) -> None:
        """Filter by this."""
        self.query_one(Input).value = value

    def begin(self) -> None:
        """Accept typing, from the very next key on (`focus` would only come after keys typed ahead)."""
        field = self.query_one(Input)
        field.can_focus = True
        self.screen.set_focus(field)

    def leave(self, *, clear: bool) -> None:
        """Back to the list, with or without the filter."""
        field = self.query_one(Input)
        if clear:
            field.value = ""
        if self._leave is not None:
            self._leave(field.value)
        field.can_focus = False
        self.post_message(self.Left())

    def on_input_changed(self, message: Input.Changed) -> None:
        """Post the change to the screen."""
        message.stop()
        self.query_one(".filter--sign", Lines).reload()
        self.post_message(self.Changed(message.value))
