"""A fixed version in an imported profile becomes a variable, so that the next version needs no editing. Pure."""

import re
from collections import Counter
from dataclasses import replace

from vmss_tui.profiles.format.profile import FileRef, Profile, Variable
from vmss_tui.profiles.lint.handler_rules import file_name

_VERSION = re.compile(r"(?<![\w.])v?(?P<long>\d+(?:\.\d+)+)(?![\w])|(?<=[_/-]v)(?P<short>\d+)(?![\w])")


def with_version(profile: Profile, name: str = "version") -> Profile | None:
    """The profile with its version as `${version}` in addresses and command, None when no version can be seen.

    The version is what the addresses of its files repeat most, the longest first.
    """
    script = profile.script
    found = Counter(version for each in script.files for version in _versions(each.uri))
    if not found or profile.variable(name) is not None:
        return None
    version = max(found, key=lambda each: (found[each], len(each)))
    token = re.compile(rf"(?<![\d.]){re.escape(version)}(?![\w]|\.\d)")

    def general(text: str) -> str:
        return token.sub("${" + name + "}", text)

    pattern = r"\d+" + r"\.\d+" * version.count(".")
    label = script.label or f"{profile.name} ${{{name}}}"
    files = tuple(FileRef(general(each.uri)) for each in script.files)
    changed = replace(script, files=files, command=general(script.command), label=label)
    variable = Variable(name=name, help=f"Version to install, such as {version}", pattern=pattern)
    return replace(profile, script=changed, variables=(*profile.variables, variable))


def _versions(uri: str) -> list[str]:
    """Versions in the path of an address, the file's extension left out."""
    path = uri.split("?", 1)[0].split("://", 1)[-1].partition("/")[2]
    name = file_name(uri)
    bare = path.removesuffix(name) + re.sub(r"(\.[A-Za-z][A-Za-z0-9]*)+$", "", name)
    return [found["long"] or found["short"] for found in _VERSION.finditer(bare)]
