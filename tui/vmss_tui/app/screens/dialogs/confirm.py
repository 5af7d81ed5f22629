"""Ask before something happens: No is the default; large and production changes need the set's name typed.

Pure question and answer: the caller carries out what was confirmed.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input

from vmss_tui import text
from vmss_tui.app.effects import Question
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line
from vmss_tui.text import wrap

_FRAME = 9
"""Lines of a dialog without its text: border, padding, title, margins, buttons."""


class ConfirmScreen(DialogStyle[bool]):
    """Answers True only for a deliberate yes, False for the other button, None for esc."""

    AUTO_FOCUS = "#no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "no", id="confirm.no"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
        Binding("y", "yes", show=False, id="confirm.yes"),
        Binding("n", "refuse", show=False, id="confirm.refuse"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._details = question.details
        self._refusal = ""
        self._ready = False

    def compose(self) -> ComposeResult:
        """Title, text that scrolls, the name to type, two buttons."""
        ask = self._question
        with Vertical(classes="dialog", id="confirm"):
            yield Lines(lambda width: [((part, ask.role),) for part in wrap(text.plain(ask.title), width)])
            if ask.details:
                with VerticalScroll(classes="dialog-text", can_focus=False):
                    yield Lines(self.details, id="details")
            else:
                yield Lines(lambda _: ((),))
            if ask.type_this:
                yield Lines(self.prompt, classes="dialog-prompt")
                yield Input(id="name", compact=True, select_on_focus=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button(ask.no, id="no", compact=True)
                yield Button(ask.yes, id="yes", compact=True, disabled=bool(ask.type_this))

    def details(self, width: int) -> Sequence[Line]:
        """What will happen, wrapped."""
        return [part for line in self._details for part in wrap_line(line, width)]

    def prompt(self, width: int) -> Sequence[Line]:
        """The text to type; the effect of enter once it is typed; the error in it."""
        if self._ready:
            yes, here = (self._question.yes, Role.ACCENT), self.focused is self.query_one("#yes", Button)
            if here:
                return ((("Press enter: ", Role.DIM), yes),)
            return ((("Press enter to select ", Role.DIM), yes, (", then enter to confirm", Role.DIM)),)
        name = text.cut_middle(text.plain(self._question.type_this), max(8, width - 34))
        lead = (self._refusal, Role.WARN) if self._refusal else ("Type ", Role.DIM)
        return ((lead, (name, Role.ACCENT), (" to confirm:", Role.DIM)),)

    def on_mount(self) -> None:
        """The cursor is where one types, or on No."""
        if self._question.type_this:
            self.query_one("#name", Input).focus()
        if self._question.refresh is not None:
            self.set_interval(1.0, self._refresh_details)

    def on_descendant_focus(self) -> None:
        """Enter means something else on the button."""
        for prompt in self.query(".dialog-prompt").results(Lines):
            prompt.reload()

    def _refresh_details(self) -> None:
        if self._question.refresh is not None:
            self._details = self._question.refresh()
            self.query_one("#details", Lines).reload()

    def on_resize(self) -> None:
        """The text gets all the room that the rest of the dialog leaves."""
        for box in self.query(".dialog-text"):
            box.styles.max_height = max(3, self.size.height * 9 // 10 - _FRAME - (3 if self._question.type_this else 0))

    @on(Input.Changed, "#name")
    def typed(self, message: Input.Changed) -> None:
        """Yes can be pressed once the name is right."""
        self._ready, self._refusal = self._right(message.value), ""
        self.query_one("#yes", Button).disabled = not self._ready
        self.query_one(".dialog-prompt", Lines).reload()

    @on(Input.Submitted, "#name")
    def submitted(self, message: Input.Submitted) -> None:
        """Enter moves the focus to the button and does not press it."""
        if self._right(message.value):
            self.query_one("#yes", Button).focus()
            return
        self._refusal = "Does not match. Type " if message.value.strip() else "Type "
        self.query_one(".dialog-prompt", Lines).reload()

    @on(Button.Pressed, "#yes")
    def accept(self) -> None:
        """Yes."""
        self.dismiss(True)

    @on(Button.Pressed, "#no")
    def refuse(self) -> None:
        """No."""
        self.dismiss(False)

    def action_yes(self) -> None:
        """Yes, unless a name must be typed first."""
        if not self.query_one("#yes", Button).disabled:
            self.dismiss(True)

    def action_refuse(self) -> None:
        """No."""
        self.dismiss(False)

    def action_leave(self) -> None:
        """Neither."""
        self.dismiss(None)

    def _right(self, typed: str) -> bool:
        return typed.strip() == self._question.type_this


def wrap_line(line: Line, width: int) -> Sequence[Line]:
    """A line of one piece wrapped to `width`; lines of several pieces are kept as they are."""
    if len(line) != 1:
        return (line,)
    words, role = line[0]
    indent = " " * (len(words) - len(words.lstrip()))
    parts = wrap(words, max(8, width - len(indent)))
    return tuple(((indent + part, role),) for part in parts) or ((),)
