"""Checks a scenario file against the tables of the format: every complaint names file, key and what to do."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .schema import Key, Table
from .tables import FILE


def lint(path: Path) -> list[str]:
    """Everything wrong with a scenario file, as `file: key: message`; empty when it is fine."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return [f"{path}: -: cannot be read: {error.strerror or error}"]
    except UnicodeDecodeError:
        return [f"{path}: -: is not UTF-8 text"]
    except tomllib.TOMLDecodeError as error:
        return [f"{path}: -: is not TOML: {error}"]
    return [f"{path}: {key}: {message}" for key, message in complaints(document)]


def complaints(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Key and message of everything wrong with a document."""
    found = list(_table(document, FILE, ""))
    return found or list(_references(document))


def _table(value: Any, table: Table, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield path, f"must be a table, not {value!r}"
        return
    if table.free:
        return
    for name, member in value.items():
        where = f"{path}.{name}" if path else name
        known = table.names.get(name)
        if known is None:
            yield where, _unknown(name, table)
        elif isinstance(known, Key):
            yield from _key(member, known, where)
        elif known.is_list:
            yield from _list(member, known, where)
        else:
            yield from _table(member, known, where)
    for key in table.keys:
        if key.required and key.name not in value and path != "defaults":
            yield f"{path}.{key.name}", f"is missing: {key.meaning} Example: {key.name} = {key.example}"


def _list(value: Any, table: Table, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield path, f"must be an array of tables: write [[{path}]]"
        return
    for position, item in enumerate(value):
        label = item.get("name", position) if isinstance(item, Mapping) else position
        yield from _table(item, table, f"{path}[{label}]")


def _key(value: Any, key: Key, path: str) -> Iterator[tuple[str, str]]:
    try:
        key.check(value)
    except (ValueError, TypeError) as error:
        yield path, str(error)


def _unknown(name: str, table: Table) -> str:
    close = difflib.get_close_matches(name, table.names, n=1)
    if close:
        return f"is not a key of {table.name}; did you mean {close[0]}?"
    return f"is not a key of {table.name}; known are {', '.join(sorted(table.names))}"


def _references(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that point at something the file does not have."""
    subscriptions = document.get("subscriptions", [])
    known = {one["name"] for one in subscriptions} | {one.get("id") for one in subscriptions}
    defaults = document.get("defaults", {})
    for one in document.get("scale_sets", []):
        wanted = {**defaults, **one}.get("subscription")
        if wanted is not None and known and wanted not in known:
            yield f"scale_sets[{one['name']}].subscription", f"there is no subscription {wanted!r} in this file"
    names = {one["name"] for one in document.get("scale_sets", [])}
    for position, event in enumerate(document.get("events", [])):
        if event["scale_set"] not in names:
            yield f"events[{position}].scale_set", f"there is no scale set {event['scale_set']!r} in this file"
