"""Windows as arithmetic: days, midnight, clocks that change; checked against a plain walk over the wall clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.profiles.strategies import windows
from vmss_tui.domain.plan.maintenance_window import DAYS, Window, check_window
from vmss_tui.domain.plan.timetable import Timetable

BERLIN = "Europe/Berlin"
SUNDAY = Window(start="01:00", end="01:05", days=("sun",))
NIGHTS = Window(start="22:00", end="04:00", days=("fri", "sat"), timezone=BERLIN)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def table(window: Window) -> Timetable:
    return Timetable(windows=(window,))


@pytest.mark.parametrize(
    ("window", "when", "inside"),
    [
        (SUNDAY, at("2026-11-29T00:59:59"), False),
        (SUNDAY, at("2026-11-29T01:00"), True),
        (SUNDAY, at("2026-11-29T01:04:59"), True),
        (SUNDAY, at("2026-11-29T01:05"), False),
        (SUNDAY, at("2026-11-28T01:02"), False),
        (NIGHTS, at("2026-11-28T03:59", BERLIN), True),  # the Friday night, on Saturday morning
        (NIGHTS, at("2026-11-29T03:59", BERLIN), True),
        (NIGHTS, at("2026-11-27T03:59", BERLIN), False),  # the Thursday night is not listed
        (NIGHTS, at("2026-11-29T22:00", BERLIN), False),
        (NIGHTS, at("2026-11-28T02:59"), True),  # 03:59 in Berlin
        (NIGHTS, at("2026-11-28T03:00"), False),
        (Window(start="00:00", end="00:00", days=("mon",)), at("2026-11-30T23:59"), True),
        (Window(start="00:00", end="00:00", days=("mon",)), at("2026-12-01T00:00"), False),
        (Window(start="12:00", end="12:00", days=("mon",)), at("2026-12-01T11:59"), True),
    ],
)
def test_a_window_contains_its_start_and_not_its_end(window: Window, when: datetime, inside: bool) -> None:
    assert window.contains(when) is inside


def test_the_next_opening_can_be_written_in_the_zone_of_the_window() -> None:
    assert table(SUNDAY).opens_at(at("2026-11-28T07:29")) == at("2026-11-29T01:00")
    assert table(SUNDAY).opens_at(at("2026-11-29T01:05")) == at("2026-12-06T01:00")
    found = table(NIGHTS).opens_at(at("2026-11-29T12:00"))
    assert found is not None
    assert table(NIGHTS).moment(found) == "Fri 2026-12-04 22:00 CET"


def test_openings_that_touch_close_once_and_a_window_without_a_gap_never() -> None:
    both = Window(start="00:00", end="00:00", days=("sat", "sun"))
    assert table(both).closes_at(at("2026-11-28T10:00")) == at("2026-11-30T00:00")
    always = Window(start="06:00", end="06:00")
    assert always.contains(at("2026-11-28T10:00"))
    assert table(always).closes_at(at("2026-11-28T10:00")) is None
    assert table(SUNDAY).closes_at(at("2026-11-28T07:29")) == at("2026-11-28T07:29"), "closed already"


@pytest.mark.parametrize(
    ("start", "end", "opens", "closes"),
    [
        # On 29 March 2026 the clock of Berlin skips 02:00 to 03:00.
        ("01:00", "04:00", "2026-03-29T00:00", "2026-03-29T02:00"),
        ("01:00", "02:30", "2026-03-29T00:00", "2026-03-29T01:30"),
        ("02:30", "04:00", "2026-03-29T01:30", "2026-03-29T02:00"),
        ("02:15", "02:45", "2026-03-29T01:15", "2026-03-29T01:45"),
    ],
)
def test_on_the_day_that_skips_an_hour(start: str, end: str, opens: str, closes: str) -> None:
    window = Window(start=start, end=end, days=("sun",), timezone=BERLIN)
    assert table(window).opens_at(at("2026-03-28T12:00")) == at(opens)
    assert table(window).closes_at(at(opens)) == at(closes)


@pytest.mark.parametrize(
    ("start", "end", "opens", "closes"),
    [
        # On 25 October 2026 the clock of Berlin shows 02:00 to 03:00 twice.
        ("01:00", "04:00", "2026-10-24T23:00", "2026-10-25T03:00"),
        ("01:00", "02:30", "2026-10-24T23:00", "2026-10-25T00:30"),
        ("02:30", "04:00", "2026-10-25T00:30", "2026-10-25T03:00"),
    ],
)
def test_on_the_day_that_repeats_an_hour_the_first_counts(start: str, end: str, opens: str, closes: str) -> None:
    window = Window(start=start, end=end, days=("sun",), timezone=BERLIN)
    assert table(window).opens_at(at("2026-10-24T12:00")) == at(opens)
    assert table(window).closes_at(at(opens)) == at(closes)


def test_an_opening_that_the_clock_removes_is_dropped() -> None:
    window = Window(start="02:30", end="03:15", days=("sun",), timezone=BERLIN)
    assert table(window).opens_at(at("2026-03-28T12:00")) == at("2026-04-05T02:30", BERLIN)
    assert not window.contains(at("2026-03-29T01:20"))


def test_a_window_without_days_never_opens() -> None:
    never = Window(start="01:00", end="02:00", days=())
    assert not never.contains(at("2026-11-29T01:00"))
    assert table(never).opens_at(at("2026-11-29T01:00")) is None


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (DAYS, "daily"),
        (("sun",), "Sun"),
        (("sun", "sat"), "Sat, Sun"),
        (("mon", "tue", "wed", "thu", "fri"), "Mon-Fri"),
        (("mon", "wed", "fri", "sat", "sun"), "Mon, Wed, Fri-Sun"),
    ],
)
def test_days_in_words(days: tuple[str, ...], words: str) -> None:
    assert str(Window(start="22:00", end="04:00", days=days, timezone=BERLIN)) == f"{words} 22:00-04:00 ({BERLIN})"


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (Window(start="1:00", end="04:00"), "window.start"),
        (Window(start="24:00", end="04:00"), "window.start"),
        (Window(start="01:00", end="04:60"), "window.end"),
        (Window(start="01:00", end="04:00\n"), "window.end"),
        (Window(start="01:00", end="04:00", days=("monday",)), "window.days"),
        (Window(start="01:00", end="04:00", days=()), "window.days"),
        (Window(start="01:00", end="04:00", timezone="Europe/Atlantis"), "window.timezone"),
        (Window(start="01:00", end="04:00", timezone="../etc/passwd"), "window.timezone"),
        (Window(start="01:00", end="04:00", timezone=""), "window.timezone"),
    ],
)
def test_what_is_wrong_with_a_window(window: Window, field: str) -> None:
    assert [problem.field for problem in check_window(window)] == [field]


moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


def by_the_wall(window: Window, when: datetime) -> bool:
    """Inside by the clock on the wall of the window's zone alone."""
    local = when.astimezone(ZoneInfo(window.timezone))
    clock, today, yesterday = f"{local:%H:%M}", DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if window.end > window.start:
        return today in window.days and window.start <= clock < window.end
    return (today in window.days and clock >= window.start) or (yesterday in window.days and clock < window.end)


