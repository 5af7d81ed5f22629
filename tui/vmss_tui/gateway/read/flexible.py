"""The extensions of a Flexible set's VMs, which a list of VMs only names.

A list answers `resources: [{"id": ".../extensions/NAME"}]` and nothing else; publisher, type and settings come with GET
of one VM. So each VM is read once, and again when the list says that it changed: another etag, provisioning state or
extension status, or a write of ours. Sources: azure-rest-api-specs #14459, azure-sdk-for-net #13378, published outputs
of `az vm list`.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import AzureError, ConnectionFailed, NotFound
from vmss_tui.gateway.http.arm import Arm, compute_path, decoder
from vmss_tui.gateway.read import wire
from vmss_tui.gateway.read.instance_mapping import name_of
from vmss_tui.gateway.read.resource_graph import ResourceGraph

AT_ONCE = 6
"""VMs read at a time; the other connections stay free for what a person asks."""
PATIENCE_SECONDS = 30.0
"""VMs that were not read by then are unknown until the next read continues."""
KEPT_SECONDS = 300.0
"""An extension that was read longer ago is read again, in case the list does not show a change."""
REFRESHED = 8
"""At most this many of those at each read, the oldest first."""
MANY = 4
"""From this many unread VMs on, one query is better than a GET each."""
LAG_SECONDS = 60.0
"""How far Resource Graph may lag behind."""
_EXTENSIONS = "microsoft.compute/virtualmachines/extensions"
_VM = decoder(wire.Vm)
_SETTLED = ("succeeded", "failed")
_log = logging.getLogger("vmss_tui.gateway")


@dataclass(frozen=True, slots=True)
class _Read:
    """What GET of a VM, or Resource Graph, gave under the mark that the list had for it."""

    mark: object
    extensions: list[wire.Extension]
    at: float
    lags: bool = False
    """From Resource Graph: good for an overview for a minute, never for a decision."""


class FlexibleExtensions:
    """Completes lists of VMs with the extensions of each."""

    def __init__(self, arm: Arm) -> None:
        self._arm = arm
        self._graph = ResourceGraph(arm)
        self._read: dict[ScaleSetId, dict[str, _Read]] = {}

    async def complete(self, target: ScaleSetId, vms: Sequence[wire.Vm], *, overview: bool = False) -> frozenset[str]:
        """Fill `resources` of each VM; gives the names of the VMs whose extensions could not be read.

        For an `overview` many VMs are read by one query of Resource Graph, where that can be used.
        """
        kept = self._read.get(target, {})
        names = {name_of(vm): vm for vm in vms if _only_named(vm)}
        marks = {name: self._mark(target, name, vm) for name, vm in names.items()}
        current = {
            name: kept[name]
            for name in names
            if name in kept and kept[name].mark == marks[name] and self._is_good(kept[name], overview)
        }
        unread = {name: vm for name, vm in names.items() if name not in current}
        if overview and len(unread) >= MANY:
            current |= await self._from_graph(target, unread, marks)
        due = [name for name in names if name not in current] + self._oldest(current)
        current |= await self._get_all(target, due, marks)
        self._read[target] = current
        for name, vm in names.items():
            vm.resources = current[name].extensions if name in current else None
        return frozenset(name for name in names if name not in current)

    def _is_good(self, read: _Read, overview: bool) -> bool:
        age = self._arm.governor.clock.monotonic() - read.at
        return not read.lags or (overview and age < LAG_SECONDS)

    async def _from_graph(
        self, target: ScaleSetId, vms: Mapping[str, wire.Vm], marks: Mapping[str, object]
    ) -> dict[str, _Read]:
        """What Resource Graph knows of these VMs, but for those of which it lacks an extension or its settings."""
        query = (
            f"Resources | where type =~ '{_EXTENSIONS}' | where subscriptionId =~ '{target.subscription}'"
            f" | where resourceGroup =~ '{target.group}' | project id, name, properties | order by id asc"
        )
        what = f"list the extensions of {target.short}"
        rows = await self._graph.rows_or_none(
            query, wire.Extension, via=target.subscription, subscriptions=(target.subscription,), what=what
        )
        known = {(row.id or "").lower(): row for row in rows or () if row.properties and row.properties.has_settings}
        now, found = self._arm.governor.clock.monotonic(), dict[str, _Read]()
        for name, vm in vms.items():
            listed = [known.get((resource.id or "").lower()) for resource in vm.resources or ()]
            extensions = [row for row in listed if row is not None]
            if listed and len(extensions) == len(listed):
                found[name] = _Read(marks[name], extensions, now, lags=True)
        return found

    def _oldest(self, current: dict[str, _Read]) -> list[str]:
        now = self._arm.governor.clock.monotonic()
        old = [name for name, read in current.items() if now - read.at > KEPT_SECONDS]
        return sorted(old, key=lambda name: current[name].at)[:REFRESHED]

    def _mark(self, target: ScaleSetId, name: str, vm: wire.Vm) -> object:
        """What changes when the VM's extensions do; unlike anything while the VM is being changed."""
        props = vm.properties or wire.VmProperties()
        state = str(props.provisioning_state or "").lower()
        if state not in _SETTLED:
            return object()
        views = (props.instance_view.extensions if props.instance_view else None) or ()
        return (
            vm.etag,
            state,
            props.time_created,
            props.vm_id,
            self._arm.vm_writes[vm_key(target, name)],
            tuple(resource.id for resource in vm.resources or ()),
            tuple((view.name, view.type_handler_version, _statuses(view)) for view in views),
        )

    async def _get_all(self, target: ScaleSetId, due: list[str], marks: dict[str, object]) -> dict[str, _Read]:
        clock, found = self._arm.governor.clock, dict[str, _Read]()
        deadline, waiting = clock.monotonic() + PATIENCE_SECONDS, iter(due)

        async def work() -> None:
            for name in waiting:
                if clock.monotonic() > deadline:
                    return
                try:
                    extensions = await self._get(target, name)
                except NotFound:
                    continue
                except (AzureError, ConnectionFailed) as error:
                    _log.info("extensions of %s are unknown: %s", name, error)
                    return
                found[name] = _Read(marks[name], extensions, clock.monotonic())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(AT_ONCE, len(due))):
                group.create_task(work())
        return found

    async def _get(self, target: ScaleSetId, name: str) -> list[wire.Extension]:
        url = compute_path(target.subscription, target.group, "virtualMachines", name)
        answer = await self._arm.read(target.subscription, url, _VM, what=f"read the VM {name}", kind="machine")
        return answer.value.resources or []


def vm_key(target: ScaleSetId, name: str) -> tuple[str, str, str]:
    """What two spellings of one VM of a set share."""
    return (target.subscription.lower(), target.group.lower(), name.lower())


def _only_named(vm: wire.Vm) -> bool:
    """Whether the VM has extensions that this answer only names."""
    if vm.resources:
        return any(resource.properties is None for resource in vm.resources)
    view = vm.properties.instance_view if vm.properties else None
    return bool(view and view.extensions)


def _statuses(view: wire.ExtensionView) -> tuple[tuple[str | None, str | None, str | None], ...]:
    return tuple((status.code, status.time, status.message) for status in view.statuses or ())
