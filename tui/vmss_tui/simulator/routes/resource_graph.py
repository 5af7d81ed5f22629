"""Azure Resource Graph: resource groups, scale sets, instances and deny assignments of a tenant's subscriptions.

Sources: "Azure Resource Graph" REST reference (2022-10-01), "Supported tables" (Flexible VMs are in Resources, Uniform
instances in ComputeResources; neither health nor script status is there), "Guidance for throttled requests" (15 queries
in 5 seconds a user), "Work with large data sets" (an answer without `id` has no `$skipToken`). Data lags behind by the
scenario's `graph_lag`. The language is in `kql`.
"""

import base64
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.arm.instances import Shapes, flexible_json, instance_json
from vmss_tui.simulator.arm.scale_sets import scale_set_json
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.gate import GATE, PRINCIPAL
from vmss_tui.simulator.routes.authorization import denial_json, object_ids
from vmss_tui.simulator.routes.groups import group_json
from vmss_tui.simulator.routes.kql import TABLES, InvalidQuery, Row, run, type_of
from vmss_tui.simulator.scenario.model import Scenario
from vmss_tui.simulator.state import SIMULATION, Simulation
from vmss_tui.simulator.world.state.model import Instance, ScaleSet

QUERIES, WINDOW = 15, 5.0
PAGE = 1000
_VERSION = "2024-07-01"
_READ = {
    "resourcecontainers": "Microsoft.Resources/subscriptions/resourceGroups/read",
    "authorizationresources": "Microsoft.Authorization/denyAssignments/read",
}
"""The action that makes a row of a table visible, for those that do not hold scale sets."""
_SETS = "microsoft.compute/virtualmachinescalesets"
_SENT: web.AppKey[dict[str, tuple[float, int]]] = web.AppKey("graph queries", dict)
_SEEN: web.AppKey[dict[str, Any]] = web.AppKey("graph rows", dict)


def prepare(app: web.Application) -> None:
    """Give an application what queries share: the window of each principal, and the rows of a moment ago."""
    app[_SENT], app[_SEEN] = {}, {}


def routes() -> list[web.RouteDef]:
    """Return the route of queries."""
    return [web.post("/providers/Microsoft.ResourceGraph/resources", query)]


async def query(request: web.Request) -> web.Response:
    """Answer a query, a page of at most 1,000 rows at a time."""
    quota, resets = _admit(request)
    headers = {"x-ms-user-quota-remaining": str(max(0, quota)), "x-ms-user-quota-resets-after": f"00:00:{resets:02.0f}"}
    if quota < 0:
        message = "Client application has been throttled and should not continue to repeat the request until an amount "
        detail = {"code": "RateLimiting", "message": message + "of time has elapsed."}
        return arm_error(
            429, "RateLimiting", detail["message"], headers | {"Retry-After": f"{resets + 1:.0f}"}, details=[detail]
        )
    try:
        body = msgspec.json.decode(await request.read())
        text = str(body["query"])
        rows = run(text, _tables(request, body.get("subscriptions"), type_of(text)))
        options = body.get("options") or {}
        size = min(PAGE, max(1, int(options.get("$top") or PAGE)))
        start = _decode(str(options.get("$skipToken") or ""))
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError, InvalidQuery) as error:
        text = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the "
        detail = {"code": "InvalidQuery", "message": f"{text}error before retrying."}
        return arm_error(400, "BadRequest", f"{detail['message']} ({error})", headers, details=[detail])
    page = rows[start : start + size]
    answer: dict[str, Any] = {"totalRecords": len(rows), "count": len(page), "data": page, "facets": []}
    more = start + size < len(rows)
    answer["resultTruncated"] = "true" if more else "false"
    if more and "id" in rows[0]:
        answer["$skipToken"] = base64.b64encode(str(start + size).encode()).decode()
    return json_answer(answer, headers=headers)


def _admit(request: web.Request) -> tuple[int, int]:
    """How many queries the principal has left in its window after this one, and in how many whole seconds it ends.

    The count is negative when there are none.
    """
    windows, who, now = request.app[_SENT], request[PRINCIPAL].object_id, time.monotonic()
    began, sent = windows.get(who, (now, 0))
    if now - began >= WINDOW:
        began, sent = now, 0
    windows[who] = (began, min(QUERIES, sent + 1))
    return QUERIES - sent - 1, int(began + WINDOW - now)


def _decode(token: str) -> int:
    try:
        return int(base64.b64decode(token)) if token else 0
    except ValueError as error:
        raise InvalidQuery("the $skipToken is not one of this query") from error


