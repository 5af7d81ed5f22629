"""The keys at the bottom: from the action table, one line, no recomposing; a click does what the key does.

Keys that cannot be used now are struck dim and still answer with the reason. Keys that do not fit are dropped from the
right; help stays. While a text is typed, only keys that are not typed into it are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from vmss_tui import text
from vmss_tui.app.actions.action import Action, ActionState
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece

_LAST = "app.help"
_GAP = 3


@dataclass(frozen=True, slots=True)
class _Entry:
    key: str
    label: str
    action: Action | None = None
    """None for a key of the text that is being typed."""

    @property
    def cells(self) -> int:
        return text.width(self.key) + 1 + text.width(self.label)


class KeyBar(Lines):
    """Set `actions` once and the state as it changes (`judge`)."""

    DEFAULT_CSS = "KeyBar { height: 1; padding: 0 1; &:hover { pointer: pointer; } }"

    @dataclass
    class Pressed(Message):
        """A key was clicked."""

        action_id: str

    def __init__(self, actions: Sequence[Action], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._actions = tuple(actions)
        self._state = ActionState()

    def judge(self, state: ActionState) -> None:
        """Show which keys can be used now."""
        if state != self._state:
            self._state = state
            self.reload()

    def lines(self, width: int) -> Sequence[Line]:
        """One line."""
        pieces: list[Piece] = []
        at = 0
        for start, entry in self._spots(width):
            possible = entry.action is None or entry.action.refusal(self._state) is None
            pieces.append((" " * (start - at), Role.PLAIN))
            pieces.append((entry.key, Role.ACCENT if possible else Role.WAIT))
            pieces.append((f" {entry.label}", Role.DIM if possible else Role.WAIT))
            at = start + entry.cells
        return (tuple(pieces),)

    def on_click(self, event: events.Click) -> None:
        """A click on a key."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for start, entry in self._spots(self.content_size.width):
            if entry.action is not None and start <= offset.x < start + entry.cells:
                self.post_message(self.Pressed(entry.action.id))

    def _spots(self, width: int) -> list[tuple[int, _Entry]]:
        """What fits, each with the cell where it begins."""
        kept = self._offered()
        gap = _GAP if width >= 100 else 2
        while len(kept) > 1 and sum(entry.cells + gap for entry in kept) - gap > width:
            last = kept[-1].action
            kept.pop(-2 if last is not None and last.id == _LAST else -1)
        spots: list[tuple[int, _Entry]] = []
        at = 0
        for entry in kept:
            spots.append((at, entry))
            at += entry.cells + gap
        return spots

    def _offered(self) -> list[_Entry]:
        """The bottom line in its order: keys of a text that is typed, actions that matter most now, the usual ones."""
        state = self._state
        first = [action for wanted in state.first for action in self._actions if action.id == wanted]
        aside = {*state.first, *state.without}
        usual = [action for action in self._actions if action.footer and action.id not in aside]
        usable = [(action.key(state), action) for action in (*first, *usual)]
        return [
            *(_Entry(key, label) for key, label in state.typing or ()),
            *(_Entry(key, state.labels.get(action.id, action.label), action) for key, action in usable if key),
        ]
