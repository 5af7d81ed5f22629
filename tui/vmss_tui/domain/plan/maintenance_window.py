"""When changes may be made: weekly maintenance windows, and the arithmetic on them in a time zone.

A window opens on each of its days at `start` and closes at `end`; an end at or before the start is on the next day, so
equal times mean a whole day. Wall-clock times become instants once, at their opening and closing: a time that the clock
skips counts as if it had not (the window keeps its length), and of a time that the clock shows twice the first counts.
Pure; the zones are those of `zoneinfo`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vmss_tui.domain.plan.findings import Problem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of days as a profile writes them, in the order of `datetime.weekday`."""

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WEEK = timedelta(days=7)
_HORIZON_DAYS = 15
"""Days ahead in which a valid window opens for certain, also when a change of the clock removes one opening."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a window: from `opens` to `closes`, in UTC, the end not included."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A weekly maintenance window: `HH:MM` in `timezone`; an end at or before the start is on the next day.

    The methods need a window without problems (see `check_window`) and times that know their zone.
    """

    start: str
    end: str
    days: tuple[str, ...] = DAYS
    timezone: str = "UTC"

    def contains(self, at: datetime) -> bool:
        """Whether changes may be made at this time."""
        now = at.astimezone(UTC)
        return any(opening.opens <= now < opening.closes for opening in self._openings(now, 1))

    def opens_next(self, at: datetime) -> datetime | None:
        """The first opening after `at`, in UTC; None for a window that never opens."""
        now = at.astimezone(UTC)
        later = (opening.opens for opening in self._openings(now, _HORIZON_DAYS) if opening.opens > now)
        return min(later, default=None)

    def closes_at(self, at: datetime) -> datetime | None:
        """When the window that is open at `at` closes, in UTC; None when it never does.

        Openings that touch count as one. Raises ValueError when the window is closed at `at`.
        """
        if not self.contains(at):
            raise ValueError(f"the window is closed at {at.isoformat()}")
        now = until = at.astimezone(UTC)
        for opening in sorted(self._openings(now, _HORIZON_DAYS), key=lambda opening: opening.opens):
            if opening.opens <= until < opening.closes:
                until = opening.closes
        return until if until < now + _WEEK else None

    def moment(self, at: datetime) -> str:
        """A time in the window's zone: `Sun 2026-11-29 01:00 CET`."""
        local = at.astimezone(ZoneInfo(self.timezone))
        return f"{DAYS[local.weekday()].capitalize()} {local:%Y-%m-%d %H:%M %Z}"

    def _openings(self, at: datetime, days_ahead: int) -> Iterator[Opening]:
        """Every opening of the days around `at`: two before, since an opening may last into the next day, and more."""
        zone = ZoneInfo(self.timezone)
        today = at.astimezone(zone).date()
        for offset in range(-2, days_ahead + 1):
            day = today + timedelta(days=offset)
            if DAYS[day.weekday()] in self.days:
                opening = self._opening(day, zone)
                if opening.opens < opening.closes:
                    yield opening

    def _opening(self, day: date, zone: ZoneInfo) -> Opening:
        start, end = time.fromisoformat(self.start), time.fromisoformat(self.end)
        last = day if end > start else day + timedelta(days=1)
        opens, closes = datetime.combine(day, start, zone), datetime.combine(last, end, zone)
        return Opening(opens.astimezone(UTC), closes.astimezone(UTC))

    def __str__(self) -> str:
        """`Mon-Fri 22:00-04:00 (Europe/Berlin)`, `daily 01:00-05:00 (UTC)`."""
        return f"{_days_in_words(self.days)} {self.start}-{self.end} ({self.timezone})"


def check_window(window: Window) -> tuple[Problem, ...]:
    """Everything wrong with a window's fields; nothing is wrong with one whose methods may be called."""
    found = [
        Problem(f"window.{name}", f"{value!r} is not a time of day", "write HH:MM, such as 22:30")
        for name, value in (("start", window.start), ("end", window.end))
        if not _TIME.fullmatch(value)
    ]
    found += [
        Problem("window.days", f"{day!r} is not a day", f"use {', '.join(DAYS)}")
        for day in window.days
        if day not in DAYS
    ]
    if not window.days:
        found.append(Problem("window.days", "names no day, so the window never opens", f"use {', '.join(DAYS)}"))
    try:
        ZoneInfo(window.timezone)
    except (KeyError, ValueError, OSError):
        found.append(
            Problem(
                "window.timezone",
                f"{window.timezone!r} is not a known time zone",
                "use a name such as Europe/Berlin",
            )
        )
    return tuple(found)


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
