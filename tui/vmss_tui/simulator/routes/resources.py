"""Generic resources and tag names of a subscription: what `az resource list` and `az tag list` read.

Shapes: "Resources - List", "Resources - List By Resource Group" and "Tags - List" of the Resource Manager REST
reference (2021-04-01). Resources are the scale sets and the virtual machines of Flexible ones. Of `$filter` it knows
equality of the resource group, type, name and tag; everything else is refused.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.arm.instances import Shapes, flexible_json
from vmss_tui.simulator.arm.scale_sets import scale_set_json
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.state import SIMULATION, Simulation

_SUBSCRIPTION = "/subscriptions/{subscription}"
_VERSION = "2024-07-01"
_SHOWN = ("id", "name", "type", "location", "sku", "tags", "zones", "identity", "managedBy")
_TERM = re.compile(r"(resourceGroup|resourceType|name|tagName|tagValue)\s+eq\s+'([^']*)'", re.IGNORECASE)
_REST = re.compile(r"(\s|and|\(|\))*", re.IGNORECASE)


def routes() -> list[web.RouteDef]:
    """Return the routes of resources and tag names."""
    return [
        web.get(f"{_SUBSCRIPTION}/resources", list_resources),
        web.get(f"{_SUBSCRIPTION}/resourceGroups/{{group}}/resources", list_resources),
        web.get(f"{_SUBSCRIPTION}/tagNames", list_tags),
    ]


async def list_resources(request: web.Request) -> web.Response:
    """Answer the resources of a subscription or group; the access middleware shortens the list."""
    text = request.query.get("$filter", "")
    if not _REST.fullmatch(_TERM.sub("", text)):
        return arm_error(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
    terms = {name.lower(): value.lower() for name, value in _TERM.findall(text)}
    if "group" in request.match_info:
        terms["resourcegroup"] = request.match_info["group"].lower()
    return json_answer({"value": [found for found in _resources(request) if _fits(found, terms)]})


async def list_tags(request: web.Request) -> web.Response:
    """Answer the tag names of a subscription with their values, and how many resources have each."""
    home = f"/subscriptions/{request.match_info['subscription']}/tagNames"
    pairs = Counter(pair for found in _resources(request) for pair in (found.get("tags") or {}).items())
    names = sorted({name for name, _ in pairs})
    return json_answer({"value": [_tag(home, name, pairs) for name in names]})


def _tag(home: str, name: str, pairs: Counter[tuple[str, str]]) -> dict[str, Any]:
    values = {value: count for (key, value), count in sorted(pairs.items()) if key == name}
    return {
        "id": f"{home}/{name}",
        "tagName": name,
        "count": {"type": "Total", "value": sum(values.values())},
        "values": [
            {"id": f"{home}/{name}/tagValues/{value}", "tagValue": value, "count": {"type": "Total", "value": count}}
            for value, count in values.items()
        ],
    }


def _resources(request: web.Request) -> Iterator[dict[str, Any]]:
    simulation, wanted = request.app[SIMULATION], request.match_info["subscription"].lower()
    simulation.settle()
    for shown in _everything(simulation):
        if parse(str(shown["id"])).subscription.lower() == wanted:
            yield {key: shown[key] for key in _SHOWN if shown.get(key)}


def _everything(simulation: Simulation) -> Iterator[dict[str, Any]]:
    for value in simulation.world.scale_sets.values():
        yield scale_set_json(value, _VERSION)
        if value.flexible:
            shapes = Shapes(value, _VERSION, simulation.clock.now())
            yield from (flexible_json(shapes, instance, view=False) for instance in value.instances.values())


def _fits(resource: dict[str, Any], terms: dict[str, str]) -> bool:
    tags = {name.lower(): value.lower() for name, value in (resource.get("tags") or {}).items()}
    tag, value = terms.get("tagname"), terms.get("tagvalue")
    return (
        terms.get("resourcegroup") in (None, parse(resource["id"]).group.lower())
        and terms.get("resourcetype") in (None, resource["type"].lower())
        and terms.get("name") in (None, resource["name"].lower())
        and (tag is None or tag in tags)
        and (value is None or tags.get(tag or "") == value)
    )
