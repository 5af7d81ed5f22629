"""When a rollout starts that starts later, in words. Pure; times of day are those of this host."""

from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.rollout.events import Scheduled
from vmss_tui.text import plain


def starts_in(at: datetime, now: datetime) -> str:
    """`starts Sat 2026-11-28 22:00 (in 3h)`."""
    local = at.astimezone()
    return f"starts {local:%a %Y-%m-%d %H:%M} ({countdown(at, now)})"


def scheduled_words(event: Scheduled) -> str:
    """`scheduled by maria for 2026-11-28 22:00:00 UTC, when the maintenance window opens`."""
    by = f" by {plain(event.who)}" if event.who else ""
    window = ", when the maintenance window opens" if event.at_window else ""
    return f"scheduled{by} for {event.at:%Y-%m-%d %H:%M:%S} UTC{window}"


def countdown(at: datetime, now: datetime) -> str:
    """`in 2d4h`, `in 2h15m`, `in 4m`, `in 45s`, `due`: to the minute, from two days on to the hour."""
    seconds = (at - now).total_seconds()
    if seconds <= 0:
        return "due"
    if seconds < 90:
        return f"in {duration.coarse(seconds)}"
    step = 60 if seconds < 2 * 86400 else 3600
    return f"in {duration.exact(round(seconds / step) * step)}"
