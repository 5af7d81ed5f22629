"""Fields of a form: a label, something to type into or choose from, and a remark that never moves the others.

Owns typing; the screen interprets and checks the texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, TextArea

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.plan.form import FieldSpec
from vmss_tui.presentation.table import Line, text_of
from vmss_tui.text import width

_LEAST_REMARK = 10
"""Cells below which the beginning of a remark says nothing; the status line has it in full."""
_LABEL = 14
"""Cells of a label; a longer one pushes its own input only."""


def readable_remark(remark: Line, cells: int) -> Line:
    """The remark, or nothing where only a few letters of it would be seen; errors are always shown."""
    quiet = all(role is Role.DIM for _, role in remark)
    return () if quiet and cells < min(_LEAST_REMARK, width(text_of(remark))) else remark


class Choice(Lines, can_focus=True):
    """A few words of which one is chosen: left, right and space change it, a click picks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "turn(-1)", "previous", show=False),
        Binding("right,l,space,enter", "turn(1)", "next", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another word was chosen."""

        choice: "Choice"
        value: str

        @property
        def control(self) -> "Choice":
            """The choice."""
            return self.choice

    def __init__(self, options: Sequence[str], value: str) -> None:
        super().__init__()
        self._options = tuple(options)
        self.value = value if value in options else options[0]

    def lines(self, width: int) -> Sequence[Line]:
        """The words in a row."""
        pieces = []
        for option in self._options:
            chosen = option == self.value
            pieces.append((f"{'●' if chosen else '○'} {option}  ", self._role(chosen)))
        return (tuple(pieces),)

    def _role(self, chosen: bool) -> Role:
        if not chosen:
            return Role.DIM
        return Role.ACCENT if self.has_focus else Role.PLAIN

    def choose(self, value: str) -> None:
        """Choose a word."""
        if value != self.value and value in self._options:
            self.value = value
            self.reload()
            self.post_message(self.Changed(self, value))

    def action_turn(self, by: int) -> None:
        """The next word, or the one before."""
        at = self._options.index(self.value)
        self.choose(self._options[(at + by) % len(self._options)])

    def on_focus(self) -> None:
        """Show it."""
        self.reload()

    def on_blur(self) -> None:
        """Show it."""
        self.reload()

    def on_click(self, event: events.Click) -> None:
        """Pick the word under the mouse."""
        x = 0
        for option in self._options:
            x += len(option) + 4
            if event.x < x:
                self.choose(option)
                return


class LinesArea(TextArea):
    """Several lines of text; tab leaves it, ctrl+up and ctrl+down move the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+up", "move_line(-1)", "move up", show=False),
        Binding("ctrl+down", "move_line(1)", "move down", show=False),
    ]

    def __init__(self, text: str, *, wrap: bool) -> None:
        super().__init__(text, soft_wrap=wrap, tab_behavior="focus", show_line_numbers=False, compact=True)
        self.cursor_blink = False

    def on_mount(self) -> None:
        """The cursor starts at the end of a list, and at the first line of a script."""
        if self.soft_wrap:
            self.move_cursor(self.document.end)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Function keys belong to the screen."""
        return False if action in ("select_line", "select_all") else super().check_action(action, parameters)

    def action_cursor_up(self, select: bool = False) -> None:
        """Up from the first line is the field above."""
        if self.cursor_location[0] == 0 and not select:
            self.screen.focus_previous()
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Down from the last line is the field below."""
        if self.cursor_location[0] == self.document.line_count - 1 and not select:
            self.screen.focus_next()
        else:
            super().action_cursor_down(select)

    def action_move_line(self, by: int) -> None:
        """Swap the line under the cursor with its neighbor."""
        lines = self.text.split("\n")
        row, column = self.cursor_location
        other = row + by
        if 0 <= other < len(lines):
            lines[row], lines[other] = lines[other], lines[row]
            self.text = "\n".join(lines)
            self.move_cursor((other, column))


