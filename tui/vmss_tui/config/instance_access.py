"""How a person gets onto one instance: the command of a shell, and diagnostics of a team's own. Pure."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vmss_tui.domain.fleet.diagnostic import Diagnostic

SHELL = "ssh {user}@{private_ip}"
PLACEHOLDERS = ("user", "private_ip", "name", "id", "scale_set", "group", "subscription")
"""What a shell's command may name."""
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True)
class InstanceAccess:
    """What the configuration says about single instances; an empty `user` is the one of this host."""

    shell: str = SHELL
    user: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()


def shell_words(command: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The program and its arguments: the command is split first, so that no value becomes more than a part of one.

    Raises ValueError for a value that would become an option (Azure's names are foreign) or has a control character.
    """
    words = []
    for pattern in shlex.split(command):
        word = _PLACEHOLDER.sub(lambda found: values[found[1]], pattern)
        if not word.isprintable() or (word.startswith("-") and not pattern.startswith("-")):
            raise ValueError(f"{word!r} is not an argument for {pattern}")
        words.append(word)
    return tuple(words)


def needs_address(command: str) -> bool:
    """Whether a command names an address, which has to be read first."""
    return "private_ip" in _PLACEHOLDER.findall(command)


def shell_problem(command: Any) -> str:
    """Why a value is not a command line; empty when it is one."""
    if not isinstance(command, str):
        return f"{command!r} is not a command line"
    try:
        words = shlex.split(command)
    except ValueError as error:
        return f"{command!r} is not a command line: {error}"
    unknown = next((name for name in _PLACEHOLDER.findall(command) if name not in PLACEHOLDERS), None)
    if unknown is not None:
        return f"{{{unknown}}} stands for nothing; use {', '.join(PLACEHOLDERS)}"
    return "" if words else "is empty"


def own_diagnostic(table: Mapping[str, Any]) -> Diagnostic:
    """A table of `[[diagnostics]]`. Raises ValueError with what is wrong."""
    if not _NAME.fullmatch(table["name"]):
        raise ValueError(f"name: {table['name']!r} has characters other than letters, digits, '.', '_' and '-'")
    if not (table["linux"] or table["windows"]):
        raise ValueError("has neither a linux nor a windows script")
    return Diagnostic(name=table["name"], help=table["help"], linux=table["linux"], windows=table["windows"])
