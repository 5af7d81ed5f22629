"""From a document's table to a `Profile`, by the table of keys: every unknown key, wrong type and range in one pass.

A value that cannot be read is reported and replaced by its default, so that everything else is still checked. `Reader`
turns tables into typed values; `build` puts them together.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from vmss_tui.domain.fleet.script import HANDLERS, LINUX, WINDOWS, Handler, HandlerOs, SecretRef, SecretSource
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.rollout_policy import BatchStep, RolloutPolicy
from vmss_tui.domain.plan.waves import WaveRules
from vmss_tui.paths import expanded
from vmss_tui.profiles.format.document import Document, read_text
from vmss_tui.profiles.format.fields import PROFILE
from vmss_tui.profiles.format.policy_fields import ROLLOUT
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import WHOLE, Profile, ReportFields, Rerun, Script, Targets, Variable
from vmss_tui.profiles.format.script_fields import SCRIPT, SECRET, VAULT
from vmss_tui.profiles.format.sections import Key, Kind, Section
from vmss_tui.profiles.format.values import Refused, mismatch, nearest, read_value, refuse

Table = Mapping[str, Any]

_COMPOSED = (Script, RolloutPolicy, Variable)
"""Dataclasses that `build` makes, since more than their own table goes into them."""


class Reader:
    """Reads tables against the table of keys and collects every problem on the way."""

    def __init__(self) -> None:
        self.problems: list[LintProblem] = []
        self.forced: set[str] = set()
        self._readers: Mapping[Kind, Callable[[Any, Key, str], Any]] = {
            Kind.LIST: self._list,
            Kind.ENTRIES: self._entries,
            Kind.TEXT_MAP: self._text_map,
            Kind.SECRET: self._secret,
            Kind.SECTION: self._inner,
        }

    def read(self, data: Table) -> dict[str, Any]:
        """The whole profile as typed values."""
        return self._section(data, PROFILE, "")

    def _value(self, raw: Any, key: Key, at: str) -> Any:
        """The typed value, or None when it was refused and reported."""
        try:
            return self._readers.get(key.kind, read_value)(raw, key, at)
        except Refused as refused:
            self.problems.append(refused.problem)
            return None

    def _section(self, data: Table, section: Section, at: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, raw in data.items():
            path = f"{at}.{name}" if at else name
            key = section.key(name) or _free(section, name)
            if key is None:
                self.problems.append(_unknown(name, section, path, at))
                continue
            value = self._value(raw, key, path)
            if value is not None:
                values[name] = value
        for group in section.exclusive:
            given = [name for name in group if name in data]
            if len(given) > 1:
                self.problems.append(
                    error(f"{at}.{given[1]}", f"{given[0]} is also given", f"keep one of {' and '.join(given)}")
                )
        return values

    def _inner(self, raw: Any, key: Key, at: str) -> Any:
        if not isinstance(raw, dict) or key.section is None:
            example = key.section.example if key.section is not None else ""
            raise mismatch(raw, at, "a table", f"write {example or f'[{at}] and its keys below'}")
        if key.section.entry_kind is Kind.SECRET and "key_vault" in raw:
            return self._whole_vault(raw, at)
        return self._made(self._section(raw, key.section, at), key.section, raw, at)

    def _made(self, values: dict[str, Any], section: Section, raw: Table, at: str) -> Any:
        """The dataclass of a section; None, and a problem, without what it needs."""
        missing = [name for name in section.required if name not in raw]
        if missing:
            raise refuse(at, f"has no {' and no '.join(missing)}", f"write {section.example}")
        if section.becomes is None or section.becomes in _COMPOSED:
            return values
        if any(name not in values for name in section.required):
            return None
        return section.becomes(**{key.field: values[key.name] for key in section.keys if key.name in values})

    def _list(self, raw: Any, key: Key, at: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise mismatch(raw, at, "a list", f'write ["{raw}"]' if isinstance(raw, str) else "")
        item = Key(name=key.name, kind=key.item, help="")
        values = (self._value(entry, item, f"{at}[{index}]") for index, entry in enumerate(raw))
        return tuple(value for value in values if value is not None)

    def _text_map(self, raw: Any, key: Key, at: str) -> dict[str, str]:
        if not isinstance(raw, dict):
            raise mismatch(raw, at, "a table of strings", 'such as { app = "web" }')
        item = Key(name=key.name, kind=Kind.TEXT, help="")
        values = {name: self._value(value, item, f"{at}.{name}") for name, value in raw.items()}
        return {name: value for name, value in values.items() if value is not None}

    def _entries(self, raw: Any, key: Key, at: str) -> tuple[Any, ...] | None:
        hint = f"such as {key.example}" if key.example else f"write [[{at}]] and its keys below"
        if not isinstance(raw, list):
            raise mismatch(raw, at, "a list", hint)
        if len(raw) < (key.low or 0):
            raise refuse(at, "is an empty list", hint)
        values = (self._entry(entry, key, f"{at}[{index}]") for index, entry in enumerate(raw))
        return tuple(value for value in values if value is not None) or (None if key.low else ())

    def _entry(self, raw: Any, key: Key, at: str) -> Any:
        """One table of a list, or the value that may stand for it; None when it was refused and reported."""
        section = key.section or Section(help="")
        short = section.key(key.short)
        inner = Key(name=key.name, kind=Kind.SECTION, help="", section=section)
        if isinstance(raw, dict) or short is None:
            return self._value(raw, inner, at)
        value = self._value(raw, short, at)
        return None if value is None or section.becomes is None else section.becomes(**{short.field: value})

    def _whole_vault(self, raw: Table, at: str) -> dict[str, Any]:
        self.problems += [
            error(
                f"{at}.{name}",
                "Azure takes all protected settings from the Key Vault secret, or none",
                f"put {name} into the secret, or remove {at}.key_vault",
                "key-vault",
            )
            for name in raw
            if name != "key_vault"
        ]
        vault = raw["key_vault"]
        table = self._section(vault, VAULT, f"{at}.key_vault") if isinstance(vault, dict) else {}
        if not table.get("vault_id") or not table.get("secret_url"):
            raise refuse(
                f"{at}.key_vault", "needs vault_id and secret_url", "the vault's resource id and the secret's address"
            )
        return {WHOLE: SecretRef(SecretSource.KEY_VAULT, f"{table['vault_id']} {table['secret_url']}")}

    def _secret(self, raw: Any, key: Key, at: str) -> SecretRef:
        if isinstance(raw, str):
            hint = f'refer to it: {key.name} = {{ env = "…" }}, file or prompt'
            raise refuse(at, "is written as plain text", hint, "literal")
        if not isinstance(raw, dict):
            raise mismatch(raw, at, "a reference", '{ env = "NAME" }, { file = "…" } or { prompt = true }')
        if key.name == "managedIdentity" and not set(raw) & {source.name for source in SECRET.keys}:
            return self._identity(raw, at)
        if "key_vault" in raw:
            raise refuse(
                at,
                "Azure reads all protected settings from one Key Vault secret, not a single one",
                "write [protected] key_vault = { vault_id = …, secret_url = … }; the secret holds a JSON object",
                "key-vault",
            )
        return self._reference(raw, key.name, at)

    def _identity(self, raw: Table, at: str) -> SecretRef:
        for name, value in raw.items():
            if name not in ("clientId", "objectId") or not isinstance(value, str):
                hint = "use {}, { clientId = … } or { objectId = … }"
                self.problems.append(error(f"{at}.{name}", "is not an identity", hint))
        return SecretRef(SecretSource.LITERAL, json.dumps(raw, sort_keys=True, default=str))

    def _reference(self, raw: Table, name: str, at: str) -> SecretRef:
        asks = raw.get("prompt") is True
        table = self._section({**raw, "prompt": name} if asks else raw, SECRET, at)
        given = [source for source in ("env", "file", "prompt", "literal") if source in table]
        if len(given) != 1:
            raise refuse(at, "needs exactly one of env, file, prompt", '{ env = "NAME" }')
        if not table[given[0]].strip():
            raise refuse(f"{at}.{given[0]}", "is empty", '{ env = "NAME" }, { file = "path" } or { prompt = true }')
        if given[0] == "literal" and table.get("force"):
            self.forced.add(name)
        return SecretRef(SecretSource(given[0]), table[given[0]])


def _free(section: Section, name: str) -> Key | None:
    """The key that a free name stands for in a section of free names."""
    if section.entries is not None:
        return Key(name=name, kind=Kind.SECTION, help="", section=section.entries)
    return Key(name=name, kind=section.entry_kind, help="") if section.entry_kind is not None else None


def _unknown(name: str, section: Section, path: str, at: str) -> LintProblem:
    known = [key.name for key in section.keys]
    near = nearest(name, known)
    others = [key.name for key in PROFILE.keys if key.section is not None and key.section.key(name)]
    top = PROFILE.key(name) if at else None
    if top is not None and top.section is not None:
        hint = f"it is a table of its own: [{name}]"
    elif near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"it belongs in [{others[0]}]" if others else f"known here: {', '.join(known)}"
    return error(path, "unknown key" + (f" in [{at}]" if at else ""), hint, "unknown-key")


# -- the profile ----------------------------------------------------------------------------------------------------


def build(document: Document, fallback: str) -> tuple[Profile, tuple[LintProblem, ...]]:
    """The profile of a document, named `fallback` when it has no name; and every problem of its structure."""
    reader = Reader()
    table = reader.read(document.data)
    problems = reader.problems
    policy, given = _policy(table, document)
    path = document.layers[0].path if document.layers else None
    script = _script(table.get("script", {}), document, problems)
    profile = Profile(
        name=table.get("name") or fallback,
        description=table.get("description", ""),
        owner=table.get("owner", ""),
        base=table.get("base", False),
        targets=table.get("targets", Targets()),
        variables=tuple(_variable(name, values, problems) for name, values in table.get("variables", {}).items()),
        script=script,
        protected={name: _anchored(ref, name, document) for name, ref in table.get("protected", {}).items()},
        forced=frozenset(reader.forced),
        policy=policy,
        policy_given=given,
        waves=table.get("waves", WaveRules()),
        report=table.get("report", ReportFields()),
        accept=table.get("lint", {}).get("accept", ()),
        extends=table.get("extends", ""),
        path=path,
        stamp=document.layers[0].stamp if document.layers else "",
        sources=_sources(document, script),
    )
    return profile, (*_schema(document), *problems)


def _schema(document: Document) -> tuple[LintProblem, ...]:
    """Which version of the format it is has to be stated, so that a later version can still read it."""
    if not document.layers or "schema" in document.data:
        return ()
    return (error("schema", "is missing", "begin the file with schema = 1", "schema"),)


def _sources(document: Document, script: Script) -> tuple[Path, ...]:
    inline = (Path(script.inline_file),) if script.inline_file else ()
    return (*(layer.path for layer in document.layers if layer.path is not None), *inline)


def _variable(name: str, values: Table, problems: list[LintProblem]) -> Variable:
    problems.extend(_required(name, values))
    return Variable(name=name, **{key: value for key, value in values.items() if key != "required"})


def _required(name: str, values: Table) -> tuple[LintProblem, ...]:
    """`required` must agree with the default."""
    key, stated = f"variables.{name}.required", values.get("required")
    if stated and "default" in values:
        return (error(key, "a variable with a default is not required", "remove one of the two"),)
    if stated is False and "default" not in values:
        return (error(key, "without a default a value is required", 'add default = ""'),)
    return ()


def handler_for(os: str, version: str = "", publisher: str = "", type_: str = "") -> Handler:
    """The handler for an operating system, in another version or from another publisher when given."""
    default = WINDOWS if os == HandlerOs.WINDOWS else LINUX
    known = next((handler for handler in HANDLERS if handler.matches(publisher, type_)), default)
    return Handler(known.os, publisher or known.publisher, type_ or known.type, version or known.version)


def _script(table: Table, document: Document, problems: list[LintProblem]) -> Script:
    handler = handler_for(
        table.get("os", "linux"), table.get("handler_version", ""), table.get("publisher", ""), table.get("type", "")
    )
    if ("publisher" in table) != ("type" in table):
        key = "publisher" if "publisher" in table else "type"
        problems.append(error(f"script.{key}", "publisher and type come together", "give both, or neither"))
    elif "publisher" in table and not any(known.matches(handler.publisher, handler.type) for known in HANDLERS):
        named = f"{handler.publisher}/{handler.type}"
        problems.append(error("script.publisher", f"{named} is not a Custom Script Extension", "remove it"))
    inline, path = table.get("inline", ""), ""
    if "inline_file" in table:
        path = str(_absolute(document.directory("script.inline_file"), table["inline_file"]))
        inline = _read_inline(Path(path), problems)
    composed = {"inline", "inline_file"}
    plain = {key.field: table[key.name] for key in SCRIPT.keys if key.name in table and "." not in key.attribute}
    plain = {name: value for name, value in plain.items() if name not in composed}
    return Script(handler=handler, inline=inline, inline_file=path, **plain)


def _read_inline(path: Path, problems: list[LintProblem]) -> str:
    try:
        return read_text(path)[0]
    except ValueError as problem:
        problems.append(error("script.inline_file", f"{path} {problem}", "give a path relative to the profile"))
        return ""


def _absolute(base: Path, written: str) -> Path:
    path = expanded(written)
    return path if path.is_absolute() else (base / path).absolute()


def _anchored(ref: SecretRef, name: str, document: Document) -> SecretRef:
    """File references as absolute paths: the process that reads them later runs elsewhere."""
    if ref.source is not SecretSource.FILE:
        return ref
    return SecretRef(SecretSource.FILE, str(_absolute(document.directory(f"protected.{name}"), ref.where)))


def _policy(table: Table, document: Document) -> tuple[RolloutPolicy, frozenset[str]]:
    """The policy and which of its fields `[rollout]`, `[[hooks]]` and `script.rerun` state."""
    rollout = table.get("rollout", {})
    values = {key.field: rollout[key.name] for key in ROLLOUT.keys if key.name in rollout}
    if "batch" in rollout:
        values["steps"] = (BatchStep(rollout["batch"]),)
    if table.get("script", {}).get("rerun") is Rerun.ALWAYS:
        values["force_rerun"] = True
    if table.get("hooks"):
        values["hooks"] = table["hooks"]
    window: Window | None = table.get("window")
    if window is not None and window.calendar:
        calendar = _absolute(document.directory("window.calendar"), window.calendar)
        window = replace(window, calendar=str(calendar))
    return replace(RolloutPolicy(**values), window=window), frozenset(values)
