"""Role definitions and role assignments: Azure's own, the scenario's, and those that requests put and delete.

Sources: the Authorization REST reference, "Azure custom roles", "Troubleshoot Azure RBAC", the negative tests of the
SDK for .NET. Inferred: InvalidRoleDefinitionId, InvalidAssignableScope, BuiltInRoleDefinitionCannotBeDeleted. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from vmss_tui.simulator.governance.access import BUILT_IN, Rights
from vmss_tui.simulator.governance.barriers import Refusal, covers
from vmss_tui.simulator.governance.operations import unknown_operation
from vmss_tui.simulator.scenario.model import Principal, Role, Scenario
from vmss_tui.simulator.world.state.chance import guid

_BUILT_IN_IDS = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Virtual Machine Contributor": "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
}
"""As in every tenant ("Azure built-in roles")."""
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_SCOPE = re.compile(
    r"/(subscriptions/[^/]+(/resourcegroups/[^/]+)?(/providers/.+)?|providers/[^/]+/managementgroups/[^/]+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A role definition. `id` is its GUID, `scopes` are where it can be assigned."""

    id: str
    role: Role
    custom: bool = True
    description: str = ""
    scopes: tuple[str, ...] = ("/",)
    tenant: str = ""
    """The directory that it is in; empty for those that every directory has."""

    def assignable_at(self, scope: str) -> bool:
        """Whether it can be assigned at a scope: at or below one of its own."""
        return any(covers(own, scope) for own in self.scopes)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role definition given to a principal at a scope. `id` is the assignment's own GUID."""

    id: str
    definition: str
    scope: str
    principal: Principal


