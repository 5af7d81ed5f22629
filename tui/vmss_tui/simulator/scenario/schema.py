"""The language in which a scenario file's tables and keys are described: type, meaning, example, check.

`tables` holds the descriptions themselves; lint, loader and FORMAT.md read them there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from vmss_tui.simulator.scenario.values import ids, seconds, span

Check = Callable[[Any], object]
MOST = 10**9
"""Largest number that a key takes when it does not say otherwise."""
FASTEST = 10**6
"""Largest speed-up factor: simulated time stays a date for as long as a simulator may run."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its values, what it means, and an example in TOML."""

    name: str
    kind: str
    check: Check
    meaning: str
    example: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table, or array of tables, with its keys and the tables inside it."""

    name: str
    meaning: str
    keys: tuple[Key, ...] = ()
    tables: tuple["Table", ...] = ()
    is_list: bool = False
    free: str = ""
    """Not empty: any key is allowed, and this describes it."""
    free_check: Check | None = None
    """Checks each value of a table with free keys."""
    names: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[str, Any] = {key.name: key for key in self.keys}
        found |= {table.name: table for table in self.tables}
        object.__setattr__(self, "names", found)


def text(name: str, meaning: str, example: str, *, required: bool = False) -> Key:
    """A key that holds a text."""
    return Key(name, "text", is_text, meaning, f'"{example}"', required)


def number(name: str, meaning: str, example: str, *, required: bool = False, most: int = MOST) -> Key:
    """A key that holds a whole number from 0 to `most`."""
    return Key(name, "whole number", partial(is_whole, most=most), meaning, example, required)


def flag(name: str, meaning: str, example: str = "true") -> Key:
    """A key that is true or false."""
    return Key(name, "true or false", is_flag, meaning, example)


def duration(name: str, meaning: str, example: str, *, required: bool = False) -> Key:
    """A key that holds seconds, as a number or a text such as 5m."""
    return Key(name, "duration", seconds, meaning, example, required)


def between(name: str, meaning: str, example: str) -> Key:
    """A key that holds a range of seconds."""
    return Key(name, "duration or [least, most]", span, meaning, example)


def instances(name: str, meaning: str, example: str, *, required: bool = False) -> Key:
    """A key that holds instance ids."""
    return Key(name, "instance ids", ids, meaning, example, required)


def choice(name: str, options: tuple[str, ...], meaning: str, example: str = "", *, required: bool = False) -> Key:
    """A key that holds one of a few words."""
    kind = " \\| ".join(options)
    return Key(name, kind, _one_of(options), meaning, f'"{example or options[0]}"', required)


def anything(name: str, kind: str, meaning: str, example: str, check: Check) -> Key:
    """A key with a check of its own."""
    return Key(name, kind, check, meaning, example)


def is_text(value: Any) -> None:
    """A text."""
    if not isinstance(value, str):
        raise ValueError(f"must be a text in quotes, not {value!r}")


def is_whole(value: Any, most: int = MOST) -> None:
    """A whole number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"must be a whole number, 0 or more, not {value!r}")
    if value > most:
        raise ValueError(f"must be a whole number, at most {most}")


def is_number(value: Any) -> None:
    """A number, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ValueError(f"must be a number, 0 or more, not {value!r}")
    if value > MOST:
        raise ValueError(f"must be a number, at most {MOST}")


def is_factor(value: Any) -> None:
    """A speed-up factor."""
    is_number(value)
    if not 0 < value <= FASTEST:
        raise ValueError(f"must be greater than 0 and at most {FASTEST}")


def is_signed(value: Any) -> None:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise ValueError(f"must be a whole number from -{MOST} to {MOST}")


def is_flag(value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")


def is_texts(value: Any) -> None:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"must be a list of strings, not {value!r}")


def is_zones(value: Any) -> None:
    """A list of zones."""
    if not isinstance(value, list) or not all(isinstance(item, int | str) for item in value):
        raise ValueError(f"must be a list of zones such as [1, 2, 3], not {value!r}")


def is_table(value: Any) -> None:
    """A table."""
    if not isinstance(value, dict):
        raise ValueError(f"must be a table such as {{ key = 1 }}, not {value!r}")


def is_body(value: Any) -> None:
    """The body of an answer."""
    if not isinstance(value, str | dict | list):
        raise ValueError(f"must be a text or a table, not {value!r}")


def is_offset(value: Any) -> None:
    """An offset of a timestamp."""
    if not isinstance(value, str) or not re.fullmatch(r"[+-]\d\d:\d\d", value):
        raise ValueError(f"must be an offset such as -07:00, not {value!r}")


def is_image(value: Any) -> None:
    """A reference to an image."""
    if not isinstance(value, str) or value.count(":") != 3:
        raise ValueError(f"must be publisher:offer:sku:version, not {value!r}")


def is_roles(value: Any) -> None:
    """A list of role assignments."""
    is_tables(value)
    for item in value:
        if set(item) != {"role", "scope"} or not all(isinstance(word, str) for word in item.values()):
            raise ValueError(f'a role is {{ role = "Reader", scope = "/" }}, not {item!r}')


def is_bucket(value: Any) -> None:
    """Sizes of a token bucket."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"must be two numbers, for 3 and for 30 minutes, such as [20, 100], not {value!r}")
    for item in value:
        is_whole(item)


def is_file(value: Any) -> None:
    """The content of a served file."""
    if not isinstance(value, str) and not (isinstance(value, dict) and set(value) == {"file"}):
        raise ValueError(f'must be a text, or {{ file = "path" }}, not {value!r}')


def is_tables(value: Any) -> None:
    """A list of tables."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"must be a list of tables, not {value!r}")


def is_hint(value: Any) -> None:
    """A whole number, or false."""
    if value is False:
        return
    is_whole(value)


def is_pattern(value: Any) -> None:
    """A regular expression."""
    is_text(value)
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error


def _one_of(options: tuple[str, ...]) -> Check:
    def check(value: Any) -> None:
        if value not in options:
            raise ValueError(f"must be one of {', '.join(options)}, not {value!r}")

    return check
