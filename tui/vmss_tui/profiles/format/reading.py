"""From a document's table to typed values: unknown keys, wrong types and ranges, all of them in one pass.

A value that cannot be read is left out and reported, so that everything else is still checked.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.plan.rollout_policy import BatchStep
from vmss_tui.profiles.format.nearest import nearest
from vmss_tui.profiles.format.problem import LintProblem, error
from vmss_tui.profiles.format.profile import WHOLE, FileRef
from vmss_tui.profiles.format.spec import FILE, HOOK, PROFILE, SECRET, STEP, VAULT, Key, Kind, Section
from vmss_tui.profiles.format.values import READERS, Refused, mismatch, refuse

Table = Mapping[str, Any]


class Reading:
    """Reads tables against the spec and collects every problem on the way."""

    def __init__(self) -> None:
        self.problems: list[LintProblem] = []
        self.forced: set[str] = set()
        self._readers: Mapping[Kind, Callable[[Any, Key, str], Any]] = {
            **READERS,
            Kind.TEXTS: self._texts,
            Kind.FILES: self._files,
            Kind.STEPS: self._steps,
            Kind.HOOKS: self._hooks,
            Kind.TEXT_MAP: self._text_map,
            Kind.SECRET: self._secret,
            Kind.SECTION: self._inner,
        }

    def read(self, data: Table) -> dict[str, Any]:
        """The whole profile as nested tables of typed values."""
        return self._section(data, PROFILE, "")

    def _value(self, raw: Any, key: Key, at: str) -> Any:
        """The typed value, or None when it was refused and reported."""
        try:
            return self._readers[key.kind](raw, key, at)
        except Refused as refused:
            self.problems.append(refused.problem)
            return None

    def _section(self, data: Table, section: Section, at: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, raw in data.items():
            path = f"{at}.{name}" if at else name
            key = section.key(name) or _free(section, name)
            if key is None:
                self.problems.append(_unknown(name, section, path, at))
                continue
            value = self._value(raw, key, path)
            if value is not None:
                found[name] = value
        for group in section.exclusive:
            given = [name for name in group if name in data]
            if len(given) > 1:
                self.problems.append(
                    error(f"{at}.{given[1]}", f"{given[0]} is given too", f"keep one of {' and '.join(given)}")
                )
        return found

    def _inner(self, raw: Any, key: Key, at: str) -> dict[str, Any]:
        if not isinstance(raw, dict) or key.section is None:
            raise mismatch(raw, at, "a table", f"write [{at}] and its keys below")
        if key.section.each_kind is Kind.SECRET and "key_vault" in raw:
            return self._whole_vault(raw, at)
        return self._section(raw, key.section, at)

    def _each(self, raw: list[Any], key: Key, at: str) -> list[Any]:
        """The entries of a list that could be read; the others are reported."""
        found = (self._value(each, key, f"{at}[{index}]") for index, each in enumerate(raw))
        return [each for each in found if each is not None]

    def _texts(self, raw: Any, key: Key, at: str) -> tuple[str, ...]:
        if not isinstance(raw, list):
            raise mismatch(raw, at, "a list of texts", f'write ["{raw}"]' if isinstance(raw, str) else "")
        return tuple(self._each(raw, Key(name=key.name, kind=Kind.TEXT, help=""), at))

    def _text_map(self, raw: Any, key: Key, at: str) -> dict[str, str]:
        if not isinstance(raw, dict):
            raise mismatch(raw, at, "a table of texts", 'such as { app = "web" }')
        one = Key(name=key.name, kind=Kind.TEXT, help="")
        found = {name: self._value(each, one, f"{at}.{name}") for name, each in raw.items()}
        return {name: each for name, each in found.items() if each is not None}

    def _files(self, raw: Any, key: Key, at: str) -> tuple[FileRef, ...]:
        if not isinstance(raw, list):
            raise mismatch(raw, at, "a list of addresses", f'write ["{raw}"]' if isinstance(raw, str) else "")
        found = []
        for index, each in enumerate(raw):
            place = f"{at}[{index}]"
            table = self._section(each, FILE, place) if isinstance(each, dict) else {"uri": each}
            if isinstance(table.get("uri"), str):
                found.append(FileRef(table["uri"], table.get("sha256", "")))
            elif not isinstance(each, dict) or "uri" not in each:
                wanted = 'an address, or { uri = "https://…", sha256 = "…" }'
                self.problems.append(error(place, f"must be {wanted}", code="type"))
        return tuple(found)

    def _steps(self, raw: Any, key: Key, at: str) -> tuple[BatchStep, ...] | None:
        if not isinstance(raw, list) or not raw:
            raise mismatch(raw, at, "a list of batches", 'such as [1, "10%", "50%", "100%"]')
        found = []
        for index, each in enumerate(raw):
            place = f"{at}[{index}]"
            table = self._section(each if isinstance(each, dict) else {"batch": each}, STEP, place)
            if isinstance(each, dict) and "batch" not in each:
                self.problems.append(error(place, "has no batch", 'write { batch = "10%", approve = true }'))
            if "batch" in table:
                found.append(BatchStep(table["batch"], table.get("approve", False)))
        return tuple(found) or None

    def _hooks(self, raw: Any, key: Key, at: str) -> tuple[Table, ...]:
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            raise mismatch(raw, at, "a list of tables", "write [[hooks]] and its keys below")
        return tuple(self._section(each, HOOK, f"{at}[{index}]") for index, each in enumerate(raw))

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
        if key.name == "managedIdentity" and not set(raw) & {each.name for each in SECRET.keys}:
            return self._identity(raw, at)
        if "key_vault" in raw:
            raise refuse(
                at,
                "Azure reads all protected settings from one Key Vault secret, not one of them",
                "write [protected] key_vault = { vault_id = …, secret_url = … }; the secret holds a JSON object",
                "key-vault",
            )
        return self._reference(raw, key.name, at)

    def _identity(self, raw: Table, at: str) -> SecretRef:
        for each, value in raw.items():
            if each not in ("clientId", "objectId") or not isinstance(value, str):
                hint = "use {}, { clientId = … } or { objectId = … }"
                self.problems.append(error(f"{at}.{each}", "is no identity", hint))
        return SecretRef(SecretSource.LITERAL, json.dumps(raw, sort_keys=True, default=str))

    def _reference(self, raw: Table, name: str, at: str) -> SecretRef:
        asks = raw.get("prompt") is True
        table = self._section({**raw, "prompt": name} if asks else raw, SECRET, at)
        given = [each for each in ("env", "file", "prompt", "literal") if each in table]
        if len(given) != 1:
            raise refuse(at, "needs exactly one of env, file, prompt", '{ env = "NAME" }')
        if not table[given[0]].strip():
            raise refuse(f"{at}.{given[0]}", "is empty", '{ env = "NAME" }, { file = "path" } or { prompt = true }')
        if given[0] == "literal" and table.get("force"):
            self.forced.add(name)
        return SecretRef(SecretSource(given[0]), table[given[0]])


def _free(section: Section, name: str) -> Key | None:
    """The key that a free name stands for in a section of free names."""
    if section.each is not None:
        return Key(name=name, kind=Kind.SECTION, help="", section=section.each)
    return Key(name=name, kind=section.each_kind, help="") if section.each_kind is not None else None


def _unknown(name: str, section: Section, path: str, at: str) -> LintProblem:
    known = [key.name for key in section.keys]
    near = nearest(name, known)
    others = [key.name for key in PROFILE.keys if key.section is not None and key.section.key(name)]
    if near:
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"it belongs into [{others[0]}]" if others else f"known here: {', '.join(known)}"
    return error(path, "unknown key" + (f" in [{at}]" if at else ""), hint, "unknown-key")
