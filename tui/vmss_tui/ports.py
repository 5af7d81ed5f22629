"""What the engine and the front ends need from the world: small protocols, implemented by the gateway.

Every method raises only `vmss_tui.errors`. Nothing here imports azure, Textual or SQLite. Times are aware UTC,
durations are seconds.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any, Protocol

from vmss_tui.domain.fleet.governance import ActivityLog, Governance
from vmss_tui.domain.fleet.ids import Identity, OperationHandle, ScaleSetId, Subscription, Tenant, TenantProblem
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.domain.fleet.rolling_upgrade import OperationStatus, RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.snapshot import OverviewPage
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import VmssTuiError

GIVE_UP_SECONDS = 180.0
"""Seconds after which a question without an answer of Azure is given up, with all attempts and pauses."""


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> datetime:
        """The wall clock: aware UTC. It may jump; never subtract two of them to steer."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class QuotaPlace(Protocol):
    """Texts by name in which hosts share the levels of the request quota. Called from one thread."""

    def exchange(self, changes: Mapping[str, Callable[[str, float], str]]) -> None:
        """Replace each text (empty at first) by the result of its change for it and the time (seconds since 1970).

        No other process changes them meanwhile. Raises VmssTuiError when the place cannot be used.
        """

    def close(self) -> None:
        """Close it; safe to call twice."""


@dataclass(frozen=True, slots=True)
class CloudInfo:
    """The cloud in use, for the header and for pacing. Times are in seconds."""

    name: str
    resource_manager: str
    portal: str = ""
    watch_seconds: float = 10.0
    """Suggested pace of reading one scale set again while something moves."""
    idle_seconds: float = 30.0
    """The same while nothing moves."""
    authority: str = ""
    """Where it gets its tokens."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person must do to sign in on another device."""

    url: str
    code: str
    message: str
    expires: datetime | None = None
    """Until when the code is good, in this host's time zone."""
    outcome: Awaitable[VmssTuiError | None] | None = field(default=None, compare=False, repr=False)
    """Answers once the person has signed in (None), or has not."""


_SOON_FULL = 15.0
"""A bucket that refills within this many seconds is never counted as short."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of Azure's request buckets as last reported and filled up since: requests left, and its size."""

    name: str
    remaining: int
    highest: int
    refill_seconds: float | None = None
    """Seconds in which an empty one is full again; None when that is not known."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the request quota; `throttled_until` is set after a 429.

    `waiting_since`: when the oldest question that has no answer yet was asked; it is given up `GIVE_UP_SECONDS` later.
    `held_until`: when the next question is asked, if all of them wait because the quota is short.
    """

    buckets: tuple[Bucket, ...] = ()
    throttled_until: datetime | None = None
    calls: int = 0
    waiting_since: datetime | None = None
    held_until: datetime | None = None

    @property
    def share(self) -> float:
        """The emptiest bucket, 0.0 (empty) to 1.0 (full); 1.0 when nothing is known.

        A bucket that is full again within seconds, such as Resource Graph's 15 queries in 5 s, says nothing about what
        is left: reading the fleet once empties it.
        """
        slow = (bucket for bucket in self.buckets if (bucket.refill_seconds or inf) > _SOON_FULL and bucket.highest)
        return min((bucket.remaining / bucket.highest for bucket in slow), default=1.0)


@dataclass(frozen=True, slots=True)
class FilePin:
    """What was found at a file URI: `size` in bytes, SHA-256 in hex; `problem` says why it could not be fetched."""

    uri: str
    size: int = 0
    sha256: str = ""
    mutable: str = ""
    """Why the content may change under the same address (a branch, an unversioned blob); empty when it looks fixed."""
    problem: str = ""


