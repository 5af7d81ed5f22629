"""Rights at Azure: what a request needs, whether permissions allow it, and the custom roles that suffice. Pure.

An action is allowed when one permission lists it under `actions` and does not take it back under `notActions`; `*`
stands for any characters, slashes included, and case does not matter. Source: "Understand Azure role definitions"
and `GET {scope}/providers/Microsoft.Authorization/permissions`. A wildcard such as `virtualMachines/*/read` does not
match `virtualMachineScaleSets/virtualMachines/read`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet

_SETS = "Microsoft.Compute/virtualMachineScaleSets"
_MACHINES = "Microsoft.Compute/virtualMachines"
WRITE_SET = f"{_SETS}/write"
CANCEL_UPGRADE = f"{_SETS}/rollingUpgrades/action"
"""To cancel a rolling upgrade. Until 2020 it was listed as `rollingUpgrades/cancel/action`; Azure refuses a custom role
with an action that no provider has (`InvalidActionOrNotAction`). Source: "Azure permissions for Compute"."""

READ = (
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    f"{_SETS}/read",
    f"{_SETS}/instanceView/read",
    f"{_SETS}/rollingUpgrades/read",
    f"{_SETS}/virtualMachines/read",
    f"{_SETS}/virtualMachines/instanceView/read",
    f"{_SETS}/extensions/read",
    f"{_MACHINES}/read",
    f"{_MACHINES}/instanceView/read",
    f"{_MACHINES}/extensions/read",
    "Microsoft.Compute/locations/operations/read",
)
"""What every screen and reading command needs, for Uniform and Flexible sets."""
ADVISED = (
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/policyAssignments/read",
    "Microsoft.StandbyPool/*/read",
    "Microsoft.Authorization/denyAssignments/read",
    "Microsoft.Insights/autoscaleSettings/read",
    "Microsoft.Insights/eventtypes/values/read",
    "Microsoft.ResourceGraph/resources/read",
)
"""What makes plans and lists better and stops nothing when it is missing."""
ROLL_OUT_UNIFORM = (
    WRITE_SET,
    f"{_SETS}/extensions/write",
    f"{_SETS}/extensions/delete",
    f"{_SETS}/manualupgrade/action",
    CANCEL_UPGRADE,
    f"{_SETS}/setOrchestrationServiceState/action",
    f"{_SETS}/virtualMachines/extensions/write",
    f"{_SETS}/virtualMachines/extensions/delete",
)
"""A retry writes the extension of single instances, the undo of a first installation removes it there."""
ROLL_OUT_FLEXIBLE = (f"{_MACHINES}/extensions/write", f"{_MACHINES}/extensions/delete")
DIAGNOSE = (
    f"{_SETS}/virtualMachines/runCommand/action",
    f"{_MACHINES}/runCommand/action",
)
"""What diagnostics on instances need, Uniform and Flexible: they run a script by Run Command."""
REACH = (
    f"{_SETS}/virtualMachines/networkInterfaces/read",
    "Microsoft.Network/networkInterfaces/read",
)
"""What a shell on an instance needs to know its address."""


def needed_to_change(scale_set: ScaleSet) -> tuple[str, ...]:
    """The actions that any rollout to a set of its kind uses."""
    flexible = scale_set.orchestration is Orchestration.FLEXIBLE
    return (WRITE_SET, f"{_MACHINES}/extensions/write" if flexible else f"{_SETS}/extensions/write")


DEPLOY_FROM_VAULT = "Microsoft.KeyVault/vaults/deploy/action"
"""Needed on a vault when a write refers to it ("Virtual machine extensions: protectedSettingsFromKeyVault").

ARM checks the resources that a request links. Our writes send the upgrade policy and extensions, no network profile,
identities or placement groups, so vaults are all that they link.
"""


class Role(StrEnum):
    """A custom role that this program documents."""

    READER = "reader"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Permission:
    """One entry of a permissions answer, or of a role: what it gives and what it takes back."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether this entry gives the action."""
        return _any_matches(action, self.actions) and not _any_matches(action, self.not_actions)


def allowed(action: str, permissions: Iterable[Permission]) -> bool:
    """Whether any permission gives the action."""
    return any(permission.allows(action) for permission in permissions)


def may_write(permissions: Sequence[Permission]) -> bool:
    """Whether any write that this program sends is allowed; without one the account only reads."""
    return any(allowed(action, permissions) for action in (*ROLL_OUT_UNIFORM, *ROLL_OUT_FLEXIBLE))


def missing(needed: Iterable[str], permissions: Sequence[Permission]) -> tuple[str, ...]:
    """The actions that no permission gives, in their order."""
    return tuple(action for action in needed if not allowed(action, permissions))


def needed_to_roll_out(
    scale_set: ScaleSet,
    *,
    writes_model: bool,
    client_batches: bool,
    by_instance: bool = False,
    removes: bool = False,
    suspends_repairs: bool = False,
) -> tuple[str, ...]:
    """The actions that a rollout of this set will use, so that a missing one is named before the start.

    `by_instance`: its batches write the extension of single instances; `removes`: it deletes the extension.
    """
    flexible = scale_set.orchestration is Orchestration.FLEXIBLE
    verb = "delete" if removes else "write"
    needed = [WRITE_SET, f"{_SETS}/extensions/{verb}"] if writes_model else []
    if suspends_repairs:
        needed.append(f"{_SETS}/setOrchestrationServiceState/action")
    if not client_batches:
        return (*needed, CANCEL_UPGRADE)
    if by_instance or flexible:
        instance = _MACHINES if flexible else f"{_SETS}/virtualMachines"
        return (*needed, f"{instance}/extensions/{verb}")
    return (*needed, f"{_SETS}/manualupgrade/action")


def role_definition(role: Role, scopes: Sequence[str]) -> Mapping[str, Any]:
    """The role as `az role definition create --role-definition` takes it."""
    actions = [*READ, *ADVISED]
    if role is Role.OPERATOR:
        actions += [*ROLL_OUT_UNIFORM, *ROLL_OUT_FLEXIBLE, *DIAGNOSE, *REACH]
    what = "Watch" if role is Role.READER else "Watch and roll out to"
    return {
        "Name": f"vmss-tui {role.value}",
        "IsCustom": True,
        "Description": f"{what} virtual machine scale sets with vmss-tui.",
        "Actions": actions,
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": list(scopes),
    }


def _any_matches(action: str, patterns: Iterable[str]) -> bool:
    return any(_pattern(pattern).fullmatch(action) is not None for pattern in patterns)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    """A role's wildcard as a pattern; runs of `*` are one, so that matching is quick for any pattern."""
    return re.compile(".*".join(re.escape(part) for part in re.split(r"\*+", pattern)), re.IGNORECASE | re.DOTALL)
