"""The Azure port over snapshots in memory, which a test may replace at any time: no cloud, no processes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from support import estate
from support.fake_clock import FakeClock as FakeClock
from support.fake_commands import FakeCommands
from vmss_tui.domain.fleet.governance import ActivityLog, Governance
from vmss_tui.domain.fleet.ids import Identity, OperationHandle, ScaleSetId, Subscription, Tenant
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, OperationStatus, RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.snapshot import InstanceCounts, OverviewPage, SetSnapshot, count_instances
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import NotFound, VmssTuiError
from vmss_tui.ports import Bucket, Quota, SignInRecord


@dataclass(frozen=True, slots=True)
class Write:
    """A write that `FakeAzure` was asked for."""

    verb: str
    target: ScaleSetId
    details: Mapping[str, Any] = field(default_factory=dict)


class FakeAzure(FakeCommands):
    """The whole `Azure` port over a dictionary of snapshots.

    `failures` maps a method name (or `method:subscription-or-set-name`) to the error it raises; `gates` maps a method
    name to an event that must be set before it answers, so that a test can look at a screen that waits.
    """

    def __init__(self, snapshots: Sequence[SetSnapshot] | None = None) -> None:
        super().__init__()
        self.sets: dict[ScaleSetId, SetSnapshot] = {
            snapshot.scale_set.id: snapshot for snapshot in (estate.estate() if snapshots is None else snapshots)
        }
        self.who: Identity = estate.MARIA
        self.tenant_list: tuple[Tenant, ...] = estate.TENANTS
        self.subscription_list: tuple[Subscription, ...] = estate.SUBSCRIPTIONS
        self.failures: dict[str, VmssTuiError] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self.writes: list[Write] = []
        self.refill = 0.0
        self.room_after = 0.0
        self.quota_now = Quota((Bucket("read", 980, 1200),), calls=0)
        self.granted: tuple[Permission, ...] = (Permission(("*",)),)
        """What the account may do, everywhere."""
        self.has_overview = False
        """Whether there is an overview of all sets, as Resource Graph gives it."""
        self.overview_lists: frozenset[str] | None = None
        """Subscriptions that the overview has; all of them by default."""
        self.late: set[ScaleSetId] = set()
        """Sets that the overview does not have yet."""
        self.closed = False

    def change(self, target: ScaleSetId | str, edit: Callable[[SetSnapshot], SetSnapshot]) -> None:
        """Replace a set's snapshot by `edit(snapshot)`; a name is enough when it is unique."""
        found = self.find(target)
        self.sets[found.scale_set.id] = edit(found)

    def change_instance(self, target: ScaleSetId | str, instance_id: str, **changes: Any) -> None:
        """Change fields of one instance."""
        self.change(
            target,
            lambda snap: replace(
                snap,
                instances=tuple(replace(i, **changes) if i.id == instance_id else i for i in snap.instances),
            ),
        )

    def find(self, target: ScaleSetId | str) -> SetSnapshot:
        """The snapshot of a set by id or name. Raises NotFound as Azure would."""
        for key, snapshot in self.sets.items():
            if target in (key, key.name):
                return snapshot
        raise NotFound(f"there is no scale set {target}", code="ResourceNotFound", status=404)

    async def _answer(self, method: str, detail: str = "") -> None:
        self.calls.append(f"{method}:{detail}" if detail else method)
        for key in (method, f"{method}:{detail}"):
            if key in self.gates:
                await self.gates[key].wait()
            if key in self.failures:
                raise self.failures[key]

    async def identity(self) -> Identity:
        """See ReadsFleet."""
        await self._answer("identity")
        return self.who

    async def tenants(self) -> tuple[Tenant, ...]:
        """See ReadsFleet."""
        await self._answer("tenants")
        return self.tenant_list

    async def subscriptions(self) -> tuple[Subscription, ...]:
        """See ReadsFleet."""
        await self._answer("subscriptions")
        return self.subscription_list

    async def subscription(self, subscription_id: str) -> Subscription:
        """See ReadsFleet."""
        await self._answer("subscription")
        known = {entry.id: entry for entry in self.subscription_list}
        return known.get(subscription_id, Subscription(subscription_id, subscription_id))

    async def scale_sets(self, subscription_id: str) -> AsyncIterator[tuple[ScaleSet, ...]]:
        """See ReadsFleet: pages of three."""
        await self._answer("scale_sets", subscription_id)
        found = [
            snapshot.scale_set
            for snapshot in self.sets.values()
            if snapshot.scale_set.id.subscription == subscription_id
        ]
        for start in range(0, len(found), 3):
            yield tuple(found[start : start + 3])

    async def overview(self, subscriptions: Sequence[Subscription], *, named: str = "") -> AsyncIterator[OverviewPage]:
        """See ReadsFleet: the sets, then their counts."""
        self.calls.append("overview")
        if not self.has_overview:
            return
        ids = frozenset(subscription.id.lower() for subscription in subscriptions)
        ids = ids if self.overview_lists is None else ids & self.overview_lists
        sets = [snapshot for key, snapshot in self.sets.items() if key not in self.late]
        found = [snapshot for snapshot in sets if snapshot.scale_set.id.subscription.lower() in ids]
        found = [snapshot for snapshot in found if named.lower() in ("", snapshot.scale_set.name.lower())]
        yield OverviewPage(scale_sets=tuple(snapshot.scale_set for snapshot in found), listed=ids)
        if named:
            return
        counts = {snapshot.scale_set.id: count_instances(snapshot.instances) for snapshot in found}
        yield OverviewPage(
            counts={key: InstanceCounts(it.total, None, it.current, health_known=False) for key, it in counts.items()}
        )

    async def scale_set(self, target: ScaleSetId) -> ScaleSet:
        """See ReadsScaleSet."""
        await self._answer("scale_set", target.name)
        return self.find(target).scale_set

    async def instances(self, scale_set: ScaleSet, *, overview: bool = False) -> tuple[Instance, ...]:
        """See ReadsScaleSet."""
        await self._answer("instances", scale_set.name)
        return self.find(scale_set.id).instances

    async def some_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> tuple[Instance, ...]:
        """See ReadsScaleSet."""
        await self._answer("some_instances", scale_set.name)
        return tuple(instance for instance in self.find(scale_set.id).instances if instance.id in ids)

    async def latest_upgrade(self, target: ScaleSetId) -> RollingUpgrade | None:
        """See ReadsScaleSet."""
        await self._answer("latest_upgrade", target.name)
        return self.find(target).upgrade

    async def governance(self, target: ScaleSetId) -> Governance:
        await self._answer("governance", target.name)
        return Governance(permissions=self.granted, locks=())

    async def permissions(
        self, subscription: str, group: str = "", resource: str = ""
    ) -> tuple[Permission, ...] | None:
        await self._answer("permissions", group or subscription)
        return self.granted

    async def activity(self, target: ScaleSetId, since: datetime) -> ActivityLog:
        await self._answer("activity", target.name)
        return ActivityLog()

    async def autoscale(self, target: ScaleSetId) -> Autoscale | None:
        """See ReadsScaleSet."""
        await self._answer("autoscale", target.name)
        return self.find(target).autoscale

    async def raw(self, target: ScaleSetId, instance_id: str | None = None) -> Mapping[str, Any]:
        """See ReadsScaleSet."""
        await self._answer("raw", target.name)
        found = self.find(target)
        if instance_id is None:
            return {"id": str(target), "name": target.name, "tags": dict(found.scale_set.tags), "etag": "W/1"}
        instance = found.instance(instance_id)
        return {"instanceId": instance_id, "name": instance.name if instance else "", "zones": ["1"]}

    async def _write(self, verb: str, scale_set: ScaleSet, **details: Any) -> OperationHandle:
        await self._answer(verb, scale_set.name)
        self.writes.append(Write(verb, scale_set.id, details))
        return OperationHandle(f"https://fake/operations/{len(self.writes)}")

    async def write_extension(
        self, scale_set: ScaleSet, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        """See AppliesScript."""
        return await self._write("write_extension", scale_set, script=script, protected=protected)

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
        """See AppliesScript."""
        details = {"mode": mode, "policy": policy, "script": script, "protected": protected, "without": without}
        return await self._write("write_model", scale_set, **details)

    async def write_vm_extension(
        self, scale_set: ScaleSet, instance: Instance, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        """See AppliesScript."""
        return await self._write("write_vm_extension", scale_set, instance=instance.id, script=script)

    async def remove_extension(self, scale_set: ScaleSet, name: str) -> OperationHandle:
        """See AppliesScript."""
        return await self._write("remove_extension", scale_set, name=name)

    async def remove_vm_extension(self, scale_set: ScaleSet, instance: Instance, name: str) -> OperationHandle:
        """See AppliesScript."""
        return await self._write("remove_vm_extension", scale_set, instance=instance.id, name=name)

    async def update_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> OperationHandle:
        """See MovesInstances."""
        return await self._write("update_instances", scale_set, ids=tuple(ids))

    async def cancel_upgrade(self, scale_set: ScaleSet) -> OperationHandle:
        """See MovesInstances."""
        return await self._write("cancel_upgrade", scale_set)

    async def set_repairs(self, scale_set: ScaleSet, *, running: bool) -> OperationHandle:
        """See MovesInstances."""
        return await self._write("set_repairs", scale_set, running=running)

    async def operation(self, handle: OperationHandle) -> OperationStatus:
        """See WatchesOperations: everything succeeds at once."""
        await self._answer("operation")
        return OperationStatus(OperationState.SUCCEEDED)

    def quota(self) -> Quota:
        """See ReportsQuota."""
        return replace(self.quota_now, calls=len(self.calls))

    def refill_seconds(self, target: ScaleSetId) -> float:
        """See ReportsQuota."""
        return self.refill

    def list_wait(self, target: ScaleSetId) -> float:
        """See ReportsQuota."""
        return self.room_after

    def sign_in_record(self) -> SignInRecord:
        """See ReportsQuota."""
        return SignInRecord(("environment: signed in",))

    async def close(self) -> None:
        """See Azure."""
        self.closed = True
