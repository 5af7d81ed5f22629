"""Profiles from what a team has already: `az` settings files, ARM templates, a live scale set.

Pure. Protected values are never taken over: each becomes a reference to an environment variable, and a note says so.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import (
    LINUX,
    WINDOWS,
    Handler,
    ScriptConfig,
    SecretRef,
    SecretSource,
    handler_of,
)
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.errors import UsageError
from vmss_tui.profiles.convert.arm_expressions import Expressions
from vmss_tui.profiles.convert.inline_script import decode, encode
from vmss_tui.profiles.format.profile import WHOLE, FileRef, Profile, Script, Targets
from vmss_tui.profiles.format.variables import escape

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made from something else, and what a person should know about it."""

    profile: Profile
    notes: tuple[str, ...] = ()


def from_settings(
    settings: Json, protected: Json | None = None, *, name: str, handler: Handler | None = None
) -> Imported:
    """From the JSON of `az vmss extension set --settings @file [--protected-settings @file]`.

    Without `handler` the operating system is guessed from the command. Raises UsageError when it is not a JSON object.
    """
    for what, each in (("settings", settings), ("protected settings", protected)):
        if each is not None and not isinstance(each, Mapping):
            raise UsageError(f"the {what} are not a JSON object", hint='the file must look like { "fileUris": [ … ] }')
    chosen = handler or _guess(settings)
    refs, notes = _references(protected or {})
    if handler is None:
        notes.insert(0, f"taken for {chosen.os.value}, by the command; --os says otherwise")
    script, more = _script(settings, chosen)
    return Imported(Profile(name=name, script=script, protected=refs), (*notes, *more))


def from_scale_set(scale_set: ScaleSet, *, name: str) -> Imported:
    """From the extension and the policy of a live set. Raises UsageError when it has no Custom Script Extension."""
    live = scale_set.script
    if live is None:
        raise UsageError(
            f"{scale_set.id.short} has no Custom Script Extension", hint="start from a bundled profile instead"
        )
    found = from_script(live, name=name)
    policy = RolloutPolicy.from_rolling(scale_set.policy)
    given = frozenset({"steps", "pause_seconds", "unhealthy_percent", "unhealthy_upgraded_percent"})
    extension = next(each for each in scale_set.extensions if each.as_script() is not None)
    notes = list(found.notes)
    if extension.from_key_vault:
        notes.append("its protected settings come from a Key Vault secret; add [protected] key_vault to write it again")
    else:
        notes.append("Azure does not show protected settings: if there are any, they are kept as long as none is given")
    profile = replace(found.profile, targets=Targets(ids=(scale_set.id,)), policy=policy, policy_given=given)
    return Imported(profile, tuple(notes))


def from_script(script: ScriptConfig, *, name: str) -> Imported:
    """From a configuration; its public settings come out of the profile exactly as they went in."""
    made, notes = _script(script.settings, script.handler)
    made = replace(
        made,
        name=script.name,
        label=escape(script.label),
        force_update_tag=escape(script.force_update_tag),
        auto_upgrade_minor=script.auto_upgrade_minor,
        provision_after=script.provision_after,
        suppress_failures=script.suppress_failures,
    )
    return Imported(Profile(name=name, script=made, protected=dict(script.protected)), tuple(notes))


def from_json(
    data: object, protected: Json | None = None, *, name: str, handler: Handler | None = None
) -> tuple[Imported, ...]:
    """From any JSON that a person is likely to have: settings for `az`, an ARM template, the output of `az … show`.

    Raises UsageError when it is none of them.
    """
    if isinstance(data, Mapping) and any(key in data for key in _SETTINGS):
        return (from_settings(data, protected, name=name, handler=handler),)
    if isinstance(data, Mapping | list):
        return from_template({"resources": data} if isinstance(data, list) else data, name=name)
    raise UsageError("the file holds no settings and no template", hint='settings look like { "fileUris": [ … ] }')


_SETTINGS = ("commandToExecute", "fileUris", "script")


def from_template(template: Json, *, name: str) -> tuple[Imported, ...]:
    """Every Custom Script Extension of an ARM template (or of a single extension resource), a profile each.

    Raises UsageError when there is none.
    """
    found = [
        _from_extension(each, template) for each in _extensions(template, 0) if _handler(each, template) is not None
    ]
    if not found:
        raise UsageError(
            "the template holds no Custom Script Extension",
            hint="it must have an extension of Microsoft.Azure.Extensions/CustomScript or its Windows twin",
        )
    names = [name] if len(found) == 1 else [f"{name}-{number}" for number in range(1, len(found) + 1)]
    return tuple(
        Imported(replace(each.profile, name=chosen), each.notes) for each, chosen in zip(found, names, strict=True)
    )


def _guess(settings: Json) -> Handler:
    text = json.dumps(settings, default=str).lower()
    return WINDOWS if re.search(r"powershell|\.ps1|\.bat\b|\.cmd\b|cmd(\.exe)? /c", text) else LINUX


