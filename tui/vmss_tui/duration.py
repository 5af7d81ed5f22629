"""Durations in words, by purpose: exact as configured, coarse for ages, expected for forecasts, a clock for what runs.

Pure. Seconds everywhere. The only place where a number of seconds becomes text or text becomes seconds.
"""

import math
import re

_ISO = re.compile(
    r"P(?:(?P<days>\d{1,9}(?:\.\d{1,9})?)D)?(?:T(?:(?P<hours>\d{1,9}(?:\.\d{1,9})?)H)?"
    r"(?:(?P<minutes>\d{1,9}(?:\.\d{1,9})?)M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,9})?)S)?)?",
    re.IGNORECASE,
)
_PART = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(d|h|min|m|s|(?!\d))", re.IGNORECASE)
_UNIT = {"d": 86400, "h": 3600, "m": 60, "min": 60, "s": 1, "": 1}


def parse(text: str | int) -> int:
    """Seconds of `30`, `30s`, `1m30s`, `2h` or ISO 8601 `PT1M30S`. Raises ValueError with a sentence for people."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    value = str(text).strip()
    iso = _ISO.fullmatch(value)
    if iso is not None and len(value) > 2:
        parts = {name: float(number or 0) for name, number in iso.groupdict().items()}
        return round(parts["days"] * 86400 + parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"])
    total, at = 0.0, 0
    while at < len(value) and (part := _PART.match(value, at)) is not None:
        total += float(part[1]) * _UNIT[part[2].lower()]
        at = part.end()
    if value and at == len(value):
        return round(total)
    raise ValueError(f"{text!r} is not a duration; write 30s, 5m, 1h30m or PT30S")


def iso(seconds: int) -> str:
    """ISO 8601 as Azure writes it: `PT0S`, `PT1M30S`."""
    if seconds <= 0:
        return "PT0S"
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return "PT" + "".join(f"{n}{u}" for n, u in ((hours, "H"), (minutes, "M"), (left, "S")) if n)


def exact(seconds: float) -> str:
    """A configured duration, never rounded to a larger unit: `0s`, `45s`, `1m30s`, `1h30m`, `25d`."""
    total = max(0, round(seconds))
    days, rest = divmod(total, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{n}{u}" for n, u in ((days, "d"), (hours, "h"), (minutes, "m"), (left, "s")) if n]
    return "".join(parts) or "0s"


def coarse(seconds: float) -> str:
    """An age or a time that is left, rounded down to its largest unit: `45s`, `4m`, `3h`, `3d`.

    Minutes from 90 s on, hours from 90 m. From ten seconds on it moves in steps of five, so that a list of ages
    repaints little on a thin line.
    """
    total = max(0, int(seconds))
    if 10 <= total < 90:
        return f"{total // 5 * 5}s"
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "m"), (172800, 3600, "h")):
        if total < limit:
            return f"{total // size}{unit}"
    return f"{total // 86400}d"


def expected(seconds: float) -> str:
    """A forecast duration, rounded up so that it is never understated: `8s`, `1m45s`, `12m`, `1h35m`, `3d4h`.

    To a second below 10 s, to five below 10 minutes, to a minute below a day, then to an hour: a later end never reads
    as an earlier one, and what still runs repaints little.
    """
    for limit, size in ((10, 1), (600, 5), (86400, 60)):
        if seconds < limit:
            return exact(math.ceil(seconds / size) * size)
    return exact(math.ceil(seconds / 3600) * 3600)


def between(low: float, high: float) -> str:
    """An expectation in words: `9m to 12m`, `45s to 4m10s`; one value when both read the same."""
    least, most = expected(low), expected(high)
    return least if least == most else f"{least} to {most}"


def ago(seconds: float) -> str:
    """How long ago, coarsely: `now`, `12s ago`, `3d ago`."""
    return "now" if seconds < 1 else f"{coarse(seconds)} ago"


def clock(seconds: float) -> str:
    """What runs: `mm:ss` until an hour, `h:mm:ss` after; negative counts as 0."""
    hours, rest = divmod(max(0, int(seconds)), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def waited(seconds: float, limit: float | None = None) -> str:
    """How long a wait has lasted, and when it times out: `00:30, timeout 03:00`."""
    return clock(seconds) if limit is None or seconds > limit else f"{clock(seconds)}, timeout {clock(limit)}"
