"""Settings with a form of their own: keys of actions, hooks of every rollout, patterns of rules. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vmss_tui.domain.plan.rollout_policy import Hook, check_hook
from vmss_tui.profiles.format.problem import LintProblem
from vmss_tui.profiles.format.read import Reader

_DIGIT = r"(?:[0-9a-f?]|\[[^\[\]]+\])"
_ID = re.compile("-".join(f"{_DIGIT}{{{length}}}" for length in (8, 4, 4, 4, 12)), re.IGNORECASE)
_PART_OF_ID = re.compile(f"(?:{_DIGIT}|[-*])+", re.IGNORECASE)


def bound_keys(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Action ids with what is written for them; `fleet.open = […]` and `"fleet.open" = […]` are the same."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from bound_keys(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def keys_misfit(value: Any) -> str:
    """Why a value is not a list of keys; empty when it is one."""
    fits = isinstance(value, list) and bool(value) and all(isinstance(key, str) and key for key in value)
    return "" if fits else f"{value!r} is not a list of keys"


def tag_misfit(pattern: str) -> str:
    """Why a pattern can match no tag; empty when it can."""
    fits = any(sign in pattern for sign in "=*?[")
    return "" if fits else f"{pattern!r} matches no tag: write NAME=VALUE, such as {pattern}=*"


def id_misfit(pattern: str) -> str:
    """Why a pattern can match no subscription id; empty when it can."""
    fits = _ID.fullmatch(pattern) or ("*" in pattern and _PART_OF_ID.fullmatch(pattern))
    return "" if fits else f"{pattern!r} matches no subscription id (names of subscriptions are not compared)"


def hooks(raw: Any) -> tuple[tuple[Hook, ...], tuple[str, ...]]:
    """The hooks of a value, as a profile's `[[hooks]]` are read, and what is wrong with it."""
    reader = Reader()
    found: tuple[Hook, ...] = reader.read({"hooks": raw}).get("hooks") or ()
    wrong = [_words(problem) for problem in reader.problems]
    for number, hook in enumerate(found):
        wrong += [f"{_place(number, problem.field)} {problem.message}" for problem in check_hook(hook)]
    return found, tuple(wrong)


def _place(number: int, field: str) -> str:
    return f"[{number}].{field}:" if field else f"[{number}]"


def _words(problem: LintProblem) -> str:
    return f"{problem.key.removeprefix('hooks')}: {problem.message}".removeprefix(": ")
