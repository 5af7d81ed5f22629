"""The keys of one screen, with what they do and why some cannot be used now. Generated from the action table."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from vmss_tui import text
from vmss_tui.app.actions.action import Action, ActionState, Place, shown
from vmss_tui.app.actions.table import action, actions_at
from vmss_tui.app.screens.dialogs.style import DialogStyle
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line
from vmss_tui.text import wrap

_FIELDS = (
    ("up down tab", "Next or previous field"),
    ("left right space", "Choose another word, where words are offered"),
    ("ctrl+up ctrl+down", "Move a line of the files"),
    ("pgup pgdn", "Scroll the form"),
    ("f1 ctrl+p esc", "Work in a text, too; single characters such as ? and : are typed into it"),
)
_MOVES = (
    ("up down j k", "Move"),
    ("pgup pgdn", "Move by pages; ctrl+u and ctrl+d by half a page"),
    ("home end g G", "First and last line"),
    ("shift+up shift+down", "Mark while moving (instances)"),
    ("tab", "Next part of the screen"),
    ("shift+drag", "Select text with the mouse (in most terminals)"),
)


class HelpScreen(DialogStyle[None]):
    """Help over the screen it is about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", id="help.close"),
    ]

    def __init__(self, place: Place, state: ActionState, *, sorts: Sequence[tuple[str, str]] = ()) -> None:
        """`sorts`: letters and the columns that they sort by."""
        super().__init__()
        self._sorts = tuple(sorts)
        self._place = place
        self._state = state

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with VerticalScroll(classes="sheet", id="help"):
            yield Lines(self.lines)

    def lines(self, width: int) -> Sequence[Line]:
        """Keys of the place, those that can be used now first; general keys, moves."""
        general = actions_at(Place.ANYWHERE, general=False)
        own = actions_at(self._place, general=False)
        possible = [entry for entry in own if entry.refusal(self._state) is None]
        others = [entry for entry in own if entry not in possible]
        lines: list[Line] = [_title(self._place.value)]
        lines += [line for entry in possible for line in _lines(entry, self._state, width)]
        if others:
            lines += [(), _title("Not now")] if possible else []
            lines += [line for entry in others for line in _lines(entry, self._state, width)]
        lines += [(), _title("Anywhere")]
        lines += [line for entry in general for line in _lines(entry, self._state, width)]
        moves, over = (_FIELDS, "Form") if self._place is Place.DEPLOY else (_MOVES, "Lists")
        lines += [(), _title(over)]
        lines += [
            ((text.fit(f" {keys}" if part == 0 else "", 22), Role.ACCENT), (words, Role.PLAIN))
            for keys, what in moves
            for part, words in enumerate(wrap(what, max(20, width - 23)))
        ]
        if self._sorts:
            lines += [(), _title("Sort by a column; once more reverses")]
            lines += [((text.fit(f" {key}", 22), Role.ACCENT), (what, Role.PLAIN)) for key, what in self._sorts]
        lines += [(), ((" esc: close", Role.DIM),)]
        return lines

    def on_key(self, event: events.Key) -> None:
        """The key that opened it closes it."""
        if event.key in action("app.help").keys:
            event.stop()
            self.action_close()

    def action_close(self) -> None:
        """Back to the screen beneath."""
        self.dismiss(None)


def _title(words: str) -> Line:
    return ((f" {words.upper()}", Role.DIM),)


def _lines(action: Action, state: ActionState, width: int) -> list[Line]:
    keys = "  ".join(shown(key) for key in action.keys)
    reason = action.refusal(state)
    role = Role.PLAIN if reason is None else Role.WAIT
    first, *rest = wrap(action.help, max(20, width - 23))
    lines: list[Line] = [((text.fit(f" {keys}", 22), Role.ACCENT if reason is None else Role.WAIT), (first, role))]
    lines += [((" " * 22, Role.PLAIN), (part, role)) for part in rest]
    if reason is not None:
        lines += [
            ((" " * 22, Role.PLAIN), (part, Role.WARN)) for part in wrap(f"not now: {reason}", max(20, width - 23))
        ]
    return lines
