"""The part of KQL that a client of scale sets sends to Resource Graph; everything else is refused.

A table and steps after it: `where PATH =~ '…'` (`==`, `in~`), `where isnotempty(PATH)`, `extend NAME = E`,
`project [NAME =] E, …`, `summarize NAME = count(), NAME = countif(PATH == true) by PATH, …` and `order by PATH`.
E is a path, or `tolower`, `tostring` or `split(E, '…')[i]` of one. Source: "Understanding the Azure Resource Graph
query language".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

TABLES = ("resources", "computeresources", "resourcecontainers", "authorizationresources")
_WHERE = re.compile(r"where\s+([\w.]+)\s*(=~|==|in~)\s*(\(?\s*'[^']*'(?:\s*,\s*'[^']*')*\s*\)?)$", re.IGNORECASE)
_NOT_EMPTY = re.compile(r"where\s+isnotempty\(\s*([\w.]+)\s*\)$", re.IGNORECASE)
_TEXT = re.compile(r"'([^']*)'")
_NAMED = re.compile(r"(?:(\w+)\s*=\s*)?(.+)$", re.DOTALL)
_PATH = re.compile(r"[A-Za-z_][\w.]*$")
_CALL = re.compile(r"(tolower|tostring)\((.+)\)$", re.IGNORECASE | re.DOTALL)
_SPLIT = re.compile(r"split\((.+),\s*'([^']*)'\s*\)\[(\d+)\]$", re.IGNORECASE | re.DOTALL)
_SUMMARY = re.compile(r"summarize\s+(.+?)\s+by\s+(.+)$", re.IGNORECASE | re.DOTALL)
_COUNT = re.compile(r"(?:(\w+)\s*=\s*)?count(?:\(\)|if\(\s*([\w.]+)\s*==\s*(true|false)\s*\))$", re.IGNORECASE)
_ORDER = re.compile(r"order\s+by\s+([\w.]+)(?:\s+(asc|desc))?$", re.IGNORECASE)
Row = dict[str, Any]


class InvalidQuery(Exception):
    """A query with something that this simulator, or Azure, does not understand."""


def run(text: str, tables: Mapping[str, list[Row]]) -> list[Row]:
    """The rows of a query. Raises InvalidQuery."""
    table, *steps = (part.strip() for part in text.strip().split("|"))
    if table.lower() not in TABLES:
        raise InvalidQuery(f"'{table}' is not a table that is simulated")
    rows = tables[table.lower()]
    for step in steps:
        rows = _step(step, rows)
    return rows


def type_of(text: str) -> str:
    """The resource type that a query begins with, in lower case; empty when it begins otherwise."""
    _, _, steps = text.partition("|")
    first = _WHERE.match(steps.partition("|")[0].strip())
    return _TEXT.findall(first[3])[0].lower() if first is not None and first[1] == "type" and first[2] == "=~" else ""


def _step(step: str, rows: list[Row]) -> list[Row]:
    word, rest = step.partition(" ")[0].lower(), step.partition(" ")[2]
    if word == "where":
        return _where(step, rows)
    if word == "extend":
        columns = _columns(rest)
        return [{**row, **{name: value(row) for name, value in columns}} for row in rows]
    if word == "project":
        columns = _columns(rest)
        return [{name: value(row) for name, value in columns} for row in rows]
    if (summary := _SUMMARY.match(step)) is not None:
        return _summarized(summary[1], _columns(summary[2]), rows)
    if (order := _ORDER.match(step)) is not None:
        return sorted(rows, key=lambda row: str(at(row, order[1])), reverse=(order[2] or "").lower() == "desc")
    raise InvalidQuery(f"'{step}' is not understood")


def _where(step: str, rows: list[Row]) -> list[Row]:
    if (found := _WHERE.match(step)) is not None:
        wanted, path = {value.lower() for value in _TEXT.findall(found[3])}, found[1]
        return [row for row in rows if str(at(row, path) or "").lower() in wanted]
    if (found := _NOT_EMPTY.match(step)) is not None:
        path = found[1]
        return [row for row in rows if at(row, path) not in (None, "", [], {})]
    raise InvalidQuery(f"'{step}' is not understood")


def _summarized(counts: str, by: list[tuple[str, Callable[[Row], Any]]], rows: list[Row]) -> list[Row]:
    wanted = [_COUNT.match(part) for part in _parts(counts)]
    groups: dict[bytes, Row] = {}
    for row in rows:
        values = {name: value(row) for name, value in by}
        group = groups.setdefault(msgspec.json.encode(values), values)
        for number, count in enumerate(wanted):
            if count is None:
                raise InvalidQuery(f"'{counts}' is not understood")
            name = count[1] or ("count_" if count[2] is None else f"countif_{number}")
            hit = count[2] is None or at(row, count[2]) is (count[3].lower() == "true")
            group[name] = group.get(name, 0) + hit
    return list(groups.values())


def _columns(text: str) -> list[tuple[str, Callable[[Row], Any]]]:
    """Each column with its name; a path without one is named as Azure names it, with underscores."""
    found = []
    for part in _parts(text):
        named = _NAMED.match(part)
        if named is None:
            raise InvalidQuery(f"'{text}' is not a list of columns")
        found.append((named[1] or named[2].strip().replace(".", "_"), _expression(named[2].strip())))
    return found


def _parts(text: str) -> list[str]:
    """What commas outside brackets and quotes separate."""
    parts, depth, quoted = [""], 0, False
    for sign in text:
        quoted ^= sign == "'"
        depth += 0 if quoted else (sign in "([") - (sign in ")]")
        if sign == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def _expression(text: str) -> Callable[[Row], Any]:
    if _PATH.match(text):
        return lambda row: at(row, text)
    if (call := _CALL.match(text)) is not None:
        inner, lower = _expression(call[2].strip()), call[1].lower() == "tolower"
        return lambda row: str(inner(row) or "").lower() if lower else str(inner(row) or "")
    if (split := _SPLIT.match(text)) is not None:
        inner, mark, place = _expression(split[1].strip()), split[2], int(split[3])
        return lambda row: _nth(str(inner(row) or "").split(mark), place)
    raise InvalidQuery(f"'{text}' is not understood")


def _nth(parts: list[str], place: int) -> str | None:
    return parts[place] if place < len(parts) else None


def at(row: Any, path: str) -> Any:
    """The value at a dotted path; null where there is none."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else None
    return row
