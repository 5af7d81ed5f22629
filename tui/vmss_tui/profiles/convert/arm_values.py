"""What an expression of an ARM template comes to: JSON values, and texts with holes where a deployment fills in values.

Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vmss_tui.profiles.format.variables import escape


class Unresolved(Exception):
    """An expression that the document alone does not determine; the message says what it needs."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that a deployment gives: the parameter of that name, or a part of one.

    `default` is its value when none is given, None without one; it is never shown for a secure parameter.
    """

    name: str
    default: Any = None
    secure: bool = False
    help: str = ""
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A text with holes in it."""

    pieces: tuple[str | Hole, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """Its holes, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Hole))

    def templated(self) -> str:
        """The text as a profile writes it: `${name}` for a hole, everything else escaped."""
        return "".join(f"${{{piece.name}}}" if isinstance(piece, Hole) else escape(piece) for piece in self.pieces)

    def shown(self) -> str:
        """The text for a note: `<name>` for a hole."""
        return "".join(f"<{piece.name}>" if isinstance(piece, Hole) else piece for piece in self.pieces)


Value = Any
"""A JSON value whose texts may be `Text`."""


def text_of(value: Value) -> str | Text:
    """A value as text, as `concat`, `format` and `string` write it. Raises Unresolved for lists and objects."""
    if isinstance(value, str | Text):
        return value
    if isinstance(value, Hole):
        return Text((value,))
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, int | float):
        return str(value)
    raise Unresolved("it has a list or an object where a string is expected")


def joined(*values: Value) -> str | Text:
    """Texts one after the other."""
    pieces: list[str | Hole] = []
    for value in map(text_of, values):
        for piece in value.pieces if isinstance(value, Text) else (value,):
            if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                pieces[-1] += piece
            elif piece != "":
                pieces.append(piece)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return Text(tuple(pieces))


def holes_of(value: Value) -> Iterator[Hole]:
    """Every hole in a value, at any depth."""
    if isinstance(value, Hole):
        yield value
    elif isinstance(value, Text):
        yield from value.holes
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from holes_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from holes_of(inner)


def closed(value: Value, chosen: dict[str, Any]) -> Value:
    """The value with its holes filled by their defaults, which are noted in `chosen` by name.

    Raises Unresolved for a hole without a default, and for a secure one: its value belongs nowhere in public.
    """
    if isinstance(value, Hole):
        if value.default is None or (value.secure and value.default != ""):
            raise Unresolved(f"it needs the value of {value.name}")
        chosen[value.name] = value.default
        return value.default
    if isinstance(value, Text):
        return joined(*(closed(piece, chosen) for piece in value.pieces))
    if isinstance(value, Mapping):
        return {key: closed(inner, chosen) for key, inner in value.items()}
    if isinstance(value, list):
        return [closed(inner, chosen) for inner in value]
    return value
