"""Checks a scenario file against the tables of the format: every complaint names file, key and what to do."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from vmss_tui.simulator.scenario.schema import Check, Key, Table
from vmss_tui.simulator.scenario.tables import FILE


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
        for name, member in value.items():
            yield from _checked(member, table.free_check, f"{path}.{name}")
        return
    for name, member in value.items():
        where = f"{path}.{name}" if path else name
        known = table.names.get(name)
        if known is None:
            yield where, _unknown(name, table)
        elif isinstance(known, Key):
            yield from _checked(member, known.check, where)
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


def _checked(value: Any, check: Check | None, path: str) -> Iterator[tuple[str, str]]:
    try:
        if check is not None:
            check(value)
    except (ValueError, TypeError) as error:
        yield path, str(error)


def _unknown(name: str, table: Table) -> str:
    close = difflib.get_close_matches(name, table.names, n=1)
    if close:
        return f"is not a key of {table.name}; did you mean {close[0]}?"
    return f"is not a key of {table.name}; known are {', '.join(sorted(table.names))}"


def _references(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that point at something the file does not have."""
    yield from _unknown_subscriptions(document)
    tenants = _known(document, "tenants")
    for kind in ("subscriptions", "principals"):
        for table in document.get(kind, []):
            if tenants and table.get("tenant") not in (None, *tenants):
                yield f"{kind}[{table['name']}].tenant", f"there is no tenant {table['tenant']!r} in this file"
    principals = document.get("principals", [])
    if principals and all(table.get("kind") not in (None, "service_principal") for table in principals):
        yield "principals", 'there is none of kind "service_principal", whose secret the simulator hands to clients'
    names = [scale_set["name"].replace("{n}", "*").lower() for scale_set in document.get("scale_sets", [])]
    for position, event in enumerate(document.get("events", [])):
        if not any(fnmatch(event["scale_set"].lower(), name) for name in names):
            yield f"events[{position}].scale_set", f"there is no scale set {event['scale_set']!r} in this file"


def _unknown_subscriptions(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = _known(document, "subscriptions")
    if not known:
        return
    named = [("defaults", document.get("defaults", {}))]
    named += [
        (f"{kind}[{table['name']}]", table) for kind in ("scale_sets", "groups") for table in document.get(kind, [])
    ]
    wanted = [(f"{path}.subscription", item["subscription"]) for path, item in named if "subscription" in item]
    for principal in document.get("principals", []):
        scopes = [role["scope"].partition("/")[0] for role in principal.get("roles", [])]
        wanted += [(f"principals[{principal['name']}].roles", name) for name in scopes if name]
    for path, name in wanted:
        if name not in known:
            yield path, f"there is no subscription {name!r} in this file"


def _known(document: Mapping[str, Any], kind: str) -> set[str]:
    """Names and ids of subscriptions or tenants; empty when the file leaves them to defaults."""
    listed = document.get(kind, [])
    return {item["name"] for item in listed} | {item["id"] for item in listed if "id" in item}
