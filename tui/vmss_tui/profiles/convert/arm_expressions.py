"""Expressions of ARM templates, as far as scripts use them: parameters become variables of a profile. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from vmss_tui.profiles.format.profile import Variable
from vmss_tui.profiles.format.variables import escape

Json = Mapping[str, Any]


class Expressions:
    """Template expressions as variables of a profile: parameters become variables, constants become text."""

    def __init__(self, template: Json, notes: list[str]) -> None:
        self._template = template
        self._notes = notes
        self.variables: dict[str, Variable] = {}

    def text(self, text: str) -> str:
        """Text that may be one expression; what cannot be read is kept and noted."""
        if not text.startswith("[") or text.startswith("[[") or not text.endswith("]"):
            return text.replace("[[", "[", 1) if text.startswith("[[") else text
        found = self._evaluated(text[1:-1].strip(), 0)
        if found is None:
            self._notes.append(f"the template expression {text} was kept: replace it by hand")
            return text
        return found

    def _evaluated(self, expression: str, depth: int) -> str | None:
        if depth > 20:
            return None
        literal = re.fullmatch(r"'((?:[^']|'')*)'", expression)
        if literal is not None:
            return escape(literal[1].replace("''", "'"))
        call = re.fullmatch(r"(\w+)\((.*)\)", expression, re.DOTALL)
        if call is None:
            return None
        parts = [self._evaluated(each, depth + 1) for each in _arguments(call[2])]
        if any(part is None for part in parts):
            return None
        return self._called(call[1].lower(), [part for part in parts if part is not None], depth)

    def _called(self, function: str, parts: list[str], depth: int) -> str | None:
        if function == "concat":
            return "".join(parts)
        if function == "format" and parts:
            return re.sub(r"\{(\d+)\}", lambda found: (parts[1:] + [found[0]] * 99)[int(found[1])], parts[0])
        if function == "parameters" and len(parts) == 1:
            return self._parameter(parts[0])
        if function == "variables" and len(parts) == 1:
            return self._variable(parts[0], depth)
        return None

    def _parameter(self, name: str) -> str:
        table = self._template.get("parameters")
        entry = table.get(name) if isinstance(table, Mapping) else None
        default = entry.get("defaultValue") if isinstance(entry, Mapping) else None
        metadata = entry.get("metadata") if isinstance(entry, Mapping) else None
        help_ = metadata.get("description", "") if isinstance(metadata, Mapping) else ""
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", name)
        self.variables[safe] = Variable(
            name=safe, help=str(help_), default=str(default) if isinstance(default, str | int) else None
        )
        return "${" + safe + "}"

    def _variable(self, name: str, depth: int) -> str | None:
        table = self._template.get("variables")
        value = table.get(name) if isinstance(table, Mapping) else None
        if not isinstance(value, str):
            return None
        return self._evaluated(value[1:-1].strip(), depth + 1) if value.startswith("[") else escape(value)


def _arguments(text: str) -> list[str]:
    """The arguments of a call, split at commas outside of quotes and brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted and char in "([":
            depth += 1
        elif not quoted and char in ")]":
            depth -= 1
        elif not quoted and char == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    tail = text[start:].strip()
    return [*parts, tail] if tail else parts
