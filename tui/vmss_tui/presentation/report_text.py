"""A report's Markdown in a shape that a terminal shows at once and that fits it. Pure.

Textual makes four widgets of each item of a list and one of each cell of a table: a report had three hundred, and took
a second. Lists and tables without titles become paragraphs with line breaks, tables blocks of aligned text.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from vmss_tui.text import cut_end, fit, width

_BAR = re.compile(r"(?<!\\)\|")
"""A bar that is not escaped."""
_ESCAPED = re.compile(r"\\(.)")
_ADDRESS = re.compile(r"(?<![`\w])https?://[^\s|`]+")
"""An address that is not code: Textual would make a link of it, with its escapes as they are."""
_WIDEST = 40
"""Cells of a table's cell; longer text is in the source."""
_BREAK = "  "
"""At the end of a line: the next one begins a new line."""


def for_terminal(markdown: str) -> str:
    """The Markdown with the same words and fewer widgets; the text in a fence is not changed."""
    return "\n".join(_blocks(markdown.split("\n")))


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    fence = ""
    kinds: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith("```"):
            ticks = line[: len(line) - len(line.lstrip("`"))]
            kinds.append(("fence", line))
            fence = "" if fence and ticks == fence else fence or ticks
        elif fence:
            kinds.append(("fence", line))
        else:
            kinds.append(("table" if line.startswith("|") else "item" if line.startswith("- ") else "text", line))
    for kind, group in groupby(kinds, key=lambda known: known[0]):
        found = [line for _, line in group]
        if kind == "table":
            yield from _table(found)
        elif kind == "item":
            yield from (f"· {_with_addresses(line[2:])}{_BREAK}" for line in found)
        elif kind == "text":
            yield from map(_with_addresses, found)
        else:
            yield from found


def _table(lines: Sequence[str]) -> Iterator[str]:
    """Names and values in lines of a paragraph; with titles, columns in a block."""
    rows = [[cell.strip() for cell in _BAR.split(line)[1:-1]] for line in lines]
    titles, values = rows[0], rows[2:]
    if not any(titles):
        yield from (f"**{name}** {_with_addresses(' · '.join(rest))}{_BREAK}" for name, *rest in values)
        return
    texts = [[cut_end(_plain(cell), _WIDEST) for cell in row] for row in (titles, *values)]
    widths = [max(map(width, column)) for column in zip(*texts, strict=False)]
    yield "```text"
    yield from ("  ".join(map(fit, row, widths)).rstrip() for row in texts)
    yield "```"


def _with_addresses(line: str) -> str:
    """A line with its addresses as code."""
    return _ADDRESS.sub(lambda found: f"`{_plain(found[0])}`", line)


def _plain(cell: str) -> str:
    """A cell as it reads: without the escapes that keep foreign text from being markup."""
    return _ESCAPED.sub(r"\1", cell).replace("&lt;", "<").replace("&amp;", "&")
