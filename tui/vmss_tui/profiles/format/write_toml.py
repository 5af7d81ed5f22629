"""A profile as TOML text that loads back to the same profile. Pure; comments are not data and cannot survive."""

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from vmss_tui import duration
from vmss_tui.domain.fleet.script import HANDLERS, LINUX, WINDOWS, HandlerOs, SecretRef, SecretSource
from vmss_tui.domain.plan.rollout_policy import Amount, ExternalGate, Hook, RolloutPolicy
from vmss_tui.profiles.format.building import POLICY_FIELDS
from vmss_tui.profiles.format.profile import (
    OPEN_LITERALS,
    SCHEMA,
    WHOLE,
    Profile,
    Rerun,
    Script,
    Targets,
    Variable,
)

Table = dict[str, Any]


def dump(profile: Profile, directory: Path | None = None) -> str:
    """The text of a profile; paths below `directory` are written relative to it."""
    table = to_table(profile, directory)
    text = tomli_w.dumps(table, multiline_strings=True)
    return text if tomllib.loads(text) == table else tomli_w.dumps(table)


def to_table(profile: Profile, directory: Path | None = None, *, hide: bool = False) -> Table:
    """The same as a table: what is default is left out. `hide` shows literal secrets as `***`, for showing only."""
    table = {
        "schema": SCHEMA,
        "name": profile.name,
        "description": profile.description,
        "owner": profile.owner,
        "base": profile.base,
        "targets": _targets(profile.targets),
        "variables": {each.name: _variable(each) for each in profile.variables},
        "script": _script(profile.script, directory),
        "protected": _protected(_hidden(profile) if hide else profile, directory),
        "rollout": _rollout(profile.policy, profile.policy_given),
        "hooks": [_hook(each) for each in profile.policy.hooks],
        "window": _window(profile),
        "report": _without_empty(
            {each.name: _plain(getattr(profile.report, each.name)) for each in fields(profile.report)}
        ),
        "lint": _without_empty({"accept": list(profile.accept)}),
    }
    return {key: value for key, value in table.items() if value or (key == "variables" and profile.variables)}


def _hidden(profile: Profile) -> Profile:
    masked = SecretRef(SecretSource.LITERAL, "***")
    secret = (name for name in profile.literals if name not in OPEN_LITERALS)
    return replace(profile, protected={**profile.protected, **dict.fromkeys(secret, masked)})


def _without_empty(table: Mapping[str, Any]) -> Table:
    return {key: value for key, value in table.items() if value not in ("", None, False, [], (), {})}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _targets(targets: Targets) -> Table:
    return _without_empty(
        {"ids": [str(each) for each in targets.ids], "match": list(targets.match), "tags": dict(targets.tags)}
    )


def _variable(variable: Variable) -> Table:
    table = _without_empty({"help": variable.help, "pattern": variable.pattern})
    return table if variable.default is None else {**table, "default": variable.default}


def _script(script: Script, directory: Path | None) -> Table:
    handler = script.handler
    standard = WINDOWS if script.os is HandlerOs.WINDOWS else LINUX
    known = next((each for each in HANDLERS if each.matches(handler.publisher, handler.type)), standard)
    odd = (handler.publisher, handler.type) != (standard.publisher, standard.type)
    table = {
        "os": script.os.value,
        "publisher": handler.publisher if odd else "",
        "type": handler.type if odd else "",
        "handler_version": handler.version if handler.version != known.version else "",
        "name": script.name,
        "label": script.label,
        "files": [{"uri": each.uri, "sha256": each.sha256} if each.sha256 else each.uri for each in script.files],
        "command": script.command,
        "inline_file": _relative(script.inline_file, directory),
        "inline": "" if script.inline_file else script.inline,
        "skip_dos2unix": script.skip_dos2unix,
        "force_update_tag": script.force_update_tag,
        "rerun": script.rerun.value if script.rerun is not Rerun.WHEN_CHANGED else "",
        "provision_after": list(script.provision_after),
        "suppress_failures": script.suppress_failures,
        "settings": dict(script.settings),
    }
    kept = _without_empty(table)
    if script.timestamp is not None:
        kept["timestamp"] = script.timestamp
    if not script.auto_upgrade_minor:
        kept["auto_upgrade_minor"] = False
    return kept


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
        case _:
            return {ref.source.value: ref.where}


def _rollout(policy: RolloutPolicy, given: frozenset[str]) -> Table:
    default = RolloutPolicy()
    table: Table = {}
    if policy.mode is not None:
        table["mode"] = policy.mode.value.lower()
    if "steps" in given or policy.steps != default.steps:
        table.update(_steps(policy))
    for key, name in POLICY_FIELDS.items():
        value = getattr(policy, name)
        if value is not None and (name in given or value != getattr(default, name)):
            table[key] = _setting(key, value)
    if policy.gate is not None:
        table["gate"] = _called(policy.gate)
    return table


_TIMES = ("pause", "min_healthy", "health_wait", "batch_deadline", "soak")
_SHARES = ("unhealthy", "unhealthy_upgraded")


def _setting(key: str, value: Any) -> Any:
    if key in _TIMES:
        return duration.exact(value)
    if key in _SHARES:
        return f"{value}%"
    return _amount(value) if isinstance(value, Amount) else _plain(value)


def _steps(policy: RolloutPolicy) -> Table:
    if len(policy.steps) == 1 and not policy.steps[0].approve:
        return {"batch": _amount(policy.steps[0].amount)}
    return {
        "steps": [
            {"batch": _amount(each.amount), "approve": True} if each.approve else _amount(each.amount)
            for each in policy.steps
        ]
    }


def _amount(amount: Amount) -> int | str:
    return f"{amount.value}%" if amount.percent else amount.value


def _called(hook: Hook | ExternalGate) -> Table:
    table = _without_empty({"command": list(hook.command), "url": hook.url})
    return table if hook.timeout_seconds == 30 else {**table, "timeout": duration.exact(hook.timeout_seconds)}


def _hook(hook: Hook) -> Table:
    return _called(hook) if hook.on == Hook().on else {"on": list(hook.on), **_called(hook)}


def _window(profile: Profile) -> Table:
    window = profile.policy.window
    if window is None:
        return {}
    return {"start": window.start, "end": window.end, "days": list(window.days), "timezone": window.timezone}