def _script(settings: Json, handler: Handler) -> tuple[Script, list[str]]:
    """The script of public settings; what the format has no word for is passed on as it is."""
    rest = {key: value for key, value in settings.items() if value is not None}
    notes = [f"{key}: null was ignored; Azure treats it as absent" for key, value in settings.items() if value is None]
    taken: dict[str, Any] = {}
    files = rest.get("fileUris")
    if isinstance(files, list | tuple) and files and all(isinstance(each, str) for each in files):
        taken["files"] = tuple(FileRef(escape(each)) for each in rest.pop("fileUris"))
    if _is_text(rest.get("commandToExecute")):
        taken["command"] = escape(rest.pop("commandToExecute"))
    inline = _inline(rest.get("script")) if "command" not in taken else None
    if inline is not None:
        del rest["script"]
        taken["inline"] = inline
    elif "script" in rest:
        notes.append("the inline script is kept encoded, as it is")
    if rest.get("skipDos2Unix") is True:
        taken["skip_dos2unix"] = rest.pop("skipDos2Unix")
    stamp = rest.get("timestamp")
    if isinstance(stamp, int) and not isinstance(stamp, bool):
        taken["timestamp"] = rest.pop("timestamp")
    notes += [f"{key} is passed on as it is" for key in rest if key != "script"]
    return Script(handler=handler, settings=_without_null(rest), **taken), notes


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _inline(value: object) -> str | None:
    """The text of an inline script that encodes to the very same value again, else None."""
    if not isinstance(value, str) or not value:
        return None
    try:
        text = decode(value)
    except ValueError:
        return None
    return text if text and encode(text).value == value else None


def _without_null(value: Any) -> Any:
    """TOML has no null."""
    if isinstance(value, Mapping):
        return {key: _without_null(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_without_null(each) for each in value if each is not None]
    return value


def _references(protected: Json) -> tuple[dict[str, SecretRef], list[str]]:
    """Environment variables instead of values; what is not secret is taken over."""
    refs: dict[str, SecretRef] = {}
    notes = []
    for key, value in protected.items():
        if key == "managedIdentity" and isinstance(value, Mapping):
            refs[key] = SecretRef(SecretSource.LITERAL, json.dumps(dict(value), sort_keys=True))
        elif key == "storageAccountName" and isinstance(value, str):
            refs[key] = SecretRef(SecretSource.LITERAL, value)
        else:
            variable = "VMSS_TUI_SECRET_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).upper()
            refs[key] = SecretRef(SecretSource.ENV, variable)
            notes.append(f"the value of {key} was not taken over: put it into ${variable}")
    return refs, notes


def _extensions(node: object, depth: int) -> Iterator[Json]:
    """Every object that could be an extension, wherever it stands in a template."""
    if depth > 40:
        return
    if isinstance(node, Mapping):
        found = _as_extension(node)
        if found is not None:
            yield found
            return
        node = list(node.values())
    if isinstance(node, Sequence) and not isinstance(node, str):
        for each in node:
            yield from _extensions(each, depth + 1)


def _as_extension(node: Json) -> Json | None:
    inner = node.get("properties")
    if isinstance(inner, Mapping):
        return node if "publisher" in inner and "type" in inner else None
    if "publisher" in node and any(key in node for key in _FLAT_TYPES):
        return {"name": node.get("name", ""), "properties": {**node, "type": _flat_type(node)}}
    return None


_FLAT_TYPES = ("typePropertiesType", "type1", "typeHandlerVersion")
"""How the Azure CLI shows an extension: flat, its type under another name since `type` is the resource's."""


def _flat_type(node: Json) -> object:
    return node.get("typePropertiesType") or node.get("type1") or node.get("type")


def _handler(extension: Json, template: Json) -> Handler | None:
    inner = extension["properties"]
    publisher, type_ = (_constant(inner.get(key), template) for key in ("publisher", "type"))
    known = handler_of(publisher, type_)
    if known is None:
        return None
    version = _constant(inner.get("typeHandlerVersion"), template) or known.version
    return Handler(known.os, publisher, type_, version)


def _constant(value: object, template: Json) -> str:
    """A text, or the default of the parameter or variable that it names."""
    text = value if isinstance(value, str) else ""
    found = re.fullmatch(r"\[(parameters|variables)\('([^']+)'\)\]", text)
    if found is None:
        return text
    table = template.get(found[1])
    entry = table.get(found[2]) if isinstance(table, Mapping) else None
    inner = entry.get("defaultValue") if isinstance(entry, Mapping) else entry
    return inner if isinstance(inner, str) else ""


def _from_extension(extension: Json, template: Json) -> Imported:
    inner = extension["properties"]
    handler = _handler(extension, template) or LINUX
    notes: list[str] = []
    expressions = Expressions(template, notes)
    settings = inner.get("settings")
    script, more = _script(settings if isinstance(settings, Mapping) else {}, handler)
    script = replace(
        script,
        name=str(extension.get("name", "")).rsplit("/", 1)[-1] if "[" not in str(extension.get("name", "")) else "",
        command=expressions.text(script.command),
        files=tuple(FileRef(expressions.text(each.uri)) for each in script.files),
        force_update_tag=expressions.text(escape(str(inner.get("forceUpdateTag") or ""))),
        auto_upgrade_minor=inner.get("autoUpgradeMinorVersion", True) is not False,
        provision_after=tuple(map(str, inner.get("provisionAfterExtensions") or ())),
        suppress_failures=inner.get("suppressFailures", False) is True,
    )
    refs, secret_notes = _arm_secrets(inner)
    profile = Profile(name="imported", script=script, protected=refs, variables=tuple(expressions.variables.values()))
    return Imported(profile, (*more, *secret_notes, *notes))


def _arm_secrets(inner: Json) -> tuple[dict[str, SecretRef], list[str]]:
    vault = inner.get("protectedSettingsFromKeyVault")
    if isinstance(vault, Mapping):
        source = vault.get("sourceVault")
        where = f"{source.get('id', '') if isinstance(source, Mapping) else ''} {vault.get('secretUrl', '')}"
        return {WHOLE: SecretRef(SecretSource.KEY_VAULT, where)}, []
    protected = inner.get("protectedSettings")
    return _references(protected if isinstance(protected, Mapping) else {})