@dataclass(slots=True)
class RoleBook:
    """Every role definition and assignment of a running simulator."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    """By GUID in lower case."""
    assignments: list[Assignment] = field(default_factory=list)
    _rights: dict[tuple[str, str], Rights] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """Those that a scenario starts with; a role that it does not define gives no right."""
        book = cls()
        for role in (*BUILT_IN, *scenario.roles):
            custom = role not in BUILT_IN
            own = guid("role", role.name) if custom else _BUILT_IN_IDS[role.name]
            book.definitions[own] = Definition(own, role, custom)
        named = {found.role.name.lower(): found.id for found in book.definitions.values()}
        book.assignments = [
            Assignment(
                guid("assignment", principal.object_id, given.role, given.scope),
                named.get(given.role.lower(), ""),
                given.scope,
                principal,
            )
            for principal in scenario.principals
            for given in principal.roles
        ]
        return book

    def rights(self, principal: Principal) -> Rights:
        """What a principal may do now."""
        key = (principal.object_id, principal.tenant_id)
        if key not in self._rights:
            none = Definition("", Role("", ()))
            self._rights[key] = Rights(
                (self.definitions.get(given.definition, none).role, given.scope)
                for given in self.assignments
                if (given.principal.object_id, given.principal.tenant_id) == key
            )
        return self._rights[key]

    def definitions_at(self, scope: str, tenant: str) -> Iterator[Definition]:
        """The definitions that can be assigned at a scope."""
        for found in self.definitions.values():
            if found.tenant in ("", tenant) and found.assignable_at(scope):
                yield found

    def put_definition(self, wanted: str, body: Any, caller: Principal) -> Definition | Refusal:
        """Create or replace a custom role."""
        properties = body.get("properties") if isinstance(body, dict) else None
        if not isinstance(properties, dict):
            return Refusal(400, "InvalidRequestContent", "The request content was invalid: 'properties' is missing.")
        older = self.definitions.get(wanted.lower())
        refusal = self._refuse_name(wanted, properties, older, caller) or self._refuse_scopes(properties, caller)
        if refusal is not None:
            return refusal
        actions, not_actions = _patterns(properties, "actions"), _patterns(properties, "notActions")
        unknown = unknown_operation((*actions, *not_actions))
        if unknown is not None:
            return Refusal(400, "InvalidActionOrNotAction", unknown)
        role = Role(str(properties["roleName"]), actions, not_actions)
        scopes, description = tuple(properties["assignableScopes"]), str(properties.get("description") or "")
        made = Definition(wanted.lower(), role, True, description, scopes, caller.tenant_id)
        self.definitions[made.id] = made
        self._rights.clear()
        return made

    def _refuse_name(
        self, wanted: str, properties: dict[str, Any], older: Definition | None, caller: Principal
    ) -> Refusal | None:
        name = properties.get("roleName")
        if not _GUID.fullmatch(wanted):
            return Refusal(400, "InvalidRoleDefinitionId", f"The role definition ID '{wanted}' is not a GUID.")
        if older is not None and not older.custom:
            return Refusal(409, "RoleDefinitionExists", "A role definition with the same ID already exists.")
        if properties.get("type") not in (None, "", "CustomRole"):
            return Refusal(400, "InvalidRoleDefinitionType", "The role definition type must be CustomRole.")
        if not isinstance(name, str) or not name.strip():
            return Refusal(400, "RoleDefinitionNameNullOrEmpty", "The role definition name cannot be null or empty.")
        for other in self.definitions.values():
            same = other.role.name.lower() == name.lower() and other.tenant in ("", caller.tenant_id)
            if same and other is not older:
                return Refusal(
                    409,
                    "RoleDefinitionWithSameNameExists",
                    "A custom role with the same name already exists in this directory. Use a different name",
                )
        return None

    def _refuse_scopes(self, properties: dict[str, Any], caller: Principal) -> Refusal | None:
        scopes, action = properties.get("assignableScopes"), "Microsoft.Authorization/roleDefinitions/write"
        if not isinstance(scopes, list) or not scopes:
            return Refusal(400, "MissingAssignableScopes", "The role definition must have assignable scopes.")
        for scope in scopes:
            if not isinstance(scope, str) or not _SCOPE.fullmatch(scope):
                return Refusal(
                    400,
                    "LinkedInvalidPropertyId",
                    f"Property id '{scope}' at path 'properties.assignableScopes' is invalid. Expect fully qualified "
                    "resource Id that start with '/subscriptions/{subscriptionId}' or "
                    "'/providers/{resourceProviderNamespace}/'.",
                )
            if scope == "/":
                return Refusal(
                    400, "InvalidAssignableScope", "The root scope '/' cannot be an assignable scope of a custom role."
                )
            if not self.rights(caller).allow(action, scope):
                return Refusal(
                    403,
                    "LinkedAuthorizationFailed",
                    f"The client '{caller.name}' with object id '{caller.object_id}' has permission to perform action "
                    f"'{action}' on scope '{scopes[0]}'; however, it does not have permission to perform action "
                    f"'{action}' on the linked scope(s) '{scope}' or the linked scope(s) are invalid.",
                )
        return None

    def delete_definition(self, wanted: str) -> Definition | Refusal | None:
        """Take a custom role away; None when there is none."""
        found = self.definitions.get(wanted.lower())
        if found is None:
            return None
        if not found.custom:
            return Refusal(400, "BuiltInRoleDefinitionCannotBeDeleted", "A built-in role cannot be deleted.")
        if any(given.definition == found.id for given in self.assignments):
            return Refusal(
                400,
                "RoleDefinitionHasAssignments",
                f"There are existing role assignments referencing role: '{found.id}'.",
            )
        del self.definitions[found.id]
        return found

    def assign(self, scope: str, wanted: str, body: Any, principals: list[Principal]) -> Assignment | Refusal:
        """Give a role to one of the `principals` of a directory."""
        properties = body.get("properties", body) if isinstance(body, dict) else {}
        own, who = str(properties.get("roleDefinitionId") or ""), str(properties.get("principalId") or "")
        definition = self.definitions.get(own.rpartition("/")[2].lower())
        if definition is None:
            missing = own.rpartition("/")[2]
            return Refusal(
                404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{missing}' does not exist."
            )
        principal = next((found for found in principals if found.object_id == who.lower()), None)
        if principal is None:
            return Refusal(
                400,
                "PrincipalNotFound",
                f"Principal {who.replace('-', '')} does not exist in the directory. Check that you have the correct "
                "principal ID. If you are creating this principal and then immediately assigning a role, this error "
                "might be related to a replication delay.",
            )
        if not definition.assignable_at(scope):
            return Refusal(
                400,
                "ScopeDoesNotMatchRoleDefinition",
                f"The role definition '{definition.id}' cannot be assigned at scope '{scope}'.",
            )
        for given in self.assignments:
            if (given.definition, given.principal, given.scope.lower()) == (definition.id, principal, scope.lower()):
                text = "The role assignment already exists."
                return Refusal(
                    409, "RoleAssignmentExists", f"{text} The ID of the existing role assignment is {given.id}."
                )
        made = Assignment(wanted.lower(), definition.id, scope, principal)
        self.assignments.append(made)
        self._rights.clear()
        return made

    def withdraw(self, scope: str, wanted: str) -> Assignment | None:
        """Take an assignment away; None when there is none."""
        for given in self.assignments:
            if (given.id, given.scope.lower()) == (wanted.lower(), scope.lower()):
                self.assignments.remove(given)
                self._rights.clear()
                return given
        return None


def _patterns(properties: dict[str, Any], key: str) -> tuple[str, ...]:
    """The actions of all permissions of a body."""
    permissions = properties.get("permissions")
    blocks = permissions if isinstance(permissions, list) else []
    lists = [block.get(key) for block in blocks if isinstance(block, dict)]
    return tuple(str(pattern) for patterns in lists if isinstance(patterns, list) for pattern in patterns)
