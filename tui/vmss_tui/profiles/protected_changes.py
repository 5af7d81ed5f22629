"""What happens to the protected settings, in words: Azure never shows the values that it holds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from vmss_tui.domain.fleet.script import ScriptConfig, SecretRef, SecretSource
from vmss_tui.profiles.format.profile import WHOLE


class ProtectedWord(StrEnum):
    """A protected setting compared with those of the set."""

    SET = "set"
    """It is written for the first time."""
    CHANGED = "changed"
    """It is written from another source than last time."""
    AGAIN = "written again"
    """It is written from the same source as last time; whether the value is another one is not known."""
    DROPPED = "dropped"
    """It is not among the settings that replace the block."""
    UNCHANGED = "unchanged"
    """It is not written, which keeps what Azure has."""
    REPLACED = "unknown on Azure"
    """It is written, and what it replaces cannot be seen."""
    KEPT = "kept, if any"
    """Nothing is written; Azure keeps what it has."""


@dataclass(frozen=True, slots=True)
class ProtectedChange:
    """One line of the diff: the setting's name, the word, and where the value comes from (never the value)."""

    name: str
    word: ProtectedWord
    source: str = ""


def protected_changes(
    old: ScriptConfig | None, new: ScriptConfig, applied: ScriptConfig | None = None
) -> tuple[ProtectedChange, ...]:
    """Compare protected settings.

    `old` is what the set has now (None: no such extension), `applied` what this tool wrote last, if that is known and
    still current.
    """
    if old is None:
        return tuple(ProtectedChange(name, ProtectedWord.SET, source_of(ref)) for name, ref in _sorted(new))
    known = applied.protected if applied is not None else old.protected if old.protected_known else None
    if not new.protected:
        kept = sorted(known or ())
        lines = [ProtectedChange(name, ProtectedWord.UNCHANGED, "kept by Azure") for name in kept]
        return tuple(lines) if known is not None else (ProtectedChange(WHOLE, ProtectedWord.KEPT),)
    lines = [ProtectedChange(name, _word(ref, name, known), source_of(ref)) for name, ref in _sorted(new)]
    gone = sorted(set(known or ()) - set(new.protected))
    return (*lines, *(ProtectedChange(name, ProtectedWord.DROPPED) for name in gone))


def _sorted(script: ScriptConfig) -> list[tuple[str, SecretRef]]:
    return sorted(script.protected.items())


def _word(ref: SecretRef, name: str, known: Mapping[str, SecretRef] | None) -> ProtectedWord:
    if known is None:
        return ProtectedWord.REPLACED
    if name not in known:
        return ProtectedWord.SET
    return ProtectedWord.AGAIN if known[name] == ref else ProtectedWord.CHANGED


def source_of(ref: SecretRef) -> str:
    """Where a value comes from: `$WEB_KEY`, `file /etc/key`, `asked at the start`, `in the profile`, `Key Vault …`."""
    match ref.source:
        case SecretSource.ENV:
            return f"${ref.where}"
        case SecretSource.FILE:
            return f"file {ref.where}"
        case SecretSource.PROMPT:
            return "prompted at the start"
        case SecretSource.LITERAL:
            return "in the profile"
        case SecretSource.KEY_VAULT:
            return f"Key Vault {ref.where.partition(' ')[2]}"
        case _:
            assert_never(ref.source)
