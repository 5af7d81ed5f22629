"""Expressions of ARM templates, evaluated against the parameters and variables of their template.

Pure. Depth and size are bounded, since templates come from anywhere. Loops over properties and variables: "Property
iteration in ARM templates", "Variable iteration in ARM templates"; Bicep writes its `for` so. `map` and `filter` with a
lambda: "Lambda functions for ARM templates".
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vmss_tui.profiles.convert.arm_functions import bounded, call
from vmss_tui.profiles.convert.arm_syntax import Call, Member, Node, is_expression, parse
from vmss_tui.profiles.convert.arm_values import Hole, Text, Unresolved, Value, closed, holes_of

Json = Mapping[str, Any]

_DEPTH = 40
_MOST_IN_A_LOOP = 800
"""Azure's own limit of a loop."""
_LONGEST_ENTRY = 8192
"""Letters in one entry of a loop: an address or a command, not a file."""
_MOST_ENTRIES = 10_000
"""Of all loops of a template, those within loops counted as often as they are written out."""
_MOST_PARTS = 1_000_000
"""Of all lists, objects and texts that functions give within loops: a second of work."""
_LETTERS_A_PART = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a loop that is written out: its input, and which entry of which loop it is."""

    input: Any
    loop: str
    index: int


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
    _defaults: dict[str, Value] = field(default_factory=dict)
    """The same of the defaults of parameters."""
    _within: dict[str, Value] = field(default_factory=dict)
    """Indexes of loops and variables of lambdas that are being evaluated, by `loop NAME` and `lambda NAME`."""
    _entries: int = 0
    """Entries of loops that were written out so far."""
    _parts: int = 0
    """Parts of the lists and objects that functions gave within loops so far."""

    def value(self, raw: Any, depth: int = 0) -> Value:
        """A JSON value of the template with every expression in it evaluated. Raises Unresolved."""
        if depth > _DEPTH:
            raise Unresolved("its values refer to each other in a cycle")
        if isinstance(raw, str):
            if is_expression(raw):
                return self._evaluated(parse(raw[1:-1]), depth + 1)
            return raw[1:] if raw.startswith("[[") and raw.endswith("]") else raw
        if isinstance(raw, Entry):
            with self.within(raw):
                return brief(self.value(raw.input, depth + 1))
        if isinstance(raw, Mapping):
            return {key: self.value(inner, depth + 1) for key, inner in self.written_out(raw).items()}
        if isinstance(raw, list):
            return [self.value(inner, depth + 1) for inner in raw]
        return raw

    def written_out(self, raw: Json) -> Json:
        """An object with every loop over its properties as a list of `Entry`. Raises Unresolved."""
        if not _is_loops(raw.get("copy")):
            return raw
        lists = {str(loop["name"]): self._entries_of(loop) for loop in raw["copy"]}
        return {**{key: inner for key, inner in raw.items() if key != "copy"}, **lists}

    def _entries_of(self, loop: Json) -> list[Entry]:
        name, count = str(loop["name"]), closed(self.value(loop["count"]), self.chosen)
        if type(count) is not int or not 0 <= count <= _MOST_IN_A_LOOP:
            raise Unresolved(f"the count of the loop {name} is not a number up to {_MOST_IN_A_LOOP}")
        self._entries += count
        if self._entries > _MOST_ENTRIES:
            raise Unresolved(f"its loops have more than {_MOST_ENTRIES} entries")
        return [Entry(loop["input"], name.lower(), index) for index in range(count)]

    @contextmanager
    def within(self, entry: Entry) -> Iterator[None]:
        """Evaluate as in this entry of its loop."""
        with self._knowing(f"loop {entry.loop}", entry.index):
            yield

    @contextmanager
    def _knowing(self, name: str, value: Value) -> Iterator[None]:
        before = self._within
        self._within = {**before, name: value}
        try:
            yield
        finally:
            self._within = before

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
            case "copyindex" if node.arguments and isinstance(node.arguments[0], str):
                return self._index(node, depth)
            case "lambdavariables" if len(node.arguments) == 1:
                return self._known_within(f"lambda {node.arguments[0]}".lower())
            case "map" | "filter" if len(node.arguments) == 2:
                return self._mapped(node.name, *node.arguments, depth)
        arguments = [self._evaluated(argument, depth + 1) for argument in node.arguments]
        return self._counted(call(node.name, arguments, self.chosen))

    def _counted(self, value: Value) -> Value:
        """The result of a function. Raises Unresolved once those within loops have become too much work."""
        if self._within and isinstance(value, list | Mapping | str):
            self._parts += len(value) // (_LETTERS_A_PART if isinstance(value, str) else 1)
            if self._parts > _MOST_PARTS:
                raise Unresolved(f"the lists in its loops have more than {_MOST_PARTS} parts")
        return value

    def _known_within(self, name: str) -> Value:
        if name not in self._within:
            raise Unresolved(f"the {name} is not declared")
        return self._within[name]

    def _index(self, node: Call, depth: int) -> int:
        """`copyIndex('loop')`, also with a number that it begins at."""
        offset = closed(self._evaluated(node.arguments[1], depth + 1), self.chosen) if node.arguments[1:] else 0
        index = self._known_within(f"loop {node.arguments[0]}".lower())
        if type(offset) is not int or len(node.arguments) > 2:
            raise Unresolved("copyIndex() takes a loop and a number")
        return int(index) + offset

    def _mapped(self, function: str, source: Node, body: Node, depth: int) -> list[Value]:
        """`map` or `filter` of a list, by a lambda with one variable; entries of a parameter stay variables."""
        values = self._evaluated(source, depth + 1)
        if not isinstance(body, Call) or body.name != "lambda" or len(body.arguments) != 2:
            raise Unresolved(f"{function}() takes a lambda with one variable")
        if not isinstance(values, list):
            raise Unresolved(f"{function}() takes a list")
        self._entries += len(values)
        if self._entries > _MOST_ENTRIES:
            raise Unresolved(f"its loops have more than {_MOST_ENTRIES} entries")
        name, found = f"lambda {body.arguments[0]}".lower(), list[Value]()
        for index, value in enumerate(values):
            item = _part(source, index, value)
            with self._knowing(name, item):
                made = brief(self._evaluated(body.arguments[1], depth + 1))
            if function == "map":
                found.append(made)
            elif closed(made, self.chosen) is True:
                found.append(item)
        return found

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
        return _part(node.of, key, member(self._evaluated(node.of, depth + 1), key))

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
        default = self._default(name.lower(), entry, depth)
        if kind in ("object", "array") and default is not None:
            return default
        declared = next(known for known in _table(self.template, "parameters") if known.lower() == name.lower())
        return hole(declared, entry, default)

    def _default(self, name: str, entry: Json, depth: int) -> Value:
        """The default of a parameter; None without one, and where only a deployment determines it."""
        if name not in self._defaults:
            try:
                self._defaults[name] = bounded(self.value(entry.get("defaultValue"), depth + 1))
            except Unresolved:
                self._defaults[name] = None
        return self._defaults[name]

    def _variable(self, name: str, depth: int) -> Value:
        table = _table(self.template, "variables")
        raw = _entry(table, name)
        if raw is None and _is_loops(table.get("copy")):
            loop = next((loop for loop in table["copy"] if str(loop["name"]).lower() == name.lower()), None)
            raw = self._entries_of(loop) if loop is not None else None
        if raw is None:
            raise Unresolved(f"the variable {name} is not declared")
        if name not in self._known:
            before, self._within = self._within, {}
            try:
                self._known[name] = bounded(self.value(raw, depth + 1))
            finally:
                self._within = before
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


def brief(value: Value) -> Value:
    """The value of an entry of a loop. Raises Unresolved for one that is too long."""
    rest, letters = [value], 0
    while rest:
        part = rest.pop()
        if isinstance(part, Mapping | list):
            rest += part.values() if isinstance(part, Mapping) else part
        else:
            texts = part.pieces if isinstance(part, Text) else (part,)
            letters += sum(len(text) for text in texts if isinstance(text, str))
        if letters > _LONGEST_ENTRY:
            raise Unresolved(f"an entry of a loop is longer than {_LONGEST_ENTRY // 1024} KiB")
    return value


def _is_loops(raw: Any) -> bool:
    """Whether the member `copy` of an object is a list of loops over its properties."""
    return (
        isinstance(raw, list)
        and bool(raw)
        and all(isinstance(loop, Mapping) and {"name", "count", "input"} <= loop.keys() for loop in raw)
    )


def _part(of: Node, key: Value, found: Value) -> Value:
    """A part of a parameter is a variable of its own, with what the default has there."""
    parameter = of.arguments if isinstance(of, Call) and of.name == "parameters" else ()
    if len(parameter) == 1 and isinstance(parameter[0], str) and isinstance(found, str | int):
        return Hole(_safe(f"{parameter[0]}_{key}"), found)
    return found


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
