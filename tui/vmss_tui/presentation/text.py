"""Small pieces of text: durations, ages, counts, names cut in the middle, and foreign text made safe to show."""

import re
import unicodedata
from datetime import datetime

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\x80-\x9f]")


def clock_time(seconds: float) -> str:
    """A duration in seconds as `mm:ss` until an hour, `h:mm:ss` after, `3d` beyond two days; negative counts as 0."""
    total = max(0, int(seconds))
    if total >= 2 * 86400:
        return f"{total // 86400}d"
    hours, rest = divmod(total, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def waited(seconds: float, limit: float | None = None) -> str:
    """How long a wait has lasted, and after how long it is given up: `00:30 of at most 03:00`."""
    known = limit is not None and seconds <= limit
    return f"{clock_time(seconds)} of at most {clock_time(limit or 0)}" if known else clock_time(seconds)


def in_words(seconds: float) -> str:
    """A duration in seconds for a sentence: `45 s`, `4 min`, `1 h 05 min`."""
    total = max(0, round(seconds))
    if total < 90:
        return f"{total} s"
    minutes = round(total / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def age(seconds: float) -> str:
    """How long ago, coarsely: `now`, `12 s ago`, `4 min ago`, `3 h ago`, `3 days ago`."""
    total = max(0, int(seconds))
    if total < 1:
        return "now"
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "min"), (172800, 3600, "h")):
        if total < limit:
            return f"{total // size} {unit} ago"
    return f"{total // 86400} days ago"


def share(part: int, whole: int) -> str:
    """`98%`: rounded down, so that 100% means all; `–` of nothing."""
    return f"{part * 100 // whole}%" if whole else "–"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 instance`, `12 instances`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def width(text: str) -> int:
    """Terminal cells that `text` takes."""
    return sum(_cell(char) for char in text)


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut_middle(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, the middle replaced by `…`."""
    if width(text) <= cells:
        return text
    if cells <= 1:
        return "…"[:cells]
    tail = (cells - 1) // 2
    head = cells - 1 - tail
    return _take(text, head) + "…" + _take(text[::-1], tail)[::-1]


def cut_end(text: str, cells: int) -> str:
    """`text` in at most `cells` cells, the end replaced by `…`."""
    return text if width(text) <= cells else _take(text, max(0, cells - 1)) + "…"[:cells]


def _take(text: str, cells: int) -> str:
    used = 0
    for index, char in enumerate(text):
        used += _cell(char)
        if used > cells:
            return text[:index]
    return text


def fit(text: str, cells: int, *, right: bool = False, middle: bool = False) -> str:
    """`text` cut and padded to exactly `cells` cells."""
    short = cut_middle(text, cells) if middle else cut_end(text, cells)
    pad = " " * (cells - width(short))
    return pad + short if right else short + pad


def short_id(instance: str) -> str:
    """What tells an instance from its neighbours: its number, or the end of a VM's name (`web_7c3f9a21`: `3f9a21`)."""
    tail = instance.rpartition("_")[2] or instance
    return tail if tail.isdigit() else tail[-6:]


def plain(text: str) -> str:
    """Foreign text on one line without escape sequences or control characters."""
    if text.isprintable():
        return text
    return " ".join(plain_lines(text))


def plain_lines(text: str) -> tuple[str, ...]:
    """Foreign text as lines without escape sequences or control characters; tabs become spaces."""
    clean = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return tuple(
        "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Cs"))
        for line in clean.split("\n")
        if line.strip() or line == ""
    )


def seconds_between(start: datetime | None, end: datetime | None) -> float:
    """Seconds from `start` to `end`, 0.0 when either is unknown."""
    return (end - start).total_seconds() if start is not None and end is not None else 0.0
