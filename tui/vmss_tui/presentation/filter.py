"""The filter language: `name`, `/regex/`, `!not`, `mode:rolling`, `batch:1`, `tag:app=web`; all terms must hold.

Pure: text to terms, terms against values. A table says which fields it has and how each of them is matched. Where a
person types, a word that nothing contains is matched by its letters in order: `wbweu` is web-weu (`loosely`). A word
with a slash is also looked for in ids (`group/name`, a resource id), where the table has them.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from vmss_tui.patterns import Pattern, PatternProblem

_TERM = re.compile(
    r'\s*(!?)(?:([A-Za-z]\w*):)?(?:(?!/(?i:subscriptions)/\S)/((?:[^/\\]|\\.)*)(?:/|$)|"([^"]*)(?:"|$)|(\S*))'
)
"""Not, field, and one of: regular expression, quoted text, word. A resource id is a word, though it begins with `/`."""
IDS = "id"
"""The field in which words with a slash are looked for as well."""

_WORD_START = re.compile(r"(?<![a-z0-9])[a-z0-9]")
_SPREAD = 3
"""The letters of a word may span at most this many times its length, so that `wbweu` does not match a sentence."""

Values = Callable[[str], Sequence[str]]
"""The values of an item in a field, by the field's name."""


class Match(StrEnum):
    """How a word of a filter is compared with a value."""

    PART = "part"
    """Anywhere in the text: names, messages."""
    WORD = "word"
    """The beginning of one of its words: `healthy` does not match `unhealthy`."""
    WHOLE = "whole"
    """A number matches as a whole, so that `batch:1` is not batch 10; other text anywhere."""
    START = "start"
    """The beginning of the text: `app=web` of a tag."""


@dataclass(frozen=True, slots=True)
class Field:
    """Something to filter by; bare words match `bare` ones. `words` is the closed set of its values, if it has one."""

    name: str
    match: Match = Match.PART
    bare: bool = False
    words: tuple[str, ...] = ()

    def fits(self, wanted: str, value: str) -> bool:
        """Whether `wanted` (lower case) matches a value."""
        low = value.lower()
        match self.match:
            case Match.WORD:
                return f" {low}".find(f" {wanted}") >= 0
            case Match.WHOLE:
                return low == wanted if low.isdigit() else wanted in low
            case Match.START:
                return low.startswith(wanted)
            case Match.PART:
                return wanted in low
            case unreachable:
                assert_never(unreachable)

    def resembles(self, wanted: str, value: str) -> bool:
        """Whether a value has the letters of `wanted` (lower case) in their order, from the start of a word on."""
        return self.match is Match.PART and _letters_in_order(wanted, value.lower())


Fields = Mapping[str, Field]
"""The fields of a table, by name."""


class FilterProblem(ValueError):
    """The filter cannot be understood; the text is for people."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: any of the values, or the pattern, in any of the fields."""

    fields: tuple[Field, ...]
    values: tuple[str, ...] = ()
    pattern: Pattern | None = None
    negated: bool = False
    fuzzy: bool = False
    """Its words may be matched by their letters, where nothing contains them."""

    def holds(self, values_of: Values, *, loosely: bool = False) -> bool:
        """Whether an item with these values satisfies it; `loosely`: also by the letters of a fuzzy word."""
        loosely = loosely and self.fuzzy
        found = any(self._fits(field, value, loosely) for field in self.fields for value in values_of(field.name))
        return found != self.negated

    def _fits(self, field: Field, value: str, loosely: bool) -> bool:
        if self.pattern is not None:
            return self.pattern.occurs_in(value)
        if any(field.fits(wanted, value) for wanted in self.values):
            return True
        return loosely and any(field.resembles(wanted, value) for wanted in self.values)


def parse(source: str, fields: Fields, *, fuzzy: bool = False) -> tuple[Term, ...]:
    """The terms of a filter over a table's fields. Raises FilterProblem.

    A regular expression or a quote that is still open (while typing) counts as closed. With `fuzzy`, unquoted words
    that are not negated may be matched by their letters.
    """
    terms = (_term(part, fields, fuzzy) for part in _TERM.finditer(source))
    return tuple(term for term in terms if term is not None)


def _term(part: re.Match[str], fields: Fields, fuzzy: bool) -> Term | None:
    negated, name, regex, quoted, word = bool(part[1]), (part[2] or "").lower(), part[3], part[4], part[5]
    searched = (_field(name, fields),) if name else tuple(field for field in fields.values() if field.bare)
    if regex is not None:
        try:
            return Term(searched, pattern=Pattern(regex, ignore_case=True), negated=negated) if regex else None
        except PatternProblem as problem:
            raise FilterProblem(f"/{regex}/ is not a regular expression: {problem}") from problem
    value = (quoted if quoted is not None else word or "").lower()
    if not name and "/" in value and IDS in fields:
        searched = (*searched, fields[IDS])
    values = (value,) if quoted is not None else tuple(one for one in value.split(",") if one)
    if name:
        _check(searched[0], values)
    loose = fuzzy and quoted is None and not negated
    return Term(searched, values, negated=negated, fuzzy=loose) if any(values) else None


def _field(name: str, fields: Fields) -> Field:
    if name in fields:
        return fields[name]
    near = difflib.get_close_matches(name, fields, 1)
    advice = f"did you mean {near[0]}:?" if near else f"use {', '.join(f'{known}:' for known in sorted(fields))}"
    raise FilterProblem(f"there is no field {name}: here; {advice}")


def _check(field: Field, values: Sequence[str]) -> None:
    """Raise FilterProblem for a value that no item can have."""
    for value in values if field.words else ():
        if not any(field.fits(value, word) for word in field.words):
            raise FilterProblem(f"{field.name}: is never {value!r}; use {', '.join(dict.fromkeys(field.words))}")


def matches(terms: Sequence[Term], values_of: Values, *, loosely: bool = False) -> bool:
    """Whether all terms hold."""
    return all(term.holds(values_of, loosely=loosely) for term in terms)


def _letters_in_order(wanted: str, value: str) -> bool:
    return any(_letters_from(start.start(), wanted, value) for start in _WORD_START.finditer(value))


def _letters_from(start: int, wanted: str, value: str) -> bool:
    """Whether the value has the letters in their order, the first one at `start`, none far from the others."""
    if len(wanted) < 2 or value[start] != wanted[0]:
        return False
    at = start
    for letter in wanted[1:]:
        at = value.find(letter, at + 1, start + _SPREAD * len(wanted))
        if at < 0:
            return False
    return True
