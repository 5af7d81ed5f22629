"""Timestamps as Azure writes them: up to seven fractional digits, trailing zeros cut, an offset or Z."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache

_OFFSETS: dict[str, timezone] = {}


@lru_cache(maxsize=1 << 16)
def stamp(moment: datetime, offset: str = "+00:00") -> str:
    """A moment with the fraction of a tick (100 ns): seven digits, fewer when the last ones are zero."""
    local = moment.astimezone(zone(offset))
    ticks = f"{local.microsecond * 10 + local.microsecond % 10:07d}".rstrip("0")
    return f"{local.isoformat(timespec='seconds')[:19]}{'.' + ticks if ticks else ''}{offset}"


@lru_cache(maxsize=1 << 16)
def whole(moment: datetime, offset: str = "+00:00") -> str:
    """A moment in whole seconds, as agents and health sources report it."""
    return f"{moment.astimezone(zone(offset)).isoformat(timespec='seconds')[:19]}{offset}"


def zone(offset: str) -> timezone:
    """The time zone of an offset such as -07:00."""
    if offset not in _OFFSETS:
        sign = -1 if offset.startswith("-") else 1
        hours, minutes = offset[1:].split(":")
        _OFFSETS[offset] = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
    return _OFFSETS[offset]
