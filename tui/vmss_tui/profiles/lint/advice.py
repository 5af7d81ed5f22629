"""What is legal but unwise: addresses whose content can change, limits that stop nothing, secrets in plain text.

Every warning has a code that `lint.accept` can name. Reads no file; only resolves where paths lead.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from vmss_tui.domain.fleet.script import HandlerOs, SecretSource
from vmss_tui.paths import expanded
from vmss_tui.profiles.format.problem import LintProblem, warning
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.format.variables import names
from vmss_tui.profiles.lint.handler_rules import file_name
from vmss_tui.profiles.lint.script_text import REBOOT
from vmss_tui.profiles.lint.secret_text import plain_secrets

_BRANCHES = {"master", "main", "trunk", "develop", "development", "dev", "head", "latest", "nightly", "stable"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r"v?\d+(\.\d+)*([-+].*)?|release[-/]?\d.*", re.IGNORECASE)


def advise(profile: Profile) -> Iterator[LintProblem]:
    """Every warning that the profile deserves, accepted or not."""
    yield from _changing_files(profile)
    yield from plain_secrets(profile)
    yield from _injection(profile)
    yield from _missing_downloads(profile)
    yield from _shape(profile)
    yield from leaving_directory(profile)


def leaving_directory(profile: Profile) -> Iterator[LintProblem]:
    """Files that a profile refers to outside of its own directory, and of those of its bases.

    A profile from another person could name any file, and the text of an inline script becomes public.
    """
    homes = [path.parent.resolve() for path in profile.layers]
    named = [
        (f"protected.{name}", ref.where) for name, ref in profile.protected.items() if ref.source is SecretSource.FILE
    ]
    if profile.script.inline_file:
        named.append(("script.inline_file", profile.script.inline_file))
    for key, where in named:
        if homes and not any(_below(where, home) for home in homes):
            yield warning(
                key,
                f"{where} is outside the profile's directory",
                "put the file beside the profile, or accept outside-directory",
                "outside-directory",
            )


def _below(where: str, home: Path) -> bool:
    try:
        return expanded(where).resolve().is_relative_to(home)
    except (ValueError, OSError):
        return False


def mutable(uri: str) -> str:
    """Why the content at an address may change although the address stays; empty when it looks fixed."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    host, path = (parts.hostname or "").lower(), parts.path
    segments = [segment for segment in path.split("/") if segment]
    ref = _git_ref(host, segments)
    if ref is not None:
        if "${" in ref or _COMMIT.fullmatch(ref) or _TAG.fullmatch(ref):
            return ""
        return f"{ref} is a branch"
    moving = next((segment for segment in segments if segment.lower() in _BRANCHES), None)
    return f"{moving} can refer to something else tomorrow" if moving is not None else ""


def _git_ref(host: str, segments: list[str]) -> str | None:
    """The branch, tag or commit in the address of a file in a repository, None when it is not such an address."""
    moving = next((segment for segment in segments if segment.lower() in _BRANCHES), None)
    if host == "raw.githubusercontent.com":
        if segments[2:4] == ["refs", "heads"] and len(segments) > 4:
            return segments[4]
        if segments[2:4] == ["refs", "tags"] and len(segments) > 4:
            return f"v0-{segments[4]}"
        return moving or (segments[2] if len(segments) > 3 else None)
    for mark in (["raw"], ["-", "raw"], ["blob"], ["archive", "refs", "heads"]):
        size = len(mark)
        for index in range(2, len(segments) - size):
            if host.startswith(("github", "gitlab", "bitbucket")) and segments[index : index + size] == mark:
                return segments[index + size]
    return None


def _changing_files(profile: Profile) -> Iterator[LintProblem]:
    for index, file in enumerate(profile.script.files):
        why = "" if file.sha256 else mutable(profile.with_defaults(file.uri))
        if why:
            yield warning(
                f"script.files[{index}]",
                f"can change without the address changing: {why}",
                "use a tag, a commit or a version in the path, or pin it with sha256",
                "mutable-url",
            )


def _injection(profile: Profile) -> Iterator[LintProblem]:
    used = dict.fromkeys(names(profile.script.command))
    for variable in profile.variables:
        if variable.name in used and not variable.pattern:
            yield warning(
                f"variables.{variable.name}",
                "is inserted into the command, and any text is allowed for it, also `; rm -rf /`",
                f"add pattern = '{_suggest(variable.name)}'",
                "no-pattern",
            )


def _suggest(name: str) -> str:
    return r"\d+\.\d+\.\d+" if "version" in name.lower() else "[A-Za-z0-9._-]+"


_NAME = r"(?P<name>[\w.${}-]{1,200})"
_RUNS = {
    HandlerOs.LINUX: (
        re.compile(rf"(?:^|[\s;&|(])\./{_NAME}"),
        re.compile(
            r"(?:^|[\s;&|(])(?:sh|bash|dash|python3?|perl|ruby|pwsh)\s+(?:-[a-z]{1,4}\s+)?"
            r"(?P<name>[\w.${}-]{1,200}\.(?:sh|py|pl|rb|ps1))(?=$|[\s;&|)])"
        ),
    ),
    HandlerOs.WINDOWS: (
        re.compile(rf"(?:^|[\s;&|(\"'])\.[\\/]{_NAME}"),
        re.compile(r"-(?:File|f)\s+[\"']?(?P<name>[\w.${}-]{1,200}\.ps1)(?=$|[\s;&|)\"'])", re.IGNORECASE),
    ),
}
"""How a command runs a file of the download folder, by system."""


def _missing_downloads(profile: Profile) -> Iterator[LintProblem]:
    script = profile.script
    if "fileUris" in profile.protected or "fileUris" in script.settings or "*" in profile.protected:
        return
    here = {file_name(file.uri) for file in script.files}
    if re.search(r"\.(zip|tar|tgz|gz|nupkg|deb|rpm)$", " ".join(here)) or re.search(
        r"\b(curl|wget|git)\b", script.command
    ):
        return
    found = (match["name"] for pattern in _RUNS[script.os] for match in pattern.finditer(script.command))
    for name in dict.fromkeys(found):
        if name not in here:
            yield warning(
                "script.command",
                f"runs {name}, which no entry of script.files downloads",
                f"it downloads {', '.join(sorted(here)) or 'nothing'}",
                "not-downloaded",
            )


def _shape(profile: Profile) -> Iterator[LintProblem]:
    script = profile.script
    command = script.command.strip()
    if script.os is HandlerOs.WINDOWS and re.match(r"(\.[\\/])?[\w.${}-]+\.ps1\b", command, re.IGNORECASE):
        yield warning(
            "script.command",
            "a .ps1 file alone is opened, not run",
            f"powershell -ExecutionPolicy Unrestricted -File {command}",
            "bare-powershell",
        )
    if REBOOT.search(command):
        yield warning("script.command", "a script that reboots the instance is not supported", "reboot later", "reboot")
    if script.suppress_failures:
        yield warning(
            "script.suppress_failures",
            "Azure then reports success for a script that failed",
            "remove it",
            "suppress-failures",
        )
    if not script.label and not profile.base and profile.variables:
        yield warning("script.label", "versions are shown as hex digits", "add label = 'NAME ${version}'", "no-label")
