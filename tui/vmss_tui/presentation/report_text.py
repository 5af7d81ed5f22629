"""A report's Markdown as it is read best on a terminal: what is a table without titles becomes a list. Pure."""

import re
from collections.abc import Iterator

_CELL = re.compile(r"(?<!\\)\|")
"""A bar that is not escaped."""


def for_terminal(markdown: str) -> str:
    """The Markdown with a list in place of each table whose titles are empty; everything else as it is."""
    return "\n".join(_lines(iter(markdown.split("\n"))))


def _lines(lines: Iterator[str]) -> Iterator[str]:
    untitled = False
    for line in lines:
        cells = [cell.strip() for cell in _CELL.split(line)[1:-1]] if line.startswith("|") else []
        if not cells:
            untitled = False
            yield line
        elif not any(cells):
            untitled = True
            next(lines, "")  # the rule below the titles
        elif untitled:
            name, *values = cells
            yield f"- **{name}**  {' · '.join(values)}"
        else:
            yield line
