"""Frames of the app as one animated SVG: every distinct row is drawn once, and a frame refers to its rows.

CSS shows one frame after the other, so that it plays as an image in a README, without a script. A reader who prefers
reduced motion, or a viewer without animations, gets one still.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Generic, TypeVar

from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.strip import Strip

CELL, LINE = 8.4, 17
"""Width and height of a cell in pixels, for a font of 14 pixels."""
MARGIN = 12
SLOT = 0.2
"""Seconds that one frame is on screen; a longer one takes several slots."""
THEME: TerminalTheme = DIMMED_MONOKAI
Thing = TypeVar("Thing", bound=Hashable)

Run = tuple[str, str, str, bool]
"""A text in one style, with its color and background; whether it is bold."""
Row = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """A screen, and how many slots it is shown."""

    rows: tuple[Row, ...]
    slots: int = 1


def frame_of(app: App[int], seconds: float = SLOT) -> Frame:
    """What the app shows now."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate), "a full update is a layout"
    return Frame(tuple(_row(line) for line in update.strips), max(1, round(seconds / SLOT)))


def evenly(frames: Sequence[Frame], count: int) -> list[Frame]:
    """`count` of the frames, evenly spread, the first and the last among them."""
    if len(frames) <= count:
        return list(frames)
    return [frames[round(index * (len(frames) - 1) / (count - 1))] for index in range(count)]


def _row(strips: Iterable[Strip]) -> Row:
    runs: list[Run] = []
    for text, style, control in (segment for strip in strips for segment in strip):
        if not control and text:
            drawn = _drawn_as(style)
            if runs and runs[-1][1:] == drawn:
                runs[-1] = (runs[-1][0] + text, *drawn)
            else:
                runs.append((text, *drawn))
    return tuple(runs)


def _drawn_as(style: Style | None) -> tuple[str, str, bool]:
    style = style or Style.null()
    color = style.color.get_truecolor(THEME) if style.color else THEME.foreground_color
    back = style.bgcolor.get_truecolor(THEME, foreground=False) if style.bgcolor else THEME.background_color
    if style.reverse:
        color, back = back, color
    shown = tuple(round((a + b) / 2) for a, b in zip(color, back, strict=True)) if style.dim else color
    return _hex(shown), _hex(back), bool(style.bold)


def _hex(color: Iterable[int]) -> str:
    return "#" + "".join(f"{part:02x}" for part in color)


def animated(frames: Sequence[Frame], *, still: int, about: str) -> str:
    """The SVG. `still` is the index of the frame that is shown without motion; `about` describes the film in words."""
    slots = sum(frame.slots for frame in frames)
    columns = max(sum(len(run[0]) for run in row) for row in frames[0].rows)
    width, height = columns * CELL + 2 * MARGIN, len(frames[0].rows) * LINE + 2 * MARGIN
    backdrop = max((run for row in frames[0].rows for run in row), key=lambda run: len(run[0]))[2]
    styles, rows = _Styles("c"), _Names[Row]("r")
    drawn: list[str] = []
    begun = 0
    for index, frame in enumerate(frames):
        uses = "".join(f'<use href="#{rows.of(row)}" y="{y * LINE}"/>' for y, row in enumerate(frame.rows))
        delay = (begun - slots) * SLOT
        mark = ' id="still"' if index == still else ""
        drawn.append(f'<g{mark} class="f s{frame.slots}" style="animation-delay:{delay:.1f}s">{uses}</g>')
        begun += frame.slots
    defs = "".join(f'<g id="{name}">{_drawn(row, styles, backdrop)}</g>' for row, name in rows.names.items())
    lengths = sorted({frame.slots for frame in frames})
    css = "".join(
        f"@keyframes k{length}{{0%{{visibility:visible}}{100 * length / slots:.3f}%,100%{{visibility:hidden}}}}"
        f".s{length}{{animation:k{length} {slots * SLOT:.1f}s infinite step-end}}"
        for length in lengths
    )
    looks = "".join(
        f".{name}{{fill:{color}{';font-weight:bold' if bold else ''}}}" for (color, bold), name in styles.names.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
        ' xml:space="preserve">'
        f"<title>{escape(about)}</title>"
        "<style>text{font:14px 'Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre}"
        f".f{{visibility:hidden}}#still{{visibility:visible}}{css}{looks}"
        "@media (prefers-reduced-motion:reduce){.f{animation:none}}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{backdrop}"/><defs>{defs}</defs>'
        f'<g transform="translate({MARGIN} {MARGIN})">{"".join(drawn)}</g></svg>\n'
    )


class _Names(Generic[Thing]):
    """Short names, the same for the same thing."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.names: dict[Thing, str] = {}

    def of(self, thing: Thing) -> str:
        return self.names.setdefault(thing, f"{self._prefix}{len(self.names)}")


_Styles = _Names[tuple[str, bool]]
"""Of color and weight."""


def _drawn(row: Row, styles: _Styles, backdrop: str) -> str:
    """One row: backgrounds that differ from the backdrop, then each run at its column with its exact width."""
    parts: list[str] = []
    texts: list[str] = []
    column = 0
    for text, color, back, bold in row:
        cells = len(text)
        if back != backdrop:
            parts.append(
                f'<rect x="{column * CELL:.1f}" width="{cells * CELL + 0.3:.1f}" height="{LINE + 0.5}" fill="{back}"/>'
            )
        if text.strip():
            lead = len(text) - len(text.lstrip())
            shown = text.strip()
            texts.append(
                f'<text class="{styles.of((color, bold))}" x="{(column + lead) * CELL:.1f}" y="13" '
                f'textLength="{len(shown) * CELL:.1f}">{escape(shown)}</text>'
            )
        column += cells
    return "".join([*parts, *texts])