def _tables(request: web.Request, wanted: list[str] | None, kind: str) -> dict[str, list[Row]]:
    """Both tables with what the caller may read, in the subscriptions that were named, or in all of the tenant.

    With a `kind` only rows of that type: what a query drops first need not be looked at.
    """
    gate, caller = request.app[GATE], request[PRINCIPAL]
    rights, own = (
        gate.rights(caller),
        {s.id.lower() for s in gate.scenario.subscriptions if s.tenant_id == caller.tenant_id},
    )
    asked = own & {str(identifier).lower() for identifier in wanted} if wanted else own
    found: dict[str, list[Row]] = {table: [] for table in TABLES}
    for (table, of), rows in _rows(request.app).items():
        if kind in ("", of):
            action = _READ.get(table, "Microsoft.Compute/virtualMachineScaleSets/read")
            found[table] += [row for row in rows if row["subscriptionId"] in asked and rights.allow(action, row["id"])]
    return found


def _rows(app: web.Application) -> dict[tuple[str, str], list[Row]]:
    """Every row by table and type, as old as the lag allows: the last answer stays until then."""
    simulation, seen = app[SIMULATION], app[_SEEN]
    now = simulation.clock.now()
    if not seen or (now - seen["at"]).total_seconds() >= simulation.scenario.graph_lag:
        simulation.settle()
        tenants = {s.id.lower(): s.tenant_id for s in simulation.scenario.subscriptions}
        found = defaultdict[tuple[str, str], list[Row]](list)
        for value in simulation.world.scale_sets.values():
            tenant = tenants[value.subscription_id.lower()]
            found["resources", _SETS].append(_row(tenant, value, scale_set_json(value, _VERSION)))
            for table, row in _instance_rows(simulation, tenant, value):
                found[table, row["type"]].append(row)
        for table, row in _surroundings(simulation.scenario, tenants):
            found[table, row["type"]].append(row)
        seen |= {
            "at": now,
            "rows": {key: sorted(rows, key=lambda row: str(row["id"])) for key, rows in found.items()},
        }
    rows: dict[tuple[str, str], list[Row]] = seen["rows"]
    return rows


def _surroundings(scenario: Scenario, tenants: Mapping[str, str]) -> Iterator[tuple[str, Row]]:
    """Resource groups and deny assignments."""
    for group in scenario.groups:
        row = {**group_json(group), "type": "microsoft.resources/subscriptions/resourcegroups"}
        yield "resourcecontainers", {"managedBy": "", **row, **_place(tenants, group.subscription_id)}
    named = object_ids(scenario)
    for denial in scenario.denials:
        row = {**denial_json(denial, named), "type": "microsoft.authorization/denyassignments"}
        yield "authorizationresources", {**row, **_place(tenants, parse(denial.scope).subscription)}


def _place(tenants: Mapping[str, str], subscription: str) -> Row:
    return {"tenantId": tenants.get(subscription.lower(), ""), "subscriptionId": subscription.lower()}


def _row(tenant: str, value: ScaleSet, shown: Mapping[str, Any]) -> Row:
    """A resource as a row: type and group in lower case, what it has not as null."""
    kept = {
        name: shown.get(name) for name in ("id", "name", "location", "sku", "tags", "zones", "identity", "properties")
    }
    return {
        **kept,
        "type": str(shown["type"]).lower(),
        "tenantId": tenant,
        "subscriptionId": value.subscription_id.lower(),
        "resourceGroup": value.group.lower(),
        "managedBy": shown.get("managedBy", ""),
    }


def _instance_rows(simulation: Simulation, tenant: str, value: ScaleSet) -> Iterator[tuple[str, Row]]:
    shapes = Shapes(value, _VERSION, simulation.clock.now())
    for instance in value.instances.values():
        if value.flexible:
            shown = flexible_json(shapes, instance, view=False)
            yield "resources", _with_power(_row(tenant, value, shown), instance)
            for extension in shown.get("resources", ()):
                yield "resources", _row(tenant, value, extension)
        elif not instance.hidden:
            shown = instance_json(shapes, instance, view=False)
            yield "computeresources", _with_power(_row(tenant, value, shown), instance)


def _with_power(row: Row, instance: Instance) -> Row:
    power = {"code": f"PowerState/{instance.power}", "displayStatus": f"VM {instance.power}", "level": "Info"}
    properties = {**row["properties"], "extended": {"instanceView": {"powerState": power}}}
    return {**row, "properties": properties}
