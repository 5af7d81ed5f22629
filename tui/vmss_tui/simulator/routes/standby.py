"""Microsoft.StandbyPool's pools of VMs: read only, as the scenario says them.

Shapes: `standbyVirtualMachinePools` of the Standby Pool REST reference, 2024-03-01.
"""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import json_answer
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.gate import GATE
from vmss_tui.simulator.scenario.model import Standby

_POOLS = "providers/Microsoft.StandbyPool/standbyVirtualMachinePools"


def routes() -> list[web.RouteDef]:
    """Return the routes of standby pools."""
    return [
        web.get(f"/subscriptions/{{subscription}}/{_POOLS}", list_pools),
        web.get(f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/{_POOLS}", list_pools),
    ]


async def list_pools(request: web.Request) -> web.Response:
    """Answer the pools of a subscription or a group; the access middleware shortens the former."""
    subscription, group = request.match_info["subscription"].lower(), request.match_info.get("group", "").lower()
    found = []
    for pool in request.app[GATE].scenario.standby_pools:
        place = parse(pool.scale_set_id)
        if place.subscription.lower() == subscription and group in ("", place.group.lower()):
            found.append(_render(pool))
    return json_answer({"value": found})


def _render(pool: Standby) -> dict[str, Any]:
    place = parse(pool.scale_set_id)
    home = f"/subscriptions/{place.subscription}/resourceGroups/{place.group}"
    return {
        "id": f"{home}/{_POOLS}/{pool.name}",
        "name": pool.name,
        "type": "Microsoft.StandbyPool/standbyVirtualMachinePools",
        "tags": {},
        "properties": {
            "attachedVirtualMachineScaleSetId": pool.scale_set_id,
            "elasticityProfile": {"maxReadyCapacity": pool.maximum, "minReadyCapacity": pool.minimum},
            "virtualMachineState": pool.state,
            "provisioningState": "Succeeded",
        },
    }
