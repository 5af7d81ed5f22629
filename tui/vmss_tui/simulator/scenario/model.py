"""What a scenario says, as immutable data: directory, subscriptions, principals, files, faults, switches.

Owns the shape only; `load` reads TOML into it and `seed` makes the first world of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from vmss_tui.simulator.world.state.rules import InstanceTraits, Rules, SetTraits
from vmss_tui.simulator.world.state.states import Execution


class PrincipalKind(StrEnum):
    """Who can sign in."""

    SERVICE_PRINCIPAL = "service_principal"
    USER = "user"
    MANAGED_IDENTITY = "managed_identity"


class FaultKind(StrEnum):
    """What happens to a request or its answer."""

    STATUS = "status"
    DELAY = "delay"
    RESET = "reset"
    TRUNCATE = "truncate"
    GARBAGE = "garbage"
    STALE_TOKEN = "stale_token"
    DRIP = "drip"


class EventAfter(StrEnum):
    """From which moment an event is counted."""

    START = "start"
    WRITE = "write"


class SignInDemand(StrEnum):
    """What a directory wants of a person's sign-in before it gives out tokens."""

    NOTHING = ""
    ANOTHER_FACTOR = "another factor"
    ENROLLMENT = "enrollment"
    """To enroll for another factor first."""
    MANAGED_DEVICE = "managed device"
    """Conditional Access gives no token here, by any method."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """An Entra ID directory."""

    id: str
    name: str
    domain: str
    demands: SignInDemand = SignInDemand.NOTHING
    """What people who signed in elsewhere still have to do; it is done by signing in to this tenant."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription and the tenant that it trusts."""

    id: str
    name: str
    tenant_id: str
    state: str = "Enabled"


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """A resource group; its name keeps the case it was created with."""

    subscription_id: str
    name: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)
    managed_by: str = ""
    """Id of the resource whose controller owns the group, such as an AKS cluster."""


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """The name of a built-in or custom role at a scope (`/`, a subscription, a group or a resource id)."""

    role: str
    scope: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition: patterns of actions that it holds, less those of `not_actions`."""

    name: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


class LockLevel(StrEnum):
    """What a management lock forbids."""

    CAN_NOT_DELETE = "CanNotDelete"
    READ_ONLY = "ReadOnly"


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock on a subscription, a group or a resource."""

    name: str
    scope: str
    level: LockLevel = LockLevel.CAN_NOT_DELETE
    notes: str = ""


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    """A deny assignment, as managed applications put them on what they own."""

    id: str
    name: str
    scope: str
    actions: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    """Names of the principals that it does not hold for."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An Azure Policy assignment; with the effect `Deny` it refuses, with others it is shown and does nothing."""

    id: str
    name: str
    scope: str
    actions: tuple[str, ...]
    contains: str = ""
    """Only bodies that hold this text are denied; empty: all."""
    effect: str = "Deny"

    @property
    def deploys(self) -> bool:
        """Whether it has a managed identity, as those that change or deploy something must."""
        return self.effect in ("Modify", "DeployIfNotExists")


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity that can sign in. `secret` is a made-up one, valid on this simulator only."""

    client_id: str
    object_id: str
    tenant_id: str
    name: str
    kind: PrincipalKind = PrincipalKind.SERVICE_PRINCIPAL
    secret: str = field(default="", repr=False)
    roles: tuple[RoleAssignment, ...] = ()


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One fault to inject into answers; which fields count depends on `kind`."""

    kind: FaultKind
    method: str = "*"
    """HTTP method, or `*`."""
    path: str = "*"
    """Shell-style pattern of the path, matched without regard to case."""
    count: int = 1
    """How many requests it hits; 0 means every one."""
    after: int = 0
    """How many matching requests pass first."""
    status: int = 500
    code: str = "InternalServerError"
    message: str = "Encountered internal server error."
    retry_after: int | None = None
    """Seconds, sent as Retry-After."""
    seconds: float = 0.0
    """Delay, or duration of a slow drip; real seconds."""
    body: Any = None
    """With kind status: sent as it is instead of an ARM error, a text as text and anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """With kind status: further headers."""


@dataclass(frozen=True, slots=True)
class Directory:
    """How Entra ID behaves in this scenario."""

    token_lifetime: int = 3600
    """Seconds (real) an access token is valid."""
    device_code_pending_polls: int = 1
    """How often a device-code poll is answered with authorization_pending."""
    claims_challenge: bool = False
    """Answer the first request of a token with a CAE claims challenge."""


@dataclass(frozen=True, slots=True)
class Throttling:
    """Token buckets: `sizes` overrides (3 minutes, 30 minutes) of a bucket by its Azure name."""

    enabled: bool = True
    scale: float = 1.0
    """Factor on every bucket's size, so that a scenario can shrink all of them."""
    per_resource: bool = False
    """Also enforce the documented limits of one scale set and one VM, which are far smaller."""
    deletes_are_writes: bool = False
    """Deletes have no bucket of their own (until 2018)."""
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paging:
    """Items a page. Azure's own sizes are not documented."""

    instances: int = 250
    scale_sets: int = 200
    empty_page: bool = False
    """Answer an empty page with a nextLink first, as recorded in nextlink_empty_page."""


