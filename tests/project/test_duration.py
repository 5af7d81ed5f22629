"""Durations by purpose: exact, coarse, expected, clock; and read from what people and Azure write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmss_tui import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        (45, 45),
        ("30s", 30),
        ("1m30s", 90),
        ("2 h", 7200),
        ("5min", 300),
        ("PT1M30S", 90),
        ("P1DT2H", 93600),
    ],
)
def test_what_can_be_read(text: str | int, seconds: int) -> None:
    assert duration.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "PT", "P", "-5s", "1m x", "s", True, "9" * 40])
def test_what_cannot(text: str | int) -> None:
    with pytest.raises(ValueError, match="is not a duration; write 30s"):
        duration.parse(text)


@pytest.mark.parametrize(
    ("seconds", "exact", "iso"),
    [
        (0, "0s", "PT0S"),
        (90, "1m30s", "PT1M30S"),
        (100, "1m40s", "PT1M40S"),
        (150, "2m30s", "PT2M30S"),
        (5400, "1h30m", "PT1H30M"),
        (90061, "1d1h1m1s", "PT25H1M1S"),
    ],
)
def test_what_is_configured_is_never_rounded(seconds: int, exact: str, iso: str) -> None:
    assert (duration.exact(seconds), duration.iso(seconds)) == (exact, iso)


@given(st.integers(0, 10_000_000))
def test_exact_and_iso_read_back(seconds: int) -> None:
    assert duration.parse(duration.exact(seconds)) == duration.parse(duration.iso(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "coarse", "clock"),
    [
        (-3, "0s", "00:00"),
        (7, "7s", "00:07"),
        (89, "85s", "01:29"),
        (90, "1m", "01:30"),
        (5400, "1h", "1:30:00"),
        (259200, "3d", "72:00:00"),
    ],
)
def test_ages_and_clocks(seconds: int, coarse: str, clock: str) -> None:
    assert (duration.coarse(seconds), duration.clock(seconds)) == (coarse, clock)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-3, "0s"),
        (6.2, "7s"),
        (9.5, "10s"),
        (103, "1m45s"),
        (106.3, "1m50s"),
        (599, "10m"),
        (5460, "1h31m"),
        (90001, "1d2h"),
    ],
)
def test_what_is_forecast_is_rounded_up(seconds: float, expected: str) -> None:
    assert duration.expected(seconds) == expected


@given(st.floats(0, 10_000_000), st.floats(0, 10_000_000))
def test_a_forecast_is_never_understated_and_keeps_its_order(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert low <= duration.parse(duration.expected(low)) <= duration.parse(duration.expected(high))


def test_sentences() -> None:
    assert (duration.ago(0.4), duration.ago(12)) == ("now", "10s ago")
    assert (duration.between(540, 720), duration.between(241, 242)) == ("9m to 12m", "4m5s")
    assert duration.waited(30, 180) == "00:30, timeout 03:00"
    assert duration.waited(200, 180) == duration.waited(200) == "03:20"
