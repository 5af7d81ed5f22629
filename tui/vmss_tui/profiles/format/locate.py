"""The line of each key of a TOML text. `tomllib` does not say, and a problem without a line is half a problem.

Scans text that `tomllib` has already accepted: it finds keys and list entries, and judges nothing.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_SPACE = " \t"
_SKIPPED = " \t\r\n#"


@dataclass(frozen=True, slots=True)
class Layout:
    """Lines (from 1) by key path such as `script.files[1].uri`."""

    lines: dict[str, int] = field(default_factory=dict)

    def line(self, key: str) -> int:
        """The line of `key`, else of the nearest table around it, else 0."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return 0


def layout(text: str) -> Layout:
    """The lines of every key of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return Layout(scanner.lines)


class _Scanner:
    """One pass over the text; every method starts at `at` and leaves it behind what it read."""

    def __init__(self, text: str) -> None:
        self.text = text + "\n"
        self.at = 0
        self.lines: dict[str, int] = {}
        self._breaks = [index for index, char in enumerate(text) if char == "\n"]
        self._tables: dict[str, int] = {}

    def document(self) -> None:
        prefix = ""
        while next_char := self._next():
            prefix = self._header() if next_char == "[" else self._pair(prefix)

    def _next(self) -> str:
        """The next character that is not a blank, line end or comment; empty at the end."""
        while self.at < len(self.text) and self.text[self.at] in _SKIPPED:
            if self.text[self.at] == "#":
                self.at = self.text.index("\n", self.at)
            else:
                self.at += 1
        return self.text[self.at : self.at + 1]

    def _note(self, path: str, offset: int) -> None:
        self.lines.setdefault(path, bisect_right(self._breaks, offset - 1) + 1)

    def _header(self) -> str:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        parts = self._key()
        path = ""
        for index, part in enumerate(parts):
            path = f"{path}.{part}" if path else part
            last = index == len(parts) - 1
            if many and last:
                self._note(path, start)
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = f"{path}[{self._tables[path]}]"
        self.at = self.text.index("]", self.at) + (2 if many else 1)
        self._note(path, start)
        return path

    def _pair(self, prefix: str) -> str:
        start = self.at
        path = ".".join([*([prefix] if prefix else []), *self._key()])
        self._note(path, start)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)
        return prefix

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._spaces()
            parts.append(self._string() if self.text[self.at] in "\"'" else self._bare())
            self._spaces()
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def _spaces(self) -> None:
        while self.text[self.at] in _SPACE:
            self.at += 1

    def _bare(self) -> str:
        start = self.at
        while self.text[self.at].isalnum() or self.text[self.at] in "-_":
            self.at += 1
        return self.text[start : self.at]

    def _value(self, path: str) -> None:
        self._spaces()
        match self.text[self.at]:
            case '"' | "'":
                self._string()
            case "[":
                self._list(path)
            case "{":
                self._inline(path)
            case _:
                while self.text[self.at] not in ",]}#\n":
                    self.at += 1

    def _string(self) -> str:
        quote = self.text[self.at]
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        start = self.at = self.at + len(mark)
        self.at = self._end_of_string(mark)
        while len(mark) == 3 and self.text.startswith(quote, self.at + 3):
            self.at += 1
        found = self.text[start : self.at]
        self.at += len(mark)
        return found

    def _end_of_string(self, mark: str) -> int:
        if mark[0] == "'":
            return self.text.index(mark, self.at)
        found = re.compile(r"(?:\\.|(?!" + mark + r")[^\\])*", re.DOTALL).match(self.text, self.at)
        return found.end() if found is not None else len(self.text)

    def _list(self, path: str) -> None:
        self.at += 1
        index = 0
        while (next_char := self._next()) != "]":
            if next_char == ",":
                self.at += 1
                continue
            self._note(f"{path}[{index}]", self.at)
            self._value(f"{path}[{index}]")
            index += 1
        self.at += 1

    def _inline(self, path: str) -> None:
        self.at += 1
        while (next_char := self._next()) != "}":
            if next_char == ",":
                self.at += 1
                continue
            self._pair(path)
        self.at += 1
