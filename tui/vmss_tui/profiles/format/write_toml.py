"""A profile as TOML: as a table by the table of keys, as the text of a new file, or into the text of an existing one.

An existing text keeps its comments, its order and its formatting: only keys whose value changed are touched. Pure.
"""

import json
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, assert_never

import tomli_w

from vmss_tui.domain.fleet.script import HANDLERS, LINUX, WINDOWS, HandlerOs, SecretRef, SecretSource
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.profiles.format.fields import REPORT, TARGETS, VARIABLE, WAVES
from vmss_tui.profiles.format.policy_fields import HOOK, ROLLOUT, WINDOW
from vmss_tui.profiles.format.profile import OPEN_LITERALS, SCHEMA, WHOLE, Profile, Script
from vmss_tui.profiles.format.script_fields import SCRIPT
from vmss_tui.profiles.format.sections import Key, Kind, Section
from vmss_tui.profiles.format.values import write_value

Table = dict[str, Any]


def dump(profile: Profile, directory: Path | None = None) -> str:
    """The text of a new file; paths below `directory` are written relative to it."""
    table = to_table(profile, directory)
    text = tomli_w.dumps(table, multiline_strings=True)
    return text if tomllib.loads(text) == table else tomli_w.dumps(table)


def to_table(profile: Profile, directory: Path | None = None, *, hide: bool = False) -> Table:
    """A profile as a table, without values that are the default. `hide` shows literal secrets as `***`."""
    policy = profile.policy
    table = {
        "schema": SCHEMA,
        "name": profile.name,
        "description": profile.description,
        "owner": profile.owner,
        "base": profile.base,
        "targets": section_table(profile.targets, TARGETS),
        "variables": {variable.name: section_table(variable, VARIABLE) for variable in profile.variables},
        "script": _script(profile.script, directory),
        "protected": _protected(_hidden(profile) if hide else profile, directory),
        "rollout": _rollout(policy, profile.policy_given),
        "hooks": [section_table(hook, HOOK) for hook in policy.hooks],
        "window": _window(policy.window, directory) if policy.window is not None else {},
        "waves": section_table(profile.waves, WAVES),
        "report": section_table(profile.report, REPORT),
        "lint": {"accept": list(profile.accept)} if profile.accept else {},
    }
    return {key: value for key, value in table.items() if value or (key == "variables" and profile.variables)}


def section_table(value: Any, section: Section) -> Table:
    """A dataclass as the table of its section: what differs from its default, and what is required."""
    return {
        key.name: _written(found, key)
        for key in section.keys
        if key.field in value.__dataclass_fields__
        and (found := getattr(value, key.field)) is not None
        and (key.name in section.required or found != section.default(key))
    }


def _written(value: Any, key: Key) -> Any:
    if key.kind is Kind.LIST:
        return [write_value(item, key.item) for item in value]
    if key.kind is Kind.ENTRIES and key.section is not None:
        return [_entry(item, key, key.section) for item in value]
    if key.kind is Kind.SECTION and key.section is not None:
        return section_table(value, key.section)
    return write_value(value, key.kind)


def _entry(value: Any, key: Key, section: Section) -> Any:
    table = section_table(value, section)
    return table[key.short] if set(table) == {key.short} else table


def _hidden(profile: Profile) -> Profile:
    masked = SecretRef(SecretSource.LITERAL, "***")
    secret = (name for name in profile.literals if name not in OPEN_LITERALS)
    return replace(profile, protected={**profile.protected, **dict.fromkeys(secret, masked)})


def _script(script: Script, directory: Path | None) -> Table:
    handler = script.handler
    standard = WINDOWS if script.os is HandlerOs.WINDOWS else LINUX
    known = next((candidate for candidate in HANDLERS if candidate.matches(handler.publisher, handler.type)), standard)
    legacy = (handler.publisher, handler.type) != (standard.publisher, standard.type)
    table: Table = {"os": script.os.value}
    if legacy:
        table |= {"publisher": handler.publisher, "type": handler.type}
    if handler.version != known.version:
        table["handler_version"] = handler.version
    table |= section_table(script, SCRIPT)
    if script.inline_file:
        table["inline_file"] = _relative(script.inline_file, directory)
        table.pop("inline", None)
    return {key.name: table[key.name] for key in SCRIPT.keys if key.name in table}


def _relative(path: str, directory: Path | None) -> str:
    if not path or directory is None or not Path(path).is_absolute():
        return path
    relative = os.path.relpath(path, directory.absolute())
    return path if relative.startswith("..") else relative


def _protected(profile: Profile, directory: Path | None) -> Table:
    whole = profile.protected.get(WHOLE)
    if whole is not None:
        vault, _, secret = whole.where.partition(" ")
        return {"key_vault": {"vault_id": vault, "secret_url": secret}}
    return {name: _reference(name, ref, profile, directory) for name, ref in profile.protected.items()}


def _window(window: Window, directory: Path | None) -> Table:
    table = section_table(window, WINDOW)
    return table | {"calendar": _relative(window.calendar, directory)} if window.calendar else table


def _reference(name: str, ref: SecretRef, profile: Profile, directory: Path | None) -> Table:
    match ref.source:
        case SecretSource.PROMPT:
            return {"prompt": True if ref.where in ("", name) else ref.where}
        case SecretSource.FILE:
            return {"file": _relative(ref.where, directory)}
        case SecretSource.LITERAL if name == "managedIdentity":
            found = json.loads(ref.where or "{}")
            return dict(found) if isinstance(found, dict) else {}
        case SecretSource.LITERAL:
            return {"literal": ref.where, **({"force": True} if name in profile.forced else {})}
        case SecretSource.ENV | SecretSource.KEY_VAULT:
            return {ref.source.value: ref.where}
        case _:
            assert_never(ref.source)


def _rollout(policy: RolloutPolicy, given: frozenset[str]) -> Table:
    """What the profile states, also where it states the default; one batch size is `batch`, more are `steps`."""
    table: Table = {}
    single = len(policy.steps) == 1 and not policy.steps[0].approve
    for key in ROLLOUT.keys:
        value = getattr(policy, key.field)
        if value is None or (key.field not in given and value == ROLLOUT.default(key)):
            continue
        if key.field != "steps":
            table[key.name] = _written(value, key)
        elif key.name == ("batch" if single else "steps"):
            table[key.name] = _written(policy.steps[0].amount if single else value, key)
    return table