@dataclass(frozen=True, slots=True)
class Override:
    """What is different on some instances of a scale set; `None` means as elsewhere."""

    instances: tuple[str, ...]
    traits: InstanceTraits = field(default_factory=InstanceTraits)
    health: str | None = None
    power: str | None = None
    provisioning: str | None = None
    protect: str | None = None
    script: Mapping[str, Any] | None = None
    """Public properties of the script extension that they still run, an older one."""
    agent_ready: bool = True


@dataclass(frozen=True, slots=True)
class PastWrite:
    """A write that happened before the simulation starts, `ago` seconds, so that its effects are there."""

    ago: float
    body: Mapping[str, Any]
    upgrade: tuple[str, ...] = ()
    cancel_after: float | None = None
    who: str = ""
    """Who the activity log names for it; empty: it shows no entry."""


@dataclass(frozen=True, slots=True)
class ScaleSetSpec:
    """A scale set as a scenario declares it."""

    subscription_id: str
    group: str
    name: str
    model: Mapping[str, Any]
    """The ARM document, protectedSettings included."""
    ids: tuple[str, ...]
    traits: SetTraits = field(default_factory=SetTraits)
    age: float = 30 * 86400.0
    """Seconds since it was created."""
    script_age: float = 3 * 86400.0
    """Seconds since its scripts ran."""
    image_version: str = ""
    overrides: tuple[Override, ...] = ()
    history: tuple[PastWrite, ...] = ()
    repairs_suspended: bool = False
    machines: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Items of a `virtualMachines` list to copy the instances from."""


@dataclass(frozen=True, slots=True)
class EventSpec:
    """Something that will happen: `at` seconds after the start, or after the first write to the set."""

    scale_set: str
    """Name or resource id, in lower case."""
    at: float
    action: str
    after: EventAfter = EventAfter.START
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Autoscale:
    """An autoscale setting that targets a scale set; it is shown, events make it act."""

    scale_set_id: str
    name: str
    minimum: int
    maximum: int
    default: int
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Standby:
    """A standby pool that is attached to a scale set; it is shown and does nothing."""

    scale_set_id: str
    name: str
    minimum: int
    maximum: int
    state: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that stays as it is while a simulation runs."""

    name: str
    title: str = ""
    seed: int = 1
    speed: float = 1.0
    """Simulated seconds a real second when the command line says nothing."""
    execution: Execution = Execution.SIMULATE
    script_timeout: float = 5400.0
    """Seconds a script may run, simulated or real (documented: 90 minutes)."""
    health_command: str = ""
    """With execution = run: its exit code decides the health of an instance."""
    poll_hint_ms: int | None = 200
    """x-ms-retry-after-ms of long-running answers; none means Azure's own headers only."""
    graph_lag: float = 30.0
    """Seconds by which Resource Graph is behind at most (documented: up to a minute)."""
    newest_api_version: str = ""
    """The newest api-version that this cloud knows; empty: every published one."""
    tenants: tuple[Tenant, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    groups: tuple[ResourceGroup, ...] = ()
    principals: tuple[Principal, ...] = ()
    roles: tuple[Role, ...] = ()
    """Custom roles."""
    locks: tuple[Lock, ...] = ()
    denials: tuple[DenyAssignment, ...] = ()
    policies: tuple[Policy, ...] = ()
    directory: Directory = Directory()
    throttling: Throttling = Throttling()
    paging: Paging = Paging()
    faults: tuple[FaultRule, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    """URI as scale set models name it -> content."""
    rules: Rules = field(default_factory=Rules)
    scale_sets: tuple[ScaleSetSpec, ...] = ()
    events: tuple[EventSpec, ...] = ()
    autoscales: tuple[Autoscale, ...] = ()
    standby_pools: tuple[Standby, ...] = ()
