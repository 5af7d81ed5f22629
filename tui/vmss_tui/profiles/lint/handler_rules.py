"""The rules of the Custom Script Extension that Azure checks only on the instance, after the rollout has begun.

Source: custom-script-extension-linux `main/handlersettings.go` and `main/schema.go`, "Custom Script Extension for
Windows". Azure's own words are quoted where the handler has some. Pure.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from vmss_tui.domain.fleet.script import (
    HANDLERS,
    LEGACY_LINUX,
    LINUX,
    WINDOWS,
    Handler,
    HandlerOs,
    SecretRef,
    SecretSource,
)
from vmss_tui.profiles.format.problem import LintProblem, error, warning
from vmss_tui.profiles.format.profile import OPEN_LITERALS, WHOLE, Profile, Script
from vmss_tui.profiles.format.script_fields import PROTECTED_NAMES
from vmss_tui.profiles.format.values import kind_of
from vmss_tui.profiles.lint.script_text import check_text

_PUBLIC = {
    LINUX: ("commandToExecute", "script", "fileUris", "skipDos2Unix", "timestamp"),
    WINDOWS: ("commandToExecute", "fileUris", "timestamp"),
    LEGACY_LINUX: ("commandToExecute", "fileUris", "timestamp", "enableInternalDNSCheck"),
}
"""Public settings that each handler knows. Of the legacy one: azure-linux-extensions `CustomScript/README.md`."""

_TYPES: Mapping[str, tuple[type[Any], str]] = {
    "commandToExecute": (str, "a text"),
    "script": (str, "a text"),
    "fileUris": (list, "a list of addresses"),
    "skipDos2Unix": (bool, "true or false"),
    "enableInternalDNSCheck": (bool, "true or false"),
}
WINDOWS_COMMAND_LIMIT = 8191
"""Characters of a command line that cmd.exe takes. Source: "Command prompt line string limitation"."""

TEMPLATE_EXPRESSION = re.compile(r"\[\s{0,8}[A-Za-z][\w.]{0,80}\s{0,8}\(.*\]", re.DOTALL)
"""A text that an ARM template would evaluate."""
_TERRAFORM = re.compile(r"\${1,2}\{\s{0,8}(?:[A-Za-z_]\w{0,60}\.[A-Za-z_]|[a-z][a-z0-9_]{0,30}\()")

_WORDS = {"commandToExecute": "command", "script": "inline", "fileUris": "files"}
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_VAULT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+$", re.IGNORECASE
)
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def check_script(profile: Profile) -> Iterator[LintProblem]:
    """Every rule of the handler that the profile breaks."""
    yield from _what_runs(profile)
    yield from _files(profile)
    yield from _expressions(profile.script)
    yield from _named(profile.script)
    yield from _system(profile)
    yield from _settings(profile.script)
    yield from _protected(profile)


def _what_runs(profile: Profile) -> Iterator[LintProblem]:
    script, hidden = profile.script, profile.protected
    public = [name for name in ("commandToExecute", "script") if _has(script, name)]
    secret = [name for name in ("commandToExecute", "script") if name in hidden]
    for name in ("commandToExecute", "script", "fileUris"):
        if _has(script, name) and name in hidden:
            yield error(
                f"protected.{name}",
                f"'{name}' was specified both in public and protected settings; it must be specified only once",
                f"remove it here or remove script.{_WORDS[name]}",
            )
    if len({*public, *secret}) == 2:
        yield error(
            f"script.{_WORDS[public[-1]]}" if public else f"protected.{secret[-1]}",
            "command and script are both given (Azure: 'commandToExecute' and 'script' were both specified, but only "
            "one is validate at a time)",
            "keep the command or the inline script",
        )
    if not public and not secret and WHOLE not in hidden and not profile.base:
        hint = "give a command or an inline script"
        yield error(
            "script.command",
            "has neither a command nor a script (Azure: 'commandToExecute' is not specified)",
            hint,
            "nothing-to-run",
        )


def _has(script: Script, name: str) -> bool:
    word = _WORDS[name]
    return bool(getattr(script, word) or script.settings.get(name))


def _files(profile: Profile) -> Iterator[LintProblem]:
    """Each address is judged with the defaults of its variables, as it would be without other values."""
    seen: dict[str, int] = {}
    for index, file in enumerate(profile.script.files):
        key = f"script.files[{index}]"
        yield from check_uri(profile.with_defaults(file.uri), key)
        if file.sha256 and "${" not in file.sha256 and not _SHA256.fullmatch(file.sha256):
            yield error(f"{key}.sha256", "is not a SHA-256", "64 hex digits, as `sha256sum FILE` prints them")
        name = file_name(file.uri)
        if name and name in seen:
            yield warning(
                key,
                f"{name} overwrites files[{seen[name]}]: both download to one folder under the same name",
                "rename one of the files",
                "same-file-name",
            )
        seen.setdefault(name, index)


def check_uri(uri: str, key: str) -> Iterator[LintProblem]:
    """What is wrong with the address of a file; usable while it is typed."""
    parts = _split(uri)
    if not uri.strip():
        yield error(key, "is empty", "give an address, or remove the entry")
    elif parts is None:
        yield error(key, f"{uri!r} is not an address", "write https://host/path/file")
    elif uri.startswith("${"):
        return  # the value of the variable decides
    elif parts[0] not in ("http", "https"):
        yield error(key, f"{uri!r} is not an http or https address", "write https://host/path/file")
    elif not parts[1]:
        yield error(key, f"{uri!r} names no host", "write https://host/path/file")
    elif uri != uri.strip() or re.search(r"\s", uri):
        yield error(key, "holds white space", "write blanks as %20")
    elif not file_name(uri):
        yield error(key, f"cannot extract file name from URL: {uri!r}", "end the address with the file's name")
    elif parts[0] == "http":
        yield warning(key, "is not encrypted: anyone on the network path can change it", "use https", "plain-http")


def _split(uri: str) -> tuple[str, str, str] | None:
    """Scheme, host and path; a variable may stand for anything."""
    try:
        parts = urlsplit(re.sub(r"\$\{[^}$]*\}", "0", uri.strip()))
        return parts.scheme.lower(), parts.hostname or "", parts.path
    except ValueError:
        return None


def file_name(uri: str) -> str:
    """The name under which the handler stores a downloaded file: the last part of the path."""
    return uri.split("?", 1)[0].split("#", 1)[0].split("://", 1)[-1].partition("/")[2].rsplit("/", 1)[-1]


def _named(script: Script) -> Iterator[LintProblem]:
    if script.name and not _EXTENSION.fullmatch(script.name):
        yield error(
            "script.name", f"{script.name!r} is not a valid extension name", "letters, digits, dots, dashes, at most 80"
        )
    if script.inline:
        key = "script.inline_file" if script.inline_file else "script.inline"
        yield from check_text(script.inline, skip_dos2unix=script.skip_dos2unix, key=key)


def _system(profile: Profile) -> Iterator[LintProblem]:
    script = profile.script
    yield from _version(script.handler)
    if script.os is HandlerOs.LINUX:
        return
    length = len(profile.with_defaults(script.command))
    if length > WINDOWS_COMMAND_LIMIT:
        yield error(
            "script.command",
            f"has {length:,} characters, and Windows runs a command of at most {WINDOWS_COMMAND_LIMIT:,}",
            "download a script with script.files and run that",
            "too-long",
        )
    for given, key in ((script.inline, "inline"), (script.skip_dos2unix, "skip_dos2unix")):
        if given:
            key = "inline_file" if key == "inline" and script.inline_file else key
            yield error(f"script.{key}", "the Windows handler does not support it", "use files and a command")
    if "script" in profile.protected:
        yield error("protected.script", "the Windows handler does not support it", "use files and a command")


def _version(handler: Handler) -> Iterator[LintProblem]:
    """A version that belongs to another handler: Azure refuses it when the extension is written."""
    own = next((standard for standard in HANDLERS if standard.matches(handler.publisher, handler.type)), None)
    version = re.fullmatch(r"(\d{1,9})(?:\.\d{1,9}){0,3}", handler.version)
    if own is None or "${" in handler.version:
        return
    if version is None:
        yield error("script.handler_version", f"{handler.version!r} is not a version", f"write {own.version}")
    elif version[1] != own.version.partition(".")[0]:
        yield error(
            "script.handler_version",
            f"{handler.version} is not a version of {own.publisher}/{own.type}",
            f"write {own.version}",
        )


def _known_settings(handler: Handler) -> tuple[str, ...]:
    return next((known for standard, known in _PUBLIC.items() if standard.matches(handler.publisher, handler.type)), ())


def _settings(script: Script) -> Iterator[LintProblem]:
    known = _known_settings(script.handler)
    for name, value in script.settings.items():
        key = f"script.settings.{name}"
        if name in PROTECTED_NAMES and name not in known and name != "script":
            yield error(key, f"'{name}' belongs in the protected settings", f"write protected.{name} as a reference")
        elif name not in known:
            near = next((spelled for spelled in known if spelled.lower() == name.lower()), "")
            hint = f"case matters: write {near}" if near else f"it knows {', '.join(known)}"
            yield error(key, f"the {script.os.value} handler refuses the setting {name!r}", hint)
        elif getattr(script, _WORDS.get(name, name), None):
            yield error(key, f"script.{_WORDS.get(name, name)} is also given", "keep one of the two")
        elif not isinstance(value, _TYPES.get(name, (object, ""))[0]):
            yield error(
                key, f"must be {_TYPES[name][1]}, not {kind_of(value)}", f"write script.{_WORDS.get(name, name)}"
            )
    value = script.settings.get("timestamp")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        yield error("script.settings.timestamp", "must be a whole number", "write script.timestamp = 1")


def _expressions(script: Script) -> Iterator[LintProblem]:
    """What an import had to keep: an expression that only a deployment or Terraform can evaluate."""
    texts = [("script.command", script.command), ("script.force_update_tag", script.force_update_tag)]
    texts += [(f"script.files[{index}]", file.uri) for index, file in enumerate(script.files)]
    texts += _texts("script.settings", script.settings)
    for key, text in texts:
        source = "Terraform" if _TERRAFORM.search(text) else ""
        source = "an ARM template" if TEMPLATE_EXPRESSION.fullmatch(text) else source
        if source:
            yield error(key, f"is an expression of {source}, which is not evaluated here", "replace it by its value",
                        "template-expression")  # fmt: skip


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text of a value, at any depth, with its place."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(f"{key}[{index}]", inner)


def _protected(profile: Profile) -> Iterator[LintProblem]:
    refs = profile.protected
    for name, ref in refs.items():
        if name not in PROTECTED_NAMES and name != WHOLE:
            near = next((spelled for spelled in PROTECTED_NAMES if spelled.lower() == name.lower()), "")
            hint = f"case matters: write {near}" if near else f"it knows {', '.join(PROTECTED_NAMES)}"
            yield error(f"protected.{name}", "the handler refuses this protected setting", hint)
        yield from _reference(name, ref)
    for one, other in (("storageAccountName", "storageAccountKey"), ("storageAccountKey", "storageAccountName")):
        if one in refs and other not in refs:
            yield error(
                f"protected.{one}",
                "both 'storageAccountName' and 'storageAccountKey' must be specified",
                f"add {other}, or use managedIdentity for both",
            )
    if "managedIdentity" in refs:
        yield from _identity(profile)
    yield from _literals(profile)


def _reference(name: str, ref: SecretRef) -> Iterator[LintProblem]:
    key = f"protected.{name}"
    if ref.source is SecretSource.ENV and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", ref.where):
        yield error(key, f"{ref.where!r} is not a valid name of an environment variable", 'write { env = "NAME" }')
    if ref.source is SecretSource.KEY_VAULT:
        vault, _, secret = ref.where.partition(" ")
        if not _VAULT.match(vault):
            yield error("protected.key_vault.vault_id", "is not the resource id of a vault", "copy it from the portal")
        if not re.match(r"https://[^/]+/secrets/[^/]+", secret):
            yield error(
                "protected.key_vault.secret_url", "is not the address of a secret", "https://VAULT/secrets/NAME/VERSION"
            )


def _identity(profile: Profile) -> Iterator[LintProblem]:
    refs = profile.protected
    if "storageAccountKey" in refs or "storageAccountName" in refs:
        yield error(
            "protected.managedIdentity",
            "'managedIdentity' cannot be used together with 'storageAccountName' and 'storageAccountKey'",
            "keep one way to sign in",
        )
    where = refs["managedIdentity"].where
    if "clientId" in where and "objectId" in where:
        yield error(
            "protected.managedIdentity", "only one of 'clientId' and 'objectId' may be specified", "remove one of them"
        )


def _literals(profile: Profile) -> Iterator[LintProblem]:
    for name in profile.literals:
        key, value = f"protected.{name}", profile.protected[name].where
        if name == "storageAccountName" and not _ACCOUNT.fullmatch(value):
            yield error(key, "is not a valid name of a storage account", "3 to 24 lower-case letters and digits")
        if name == "storageAccountKey" and not _is_base64(value):
            yield error(key, "is not base64, so it cannot be a storage account key", "copy the key again")
        if name in OPEN_LITERALS:
            continue
        hint = "refer to it with env, file or prompt; force = true keeps it here, for everyone who can read the file"
        if name in profile.forced:
            yield warning(key, "the secret is in the profile itself", hint, "literal-secret")
        else:
            yield error(key, "the secret is in the profile itself", hint, "literal")


def _is_base64(value: str) -> bool:
    try:
        return bool(base64.b64decode(value, validate=True))
    except binascii.Error:
        return False
