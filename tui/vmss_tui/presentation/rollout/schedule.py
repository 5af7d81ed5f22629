"""When a rollout starts that starts later, in words. Pure; times of day are those of this host."""

from datetime import datetime

from vmss_tui import duration


def starts_in(at: datetime, now: datetime) -> str:
    """`starts Sat 2026-11-28 22:00 (in 3h)`."""
    local = at.astimezone()
    return f"starts {local:%a %Y-%m-%d %H:%M} ({countdown(at, now)})"


def countdown(at: datetime, now: datetime) -> str:
    """`in 3h`, `in 2m`, `due`."""
    seconds = (at - now).total_seconds()
    return f"in {duration.coarse(seconds)}" if seconds > 0 else "due"
