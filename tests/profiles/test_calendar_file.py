"""The events of a calendar file as openings: recurrences, zones, all-day events, and what is wrong with a file."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from vmss_tui.domain.plan.maintenance_window import HORIZON, Window
from vmss_tui.errors import ProfileInvalid
from vmss_tui.profiles.calendar_file import MOST_BYTES, opened
from vmss_tui.profiles.model import load, resolve

TODAY = date(2026, 10, 20)
WEEKLY = """BEGIN:VEVENT
UID:1
DTSTART;TZID=Europe/Berlin:20260102T220000
DTEND;TZID=Europe/Berlin:20260103T040000
RRULE:FREQ=WEEKLY;BYDAY=FR
EXDATE;TZID=Europe/Berlin:20261030T220000
SUMMARY:patch night
END:VEVENT
"""
ALL_DAY = """BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20261101
DTEND;VALUE=DATE:20261102
END:VEVENT
"""
FLOATING = """BEGIN:VEVENT
UID:3
DTSTART:20261105T100000
DURATION:PT2H
END:VEVENT
"""
CANCELED = """BEGIN:VEVENT
UID:4
STATUS:CANCELLED
DTSTART:20261106T100000Z
DTEND:20261106T110000Z
END:VEVENT
"""


def window(directory: Path, *events: str, timezone: str = "Europe/Berlin") -> Window:
    path = directory / "windows.ics"
    path.write_text(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{''.join(events)}END:VCALENDAR\r\n", "utf-8")
    return opened(Window(calendar=str(path), timezone=timezone), TODAY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_recurrences_are_carried_out_in_their_own_zone(tmp_path: Path) -> None:
    weekly = window(tmp_path, WEEKLY)
    first, second = weekly.openings[:2]
    assert (first.opens, first.closes) == (at("2026-10-23T20:00"), at("2026-10-24T02:00")), "CEST"
    assert second.opens == at("2026-11-06T21:00"), "CET, and the week between is an exception"
    assert weekly.openings[-1].opens < at("2026-10-19T00:00") + HORIZON
    assert weekly.contains(at("2026-10-24T01:59")) and not weekly.contains(at("2026-10-24T02:00"))


def test_days_and_times_without_a_zone_are_in_that_of_the_window(tmp_path: Path) -> None:
    found = window(tmp_path, ALL_DAY, FLOATING, CANCELED).openings
    assert [(opening.opens, opening.closes) for opening in found] == [
        (at("2026-10-31T23:00"), at("2026-11-01T23:00")),
        (at("2026-11-05T09:00"), at("2026-11-05T11:00")),
    ]


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    assert len(window(tmp_path, ALL_DAY).openings) == 1
    assert len(window(tmp_path, ALL_DAY, FLOATING).openings) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"BEGIN:VEVENT", "is not an iCalendar file"),
        (b"\xff\xfe\x00", "is not an iCalendar file"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "has no event"),
        (b"x" * (MOST_BYTES + 1), "is larger"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "bad.ics"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        opened(Window(calendar=str(path)), TODAY)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=1,2,3;BYSECOND=1,2,3",
    ],
)  # fmt: skip
def test_an_event_that_no_window_has_is_refused_at_once(tmp_path: Path, rule: str) -> None:
    with pytest.raises(ValueError, match="more than 24 times a day"):
        window(tmp_path, WEEKLY.replace("FREQ=WEEKLY;BYDAY=FR", rule))


def test_recurrences_since_long_ago_or_of_many_events_are_refused_at_once(tmp_path: Path) -> None:
    long_ago = (
        WEEKLY.replace("20260102", "19000102").replace("20260103", "19000103").replace("WEEKLY;BYDAY=FR", "DAILY")
    )
    daily = WEEKLY.replace("FREQ=WEEKLY;BYDAY=FR", "FREQ=DAILY")
    for events in ([long_ago], [daily] * 200):
        with pytest.raises(ValueError, match="recurred more than 5000 times"):
            window(tmp_path, *events)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (WEEKLY.replace("Europe/Berlin", "Nowhere/Land"), "Nowhere/Land.* not known"),
        (WEEKLY.replace("EXDATE;TZID=Europe/Berlin", "EXDATE;TZID=Nowhere/Land"), "Nowhere/Land.* not known"),
        (WEEKLY.replace("SUMMARY", "EXRULE:FREQ=MONTHLY;BYDAY=1FR\nSUMMARY"), "patch night.* EXRULE"),
        (CANCELED.replace("T110000Z", "T090000Z"), "ends before it starts"),
        (CANCELED.replace("DTSTART", "X-START"), "has no DTSTART"),
    ],
)
def test_a_time_that_could_only_be_guessed_is_refused(event: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        window(tmp_path, ALL_DAY, event)


OUTLOOK = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


@pytest.mark.parametrize("name", ["W. Europe Standard Time", "Customized Time Zone", "(UTC+01:00) Amsterdam, Berlin"])
def test_the_zones_of_outlook(name: str, tmp_path: Path) -> None:
    outlook = WEEKLY.replace("Europe/Berlin", f'"{name}"')
    made = window(tmp_path, OUTLOOK.format(name=name), outlook, timezone="UTC").openings
    assert made == window(tmp_path, WEEKLY, timezone="UTC").openings
    if name.startswith("W."):
        assert window(tmp_path, outlook, timezone="UTC").openings == made, "a name of Windows needs no VTIMEZONE"


def test_a_moved_and_a_canceled_recurrence(tmp_path: Path) -> None:
    """As Google exports them: a VEVENT of the same UID, with the time that it replaces."""
    moved = (
        "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20261023T220000\n"
        "DTSTART;TZID=Europe/Berlin:20261024T230000\nDTEND;TZID=Europe/Berlin:20261025T040000\nEND:VEVENT\n"
    )
    canceled = moved.replace("RECURRENCE-ID;TZID=Europe/Berlin:20261023", "RECURRENCE-ID;TZID=Europe/Berlin:20261106")
    canceled = canceled.replace("UID:1", "UID:1\nSTATUS:CANCELLED").replace("202610", "202611")
    first, second = window(tmp_path, WEEKLY, moved, canceled).openings[:2]
    assert (first.opens, first.closes) == (at("2026-10-24T21:00"), at("2026-10-25T03:00")), "the clock goes back"
    assert second.opens == at("2026-11-13T21:00")


PROFILE = 'schema = 1\nname = "x"\n[script]\ncommand = "./a.sh"\n[window]\ncalendar = "windows.ics"\n'


def test_a_path_is_relative_to_the_profile(tmp_path: Path) -> None:
    window(tmp_path, WEEKLY)
    path = tmp_path / "x.toml"
    path.write_text(PROFILE, "utf-8")
    profile = load(path)
    made = resolve(profile, {}, environ={})
    assert made.policy.window is not None and made.policy.window.openings
    (tmp_path / "windows.ics").unlink()
    with pytest.raises(ProfileInvalid, match=r"windows\.ics"):
        resolve(profile, {}, environ={})


def test_reading_a_profile_imports_no_calendar_library() -> None:
    code = "import sys, vmss_tui.profiles.model, vmss_tui.config.maintenance; print('icalendar' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