@given(windows, moments)
def test_away_from_changes_of_the_clock_the_wall_decides(window: Window, when: datetime) -> None:
    zone = ZoneInfo(window.timezone)
    nearby = (when + timedelta(days=days) for days in (-2, -1, 0, 1, 2))
    if len({day.astimezone(zone).utcoffset() for day in nearby}) == 1:
        assert window.contains(when) is by_the_wall(window, when)


@given(windows, moments)
def test_it_is_open_from_each_opening_until_its_end(window: Window, when: datetime) -> None:
    assert check_window(window) == ()
    opens = table(window).opens_at(when)
    assert opens is not None
    assert window.contains(opens)
    if window.contains(when):
        assert opens == when
    else:
        assert when < opens and not window.contains(opens - timedelta(microseconds=1))
    closes = table(window).closes_at(opens)
    if closes is not None:
        assert opens < closes <= opens + timedelta(days=8)
        assert not window.contains(closes)
        assert window.contains(closes - timedelta(microseconds=1))


def test_a_calendar_and_times_of_day_exclude_each_other() -> None:
    (problem,) = check_window(Window(calendar="changes.ics", start="01:00"))
    assert problem.field == "window.calendar" and "also given" in problem.message
    assert check_window(Window(calendar="changes.ics")) == ()
