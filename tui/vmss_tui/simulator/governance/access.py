"""Role-based access: which action a request needs, and whether a principal's role assignments allow it.

Pure. Role definitions follow "Azure built-in roles"; only the parts that meet this simulator's routes are here. Custom
roles come from the scenario. What a missing right looks like: a list is shorter, a direct request is 403.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vmss_tui.simulator.armpath import ArmPath
from vmss_tui.simulator.scenario.model import Principal, PrincipalKind, Role

BUILT_IN = (
    Role("Owner", ("*",)),
    Role(
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role("Reader", ("*/read",)),
    Role(
        "Virtual Machine Contributor",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/availabilitySets/*",
            "Microsoft.Compute/locations/*",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachineScaleSets/*",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
)
"""Roles of Azure that a scenario may assign by name; its own come on top."""

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_RESOURCE_PROVIDERS = ("Microsoft.Compute", "Microsoft.Network", "Microsoft.Insights", "Microsoft.Authorization")
_ACTION_NAMES = {"manualupgrade": "manualUpgrade", "poweroff": "powerOff", "reimageall": "reimageAll"}
_ASSIGN = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
_DEPLOY = "Microsoft.KeyVault/vaults/deploy/action"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of a principal at one scope, ready to be matched."""

    role: Role
    scope: str
    """Lower case, no trailing slash; empty for the root."""

    def covers(self, resource_id: str) -> bool:
        """Whether a resource lies at or below this grant's scope."""
        wanted = resource_id.lower()
        return not self.scope or wanted == self.scope or wanted.startswith(self.scope + "/")

    def allows(self, action: str) -> bool:
        """Whether the role holds an action: one of its actions and none of its notActions."""
        return matches_any(action, self.role.actions) and not matches_any(action, self.role.not_actions)


def matches_any(action: str, patterns: Iterable[str]) -> bool:
    """Whether an action matches one of some patterns: `*` stands for any text, case does not matter."""
    return any(_compiled(pattern.lower()).fullmatch(action.lower()) for pattern in patterns)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


class Rights:
    """Everything one principal may do."""

    def __init__(self, granted: Iterable[tuple[Role, str]]) -> None:
        """`granted`: its roles, each with the scope at which it is assigned."""
        self.grants = tuple(Grant(role, scope.rstrip("/").lower()) for role, scope in granted)

    def allow(self, action: str, scope: str) -> bool:
        """Whether the principal may do `action` on the resource with id `scope`."""
        return any(grant.covers(scope) and grant.allows(action) for grant in self.grants)

    def allow_within(self, action: str, scope: str) -> bool:
        """Whether the principal may do `action` somewhere at, above or below `scope`.

        An operation belongs to a subscription and region, and is polled by who started it in a group.
        """
        wanted = scope.lower()
        return any(
            grant.allows(action) and (grant.covers(wanted) or grant.scope.startswith(wanted + "/"))
            for grant in self.grants
        )

    def reaches(self, scope: str) -> bool:
        """Whether any assignment lies at, above or below a scope: what makes a subscription or group visible."""
        wanted = scope.lower()
        return any(grant.covers(wanted) or grant.scope.startswith(wanted + "/") for grant in self.grants)

    def keep_readable(self, ids: Iterable[str], action: str) -> list[bool]:
        """Say for each id of a list whether the principal may read it."""
        return [self.allow(action, identifier) for identifier in ids]

    def at(self, scope: str) -> list[Role]:
        """The roles that the principal has at a scope, inherited ones included."""
        return [grant.role for grant in self.grants if grant.covers(scope)]


def action_of(method: str, path: ArmPath) -> str:
    """Return the RBAC action of a request, for example `Microsoft.Compute/virtualMachineScaleSets/write`."""
    verb = _VERBS.get(method, "action")
    if path.kinds[:1] == ("eventtypes",):
        return "Microsoft.Insights/eventtypes/values/read"
    if path.kinds[-1:] == ("permissions",):
        return "Microsoft.Authorization/permissions/read"
    if path.provider in _RESOURCE_PROVIDERS and path.kinds:
        own = _own_kinds(path)
        if own[-2:] == ("rollingUpgrades", "cancel"):
            own = own[:-1]  # to ARM `cancel` is the name of what the action is for ("Azure permissions for Compute")
        return "/".join([path.provider, *(_ACTION_NAMES.get(kind, kind) for kind in own), verb])
    if path.group or path.pattern.endswith("/resourceGroups"):
        return f"Microsoft.Resources/subscriptions/resourceGroups/{verb}"
    return f"Microsoft.Resources/subscriptions/{'/'.join([*path.kinds, verb])}"


def _own_kinds(path: ArmPath) -> tuple[str, ...]:
    """The types of the path's last provider: a lock on a scale set is a lock."""
    return path.kinds[path.extends :]


def is_list(method: str, path: ArmPath) -> bool:
    """Whether a request lists resources that may lie in several groups (lists get shorter instead of 403)."""
    if method != "GET" or path.named or path.provider == "Microsoft.Authorization":
        return False
    return not path.group or path.kinds in (("virtualMachineScaleSets",), ("virtualMachines",))


def is_operation(path: ArmPath) -> bool:
    """Whether a request polls a long-running operation."""
    return path.kinds == ("locations", "operations")


def refusal(principal: Principal, action: str, scope: str) -> str:
    """Return ARM's own text of AuthorizationFailed."""
    return (
        f"The client '{client_of(principal)}' with object id '{principal.object_id}' does not have authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials."
    )


def linked_scopes(body: Any) -> dict[str, list[str]]:
    """The resources that a write links, by the action that it needs there: identities, and vaults of extensions."""
    if not isinstance(body, dict):
        return {}
    identity, properties = body.get("identity"), body.get("properties")
    identities = identity.get("userAssignedIdentities") if isinstance(identity, dict) else None
    vaults = [vault for vault in _vaults(properties) if vault]
    return {_ASSIGN: list(identities or ()), _DEPLOY: list(dict.fromkeys(vaults))}


def _vaults(value: Any) -> Iterator[str]:
    """Ids of the vaults of `protectedSettingsFromKeyVault`, anywhere in the body."""
    if isinstance(value, list):
        for item in value:
            yield from _vaults(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "protectedSettingsFromKeyVault" and isinstance(item, dict):
                yield str((item.get("sourceVault") or {}).get("id") or "")
            else:
                yield from _vaults(item)


def linked_refusal(rights: Rights, principal: Principal, scope: str, linked: Mapping[str, list[str]]) -> str | None:
    """LinkedAuthorizationFailed of a write that links resources which the principal may not use so; none if it may."""
    lacking = ((action, [i for i in ids if not rights.allow(action, i)]) for action, ids in linked.items())
    action, missing = next(((action, ids) for action, ids in lacking if ids), ("", []))
    if not missing:
        return None
    return (
        f"The client '{client_of(principal)}' with object id '{principal.object_id}' has permission to perform action "
        f"'Microsoft.Compute/virtualMachineScaleSets/write' on scope '{scope}'; however, it does not have permission "
        f"to perform action '{action}' on the linked scope(s) '{','.join(missing)}' or the linked scope(s) are "
        "invalid."
    )


def client_of(principal: Principal) -> str:
    """How ARM names a caller in its errors: a person by name, an application by its client id."""
    return principal.name if principal.kind is PrincipalKind.USER else principal.client_id
