"""Sections of a pane, one below the other, each in a place of its own, so that nothing jumps when data comes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line, Piece

_FEWEST = 3
"""The fewest lines of a section that is shown: a title and two lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A title and its lines; `rows` is a fixed height with the title, 0 shares what the others leave.

    A section without room is cut at its end, or at its beginning when the `newest` lines are the last ones.
    """

    title: Line
    lines: Sequence[Line]
    rows: int = 0
    newest: bool = False


def heading(words: str, *more: Piece) -> Line:
    """The title of a section, such as `LOG`, and what follows it in the same line."""
    return ((words.upper(), Role.ACCENT), *more)


def stacked(sections: Sequence[Section], rows: int) -> tuple[Line, ...]:
    """The sections in exactly `rows` lines, an empty line between them; the last ones go first when room is short."""
    kept = list(sections)
    while len(kept) > 1 and _share(kept, rows) < _FEWEST:
        kept.pop()
    share = _share(kept, rows)
    lines: list[Line] = []
    for number, section in enumerate(kept):
        last = number == len(kept) - 1
        height = rows - len(lines) if last else section.rows or share
        lines += _fitted(section, max(0, height))
        if not last:
            lines.append(())
    return tuple(lines[:rows])


def _share(sections: Sequence[Section], rows: int) -> int:
    """Lines of a section without a fixed height."""
    fixed = sum(section.rows for section in sections)
    free = sum(section.rows == 0 for section in sections)
    return (rows - fixed - (len(sections) - 1)) // max(1, free)


def _fitted(section: Section, height: int) -> list[Line]:
    room = max(0, height - 1)
    found = list(section.lines)
    shown = found[max(0, len(found) - room) :] if section.newest else found[:room]
    return [section.title, *shown, *[()] * (room - len(shown))]
