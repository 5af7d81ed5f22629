"""The custom script: as configured on a set, as an instance has it, whether it ran, its output.

The *version* of an instance is the configuration that it runs. `digest` names a configuration; labels
(`web 2.4.0`) are mapped to digests elsewhere.
Source: "Custom Script Extension for Linux / Windows", and the extension's own source for the settings' rules.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from vmss_tui.domain.fleet.inline_script import decode


class HandlerOs(StrEnum):
    """The operating system whose handler runs the script."""

    LINUX = "linux"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class Handler:
    """Publisher, type and version of a custom-script extension handler."""

    os: HandlerOs
    publisher: str
    type: str
    version: str

    def matches(self, publisher: str, type_: str) -> bool:
        """Whether an extension is of this handler; Azure echoes case as it was written."""
        return (publisher.lower(), type_.lower()) == (self.publisher.lower(), self.type.lower())


LINUX = Handler(HandlerOs.LINUX, "Microsoft.Azure.Extensions", "CustomScript", "2.1")
WINDOWS = Handler(HandlerOs.WINDOWS, "Microsoft.Compute", "CustomScriptExtension", "1.10")
LEGACY_LINUX = Handler(HandlerOs.LINUX, "Microsoft.OSTCExtensions", "CustomScriptForLinux", "1.5")
HANDLERS = (LINUX, WINDOWS, LEGACY_LINUX)


def handler_of(publisher: str, type_: str) -> Handler | None:
    """The custom-script handler of an extension, or None when it is some other extension."""
    return next((handler for handler in HANDLERS if handler.matches(publisher, type_)), None)


OPEN_SETTINGS = ("storageAccountName", "managedIdentity")
"""Protected settings whose values are not secret: they may be written in a profile and kept with a rollout."""


class SecretSource(StrEnum):
    """Where a protected setting's value comes from when it is written."""

    ENV = "env"
    FILE = "file"
    PROMPT = "prompt"
    KEY_VAULT = "key_vault"
    LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A reference to a protected value, never the value.

    `where` is the variable, the path, the prompt's text, or `vault_id secret_url` by source.
    A literal keeps its text in `where` and hides it from `repr`.
    """

    source: SecretSource
    where: str = field(repr=False, default="")

    def __str__(self) -> str:
        if self.source is SecretSource.LITERAL:
            return "literal ***"
        return {"env": f"${self.where}", "prompt": "prompted at the start"}.get(self.source.value, self.where)


class Secret:
    """A protected value in memory: its `repr` and `str` are `***`; `reveal` is called only where it is sent."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def reveal(self) -> Any:
        """The value itself; the caller must not keep, log or print it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash("Secret")

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a secret is never serialized")


COMMANDS = ("commandToExecute", "script")
"""The settings that hold what runs, public or protected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptConfig:
    """A custom-script configuration as it will be, or is, written to a scale set.

    `settings` is the public settings object verbatim (`fileUris`, `commandToExecute`, `script`, `timestamp`, …).
    `protected` maps protected setting names to references; `protected_known` is False when Azure may hold protected
    settings that cannot be read.
    """

    name: str
    handler: Handler
    settings: Mapping[str, Any]
    protected: Mapping[str, SecretRef] = field(default_factory=dict)
    protected_known: bool = True
    force_update_tag: str = ""
    auto_upgrade_minor: bool = True
    provision_after: tuple[str, ...] = ()
    suppress_failures: bool = False
    label: str = ""
    """What people call this version (`web 2.4.0`); empty when unknown. No part of the digest."""
    undo: str = ""
    """Command that undoes what the script did, for a roll back. No part of the digest; Azure never gets it."""
    sealed_digest: str = ""
    """The digest of the settings as they were, where secrets in them have been redacted since; empty otherwise."""

    @property
    def file_uris(self) -> tuple[str, ...]:
        """The files that each instance downloads, from the public settings."""
        uris = self.settings.get("fileUris", ())
        return tuple(str(uri) for uri in uris) if isinstance(uris, list | tuple) else ()

    @property
    def command(self) -> str:
        """`commandToExecute` of the public settings, empty when it is protected or an inline script is used."""
        return str(self.settings.get("commandToExecute", "") or "")

    @property
    def shows_command(self) -> bool:
        """Whether the public settings say what runs; no handler takes an empty text as a command."""
        return any(self.settings.get(name) for name in COMMANDS)

    @property
    def digest(self) -> str:
        """Name of this configuration: 64 hex digits."""
        return self.sealed_digest or digest(self.handler, self.settings, self.force_update_tag)

    def labelled(self, label: str) -> "ScriptConfig":
        """The same configuration under a name that people know."""
        return replace(self, label=label)


