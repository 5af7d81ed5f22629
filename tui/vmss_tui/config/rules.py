"""The tables of `[[windows]]` and `[[freezes]]` as rules for rollouts. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from vmss_tui.domain.plan.maintenance_window import Window, check_window, known_zone
from vmss_tui.domain.plan.timetable import Freeze, Scope, WindowRule

Table = Mapping[str, Any]


def window_rule(table: Table) -> WindowRule:
    """A table of `[[windows]]`; its calendar is not read. Raises ValueError with what is wrong."""
    window = Window(
        start=table["start"],
        end=table["end"],
        days=tuple(table["days"]),
        timezone=table["timezone"],
        calendar=str(table["calendar"] or ""),
    )
    for problem in check_window(window):
        raise ValueError(f"{problem.field.removeprefix('window.')}: {problem.message}")
    return WindowRule(window=window, scope=_scope(table))


def freeze(table: Table) -> Freeze:
    """A table of `[[freezes]]`; a last day is part of the freeze. Raises ValueError with what is wrong."""
    if not known_zone(table["timezone"]):
        raise ValueError(f"timezone: {table['timezone']!r} is not a known time zone")
    zone = ZoneInfo(table["timezone"])
    start, end = moment(table["from"], zone), moment(table["to"], zone, last=True)
    if end <= start:
        raise ValueError("to: is not after from")
    return Freeze(start=start, end=end, reason=table["reason"], timezone=table["timezone"], scope=_scope(table))


def moment(value: object, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A date or time of TOML, or a text with one, in UTC; a date is its first moment, or where the day after begins.

    Raises ValueError.
    """
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == len("2026-12-20") else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)
    if not isinstance(value, date):
        raise ValueError(f"{value!r} is not a date or time")
    return datetime.combine(value + timedelta(days=1) if last else value, time(), zone).astimezone(UTC)


def _scope(table: Table) -> Scope:
    return Scope(subscriptions=tuple(table["subscriptions"]), tags=tuple(table["tags"]), names=tuple(table["names"]))
