"""The position of a replay within its recording, as one line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a replay is: `now` between `start` and `end`; `failures` are the times of what failed."""

    start: datetime
    end: datetime
    now: datetime
    speed: float
    held: bool = False
    failures: Sequence[datetime] = ()


def scrubber(position: Position, width: int) -> Line:
    """`▶ ×16   22:03:10 ━━━━━━━●──✖────── 22:40:00`: the played part, the position, and failures to come."""
    sign = "‖" if position.held else "▶"
    head = f" {sign} ×{position.speed:g}   {position.now.astimezone():%H:%M:%S} "
    tail = f" {position.end.astimezone():%H:%M:%S} "
    cells = max(4, width - len(head) - len(tail))
    at = _cell(position, position.now, cells)
    failed = {_cell(position, moment, cells) for moment in position.failures}
    pieces: list[tuple[str, Role]] = [(head, Role.ACCENT)]
    for cell in range(cells):
        if cell == at:
            piece = ("●", Role.ACCENT)
        elif cell in failed:
            piece = ("✖", Role.BAD)
        else:
            piece = ("━", Role.PLAIN) if cell < at else ("─", Role.DIM)
        last = pieces[-1]
        if last[1] is piece[1] and len(pieces) > 1:
            pieces[-1] = (last[0] + piece[0], piece[1])
        else:
            pieces.append(piece)
    return (*pieces, (tail, Role.DIM))


def _cell(position: Position, moment: datetime, cells: int) -> int:
    whole = (position.end - position.start).total_seconds()
    share = (moment - position.start).total_seconds() / whole if whole > 0 else 1.0
    return round(max(0.0, min(1.0, share)) * (cells - 1))