class ReadsFleet(Protocol):
    """Find what can be seen."""

    async def identity(self) -> Identity:
        """Who is signed in; asks for a token if there is none."""

    async def tenants(self) -> tuple[Tenant, ...]:
        """Tenants of the signed-in principal."""

    async def subscriptions(self) -> tuple[Subscription, ...]:
        """Subscriptions that can be seen, over all tenants; tenants that cannot be read are in the sign-in record."""

    def overview(self, subscriptions: Sequence[Subscription], *, named: str = "") -> AsyncIterator[OverviewPage]:
        """Scale sets of many subscriptions and how many of their instances are current, by few requests.

        With a name only sets that have it, in any case, and no counts.

        May lag a minute behind. Subscriptions that no page says are listed have to be read by `scale_sets`; where no
        overview can be had there is no page at all. Never raises.
        """

    async def subscription(self, subscription_id: str) -> Subscription:
        """One subscription; asks its own tenant only. Raises NotFound."""

    def scale_sets(self, subscription_id: str) -> AsyncIterator[tuple[ScaleSet, ...]]:
        """The scale sets of a subscription, page by page."""


class ReadsScaleSet(Protocol):
    """Look at one scale set."""

    async def scale_set(self, target: ScaleSetId) -> ScaleSet:
        """Its model, policy and etag."""

    async def instances(self, scale_set: ScaleSet, *, overview: bool = False) -> tuple[Instance, ...]:
        """Its instances with their instance views (the hot read); Uniform and Flexible alike.

        For an `overview` the versions of a Flexible set's VMs may be a minute old, which is much cheaper to read.
        """

    async def some_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> tuple[Instance, ...]:
        """Single instances, read one by one: for a few of a large set. What no longer exists is missing."""

    async def latest_upgrade(self, target: ScaleSetId) -> RollingUpgrade | None:
        """The latest rolling upgrade, of any client; None when there never was one."""

    async def autoscale(self, target: ScaleSetId) -> Autoscale | None:
        """Its autoscale setting, None when it has none; never raises: `unknown` says why it was not read."""

    async def raw(self, target: ScaleSetId, instance_id: str | None = None) -> Mapping[str, Any]:
        """Azure's JSON of the set, or of one instance with its view, for people; protected settings are never in it."""


class ReadsGovernance(Protocol):
    """Read permissions, locks and changes; never raises: the answer says in `unknown` what could not be read."""

    async def governance(self, target: ScaleSetId) -> Governance:
        """Permissions of the signed-in principal on a scale set, and the locks that hold for it."""

    async def permissions(
        self, subscription: str, group: str = "", resource: str = ""
    ) -> tuple[Permission, ...] | None:
        """Permissions on a subscription, one of its groups, or a resource by its id; None when they are unknown."""

    async def activity(self, target: ScaleSetId, since: datetime) -> ActivityLog:
        """Changes of a scale set since then, the newest first."""


