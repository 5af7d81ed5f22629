"""The configuration as a commented template and as a JSON Schema, from the table of keys. Pure."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, assert_never

from vmss_tui.config.entries import KEYS, Key, Kind
from vmss_tui.profiles.format.schema import hooks_schema

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def template() -> str:
    """A file with every setting commented out, ready to be edited."""
    return "\n".join(("# Settings of vmss-tui. `vmss-tui config check` checks this file.", *_template())) + "\n"


def _template() -> Iterator[str]:
    for table, entries in groupby(KEYS, key=lambda entry: entry.name.rpartition(".")[0]):
        yield ""
        if table:
            yield f"[{table}]"
        for entry in entries:
            also = ", ".join(part for part in (entry.option, entry.environment and f"${entry.environment}") if part)
            choices = f" ({', '.join(entry.choices)})" if entry.choices else ""
            yield f"# {entry.help}{choices}" + (f"; {also} takes precedence" if also else "")
            yield from (f"#   {inner.name}: {inner.help}, such as {inner.example}" for inner in entry.entry)
            yield f"# {entry.name.rpartition('.')[2]} = {entry.example}"


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    properties: dict[str, Any] = {}
    for entry in KEYS:
        table, _, name = entry.name.rpartition(".")
        place = properties
        if table:
            place = properties.setdefault(table, {"type": "object", "additionalProperties": False, "properties": {}})
            place = place["properties"]
        place[name] = {"description": entry.help, **_type(entry)}
    return {"$schema": SCHEMA_ID, "title": "vmss-tui configuration", "type": "object",
            "additionalProperties": False, "properties": properties}  # fmt: skip


def _type(entry: Key) -> dict[str, Any]:
    match entry.kind:
        case Kind.TEXT | Kind.PATH | Kind.PLACE | Kind.MOMENT | Kind.FILTER | Kind.COMMAND:
            return {"type": "string", "minLength": 1, **_choices(entry)}
        case Kind.SWITCH:
            return {"type": "boolean"}
        case Kind.SECONDS:
            return {"type": "number", "minimum": entry.least}
        case Kind.COUNT:
            return {"type": "integer", "minimum": int(entry.least)}
        case Kind.TEXTS | Kind.PATHS | Kind.TAGS | Kind.SUBSCRIPTIONS:
            return {"type": "array", "items": {"type": "string", "minLength": 1, **_choices(entry)}}
        case Kind.KEYS:
            keys = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
            return {"type": "object", "additionalProperties": {"anyOf": [keys, {"type": "object"}]}}
        case Kind.HOOKS:
            return hooks_schema()
        case Kind.PATTERNS:
            return {"type": "array", "items": {"type": "string", "minLength": 1, "format": "regex"}}
        case Kind.TABLES:
            return {"type": "array", "items": _table(entry.entry)}
        case unreachable:
            assert_never(unreachable)


def _table(keys: tuple[Key, ...]) -> dict[str, Any]:
    """A table with known keys."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.help, **_type(key)} for key in keys},
        "required": [key.name for key in keys if key.required],
    }


def _choices(entry: Key) -> dict[str, Any]:
    return {"enum": list(entry.choices)} if entry.choices else {}