class Field(Vertical):
    """One field of a form. `remark` is set by the screen: an error, a warning, or the arithmetic."""

    DEFAULT_CSS = """
    Field {
        height: auto;
        & > Horizontal { height: auto; }
        & .field-label { height: 1; }
        & .field-input { height: 1; padding: 0; background: $surface; }
        & .field-input:focus { background: $panel; }
        & .field-remark { height: 1; width: 1fr; padding: 0 1; }
        & .field-below { padding: 0 1 0 0; margin: 0 0 0 14; }
        & LinesArea {
            height: auto;
            min-height: 1;
            max-height: 8;
            background: $surface;
            padding: 0;
            border: none;
            scrollbar-size: 0 0;
        }
        & LinesArea:focus { background: $panel; }
        & Choice { height: 1; width: auto; min-width: 20; }
    }
    """

    @dataclass
    class Changed(Message):
        """A value was edited."""

        key: str
        text: str

    @dataclass
    class Entered(Message):
        """The field has the keyboard now."""

        key: str

    def __init__(self, spec: FieldSpec, value: str, *, many: bool = False, secret: bool = False) -> None:
        super().__init__(classes="field")
        self.spec = spec
        self._secret = secret
        self.control = self._made(value, many)
        """What has the keyboard."""
        self._remark: Line = ((spec.hint, Role.DIM),) if spec.hint else ()

    def compose(self) -> ComposeResult:
        """Label and control in a row; the remark beside a narrow control, below a wide one."""
        wide = not self.spec.cells and not self.spec.choices
        quiet = wide and not self.spec.hint
        below = Lines(
            lambda cells: (readable_remark(self._remark, cells),),
            classes="field-remark field-below" if wide else "field-remark",
        )
        with Horizontal():
            label = Lines(lambda _: (((self.spec.label, Role.DIM),),), classes="field-label")
            label.styles.width = max(_LABEL, len(self.spec.label) + 1)
            yield label
            if self.spec.cells:
                self.control.styles.width = self.spec.cells
            elif self.spec.choices:
                self.control.styles.width = sum(len(option) + 4 for option in self.spec.choices)
            yield self.control
            if not wide:
                yield below
        if wide and not quiet:
            yield below

    def _made(self, value: str, many: bool) -> Choice | LinesArea | Input:
        if self.spec.choices:
            return Choice(self.spec.choices, value)
        if many:
            return LinesArea(value, wrap=self.spec.key == "script.files")
        field = Input(
            value,
            placeholder=self.spec.placeholder,
            compact=True,
            password=self._secret,
            classes="field-input",
        )
        field.cursor_blink = False
        return field

    @property
    def value(self) -> str:
        """Its text."""
        return self.control.text if isinstance(self.control, LinesArea) else self.control.value

    def set_value(self, text: str) -> None:
        """Set the text; the screen gets the same message as for a typed text."""
        if isinstance(self.control, Choice):
            self.control.choose(text)
        elif isinstance(self.control, LinesArea):
            self.control.text = text
        else:
            self.control.value = text

    def reveal(self, shown: bool) -> None:
        """Show or hide the text of a secret field."""
        if self._secret and isinstance(self.control, Input):
            self.control.password = not shown

    def remark(self, line: Line) -> None:
        """The remark beside it; a wide field without a hint of its own has no room for one."""
        if line != self._remark:
            self._remark = line
            for lines in self.query(".field-remark").results(Lines):
                lines.reload()

    @property
    def cut_remark(self) -> str:
        """The remark in full when there is no room for it beside the field; else nothing."""
        words = text_of(self._remark)
        room = max((lines.size.width for lines in self.query(".field-remark").results(Lines)), default=0)
        return words if 0 < room < width(words) else ""

    def take_keyboard(self) -> None:
        """Type here."""
        self.control.focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Typed."""
        message.stop()
        self.post_message(self.Changed(self.spec.key, message.value))

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        """Typed."""
        message.stop()
        self.post_message(self.Changed(self.spec.key, message.text_area.text))

    def on_choice_changed(self, message: Choice.Changed) -> None:
        """Chosen."""
        message.stop()
        self.post_message(self.Changed(self.spec.key, message.value))

    def on_descendant_focus(self) -> None:
        """The keyboard came."""
        self.post_message(self.Entered(self.spec.key))


class FormBox(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The container of the fields; it scrolls by pages only, since up and down go from field to field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "page up", show=False),
        Binding("pagedown", "page_down", "page down", show=False),
    ]


class Heading(Lines):
    """A word over a group of fields."""

    DEFAULT_CSS = "Heading { height: 1; }"

    def __init__(self, words: str, *, classes: str = "") -> None:
        super().__init__(lambda _: (((words, Role.ACCENT),),), classes=classes)
