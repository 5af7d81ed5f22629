"""Every instance as one sign, by zone: the shape of a scale set at a glance.

Pure. When there are more instances than room, one sign stands for several and shows the worst of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vmss_tui import text
from vmss_tui.presentation.glyphs import Mark, Role
from vmss_tui.presentation.table import Line, Piece

_WORST = (Role.BAD, Role.WARN, Role.BUSY, Role.ACCENT, Role.WAIT, Role.PLAIN, Role.OK, Role.DIM)
_GAP = 4


@dataclass(frozen=True, slots=True)
class Zone:
    """Instances that stand together; titles may be empty."""

    title: str
    marks: tuple[Mark, ...]
    short: str = ""
    """The title where room is scarce."""


def heatmap_lines(zones: Sequence[Zone], width: int, *, most: int = 4) -> tuple[Line, ...]:
    """The map in at most `most` lines of `width` cells, zones side by side when they fit, else one below the other."""
    zones = [each for each in zones if each.marks]
    if not zones or width < 10:
        return ()
    for each_is in _scales(sum(len(zone.marks) for zone in zones)):
        scaled = [replace(zone, marks=_merge(zone.marks, each_is)) for zone in zones]
        beside = _beside(scaled, width, _GAP) or _beside([replace(z, title=z.short) for z in scaled], width, 2)
        lines = [beside] if beside is not None else _below(scaled, width)
        if len(lines) <= most:
            return (*lines, *_legend(each_is, len(lines) < most))
    return ()


def _scales(total: int) -> Sequence[int]:
    return [1, 2, 3, 4, 5, 8, 10, 20, 25, 50, 100, 1000, max(1, total)]


def _merge(marks: Sequence[Mark], size: int) -> tuple[Mark, ...]:
    if size == 1:
        return tuple(marks)
    return tuple(min(marks[i : i + size], key=lambda mark: _WORST.index(mark.role)) for i in range(0, len(marks), size))


def _beside(zones: Sequence[Zone], width: int, gap: int) -> Line | None:
    needed = sum(text.width(_title(zone)) + len(zone.marks) for zone in zones) + gap * (len(zones) - 1)
    if needed > width:
        return None
    pieces: list[Piece] = []
    for number, zone in enumerate(zones):
        if number:
            pieces.append((" " * gap, Role.PLAIN))
        if zone.title:
            pieces.append((_title(zone), Role.DIM))
        pieces += signs(zone.marks)
    return tuple(pieces)


def _below(zones: Sequence[Zone], width: int) -> list[Line]:
    indent = max(text.width(_title(zone)) for zone in zones)
    room = max(1, width - indent)
    lines: list[Line] = []
    for zone in zones:
        for start in range(0, len(zone.marks), room):
            head = _title(zone) if start == 0 else ""
            lines.append(((text.fit(head, indent), Role.DIM), *signs(zone.marks[start : start + room])))
    return lines


def _title(zone: Zone) -> str:
    return f"{zone.title} " if zone.title else ""


def signs(marks: Sequence[Mark]) -> list[Piece]:
    """The signs of the marks, neighbours of one role together."""
    pieces: list[Piece] = []
    for mark in marks:
        if pieces and pieces[-1][1] is mark.role:
            pieces[-1] = (pieces[-1][0] + mark.glyph.char, mark.role)
        else:
            pieces.append((mark.glyph.char, mark.role))
    return pieces


def _legend(each_is: int, room: bool) -> tuple[Line, ...]:
    if each_is == 1 or not room:
        return ()
    return (((f"one sign is {each_is} instances and shows the worst of them", Role.DIM),),)
