"""Reads the tables of a scenario that say what is allowed and what is not: roles, locks, deny assignments, policies."""

from collections.abc import Callable, Mapping
from typing import Any

from vmss_tui.simulator.scenario.model import DenyAssignment, Lock, LockLevel, Policy, Role
from vmss_tui.simulator.world.state.chance import guid

FindScope = Callable[[str], str]
"""Makes an ARM id of a scope as a scenario writes it."""
_SETS = ("Microsoft.Compute/virtualMachineScaleSets/*",)


def roles(document: Mapping[str, Any]) -> tuple[Role, ...]:
    """Custom roles."""
    return tuple(
        Role(table["name"], tuple(table["actions"]), tuple(table.get("not_actions", ())))
        for table in document.get("roles", ())
    )


def locks(document: Mapping[str, Any], scope: FindScope) -> tuple[Lock, ...]:
    """Management locks."""
    return tuple(
        Lock(
            table["name"], scope(table["scope"]), LockLevel(table.get("level", "CanNotDelete")), table.get("notes", "")
        )
        for table in document.get("locks", ())
    )


def denials(document: Mapping[str, Any], scope: FindScope) -> tuple[DenyAssignment, ...]:
    """Deny assignments."""
    return tuple(
        DenyAssignment(
            guid("denial", table["name"]),
            table["name"],
            scope(table["scope"]),
            tuple(table.get("actions", ("*/write", "*/delete", "*/action"))),
            tuple(table.get("excluded", ())),
        )
        for table in document.get("deny_assignments", ())
    )


def policies(document: Mapping[str, Any], scope: FindScope) -> tuple[Policy, ...]:
    """Azure Policy assignments."""
    return tuple(
        Policy(
            guid("policy", table["name"]),
            table["name"],
            scope(table["scope"]),
            tuple(table.get("actions", _SETS)),
            table.get("contains", ""),
            table.get("effect", "Deny"),
        )
        for table in document.get("policies", ())
    )
