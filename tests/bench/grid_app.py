"""A bare app with one grid, for measuring bytes and time in a terminal: `python -m bench.grid_app ROWS HERTZ`.

`u` changes one row; with HERTZ > 0 every row changes that often by itself; `q` quits.
"""

import sys
from collections.abc import Callable
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType

from vmss_tui.app.widgets.grid import Column, Grid, Row, cell
from vmss_tui.domain.rollout.events import Phase
from vmss_tui.presentation.glyphs import PHASE, Mark, Role
from vmss_tui.presentation.table import Cell

COLUMNS = (
    Column("id", "ID", 4, right=True),
    Column("name", "NAME", 16, middle=True),
    Column("zone", "ZONE", 4, right=True, priority=3),
    Column("batch", "BATCH", 5, right=True, priority=2),
    Column("version", "VERSION", 22),
    Column("script", "SCRIPT", 16),
    Column("since", "SINCE", 6, right=True),
    Column("message", "LAST MESSAGE", 16, flex=1, priority=1),
)


def state(mark: Mark, since: str) -> Cell:
    """A glyph with its word in its role, and a dim time, as in the product's own rows."""
    return ((mark.text(), mark.role), (f" {since}", Role.DIM))


def rows(count: int, ticks: Callable[[int], int]) -> tuple[Row, ...]:
    """Rows in which `ticks(number)` decides the age and the state."""
    phases = (PHASE[Phase.UPDATING], PHASE[Phase.SCRIPT], PHASE[Phase.HEALTH], PHASE[Phase.DONE])
    found = []
    for n in range(count):
        tick = ticks(n)
        cells = (
            cell(str(n)),
            cell(f"web-weu_{n}"),
            cell(str(n % 3 + 1)),
            cell(str(n // 12 + 1)),
            cell("web 2.4.0 → web 2.5.0"),
            state(phases[tick % 4], f"{tick // 60:02}:{tick % 60:02}"),
            cell(f"{tick // 60:02}:{tick % 60:02}", Role.DIM),
            cell("Enable in progress" if tick % 2 else "Plugin enabled"),
        )
        found.append(Row(str(n), cells, (n, tick)))
    return tuple(found)


class GridApp(App[None]):
    """One grid, nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("q", "quit", "quit"),
        ("u", "update", "update"),
        ("a", "all", "all"),
    ]

    def __init__(self, count: int, hertz: float) -> None:
        super().__init__()
        self.count, self.hertz, self.tick = count, hertz, 0

    def compose(self) -> ComposeResult:
        """One grid."""
        yield Grid(COLUMNS)

    def on_mount(self) -> None:
        """Fill it."""
        self.query_one(Grid).set_rows(rows(self.count, lambda _: 0))
        self.query_one(Grid).focus()
        if self.hertz:
            self.set_interval(1 / self.hertz, self.action_all)

    def action_update(self) -> None:
        """Change one row."""
        self.tick += 1
        self.query_one(Grid).set_rows(rows(self.count, lambda n: self.tick if n == 3 else 0))

    def action_all(self) -> None:
        """Change every row."""
        self.tick += 1
        self.query_one(Grid).set_rows(rows(self.count, lambda n: self.tick + n))


if __name__ == "__main__":
    GridApp(int(sys.argv[1]), float(sys.argv[2])).run()
