"""Role-based access: which action a request needs, and whether a principal's role assignments allow it.

Pure. Role definitions follow "Azure built-in roles"; only the parts that meet this simulator's routes are here.
What a missing right looks like: a list is shorter, a direct request is 403 AuthorizationFailed.
"""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

from vmss_tui.simulator.armpath import ArmPath
from vmss_tui.simulator.scenario.model import Principal, PrincipalKind

ROLES: dict[str, tuple[str, ...]] = {
    "owner": ("*",),
    "contributor": ("*",),
    "reader": ("*/read",),
    "virtual machine contributor": (
        "Microsoft.Compute/availabilitySets/*",
        "Microsoft.Compute/locations/*",
        "Microsoft.Compute/virtualMachines/*",
        "Microsoft.Compute/virtualMachineScaleSets/*",
        "Microsoft.Resources/subscriptions/resourceGroups/read",
    ),
}
"""Role name in lower case -> patterns of allowed actions."""

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_PROVIDERS = ("Microsoft.Compute", "Microsoft.Insights")
_ACTION_NAMES = {"manualupgrade": "manualUpgrade", "poweroff": "powerOff", "reimageall": "reimageAll"}


@dataclass(frozen=True, slots=True)
class Grant:
    """One role of a principal at one scope, ready to be matched."""

    patterns: tuple[str, ...]
    scope: str
    """Lower case, no trailing slash; empty for the root."""

    def covers(self, resource_id: str) -> bool:
        """Whether a resource lies at or below this grant's scope."""
        wanted = resource_id.lower()
        return not self.scope or wanted == self.scope or wanted.startswith(self.scope + "/")

    def allows(self, action: str) -> bool:
        """Whether the role holds an action."""
        return any(_matches(action, pattern) for pattern in self.patterns)


def _matches(action: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(action.lower(), pattern.lower())


class Rights:
    """Everything one principal may do."""

    def __init__(self, principal: Principal) -> None:
        self.grants = tuple(
            Grant(ROLES.get(assignment.role.lower(), ()), assignment.scope.rstrip("/").lower())
            for assignment in principal.roles
        )

    def allow(self, action: str, scope: str) -> bool:
        """Whether the principal may do `action` on the resource with id `scope`."""
        return any(grant.covers(scope) and grant.allows(action) for grant in self.grants)

    def reaches(self, scope: str) -> bool:
        """Whether any assignment lies at, above or below a scope: what makes a subscription or group visible."""
        wanted = scope.lower()
        return any(grant.covers(wanted) or grant.scope.startswith(wanted + "/") for grant in self.grants)

    def keep_readable(self, ids: Iterable[str], action: str) -> list[bool]:
        """Say for each id of a list whether the principal may read it."""
        return [self.allow(action, identifier) for identifier in ids]


def action_of(method: str, path: ArmPath) -> str:
    """Return the RBAC action of a request, for example `Microsoft.Compute/virtualMachineScaleSets/write`."""
    verb = _VERBS.get(method, "action")
    if path.provider in _PROVIDERS and path.kinds:
        return "/".join([path.provider, *(_ACTION_NAMES.get(kind, kind) for kind in path.kinds), verb])
    if path.group or path.pattern.endswith("/resourceGroups"):
        return f"Microsoft.Resources/subscriptions/resourceGroups/{verb}"
    return f"Microsoft.Resources/subscriptions/{'/'.join([*path.kinds, verb])}"


def is_list(method: str, path: ArmPath) -> bool:
    """Whether a request lists resources that may lie in several groups (lists get shorter instead of 403)."""
    if method != "GET" or path.named:
        return False
    return not path.group or path.kinds in (("virtualMachineScaleSets",), ("virtualMachines",))


def refusal(principal: Principal, action: str, scope: str) -> str:
    """Return ARM's own text of AuthorizationFailed."""
    return (
        f"The client '{_client(principal)}' with object id '{principal.object_id}' does not have authorization to "
        f"perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, "
        "please refresh your credentials."
    )


def _client(principal: Principal) -> str:
    return principal.name if principal.kind is PrincipalKind.USER else principal.client_id
