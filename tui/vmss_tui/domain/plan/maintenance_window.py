"""When changes may be made: maintenance windows, and the arithmetic on them in a time zone.

A window is weekly, or the events of a calendar file as they were read. A weekly one opens on each of its days at
`start` and closes at `end`; an end at or before the start is on the next day, so equal times mean a whole day.
Wall-clock times become instants once, at their opening and closing: a time that the clock skips counts as an hour
later, a window over the skipped hour is an hour shorter, and of a time that the clock shows twice the first counts.
Pure; the zones are those of `zoneinfo`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import PurePath
from zoneinfo import ZoneInfo

from vmss_tui.domain.plan.findings import Problem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of days as a profile writes them, in the order of `datetime.weekday`."""

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
HORIZON = timedelta(days=400)
"""How far ahead an opening is searched."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a window: from `opens` to `closes`, in UTC, the end not included."""

    opens: datetime
    closes: datetime


def merged(openings: Iterable[Opening]) -> tuple[Opening, ...]:
    """Openings in order, those that touch or overlap as one; one that closes before it opens is dropped."""
    found: list[Opening] = []
    for opening in sorted(openings, key=lambda opening: opening.opens):
        if opening.opens >= opening.closes:
            continue
        if found and opening.opens <= found[-1].closes:
            found[-1] = Opening(found[-1].opens, max(found[-1].closes, opening.closes))
        else:
            found.append(opening)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A maintenance window: weekly, `HH:MM` in `timezone`, where an end at or before the start is on the next day.

    With a `calendar` it is open during the events of that file instead, which `openings` has as far as they are known.
    The methods need a window without problems (see `check_window`) and times that know their zone.
    """

    start: str = ""
    end: str = ""
    days: tuple[str, ...] = DAYS
    timezone: str = "UTC"
    calendar: str = ""
    """Path of an iCalendar file."""
    openings: tuple[Opening, ...] = ()

    def contains(self, at: datetime) -> bool:
        """Whether changes may be made at this time."""
        now = at.astimezone(UTC)
        return any(opening.opens <= now < opening.closes for opening in self.between(now, now))

    def between(self, first: datetime, last: datetime) -> tuple[Opening, ...]:
        """The openings that touch the time from `first` to `last`, in order, those that touch each other as one."""
        return merged(
            opening for opening in self._around(first, last) if opening.closes >= first and opening.opens <= last
        )

    def _around(self, first: datetime, last: datetime) -> Iterator[Opening]:
        """Every opening of these days: from two days before, since an opening may last into the next day."""
        if self.calendar:
            yield from self.openings
            return
        zone = ZoneInfo(self.timezone)
        day = first.astimezone(zone).date() - timedelta(days=2)
        until = last.astimezone(zone).date()
        while day <= until:
            if DAYS[day.weekday()] in self.days:
                opening = self._opening(day, zone)
                if opening.opens < opening.closes:
                    yield opening
            day += timedelta(days=1)

    def _opening(self, day: date, zone: ZoneInfo) -> Opening:
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        last = day if end > start else day + timedelta(days=1)
        opens, closes = datetime.combine(day, start, zone), datetime.combine(last, end, zone)
        return Opening(opens.astimezone(UTC), closes.astimezone(UTC))

    def __str__(self) -> str:
        """`Mon-Fri 22:00-04:00 (Europe/Berlin)`, `daily 01:00-05:00 (UTC)`, `by changes.ics (UTC)`."""
        if self.calendar:
            return f"by {PurePath(self.calendar).name} ({self.timezone})"
        return f"{_days_in_words(self.days)} {self.start}-{self.end} ({self.timezone})"


def moment(at: datetime, timezone: str) -> str:
    """A time in a zone: `Sun 2026-11-29 01:00 CET`."""
    local = at.astimezone(ZoneInfo(timezone))
    return f"{DAYS[local.weekday()].capitalize()} {local:%Y-%m-%d %H:%M %Z}"


def known_zone(name: str) -> bool:
    """Whether `zoneinfo` has a time zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def check_window(window: Window) -> tuple[Problem, ...]:
    """Everything wrong with a window's fields; nothing is wrong with one whose methods may be called."""
    found: list[Problem] = []
    if window.calendar and (window.start or window.end):
        found.append(Problem("window.calendar", "start and end are also given", "keep the calendar, or start and end"))
    if not window.calendar:
        found += _check_week(window)
    if not known_zone(window.timezone):
        found.append(
            Problem(
                "window.timezone",
                f"{window.timezone!r} is not a known time zone",
                "use a name such as Europe/Berlin",
            )
        )
    return tuple(found)


def _check_week(window: Window) -> Iterator[Problem]:
    for name, value in (("start", window.start), ("end", window.end)):
        if not _TIME.fullmatch(value):
            yield Problem(f"window.{name}", f"{value!r} is not a time of day", "write HH:MM, such as 22:30")
    for day in window.days:
        if day not in DAYS:
            yield Problem("window.days", f"{day!r} is not a day", f"use {', '.join(DAYS)}")
    if not window.days:
        yield Problem("window.days", "names no day, so the window never opens", f"use {', '.join(DAYS)}")


def _days_in_words(days: tuple[str, ...]) -> str:
    """`daily`, `Mon-Fri`, `Sat, Sun`: three or more days in a row become a range."""
    indexes = sorted({DAYS.index(day) for day in days if day in DAYS})
    if len(indexes) == len(DAYS):
        return "daily"
    runs: list[list[int]] = []
    for index in indexes:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ", ".join(words for run in runs for words in _run_in_words([DAYS[index].capitalize() for index in run]))


def _run_in_words(names: list[str]) -> list[str]:
    return [f"{names[0]}-{names[-1]}"] if len(names) > 2 else names
