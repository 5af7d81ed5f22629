"""Timestamps as Azure writes them: up to seven fractional digits, trailing zeros cut, an offset or Z."""

from datetime import datetime, timedelta, timezone

_OFFSETS: dict[str, timezone] = {}


def stamp(moment: datetime, offset: str = "+00:00") -> str:
    """A moment with the fraction of a tick (100 ns): seven digits, fewer when the last ones are zero."""
    local = moment.astimezone(zone(offset))
    ticks = f"{local.microsecond * 10 + local.microsecond % 10:07d}".rstrip("0")
    return f"{local:%Y-%m-%dT%H:%M:%S}{'.' + ticks if ticks else ''}{offset}"


def whole(moment: datetime, offset: str = "+00:00") -> str:
    """A moment in whole seconds, as agents and health sources report it."""
    return f"{moment.astimezone(zone(offset)):%Y-%m-%dT%H:%M:%S}{offset}"


def zone(offset: str) -> timezone:
    """The time zone of an offset such as -07:00."""
    if offset not in _OFFSETS:
        sign = -1 if offset.startswith("-") else 1
        hours, minutes = offset[1:].split(":")
        _OFFSETS[offset] = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
    return _OFFSETS[offset]
