"""Resource groups and the Microsoft.Compute provider.

Groups are part of the scenario and do not change.
"""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.gate import GATE
from vmss_tui.simulator.routes.versions import COMPUTE
from vmss_tui.simulator.scenario.model import ResourceGroup

RESOURCE_TYPES = (
    "virtualMachineScaleSets",
    "virtualMachineScaleSets/extensions",
    "virtualMachineScaleSets/virtualMachines",
    "virtualMachines",
    "virtualMachines/extensions",
    "locations/operations",
    "locations/publishers",
)


def routes() -> list[web.RouteDef]:
    """Return the routes of groups and providers."""
    return [
        web.get("/subscriptions/{subscription}/resourceGroups", list_groups),
        web.get("/subscriptions/{subscription}/resourceGroups/{group}", get_group, allow_head=False),
        web.head("/subscriptions/{subscription}/resourceGroups/{group}", check_group),
        web.get("/subscriptions/{subscription}/providers", list_providers),
        web.get("/subscriptions/{subscription}/providers/{namespace}", get_provider),
        web.post("/subscriptions/{subscription}/providers/{namespace}/register", get_provider),
    ]


def group_json(group: ResourceGroup) -> dict[str, Any]:
    """A resource group, as ARM shows it."""
    body = {
        "id": f"/subscriptions/{group.subscription_id}/resourceGroups/{group.name}",
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": {"provisioningState": "Succeeded"},
    }
    if group.managed_by:
        body["managedBy"] = group.managed_by
    return body | ({"tags": dict(group.tags)} if group.tags else {})


def _groups(request: web.Request) -> list[ResourceGroup]:
    wanted = request.match_info["subscription"].lower()
    return [group for group in request.app[GATE].scenario.groups if group.subscription_id.lower() == wanted]


async def list_groups(request: web.Request) -> web.Response:
    """Answer the groups of a subscription; the access middleware shortens the list."""
    return json_answer({"value": [group_json(group) for group in _groups(request)]})


async def get_group(request: web.Request) -> web.Response:
    """Answer one group; the access middleware has answered when there is none."""
    wanted = request.match_info["group"].lower()
    return json_answer(next(group_json(group) for group in _groups(request) if group.name.lower() == wanted))


async def check_group(_request: web.Request) -> web.Response:
    """Answer HEAD of a group with 204; the access middleware has answered 404 when there is none."""
    return web.Response(status=204)


def _provider(subscription: str, locations: list[str]) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/providers/Microsoft.Compute",
        "namespace": "Microsoft.Compute",
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "Registered",
        "resourceTypes": [
            {
                "resourceType": kind,
                "locations": locations,
                "apiVersions": list(reversed(COMPUTE)),
                "capabilities": "None",
            }
            for kind in RESOURCE_TYPES
        ],
    }


async def list_providers(request: web.Request) -> web.Response:
    """Answer the providers of a subscription: Microsoft.Compute is the only one here."""
    subscription = request.match_info["subscription"]
    return json_answer({"value": [_provider(subscription, _locations(request))]})


async def get_provider(request: web.Request) -> web.Response:
    """Answer one provider, registered."""
    namespace = request.match_info["namespace"]
    if namespace.lower() != "microsoft.compute":
        return arm_error(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    return json_answer(_provider(request.match_info["subscription"], _locations(request)))


def _locations(request: web.Request) -> list[str]:
    return sorted({group.location for group in _groups(request)})
