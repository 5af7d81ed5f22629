"""Which version a live configuration is: a profile's templates matched backwards against its settings.

Pure. A rerun stamp (`timestamp`, force-update tag) is not part of a version, nor is the extension's name.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.profiles.format.inline_script import decode
from vmss_tui.profiles.format.profile import Profile, Script
from vmss_tui.profiles.format.variables import declared_pieces, fill, pieces

_JOINT = "\0"
_ANY = r"[^\0\n]*?"
"""What a variable may stand for: a value has no line breaks, which also bounds the search."""
_STAMPS = ("timestamp",)


def recognize(profile: Profile, script: ScriptConfig) -> str | None:
    """The label that the profile gives this configuration, or None when it is not one of its versions."""
    if not profile.script.label:
        return None
    values = recover(profile, script)
    if values is None:
        return None
    try:
        return fill(profile.script.label, values)
    except KeyError:
        return None


def recover(profile: Profile, script: ScriptConfig) -> Mapping[str, str] | None:
    """The variables' values with which the profile would give these public settings; None when there are none.

    Variables that leave no trace in the settings take their defaults, and are left out when they have none.
    """
    wanted = profile.script
    if script.handler.os is not wanted.os:
        return None
    live = _text_of(script.settings)
    pattern = _pattern(_template(profile), tuple((variable.name, variable.pattern) for variable in profile.variables))
    if live is None or pattern is None or _fixed(wanted) != _fixed_live(script.settings):
        return None
    found = pattern.fullmatch(live)
    if found is None:
        return None
    defaults = {variable.name: variable.default for variable in profile.variables if variable.default is not None}
    traced = {
        variable.name: found[_group(variable.name)]
        for variable in profile.variables
        if _group(variable.name) in pattern.groupindex
    }
    return {**defaults, **traced}


def _fixed(script: Script) -> dict[str, Any]:
    """Settings that hold no variables."""
    fixed = {key: value for key, value in script.settings.items() if key not in _STAMPS}
    return {**fixed, **({"skipDos2Unix": True} if script.skip_dos2unix else {})}


def _fixed_live(settings: Mapping[str, Any]) -> dict[str, Any]:
    templated = ("fileUris", "commandToExecute", "script", *_STAMPS)
    fixed = {key: value for key, value in settings.items() if key not in templated}
    if fixed.get("skipDos2Unix") is False:
        del fixed["skipDos2Unix"]
    return fixed


def _text_of(settings: Mapping[str, Any]) -> str | None:
    """The settings that a profile has templates for, as one text; None when they have another shape."""
    files = settings.get("fileUris") or []
    if not isinstance(files, list | tuple):
        return None
    script = settings.get("script") or ""
    try:
        inline = decode(script) if isinstance(script, str) else ""
    except ValueError:
        return None
    parts = [str(settings.get("commandToExecute") or ""), inline, *map(str, files)]
    return None if any(_JOINT in part for part in parts) else _JOINT.join(parts)


Template = tuple[tuple[str, bool], ...]


def _template(profile: Profile) -> Template:
    """The same of the profile, in pieces: literal text, or the name of a variable."""
    script, declared = profile.script, [variable.name for variable in profile.variables]
    parts = [*pieces(script.command), (_JOINT, False), *declared_pieces(script.inline, declared)]
    for file in script.files:
        parts += [(_JOINT, False), *pieces(file.uri)]
    return tuple(parts)


@lru_cache(maxsize=256)
def _pattern(template: Template, variables: tuple[tuple[str, str], ...]) -> re.Pattern[str] | None:
    """A regular expression for a template: a variable is captured where it stands first, and repeated after."""
    known = dict(variables)
    seen: set[str] = set()
    parts = [_hole(text, known, seen) if is_name else re.escape(text) for text, is_name in template]
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return None


def _hole(name: str, known: Mapping[str, str], seen: set[str]) -> str:
    group = _group(name)
    if name in seen:
        return f"(?P={group})"
    seen.add(name)
    return f"(?P<{group}>{known.get(name) or _ANY})"


def _group(name: str) -> str:
    return "v_" + name.replace("-", "__")
