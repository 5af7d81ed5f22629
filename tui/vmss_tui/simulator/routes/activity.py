"""The activity log over HTTP: Administrative events of 90 days, newest first, by `$filter`.

Shape: "Azure Activity Log event schema" and the Activity Logs REST reference (2015-04-01). The Azure CLI writes times
without quotes and without a zone, and `resourceId` for `resourceUri`. That `resourceUri` also finds what happened to a
resource's children, such as an extension, is inferred.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.arm.times import stamp
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.gate import GATE
from vmss_tui.simulator.governance.activity import DAYS, Entry
from vmss_tui.simulator.governance.barriers import covers
from vmss_tui.simulator.state import SIMULATION
from vmss_tui.simulator.world.state.chance import guid
from vmss_tui.simulator.world.state.model import World

PAGE = 200
_TERM = re.compile(r"(\w+)\s+(eq|ge|le)\s+(?:'([^']*)'|([^\s']+))", re.IGNORECASE)


def routes() -> list[web.RouteDef]:
    """Return the route of the activity log."""
    path = "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    return [web.get(path, list_events)]


async def list_events(request: web.Request) -> web.Response:
    """Answer the events that a filter asks for; a filter with a start is required."""
    found = _TERM.findall(request.query.get("$filter", ""))
    terms = {(name.lower(), verb.lower()): quoted or bare for name, verb, quoted, bare in found}
    try:
        since = _moment(terms["eventtimestamp", "ge"])
        until = _moment(terms["eventtimestamp", "le"]) if ("eventtimestamp", "le") in terms else None
    except (KeyError, ValueError):
        return arm_error(400, "BadRequest", "The filter is invalid: eventTimestamp ge '<ISO 8601>' is required.")
    simulation, subscription = request.app[SIMULATION], request.match_info["subscription"].lower()
    now = simulation.clock.now()
    entries = [*request.app[GATE].activity.entries, *_of_scenario(simulation.settle())]
    events = [
        entry
        for entry in (*entries, *_ended(entries, simulation.world))
        if entry.scope.lower().startswith(f"/subscriptions/{subscription}")
        and max(since, now - DAYS) <= entry.at <= (until or now)
        and _wanted(entry, terms)
    ]
    events.sort(key=lambda entry: entry.at, reverse=True)
    start = int(request.query.get("$skipToken", "0") or 0)
    body: dict[str, Any] = {"value": [_render(entry) for entry in events[start : start + PAGE]]}
    if len(events) > start + PAGE:
        link = request.url.update_query({"$skipToken": str(start + PAGE)})
        body["nextLink"] = str(link)
    return json_answer(body)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wanted(entry: Entry, terms: dict[tuple[str, str], str]) -> bool:
    resource = terms.get(("resourceuri", "eq")) or terms.get(("resourceid", "eq"))
    group = terms.get(("resourcegroupname", "eq"))
    correlation = terms.get(("correlationid", "eq"))
    return (
        (resource is None or covers(resource, entry.scope))
        and (group is None or parse(entry.scope).group.lower() == group.lower())
        and (correlation is None or entry.correlation_id == correlation)
    )


def _of_scenario(world: World) -> Iterator[Entry]:
    """What colleagues and services of the scenario did to the scale sets."""
    for value in world.scale_sets.values():
        for note in value.log:
            action = f"Microsoft.Compute/virtualMachineScaleSets/{note.action}"
            correlation = guid("correlation", value.key, note.at, note.caller)
            yield Entry(note.at, note.caller, action, value.resource_id, "Succeeded", correlation)


def _ended(entries: list[Entry], world: World) -> Iterator[Entry]:
    """The end of every long-running operation, an event of its own."""
    for entry in entries:
        operation = world.operations.get(entry.operation)
        if operation is not None and operation.ended is not None:
            status = operation.status.value
            yield Entry(operation.ended, entry.caller, entry.action, entry.scope, status, entry.correlation_id)


def _render(entry: Entry) -> dict[str, Any]:
    identifier = guid("event", entry.at, entry.correlation_id, entry.status)
    path = parse(entry.scope)
    return {
        "caller": entry.caller,
        "channels": "Operation",
        "correlationId": entry.correlation_id,
        "eventDataId": identifier,
        "eventName": {"value": "EndRequest", "localizedValue": "End request"},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "eventTimestamp": stamp(entry.at).replace("+00:00", "Z"),
        "id": f"{entry.scope}/events/{identifier}/ticks/{int(entry.at.timestamp() * 10_000_000)}",
        "level": "Error" if entry.status == "Failed" else "Informational",
        "operationId": entry.correlation_id,
        "operationName": {"value": entry.action, "localizedValue": entry.action.rpartition("/")[2]},
        "resourceGroupName": path.group,
        "resourceProviderName": {"value": path.provider, "localizedValue": path.provider},
        "resourceType": {"value": f"{path.provider}/{'/'.join(path.kinds)}", "localizedValue": ""},
        "resourceId": entry.scope,
        "status": {"value": entry.status, "localizedValue": entry.status},
        "subStatus": {"value": "", "localizedValue": ""},
        "submissionTimestamp": stamp(entry.at).replace("+00:00", "Z"),
        "subscriptionId": path.subscription,
    }
