"""Reads the configuration: every value with its origin, and every mistake with its file, line and nearest key.

A mistake costs its own key only: the default holds for it. Never raises for what a person wrote.
"""

import difflib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, assert_never

from vmss_tui.config import tables
from vmss_tui.config.entries import KEYS, Key, Kind, key
from vmss_tui.config.instance_access import own_diagnostic, shell_problem
from vmss_tui.config.rules import freeze, window_rule
from vmss_tui.journal.databases.place import is_address
from vmss_tui.paths import CONFIG_VARIABLE, configuration_file, expanded, others_can_write
from vmss_tui.patterns import pattern, pattern_problem
from vmss_tui.presentation.filter import FilterProblem
from vmss_tui.presentation.filter import parse as parse_filter
from vmss_tui.presentation.fleet.rows import FLEET


class Origin(StrEnum):
    """Where a value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a setting and where it comes from; `where` names the line, the variable or the option."""

    key: Key
    value: Any
    origin: Origin = Origin.DEFAULT
    where: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the file, and where; `line` is 0 when it is unknown."""

    path: Path
    line: int
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return ": ".join(part for part in (place, self.key, self.message) if part)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a run."""

    path: Path
    values: Mapping[str, Value]
    problems: tuple[Problem, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """The line of each dotted name of the file."""

    def __getitem__(self, name: str) -> Any:
        """The value of a setting."""
        return self.values[name].value

    def from_file(self, name: str) -> Any:
        """The value when the file says it; None when something else does."""
        found = self.values[name]
        return found.value if found.origin is Origin.FILE else None

    def refused(self, name: str, message: str, hint: str) -> "Config":
        """The settings with the default in place of one that the file has wrong."""
        value = self.values[name]
        problem = Problem(self.path, _line_of(name, self.lines), name, message, hint)
        values = {**self.values, name: Value(value.key, value.key.default)}
        return replace(self, values=values, problems=(*self.problems, problem))

    def without(self, table: str, wrong: Mapping[str, tuple[str, str]]) -> "Config":
        """The settings without some entries of a table: `wrong` has the message and the hint by entry."""
        if not wrong:
            return self
        value = self.values[table]
        kept = {name: entry for name, entry in value.value.items() if name not in wrong}
        problems = [
            Problem(self.path, _line_of(f"{table}.{name}", self.lines), f"{table}.{name}", message, hint)
            for name, (message, hint) in wrong.items()
        ]
        values = {**self.values, table: replace(value, value=kept)}
        return replace(self, values=values, problems=(*self.problems, *problems))


def read(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration; the defaults where there is no file, or it cannot be read."""
    env = os.environ if environ is None else environ
    file = path or configuration_file(env)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(file, 0, "", *_unreadable(error))
        return Config(file, _values({}, {}, env), (problem,))
    config = parse(text, file, env)
    dangerous = [name for name, what in _RUNS.items() if config.from_file(name) and what(config[name])]
    unsafe = others_can_write(file) if dangerous else None
    for name in dangerous if unsafe is not None else ():
        message = f"runs commands, and others can write {unsafe}; this setting is ignored"
        config = config.refused(name, message, f"chmod go-w {unsafe}")
    return config


def _unreadable(error: OSError | UnicodeDecodeError) -> tuple[str, str]:
    """Why the file cannot be read, and the next step."""
    if isinstance(error, UnicodeDecodeError):
        return "cannot be read: it is not UTF-8", "`vmss-tui config edit` opens it; save it as UTF-8."
    hint = f"Check the file and its rights, or name another one with ${CONFIG_VARIABLE}."
    return f"cannot be read: {error.strerror or error}", hint


_RUNS: Mapping[str, Callable[[Any], bool]] = {
    "hooks": lambda hooks: any(hook.command for hook in hooks),
    "shell.command": bool,
    "diagnostics": bool,
}
"""Settings that run commands, on this host or on an instance, and whether a value does."""


def parse(text: str, path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration of a text."""
    try:
        document = tomllib.loads(text) if text else {}
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        at = int(line[1]) if line else len(text.splitlines())
        problem = Problem(path, at, "", f"is not valid TOML: {error}", "`vmss-tui config edit` opens it.")
        return Config(path, _values({}, {}, environ), (problem,))
    lines = _lines(text)
    good: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in _flat(document):
        wrong = list(_problems(name, value, path))
        problems += [Problem(path, _line_of(at, lines), at, message, hint) for at, message, hint in wrong]
        if wrong:
            continue
        if name.startswith(_KEYS):
            good.setdefault(_KEYS[:-1], {})[name.removeprefix(_KEYS)] = tuple(value)
        else:
            good[name] = _converted(key(name), value, path)
    return Config(path, _values(good, lines, environ), tuple(problems), lines)


_KEYS = "keys."
"""Before the id of an action in the dotted name of its keys."""


_TABLES = {entry.name.rpartition(".")[0] for entry in KEYS}
"""Tables whose keys are settings."""


def _flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values; a table that is a setting's prefix is gone into."""
    for name, value in document.items():
        dotted = f"{above}{name}"
        if isinstance(value, Mapping) and dotted in _TABLES:
            yield from _flat(value, f"{dotted}.")
        elif isinstance(value, Mapping) and f"{dotted}." == _KEYS:
            yield from tables.bound_keys(value, _KEYS)
        else:
            yield dotted, value


_Complaint = tuple[str, str, str]
"""The setting, what is wrong with it, and the next step."""


def _problems(name: str, value: Any, path: Path) -> Iterator[_Complaint]:
    """What is wrong with a setting."""
    if name.startswith(_KEYS):
        message = tables.keys_misfit(value)
        if message:
            yield name, message, 'For example: "app.quit" = ["ctrl+q"]'
        return
    found = key(name)
    if found is None:
        yield name, "is not a setting", _nearest(name, KEYS) or "`vmss-tui config show` lists them all."
    elif found.kind is Kind.TABLES:
        yield from _in_tables(found, value, path)
    else:
        yield from _in_value(found, value, name)


def _in_value(found: Key, value: Any, name: str) -> Iterator[_Complaint]:
    message = _misfit(found, value)
    if message:
        yield name, message, f"For example: {found.name.rpartition('.')[2]} = {found.example}"
        return
    given = value if isinstance(value, list) else [value]
    unknown = next((item for item in given if found.choices and item not in found.choices), None)
    if unknown is not None:
        near = difflib.get_close_matches(unknown, found.choices, n=1)
        hint = (f"Did you mean {near[0]}? " if near else "") + f"Use {', '.join(found.choices)}."
        yield name, f"{unknown!r} is unknown", hint


def _in_tables(found: Key, value: Any, path: Path) -> Iterator[_Complaint]:
    """What is wrong with an array of tables: unknown keys, kinds, what is missing, and then what makes no sense."""
    if not isinstance(value, list) or not all(isinstance(table, Mapping) for table in value):
        yield found.name, f"is not {found.kind.value}", f"Write [[{found.name}]] and its keys below."
        return
    for index, table in enumerate(value):
        at = f"{found.name}[{index}]"
        wrong = list(_in_table(found, table, at))
        yield from wrong
        if not wrong and (message := _nonsense(found, _complete(found, table, path))):
            yield at, message, "`vmss-tui config schema` has every key."


def _in_table(found: Key, table: Mapping[str, Any], at: str) -> Iterator[_Complaint]:
    known = {entry.name: entry for entry in found.entry}
    for name, value in table.items():
        if name in known:
            yield from _in_value(known[name], value, f"{at}.{name}")
        else:
            yield f"{at}.{name}", "is not a setting", _nearest(name, found.entry) or f"Known here: {', '.join(known)}."
    for entry in found.entry:
        if entry.required and entry.name not in table:
            yield at, f"has no {entry.name}", f"For example: {entry.name} = {entry.example}"


def _nonsense(found: Key, table: Mapping[str, Any]) -> str:
    """What makes no sense in a table whose values are of their kinds; empty when all does."""
    try:
        match found.name:
            case "windows":
                window_rule(table)
            case "freezes":
                freeze(table)
            case _:
                own_diagnostic(table)
    except ValueError as problem:
        return str(problem)
    return ""


def _complete(found: Key, table: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """A table of an array, with the defaults of its missing keys."""
    return {
        entry.name: _converted(entry, table[entry.name], path) if entry.name in table else entry.default
        for entry in found.entry
    }


def _nearest(name: str, keys: Iterable[Key]) -> str:
    near = difflib.get_close_matches(name, [entry.name for entry in keys], n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else ""


def _misfit(found: Key, value: Any) -> str:
    """Why a value is not of the setting's kind; empty when it is."""
    match found.kind:
        case Kind.TEXT | Kind.PATH | Kind.PLACE:
            fits = isinstance(value, str) and bool(value.strip())
        case Kind.SWITCH:
            fits = isinstance(value, bool)
        case Kind.SECONDS | Kind.COUNT:
            kinds = int | float if found.kind is Kind.SECONDS else int
            fits = isinstance(value, kinds) and not isinstance(value, bool)
            if fits and not value >= found.least:
                return f"{value} is less than {found.least:g}"
        case Kind.TEXTS | Kind.PATHS | Kind.PATTERNS | Kind.TAGS | Kind.SUBSCRIPTIONS:
            return _texts_misfit(found.kind, value)
        case Kind.KEYS | Kind.TABLES:
            fits = False
        case Kind.FILTER | Kind.HOOKS | Kind.COMMAND:
            return _own_problem(found.kind, value)
        case Kind.MOMENT:
            fits = _is_moment(value)
        case unreachable:
            assert_never(unreachable)
    return "" if fits else f"{value!r} is not {found.kind.value}"


def _own_problem(kind: Kind, value: Any) -> str:
    """What the owner of a kind says about a value; empty when all is well."""
    if kind is Kind.FILTER:
        return _filter_problem(value)
    return shell_problem(value) if kind is Kind.COMMAND else "; ".join(tables.hooks(value)[1])


def _is_moment(value: Any) -> bool:
    """Whether it is a date or time of TOML, or a text with one."""
    if not isinstance(value, str):
        return isinstance(value, date)
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _texts_misfit(kind: Kind, value: Any) -> str:
    """Why a value is not a list of strings, or one of them can never match; empty when all are well."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        return f"{value!r} is not {kind.value}"
    check = {Kind.PATTERNS: _pattern_problem, Kind.TAGS: tables.tag_misfit, Kind.SUBSCRIPTIONS: tables.id_misfit}
    return next((reason for item in value if kind in check and (reason := check[kind](item))), "")


def _filter_problem(text: Any) -> str:
    if not isinstance(text, str):
        return f"{text!r} is not {Kind.FILTER.value}"
    try:
        parse_filter(text, FLEET.fields)
    except FilterProblem as problem:
        return f"{text!r} is not a filter: {problem}"
    return ""


def _pattern_problem(text: str) -> str:
    if problem := pattern_problem(text):
        return f"{text!r} is not a regular expression: {problem}"
    return f"{text!r} matches an empty string: everything would be hidden" if pattern(text).occurs_in("") else ""


def _converted(found: Key | None, value: Any, path: Path) -> Any:
    """The value as the program uses it: relative paths start at the file's directory."""
    if found is None:
        return value
    if found.kind is Kind.TABLES:
        return tuple(_complete(found, table, path) for table in value)
    if found.kind is Kind.PATH or (found.kind is Kind.PLACE and not is_address(value)):
        return path.parent / expanded(value)
    if found.kind is Kind.HOOKS:
        return tables.hooks(value)[0]
    if found.kind is Kind.PATHS:
        return tuple(path.parent / expanded(item) for item in value)
    return tuple(value) if isinstance(value, list) else value


def _values(good: Mapping[str, Any], lines: Mapping[str, int], environ: Mapping[str, str]) -> dict[str, Value]:
    return {entry.name: _value(entry, good, lines, environ) for entry in KEYS}


def _value(entry: Key, good: Mapping[str, Any], lines: Mapping[str, int], environ: Mapping[str, str]) -> Value:
    given = environ.get(entry.environment, "") if entry.environment else ""
    if given:
        return Value(entry, given, Origin.ENVIRONMENT, f"${entry.environment}")
    if entry.name in good:
        return Value(entry, good[entry.name], Origin.FILE, f"line {_line_of(entry.name, lines)}")
    return Value(entry, entry.default)


_TABLE = re.compile(r"^\s*\[\s*([\w.\"-]+)\s*\]")
_ENTRY = re.compile(r"^\s*\[\[\s*([\w.\"-]+)\s*\]\]")
_ASSIGNMENT = re.compile(r"^\s*([\w.\"-]+)\s*=")


def _lines(text: str) -> dict[str, int]:
    """The line of each dotted name; good enough to point at a mistake."""
    found: dict[str, int] = {}
    table = ""
    entries: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if entry := _ENTRY.match(line):
            name = f"{entry[1]}[{entries[entry[1]]}]"
            entries[entry[1]] += 1
            table = f"{name}."
            found.setdefault(entry[1], number)
            found.setdefault(name, number)
        elif head := _TABLE.match(line):
            name = head[1].replace('"', "")
            table = f"{name}."
            found.setdefault(name, number)
        elif assignment := _ASSIGNMENT.match(line):
            found.setdefault(f"{table}{assignment[1]}".replace('"', ""), number)
    return found


def _line_of(name: str, lines: Mapping[str, int]) -> int:
    """The line of a name, else of the table that it is in."""
    below = next((line for known, line in lines.items() if known.startswith(f"{name}.")), 0)
    while name and name not in lines:
        name = name.rpartition(".")[0]
    return lines.get(name, below)