def canonical(settings: Mapping[str, Any]) -> str:
    """Settings as JSON that does not depend on key order or white space."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(handler: Handler, settings: Mapping[str, Any], force_update_tag: str = "") -> str:
    """SHA-256 (64 hex digits) of handler, canonical public settings and force-update tag."""
    text = "\n".join((handler.publisher.lower(), handler.type.lower(), canonical(settings), force_update_tag or ""))
    return hashlib.sha256(text.encode()).hexdigest()


class ScriptState(StrEnum):
    """The state of the script on one instance."""

    NOT_INSTALLED = "not installed"
    PENDING = "pending"
    """The model is applied, the extension has not reported yet."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """What the extension of one instance last reported.

    `stdout` and `stderr` are the last 4 KiB each, as the instance printed them (they may hold terminal escapes).
    """

    state: ScriptState = ScriptState.UNKNOWN
    exit_code: int | None = None
    message: str = ""
    stdout: str = ""
    stderr: str = ""
    at: datetime | None = None
    """When the extension reported, by the guest's clock."""
    handler_version: str = ""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One line of a settings diff: `path` like `fileUris[0]`, `old` and `new` as text, None when absent."""

    path: str
    old: str | None
    new: str | None


def _flatten(value: Any, path: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {
            k: v
            for key, item in value.items()
            for k, v in _flatten(item, f"{path}.{key}" if path else str(key)).items()
        }
    if isinstance(value, list | tuple):
        return {k: v for i, item in enumerate(value) for k, v in _flatten(item, f"{path}[{i}]").items()}
    return {path: value if isinstance(value, str) else json.dumps(value)}


def diff_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """The lines that differ between two public settings objects, in a stable order; inline scripts as their text."""
    before, after = _flatten(old, ""), _flatten(new, "")
    paths = [*before, *(path for path in after if path not in before)]
    return tuple(
        _readable(SettingChange(path, before.get(path), after.get(path)))
        for path in paths
        if before.get(path) != after.get(path)
    )


def _readable(change: SettingChange) -> SettingChange:
    """An inline script as its text, unless only its encoding differs."""
    if change.path != "script":
        return change
    old, new = _script_text(change.old), _script_text(change.new)
    return change if old == new else SettingChange(change.path, old, new)


def _script_text(value: str | None) -> str | None:
    try:
        return value and decode(value)
    except ValueError:
        return value


@dataclass(frozen=True, slots=True)
class RerunForecast:
    """Whether Azure will run the script after the write, and why, in a sentence."""

    will_run: bool
    reason: str


def forecast_rerun(old: ScriptConfig | None, new: ScriptConfig) -> RerunForecast:
    """Say whether the handler will run the script again.

    Azure delivers a new sequence number only when something in the extension changes; the handler skips a number that
    it has already run. Source: custom-script-extension-linux (sequence number), "forceUpdateTag".
    """
    if old is None:
        return RerunForecast(True, "the extension is not installed yet")
    if old.force_update_tag != new.force_update_tag:
        return RerunForecast(True, "the force-update tag differs")
    if canonical(old.settings) != canonical(new.settings):
        return RerunForecast(True, "the settings differ")
    if new.protected:
        return RerunForecast(True, "protected settings are rewritten")
    return RerunForecast(False, "the settings are identical: Azure keeps the last run and does not run it again")
