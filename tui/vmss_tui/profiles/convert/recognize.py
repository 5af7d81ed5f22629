"""Which version a live configuration is: a profile's templates matched backwards against its settings.

Pure. A rerun stamp (`timestamp`, force-update tag) is not part of a version, nor is the extension's name.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.patterns import Pattern, PatternProblem
from vmss_tui.profiles.format.inline_script import decode
from vmss_tui.profiles.format.profile import Profile, Script
from vmss_tui.profiles.format.variables import declared_pieces, fill, pieces

_JOINT = "\0"
_ANY = r"[^\x00\n]*"
"""What a variable may stand for: a value has no line breaks."""
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

    Variables that leave no trace in the settings take their defaults, and are absent when they have none.
    """
    wanted = profile.script
    if script.handler.os is not wanted.os:
        return None
    live = _text_of(script.settings)
    template, known = _template(profile), tuple((variable.name, variable.pattern) for variable in profile.variables)
    if live is None or _fixed(wanted) != _fixed_live(script.settings):
        return None
    traced = _values(template, known, live)
    if traced is None:
        return None
    defaults = {variable.name: variable.default for variable in profile.variables if variable.default is not None}
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


def _values(template: Template, known: tuple[tuple[str, str], ...], live: str) -> dict[str, str] | None:
    """The variables' values with which the template gives this text; None when there are none.

    Where a value's end is ambiguous (`${a}-${b}`), the shortest is tried, then the longest: every way would take time
    exponential to the number of variables, and the text is a stranger's.
    """
    for shortest in (True, False):
        pattern = _pattern(template, known, shortest)
        found = pattern.groups(live) if pattern is not None else None
        if found is None:
            return None
        values = {name: found[_group(name, 0)] for name, is_name in template if is_name}
        if live == "".join(values[text] if is_name else text for text, is_name in template):
            return values
    return None


@lru_cache(maxsize=256)
def _pattern(template: Template, variables: tuple[tuple[str, str], ...], shortest: bool) -> Pattern | None:
    """A regular expression for a template, with a group for each place of a variable."""
    known, seen = dict(variables), Counter[str]()
    parts = []
    for text, is_name in template:
        if is_name:
            hole = known.get(text) or _ANY + ("?" if shortest else "")
            parts.append(f"(?P<{_group(text, seen[text])}>{hole})")
            seen[text] += 1
        else:
            parts.append(_literal(text))
    try:
        return Pattern("".join(parts), dot_all=True)
    except PatternProblem:
        return None


def _literal(text: str) -> str:
    return re.escape(text).replace("\0", r"\x00")


def _group(name: str, place: int) -> str:
    return f"v{place}_" + name.replace("-", "__")
