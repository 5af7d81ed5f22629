"""When a rollout starts that starts later, and what refuses it when its time comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.build import fleet, script, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.pinned_files import PlannedFile
from vmss_tui.engine.schedule.start_later import differences, parse_time
from vmss_tui.errors import UsageError

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("22:00", "2026-11-28T22:00"),
        ("9:30", "2026-11-29T09:30"),
        ("2026-12-01T22:00", "2026-12-01T22:00"),
        ("2026-12-01 22:00", "2026-12-01T22:00"),
        ("2026-12-01T21:00Z", "2026-12-01T22:00"),
        ("2026-12-01T23:00+02:00", "2026-12-01T22:00"),
        ("+2h30m", "2026-11-28T14:30"),
        ("now", "2026-11-28T12:00"),
    ],
)
def test_times_that_a_person_gives(text: str, at: str) -> None:
    now = local("2026-11-28T12:00")
    assert parse_time(text, now, BERLIN) == local(at)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "2026-11-27T10:00", "2030-01-01T00:00", "+", "2026-13-01", "22.5"]
)
def test_times_that_make_no_sense(text: str) -> None:
    with pytest.raises(UsageError):
        parse_time(text, local("2026-11-28T12:00"), BERLIN)


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


@given(moments, zones, st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_the_next_one_also_where_the_clock_changes(
    now: datetime, zone: str, hour: int, minute: int
) -> None:
    here = ZoneInfo(zone)
    found = parse_time(f"{hour:02}:{minute:02}", now, here)
    assert now < found <= now + timedelta(days=2)
    shown = found.astimezone(here)
    skipped = found.astimezone(here).replace(fold=0).astimezone(UTC) != found
    assert (shown.hour, shown.minute) == (hour, minute) or skipped or _is_skipped(shown, hour, minute)


def _is_skipped(shown: datetime, hour: int, minute: int) -> bool:
    """Whether the clock of that day does not show the time at all."""
    wanted = datetime(shown.year, shown.month, shown.day, hour, minute, tzinfo=shown.tzinfo)
    there_and_back = wanted.astimezone(UTC).astimezone(shown.tzinfo)
    return (there_and_back.hour, there_and_back.minute) != (hour, minute)


AGREED = plan_of(snapshot(*fleet(4)))


def test_the_same_is_no_difference() -> None:
    later = plan_of(snapshot(*fleet(4)))
    assert list(differences(AGREED, replace(later, healthy=3))) == []


def test_what_refuses_it() -> None:
    refusal = Finding(Severity.REFUSE, "no-rights", "you may not write the scale set")
    file = PlannedFile("https://x/a.sh?sig=1", "aa")
    cases = {
        "you may not": replace(AGREED, findings=(refusal,)),
        "script was changed": replace(AGREED, previous=script(9)),
        "no longer updated: 3": plan_of(snapshot(*fleet(3))),
        "updated: 4": plan_of(snapshot(*fleet(5))),
        "https://x/a.sh": replace(AGREED, files=(file,)),
    }
    for words, changed in cases.items():
        found = list(
            differences(replace(AGREED, files=(replace(file, sha256="bb"),) if "https" in words else ()), changed)
        )
        assert any(words in sentence for sentence in found), (words, found)
        assert not any("sig=" in sentence for sentence in found)
