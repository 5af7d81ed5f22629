"""The rows of the list of scale sets in the first frame, from the kept inventory: painted before Textual is imported.

The list's own functions give the rows, their order, their columns and the places of these, so that nothing moves when
the app paints over them. A list that begins filtered, grouped or elsewhere is not painted. Imports no Textual.
"""

from collections.abc import Iterator
from datetime import datetime

from vmss_tui import text
from vmss_tui.app.places.last_place import LastPlace
from vmss_tui.app.widgets.cells import GUTTER, LIST_SHARE, PANE_FROM, fit, places_in, titled
from vmss_tui.config.lists import ListSettings
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import FleetSnapshot
from vmss_tui.presentation.fleet.rows import FLEET, FleetView, RowCache, key_of, shown_entries, table_of, tenant_names
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Cell, Column, Row
from vmss_tui.text import ascii_only

_TITLES = 4
"""The line of the titles: below header, filter and rule."""
_BELOW = 2
"""Lines below the list: status and keys."""
_MOST_SETS = 500
"""Rows of more scale sets take so long that the app comes first."""
_SHAPES = {Role.BAD: "1", Role.ACCENT: "1", Role.DIM: "2", Role.WAIT: "2"}
"""Bold and dim only, which every theme and NO_COLOR agree with."""


def rows_frame(
    kept: FleetSnapshot,
    lists: ListSettings,
    last: LastPlace,
    favorites: frozenset[ScaleSetId],
    now: datetime,
    size: tuple[int, int],
    *,
    ascii_signs: bool = False,
) -> str:
    """The titles and rows for a terminal of `size` columns and lines; empty where the list begins otherwise."""
    was = last if lists.restore else LastPlace()
    if lists.app_filter or was.group or was.mode != "fleet" or was.opened or len(kept.entries) > _MOST_SETS:
        return ""
    columns, lines = size
    chosen = tuple(key for key in last.columns if key in FLEET.choices) or lists.app_columns
    know = Knowledge(now=now, favorites=favorites, tenants=tenant_names(kept), columns=chosen)
    order = was.order if was.order in FLEET.orders else "name"
    entries = shown_entries(kept, FleetView(order=order, reverse=was.reverse), know)
    if not entries:
        return ""
    rows = RowCache().rows(entries, know)
    fitted = table_of(know).fitted(rows)
    width = (columns * LIST_SHARE // 100 if last.pane and columns >= PANE_FROM else columns) - 1
    painted = [_titles(fitted, (order, was.reverse), width)]
    painted += _rows(rows, fitted, key_of(was.target) if was.target else "", width, lines - _BELOW - _TITLES)
    found = "".join(f"\x1b[{_TITLES + number};1H{line}" for number, line in enumerate(painted))
    return (ascii_only(found) if ascii_signs else found) + "\x1b[H"


def _rows(rows: tuple[Row, ...], columns: tuple[Column, ...], current: str, width: int, page: int) -> Iterator[str]:
    """The rows of the page that has the cursor."""
    cursor = next((number for number, row in enumerate(rows) if row.key == current), 0)
    top = max(0, cursor - page + 1)
    for number, row in enumerate(rows[top : top + page], top):
        line, x = (" \x1b[1m▸\x1b[0m " if number == cursor else " " * GUTTER), GUTTER
        for spot in places_in(columns, width):
            column = columns[spot.index]
            content = fit(row.cells[spot.index], spot.width, right=column.right, middle=column.middle)
            line += " " * (spot.x - x) + _shaped(tuple(content))
            x = spot.x + spot.width
        yield line


def _titles(columns: tuple[Column, ...], sort: tuple[str, bool], width: int) -> str:
    line = ""
    for spot in places_in(columns, width):
        line = line.ljust(spot.x) + titled(columns[spot.index], sort, spot.width)
    return f"\x1b[1m{line}\x1b[0m"


def _shaped(content: Cell) -> str:
    return "".join(
        f"\x1b[{_SHAPES[role]}m{text.plain(words)}\x1b[0m" if role in _SHAPES else text.plain(words)
        for words, role in content
    )
