"""One scale set: its model, its instances with their instance views, its latest rolling upgrade, its raw JSON.

The list of instances is the hot read. `$expand=instanceView` without `$select`: with it Azure answers
`latestModelApplied: false` for every instance (recording `vm_list_select_instanceview_QUIRK`). The VMs of a Flexible
set come from the compute VM list, filtered by the set, and their extensions from GET of each (`flexible`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, Orchestration, ScaleSet
from vmss_tui.errors import AzureError, Conflict, NotFound
from vmss_tui.gateway.faults import from_exception
from vmss_tui.gateway.http.arm import Arm, ArmPart, compute_path, decode_any, decoder, path_of
from vmss_tui.gateway.read import instance_mapping, mapping, wire
from vmss_tui.gateway.read.autoscale import AutoscaleSettings
from vmss_tui.gateway.read.flexible import FlexibleExtensions
from vmss_tui.ports import ReadsScaleSet

INSTANCE_LISTS = ("instances", "machines")
"""What the quota knows the lists of instances by: those of Uniform and those of Flexible sets."""
AT_ONCE = 6
"""Single instances read at a time."""
_PAGE, _VM = decoder(wire.VmPage), decoder(wire.Vm)
_SET = decoder(wire.ScaleSet)
_VIEW = decoder(wire.ScaleSetView)
_UPGRADE = decoder(wire.Upgrade)
_GONE = ("ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound", "SubscriptionNotFound")
HIDDEN = "***"
_SECRET_KEYS = {
    "protectedsettings", "adminpassword", "customdata", "userdata", "secrets", "storageaccountkey", "sastoken",
    "password", "keydata",
}  # fmt: skip
_log = logging.getLogger("vmss_tui.gateway")


class ScaleSetReader(ArmPart, ReadsScaleSet):
    """Reads one scale set and what belongs to it."""

    def __init__(self, arm: Arm) -> None:
        super().__init__(arm)
        self._autoscale = AutoscaleSettings(arm)
        self._flexible = FlexibleExtensions(arm)

    async def scale_set(self, target: ScaleSetId) -> ScaleSet:
        """Its model, policy and etag; with automatic repairs on, also whether they are suspended (one more call)."""
        what = f"read scale set {target.short}"
        answer = await self.arm.read(target.subscription, path_of(target), _SET, what=what, kind="scale set")
        repairs = answer.value.properties.automatic_repairs_policy if answer.value.properties else None
        suspended = False
        if repairs is not None and repairs.enabled:
            suspended = await self._repairs_suspended(target, answer.value)
        if not answer.value.id:
            answer.value.id = str(target)
        try:
            etag = answer.headers.get("ETag", "")
            return self.ruled(mapping.scale_set(answer.value, etag=etag, repairs_suspended=suspended))
        except ValueError as error:
            raise from_exception(error, what, self.arm.cloud.host) from error

    async def _repairs_suspended(self, target: ScaleSetId, found: wire.ScaleSet) -> bool:
        mode = found.properties.orchestration_mode if found.properties else None
        if (mode or "").lower() == Orchestration.FLEXIBLE.value.lower():
            return False
        what, url = f"read the state of {target.short}", path_of(target, "instanceView")
        try:
            view = await self.arm.read(target.subscription, url, _VIEW, what=what, kind="set view")
        except AzureError as error:
            _log.info("whether repairs of %s are suspended is unknown: %s", target.short, error)
            return False
        return mapping.suspended(view.value)

    async def instances(self, scale_set: ScaleSet, *, overview: bool = False) -> tuple[Instance, ...]:
        """The set's instances in the order of their numbers; a VM that cannot be read has an unknown version.

        VMs in a standby pool are not instances until the set takes them ("Get standby pool and instance details").
        """
        target = scale_set.id
        if scale_set.orchestration is Orchestration.FLEXIBLE:
            url = compute_path(
                target.subscription,
                target.group,
                "virtualMachines",
                filter=f"'virtualMachineScaleSet/id' eq '{target}'",
                expand="instanceView",
            )
            kind = "machines"
        else:
            url, kind = path_of(target, "virtualMachines", expand="instanceView"), "instances"
        listed: list[msgspec.Raw] = []
        what = f"read the instances of {target.short}"
        async for page in self.arm.pages(target.subscription, url, _PAGE, what=what, kind=kind):
            listed += page.value or ()
        found = (vm for vm in map(_VM, listed) if not _waits_in_pool(vm))
        try:
            if scale_set.orchestration is not Orchestration.FLEXIBLE:
                return instance_mapping.instances(found, scale_set)
            machines = list(found)
        except msgspec.MsgspecError as error:
            raise from_exception(error, what, self.arm.cloud.host) from error
        unread = await self._flexible.complete(target, machines, overview=overview)
        return instance_mapping.instances(machines, scale_set, unread)

    async def some_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> tuple[Instance, ...]:
        """See the port. One GET each takes one instance out of the quota; a list takes as many as the set has."""
        waiting, found = iter(ids), list[wire.Vm]()

        async def work() -> None:
            for instance_id in waiting:
                with contextlib.suppress(NotFound):
                    found.append(await self._one(scale_set, instance_id))

        await asyncio.gather(*(work() for _ in range(min(AT_ONCE, len(ids)))))
        return instance_mapping.instances(found, scale_set)

    async def _one(self, scale_set: ScaleSet, instance_id: str) -> wire.Vm:
        target, what = scale_set.id, f"read instance {instance_id} of {scale_set.id.short}"
        if scale_set.orchestration is Orchestration.FLEXIBLE:
            url = compute_path(target.subscription, target.group, "virtualMachines", instance_id, expand="instanceView")
        else:
            url = path_of(target, "virtualMachines", instance_id, expand="instanceView")
        return (await self.arm.read(target.subscription, url, _VM, what=what, kind="instance")).value

    async def latest_upgrade(self, target: ScaleSetId) -> RollingUpgrade | None:
        """The latest rolling upgrade; None when there never was one (404 or 409, whichever Azure prefers)."""
        url = path_of(target, "rollingUpgrades", "latest")
        what = f"read the rolling upgrade of {target.short}"
        try:
            answer = await self.arm.read(target.subscription, url, _UPGRADE, what=what, kind="upgrade")
        except NotFound as error:
            if error.code in _GONE:
                raise
            return None
        except Conflict:
            return None
        return mapping.upgrade(answer.value)

    async def autoscale(self, target: ScaleSetId) -> Autoscale | None:
        """Its autoscale setting, shared by every set of its group for some minutes."""
        return await self._autoscale.of(target)

    async def raw(self, target: ScaleSetId, instance_id: str | None = None) -> Mapping[str, Any]:
        """Azure's JSON of the set, or of one instance with its view; anything protected is `***`."""
        what = f"read {target.short}" + (f" instance {instance_id}" if instance_id else "")
        if instance_id is None:
            url = path_of(target)
        elif instance_id.isdigit():
            url = path_of(target, "virtualMachines", instance_id, expand="instanceView")
        else:
            url = compute_path(target.subscription, target.group, "virtualMachines", instance_id, expand="instanceView")
        found = scrub((await self.arm.read(target.subscription, url, decode_any, what=what, kind="raw")).value)
        return found if isinstance(found, dict) else {"value": found}


def scrub(value: Any) -> Any:
    """A copy without anything that is or could be a secret: protected settings, passwords, custom data, keys."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if key.lower() in _SECRET_KEYS and member not in (None, [], {}) else scrub(member)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [scrub(member) for member in value]
    return value


def _waits_in_pool(vm: wire.Vm) -> bool:
    """Whether a VM was made for a set but still waits in its standby pool."""
    view = vm.properties.instance_view if vm.properties else None
    return view is not None and view.in_standby_pool is True
