"""Healthy instances over the run of a rollout, against the fewest that the plan allows for. Pure.

Each cell is the lowest of its stretch of time, so that no dip is missed.
"""

from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.info import RolloutInfo
from vmss_tui.presentation.table import Line, Piece

_LEVELS = "▁▂▃▄▅▆▇"
_EIGHTHS = " ▁▂▃▄▅▆▇█"
BELOW = "╳"
"""A stretch with fewer healthy instances than the floor."""
FLOOR = "┈"
"""The floor line."""


def sparkline(info: RolloutInfo, cells: int) -> list[Piece]:
    """The run in one line; the newest stretch is lit, and what was below the floor has a sign of its own."""
    if not info.health_trend or cells <= 0:
        return []
    low, top = _scale(info)
    least = info.floor or 0
    lows = _lows(info, cells)
    signs: list[Piece] = []
    for at, value in enumerate(lows):
        if value < least:
            signs.append((BELOW, Role.BAD))
            continue
        newest = at == len(lows) - 1 and not info.over
        level = _LEVELS[(value - low) * (len(_LEVELS) - 1) // max(1, top - low)]
        signs.append((level, Role.BUSY if newest else Role.OK))
    return _joined(signs)


def chart(info: RolloutInfo, cells: int, lines: int) -> tuple[Line, ...]:
    """The run in `lines` lines: what is above the floor, and below it the floor itself as a line.

    Nothing without a health source, or where there is too little room.
    """
    if info.healthy is None or not info.health_trend or lines < 2 or cells < 24:
        return ()
    least, top = info.floor or 0, _scale(info)[1]
    digits = len(str(top))
    lows = _lows(info, cells - len("floor ") - digits - 1)
    step = max(1, top - least) / (lines - 1)
    drawn: list[Line] = []
    for number in range(lines - 2, -1, -1):
        label = f"{f'all {top}' if number == lines - 2 else '':>{len('floor ') + digits}} "
        signs = [(_filled(value, least + number * step, step), Role.OK) for value in lows]
        drawn.append(((label, Role.DIM), *_joined(signs)))
    floor = [(BELOW, Role.BAD) if value < least else (FLOOR, Role.DIM) for value in lows]
    return (*drawn, ((f"floor {least:>{digits}} ", Role.DIM), *_joined(floor)))


def _filled(value: int, base: float, step: float) -> str:
    """How much of a cell that begins at `base` a value fills."""
    return _EIGHTHS[int(min(1.0, max(0.0, (value - base) / step)) * 8)]


def _scale(info: RolloutInfo) -> tuple[int, int]:
    """The lowest and the highest count that the chart must show."""
    values = [value for _, value in info.health_trend]
    return min(info.floor or 0, *values), max(info.total, 1, *values)


def _joined(signs: list[Piece]) -> list[Piece]:
    """Neighbors of one role in one piece."""
    pieces: list[Piece] = []
    for sign, role in signs:
        if pieces and pieces[-1][1] is role:
            pieces[-1] = (pieces[-1][0] + sign, role)
        else:
            pieces.append((sign, role))
    return pieces


def _lows(info: RolloutInfo, cells: int) -> list[int]:
    """The lowest count of healthy instances in each of `cells` equal stretches of the run."""
    trend = info.health_trend
    start = info.started_at or trend[0][0]
    span = max(1.0, (info.now - start).total_seconds())
    lows: list[int] = []
    current, index = trend[0][1], 0
    for slot in range(cells):
        limit = span * (slot + 1) / cells
        lowest = current
        while index < len(trend) and (trend[index][0] - start).total_seconds() <= limit:
            current = trend[index][1]
            lowest = min(lowest, current)
            index += 1
        lows.append(lowest)
    return lows
