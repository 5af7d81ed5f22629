"""Expressions of ARM templates: read, and evaluated against the parameters and variables of their template.

Pure. Depth and size are bounded, since templates come from anywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vmss_tui.profiles.convert.arm_functions import call
from vmss_tui.profiles.convert.arm_values import Hole, Text, Unresolved, Value, closed, holes_of

Json = Mapping[str, Any]

_DEPTH = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_$][\w$]*)|(?P<mark>[()\[\].,]))"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object or an entry of a list."""

    of: "Node"
    key: "Node"


Node = str | int | Call | Member


def is_expression(text: str) -> bool:
    """Whether a template's text is an expression: `[…]`, but not `[[…`, which stands for a literal bracket."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parse(text: str) -> Node:
    """The expression between the brackets. Raises Unresolved for what is not one."""
    tokens: list[tuple[str, str]] = []
    at = 0
    body = text.strip()
    while at < len(body):
        match = _TOKEN.match(body, at)
        if match is None or match.lastgroup is None:
            raise Unresolved("it is not a valid expression")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    reader = _Reader(tokens)
    node = reader.expression(0)
    if reader.at != len(tokens):
        raise Unresolved("it is not a valid expression")
    return node


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self.at = 0

    def _next(self) -> tuple[str, str]:
        return self._tokens[self.at] if self.at < len(self._tokens) else ("", "")

    def _take(self, mark: str) -> bool:
        if self._next() == ("mark", mark):
            self.at += 1
            return True
        return False

    def expression(self, depth: int) -> Node:
        """A literal, or a call with what is taken from its result."""
        if depth > _DEPTH:
            raise Unresolved("it is nested too deeply")
        kind, token = self._next()
        self.at += 1
        if kind == "text":
            return token[1:-1].replace("''", "'")
        if kind == "number":
            return int(token[:18])
        if kind != "name" or not self._take("("):
            raise Unresolved("it is not a valid expression")
        node: Node = Call(token.lower(), self._arguments(depth))
        while True:
            if self._take("."):
                kind, name = self._next()
                self.at += 1
                if kind != "name":
                    raise Unresolved("it is not a valid expression")
                node = Member(node, name)
            elif self._take("["):
                node = Member(node, self.expression(depth + 1))
                if not self._take("]"):
                    raise Unresolved("it is not a valid expression")
            else:
                return node

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        arguments: list[Node] = []
        while not self._take(")"):
            if arguments and not self._take(","):
                raise Unresolved("it is not a valid expression")
            arguments.append(self.expression(depth + 1))
        return tuple(arguments)


@dataclass(slots=True)
class Scope:
    """A template whose expressions are evaluated: its parameters and variables, and what a nested one is given."""

    template: Json
    given: Mapping[str, Value] = field(default_factory=dict)
    """Values of the parameters of a nested deployment."""
    nested: bool = False
    """Whether it is the template of a nested deployment, which gives everything that it wants to give."""
    chosen: dict[str, Any] = field(default_factory=dict)
    """Defaults that were used for missing parameters, by name."""
    _known: dict[str, Value] = field(default_factory=dict)
    """Variables that were evaluated already: each once, however often it is used."""

    def value(self, raw: Any, depth: int = 0) -> Value:
        """A JSON value of the template with every expression in it evaluated. Raises Unresolved."""
        if depth > _DEPTH:
            raise Unresolved("its values refer to each other in a cycle")
        if isinstance(raw, str):
            if is_expression(raw):
                return self._evaluated(parse(raw[1:-1]), depth + 1)
            return raw[1:] if raw.startswith("[[") and raw.endswith("]") else raw
        if isinstance(raw, Mapping):
            return {key: self.value(inner, depth + 1) for key, inner in raw.items()}
        if isinstance(raw, list):
            return [self.value(inner, depth + 1) for inner in raw]
        return raw

    def _evaluated(self, node: Node, depth: int) -> Value:
        if depth > _DEPTH:
            raise Unresolved("its values refer to each other in a cycle")
        if isinstance(node, Member):
            return self._member(node, depth)
        if not isinstance(node, Call):
            return node
        match node.name:
            case "if":
                return self._chosen_branch(node, depth)
            case "parameters" | "variables" if len(node.arguments) == 1:
                name = closed(self._evaluated(node.arguments[0], depth + 1), self.chosen)
                known = self._parameter if node.name == "parameters" else self._variable
                return known(str(name), depth)
        arguments = [self._evaluated(argument, depth + 1) for argument in node.arguments]
        return call(node.name, arguments, self.chosen)

    def _chosen_branch(self, node: Call, depth: int) -> Value:
        if len(node.arguments) != 3:
            raise Unresolved("if() takes three arguments")
        condition = closed(self._evaluated(node.arguments[0], depth + 1), self.chosen)
        if not isinstance(condition, bool):
            raise Unresolved("the condition of if() is not true or false")
        return self._evaluated(node.arguments[1 if condition else 2], depth + 1)

    def _member(self, node: Member, depth: int) -> Value:
        surroundings = _SURROUNDINGS.get(_dotted(node))
        if surroundings is not None:
            return surroundings
        key = closed(self._evaluated(node.key, depth + 1), self.chosen)
        found = member(self._evaluated(node.of, depth + 1), key)
        parameter = node.of.arguments if isinstance(node.of, Call) and node.of.name == "parameters" else ()
        if len(parameter) == 1 and isinstance(parameter[0], str) and isinstance(found, str | int):
            return Hole(_safe(f"{parameter[0]}_{key}"), found)
        return found

    def _parameter(self, name: str, depth: int) -> Value:
        given = _entry(self.given, name)
        if given is not None:
            return given
        entry = _entry(_table(self.template, "parameters"), name)
        if not isinstance(entry, Mapping):
            raise Unresolved(f"the parameter {name} is not declared")
        if entry.get("nullable") is True and "defaultValue" not in entry:
            if not self.nested:
                self.chosen[name] = None
            return None
        kind = str(entry.get("type", "")).lower()
        default = None
        if "defaultValue" in entry:
            try:
                default = self.value(entry["defaultValue"], depth + 1)
            except Unresolved:
                default = None
        if kind in ("object", "array") and default is not None:
            return default
        declared = next(known for known in _table(self.template, "parameters") if known.lower() == name.lower())
        return hole(declared, entry, default)

    def _variable(self, name: str, depth: int) -> Value:
        table = _table(self.template, "variables")
        if _entry(table, name) is None:
            raise Unresolved(f"the variable {name} is not declared")
        if name not in self._known:
            self._known[name] = self.value(_entry(table, name), depth + 1)
        return self._known[name]


_SURROUNDINGS: Mapping[str | None, Hole] = {
    "resourcegroup.name": Hole("resource_group", help="Name of the resource group that the template is deployed to"),
    "resourcegroup.location": Hole("location", help="Location of the resource group, such as westeurope"),
    "resourcegroup.id": Hole("resource_group_id", help="Resource id of the resource group"),
    "subscription.subscriptionid": Hole("subscription_id", help="Id of the subscription that is deployed to"),
    "subscription.tenantid": Hole("tenant_id", help="Id of the tenant that is deployed to"),
    "environment.suffixes.storage": Hole(
        "storage_suffix", "core.windows.net", help="Domain of the cloud's storage, such as core.windows.net"
    ),
}
"""What a deployment knows of its surroundings, as variables of the profile."""


def _dotted(node: Member) -> str | None:
    """`resourcegroup.name` for `resourceGroup().name`; None for anything else."""
    key = node.key if isinstance(node.key, str) else None
    if isinstance(node.of, Member):
        before = _dotted(node.of)
        return f"{before}.{key}".lower() if before is not None and key is not None else None
    if isinstance(node.of, Call) and not node.of.arguments and key is not None:
        return f"{node.of.name}.{key}".lower()
    return None


def hole(name: str, entry: Json, default: Any) -> Hole | Text:
    """The hole of a parameter, as it is declared."""
    metadata = entry.get("metadata")
    about = metadata.get("description", "") if isinstance(metadata, Mapping) else ""
    allowed = entry.get("allowedValues")
    plain = default if isinstance(default, str | int) else None
    if isinstance(default, Text) or any(holes_of(default)):
        plain = None
    return Hole(
        _safe(name),
        plain,
        str(entry.get("type", "")).lower().startswith("secure"),
        str(about),
        tuple(map(str, allowed)) if isinstance(allowed, list) else (),
    )


def member(of: Value, key: Value) -> Value:
    """A member of an object or an entry of a list; of a parameter without a value, a hole of its own.

    Raises Unresolved.
    """
    if isinstance(of, Hole):
        return Hole(_safe(f"{of.name}_{key}"), None, of.secure, of.help)
    if isinstance(of, Mapping):
        entry = _entry(of, str(key))
        if entry is not None:
            return entry
    if isinstance(of, list) and isinstance(key, int) and -1 < key < len(of):
        return of[key]
    raise Unresolved(f"there is no member {key}")


def _safe(name: str) -> str:
    """A name that a variable of a profile may have."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return safe if re.match(r"[A-Za-z_]", safe) else f"_{safe}"


def _table(template: Json, name: str) -> Json:
    table = template.get(name)
    return table if isinstance(table, Mapping) else {}


def _entry(table: Json, name: str) -> Any:
    """An entry by its name; case does not matter in a template."""
    if name in table:
        return table[name]
    return next((value for key, value in table.items() if str(key).lower() == name.lower()), None)
