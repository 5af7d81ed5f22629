"""Network interfaces of instances: read only, one private address each.

Shape: "Network Interfaces - List Virtual Machine Scale Set VM Network Interfaces", api-version 2018-10-01.
The addresses are made up: 10.0.0.0/8 by the set, then the number of the instance.
"""

from typing import Any
from zlib import crc32

from aiohttp import web

from vmss_tui.simulator.arm import machines
from vmss_tui.simulator.arm.context import Call, answer, compute, shapes_of
from vmss_tui.simulator.arm.instances import instance_json
from vmss_tui.simulator.world.state.errors import resource_not_found
from vmss_tui.simulator.world.state.model import Instance, ScaleSet

_FIRST_HOST = 4
"""Azure keeps the first four addresses of a subnet."""


@compute
async def of_instance(call: Call) -> web.Response:
    """GET the interfaces of one instance of a Uniform set."""
    value, instance = machines.find(call)
    return answer({"value": _interfaces(call, value, instance)})


@compute
async def get(call: Call) -> web.Response:
    """GET one interface: that of a Flexible set's VM."""
    call.check_group()
    wanted = call.request.path.lower()
    for value in call.world.scale_sets.values():
        if not value.flexible or value.group.lower() != call.name("group").lower():
            continue
        for instance in value.instances.values():
            for interface in _interfaces(call, value, instance):
                if interface["id"].lower() == wanted:
                    return answer(interface)
    raise resource_not_found("networkInterfaces", call.name("interface"), call.name("group"))


def _interfaces(call: Call, value: ScaleSet, instance: Instance) -> list[dict[str, Any]]:
    machine = instance_json(shapes_of(call, value), instance, view=False)
    named = machine["properties"]["networkProfile"]["networkInterfaces"]
    return [_interface(value, instance, found["id"], position) for position, found in enumerate(named)]


def _interface(value: ScaleSet, instance: Instance, identifier: str, position: int) -> dict[str, Any]:
    name = identifier.rsplit("/", 1)[-1]
    configuration = {
        "name": f"{value.name}-ip",
        "id": f"{identifier}/ipConfigurations/{value.name}-ip",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": private_address(value, instance, position),
            "privateIPAllocationMethod": "Dynamic",
            "primary": True,
            "privateIPAddressVersion": "IPv4",
        },
    }
    return {
        "name": name,
        "id": identifier,
        "properties": {
            "provisioningState": "Succeeded",
            "primary": position == 0,
            "ipConfigurations": [configuration],
        },
    }


def private_address(value: ScaleSet, instance: Instance, position: int = 0) -> str:
    """The address of an instance: its own within the set."""
    host = (instance.number or 0) + _FIRST_HOST
    return f"10.{crc32(value.key.encode()) % 250 + position % 4}.{host // 250 % 250}.{host % 250}"
