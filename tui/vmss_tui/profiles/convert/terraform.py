"""Extensions of azurerm in Terraform's JSON: a configuration (`.tf.json`), a plan or a state (`terraform show -json`).

Pure. A configuration has references in its texts; plans and states have values.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vmss_tui.profiles.convert import hcl
from vmss_tui.profiles.convert.arm_expressions import Scope
from vmss_tui.profiles.convert.arm_values import Hole, Unresolved, Value, joined
from vmss_tui.profiles.convert.extension import Extension

Json = Mapping[str, Any]

_ARM_NAMES = {
    "publisher": "publisher",
    "type": "type",
    "type_handler_version": "typeHandlerVersion",
    "auto_upgrade_minor_version": "autoUpgradeMinorVersion",
    "force_update_tag": "forceUpdateTag",
    "force_extension_execution_on_change": "forceUpdateTag",
    "provision_after_extensions": "provisionAfterExtensions",
    "extensions_to_provision_after_vm_creation": "provisionAfterExtensions",
    "failure_suppression_enabled": "suppressFailures",
    "settings": "settings",
    "protected_settings": "protectedSettings",
}
_REFERENCE = re.compile(r"\$\$\{|\$\{\s*var\.([A-Za-z_][\w-]*)\s*\}|\$\{")


class _Unread(str):
    """A text with a reference that only Terraform can follow."""

    __slots__ = ()


@dataclass(slots=True)
class _Values(Scope):
    """The content of the block, already read."""

    template: Json = field(default_factory=dict)

    def value(self, raw: Any, depth: int = 0) -> Value:
        """The value itself. Raises Unresolved for a text with a reference that only Terraform can follow."""
        if isinstance(raw, _Unread):
            raise Unresolved("only Terraform can resolve its reference; import the output of `terraform show -json`")
        return raw


@dataclass(frozen=True, slots=True)
class Terraform:
    """How to read the extensions of one document."""

    configuration: bool
    variables: Json

    @classmethod
    def of(cls, document: Any) -> "Terraform":
        """By what the document is: only a configuration declares resources and variables."""
        table = document if isinstance(document, Mapping) else {}
        variables = table.get("variable")
        return cls("resource" in table, variables if isinstance(variables, Mapping) else {})

    def extension(self, node: Json, path: str) -> Extension | None:
        """The extension that a block describes; None for any other table."""
        if "type_handler_version" not in node or "publisher" not in node:
            return None
        properties: dict[str, Any] = {}
        for key, name in _ARM_NAMES.items():
            value = self._read(node.get(key))
            if value not in (None, "", []):
                properties[name] = value
        vault = node.get("protected_settings_from_key_vault")
        block = vault[0] if isinstance(vault, list) and vault else vault
        if isinstance(block, Mapping):
            properties["protectedSettingsFromKeyVault"] = {
                "sourceVault": {"id": self._read(block.get("source_vault_id", ""))},
                "secretUrl": self._read(block.get("secret_url", "")),
            }
        return Extension(self._read(node.get("name")), properties, path, _Values())

    def _read(self, value: Any) -> Value:
        """A value; settings are JSON text."""
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                return self._inside(json.loads(value))
            except ValueError:
                return self._references(value)
        if self.configuration and isinstance(value, str):
            try:
                return self._inside(hcl.encoded(value))
            except (ValueError, RecursionError):
                return self._references(value)
        return self._inside(value)

    def _inside(self, value: Any) -> Value:
        if isinstance(value, Mapping):
            return {key: self._inside(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._inside(inner) for inner in value]
        return self._references(value) if isinstance(value, str) else value

    def _references(self, text: str) -> Value:
        """`${var.name}` is a variable and `$${` a literal `${`, where the document is a configuration."""
        if not self.configuration:
            return text
        pieces: list[Value] = []
        at = 0
        for match in _REFERENCE.finditer(text):
            if match[0] == "${":
                return _Unread(text)
            pieces += [text[at : match.start()], self._variable(match[1]) if match[1] else "${"]
            at = match.end()
        return joined(*pieces, text[at:]) if pieces else text

    def _variable(self, name: str) -> Hole:
        declared = self.variables.get(name)
        block = declared[0] if isinstance(declared, list) and declared else declared
        table = block if isinstance(block, Mapping) else {}
        default = table.get("default")
        return Hole(
            name,
            default if isinstance(default, str | int) else None,
            table.get("sensitive") is True,
            str(table.get("description", "")),
        )
