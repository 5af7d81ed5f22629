"""The JSON Schema of a profile, made from the table of keys, so that editors complete and check as one types.

Pure; `python -m vmss_tui.profiles.format.schema FILE` writes it to a file.
"""

import json
import sys
from pathlib import Path
from typing import Any

from vmss_tui.profiles.format.spec import (
    FILE,
    HOOK,
    PROFILE,
    PROTECTED_NAMES,
    SECRET,
    STEP,
    VAULT,
    Key,
    Kind,
    Section,
)

Schema = dict[str, Any]

_DURATION = {
    "anyOf": [
        {"type": "integer", "minimum": 0, "description": "Seconds."},
        {"type": "string", "examples": ["30s", "5m", "1h30m", "PT30S"]},
    ]
}
_AMOUNT = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "description": "Instances."},
        {"type": "string", "pattern": "^\\s*[0-9]{1,6}\\s*%?\\s*$", "examples": ["20%"]},
    ]
}
_SHAPES: dict[Kind, Schema] = {
    Kind.DURATION: _DURATION,
    Kind.AMOUNT: _AMOUNT,
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.TEXT_MAP: {"type": "object", "additionalProperties": {"type": "string"}},
    Kind.TABLE: {"type": "object"},
}


def json_schema() -> Schema:
    """The schema of a whole profile (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vmss-tui deployment profile",
        **_section(PROFILE),
        "required": ["schema"],
    }


def text() -> str:
    """The schema as it is kept in a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _section(section: Section) -> Schema:
    table: Schema = {"type": "object", "description": section.help}
    if section.each is not None:
        return {**table, "additionalProperties": _section(section.each)}
    if section.each_kind is Kind.SECRET:
        return {**table, **_protected()}
    properties = {key.name: {**_value(key), "description": key.help} for key in section.keys}
    schema: Schema = {**table, "properties": properties, "additionalProperties": False}
    pairs = [{"required": [one, other]} for group in section.exclusive for one, other in _pairs(group)]
    return {**schema, "not": {"anyOf": pairs}} if pairs else schema


def _pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]


def _value(key: Key) -> Schema:
    match key.kind:
        case Kind.TEXT:
            return {"type": "string", **({"enum": list(key.choices)} if key.choices else {})}
        case Kind.FLAG:
            return {"type": "boolean"}
        case Kind.WHOLE:
            return {"type": "integer", **_bounds(key)}
        case Kind.PERCENT:
            return {
                "anyOf": [{"type": "integer", **_bounds(key)}, {"type": "string", "pattern": "^\\s*[0-9]+\\s*%?\\s*$"}]
            }
        case Kind.SECTION:
            return _section(key.section or Section(help=""))
        case Kind.FILES:
            return {"type": "array", "items": _either({"type": "string"}, FILE, "uri")}
        case Kind.STEPS:
            return {"type": "array", "minItems": 1, "items": _either(_AMOUNT, STEP, "batch")}
        case Kind.HOOKS:
            return {"type": "array", "items": _section(HOOK)}
        case _:
            return _SHAPES[key.kind]


def _either(simple: Schema, section: Section, required: str) -> Schema:
    return {"anyOf": [simple, {**_section(section), "required": [required]}]}


def _bounds(key: Key) -> Schema:
    limits = {"minimum": key.low, "maximum": key.high}
    return {name: value for name, value in limits.items() if value is not None}


def _protected() -> Schema:
    source = _section(SECRET)
    source["properties"] = {name: each for name, each in source["properties"].items() if name != "key_vault"}
    source["properties"]["prompt"] = {"anyOf": [{"const": True}, {"type": "string"}]}
    identity = {
        "type": "object",
        "properties": {"clientId": {"type": "string"}, "objectId": {"type": "string"}},
        "additionalProperties": False,
        "maxProperties": 1,
    }
    named = {name: source for name in PROTECTED_NAMES if name != "managedIdentity"}
    vault = {**_section(VAULT), "required": ["vault_id", "secret_url"]}
    return {
        "properties": {**named, "managedIdentity": {"anyOf": [identity, source]}, "key_vault": vault},
        "additionalProperties": False,
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), "utf-8")
