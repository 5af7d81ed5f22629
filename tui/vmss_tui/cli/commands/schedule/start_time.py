"""The options that say when to start: at a time, or when the maintenance window opens."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vmss_tui.errors import UsageError

if TYPE_CHECKING:
    from vmss_tui.engine.schedule.start_later import StartTime

Function = TypeVar("Function", bound=Callable[..., Any])

_TIME = "22:00, 2026-12-01T22:00, an RFC 3339 time, or +2h30m"


def start_times(function: Function) -> Function:
    """Give a command `--at` and `--at-window`."""
    later = click.option("--at-window", is_flag=True, help="Start when the maintenance window opens; at once if open.")
    at = click.option("--at", metavar="TIME", help=f"Start at this time: {_TIME}.")
    return at(later(function))


def start_from(at: str | None, at_window: bool, now: datetime) -> "StartTime":
    """What those options say. Raises UsageError."""
    from vmss_tui.engine.schedule.start_later import StartTime, parse_time

    if at and at_window:
        raise UsageError("--at and --at-window exclude each other", hint="give one of them")
    return StartTime(parse_time(at, now) if at else None, at_window)
