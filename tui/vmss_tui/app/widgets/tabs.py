"""The modes at the right of the filter line: which one is on, and a click to the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from vmss_tui.app.widgets.lines import Lines
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece

_MODES = (("1", "Fleet", "app.fleet"), ("2", "Rollouts", "app.rollouts"), ("3", "Profiles", "app.profiles"))
_GAP = 2


class ModeTabs(Lines):
    """`1 Fleet  2 Rollouts  3 Profiles` with the current one lit."""

    DEFAULT_CSS = "ModeTabs { height: 1; &:hover { pointer: pointer; } }"

    @dataclass
    class Pressed(Message):
        """A mode was clicked."""

        action_id: str

    def __init__(self, current: int) -> None:
        super().__init__()
        self._current = current
        self._badge = 0
        self.styles.width = self._width()

    def set_badge(self, count: int) -> None:
        """How many rollouts wait for a person."""
        if count != self._badge:
            self._badge = count
            self.styles.width = self._width()
            self.reload()

    def _labels(self) -> tuple[tuple[str, str, str, str], ...]:
        """Key, name, action and badge of each mode."""
        return tuple(
            (key, name, action, f" ▲{self._badge}" if self._badge and action == "app.rollouts" else "")
            for key, name, action in _MODES
        )

    def _width(self) -> int:
        return sum(len(key) + 1 + len(name) + len(badge) + _GAP for key, name, _, badge in self._labels()) - _GAP + 1

    def lines(self, width: int) -> Sequence[Line]:
        """One line."""
        pieces: list[Piece] = []
        for number, (key, name, _, badge) in enumerate(self._labels(), 1):
            role = Role.ACCENT if number == self._current else Role.DIM
            pieces += [(f"{key} {name}", role), (badge, Role.WARN), (" " * _GAP, Role.PLAIN)]
        return (tuple(pieces[:-1]),)

    def on_click(self, event: events.Click) -> None:
        """A click on a mode."""
        at = 0
        for key, name, action_id, badge in self._labels():
            end = at + len(key) + 1 + len(name) + len(badge)
            if at <= event.x < end:
                self.post_message(self.Pressed(action_id))
            at = end + _GAP
