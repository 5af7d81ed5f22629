"""Profiles from what a team has already: `az` settings files, templates, Terraform, a live scale set.

Pure. Protected values are never taken over: each becomes a reference to an environment variable, and a note says so.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import Handler, ScriptConfig
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.errors import UsageError
from vmss_tui.profiles.convert.extension import Extension, Imported, Importer, guess_handler
from vmss_tui.profiles.convert.find_extensions import find_extensions
from vmss_tui.profiles.convert.protected_values import references
from vmss_tui.profiles.format.profile import FileRef, Profile, Targets, Variable
from vmss_tui.profiles.format.variables import escape
from vmss_tui.profiles.lint.handler_rules import file_name

Json = Mapping[str, Any]

_SETTINGS = frozenset({"commandtoexecute", "fileuris", "script"})


def from_json(
    data: object, protected: Json | None = None, *, name: str, handler: Handler | None = None
) -> tuple[Imported, ...]:
    """From any JSON that a person is likely to have: settings for `az`, a template, Terraform, the output of `az`.

    Raises UsageError when it is none of them.
    """
    if isinstance(data, Mapping) and any(str(key).lower() in _SETTINGS for key in data):
        return (from_settings(data, protected, name=name, handler=handler),)
    if isinstance(data, Mapping | list):
        return from_template(data, name=name)
    raise UsageError("the file holds no settings and no template", hint='settings look like { "fileUris": [ … ] }')


def from_settings(
    settings: Json, protected: Json | None = None, *, name: str, handler: Handler | None = None
) -> Imported:
    """From the JSON of `az vmss extension set --settings @file [--protected-settings @file]`.

    Without `handler` the operating system is guessed from the command. Raises UsageError when it is not a JSON object.
    """
    for what, document in (("settings", settings), ("protected settings", protected)):
        if document is not None and not isinstance(document, Mapping):
            raise UsageError(f"the {what} are not a JSON object", hint='the file must look like { "fileUris": [ … ] }')
    chosen = handler or guess_handler(settings)
    importer = Importer(Extension(None, {"settings": settings}), chosen)
    profile = importer.profile(name)
    refs, notes = references(protected or {})
    if handler is None:
        notes.insert(0, f"the handler for {chosen.os.value} was chosen by the command; --os chooses another")
    return Imported(replace(profile, protected=refs), (*notes, *importer.notes))


def from_template(document: object, *, name: str) -> tuple[Imported, ...]:
    """Every Custom Script Extension of a document, a profile each. Raises UsageError when there is none."""
    everything = tuple(find_extensions(document))
    found = [(extension, handler) for extension in everything if (handler := extension.handler())]
    open_ones = [extension.path for extension in everything if extension.handler_is_open()]
    if not found:
        if open_ones:
            raise UsageError(
                f"which extension {open_ones[0]} is, only a deployment decides: its publisher or type is a parameter",
                hint="import a template that names it, or what was deployed: az vmss show | vmss-tui profiles import -",
            )
        raise UsageError(
            "the file holds no Custom Script Extension",
            hint="it must have an extension of Microsoft.Azure.Extensions/CustomScript, or its Windows or legacy twin",
        )
    names = [name] if len(found) == 1 else [f"{name}-{number}" for number in range(1, len(found) + 1)]
    imported = []
    for (extension, handler), chosen in zip(found, names, strict=True):
        importer = Importer(extension, handler)
        profile = importer.profile(chosen)
        imported.append(Imported(profile, tuple(importer.notes)))
    skipped = (f"{path}: was skipped: its publisher or type is only known in a deployment" for path in open_ones)
    imported[-1] = replace(imported[-1], notes=(*imported[-1].notes, *skipped))
    return tuple(imported)


def from_scale_set(scale_set: ScaleSet, *, name: str, label: str = "") -> Imported:
    """From the extension and the policy of a live set. Raises UsageError when it has no Custom Script Extension.

    `label` is what the version is named so far: the profile keeps it, so that its name in lists does not change.
    """
    live = scale_set.script
    if live is None:
        raise UsageError(
            f"{scale_set.id.short} has no Custom Script Extension", hint="start from a bundled profile instead"
        )
    found = from_script(replace(live, label=live.label or label), name=name)
    policy = RolloutPolicy.from_rolling(scale_set.policy)
    given = frozenset({"steps", "pause_seconds", "unhealthy_percent", "unhealthy_upgraded_percent"})
    extension = next(extension for extension in scale_set.extensions if extension.as_script() is not None)
    notes = list(found.notes)
    if extension.from_key_vault:
        notes.append("its protected settings come from a Key Vault secret; add [protected] key_vault to write it again")
    else:
        notes.append("Azure does not show protected settings: if there are any, they are kept as long as none is given")
    profile = replace(found.profile, targets=Targets(ids=(scale_set.id,)), policy=policy, policy_given=given)
    return Imported(profile, tuple(notes))


def from_script(script: ScriptConfig, *, name: str) -> Imported:
    """From a configuration; its public settings come out of the profile exactly as they went in."""
    importer = Importer(Extension(None, {"settings": dict(script.settings)}), script.handler)
    profile = importer.profile(name)
    made = replace(
        profile.script,
        name=script.name,
        label=escape(script.label),
        force_update_tag=escape(script.force_update_tag),
        auto_upgrade_minor=script.auto_upgrade_minor,
        provision_after=script.provision_after,
        suppress_failures=script.suppress_failures,
    )
    return Imported(replace(profile, script=made, protected=dict(script.protected)), tuple(importer.notes))


# -- versions -------------------------------------------------------------------------------------------------------

_VERSION = re.compile(
    r"(?<![A-Za-z0-9.])v?(?P<long>\d+(?:\.\d+)+)(?![A-Za-z0-9]|\.\d)|(?<=[_/-]v)(?P<short>\d+)(?![A-Za-z0-9]|\.\d)"
)


def with_version(profile: Profile, name: str = "version") -> Profile | None:
    """The profile with its version as `${version}` in addresses and command, None when no version can be seen.

    The version is what the addresses of its files repeat most, the longest first; a variable is only made where it
    changes what runs.
    """
    script = profile.script
    found = Counter(version for file in script.files for version in _versions(file.uri))
    if not found or profile.variable(name) is not None:
        return None
    version = max(found, key=lambda text: (found[text], len(text)))
    token = re.compile(rf"(?<![\d.]){re.escape(version)}(?![A-Za-z0-9]|\.\d)")

    def general(text: str) -> str:
        return token.sub("${" + name + "}", text)

    files = tuple(FileRef(general(file.uri)) for file in script.files)
    command = general(script.command)
    if files == script.files and command == script.command:
        return None
    pattern = r"\d+" + r"\.\d+" * version.count(".")
    named = general(script.label)
    label = named if named != script.label else f"{profile.name} ${{{name}}}"
    variable = Variable(name=name, help=f"Version to install, such as {version}", pattern=pattern)
    changed = replace(script, files=files, command=command, label=label)
    return replace(profile, script=changed, variables=(*profile.variables, variable))


def _versions(uri: str) -> list[str]:
    """Versions in the path of an address, without the extension of the file."""
    path = uri.split("?", 1)[0].split("://", 1)[-1].partition("/")[2]
    name = file_name(uri)
    bare = path.removesuffix(name) + _stem(name)
    return [found["long"] or found["short"] for found in _VERSION.finditer(bare)]


def _stem(name: str) -> str:
    """A file's name without its extensions: `app-1.2` of `app-1.2.tar.gz`."""
    parts = name.split(".")
    while len(parts) > 1 and parts[-1][:1].isalpha():
        parts.pop()
    return ".".join(parts)
