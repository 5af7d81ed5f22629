"""Text for people: foreign text made safe to show, signs as ASCII, counts, lists of ids, names cut to a width. Pure.

Foreign text is text that others wrote: names, messages and settings from Azure, script output, profiles, input.
`plain`, `plain_lines` and `readable` are the one cleaner that it passes before it reaches a terminal or a file.
"""

import locale
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from vmss_tui.redact import hides_short, redacted

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI, whole or cut off
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c|(?=[\x1b\n])|\Z)"  # OSC, DCS …
    r"|\x9b[0-?]*[ -/]*[@-~]?"  # CSI as one byte of C1
    r"|\x1b[ -/]*[0-~]?"  # any other escape sequence
)
"""Escape sequences of ECMA-48; every branch is linear in the length of the text."""
_LOGGING_COMMAND = re.compile(r"##(?=(?:vso)?\[)", re.IGNORECASE)
_LEADING_COLONS = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_SHORT = 8
"""No known shape of a secret is shorter, so that the many short texts of a table are left at once."""
_MOST_MARKS = 4
"""Combining marks on one character; more of them run over the lines above and below."""

_ASCII = str.maketrans(
    {
        "●": "#", "◐": "~", "○": ".", "✖": "x", "▲": "!", "◌": "?", "⊘": "-", "◆": "*", "★": "*",
        "▶": ">", "‖": "|", "━": "=",
        "▸": ">", "▾": "v", "→": ">", "←": "<", "↑": "^", "↓": "v", "…": "~", "–": "-", "·": ".", "│": "|", "─": "-",
        "█": "#", "▓": "=", "░": ".", "▮": "#", "▯": "-", "✓": "+", "▁": "_", "▂": "_", "▃": "-", "▄": "-",
        "▅": "=", "▆": "=", "▇": "#", "≥": ">", "≤": "<", "×": "x", "┼": "+", "├": "+", "└": "+", "▏": "|",
        "▕": "|", "╳": "x", "┈": "-",
    }
)  # fmt: skip
POOR_TERMINALS = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "dumb", "cons25"})
"""Values of TERM that promise neither signs beyond ASCII nor operating system commands."""


def share(part: int, whole: int) -> str:
    """`98%`: rounded down, so that 100% means all; `–` of nothing."""
    return f"{part * 100 // whole}%" if whole else "–"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 instance`, `12 instances`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def natural(name: str) -> tuple[int, str]:
    """Sort key that puts 2 before 10 and `web_2` before `web_10`; names that do not end in a number come last."""
    tail = name.rpartition("_")[2]
    return (int(tail) if tail.isdecimal() and tail.isascii() else sys.maxsize, name)


def listed(ids: Iterable[str], most: int = 5) -> str:
    """Up to five ids in their natural order: `1, 2, 10, …`."""
    known = sorted((plain(name) for name in ids), key=natural)
    return ", ".join(known[:most]) + (", …" if len(known) > most else "")


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


def wrap(paragraph: str, cells: int, *, items: bool = False) -> list[str]:
    """Words in lines of at most `cells` cells; a word that is longer is cut into pieces.

    With `items` the parts of a list are kept whole where a line has room for them: `1: 2m to 6m,` is one part.
    """
    lines: list[str] = []
    line = ""
    words = (word for part in _parts(paragraph, cells, items) for word in chop(part, cells))
    for piece in words:
        candidate = f"{line} {piece}" if line else piece
        if width(candidate) <= cells:
            line = candidate
        else:
            lines.append(line)
            line = piece
    return [*lines, line] if line else lines


def _parts(paragraph: str, cells: int, items: bool) -> Iterator[str]:
    """The parts of a line: words, or the parts of a list that fit."""
    if not items:
        yield from paragraph.split()
        return
    for item in paragraph.replace(", ", ",\n").split("\n"):
        if width(item) <= cells:
            yield item
        else:
            yield from item.split()


def wrap_whole(line: str, cells: int, hang: int | None = None) -> list[str]:
    """A line in pieces that fit, where no command in backticks, path or address is taken apart: it can be copied.

    Further pieces have `hang` spaces before them, by default as many as the line.
    """
    if width(line) <= cells:
        return [line]
    before = len(line) - len(line.lstrip(" "))
    indent = " " * (before if hang is None else hang)
    row, rows = "", []
    for gap, part in _WHOLE.findall(line.rstrip(" ")):
        if part and row and width(row) + len(gap) + width(part) > cells:
            rows.append(row)
            row = f"{indent}{part}"
        else:
            row += f"{gap}{part}"
    return [*rows, row]


_WHOLE = re.compile(r"( *)(`[^`]*`\S*|[^ ]+|\Z)")
"""What stays in one piece, and the spaces before it; nothing at the end, so that spaces there are read once."""


