"""The keys at the bottom: from the action table, one line, no recomposing; a click does what the key does.

Keys that cannot be used now are struck dim and still answer with the reason. Keys that do not fit are dropped from the
right; help stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from vmss_tui import text
from vmss_tui.app.actions.action import Action, ActionState, shown
from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece

_LAST = "app.help"
_GAP = 3


@dataclass(frozen=True, slots=True)
class _Spot:
    start: int
    end: int
    action: Action


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
        for spot in self._spots(width):
            possible = spot.action.refusal(self._state) is None
            pieces.append((" " * (spot.start - at), Role.PLAIN))
            pieces.append((shown(spot.action.keys[0]), Role.ACCENT if possible else Role.WAIT))
            pieces.append((f" {self._label(spot.action)}", Role.DIM if possible else Role.WAIT))
            at = spot.end
        return (tuple(pieces),)

    def on_click(self, event: events.Click) -> None:
        """A click on a key."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for spot in self._spots(self.content_size.width):
            if spot.start <= offset.x < spot.end:
                self.post_message(self.Pressed(spot.action.id))

    def _spots(self, width: int) -> list[_Spot]:
        kept = self._offered()
        gap = _GAP if width >= 100 else 2

        def size(actions: Sequence[Action]) -> int:
            return sum(self._wide(action) for action in actions) + gap * max(0, len(actions) - 1)

        while len(kept) > 1 and size(kept) > width:
            kept.pop(-1 if kept[-1].id != _LAST else -2)
        spots: list[_Spot] = []
        at = 0
        for action in kept:
            spots.append(_Spot(at, at + self._wide(action), action))
            at += self._wide(action) + gap
        return spots

    def _offered(self) -> list[Action]:
        """The actions of the bottom line in their order: those that matter most now, then the usual ones."""
        state = self._state
        first = [action for wanted in state.first for action in self._actions if action.id == wanted]
        aside = {*state.first, *state.without}
        return [*first, *(action for action in self._actions if action.footer and action.id not in aside)]

    def _label(self, action: Action) -> str:
        return self._state.labels.get(action.id, action.label)

    def _wide(self, action: Action) -> int:
        return text.width(shown(action.keys[0])) + 1 + text.width(self._label(action))
