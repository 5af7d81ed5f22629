"""Protected values of a document: the references that replace them, and the parts that may be shown. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.profiles.convert.arm_values import Hole, Text, Unresolved, Value, holes_of, joined

Json = Mapping[str, Any]


def environment_name(setting: str) -> str:
    """The environment variable that stands for a protected value: `VMSS_TUI_SECRET_STORAGE_ACCOUNT_KEY`."""
    return "VMSS_TUI_SECRET_" + re.sub(r"(?<=[a-z])(?=[A-Z])", "_", setting).upper()


def references(protected: Json) -> tuple[dict[str, SecretRef], list[str]]:
    """Environment variables instead of protected values; values that are not secret are taken over."""
    refs: dict[str, SecretRef] = {}
    notes = []
    for key, value in protected.items():
        if key == "managedIdentity" and isinstance(value, Mapping) and not any(holes_of(value)):
            refs[key] = SecretRef(SecretSource.LITERAL, json.dumps(dict(value), sort_keys=True))
        elif key == "storageAccountName" and isinstance(value, str):
            refs[key] = SecretRef(SecretSource.LITERAL, value)
        else:
            variable = environment_name(key)
            refs[key] = SecretRef(SecretSource.ENV, variable)
            notes.append(f"the value of {key} was not taken over: put it into ${variable}{_open_parts(key, value)}")
    return refs, notes


def _open_parts(key: str, value: Value) -> str:
    """The open parts of a protected value: words of a command, addresses of files without their query."""
    if key == "commandToExecute":
        return f": {command_shown(value)}"
    if key == "fileUris" and isinstance(value, list):
        files = [shown(file).partition("?") for file in value if isinstance(file, str | Text | Hole)]
        named = (_USERINFO.sub("//***@", address) + ("?***" if query else "") for address, query, _ in files)
        return f", with blanks between them or as a JSON list: {' '.join(named)}"
    return ""


_USERINFO = re.compile(r"//[^/@]*@")
_KNOWN_WORDS = re.compile(
    r"-{0,2}[A-Za-z][\w-]*|/c|[&|;]+|[\w./\\:-]*\.(?:sh|ps1|py|cmd|bat|exe|zip|gz|tgz|tar|msi)|<[\w-]+>", re.IGNORECASE
)
_PROGRAMS = frozenset((
    "sh", "bash", "sudo", "env", "powershell", "pwsh", "python", "python3", "cmd", "perl", "ruby", "node", "apt-get",
    "yum", "dnf", "install", "update", "run", "true",
))  # fmt: skip


def command_shown(value: Value) -> str:
    """The parts of a command that are not secret: programs, files, names of options, and names for parameters."""
    try:
        text = joined(value)
    except Unresolved:
        return "***"
    words = (text.shown() if isinstance(text, Text) else text).split()
    return " ".join(word if _is_open(word) else "***" for word in words)


def _is_open(word: str) -> bool:
    if word.lower() in _PROGRAMS or word.startswith("-"):
        return "=" not in word
    return bool(_KNOWN_WORDS.fullmatch(word)) and not word.replace("-", "").isalnum()


def shown(value: Value) -> str:
    """A value for a note: `<name>` for what a deployment gives."""
    text = joined(value) if isinstance(value, str | Text | Hole | int) else str(value)
    return text.shown() if isinstance(text, Text) else text
