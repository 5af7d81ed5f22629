"""One scale set of the list in full: every column, its tags and its id, wrapped. Pure."""

from collections.abc import Iterator, Sequence

from vmss_tui import text
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.presentation.fleet.rows import FLEET, Knowledge
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, text_of

_TITLE = 15


def entry_lines(entry: FleetEntry, know: Knowledge, width: int) -> Sequence[Line]:
    """Title and value of everything that the list knows of a set."""
    lines: list[Line] = []
    for title, value in _facts(entry, know):
        first, *rest = text.wrap(value, max(20, width - _TITLE - 2)) or [""]
        lines.append(((text.fit(f" {title}", _TITLE + 1), Role.DIM), (first, Role.PLAIN)))
        lines += [((" " * (_TITLE + 1), Role.PLAIN), (part, Role.PLAIN)) for part in rest]
    return lines


def _facts(entry: FleetEntry, know: Knowledge) -> Iterator[tuple[str, str]]:
    for key in FLEET.choices:
        column = FLEET.column(key)
        value = text_of(column.cell(entry, know)).strip()
        if value and key != "tag":
            yield column.title.lower(), value
    for name, value in sorted(entry.scale_set.tags.items()):
        yield "tag", text.plain(f"{name}={value}")
    if entry.problem:
        yield "problem", text.plain(entry.problem)
    yield "resource id", text.plain(str(entry.id))
