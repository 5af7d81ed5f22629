"""What Azure lets a principal do with a scale set, what it locks or denies, what feeds it, and who changed it recently.

Sources: REST references of `Microsoft.Authorization/permissions` and `denyAssignments` 2022-04-01, `locks` 2020-05-01
and `policyAssignments` 2022-06-01, of `Microsoft.StandbyPool/standbyVirtualMachinePools` 2024-03-01, and of the
activity log (`Microsoft.Insights/eventtypes/management/values` 2015-04-01, which keeps 90 days).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.rights import WRITE_SET, Permission, allowed


class LockLevel(StrEnum):
    """What a management lock forbids."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


_WRITING = ("modify", "deployifnotexists", "append", "mutate")
_NOT_WRITING = ("audit", "auditifnotexists", "deny", "denyaction", "disabled", "manual")


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock that holds for a scale set; `scope` is where it was put."""

    name: str
    level: LockLevel
    scope: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class PolicyAssignment:
    """An Azure Policy assignment that holds for a scale set; `scope` is where it was assigned.

    Its effect is in its definition; `effect` only has what the assignment itself says (`Deny`, `Audit`). Only those
    that change or deploy something have a managed identity ("Remediate non-compliant resources with Azure Policy").
    """

    name: str
    scope: str
    effect: str = ""
    enforced: bool = True
    has_identity: bool = False

    @property
    def denies(self) -> bool:
        """Whether it says that it refuses writes."""
        return self.enforced and self.effect.lower() == "deny"

    @property
    def writes(self) -> bool:
        """Whether it may change what is written (`Modify`) or deploy after a write (`DeployIfNotExists`)."""
        effect = self.effect.lower()
        return self.enforced and (effect in _WRITING or (self.has_identity and effect not in _NOT_WRITING))


@dataclass(frozen=True, slots=True)
class StandbyPool:
    """A pool of VMs that a scale set takes when it grows; `state` in which they wait (`Running`, `Deallocated`).

    `maximum` counts the set's own instances as well.
    """

    name: str
    minimum: int = 0
    maximum: int = 0
    state: str = ""
    id: str = ""
    """Resource id: it may be in another group than the set."""

    def size(self, instances: int) -> int:
        """How many VMs it keeps for a set with this number of instances ("Standby pools: standby pool size")."""
        return max(self.minimum, self.maximum - instances, 0)


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    """What a deny assignment forbids everyone at a scope and below it, regardless of roles.

    Azure creates them for services that manage resources for a customer: managed applications, Databricks, deployment
    stacks ("Understand Azure deny assignments").
    """

    name: str
    scope: str
    denied: tuple[Permission, ...]
    """The denied actions: an entry's actions but for its `notActions`."""
    spared: frozenset[str] = frozenset()
    """Object ids, in lower case, of principals that it does not hold for."""

    def covers(self, resource: str, account: str) -> bool:
        """Whether it holds for an account, by its object id, at a resource, by its id."""
        at, below = self.scope.rstrip("/").casefold(), resource.casefold()
        return (below == at or below.startswith(f"{at}/")) and account.casefold() not in self.spared

    def holds_for(self, resource: str, account: str) -> bool:
        """Whether it keeps an account from writing to a scale set."""
        return self.covers(resource, account) and allowed(WRITE_SET, self.denied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Permissions, locks and policy assignments. None: it could not be read; of rights and locks `unknown` says why."""

    permissions: tuple[Permission, ...] | None = None
    locks: tuple[Lock, ...] | None = None
    policies: tuple[PolicyAssignment, ...] | None = None
    standby_pools: tuple[StandbyPool, ...] | None = None
    subscription: Subscription | None = None
    """Whose state says whether Azure takes any write."""
    unknown: str = ""
    vaults: Mapping[str, tuple[Permission, ...] | None] = field(default_factory=dict)
    """Permissions on Key Vaults that extensions refer to, by the vault's id; None: they could not be read."""
    denials: tuple[DenyAssignment, ...] = ()
    """Those that hold for the account at the set, for any action."""
    managed_by: str = ""
    """Id of the resource that ARM says manages the set's resource group; empty when none does, or it is unknown."""
    denied_by: str = ""
    """Name of a deny assignment that keeps this account from changing the set; empty when none does, or unknown."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One change of a scale set in Azure's activity log. Times are UTC."""

    at: datetime
    caller: str
    """The account or application id of the caller."""
    operation: str
    """`Microsoft.Compute/virtualMachineScaleSets/write`."""
    status: str = ""
    """`Started`, `Accepted`, `Succeeded`, `Failed`."""
    correlation_id: str = ""
    by_me: bool = False
    """Whether the signed-in principal asked for it."""


@dataclass(frozen=True, slots=True)
class ActivityLog:
    """Changes of a scale set, the newest first; `unknown` says why they could not be read."""

    entries: tuple[Activity, ...] = ()
    unknown: str = ""

    @property
    def changes(self) -> tuple[Activity, ...]:
        """The entries without those of requests that Azure refused: they failed and were never accepted."""
        begun = {entry.correlation_id for entry in self.entries if entry.status.casefold() in _TAKEN}
        failed = {entry.correlation_id for entry in self.entries if entry.status.casefold() == "failed"}
        refused = failed - begun
        return tuple(entry for entry in self.entries if not entry.correlation_id or entry.correlation_id not in refused)

    @property
    def last(self) -> Activity | None:
        """The newest change."""
        return next(iter(self.changes), None)


_TAKEN = ("accepted", "succeeded")
