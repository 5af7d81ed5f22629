"""JSON as ARM templates write it: with comments, texts over several lines, and commas after the last entry.

Pure; in time linear to the length of the text. Source: "Template syntax: comments and metadata, multi-line strings".
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_START = re.compile(r'["/]')
_LAST_COMMA = re.compile(r"(^|[^\s\[{,])(\s*),(?=\s*[}\]])")


def loads(text: str) -> Any:
    """The value of a document. Raises ValueError with the line for what is JSON neither strictly nor relaxed."""
    try:
        return json.loads(text)
    except ValueError as strict:
        try:
            return json.loads("".join(_plain(text)), strict=False)
        except ValueError:
            raise strict from None


def _plain(text: str) -> Iterator[str]:
    """The document without comments and last commas; lines stay where they are."""
    code: list[str] = []
    for piece, is_text in _pieces(text):
        if not is_text:
            code.append(piece)
            continue
        yield _LAST_COMMA.sub(r"\1\2", "".join(code))
        code.clear()
        yield piece
    yield _LAST_COMMA.sub(r"\1\2", "".join(code))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Texts, marked as such, and the parts between them without comments."""
    at = 0
    while (found := _START.search(text, at)) is not None:
        start = found.start()
        yield text[at:start], False
        if text[start] == '"':
            quoted = _TEXT.match(text, start)
            if quoted is None:
                raise ValueError("a text without an end")
            yield quoted[0], True
            at = quoted.end()
        elif text.startswith("//", start):
            at = _end(text, "\n", start)
        elif text.startswith("/*", start):
            at = _end(text, "*/", start) + 2
        else:
            raise ValueError("a slash outside of a text")
    yield text[at:], False


def _end(text: str, mark: str, start: int) -> int:
    end = text.find(mark, start)
    return end if end >= 0 else len(text)
