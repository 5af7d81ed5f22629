"""What Azure lets a principal do with a scale set, what it locks or denies, what feeds it, and who changed it recently.

Sources: REST references of `Microsoft.Authorization/permissions` 2022-04-01, `locks` 2020-05-01 and `policyAssignments`
2022-06-01, of `Microsoft.StandbyPool/standbyVirtualMachinePools` 2024-03-01, and of the activity
log (`Microsoft.Insights/eventtypes/management/values` 2015-04-01, which keeps 90 days).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.rights import Permission


class LockLevel(StrEnum):
    """What a management lock forbids."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


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

    What it does is in its definition; `effect` only has what the assignment itself says (`Deny`, `Audit`).
    """

    name: str
    scope: str
    effect: str = ""
    enforced: bool = True

    @property
    def denies(self) -> bool:
        """Whether it says that it refuses writes."""
        return self.enforced and self.effect.lower() == "deny"


@dataclass(frozen=True, slots=True)
class StandbyPool:
    """A pool of VMs that a scale set takes when it grows; `state` in which they wait (`Running`, `Deallocated`)."""

    name: str
    minimum: int = 0
    maximum: int = 0
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """What is allowed, locked and assigned. None: it could not be read; of rights and locks `unknown` says why."""

    permissions: tuple[Permission, ...] | None = None
    locks: tuple[Lock, ...] | None = None
    policies: tuple[PolicyAssignment, ...] | None = None
    standby_pools: tuple[StandbyPool, ...] | None = None
    subscription: Subscription | None = None
    """Whose state says whether Azure takes any write."""
    unknown: str = ""
    vaults: Mapping[str, tuple[Permission, ...] | None] = field(default_factory=dict)
    """Permissions on Key Vaults that extensions refer to, by the vault's id; None: they could not be read."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One change of a scale set in Azure's activity log. Times are UTC."""

    at: datetime
    caller: str
    """Account or application id of whoever did it."""
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
    def last(self) -> Activity | None:
        """The newest change."""
        return self.entries[0] if self.entries else None
