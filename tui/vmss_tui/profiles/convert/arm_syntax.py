"""The text of an expression of an ARM template as a tree of literals, calls and members. Pure; the depth is bounded."""

import re
from dataclasses import dataclass

from vmss_tui.profiles.convert.arm_values import Unresolved

_DEPTH = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_$][\w$]*)|(?P<mark>[()\[\].,]))"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object or an entry of a list."""

    of: "Node"
    key: "Node"


Node = str | int | Call | Member


def is_expression(text: str) -> bool:
    """Whether a template's text is an expression: `[…]`, but not `[[…`, which stands for a literal bracket."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parse(text: str) -> Node:
    """The expression between the brackets. Raises Unresolved for what is not one."""
    tokens: list[tuple[str, str]] = []
    at = 0
    body = text.strip()
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None or match.lastgroup is None:
            raise Unresolved("it is not a valid expression")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    reader = _Reader(tokens)
    node = reader.expression(0)
    if reader.at != len(tokens):
        raise Unresolved("it is not a valid expression")
    return node


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self.at = 0

    def _next(self) -> tuple[str, str]:
        return self._tokens[self.at] if self.at < len(self._tokens) else ("", "")

    def _take(self, mark: str) -> bool:
        if self._next() == ("mark", mark):
            self.at += 1
            return True
        return False

    def expression(self, depth: int) -> Node:
        """A literal, or a call with what is taken from its result."""
        if depth > _DEPTH:
            raise Unresolved("it is nested too deeply")
        kind, token = self._next()
        self.at += 1
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return int(token[:18])
        if kind != "name" or not self._take("("):
            raise Unresolved("it is not a valid expression")
        node: Node = Call(token.lower(), self._arguments(depth))
        while True:
            if self._take("."):
                kind, name = self._next()
                self.at += 1
                if kind != "name":
                    raise Unresolved("it is not a valid expression")
                node = Member(node, name)
            elif self._take("["):
                node = Member(node, self.expression(depth + 1))
                if not self._take("]"):
                    raise Unresolved("it is not a valid expression")
            else:
                return node

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        arguments: list[Node] = []
        while not self._take(")"):
            if arguments and not self._take(","):
                raise Unresolved("it is not a valid expression")
            arguments.append(self.expression(depth + 1))
        return tuple(arguments)
