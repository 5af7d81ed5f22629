"""Names of Azure resources. Azure changes the case of ids between answers, so equality ignores case.

Source: recordings `vmss_list_all_sub_UPPERCASE_rg` (the group comes back upper-cased in subscription lists).
"""

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_SCALE_SET = re.compile(
    r"^/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.Compute/virtualMachineScaleSets/(?P<name>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, eq=False)
class ScaleSetId:
    """Subscription id, resource group and name of a scale set; compares and hashes without case."""

    subscription: str
    group: str
    name: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What two spellings of one id share."""
        return (self.subscription.lower(), self.group.lower(), self.name.lower())

    @property
    def short(self) -> str:
        """`group/name`, as the command line takes it."""
        return f"{self.group}/{self.name}"

    def fits(self, pattern: str) -> bool:
        """Whether a pattern names it: `NAME`, or `GROUP/NAME`, with `*` and `?`, in any case."""
        named = self.short if "/" in pattern else self.name
        return fnmatchcase(named.casefold(), pattern.casefold())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScaleSetId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.Compute/virtualMachineScaleSets/{self.name}"
        )

    @classmethod
    def parse(cls, text: str) -> "ScaleSetId":
        """Read a resource id (of the set or of anything below it). Raises ValueError when it is none."""
        found = _SCALE_SET.match(text.strip())
        if found is None:
            raise ValueError(f"not the resource id of a scale set: {text!r}")
        return cls(found["subscription"], found["group"], found["name"])


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that the signed-in principal can see."""

    id: str
    name: str
    tenant_id: str = ""
    state: str = "Enabled"

    @property
    def is_read_only(self) -> bool:
        """Whether Azure refuses every PUT, PATCH and POST: when it is warned, disabled or deleted.

        Source: "Azure subscription states" (Cost Management documentation).
        """
        return self.state.lower() in ("warned", "disabled", "deleted")

    @property
    def title(self) -> str:
        """Its name, and its state where Azure refuses writes: `prod-us (disabled)`."""
        return f"{self.name} ({self.state.lower()})" if self.is_read_only else self.name


@dataclass(frozen=True, slots=True)
class Tenant:
    """An Entra ID tenant that the signed-in principal can see."""

    id: str
    name: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True)
class TenantProblem:
    """A tenant whose subscriptions cannot be read: why, and the command that mends it (empty when none is known)."""

    tenant: Tenant
    reason: str
    command: str = ""

    @property
    def sentence(self) -> str:
        """For people: which tenant, why, and what to run."""
        name = self.tenant.name or self.tenant.domain or self.tenant.id
        return f"tenant {name} cannot be read: {self.reason}" + (f"; run: {self.command}" if self.command else "")


@dataclass(frozen=True, slots=True)
class SubscriptionProblem:
    """A subscription whose scale sets cannot be listed: why, and what to do (empty when nothing is known)."""

    subscription: Subscription
    reason: str
    hint: str = ""

    @property
    def sentence(self) -> str:
        """For people: which subscription, why, what to do, and its tenant."""
        place = f" (tenant {self.subscription.tenant_id})" if self.subscription.tenant_id else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.subscription.name}: {self.reason}{hint}{place}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is signed in and how.

    `name` is a person's or an application's name, `method` a credential in words ("Azure CLI"), `kind` "user",
    "application" or "managed identity".
    """

    name: str
    method: str
    tenant_id: str = ""
    object_id: str = ""
    kind: str = ""


UNTRACKED = "untracked:"
"""The URL of an operation that Azure accepted (202) without saying where to follow it."""


@dataclass(frozen=True, slots=True)
class OperationHandle:
    """A long-running operation that Azure accepted: its polling URL verbatim (it may be signed; never rebuild it).

    The URL is empty when the request was done at once, `UNTRACKED` when Azure did not say where to follow it.
    """

    url: str = field(repr=False)
    name: str = ""
    """What was asked, in Azure's words: `manualupgrade`, `PUT extension`."""
