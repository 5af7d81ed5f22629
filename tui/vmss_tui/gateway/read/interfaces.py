"""Private addresses of one instance, from its network interfaces.

A Uniform set answers for the interfaces of an instance under its own path ("Network Interfaces - List Virtual Machine
Scale Set VM Network Interfaces"); a VM of a Flexible set names its interfaces, which are resources of their own.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.gateway.http.arm import ArmPart, compute_path, decode_any, path_of
from vmss_tui.ports import FindsAddresses

NETWORK_API = "2018-10-01"
"""The version that the documentation names for interfaces below a scale set; every cloud has it."""


class AddressFinder(ArmPart, FindsAddresses):
    """Reads the addresses of instances."""

    async def private_addresses(self, scale_set: ScaleSet, instance: Instance) -> tuple[str, ...]:
        """See the port."""
        target = scale_set.id
        if scale_set.orchestration is Orchestration.FLEXIBLE:
            interfaces = [await self._read(target, _network(url)) for url in await self._named_by(target, instance)]
        else:
            url = path_of(target, "virtualMachines", instance.id, "networkInterfaces")
            answer = await self._read(target, _versioned(url))
            interfaces = [found for found in answer.get("value") or () if isinstance(found, dict)]
        return tuple(address for _, address in sorted(_addresses(interfaces), key=lambda found: found[0]))

    async def _named_by(self, target: ScaleSetId, instance: Instance) -> list[str]:
        vm = await self._read(target, compute_path(target.subscription, target.group, "virtualMachines", instance.id))
        profile = (vm.get("properties") or {}).get("networkProfile") or {}
        return [str(named["id"]) for named in profile.get("networkInterfaces") or () if named.get("id")]

    async def _read(self, target: ScaleSetId, url: str) -> Mapping[str, Any]:
        what = f"read the network interfaces of {target.short}"
        found = (await self.arm.read(target.subscription, url, decode_any, what=what, kind="interfaces")).value
        return found if isinstance(found, dict) else {}


def _network(resource: str) -> str:
    return f"{resource}?api-version={NETWORK_API}"


def _versioned(url: str) -> str:
    return _network(url.partition("?")[0])


def _addresses(interfaces: list[Mapping[str, Any]]) -> Iterator[tuple[tuple[bool, bool, int], str]]:
    """Addresses with a sort key: the primary interface first, then IPv4, then the order of the answer."""
    for interface in interfaces:
        properties = interface.get("properties") or {}
        for number, configuration in enumerate(properties.get("ipConfigurations") or ()):
            address = (configuration.get("properties") or {}).get("privateIPAddress")
            try:
                version = ipaddress.ip_address(str(address)).version
            except ValueError:
                continue
            yield (not properties.get("primary"), version != 4, number), str(address)
