"""One scale set of the list in full: every column, its tags and its id, wrapped. Pure."""

from collections.abc import Iterator, Sequence

from vmss_tui import text
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.presentation.fleet.rows import FLEET, size_of, version_name
from vmss_tui.presentation.fleet.state import Knowledge, Labels
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


def known_words(entry: FleetEntry, label: Labels) -> str:
    """`Manual, 16 instances, 14 healthy, 16 current, api 3.3.0`: the list's knowledge while a set cannot be read."""
    counts, scale_set = entry.counts, entry.scale_set
    parts = [scale_set.mode.value, text.counted(size_of(entry), "instance")]
    if counts is not None:
        parts += [f"{counts.healthy} healthy"] if counts.healthy is not None and counts.health_known else []
        parts.append(f"{counts.current} current")
    version = entry.kept_version or (version_name(scale_set.script, label) if scale_set.script is not None else "")
    return text.plain(", ".join([*parts, version] if version else parts))


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