def chop(line: str, cells: int) -> list[str]:
    """A line cut into pieces of at most `cells` cells, spaces kept; in time linear to its length."""
    parts: list[str] = []
    start, used = 0, 0
    for index, char in enumerate(line):
        size = _cell(char)
        if used + size > cells and index > start:
            parts.append(line[start:index])
            start, used = index, 0
        used += size
    return [*parts, line[start:]]


def short_id(instance: str) -> str:
    """The short name of an instance: its number, or the end of a VM's name (`web_7c3f9a21`: `3f9a21`)."""
    tail = instance.rpartition("_")[2] or instance
    return tail if tail.isdigit() else tail[-6:]


def plain(text: str) -> str:
    """Foreign text on one line, without secrets and without anything that acts on a terminal."""
    if text.isascii() and text.isprintable():
        return redacted(text) if len(text) > _SHORT or hides_short() else text
    return " ".join(plain_lines(text))


def plain_lines(text: str) -> tuple[str, ...]:
    """Foreign text as lines, without anything that acts on a terminal; tabs become spaces."""
    return tuple(readable(text).expandtabs(4).split("\n"))


def one_line(text: str, limit: int = 400) -> str:
    """Foreign text as one line with single spaces; more than `limit` characters end in `…`, 0 keeps all of them."""
    clean = " ".join(plain(text).split())
    return clean if not limit or len(clean) <= limit else clean[: limit - 1] + "…"


def readable(text: str) -> str:
    """Foreign text of several lines: no secrets, escape sequences, control, format or bidi characters.

    Tabs and lines stay.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return redacted(text)
    clean = _ESCAPE.sub("", text)
    for end in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        clean = clean.replace(end, "\n")
    return redacted("".join(_visible(clean)))


def _visible(text: str) -> Iterable[str]:
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if char in "\n\t" or (category not in _HIDDEN and marks <= _MOST_MARKS):
            yield char


def inert(text: str) -> str:
    """Cleaned text in which the log of a pipeline finds no command: `##vso[…]`, `##[…]`, or `::…::` in front.

    A zero-width character would not do: the agents compare without them. Sources: "Logging commands" of Azure
    Pipelines (a command may begin anywhere in a line), "Workflow commands for GitHub Actions".
    """
    return _LEADING_COLONS.sub(r"\1: ", _LOGGING_COMMAND.sub("# #", text))


def inert_json(text: str) -> str:
    """A JSON document in which the log of a pipeline finds no command; it stays the same document."""
    return _LOGGING_COMMAND.sub(r"\\u0023#", text)


def without_hidden(text: str) -> str:
    """One line without hidden characters: nothing acts on a terminal. Secrets and the rest of escapes stay."""
    return "".join(char for char in _visible(text) if char not in "\n\t")


def visible(text: str) -> str:
    """Foreign text for a file: characters that act on a terminal or reorder text are spelled out as JSON spells them.

    Lines and tabs stay; a JSON document stays one. Secrets are the caller's to hide, since they may be wanted here.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(_spelled(char) for char in text.replace("\r\n", "\n"))


def _spelled(char: str) -> str:
    if char in "\n\t" or unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def ascii_only(text: str) -> str:
    """Every sign that we draw as its one-cell replacement in ASCII; letters of other languages stay. The only place."""
    return text if text.isascii() else text.translate(_ASCII)


def needs_ascii(environ: Mapping[str, str], encoding: str | None = None) -> bool:
    """Whether the terminal can only be trusted with ASCII: by wish (`VMSS_TUI_ASCII=1`), by TERM, or by locale."""
    wish = environ.get("VMSS_TUI_ASCII", "")
    if wish:
        return wish not in ("0", "no", "false")
    encoding = encoding if encoding is not None else locale.getpreferredencoding(False)
    return environ.get("TERM", "") in POOR_TERMINALS or "utf" not in encoding.lower()


def seconds_between(start: datetime | None, end: datetime | None) -> float:
    """Seconds from `start` to `end`, 0.0 when either is unknown."""
    return (end - start).total_seconds() if start is not None and end is not None else 0.0
