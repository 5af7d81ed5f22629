"""When a rollout starts that starts later."""

from datetime import timedelta

import pytest

from support.estate import NOW
from vmss_tui.presentation.rollout.schedule import countdown, starts_in


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7200, "in 2h"),
        (7198, "in 2h"),
        (8100, "in 2h15m"),
        (187_300, "in 2d4h"),
        (100, "in 2m"),
        (45, "in 45s"),
        (0.5, "in 0s"),
        (0, "due"),
        (-60, "due"),
    ],
)
def test_the_time_until_a_start(seconds: float, words: str) -> None:
    assert countdown(NOW + timedelta(seconds=seconds), NOW) == words


def test_a_start_has_its_time_of_day_on_this_host() -> None:
    at = NOW + timedelta(hours=3)
    local = at.astimezone()
    assert starts_in(at, NOW) == f"starts {local:%a %Y-%m-%d %H:%M} (in 3h)"
