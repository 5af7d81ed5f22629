"""When changes may be made: the maintenance window fields of a profile, kept and validated."""

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from vmss_tui.domain.plan.findings import Problem

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A weekly maintenance window: `HH:MM` in `timezone`; an end before the start is on the next day."""

    start: str
    end: str
    days: tuple[str, ...] = _DAYS
    timezone: str = "UTC"


def check_window(window: Window) -> tuple[Problem, ...]:
    """Everything wrong with a window's fields."""
    found = [
        Problem(f"window.{name}", f"{value!r} is not a time of day", "write HH:MM, such as 22:30")
        for name, value in (("start", window.start), ("end", window.end))
        if not _TIME.match(value)
    ]
    found += [
        Problem("window.days", f"{day!r} is not a day", f"use {', '.join(_DAYS)}")
        for day in window.days
        if day not in _DAYS
    ]
    try:
        ZoneInfo(window.timezone)
    except (KeyError, ValueError, OSError):
        found.append(
            Problem(
                "window.timezone",
                f"{window.timezone!r} is no known time zone",
                "use a name such as Europe/Berlin",
            )
        )
    return tuple(found)
