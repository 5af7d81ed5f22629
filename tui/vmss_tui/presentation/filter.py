"""The filter language: `name`, `/regex/`, `!not`, `mode:rolling`, `tag:app=web`, all of them together.

Pure: text to terms, terms against fields. What the fields are is the caller's business.
"""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Fields = Mapping[str, Sequence[str]]
"""What one thing can be found by: values by field name; `""` holds what a bare word looks at."""

_WORD = re.compile(r'\s*(!?)(?:([A-Za-z]\w*):)?(?:/((?:[^/\\]|\\.)*)(?:/|$)|"([^"]*)(?:"|$)|(\S*))')


class FilterProblem(ValueError):
    """The filter cannot be understood; the text is for people."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. An empty `field` looks at everything that a bare word looks at."""

    field: str
    values: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    negated: bool = False

    def holds(self, fields: Fields) -> bool:
        """Whether a thing with these fields satisfies it."""
        found = any(self._fits(value) for value in fields.get(self.field, ()))
        return found is not self.negated

    def _fits(self, value: str) -> bool:
        if self.pattern is not None:
            return self.pattern.search(value) is not None
        low = value.lower()
        return any(low.startswith(each) if self.field == "tag" else each in low for each in self.values)


def parse(source: str, known: Collection[str]) -> tuple[Term, ...]:
    """The terms of a filter; `known` are the field names. Raises FilterProblem.

    A regular expression or a quote that is still open (somebody is typing) counts as closed.
    """
    found = (_term(each, known) for each in _WORD.finditer(source))
    return tuple(term for term in found if term is not None)


def _term(found: re.Match[str], known: Collection[str]) -> Term | None:
    negated, field, regex, quoted, word = bool(found[1]), (found[2] or "").lower(), found[3], found[4], found[5]
    if field and field not in known:
        near = difflib.get_close_matches(field, known, 1)
        wanted = f"did you mean {near[0]}:?" if near else f"use {', '.join(f'{each}:' for each in sorted(known))}"
        raise FilterProblem(f"there is nothing to filter by {field}: here; {wanted}")
    if regex is not None:
        try:
            return Term(field, pattern=re.compile(regex, re.IGNORECASE), negated=negated) if regex else None
        except re.error as problem:
            raise FilterProblem(f"/{regex}/ is not a regular expression: {problem}") from problem
    value = (quoted if quoted is not None else word or "").lower()
    values = (value,) if quoted is not None else tuple(part for part in value.split(",") if part)
    return Term(field, values, negated=negated) if any(values) else None


def matches(terms: Sequence[Term], fields: Fields) -> bool:
    """Whether all terms hold."""
    return all(each.holds(fields) for each in terms)