class AppliesScript(Protocol):
    """Write the custom script. Writes are sent once and never retried blindly; `protected` values come revealed late.

    `protected` is None when nothing protected is to be sent (Azure then keeps what it has); never send an empty object.
    """

    async def write_extension(
        self, scale_set: ScaleSet, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        """PUT the extension of the model and no other. In Rolling mode this starts the rolling upgrade."""

    async def write_model(
        self,
        scale_set: ScaleSet,
        *,
        mode: UpgradeMode | None = None,
        policy: RollingPolicy | None = None,
        script: ScriptConfig | None = None,
        protected: Mapping[str, Secret] | None = None,
        without: str = "",
    ) -> OperationHandle:
        """PATCH the set in one write, with If-Match on its etag: policy and script together.

        The whole `extensions` array is sent, the others verbatim and without protected settings; the extension named
        `without` is not sent, which removes it. Raises Changed (412).
        """

    async def write_vm_extension(
        self,
        scale_set: ScaleSet,
        instance: Instance,
        script: ScriptConfig,
        protected: Mapping[str, Secret] | None,
    ) -> OperationHandle:
        """PUT the extension of one VM of a Flexible set, or of one instance of a Uniform set; the model stays."""

    async def remove_extension(self, scale_set: ScaleSet, name: str) -> OperationHandle:
        """DELETE the extension from the model (undo of a first installation)."""

    async def remove_vm_extension(self, scale_set: ScaleSet, instance: Instance, name: str) -> OperationHandle:
        """DELETE the extension from one VM of a Flexible set, or from one instance of a Uniform set."""


class MovesInstances(Protocol):
    """Apply the model to instances, cancel rolling upgrades, suspend automatic repairs."""

    async def update_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> OperationHandle:
        """Apply the latest model to these instances (`manualupgrade`)."""

    async def cancel_upgrade(self, scale_set: ScaleSet) -> OperationHandle:
        """Cancel the rolling upgrade that runs. Raises Conflict when none does."""

    async def set_repairs(self, scale_set: ScaleSet, *, running: bool) -> OperationHandle:
        """Resume or suspend automatic repairs."""


class WatchesOperations(Protocol):
    """Follow long-running operations by their handles, also after a restart."""

    async def operation(self, handle: OperationHandle) -> OperationStatus:
        """One poll. An operation that Azure has forgotten is `GONE`, not an error."""


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """What a command printed on an instance: the last 4 KiB of each stream."""

    stdout: str = ""
    stderr: str = ""
    succeeded: bool = True


class RunsCommands(Protocol):
    """Run scripts on instances by Azure's Run Command: a write, which takes Azure 20 seconds and more."""

    async def run_command(self, scale_set: ScaleSet, instance: Instance, lines: Sequence[str]) -> OperationHandle:
        """Start a script on one instance, by `/bin/sh` or PowerShell, as the set's system needs.

        Raises Conflict when another command runs there, or the instance does not run.
        """

    async def command_output(self, scale_set: ScaleSet, handle: OperationHandle) -> CommandOutput | None:
        """One poll: what the command printed, None while it runs. Raises AzureError when it could not be run."""


class FindsAddresses(Protocol):
    """Find where instances are in their network."""

    async def private_addresses(self, scale_set: ScaleSet, instance: Instance) -> tuple[str, ...]:
        """Its private addresses, that of its primary interface first, IPv4 before IPv6."""


class PinsFiles(Protocol):
    """Look at the files that instances will download."""

    async def pin(self, uri: str) -> FilePin:
        """Fetch (bounded in size and time, https only, no credentials sent) and hash; never raises."""


@dataclass(frozen=True, slots=True)
class SignInRecord:
    """How the sign-in went: each credential that was tried, with what came of it, and tenants that gave no token."""

    tried: tuple[str, ...] = ()
    """`environment: AZURE_TENANT_ID is not set`, `Azure CLI: signed in`, in order."""
    tenant_problems: tuple[TenantProblem, ...] = ()
    """Tenants whose subscriptions cannot be read with this sign-in: the reason, and the command to run."""


class ReportsQuota(Protocol):
    """What support asks about: how much of the request quota is left, and how the sign-in went."""

    def quota(self) -> Quota:
        """As last seen; costs no call."""

    def refill_seconds(self, target: ScaleSetId) -> float:
        """In how many seconds Azure gives back what one list of the set's instances takes; 0 while there is plenty."""

    def list_wait(self, target: ScaleSetId) -> float:
        """Seconds until the quota has room for a list of the set's instances, and for what others need beside it."""

    def sign_in_record(self) -> SignInRecord:
        """As it went so far; costs no call."""


class Azure(
    ReadsFleet,
    ReadsScaleSet,
    ReadsGovernance,
    AppliesScript,
    MovesInstances,
    WatchesOperations,
    RunsCommands,
    FindsAddresses,
    PinsFiles,
    ReportsQuota,
    Protocol,
):
    """All of it: what a gateway's client is. An async context manager's `close` frees its connections."""

    async def close(self) -> None:
        """Close connections and credentials; safe to call twice."""


class SystemClock:
    """The real clock."""

    def now(self) -> datetime:
        """See Clock."""
        from datetime import UTC

        return datetime.now(UTC)

    def monotonic(self) -> float:
        """See Clock."""
        import time

        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        import asyncio

        await asyncio.sleep(seconds)
