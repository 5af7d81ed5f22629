"""Styled text as terminal codes: a terminal shows the same as with Rich's, for fewer bytes."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from vmss_tui.app.terminal.codes import Codes

STYLES = st.builds(
    Style,
    color=st.sampled_from([None, "#a0b0c0", "red", "default", "color(200)"]),
    bgcolor=st.sampled_from([None, "#101418", "blue", "default"]),
    bold=st.sampled_from([None, True, False]),
    italic=st.sampled_from([None, True]),
    reverse=st.sampled_from([None, True]),
    underline=st.sampled_from([None, True]),
)
SEGMENTS = st.lists(
    st.builds(Segment, st.text("ab ●", min_size=0, max_size=4), st.one_of(st.none(), STYLES)), max_size=12
)


def painted(text: str) -> list[object]:
    """What a person sees: the color and the weight of letters that are not there are not compared."""
    screen = pyte.Screen(60, 1)
    pyte.Stream(screen).feed(text)
    cells = (screen.buffer[0][x] for x in range(60))
    return [cell._replace(fg="", bold=False, italics=False) if _blank(cell) else cell for cell in cells]


def _blank(cell: pyte.screens.Char) -> bool:
    return cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)


@given(SEGMENTS, st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]))
def test_the_picture_is_the_one_that_rich_paints(segments: list[Segment], system: ColorSystem) -> None:
    codes = Codes(system)
    codes.add(segments)
    ours = codes.end()
    richs = "".join(style.render(text, color_system=system) if style else text for text, style, _ in segments)
    assert painted(f"{ours}x") == painted(f"{richs}x")
    assert len(ours) <= len(richs) + len("\x1b[0;m")


def test_a_row_on_one_background_costs_half() -> None:
    row = [Segment("word ", Style(color=f"#{n:02x}b0c0", bgcolor="#101418")) for n in range(10)]
    codes = Codes(ColorSystem.TRUECOLOR)
    codes.add(row)
    richs = "".join(style.render(text) if style else text for text, style, _ in row)
    assert len(codes.end()) < 0.6 * len(richs)


def test_the_gaps_between_columns_cost_no_colors() -> None:
    dim, plain = Style(color="#607080", bgcolor="#101418"), Style(color="#a0b0c0", bgcolor="#101418")
    row = [Segment("word", dim), Segment("  ", plain)] * 10
    codes = Codes(ColorSystem.TRUECOLOR)
    codes.add(row)
    assert codes.end().count("\x1b[") == 2


@pytest.mark.parametrize("linked", [True, False])
def test_links_stay_links(linked: bool) -> None:
    style = Style(color="red", link="https://example.org" if linked else None)
    codes = Codes(ColorSystem.TRUECOLOR)
    codes.control("\x1b[1;1H")
    codes.add([Segment("a", Style(bold=True)), Segment("here", style), Segment("b", None)])
    text = codes.end()
    assert ("\x1b]8;id=" in text) is linked and text.startswith("\x1b[1;1H\x1b[1ma\x1b[0")
