"""Painting over a thin line, such as 64 kbit/s: keys before everything else, and never more than the line carries.

Changes without a key are painted twice a second, row by row, as far as the line has room; the effect of a key is sent
at once, the row of the cursor first. A region that waits is painted as it is when its turn comes, so nothing piles up:
neither here nor, which would delay the answer to a key, in the line. Leans on Textual's compositor, as `compat` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from textual import events
from textual._compositor import Compositor
from textual.geometry import Region
from textual.screen import Screen

from vmss_tui.app.widgets.grid import Grid

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.app import App

BYTES_A_SECOND = 6000.0
"""What is sent at most: three quarters of 64 kbit/s, so that the line is never full."""
TICK_SECONDS = 5.0
"""Between two updates of ages and clocks."""
_SLOT_SECONDS = 0.5
"""Between two repaints of what changes by itself."""
_AHEAD = 700.0
"""Bytes that may be on the line when a key comes."""
_KEY_BYTES = 1000.0
"""Bytes that the answer to a key may send at once."""
_KEY_SECONDS = 0.15
"""How long after a key a change counts as its answer."""
_CELL, _SPAN = 1.5, 16
"""Bytes of a cell, with its share of colors, and of moving to a span of cells."""


@dataclass
class Allowance:
    """What may be sent now: it fills at the pace of the line, and a key may overdraw it."""

    clock: Callable[[], float] = monotonic
    level: float = _AHEAD
    at: float = 0.0
    key_at: float = -1.0
    slot_at: float = 0.0

    def refill(self) -> float:
        """Bytes that may be sent now."""
        now = self.clock()
        self.level = min(_AHEAD, self.level + (now - self.at) * BYTES_A_SECOND)
        self.at = now
        return self.level

    def pressed(self) -> None:
        """A key came."""
        self.key_at = self.clock()

    @property
    def answering(self) -> bool:
        """Whether what changes now answers a key."""
        return 0 <= self.clock() - self.key_at < _KEY_SECONDS

    def choose(self, fresh: Iterable[Region], waiting: set[Region], cursor: int) -> list[Region]:
        """The lines to paint now, taken out of `waiting`, where the fresh ones go first; `cursor` is the cursor's."""
        level, now = self.refill(), self.clock()
        lines = [line for region in fresh for line in _lines(region)]
        answer = self.answering
        if answer:
            level = max(level, _KEY_BYTES)
            waiting.difference_update(lines)
        else:
            waiting.update(lines)
            if now - self.slot_at < _SLOT_SECONDS:
                return []
            self.slot_at = now
        painted: list[Region] = []
        for line in sorted(lines if answer else waiting, key=lambda it: (abs(it.y - cursor), it.x)):
            cost = _cost(line)
            if cost > level and (painted or level < _AHEAD):
                waiting.add(line)
                continue
            waiting.discard(line)
            painted.append(line)
            level -= cost
            self.level -= cost
        return painted


def _lines(region: Region) -> list[Region]:
    return [Region(region.x, y, region.width, 1) for y in range(region.y, region.bottom)]


def _cost(line: Region) -> float:
    return line.width * _CELL + _SPAN


class ThinLine:
    """Holds back what an app paints."""

    def __init__(self, app: App[Any], allowance: Allowance | None = None) -> None:
        self._app = app
        self._allowance = allowance or Allowance()
        self._waiting: WeakKeyDictionary[Compositor, set[Region]] = WeakKeyDictionary()
        self._due = False

    def install(self) -> None:
        """From now on what is painted passes here."""
        render = Compositor.render_update
        line = self

        def render_update(
            compositor: Compositor,
            full: bool = False,
            screen_stack: list[Screen[Any]] | None = None,
            simplify: bool = False,
        ) -> RenderableType | None:
            if full or compositor.size.region in compositor._dirty_regions:
                line._waiting.pop(compositor, None)
            elif not line._admit(compositor):
                return None
            return render(compositor, full, screen_stack, simplify)

        Compositor.render_update = render_update  # type: ignore[method-assign,assignment]

    def saw(self, event: events.Event) -> None:
        """Keys, clicks and the wheel are answered first."""
        if isinstance(event, (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)):
            self._allowance.pressed()

    def _admit(self, compositor: Compositor) -> bool:
        """Leave in the compositor what is to be painted now; whether there is any."""
        waiting = self._waiting.setdefault(compositor, set())
        chosen = self._allowance.choose(compositor._dirty_regions, waiting, self._cursor())
        compositor._dirty_regions.clear()
        compositor._dirty_regions.update(chosen)
        if waiting and not self._due:
            self._due = True
            self._app.set_timer(_SLOT_SECONDS, self._next)
        return bool(chosen)

    def _next(self) -> None:
        self._due = False
        screen = self._app.screen
        if self._waiting.get(screen._compositor):
            screen._compositor_refresh()

    def _cursor(self) -> int:
        """The line of the screen on which the cursor is; the first one without a list."""
        grid = self._app.focused
        if not isinstance(grid, Grid):
            return 0
        number = next((i for i, row in enumerate(grid.rows) if row.key == grid.cursor_key), 0)
        return int(grid.region.y + 1 + number - grid.scroll_offset.y)
