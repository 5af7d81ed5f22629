"""Values as people write them in a scenario: durations, ranges of seconds, instance ids, choices of a closed set."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_type_hints

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*([smhd])$")
LONGEST = 100 * 365 * 86400.0
"""Most seconds that a duration of a scenario may have: a hundred years."""
_MOST_IDS = 10_000
_ID_RANGE = re.compile(r"^(\d+)-(\d+)$")


def seconds(value: Any) -> float:
    """Seconds of a number or of a text such as 30s, 5m, 2h, 3d.

    Raises ValueError: it is neither, or not between 0 seconds and a hundred years.
    """
    match = _DURATION.match(str(value).strip())
    if isinstance(value, bool) or not (isinstance(value, int | float) or match):
        raise ValueError(f"a duration is a number of seconds or a text such as 30s, 5m, 2h or 3d, not {value!r}")
    amount, factor = (match[1], _UNITS[match[2]]) if match else (value, 1)
    try:
        result = float(amount) * factor
    except OverflowError:
        result = float("inf")
    if not 0 <= result <= LONGEST:
        raise ValueError("a duration is at least 0 seconds and at most a hundred years (36500d)")
    return result


def span(value: Any) -> tuple[float, float]:
    """A range of seconds: one duration, or a list of two, the smaller first.

    Raises ValueError: it is neither, or the larger comes first.
    """
    if not isinstance(value, list):
        both = seconds(value)
        return both, both
    if len(value) != 2:
        raise ValueError("a range of seconds is one duration or a list of two, such as [30, 120]")
    low, high = seconds(value[0]), seconds(value[1])
    if low > high:
        raise ValueError(f"the smaller duration comes first: [{high:g}, {low:g}]")
    return low, high


def ids(value: Any) -> tuple[str, ...]:
    """Instance ids: numbers, texts, or ranges such as "0-4"; one of them or a list.

    Raises ValueError: something else is in the list, or a range runs backwards.
    """
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, bool) or not isinstance(item, int | str):
            raise ValueError(f'instance ids are numbers, texts or ranges such as "0-4", not {item!r}')
        match = _ID_RANGE.match(str(item))
        if match is None:
            found.append(str(item))
            continue
        first, last = int(match[1]), int(match[2])
        if first > last:
            raise ValueError(f'the range "{item}" runs backwards; write "{last}-{first}"')
        if last - first >= _MOST_IDS:
            raise ValueError(f'the range "{item}" is too long: at most {_MOST_IDS} ids')
        found += [str(number) for number in range(first, last + 1)]
    return tuple(found)


def typed(shape: type, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a table with each choice as a member of the enum that the field of the same name in `shape` has."""
    hints = get_type_hints(shape)
    return {name: _member(hints.get(name), value) for name, value in keys.items()}


def _member(hint: Any, value: Any) -> Any:
    return hint(value) if isinstance(hint, type) and issubclass(hint, StrEnum) else value
