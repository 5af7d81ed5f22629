"""`${jsonencode(…)}` of a Terraform configuration as JSON, whose texts keep their `${…}`.

Pure. Source: "Expressions" of the Terraform language, and its native syntax specification. A value that is not a
literal becomes the text `${…}` of its expression, for the caller to judge.
"""

import re
from typing import Any

_CALL = re.compile(r"\s*\$\{\s*jsonencode\s*\((.*)\)\s*\}\s*", re.DOTALL)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])")
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_DEPTH = 64


def encoded(text: str) -> Any:
    """The value in a text that is one call of `jsonencode`. Raises ValueError for every other text."""
    call = _CALL.fullmatch(text)
    if call is None:
        raise ValueError("not a call of jsonencode")
    reader = _Reader(call[1])
    value = reader.value(0)
    reader.skip()
    if reader.at != len(reader.text):
        raise ValueError("more than one value")
    return value


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> None:
        """Past blanks and comments."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at

    def next(self) -> str:
        """The next character that is not a blank; empty at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        """A literal, or `${…}` of an expression. Raises ValueError for what is none."""
        if depth > _DEPTH:
            raise ValueError("nested too deeply")
        start = self.next()
        begun = self.at
        literal = self._literal(start, depth)
        end = self.at
        closed = self.next() in ("", ",", "}", "]", ")")
        if literal is not _NO_LITERAL and (closed or "\n" in self.text[end : self.at]):
            return literal
        self.at = begun
        return "${" + self._expression() + "}"

    def _literal(self, start: str, depth: int) -> Any:
        if start == "{":
            return self._object(depth)
        if start == "[":
            return self._list(depth)
        if start == '"':
            return self._string()
        if number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            written = number[0]
            return float(written) if re.search(r"[.eE]", written) else int(written)
        name = _NAME.match(self.text, self.at)
        if name is not None and name[0] in _WORDS:
            self.at = name.end()
            return _WORDS[name[0]]
        return _NO_LITERAL

    def _object(self, depth: int) -> Any:
        self.at += 1
        found: dict[str, Any] = {}
        while (first := self.next()) != "}":
            name = _NAME.match(self.text, self.at)
            if first == '"':
                key = self._string()
            elif name is not None:
                key, self.at = name[0], name.end()
            else:
                raise ValueError("a key that is not a name")
            if self.next() not in ("=", ":"):
                return _NO_LITERAL
            self.at += 1
            found[key] = self.value(depth + 1)
            if self.next() == ",":
                self.at += 1
        self.at += 1
        return found

    def _list(self, depth: int) -> Any:
        self.at += 1
        found: list[Any] = []
        while self.next() != "]":
            if _NAME.match(self.text, self.at) and re.match(r"for\s", self.text[self.at :]):
                return _NO_LITERAL
            found.append(self.value(depth + 1))
            if self.next() == ",":
                self.at += 1
            elif self.next() != "]":
                raise ValueError("a list without commas")
        self.at += 1
        return found

    def _string(self) -> str:
        """A quoted text; its interpolations stay as written."""
        self.at += 1
        pieces: list[str] = []
        while True:
            char = self.text[self.at : self.at + 1]
            if char in ("", "\n"):
                raise ValueError("a text without an end")
            if char == '"':
                self.at += 1
                return "".join(pieces)
            if char == "\\":
                pieces.append(self._escape())
            elif self.text.startswith(("$${", "%%{"), self.at):
                pieces.append(self.text[self.at : self.at + 3])
                self.at += 3
            elif self.text.startswith("${", self.at):
                begun, self.at = self.at, self.at + 1
                self._group()
                pieces.append(self.text[begun : self.at])
            else:
                pieces.append(char)
                self.at += 1

    def _escape(self) -> str:
        kind = self.text[self.at + 1 : self.at + 2]
        digits = {"u": 4, "U": 8}.get(kind, 0)
        code = self.text[self.at + 2 : self.at + 2 + digits]
        if digits and re.fullmatch(r"[0-9a-fA-F]+", code) and len(code) == digits:
            self.at += 2 + digits
            return chr(int(code, 16))
        if kind not in _ESCAPES:
            raise ValueError(f"\\{kind} is not an escape")
        self.at += 2
        return _ESCAPES[kind]

    def _expression(self) -> str:
        """Up to the comma, the closing bracket or the end of the line that ends an expression."""
        begun = self.at
        while (char := self.text[self.at : self.at + 1]) not in ("", ",", "}", "]", ")", "\n"):
            if char == '"':
                self._string()
            elif char in _CLOSING:
                self._group()
            else:
                self.at += 1
        found = self.text[begun : self.at].strip()
        if not found:
            raise ValueError("a value is missing")
        return found

    def _group(self) -> None:
        """Past a bracket and the one that closes it."""
        closing = [_CLOSING[self.text[self.at]]]
        self.at += 1
        while closing:
            char = self.text[self.at : self.at + 1]
            if not char:
                raise ValueError("a bracket that is not closed")
            if char == '"':
                self._string()
                continue
            if char in _CLOSING:
                closing.append(_CLOSING[char])
            elif char == closing[-1]:
                closing.pop()
            self.at += 1


_NO_LITERAL = object()
"""Stands for an expression that must be evaluated."""
