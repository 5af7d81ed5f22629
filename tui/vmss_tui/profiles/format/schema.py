"""The JSON Schema of a profile, made from the table of keys, so that editors complete and check while one types.

Pure; `python -m vmss_tui.profiles.format.schema FILE` writes it to a file.
"""

import json
import sys
from pathlib import Path
from typing import Any, assert_never

from vmss_tui.profiles.format.fields import PROFILE
from vmss_tui.profiles.format.policy_fields import HOOK
from vmss_tui.profiles.format.script_fields import PROTECTED_NAMES, SECRET, VAULT
from vmss_tui.profiles.format.sections import Key, Kind, Section

Schema = dict[str, Any]

_SHAPES: dict[Kind, Schema] = {
    Kind.SET_ID: {"type": "string"},
    Kind.TEXT_MAP: {"type": "object", "additionalProperties": {"type": "string"}},
    Kind.TABLE: {"type": "object"},
    Kind.FLAG: {"type": "boolean"},
}


def json_schema() -> Schema:
    """The schema of a whole profile (JSON Schema 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vmss-tui deployment profile",
        **_section(PROFILE),
        "required": ["schema"],
    }


def hooks_schema() -> Schema:
    """The schema of a list of hooks."""
    return {"type": "array", "items": _section(HOOK)}


def text() -> str:
    """The schema as it is kept in a file."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _section(section: Section) -> Schema:
    table: Schema = {"type": "object", "description": section.help}
    if section.entries is not None:
        return {**table, "additionalProperties": _section(section.entries)}
    if section.entry_kind is Kind.SECRET:
        return {**table, **_protected()}
    table["properties"] = {key.name: {**_value(key), "description": key.help} for key in section.keys}
    table["additionalProperties"] = False
    if section.required:
        table["required"] = list(section.required)
    pairs = [{"required": [one, other]} for group in section.exclusive for one, other in _pairs(group)]
    return {**table, "not": {"anyOf": pairs}} if pairs else table


def _pairs(names: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]


def _value(key: Key) -> Schema:
    match key.kind:
        case Kind.TEXT | Kind.CHOICE:
            return {"type": "string", **({"enum": list(key.choices)} if key.choices else {})}
        case Kind.WHOLE:
            return {"type": "integer", **_bounds(key)}
        case Kind.PERCENT:
            return {
                "anyOf": [{"type": "integer", **_bounds(key)}, {"type": "string", "pattern": "^\\s*[0-9]+\\s*%?\\s*$"}]
            }
        case Kind.DURATION:
            seconds = {"type": "integer", **_bounds(key), "description": "Seconds."}
            return {"anyOf": [seconds, {"type": "string", "examples": ["30s", "5m", "1h30m", "PT30S"]}]}
        case Kind.SECTION:
            return _section(key.section or Section(help=""))
        case Kind.LIST:
            return {"type": "array", "items": _value(Key(name=key.name, kind=key.item, help=""))}
        case Kind.ENTRIES:
            least = {"minItems": key.low} if key.low else {}
            return {"type": "array", **least, "items": _entry(key, key.section or Section(help=""))}
        case Kind.AMOUNT:
            count = {"type": "integer", "minimum": 1 if key.low is None else key.low, "description": "Instances."}
            text = {"type": "string", "pattern": "^\\s*[0-9]{1,6}\\s*%?\\s*$", "examples": ["20%"]}
            return {"anyOf": [count, text]}
        case Kind.FLAG | Kind.SET_ID | Kind.TEXT_MAP | Kind.TABLE | Kind.SECRET:
            return _SHAPES[key.kind]
        case _:
            assert_never(key.kind)


def _entry(key: Key, section: Section) -> Schema:
    short = section.key(key.short)
    return {"anyOf": [_value(short), _section(section)]} if short is not None else _section(section)


def _bounds(key: Key) -> Schema:
    limits = {"minimum": key.low, "maximum": key.high}
    return {name: value for name, value in limits.items() if value is not None}


_IDENTITY = "Identity for the downloads: {} is the instance's own, clientId or objectId name a user-assigned one."


def _protected() -> Schema:
    source = _section(SECRET)
    source["properties"] = {name: value for name, value in source["properties"].items() if name != "key_vault"}
    asked = source["properties"]["prompt"]["description"]
    source["properties"]["prompt"] = {"description": asked, "anyOf": [{"const": True}, {"type": "string"}]}
    identity = {
        "type": "object",
        "properties": {
            "clientId": {"type": "string", "description": "Client id of a user-assigned identity."},
            "objectId": {"type": "string", "description": "Object id of a user-assigned identity."},
        },
        "additionalProperties": False,
        "maxProperties": 1,
    }
    named = {name: source for name in PROTECTED_NAMES if name != "managedIdentity"}
    return {
        "properties": {
            **named,
            "managedIdentity": {"description": _IDENTITY, "anyOf": [identity, source]},
            "key_vault": _section(VAULT),
        },
        "additionalProperties": False,
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), "utf-8")
