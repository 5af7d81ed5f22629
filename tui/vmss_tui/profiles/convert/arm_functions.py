"""Functions of ARM templates, as far as a document alone determines them. Pure.

Source: "ARM template functions" (learn.microsoft.com/azure/azure-resource-manager/templates/template-functions).
"""

import base64
import binascii
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from vmss_tui.profiles.convert.arm_values import Hole, Text, Unresolved, Value, closed, holes_of, joined

_LONGEST = 1 << 20
"""Characters that a function may make: a template of some hundred bytes must not fill the memory."""
_MOST = 10_000
"""Parts of a list or an object that a function may make, those within counted too."""
_LARGEST = 1 << 63
"""Azure's whole numbers have 64 bits ("Data types in ARM templates")."""


def call(name: str, arguments: list[Value], chosen: dict[str, Any]) -> Value:
    """The value of a function. Where it needs values that a deployment gives, defaults are taken and noted in `chosen`.

    Raises Unresolved.
    """
    open_ended, function = _WITH_HOLES.get(name), _FUNCTIONS.get(name)
    try:
        if open_ended is not None:
            return bounded(open_ended(arguments))
        if function is None:
            raise Unresolved(f"{name}() is known only in a deployment")
        return bounded(function(*(closed(arguments, chosen) if any(holes_of(arguments)) else arguments)))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError, binascii.Error) as problem:
        raise Unresolved(f"{name}() cannot be applied to its arguments") from problem


def bounded(value: Value) -> Value:
    """The value. Raises Unresolved for one that is too large: every part is written out in the end."""
    if isinstance(value, str) and len(value) > _LONGEST:
        raise Unresolved("its text is longer than 1 MiB")
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise Unresolved("its number has more than 64 bits")
    if isinstance(value, list | dict):
        _count_parts(value)
    return value


def _count_parts(value: Value) -> None:
    """Raise Unresolved for too much: a list of two lists of two lists … costs nothing until it is written.

    More than `_MOST` parts, or more text in all of them than one text may have.
    """
    rest, parts, letters = [value], 0, 0
    while rest:
        part = rest.pop()
        parts += 1
        letters += len(part) if isinstance(part, str) else 0
        if parts > _MOST or letters > _LONGEST:
            raise Unresolved(f"it has more than {_MOST} parts" if parts > _MOST else "its text is longer than 1 MiB")
        if isinstance(part, list):
            rest += part[: _MOST + 1]
        elif isinstance(part, dict):
            rest += part.values()


def _calculated(calculate: Callable[[int, int], int]) -> Callable[[Value, Value], int]:
    """Of whole numbers only: text times a number is text, as long as one likes."""

    def function(one: Value, other: Value) -> int:
        if type(one) is not int or type(other) is not int:
            raise TypeError("not a whole number")
        return calculate(one, other)

    return function


def _concat(values: list[Value]) -> Value:
    if values and all(isinstance(value, list) for value in values):
        return [item for value in values for item in value]
    return joined(*values)


def _format(values: list[Value]) -> Value:
    pattern, *rest = values
    if not isinstance(pattern, str):
        raise Unresolved("the text of format() is not known")
    pieces: list[Value] = []
    for literal, brace, number in re.findall(r"([^{}]+)|(\{\{|\}\})|\{(\d{1,3})(?:,[^}]*)?(?::[^}]*)?\}", pattern):
        if number and int(number) >= len(rest):
            raise Unresolved(f"format() has no argument {number}")
        pieces.append(rest[int(number)] if number else brace[:1] or literal)
    return joined(*pieces)


def _uri(values: list[Value]) -> Value:
    """`uri(base, relative)`: the last segment of a base that does not end in a slash is replaced."""
    base, relative = values
    rest = joined(relative)
    if isinstance(rest, str):
        rest = rest.removeprefix("/")
    elif isinstance(rest.pieces[0], str):
        rest = Text((rest.pieces[0].removeprefix("/"), *rest.pieces[1:]))
    whole = joined(base)
    if isinstance(whole, Text):
        last = whole.pieces[-1]
        if isinstance(last, str) and "/" in last:
            return joined(*whole.pieces[:-1], last[: last.rindex("/") + 1], rest)
        if isinstance(last, Hole):
            last = replace(last, help=f"{last.help} Must end in a slash.".strip())
        return joined(*whole.pieces[:-1], last, rest)
    scheme, separator, path = whole.partition("://")
    return joined(scheme + separator + path[: path.rfind("/") + 1] if "/" in path else f"{whole}/", rest)


def _first(values: list[Value]) -> Value:
    return values[0]


_WITH_HOLES: Mapping[str, Callable[[list[Value]], Value]] = {
    "concat": _concat,
    "format": _format,
    "uri": _uri,
    "string": lambda values: json.dumps(values[0]) if _is_plain_object(values[0]) else joined(values[0]),
    "createarray": list,
    "array": lambda values: values[0] if isinstance(values[0], list) else [values[0]],
    "createobject": lambda values: _object(*values),
    "union": lambda values: _union(*values),
    "shallowmerge": lambda values: _shallow_merge(values[0]),
    "tryget": lambda values: _try_get(*values),
}
"""Functions whose result may have holes; the others need every value."""


