"""Where a replay is within its recording."""

from datetime import timedelta
from itertools import pairwise

import pytest

from support.estate import NOW
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scrubber import Position, scrubber
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def position(at: float, *failures: float, length: float = 100, held: bool = False, speed: float = 16) -> Position:
    return Position(
        start=NOW,
        end=NOW + timedelta(seconds=length),
        now=NOW + timedelta(seconds=at),
        speed=speed,
        held=held,
        failures=[NOW + timedelta(seconds=failure) for failure in failures],
    )


def track(at: float, *failures: float, length: float = 100, cells: int = 60) -> str:
    """The line between the two times."""
    text = text_of(scrubber(position(at, *failures, length=length), cells))
    return "".join(sign for sign in text if sign in "━─●✖")


@pytest.mark.parametrize(("at", "cell"), [(-5, 0.0), (0, 0.0), (50, 0.5), (100, 1.0), (400, 1.0)])
def test_the_place_is_between_start_and_end(at: float, cell: float) -> None:
    shown = track(at)
    assert shown.index("●") == round(cell * (len(shown) - 1))
    assert set(shown[: shown.index("●")]) <= {"━"} and set(shown[shown.index("●") + 1 :]) <= {"─"}


def test_failures_are_marked_but_not_over_the_place() -> None:
    shown = track(50, 25, 50, 100)
    assert shown.count("✖") == 2 and shown.endswith("✖") and shown.count("●") == 1


def test_a_recording_without_length_is_at_its_end() -> None:
    assert track(0, length=0).endswith("●")


@pytest.mark.parametrize("cells", [10, 40, 200])
def test_it_fits_where_there_is_room_and_keeps_four_cells_where_there_is_none(cells: int) -> None:
    line = scrubber(position(50), cells)
    assert width(text_of(line)) == cells or len(track(50, cells=cells)) == 4
    roles = [role for _, role in line]
    assert all(one is not other for one, other in pairwise(roles[1:-1])), "one piece a run"


def test_speed_and_hold_are_named() -> None:
    assert text_of(scrubber(position(0, speed=0.5), 60)).startswith(" ▶ ×0.5 ")
    head = scrubber(position(0, held=True), 60)[0]
    assert head[0].startswith(" ‖ ×16 ") and head[1] is Role.ACCENT
