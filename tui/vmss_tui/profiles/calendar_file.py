"""Reads the events of an iCalendar file as openings of a window, recurrences carried out.

RFC 5545 by `icalendar` and `recurring-ical-events`, imported here only, and only when there is a file to read. All-day
events and times without a zone are in the zone of the window; a canceled event is none. Values that the libraries would
guess or ignore are refused, since a wrong guess opens the window at a wrong time.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from vmss_tui.domain.plan.maintenance_window import HORIZON, Opening, Window, known_zone, merged
from vmss_tui.text import plain

MOST_BYTES = 4 * 1024 * 1024
MOST_EVENTS = 1000
"""How many events are read, from yesterday on; a calendar of changes has a few in a week."""
MOST_IN_A_DAY = 24
MOST_OCCURRENCES = 5000
"""Of all recurring events until now. A rule beyond it would take minutes to evaluate, or not end: a calendar is often
another person's file."""
_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}


def opened(window: Window, today: date | None = None) -> Window:
    """The window with the openings of its calendar from yesterday on; the same without a calendar.

    Raises ValueError with what is wrong with the file, as it follows the file's name in a sentence.
    """
    if not window.calendar or not known_zone(window.timezone):
        return window
    path = Path(window.calendar)
    try:
        stat = path.stat()
        if stat.st_size > MOST_BYTES:
            raise ValueError(f"is larger than {MOST_BYTES // 1024 // 1024} MiB")
        found = _read(path, (stat.st_mtime_ns, stat.st_size), window.timezone, today or datetime.now(UTC).date())
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from error
    return replace(window, openings=found)


@lru_cache(maxsize=32)
def _read(path: Path, version: tuple[int, int], timezone: str, today: date) -> tuple[Opening, ...]:
    """The openings of a file in the `version` (time of change and size) that it has now."""
    import icalendar
    import recurring_ical_events

    start = datetime.combine(today, time(), UTC) - timedelta(days=1)
    try:
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
        _check(calendar.walk("VEVENT"), ZoneInfo(timezone), today)
        query: Any = recurring_ical_events.of(calendar, skip_bad_series=False)
        found = merged(_openings(query.after(start), ZoneInfo(timezone), start + HORIZON))
    except _Refused as refused:
        raise ValueError(f"cannot be used: {plain(str(refused))}") from None
    except OSError:
        raise
    except Exception as error:  # the libraries raise errors of any type for a malformed value
        raise ValueError(f"is not an iCalendar file that can be read: {plain(str(error))}") from error
    if not found:
        raise ValueError("has no event from today on")
    return found


class _Refused(ValueError):
    """Why the events of a file make no window that can be relied on."""


def _check(events: list[Any], zone: ZoneInfo, today: date) -> None:
    """Raise _Refused for events that make no window that can be relied on, or none within a reasonable time."""
    for event in events:
        _check_event(event, zone)
    _check_series([event for event in events if event.get("RRULE") is not None], today)


def _check_event(event: Any, zone: ZoneInfo) -> None:
    """Raise _Refused for an event whose time can only be guessed: by the libraries, or by us."""
    name = str(event.get("SUMMARY") or event.get("UID") or "without a name")
    if event.get("DTSTART") is None:
        raise _Refused(f"the event {name!r} has no DTSTART")
    if event.get("EXRULE") is not None:
        raise _Refused(f"the event {name!r} has an EXRULE, which RFC 5545 has removed: write EXDATE")
    for key in ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"):
        for value in _values(event.get(key)):
            its = str(value.params.get("TZID", ""))
            if its and any(getattr(at, "tzinfo", its) is None for at in _moments(value)):
                raise _Refused(f"the event {name!r} is in the time zone {its!r}, which is not known: add VTIMEZONE")
    end = event.decoded("DTEND", None)
    if end is not None and _moment(end, zone) < _moment(event.decoded("DTSTART"), zone):
        raise _Refused(f"the event {name!r} ends before it starts")


def _values(prop: Any) -> list[Any]:
    """A property of an event, which is a list where it occurs several times."""
    return prop if isinstance(prop, list) else [] if prop is None else [prop]


def _moments(value: Any) -> Iterator[Any]:
    """The dates and times of a value; of a list of them (RDATE, EXDATE) each, of a period its start."""
    for one in getattr(value, "dts", (value,)):
        yield one.dt[0] if isinstance(one.dt, tuple) else one.dt


def _check_series(series: list[Any], today: date) -> None:
    """Raise _Refused for recurrences that no maintenance window has and that would take very long to carry out."""
    occurrences = 0.0
    for event in series:
        begun, rules = event.decoded("DTSTART"), event["RRULE"]
        days = max(0, (today - date(begun.year, begun.month, begun.day)).days)
        for rule in rules if isinstance(rules, list) else [rules]:
            often = math.prod(len(rule.get(part, (0,))) for part in ("BYHOUR", "BYMINUTE", "BYSECOND"))
            period = _DAYS.get(rule["FREQ"][0].upper(), 0) * int(rule.get("INTERVAL", (1,))[0])
            if period < 1 or often > MOST_IN_A_DAY:
                raise _Refused(f"an event recurs more than {MOST_IN_A_DAY} times a day")
            within = sum(len(rule.get(part, ())) for part in ("BYDAY", "BYMONTHDAY", "BYYEARDAY")) or 1
            occurrences += days / period * often * min(within, period)
    if occurrences > MOST_OCCURRENCES:
        raise _Refused(f"its events recurred more than {MOST_OCCURRENCES} times so far: let them begin later")


def _openings(events: Iterator[Any], zone: ZoneInfo, last: datetime) -> Iterator[Opening]:
    for event in islice(events, MOST_EVENTS):
        opens, closes = _moment(event.start, zone), _moment(event.end, zone)
        if opens > last:
            return
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield Opening(opens, closes)


def _moment(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime.combine(at, time())
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
