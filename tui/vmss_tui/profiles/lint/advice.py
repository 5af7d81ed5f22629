"""What is legal but unwise: addresses whose content can change, limits that stop nothing, secrets in plain sight.

Every warning has a code that `lint.accept` can name. Pure.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.profiles.format.problem import LintProblem, warning
from vmss_tui.profiles.format.profile import Profile, Script
from vmss_tui.profiles.format.variables import names
from vmss_tui.profiles.lint.handler_rules import file_name

_BRANCHES = {"master", "main", "trunk", "develop", "development", "dev", "head", "latest", "nightly", "stable"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TAG = re.compile(r"v?\d+(\.\d+)*([-+].*)?|release[-/]?\d.*|.*\$\{[^}]*\}.*", re.IGNORECASE)
_NAMED_SECRET = re.compile(
    r"(?:^|[^A-Za-z])(?P<name>[A-Za-z0-9_-]{0,40}(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|"
    r"account[_-]?key|connection[_-]?string)\d*)(?:\s*[=:]\s*|\s+)['\"]?(?P<value>[^\s'\"$/.-][^\s'\"]{3,})",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"[?&](sig|signature|x-amz-signature|token|access_token)=[^&$]", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


def advise(profile: Profile) -> Iterator[LintProblem]:
    """Every warning that the profile deserves, accepted or not."""
    yield from _changing_files(profile.script)
    yield from _plain_secrets(profile)
    yield from _injection(profile)
    yield from _missing_downloads(profile)
    yield from _shape(profile)


def mutable(uri: str) -> str:
    """Why the content at an address may change although the address stays; empty when it looks fixed."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return ""
    host, path = (parts.hostname or "").lower(), parts.path
    segments = [each for each in path.split("/") if each]
    ref = _git_ref(host, segments)
    if ref is not None:
        if _COMMIT.fullmatch(ref) or _TAG.fullmatch(ref):
            return ""
        return f"{ref} is a branch"
    moving = next((each for each in segments if each.lower() in _BRANCHES), None)
    return f"{moving} can mean something else tomorrow" if moving is not None else ""


def _git_ref(host: str, segments: list[str]) -> str | None:
    """The branch, tag or commit in the address of a file in a repository, None when it is not such an address."""
    moving = next((each for each in segments if each.lower() in _BRANCHES), None)
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


def _changing_files(script: Script) -> Iterator[LintProblem]:
    for index, each in enumerate(script.files):
        why = "" if each.sha256 else mutable(each.uri)
        if why:
            yield warning(
                f"script.files[{index}]",
                f"can change without the address changing: {why}",
                "use a tag, a commit or a version in the path, or pin it with sha256",
                "mutable-url",
            )


def _plain_secrets(profile: Profile) -> Iterator[LintProblem]:
    script = profile.script
    texts = [("script.command", script.command), ("script.inline", script.inline)]
    texts += [(f"script.settings.{key}", value) for key, value in script.settings.items() if isinstance(value, str)]
    texts += [(f"variables.{each.name}.default", each.default or "") for each in profile.variables]
    texts += [(f"hooks[{index}]", " ".join(hook.command)) for index, hook in enumerate(profile.policy.hooks)]
    if profile.policy.gate is not None:
        texts.append(("rollout.gate", " ".join(profile.policy.gate.command)))
    for key, text in texts:
        what = secret_in(text)
        if what:
            yield warning(
                key,
                f"{what} looks like a secret, and everyone who can see the scale set or the profile can read it",
                "move it to [protected] as a reference, or to the environment of the command",
                "plain-secret",
            )
    for index, each in enumerate(script.files):
        if _SIGNED.search(each.uri):
            yield warning(
                f"script.files[{index}]",
                "holds a signature, and public settings can be read by everyone who can see the scale set",
                "use protected.fileUris or managedIdentity",
                "plain-secret",
            )


def secret_in(text: str) -> str:
    """What in `text` looks like a secret, without the secret; empty when nothing does."""
    named = _NAMED_SECRET.search(text)
    if named is not None:
        return f"the value of {named['name'].strip('-')}"
    if any(_random(each) for each in _RUN.findall(text)):
        return "a long random word"
    return ""


def _random(word: str) -> bool:
    """Whether a word has the mix and the entropy of a key; hex digests and paths have not."""
    body = word.rstrip("=")
    kinds = (any(map(str.isupper, body)), any(map(str.islower, body)), any(map(str.isdigit, body)))
    if not all(kinds) or body.count("/") > 3 or body.count("-") > 2:
        return False
    counts = Counter(body)
    entropy = -sum(n / len(body) * math.log2(n / len(body)) for n in counts.values())
    return entropy > 4.0


def _injection(profile: Profile) -> Iterator[LintProblem]:
    used = dict.fromkeys(names(profile.script.command))
    for each in profile.variables:
        if each.name in used and not each.pattern:
            yield warning(
                f"variables.{each.name}",
                "goes into the command, and any text is allowed for it, also `; rm -rf /`",
                f"add pattern = '{_suggest(each.name)}'",
                "no-pattern",
            )


def _suggest(name: str) -> str:
    return r"\d+\.\d+\.\d+" if "version" in name.lower() else "[A-Za-z0-9._-]+"


def _missing_downloads(profile: Profile) -> Iterator[LintProblem]:
    script = profile.script
    if "fileUris" in profile.protected or "fileUris" in script.settings or "*" in profile.protected:
        return
    here = {file_name(each.uri) for each in script.files}
    pattern = (
        r"(?:^|[\s;&|(])\.[\\/]([\w.${}-]+)" if script.os is HandlerOs.WINDOWS else r"(?:^|[\s;&|(])\./([\w.${}-]+)"
    )
    for name in dict.fromkeys(re.findall(pattern, script.command)):
        if name not in here and not re.search(r"\.(zip|tar|tgz|gz)$", " ".join(here)):
            yield warning(
                "script.command",
                f"runs ./{name}, which no entry of script.files downloads",
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
    if re.search(r"(?:^|[;&|\s])(?:sudo\s+)?(?:reboot|shutdown|init 6|Restart-Computer)\b", command):
        yield warning("script.command", "a script that reboots the instance is not supported", "reboot later", "reboot")
    if script.suppress_failures:
        yield warning(
            "script.suppress_failures",
            "Azure then reports success for a script that failed",
            "leave it out",
            "suppress-failures",
        )
    if not script.label and not profile.base and profile.variables:
        yield warning("script.label", "versions will show as hex digits", "add label = 'NAME ${version}'", "no-label")
