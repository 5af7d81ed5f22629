"""Profile files as TOML tables: read a file and what it extends, keep where every key came from.

Knows TOML and the merge of a profile over its base; what the keys mean is for `reading`.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vmss_tui.paths import expanded
from vmss_tui.profiles.format.fields import PROFILE
from vmss_tui.profiles.format.locate import Layout, layout
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.sections import Section

_LIMIT = 1 << 20
_DEPTH = 8
_OWN = ("name", "base", "extends")
_WHERE = re.compile(r"\s{0,8}\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Layer:
    """One file: its table and its layout."""

    path: Path | None
    data: Mapping[str, Any]
    layout: Layout
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A profile over its bases, nearest first, as one table."""

    layers: tuple[Layer, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[LintProblem, ...] = ()

    def origin(self, key: str) -> tuple[Path | None, int]:
        """The file and the line of `key`; of the nearest table around it when the key itself is nowhere."""
        for layer in self.layers:
            if key in layer.layout.lines:
                return layer.path, layer.layout.lines[key]
        first = self.layers[0] if self.layers else None
        return (first.path, first.layout.line(key)) if first is not None else (None, 0)

    def directory(self, key: str) -> Path:
        """What a relative path at `key` starts from."""
        path, _ = self.origin(key)
        return path.parent if path is not None else Path()


def stamp_of(content: bytes) -> str:
    """SHA-256 of a file's bytes: changes when the file changes on disk."""
    return hashlib.sha256(content).hexdigest()


def read_text(path: Path) -> tuple[str, str]:
    """Text and stamp of a file of at most 1 MiB. Raises ValueError with a sentence for people."""
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
    except OSError as problem:
        raise ValueError(f"cannot be read: {problem.strerror or problem}") from problem
    if len(content) > _LIMIT:
        raise ValueError("is larger than 1 MiB, the limit of a profile")
    try:
        return content.decode("utf-8-sig"), stamp_of(content)
    except UnicodeDecodeError as problem:
        raise ValueError(f"is not UTF-8 (byte {problem.start})") from problem


def parse(text: str, path: Path | None, stamp: str = "") -> Document:
    """The document of `text` and of everything it extends; problems instead of exceptions."""
    return _parse(text, path, stamp, ())


def read(path: Path) -> Document:
    """The document of a file. Problems instead of exceptions."""
    try:
        text, stamp = read_text(path)
    except ValueError as problem:
        return Document(problems=(LintProblem(key="", message=str(problem), path=path, code="unreadable"),))
    return parse(text, path, stamp)


def _parse(text: str, path: Path | None, stamp: str, above: tuple[Path, ...]) -> Document:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        return Document(problems=(_syntax(str(problem), text, path),))
    except RecursionError:
        return Document(problems=(LintProblem(key="", message="is nested too deeply", path=path, code="syntax"),))
    own = Document((Layer(path, data, layout(text), stamp),), data)
    name = data.get("extends")
    return _extend(own, name, path, above) if isinstance(name, str) and name else own


def _extend(own: Document, name: str, path: Path | None, above: tuple[Path, ...]) -> Document:
    here = (path.parent if path is not None else Path()) / expanded(name)
    seen = (*above, *((path.resolve(),) if path is not None else ()))
    if here.resolve() in seen or len(seen) > _DEPTH:
        return _with(own, "extends", f"{name} extends itself, directly or through others", "break the circle")
    try:
        text, stamp = read_text(here)
    except ValueError as problem:
        return _with(own, "extends", f"{here} {problem}", "give a path relative to this file")
    base = _parse(text, here, stamp, seen)
    inherited = {key: value for key, value in base.data.items() if key not in _OWN}
    return Document(
        own.layers + base.layers,
        merge(own.data, inherited, PROFILE),
        own.problems + base.problems,
    )


def _with(document: Document, key: str, message: str, hint: str) -> Document:
    return Document(document.layers, document.data, (*document.problems, error(key, message, hint, "extends")))


def _syntax(message: str, text: str, path: Path | None) -> LintProblem:
    found = _WHERE.search(message)
    last = text.count("\n") + 1
    line, column = (int(found[1]), found[2]) if found is not None and found[1] else (last, "")
    where = f" at column {column}" if column else " at the end of the file"
    return LintProblem(
        key="",
        message=f"is not valid TOML: {_WHERE.sub('', message)}{where}",
        hint="strings need quotes, tables look like [script]",
        path=path,
        line=line,
        code="syntax",
    )


def merge(near: Mapping[str, Any], far: Mapping[str, Any], section: Section | None) -> dict[str, Any]:
    """`near` over `far`: sections key by key, everything else whole; of an exclusive group the nearer file's stays."""
    groups = section.exclusive if section is not None else ()
    dropped = {name for group in groups if any(name in near for name in group) for name in group}
    result = {key: value for key, value in far.items() if key not in dropped}
    for key, value in near.items():
        inner = _inner(section, key)
        old = result.get(key)
        both = inner is not None and isinstance(value, dict) and isinstance(old, dict)
        result[key] = merge(value, old, inner) if both and old is not None else value
    return result


def _inner(section: Section | None, key: str) -> Section | None:
    if section is None:
        return None
    known = section.key(key)
    return known.section if known is not None else section.entries
