"""Single values of a profile, by kind: read one from a file or a form, or refuse it with a sentence; write and show it.

Pure. Values that are made of others (sections, entries, references) are for `read` and `write_toml`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

from vmss_tui import duration
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.sections import Key, Kind


class Refused(Exception):
    """A value that cannot be read."""

    def __init__(self, problem: LintProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def refuse(at: str, message: str, hint: str = "", code: str = "invalid") -> Refused:
    """The exception for a value at the key `at`."""
    return Refused(error(at, message, hint, code))


def mismatch(raw: Any, at: str, wanted: str, hint: str = "") -> Refused:
    """The exception for a value of the wrong type."""
    return refuse(at, f"must be {wanted}, not {kind_of(raw)}", hint, "type")


def nearest(word: str, known: Sequence[str], count: int = 1) -> list[str]:
    """At most `count` known words that resemble `word`, the best first."""
    from difflib import get_close_matches

    return get_close_matches(word, known, count, 0.55)


def read_value(raw: Any, key: Key, at: str) -> Any:
    """The typed value of a simple kind. Raises Refused."""
    return _READERS[key.kind](raw, key, at)


def write_value(value: Any, kind: Kind) -> Any:
    """A value of a simple kind as TOML has it, as `read_value` reads it."""
    match kind:
        case Kind.DURATION:
            return duration.exact(value)
        case Kind.PERCENT:
            return f"{value}%"
        case Kind.AMOUNT:
            return f"{value.value}%" if value.percent else value.value
        case Kind.CHOICE:
            return str(value.value).lower()
        case Kind.SET_ID:
            return str(value)
        case Kind.TABLE | Kind.TEXT_MAP:
            return dict(value)
        case Kind.TEXT | Kind.FLAG | Kind.WHOLE | Kind.LIST | Kind.ENTRIES | Kind.SECRET | Kind.SECTION:
            return value
        case _:
            assert_never(kind)


def show_value(value: Any, key: Key) -> str:
    """A value for people, as `parse_value` reads it; empty for one that is not there."""
    if value is None:
        return ""
    if key.kind is Kind.FLAG:
        return "yes" if value else "no"
    if key.kind is Kind.LIST:
        return ", ".join(str(write_value(item, key.item)) for item in value)
    return str(write_value(value, key.kind))


def parse_value(text: str, key: Key, at: str) -> Any:
    """The typed value of what was typed into a form. Raises Refused."""
    if key.kind is Kind.FLAG:
        return parse_flag(text, at)
    word = text.strip()
    if key.kind is Kind.LIST:
        item = Key(name=key.name, kind=key.item, help="")
        return tuple(read_value(part.strip(), item, at) for part in word.split(",") if part.strip())
    if key.kind is not Kind.WHOLE:
        return read_value(word, key, at)
    if not re.fullmatch(r"-?[0-9]{1,18}", word):
        raise refuse(at, f"{text!r} is not a whole number", "write a number, or nothing")
    return read_value(int(word), key, at)


def parse_flag(text: str, at: str) -> bool:
    """`yes` or `no`; nothing is no. Raises Refused."""
    word = text.strip().lower()
    if word not in ("yes", "no", "true", "false", ""):
        raise refuse(at, f"{text!r} is neither yes nor no", "write yes or no")
    return word in ("yes", "true")


def kind_of(raw: Any) -> str:
    """A value's type in the words of a problem."""
    if isinstance(raw, bool):
        return "true or false"
    words = {str: "a text", int: "a number", float: "a fraction", list: "a list", dict: "a table"}
    return words.get(type(raw), "a date or time")


def _text(raw: Any, key: Key, at: str) -> str:
    if not isinstance(raw, str):
        raise mismatch(raw, at, "a text", f'write "{raw}"' if isinstance(raw, int | float) else "")
    if key.choices and raw not in key.choices:
        near = nearest(raw.lower(), key.choices)
        choices = " or ".join(key.choices)
        raise refuse(at, f"{raw!r} is not {choices}", f"did you mean {near[0]}?" if near else f"use {choices}")
    return raw


def _choice(raw: Any, key: Key, at: str) -> Any:
    word = _text(raw, key, at)
    members = key.enum or ()
    return next(member for member in members if str(member.value).lower() == word)


def _flag(raw: Any, key: Key, at: str) -> bool:
    if not isinstance(raw, bool):
        raise mismatch(raw, at, "true or false", "without quotes")
    return raw


def _whole(raw: Any, key: Key, at: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise mismatch(raw, at, "a whole number", "without quotes" if isinstance(raw, str) else "")
    return _bounded(raw, key, at)


def _bounded(value: int, key: Key, at: str) -> int:
    low, high, unit = key.low, key.high, key.unit
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{low} to {high}{unit}" if high is not None else f"{low}{unit} or more"
        raise refuse(at, f"{value}{unit} is out of range", f"use {bounds}", "range")
    return value


def _duration(raw: Any, key: Key, at: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise mismatch(raw, at, "a duration", 'write "30s", "5m" or "1h30m"')
    try:
        seconds = duration.parse(raw)
    except ValueError as problem:
        raise refuse(at, *_sentence(problem)) from problem
    return _bounded(seconds, key, at)


def _percent(raw: Any, key: Key, at: str) -> int:
    value = raw.strip().removesuffix("%").strip() if isinstance(raw, str) else raw
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        value = int(value)
    elif isinstance(value, str):
        raise refuse(at, f"{raw!r} is not a percentage in whole numbers", 'write 20 or "20%"')
    if isinstance(value, bool) or not isinstance(value, int):
        raise mismatch(raw, at, "a percentage", 'write 20 or "20%"')
    return _bounded(value, key, at)


def _amount(raw: Any, key: Key, at: str) -> Amount:
    try:
        return Amount.parse(raw, 1 if key.low is None else key.low)
    except ValueError as problem:
        raise refuse(at, *_sentence(problem)) from problem


def _set_id(raw: Any, key: Key, at: str) -> ScaleSetId:
    text = _text(raw, key, at)
    try:
        return ScaleSetId.parse(text)
    except ValueError:
        hint = "/subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachineScaleSets/…"
        raise refuse(at, f"{text!r} is not the resource id of a scale set", hint) from None


def _table(raw: Any, key: Key, at: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise mismatch(raw, at, "a table")
    return raw


def _sentence(problem: ValueError) -> tuple[str, str]:
    """A domain sentence with its advice after the semicolon split off as the hint."""
    message, _, hint = str(problem).partition("; ")
    return message, hint


_READERS: Mapping[Kind, Callable[[Any, Key, str], Any]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.WHOLE: _whole,
    Kind.DURATION: _duration,
    Kind.PERCENT: _percent,
    Kind.AMOUNT: _amount,
    Kind.CHOICE: _choice,
    Kind.SET_ID: _set_id,
    Kind.TABLE: _table,
}
"""How to read each kind that is not made of others. All raise Refused."""
