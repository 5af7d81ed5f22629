"""Every instance as one sign, by zone: the shape of a scale set at a glance.

Pure. When there are more instances than room, one sign stands for several and shows the worst of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vmss_tui import text
from vmss_tui.presentation.glyphs import Mark, Role
from vmss_tui.presentation.table import Line, Piece

_BY_LOUDNESS = (Role.BAD, Role.WARN, Role.BUSY, Role.ACCENT, Role.WAIT, Role.PLAIN, Role.OK, Role.WELL, Role.DIM)
_WORST = {role: rank for rank, role in enumerate(_BY_LOUDNESS)}
_GAP = 4


@dataclass(frozen=True, slots=True)
class Zone:
    """A group of instances; titles may be empty."""

    title: str
    marks: tuple[Mark, ...]
    short: str = ""
    """The title where room is scarce."""
    note: str = ""
    """The text at the end of a zone that has lines of its own."""


def zone_of(name: str, marks: tuple[Mark, ...], *, several: bool, note: str = "") -> Zone:
    """An availability zone with its titles; instances without one have a title only beside other zones."""
    if name:
        return Zone(f"zone {name}", marks, f"z{name}", note)
    return Zone("no zone", marks, "z–", note) if several else Zone("", marks, "", note)


def heatmap_lines(zones: Sequence[Zone], width: int, *, most: int = 4, beside: bool = True) -> tuple[Line, ...]:
    """The map in at most `most` lines of `width` cells: zones side by side when they fit, else one below the other.

    Without `beside`, every zone has lines of its own.
    """
    zones = [zone for zone in zones if zone.marks]
    if not zones or width < 10:
        return ()
    for scale in _scales(sum(len(zone.marks) for zone in zones)):
        if sum(-(-len(zone.marks) // scale) for zone in zones) > width * most:
            continue
        scaled = [replace(zone, marks=_merge(zone.marks, scale)) for zone in zones]
        row = _beside(scaled, width, _GAP) or _beside([replace(zone, title=zone.short) for zone in scaled], width, 2)
        lines = [row] if beside and row is not None else _below(scaled, width, notes=not beside)
        if len(lines) <= most:
            return _with_legend(lines, scale, width, most)
    return ()


def _scales(total: int) -> Sequence[int]:
    return [1, 2, 3, 4, 5, 8, 10, 20, 25, 50, 100, 1000, max(1, total)]


def _merge(marks: Sequence[Mark], size: int) -> tuple[Mark, ...]:
    if size == 1:
        return tuple(marks)
    return tuple(min(marks[i : i + size], key=lambda mark: _WORST[mark.role]) for i in range(0, len(marks), size))


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


def _below(zones: Sequence[Zone], width: int, *, notes: bool) -> list[Line]:
    indent = max(text.width(_title(zone)) for zone in zones)
    tails = [f"  {zone.note}" if notes and zone.note else "" for zone in zones]
    room = max(1, width - indent - max(map(text.width, tails)))
    lines: list[Line] = []
    for zone, tail in zip(zones, tails, strict=True):
        for start in range(0, len(zone.marks), room):
            head = _title(zone) if start == 0 else ""
            end = tail if start + room >= len(zone.marks) else ""
            marks = signs(zone.marks[start : start + room])
            lines.append(((text.fit(head, indent), Role.DIM), *marks, *(((end, Role.DIM),) if end else ())))
    return lines


def _title(zone: Zone) -> str:
    return f"{zone.title} " if zone.title else ""


def signs(marks: Sequence[Mark]) -> list[Piece]:
    """The signs of the marks, neighbors of one role together."""
    pieces: list[Piece] = []
    for mark in marks:
        if pieces and pieces[-1][1] is mark.role:
            pieces[-1] = (pieces[-1][0] + mark.glyph.char, mark.role)
        else:
            pieces.append((mark.glyph.char, mark.role))
    return pieces


def _with_legend(lines: Sequence[Line], scale: int, width: int, most: int) -> tuple[Line, ...]:
    """What a sign stands for, when it is several instances: in a line of its own, or at the end of the only one."""
    if scale == 1:
        return tuple(lines)
    if len(lines) < most:
        return (*lines, ((f"one cell is {scale} instances and shows the worst of them", Role.DIM),))
    short = f"  1 sign = {scale}"
    if len(lines) == 1 and sum(text.width(words) for words, _ in lines[0]) + len(short) <= width:
        return ((*lines[0], (short, Role.DIM)),)
    return tuple(lines)