def _is_plain_object(value: Value) -> bool:
    return isinstance(value, dict | list) and not any(holes_of(value))


def _empty(value: Value) -> bool:
    return value is None or value in ("", [], {})


def _unknown(what: str) -> Value:
    raise Unresolved(f"{what} cannot be applied to its arguments")


def _union(*values: Value) -> Value:
    """Objects or lists as one. Of objects in several, the members of the last count, at every depth."""
    if values and all(isinstance(value, dict) for value in values):
        whole: dict[str, Value] = {}
        for value in values:
            for key, inner in value.items():
                both = isinstance(whole.get(key), dict) and isinstance(inner, dict)
                whole[key] = _union(whole[key], inner) if both else inner
        return whole
    if not all(isinstance(value, list) for value in values):
        return _unknown("union()")
    merged: dict[object, Value] = {}
    for value in values:
        for item in value:
            merged.setdefault(_identity(item), item)
    return list(merged.values())


def _identity(value: Value) -> object:
    """The key of a value and its equals in a dictionary, so that two long lists are merged in linear time."""
    if isinstance(value, dict):
        return dict, frozenset((key, _identity(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return list, tuple(map(_identity, value))
    return type(value), value if isinstance(value, str | int) else repr(value)


def _shallow_merge(values: Value) -> Value:
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        return _unknown("shallowMerge()")
    return {key: inner for value in values for key, inner in value.items()}


def _split(text: str, delimiters: str | list[str]) -> list[str]:
    marks = [delimiters] if isinstance(delimiters, str) else delimiters
    return re.split("|".join(map(re.escape, marks)), text)


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0 or start > len(text) or (length is not None and start + length > len(text)):
        raise ValueError("out of range")
    return text[start:] if length is None else text[start : start + length]


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, dict):
        return any(str(key).lower() == str(what).lower() for key in where)
    return what in where


def _object(*values: Value) -> Value:
    if len(values) % 2 or not all(isinstance(key, str) for key in values[::2]):
        return _unknown("createObject()")
    return dict(zip(values[::2], values[1::2], strict=True))


def _try_get(value: Value, *keys: Value) -> Value:
    """The member at a path, null where there is none. Values that only a deployment gives are not known."""
    for key in keys:
        if any(holes_of(key)) or not isinstance(value, dict | list):
            return None if value is None else _unknown("tryGet()")
        if isinstance(value, list):
            value = value[key] if isinstance(key, int) and -1 < key < len(value) else None
        else:
            value = next((inner for name, inner in value.items() if name.lower() == str(key).lower()), None)
    return value


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return type(one) is type(other) and one == other


def _joined_by(values: Sequence[Value], delimiter: str) -> str:
    return delimiter.join(str(value) for value in values)


def _range(start: int, count: int) -> list[int]:
    if type(start) is not int or type(count) is not int or not 0 <= count <= _MOST:
        raise ValueError("out of range")
    return list(range(start, start + count))


def _pad_left(text: Value, width: int, fill: str = " ") -> str:
    if type(width) is not int or width > _LONGEST or len(fill) != 1:
        raise ValueError("out of range")
    return str(text).rjust(width, fill)


def _divided(one: int, other: int) -> int:
    """Towards zero, as Azure does."""
    if not other:
        raise ValueError("division by zero")
    whole = abs(one) // abs(other)
    return whole if (one < 0) == (other < 0) else -whole


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "and": lambda *values: all(_flag(value) for value in values),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64tostring": lambda text: base64.b64decode(text, validate=True).decode(),
    "bool": lambda value: value if isinstance(value, bool) else str(value).lower() in ("true", "1"),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "contains": _contains,
    "empty": _empty,
    "endswith": lambda text, end: text.lower().endswith(end.lower()),
    "equals": _same,
    "false": lambda: False,
    "first": lambda value: value[0] if value else "",
    "greater": lambda one, other: one > other,
    "greaterorequals": lambda one, other: one >= other,
    "indexof": lambda text, what: text.lower().find(what.lower()),
    "int": int,
    "join": _joined_by,
    "json": json.loads,
    "last": lambda value: value[-1] if value else "",
    "length": len,
    "less": lambda one, other: one < other,
    "lessorequals": lambda one, other: one <= other,
    "not": lambda value: not _flag(value),
    "null": lambda: None,
    "padleft": _pad_left,
    "range": _range,
    "or": lambda *values: any(_flag(value) for value in values),
    "replace": lambda text, old, new: text.replace(old, new),
    "skip": lambda value, count: value[max(0, count) :],
    "split": _split,
    "startswith": lambda text, start: text.lower().startswith(start.lower()),
    "substring": _substring,
    "take": lambda value, count: value[: max(0, count)],
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "uricomponent": lambda text: quote(text, safe="-_.!~*'()"),
    "uricomponenttostring": unquote,
    "add": _calculated(operator.add),
    "sub": _calculated(operator.sub),
    "mul": _calculated(operator.mul),
    "div": _calculated(_divided),
    "mod": _calculated(lambda one, other: one - other * _divided(one, other)),
    "max": max,
    "min": min,
}


def _flag(value: Value) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a truth value")
    return value
