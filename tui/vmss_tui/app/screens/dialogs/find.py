"""The line in which one types what to find in a sheet."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role


class _FindInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", "forget", show=False),
        Binding("enter,down,up", "leave(True)", "keep", show=False),
    ]

    def action_leave(self, keep: bool) -> None:
        """Back to the text."""
        bar = self.parent
        if isinstance(bar, FindBar):
            bar.end(keep=bool(keep))


class FindBar(Horizontal):
    """`/ words`, hidden until it is used; says at once what is typed, and that one is done."""

    DEFAULT_CSS = """
    FindBar {
        height: 1;
        display: none;
        & > Lines { width: 3; }
        & > Input { width: 1fr; height: 1; background: transparent; }
    }
    """

    def __init__(self, typed: Callable[[str], None], left: Callable[[bool], None], *, id: str) -> None:  # noqa: A002
        """`left` gets whether what was typed is kept."""
        super().__init__(id=id)
        self._typed = typed
        self._left = left

    def compose(self) -> ComposeResult:
        """Sign and input."""
        yield Lines(lambda _: (((" / ", Role.ACCENT),),))
        yield _FindInput(compact=True, select_on_focus=False)

    @property
    def typing(self) -> bool:
        """Whether keys are text now."""
        return self.query_one(Input).has_focus

    def begin(self) -> None:
        """Accept typing from the very next key on."""
        self.display = True
        self.screen.set_focus(self.query_one(Input))

    def end(self, *, keep: bool = False) -> None:
        """Back to the text."""
        if not keep:
            self.query_one(Input).value = ""
        self.display = False
        self._left(keep)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Find while typing."""
        message.stop()
        self._typed(message.value)
