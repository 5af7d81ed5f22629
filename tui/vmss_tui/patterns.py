"""Regular expressions that others write (profiles, configuration, filters), in time linear to the text. Pure.

Python's own engine tries every way in which an expression can fit: `(a+)+b` takes minutes on forty letters. RE2 reads
each character once, for any expression, and therefore has no backreferences and no lookaround. Its import takes as long
as a small command, so it is done on first use.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

_MEMORY = 64 << 20
"""Bytes that an expression may take once compiled, and while it runs: an inline script is one long literal."""
_LIMITS = "RE2 syntax: no backreferences, no lookaround, at most 1000 repeats"


class PatternProblem(ValueError):
    """The expression is not one that the engine takes; the text says why."""


class Pattern:
    """An expression that takes time linear to the text."""

    def __init__(self, expression: str, *, ignore_case: bool = False, dot_all: bool = False) -> None:
        """Raises PatternProblem."""
        self._compiled = _compiled(expression, ignore_case, dot_all)

    def fits(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return self._compiled.fullmatch(_encodable(text)) is not None

    def occurs_in(self, text: str) -> bool:
        """Whether it matches anywhere in the text."""
        return self._compiled.search(_encodable(text)) is not None

    def replaced(self, text: str, by: str) -> str:
        """The text with `by`, taken literally, in place of every match."""
        return str(self._compiled.sub(lambda _: by, _encodable(text)))

    def groups(self, text: str) -> Mapping[str, str] | None:
        """What its named groups hold when it matches the whole text; None when it does not."""
        found = self._compiled.fullmatch(_encodable(text))
        return None if found is None else {name: value or "" for name, value in found.groupdict().items()}


@lru_cache(maxsize=256)
def pattern(expression: str) -> Pattern:
    """The compiled expression. Raises PatternProblem."""
    return Pattern(expression)


def pattern_problem(expression: str) -> str:
    """Why an expression cannot be used; empty when it can."""
    try:
        pattern(expression)
    except PatternProblem as problem:
        return str(problem)
    return ""


def _compiled(expression: str, ignore_case: bool, dot_all: bool) -> "re2._Regexp[str]":
    import re2

    options = re2.Options()
    options.log_errors = False  # it would write to stderr
    options.case_sensitive = not ignore_case
    options.dot_nl = dot_all
    options.max_mem = _MEMORY
    try:
        return re2.compile(expression, options)
    except (re2.error, UnicodeEncodeError) as problem:
        raise PatternProblem(_reason(problem)) from problem


def _reason(problem: Exception) -> str:
    said = problem.args[0] if problem.args else ""
    return f"{said.decode(errors='replace') if isinstance(said, bytes) else said} ({_LIMITS})"


def _encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which UTF-8 has no bytes for."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text
