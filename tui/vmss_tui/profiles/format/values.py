"""Single values of a profile: read one, or refuse it with a sentence. For files and for the form's fields. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.profiles.format.nearest import nearest
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.spec import Key, Kind


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
    return refuse(at, f"must be {wanted}, not {_kind_of(raw)}", hint, "type")


def _kind_of(raw: Any) -> str:
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


def _flag(raw: Any, key: Key, at: str) -> bool:
    if not isinstance(raw, bool):
        raise mismatch(raw, at, "true or false", "without quotes")
    return raw


def _whole(raw: Any, key: Key, at: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise mismatch(raw, at, "a whole number", "without quotes" if isinstance(raw, str) else "")
    return _bounded(raw, key, at, "")


def _bounded(value: int, key: Key, at: str, unit: str) -> int:
    if (key.low is not None and value < key.low) or (key.high is not None and value > key.high):
        bounds = f"{key.low} to {key.high}{unit}" if key.high is not None else f"{key.low}{unit} or more"
        raise refuse(at, f"{value}{unit} is out of range", f"use {bounds}", "range")
    return value


def _duration(raw: Any, key: Key, at: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise mismatch(raw, at, "a duration", 'write "30s", "5m" or "1h30m"')
    try:
        seconds = duration.parse(raw)
    except ValueError as problem:
        raise refuse(at, *_sentence(problem)) from problem
    return _bounded(seconds, key, at, "s")


def _percent(raw: Any, key: Key, at: str) -> int:
    value = raw.strip().removesuffix("%").strip() if isinstance(raw, str) else raw
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise mismatch(raw, at, "a percentage", 'write 20 or "20%"')
    return _bounded(value, key, at, "%")


def _amount(raw: Any, key: Key, at: str) -> Amount:
    try:
        return Amount.parse(raw)
    except ValueError as problem:
        raise refuse(at, *_sentence(problem)) from problem


def _table(raw: Any, key: Key, at: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise mismatch(raw, at, "a table")
    return raw


def _sentence(problem: ValueError) -> tuple[str, str]:
    """A domain sentence with its advice after the semicolon split off as the hint."""
    message, _, hint = str(problem).partition("; ")
    return message, hint


READERS: Mapping[Kind, Callable[[Any, Key, str], Any]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.WHOLE: _whole,
    Kind.DURATION: _duration,
    Kind.PERCENT: _percent,
    Kind.AMOUNT: _amount,
    Kind.TABLE: _table,
}
"""How to read each kind that is not made of others. All raise Refused."""
