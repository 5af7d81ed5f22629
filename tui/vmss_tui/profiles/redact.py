"""A profile's text for a screen: literal secrets as `***`, also when the text is broken. Pure.

One pass over the tokens of the text, linear in its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vmss_tui.profiles.format.profile import OPEN_LITERALS

_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*)"
    r'|(?P<text>"""(?:[^"\\]|\\.|"(?!""))*(?:"{3,5}|\Z)|"(?:[^"\\\n]|\\.)*"?'
    r"|'''(?:[^']|'(?!''))*(?:'{3,5}|\Z)|'[^'\n]*'?)"
    r"|(?P<word>[A-Za-z0-9_-]+)|(?P<mark>[\[\]{}.=,\n])|(?P<other>[^\S\n]+|.)",
    re.DOTALL,
)
_MASK = '"***"'
_KNOWN_EVERYWHERE = 200
"""How many secrets are also hidden elsewhere in the text, at most."""
_SHORTEST = 6
_DEEPEST = 16
"""Parts of a key, and tables in each other, that are followed; no profile has more than four."""


@dataclass(slots=True)
class _Place:
    """The state of the scan: the table, the keys around an inline table, and the key that is being written."""

    table: tuple[str, ...] = ()
    outer: list[tuple[str, ...]] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    value: bool = False
    """After the `=` of a key."""
    lists: int = 0
    header: bool = False

    def path(self) -> tuple[str, ...]:
        """The whole key."""
        around = tuple(part for parts in self.outer[:_DEEPEST] for part in parts)
        return (*self.table, *around, *self.key)

    def name(self, part: str) -> None:
        """A part of a key; of one that is absurdly long the end counts."""
        if len(self.key) < _DEEPEST:
            self.key.append(part)
        else:
            self.key[-2:] = [self.key[-1], part]

    def mark(self, mark: str) -> None:
        """A bracket, a brace, an equals sign, a comma or the end of a line."""
        if mark == "\n":
            self._line()
        elif mark == "[" and not self.value and not self.key and not self.outer:
            self.header = True
        elif mark == "]" and self.header:
            self.table, self.key, self.header = tuple(self.key), [], False
        elif mark == "=":
            self.value = True
        elif mark == "{" and self.value:
            self.outer.append(tuple(self.key) if len(self.outer) < _DEEPEST else ())
            self.key, self.value = [], False
        elif mark == "}" and self.outer:
            self.key, self.value = list(self.outer.pop()), True
        elif mark == "," and self.lists == 0 and self.outer:
            self.key, self.value = [], False
        elif self.value and mark in "[]":
            self.lists = max(0, self.lists + (1 if mark == "[" else -1))

    def _line(self) -> None:
        """A line ends a pair, unless it is inside of brackets."""
        if not self.outer and self.lists == 0:
            self.key, self.value, self.header = [], False, False


def masked(text: str) -> str:
    """The text with every literal secret hidden; names of storage accounts and identities stay."""
    secrets: dict[str, None] = {}
    shown = "".join(_pieces(text, secrets))
    known = [secret for secret in secrets if len(secret) >= _SHORTEST][:_KNOWN_EVERYWHERE]
    for secret in sorted(known, key=len, reverse=True):
        shown = shown.replace(secret, "***")
    return shown


def _pieces(text: str, secrets: dict[str, None]) -> Iterator[str]:
    place = _Place()
    for token in _TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind == "text" and place.value and _is_secret(place.path()):
            body = piece.strip(piece[0])
            secrets.update(dict.fromkeys((body, body.replace('\\"', '"'))))
            piece = _MASK
        elif kind in ("text", "word") and not place.value:
            place.name(piece.strip("\"'") if kind == "text" else piece)
        elif kind == "mark":
            place.mark(piece)
        yield piece


def _is_secret(path: tuple[str, ...]) -> bool:
    """Whether a text at this key is a secret: a literal, or a protected setting that is written down."""
    *around, last = path or ("",)
    name = around[-1] if around else ""
    if last == "literal":
        return name not in OPEN_LITERALS
    return len(path) > 1 and path[0] == "protected" and len(path) == 2 and last not in OPEN_LITERALS
