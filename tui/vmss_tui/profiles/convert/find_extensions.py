"""Custom script extensions in a document: an ARM template, compiled Bicep, Terraform as JSON, or the output of `az`.

Pure. Each is found with its JSON path and, in a template, with the scope in which its expressions are evaluated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vmss_tui.profiles.convert.arm_expressions import Scope
from vmss_tui.profiles.convert.arm_values import Unresolved, Value
from vmss_tui.profiles.convert.extension import Extension
from vmss_tui.profiles.convert.terraform import Terraform

Json = Mapping[str, Any]

_DEPTH = 60
_FLAT_TYPES = ("typePropertiesType", "type1", "typeHandlerVersion")
"""How the Azure CLI shows an extension: flat, its type under another name since `type` is the resource's."""


def find_extensions(document: Any) -> Iterator[Extension]:
    """Every extension of the document that has a publisher and a type, in its order."""
    finder = _Finder(Terraform.of(document))
    yield from finder.walk(document, "$", Scope(document) if _is_template(document) else None, 0)


def _is_template(document: Any) -> bool:
    """Whether texts are expressions: in a template, and in a resource cut out of one."""
    if not isinstance(document, Mapping):
        return False
    if "resources" in document or "template" in str(document.get("$schema", "")).lower():
        return True
    inner = document.get("properties")
    deployed = "id" in document or (isinstance(inner, Mapping) and "provisioningState" in inner)
    return isinstance(inner, Mapping) and not deployed


class _Finder:
    """Walks a document from the outside in."""

    def __init__(self, terraform: Terraform) -> None:
        self._terraform = terraform

    def walk(self, node: Any, path: str, scope: Scope | None, depth: int, condition: str = "") -> Iterator[Extension]:
        """Every extension at or below a place of the document."""
        if depth > _DEPTH:
            return
        if isinstance(node, Mapping):
            if scope is not None and isinstance(node.get("condition"), str):
                condition = node["condition"]
            extension = self._terraform.extension(node, path) or _arm(node, path, scope)
            if extension is not None:
                yield replace(extension, condition=condition)
                return
            nested = _nested(node, scope)
            for key, inner in node.items():
                within = nested if nested is not None and key == "properties" else scope
                yield from self.walk(inner, f"{path}.{key}", within, depth + 1, condition)
        elif isinstance(node, Sequence) and not isinstance(node, str):
            for index, inner in enumerate(node):
                yield from self.walk(inner, f"{path}[{index}]", scope, depth + 1, condition)


def _nested(node: Json, scope: Scope | None) -> Scope | None:
    """The scope of a nested deployment that evaluates its own expressions; None where the outer template does."""
    inner = node.get("properties")
    template = inner.get("template") if isinstance(inner, Mapping) else None
    if scope is None or not isinstance(inner, Mapping) or not isinstance(template, Mapping):
        return None
    options = inner.get("expressionEvaluationOptions")
    if not isinstance(options, Mapping) or str(options.get("scope", "")).lower() != "inner":
        return None
    table = inner.get("parameters")
    given = dict(_given(table if isinstance(table, Mapping) else {}, scope))
    return Scope(template, given, True, scope.chosen)


def _given(table: Json, scope: Scope) -> Iterator[tuple[str, Value]]:
    for name, entry in table.items():
        if not isinstance(entry, Mapping):
            continue
        try:
            whole = scope.written_out(entry)
            if "value" in whole:
                yield name, scope.value(whole["value"])
        except Unresolved:
            continue


def _arm(node: Json, path: str, scope: Scope | None) -> Extension | None:
    inner = node.get("properties")
    if isinstance(inner, Mapping):
        found = "publisher" in inner and "type" in inner
        return Extension(node.get("name"), inner, f"{path}.properties", scope) if found else None
    if "publisher" in node and any(key in node for key in _FLAT_TYPES):
        type_ = node.get("typePropertiesType") or node.get("type1") or node.get("type")
        return Extension(node.get("name"), {**node, "type": type_}, path, None)
    return None
