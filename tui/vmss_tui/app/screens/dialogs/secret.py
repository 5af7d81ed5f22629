"""Ask for a protected value. Typed secrets live in `Secret` only."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from vmss_tui import text
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line


class SecretScreen(DialogStyle[Secret | None]):
    """Ask for a protected value; the input is never shown, kept or logged. Answers None when it was left."""

    CSS: ClassVar[str] = "SecretScreen { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "leave", id="secret.leave")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = text.plain(question)
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Question, a masked line, what to press."""
        with Vertical(classes="dialog", id="secret"):
            yield Lines(lambda width: (((text.cut_end(self._question, width), Role.ACCENT),),))
            field = Input(password=True, id="line", compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Lines(self._foot, id="foot", classes="dialog-foot")

    def _foot(self, width: int) -> Sequence[Line]:
        if self._problem:
            return (((self._problem, Role.WARN),),)
        return ((("for the runner only, never stored   enter: accept   esc: cancel", Role.DIM),),)

    @on(Input.Submitted)
    def submitted(self, message: Input.Submitted) -> None:
        """Take it."""
        if message.value:
            self.dismiss(Secret(message.value))
            return
        self._problem = "Type a value, or press esc to cancel"
        self.query_one("#foot", Lines).reload()

    def action_leave(self) -> None:
        """No value."""
        self.dismiss(None)
