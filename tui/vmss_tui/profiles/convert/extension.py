"""A custom script extension as some document describes it, made into a profile without its secrets.

Pure. Every value that could not be taken over exactly becomes a note with its place.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vmss_tui.domain.fleet.script import LINUX, WINDOWS, Handler, SecretRef, SecretSource, handler_of
from vmss_tui.profiles.convert.arm_expressions import Entry, Scope, brief
from vmss_tui.profiles.convert.arm_values import Hole, Text, Unresolved, Value, closed, holes_of, joined
from vmss_tui.profiles.convert.protected_values import command_shown, environment_name, references, shown
from vmss_tui.profiles.format.inline_script import decode, encode
from vmss_tui.profiles.format.profile import WHOLE, FileRef, Profile, Script, Variable
from vmss_tui.profiles.format.variables import escape
from vmss_tui.profiles.lint.handler_rules import TEMPLATE_EXPRESSION
from vmss_tui.text import counted

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made from something else, and what a person should know about it."""

    profile: Profile
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension in a document: its properties by ARM's names, its place, and how to evaluate it.

    Without a `scope` texts are what they are, as in the output of `az`.
    """

    name: Any
    properties: Json
    path: str = "$"
    scope: Scope | None = None
    condition: str = ""
    """The expression that decides whether it is deployed at all; empty without one."""

    def handler(self) -> Handler | None:
        """The handler of a custom script; None for any other extension."""
        publisher, type_, version = (self._constant(name) for name in ("publisher", "type", "typeHandlerVersion"))
        known = handler_of(publisher, type_)
        return None if known is None else Handler(known.os, publisher, type_, version or known.version)

    def handler_is_open(self) -> bool:
        """Whether an expression that the document does not determine names the publisher or the type."""
        return any(self.properties.get(name) and not self._constant(name) for name in ("publisher", "type"))

    def _constant(self, name: str) -> str:
        raw = self.properties.get(name)
        if raw is None:
            return ""
        try:
            value = self.scope.value(raw) if self.scope is not None else raw
            return str(closed(value, {}))
        except Unresolved:
            return ""


def guess_handler(settings: Json) -> Handler:
    """The handler that a command is probably for."""
    text = json.dumps(settings, default=str).lower()
    return WINDOWS if re.search(r"powershell|pwsh|\.ps1|\.bat\b|\.cmd\b|cmd(\.exe)? /c", text) else LINUX


class Importer:
    """Takes one extension over, setting by setting; collects notes, variables and references on the way."""

    def __init__(self, extension: Extension, handler: Handler) -> None:
        self._extension = extension
        self._handler = handler
        self._secret: dict[str, SecretRef] = {}
        self._holes: dict[str, Hole] = {}
        self.notes: list[str] = []

    def profile(self, name: str) -> Profile:
        """The profile of the extension, under a name."""
        inner, _ = self._written_out("", self._extension.properties)
        if self._extension.condition:
            self.notes.append(f"{self._extension.path}: is deployed only where {self._extension.condition}")
        taken, rest = self._settings(self._value("settings", inner.get("settings")))
        self._protected(inner)
        script = Script(
            handler=self._handler,
            name=self._name(),
            force_update_tag=self._text("forceUpdateTag", inner.get("forceUpdateTag") or ""),
            auto_upgrade_minor=self._value("autoUpgradeMinorVersion", inner.get("autoUpgradeMinorVersion"))
            is not False,
            provision_after=tuple(self._names("provisionAfterExtensions", inner.get("provisionAfterExtensions"))),
            suppress_failures=self._value("suppressFailures", inner.get("suppressFailures")) is True,
            settings=rest,
            **taken,
        )
        variables = tuple(map(_variable, self._holes.values()))
        self._fixed()
        return Profile(name=name, script=script, protected=self._secret, variables=variables)

    # -- values -------------------------------------------------------------------------------------------------

    def _value(self, where: str, raw: Any) -> Value:
        """A value with its expressions evaluated; one that cannot be is kept as it is, and noted with its place."""
        scope = self._extension.scope
        if isinstance(raw, Entry) and scope is not None:
            with scope.within(raw):
                return self._entry(where, raw.input)
        if isinstance(raw, Mapping):
            return self._members(where, raw)
        if isinstance(raw, list):
            return [self._value(f"{where}[{index}]", inner) for index, inner in enumerate(raw)]
        if scope is None:
            if isinstance(raw, str) and TEMPLATE_EXPRESSION.fullmatch(raw):
                self._note(where, f"{raw} looks like an expression of a template: import the whole template")
            return raw
        try:
            return scope.value(raw)
        except Unresolved as reason:
            self._note(where, f"the expression {raw} was kept, since {reason}: replace it by hand")
            return raw

    def _entry(self, where: str, raw: Any) -> Value:
        """The value of an entry of a loop; its expression where it would be too long."""
        value = self._value(where, raw)
        try:
            return brief(value)
        except Unresolved as reason:
            self._note(where, f"the loop was kept, since {reason}: replace it by hand")
            return str(raw)[:200]

    def _members(self, where: str, raw: Json) -> dict[str, Value]:
        whole, kept = self._written_out(where, raw)
        return {key: inner if key == kept else self._value(f"{where}.{key}", inner) for key, inner in whole.items()}

    def _written_out(self, where: str, raw: Json) -> tuple[Json, str]:
        """An object with its loops written out, and the member that is kept, and noted, where it cannot be done."""
        scope, prefix = self._extension.scope, f"{where}." if where else ""
        if scope is None:
            return raw, ""
        try:
            whole = scope.written_out(raw)
        except Unresolved as reason:
            self._note(f"{prefix}copy", f"the loop was kept, since {reason}: write it out by hand")
            return raw, "copy"
        for name in whole.keys() - raw.keys():
            self._note(prefix + name, f"the loop was written out: {counted(len(whole[name]), 'entry', 'entries')}")
        return whole, ""

    def _note(self, where: str, text: str) -> None:
        self.notes.append(f"{self._extension.path}.{where}: {text}")

    def _text(self, where: str, raw: Any) -> str:
        """A text of the profile, with variables for what a deployment gives."""
        value = self._value(where, raw)
        if self._is_secret(value):
            self._note(where, "uses a secure parameter, which has no place here, and was left empty")
            return ""
        if value is None:
            return ""
        return self._templated(where, value) if isinstance(value, str | Text | Hole | int) else escape(str(value))

    def _templated(self, where: str, value: Value) -> str:
        text = joined(value)
        if isinstance(text, str):
            return escape(text)
        text = self._without_empty_secrets(where, text)
        for hole in text.holes:
            self._holes.setdefault(hole.name, hole)
        return text.templated()

    def _without_empty_secrets(self, where: str, text: Text) -> Text:
        pieces: list[str | Hole] = []
        for piece in text.pieces:
            if isinstance(piece, Hole) and piece.secure:
                self._note(where, f"the secure parameter {piece.name} is empty by default and was left empty")
            else:
                pieces.append(piece)
        return Text(tuple(pieces))

    def _name(self) -> str:
        """The extension's own name, the last part of a resource's; empty, which keeps the set's, when it is unknown."""
        raw = self._extension.name
        if not raw:
            return ""
        scope = self._extension.scope
        try:
            fixed = closed(scope.value(raw), {}) if scope is not None else raw
        except Unresolved:
            self.notes.append(f"{self._extension.path}.name: {raw} is not known here: the name on the set is kept")
            return ""
        return str(fixed).rsplit("/", 1)[-1]

    def _names(self, where: str, raw: Any) -> Iterator[str]:
        value = self._value(where, raw)
        if isinstance(value, list):
            for entry in value:
                yield self._templated(where, entry)
        elif isinstance(value, Hole):
            self._note(
                where, f"the names that {value.name} gives were not taken over: write script.provision_after by hand"
            )

    def _fixed(self) -> None:
        scope = self._extension.scope
        for name, value in (scope.chosen if scope is not None else {}).items():
            if value is None:
                self.notes.append(f"the parameter {name} may be absent, and was not taken over")
            elif name not in self._holes:
                self.notes.append(f"the parameter {name} was fixed at its default {value!r}, which a function needs")

    # -- public settings ----------------------------------------------------------------------------------------

    def _settings(self, value: Value) -> tuple[dict[str, Any], dict[str, Any]]:
        """The script's fields that public settings become, and the settings that the format has no word for."""
        settings = self._as_object("settings", value)
        if settings is None:
            raw = self._extension.properties.get("settings")
            return ({"command": escape(str(raw))} if value not in (None, "") else {}), {}
        for key in [key for key, inner in settings.items() if self._is_secret(inner)]:
            self._move(key, settings.pop(key))
        rest = {key: inner for key, inner in settings.items() if inner is not None}
        self.notes += [
            f"{key}: null was ignored; Azure treats it as absent" for key, inner in settings.items() if inner is None
        ]
        taken = self._taken(rest)
        self.notes += [f"{key} is passed on unchanged" for key in rest if key != "script"]
        return taken, {key: self._passed(f"settings.{key}", inner) for key, inner in rest.items()}

    def _taken(self, rest: dict[str, Any]) -> dict[str, Any]:
        """Takes out of `rest` what the format has words for."""
        taken: dict[str, Any] = {}
        files = rest.get("fileUris")
        if isinstance(files, list | tuple) and files and all(isinstance(file, str | Text | Hole) for file in files):
            del rest["fileUris"]
            taken["files"] = tuple(FileRef(self._templated("settings.fileUris", file)) for file in files)
        if _is_text(rest.get("commandToExecute")):
            taken["command"] = self._templated("settings.commandToExecute", rest.pop("commandToExecute"))
        elif "script" in rest:
            taken.update(self._inline(rest))
        if rest.get("skipDos2Unix") is True:
            taken["skip_dos2unix"] = rest.pop("skipDos2Unix")
        stamp = rest.get("timestamp")
        if isinstance(stamp, int) and not isinstance(stamp, bool):
            taken["timestamp"] = rest.pop("timestamp")
        return taken

    def _inline(self, rest: dict[str, Any]) -> dict[str, Any]:
        """An inline script as text where encoding it again gives the same setting; else it stays encoded."""
        value = rest["script"]
        try:
            text = decode(value) if isinstance(value, str) and value else ""
        except ValueError:
            text = ""
        if text and encode(text).value == value:
            del rest["script"]
            return {"inline": text}
        shown = f"; its text is:\n{text.rstrip()}" if text else ""
        self.notes.append(f"script: the inline script is kept encoded, so that Azure sees no change{shown}")
        return {}

    def _passed(self, where: str, value: Value) -> Any:
        """A setting without a word in the format: holes are filled by their defaults, and null has no place in TOML."""
        if any(holes_of(value)):
            try:
                value = closed(value, self._extension.scope.chosen if self._extension.scope is not None else {})
            except Unresolved as reason:
                self._note(where, f"a variable is not allowed here, and {reason}: replace it by hand")
                return shown(value)
        return _without_null(value)

    def _as_object(self, where: str, value: Value) -> dict[str, Any] | None:
        """Settings as an object, also where they are written as JSON text; any other value is noted."""
        if isinstance(value, str):
            with suppress(ValueError, RecursionError):
                value = json.loads(value)
        if isinstance(value, Mapping):
            return dict(value)
        if value not in (None, ""):
            self._note(where, "is not an object that the document determines: write the settings by hand")
        return None

    # -- secrets ------------------------------------------------------------------------------------------------

    def _is_secret(self, value: Value) -> bool:
        return any(hole.secure and hole.default != "" for hole in holes_of(value))

    def _move(self, key: str, value: Value) -> None:
        names = ", ".join(dict.fromkeys(hole.name for hole in holes_of(value) if hole.secure))
        variable = environment_name(key)
        self._secret[key] = SecretRef(SecretSource.ENV, variable)
        self.notes.append(
            f"{key} uses the secure parameter {names}, so it is a protected setting now: "
            f"put it into ${variable}: {command_shown(value)}"
        )

    def _protected(self, inner: Json) -> None:
        vault = self._value("protectedSettingsFromKeyVault", inner.get("protectedSettingsFromKeyVault"))
        if isinstance(vault, Mapping) and vault:
            source = vault.get("sourceVault")
            vault_id = source.get("id", "") if isinstance(source, Mapping) else ""
            where = f"{shown(vault_id)} {shown(vault.get('secretUrl', ''))}"
            self._secret = {WHOLE: SecretRef(SecretSource.KEY_VAULT, where)}
            return
        raw = inner.get("protectedSettings")
        if raw in (None, "", {}):
            return
        settings = self._as_object("protectedSettings", self._value("protectedSettings", raw))
        refs, notes = references(settings or {})
        self._secret.update(refs)
        self.notes += notes


def _is_text(value: Value) -> bool:
    return isinstance(value, Text | Hole) or (isinstance(value, str) and bool(value))


def _variable(hole: Hole) -> Variable:
    pattern = "|".join(map(re.escape, hole.allowed))
    default = str(hole.default) if isinstance(hole.default, str | int) else None
    return Variable(name=hole.name, help=hole.help, default=default, pattern=pattern)


def _without_null(value: Any) -> Any:
    """TOML has no null."""
    if isinstance(value, Mapping):
        return {key: _without_null(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_null(inner) for inner in value if inner is not None]
    return value
