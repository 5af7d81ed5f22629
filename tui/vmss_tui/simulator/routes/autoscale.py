"""Microsoft.Insights' autoscale settings: read only, as the scenario says them; its events make them act.

Shapes: "Autoscale Settings" of the Azure Monitor REST reference, 2022-10-01. Capacities are texts there.
"""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.gate import GATE
from vmss_tui.simulator.scenario.model import Autoscale

_SETTINGS = "providers/Microsoft.Insights/autoscalesettings"
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"


def routes() -> list[web.RouteDef]:
    """Return the routes of autoscale settings."""
    return [
        web.get(f"/subscriptions/{{subscription}}/{_SETTINGS}", list_settings),
        web.get(f"{_GROUP}/{_SETTINGS}", list_settings),
        web.get(f"{_GROUP}/{_SETTINGS}/{{name}}", get_setting),
    ]


async def list_settings(request: web.Request) -> web.Response:
    """Answer the settings of a subscription or a group; the access middleware shortens the former."""
    return json_answer({"value": [_render(request, setting) for setting in _settings(request)]})


async def get_setting(request: web.Request) -> web.Response:
    """Answer one setting."""
    name = request.match_info["name"]
    for setting in _settings(request):
        if setting.name.lower() == name.lower():
            return json_answer(_render(request, setting))
    group = request.match_info["group"]
    missing = (
        f"The Resource 'microsoft.insights/autoscalesettings/{name}' under resource group '{group}' was not found."
    )
    return arm_error(404, "ResourceNotFound", missing)


def _settings(request: web.Request) -> list[Autoscale]:
    subscription, group = request.match_info["subscription"].lower(), request.match_info.get("group", "").lower()
    found = []
    for setting in request.app[GATE].scenario.autoscales:
        place = parse(setting.scale_set_id)
        if place.subscription.lower() == subscription and group in ("", place.group.lower()):
            found.append(setting)
    return found


def _render(request: web.Request, setting: Autoscale) -> dict[str, Any]:
    place = parse(setting.scale_set_id)
    home = f"/subscriptions/{place.subscription}/resourceGroups/{place.group}"
    bounds = {"minimum": setting.minimum, "maximum": setting.maximum, "default": setting.default}
    profile = {"name": "Profile1", "capacity": {key: str(count) for key, count in bounds.items()}, "rules": []}
    return {
        "id": f"{home}/providers/microsoft.insights/autoscalesettings/{setting.name}",
        "name": setting.name,
        "type": "Microsoft.Insights/autoscaleSettings",
        "location": _location(request, place.subscription, place.group),
        "tags": {},
        "properties": {
            "profiles": [profile],
            "enabled": setting.enabled,
            "name": setting.name,
            "targetResourceUri": setting.scale_set_id,
            "notifications": [],
        },
    }


def _location(request: web.Request, subscription: str, group: str) -> str:
    wanted = (subscription.lower(), group.lower())
    known = request.app[GATE].scenario.groups
    return next(place.location for place in known if (place.subscription_id.lower(), place.name.lower()) == wanted)
