"""The first frame, painted before anything heavy is imported; the app then paints over it.

Name and keys, in the alternate screen, by some bytes of our own: importing Textual and what the list needs takes a
third of a second, and several on a cold disk. Keys typed meanwhile wait in the terminal. Imports no Textual.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_LEAST = (60, 16)
"""Columns and lines below which the app only says that the terminal is too small."""
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"


@contextlib.contextmanager
def painted(out: TextIO | None, *, keys: bool) -> Iterator[tuple[int, int] | None]:
    """Paint the frame; when what is inside fails, the terminal is as it was. `keys`: those of the list below it.

    Gives columns and lines of the terminal, None where nothing was painted.
    """
    try:
        columns, lines = os.get_terminal_size(out.fileno()) if out is not None else (0, 0)
    except (OSError, ValueError):
        columns, lines = 0, 0
    if out is None or columns < _LEAST[0] or lines < _LEAST[1]:
        yield None
        return
    out.write(frame(columns, lines, keys=keys))
    out.flush()
    try:
        yield columns, lines
    except BaseException:
        out.write(_LEAVE)
        out.flush()
        raise


def frame(columns: int, lines: int, *, keys: bool) -> str:
    """The frame for a terminal of this size; bold and dim only, which every theme and NO_COLOR agree with."""
    bar = _keys(columns - 2) if keys else ""
    return f"{_ENTER}\x1b[1;1H \x1b[1mvmss-tui\x1b[0m\x1b[{lines};1H {bar}\x1b[H"


def stderr() -> TextIO | None:
    """Where the app paints."""
    return sys.__stderr__


def _keys(room: int) -> str:
    """`enter open   e deploy …`, as far as there is room; help last."""
    from vmss_tui.app.actions.action import Place, shown
    from vmss_tui.app.actions.table import actions_at

    gap = "   " if room >= 100 else "  "
    offered = [action for action in actions_at(Place.FLEET) if action.footer and action.id != "app.back"]
    while len(offered) > 1 and len(gap.join(f"{shown(it.keys[0])} {it.label}" for it in offered)) > room:
        offered.pop(-2)
    return gap.join(f"\x1b[1m{shown(it.keys[0])}\x1b[0m \x1b[2m{it.label}\x1b[0m" for it in offered)
