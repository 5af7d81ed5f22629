"""Secrets in public texts: what looks like one, by its form, its name or its randomness. Pure.

Every pattern is linear in the length of the text, since scripts come from anywhere.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from vmss_tui.profiles.format.inline_script import decode
from vmss_tui.profiles.format.problem import LintProblem, warning
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.format.variables import names

_NAMES = (
    r"passw(?:or)?d|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|"
    r"shared[_-]?access[_-]?key|connection[_-]?string|client[_-]?secret|private[_-]?key"
)
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9_-])(?P<name>[A-Za-z0-9_-]{{0,40}}?(?:{_NAMES})\d{{0,4}})(?:\s{{0,8}}[=:]\s{{0,8}}|\s{{1,8}})"
    r"['\"]?(?P<value>[^\s'\"$/.<>|&;-][^\s'\"]{3})",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"[?&;](?P<name>sig|signature|x-amz-signature|token|access_token|private_token)=[^&$\s]", re.IGNORECASE
)
_FORMS = (
    ("a bearer token", re.compile(r"\bbearer\s{1,8}[A-Za-z0-9._~+/-]{8}", re.IGNORECASE)),
    ("an account key", re.compile(r"\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{8}", re.IGNORECASE)),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")),
    ("a password in an address", re.compile(r"://[^\s/:@'\"]{1,64}:[^\s/:@'\"$]{3,128}@")),
)
_RUN = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_NAME_ALONE = re.compile(_NAMES, re.IGNORECASE)


def secret_in(text: str) -> str:
    """What in `text` looks like a secret, without the secret; empty when nothing does."""
    named = _NAMED.search(text)
    if named is not None:
        return f"the value of {named['name'].strip('-')}"
    signed = _SIGNED.search(text)
    if signed is not None:
        return f"the value of {signed['name']}"
    form = next((name for name, pattern in _FORMS if pattern.search(text)), "")
    if form:
        return form
    return "a long random word" if any(_random(word) for word in _RUN.findall(text)) else ""


def plain_secrets(profile: Profile) -> Iterator[LintProblem]:
    """Secrets that everyone could read who sees the scale set or the profile."""
    for key, text in _texts(profile):
        what = secret_in(text)
        if what:
            yield warning(
                key,
                f"{what} looks like a secret, and everyone who can see the scale set or the profile can read it",
                "move it to [protected] as a reference, or to the environment of the command",
                "plain-secret",
            )
    for index, file in enumerate(profile.script.files):
        if _SIGNED.search(file.uri):
            yield warning(
                f"script.files[{index}]",
                "holds a signature, and public settings can be read by everyone who can see the scale set",
                "use protected.fileUris or managedIdentity",
                "plain-secret",
            )
    yield from _secret_variables(profile)


def _texts(profile: Profile) -> Iterator[tuple[str, str]]:
    script, policy = profile.script, profile.policy
    yield "script.command", script.command
    yield "script.inline", script.inline
    for name, value in script.settings.items():
        if isinstance(value, str):
            yield f"script.settings.{name}", _decoded(value) if name == "script" else value
    for variable in profile.variables:
        yield f"variables.{variable.name}.default", variable.default or ""
    for index, hook in enumerate(policy.hooks):
        yield f"hooks[{index}]", " ".join((*hook.command, hook.url))
    if policy.gate is not None:
        yield "rollout.gate", " ".join((*policy.gate.command, policy.gate.url))


def _decoded(value: str) -> str:
    try:
        return decode(value)
    except ValueError:
        return value


def _secret_variables(profile: Profile) -> Iterator[LintProblem]:
    """A variable with the name of a secret that is filled into public settings."""
    script = profile.script
    public = "\n".join((script.command, *(file.uri for file in script.files), script.inline))
    used = set(names(public))
    for variable in profile.variables:
        if variable.name in used and _NAME_ALONE.search(variable.name):
            yield warning(
                f"variables.{variable.name}",
                "is filled into public settings, which everyone who can see the scale set can read",
                "move the command to [protected] as a reference",
                "plain-secret",
            )


def _random(word: str) -> bool:
    """Whether a word has the mix and the entropy of a key; hex digests and paths do not."""
    body = word[:200].rstrip("=")
    kinds = (any(map(str.isupper, body)), any(map(str.islower, body)), any(map(str.isdigit, body)))
    if not all(kinds) or body.count("/") > 3 or body.count("-") > 2:
        return False
    counts = Counter(body)
    entropy = -sum(count / len(body) * math.log2(count / len(body)) for count in counts.values())
    return entropy > 4.0
