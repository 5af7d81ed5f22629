"""What is painted when over a thin line: keys first, never more than the line carries, and everything in the end."""

import pytest
from textual.geometry import Region

from vmss_tui.app.thin_line import BYTES_A_SECOND, Allowance

ROWS = [Region(0, y, 120, 1) for y in range(30)]


class Time:
    """A clock that is moved by the test alone."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def _cost(lines: list[Region]) -> float:
    return sum(line.width * 1.5 + 16 for line in lines)


def test_what_changes_by_itself_is_painted_in_parts_from_the_cursor_on_until_all_is_there(time: Time) -> None:
    allowance, waiting = Allowance(clock=time), set[Region]()
    painted = allowance.choose([Region(0, 0, 120, 30)], waiting, cursor=10)
    assert painted[0].y == 10 and 0 < len(painted) < 30
    assert waiting == set(ROWS) - set(painted)
    begun = time.now
    while waiting:
        time.now += 0.5
        more = allowance.choose([], waiting, cursor=10)
        assert more, "every slot brings something"
        painted += more
    assert sorted(painted) == ROWS
    assert _cost(painted) <= 900 + (time.now - begun) * BYTES_A_SECOND


def test_changes_come_twice_a_second(time: Time) -> None:
    allowance, waiting = Allowance(clock=time), set[Region]()
    assert allowance.choose(ROWS[:1], waiting, 0) == ROWS[:1]
    time.now += 0.1
    assert allowance.choose(ROWS[1:2], waiting, 0) == []
    assert allowance.choose(ROWS[1:2], waiting, 0) == []
    time.now += 0.5
    assert allowance.choose([], waiting, 0) == ROWS[1:2]


def test_a_key_is_answered_at_once_although_the_line_is_full_and_much_waits(time: Time) -> None:
    allowance, waiting = Allowance(clock=time), set[Region]()
    allowance.choose(ROWS, waiting, 0)
    behind = set(waiting)
    time.now += 0.01
    allowance.pressed()
    assert allowance.choose(ROWS[5:7], waiting, cursor=6) == [ROWS[6], ROWS[5]]
    assert waiting == behind - set(ROWS[5:7]), "what the answer painted waits no more"
    time.now += 1
    assert allowance.choose([], waiting, 6), "the rest still comes"


def test_a_scrolled_list_shows_the_row_of_the_cursor_first(time: Time) -> None:
    allowance, waiting = Allowance(clock=time), set[Region]()
    allowance.pressed()
    painted = allowance.choose([Region(0, 0, 120, 30)], waiting, cursor=29)
    assert painted[0] == ROWS[29] and set(painted) | waiting == set(ROWS)


def test_a_line_that_is_wider_than_any_allowance_is_painted_all_the_same(time: Time) -> None:
    allowance, waiting = Allowance(clock=time), set[Region]()
    wide = Region(0, 0, 2000, 1)
    assert allowance.choose([wide], waiting, 0) == [wide]
