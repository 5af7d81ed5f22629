"""Azure Resource Graph: scale sets, their instances and Flexible VMs of every subscription of a tenant, by query.

Sources: "Azure Resource Graph" REST reference (2022-10-01), "Supported tables" (Flexible VMs are in Resources, Uniform
instances in ComputeResources; neither health nor script status is there), "Guidance for throttled requests" (15 queries
in 5 seconds a user). Data lags behind by the scenario's `graph_lag`. Of KQL it knows what a client of scale sets sends:
`table | where type =~ '…' | where … | project … | summarize … by … | order by …`; everything else is refused.
"""

import base64
import re
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.arm.instances import Shapes, flexible_json, instance_json
from vmss_tui.simulator.arm.scale_sets import scale_set_json
from vmss_tui.simulator.gate import GATE, PRINCIPAL
from vmss_tui.simulator.state import SIMULATION, Simulation
from vmss_tui.simulator.world.state.model import Instance, ScaleSet

QUERIES, WINDOW = 15, 5.0
PAGE = 1000
_VERSION = "2024-07-01"
_WHERE = re.compile(r"where\s+([\w.]+)\s*(=~|==|in~)\s*(\(?\s*'[^']*'(?:\s*,\s*'[^']*')*\s*\)?)$", re.IGNORECASE)
_TEXT = re.compile(r"'([^']*)'")
_COLUMN = re.compile(r"(?:(\w+)\s*=\s*)?([\w.]+)$")
_SUMMARY = re.compile(r"summarize\s+(?:(\w+)\s*=\s*)?count\(\)\s+by\s+(.+)$", re.IGNORECASE)
_ORDER = re.compile(r"order\s+by\s+[\w.]+(\s+(asc|desc))?$", re.IGNORECASE)
_TABLES = ("resources", "computeresources")
_SENT: web.AppKey[dict[str, deque[float]]] = web.AppKey("graph queries", dict)
_SEEN: web.AppKey[dict[str, Any]] = web.AppKey("graph rows", dict)
Row = dict[str, Any]


class InvalidQuery(Exception):
    """A query with something that this simulator, or Azure, does not understand."""


def prepare(app: web.Application) -> None:
    """Give an application what queries share: when each principal asked, and the rows of a moment ago."""
    app[_SENT], app[_SEEN] = {}, {}


def routes() -> list[web.RouteDef]:
    """Return the route of queries."""
    return [web.post("/providers/Microsoft.ResourceGraph/resources", query)]


async def query(request: web.Request) -> web.Response:
    """Answer a query, a page of at most 1,000 rows at a time."""
    quota = _admit(request)
    headers = {"x-ms-user-quota-remaining": str(max(0, quota)), "x-ms-user-quota-resets-after": "00:00:05"}
    if quota < 0:
        message = "Client application has been throttled and should not continue to repeat the request until an amount "
        detail = {"code": "RateLimiting", "message": message + "of time has elapsed."}
        return arm_error(429, "RateLimiting", detail["message"], headers | {"Retry-After": "5"}, details=[detail])
    try:
        body = msgspec.json.decode(await request.read())
        rows = run(str(body["query"]), _tables(request, body.get("subscriptions")))
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
    if more:
        answer["$skipToken"] = base64.b64encode(str(start + size).encode()).decode()
    return json_answer(answer, headers=headers)


def _admit(request: web.Request) -> int:
    """How many queries the principal has left in these five seconds after this one; negative when there are none."""
    sent, now = request.app[_SENT].setdefault(request[PRINCIPAL].object_id, deque()), time.monotonic()
    while sent and now - sent[0] > WINDOW:
        sent.popleft()
    if len(sent) >= QUERIES:
        return -1
    sent.append(now)
    return QUERIES - len(sent)


def _decode(token: str) -> int:
    try:
        return int(base64.b64decode(token)) if token else 0
    except ValueError as error:
        raise InvalidQuery("the $skipToken is not one of this query") from error


def run(text: str, tables: Mapping[str, list[Row]]) -> list[Row]:
    """The rows of a query. Raises InvalidQuery."""
    table, *steps = (part.strip() for part in text.strip().split("|"))
    if table.lower() not in _TABLES:
        raise InvalidQuery(f"'{table}' is not a table that is simulated")
    rows = tables[table.lower()]
    for step in steps:
        rows = _step(step, rows)
    return rows


def _step(step: str, rows: list[Row]) -> list[Row]:
    where, summary = _WHERE.match(step), _SUMMARY.match(step)
    if where is not None:
        wanted = {value.lower() for value in _TEXT.findall(where[3])}
        return [row for row in rows if str(_at(row, where[1]) or "").lower() in wanted]
    if step.lower().startswith("project "):
        columns = _columns(step[len("project ") :])
        return [{name: _at(row, path) for name, path in columns} for row in rows]
    if summary is not None:
        columns = _columns(summary[2])
        counts = Counter(tuple(msgspec.json.encode(_at(row, path)) for _, path in columns) for row in rows)
        named = [name for name, _ in columns]
        return [
            {**dict(zip(named, map(msgspec.json.decode, key), strict=True)), summary[1] or "count_": count}
            for key, count in counts.items()
        ]
    if _ORDER.match(step):
        return rows
    raise InvalidQuery(f"'{step}' is not understood")


def _columns(text: str) -> list[tuple[str, str]]:
    found = [_COLUMN.match(part.strip()) for part in text.split(",")]
    return [_named(match, text) for match in found]


def _named(match: re.Match[str] | None, text: str) -> tuple[str, str]:
    if match is None:
        raise InvalidQuery(f"'{text}' is not a list of columns")
    return match[1] or match[2].replace(".", "_"), match[2]


def _at(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else None
    return row


def _tables(request: web.Request, wanted: list[str] | None) -> dict[str, list[Row]]:
    """Both tables with what the caller may read, in the subscriptions that were named, or in all of the tenant."""
    gate, caller = request.app[GATE], request[PRINCIPAL]
    rights, own = (
        gate.rights(caller),
        {s.id.lower() for s in gate.scenario.subscriptions if s.tenant_id == caller.tenant_id},
    )
    asked = own & {str(identifier).lower() for identifier in wanted} if wanted else own
    action = "Microsoft.Compute/virtualMachineScaleSets/read"
    return {
        table: [row for row in rows if row["subscriptionId"] in asked and rights.allow(action, row["id"])]
        for table, rows in _rows(request.app).items()
    }


def _rows(app: web.Application) -> dict[str, list[Row]]:
    """Every row, as old as the lag allows: what was seen last stays until then."""
    simulation, seen = app[SIMULATION], app[_SEEN]
    now = simulation.clock.now()
    if not seen or (now - seen["at"]).total_seconds() >= simulation.scenario.graph_lag:
        simulation.settle()
        resources, machines = list[Row](), list[Row]()
        for value in simulation.world.scale_sets.values():
            resources.append(_set_row(simulation, value))
            for kind, row in _instance_rows(simulation, value):
                (machines if kind == "uniform" else resources).append(row)
        tables = {"resources": resources, "computeresources": machines}
        seen |= {
            "at": now,
            "tables": {name: sorted(rows, key=lambda row: str(row["id"])) for name, rows in tables.items()},
        }
    tables_seen: dict[str, list[Row]] = seen["tables"]
    return tables_seen


def _row(simulation: Simulation, value: ScaleSet, shown: Mapping[str, Any]) -> Row:
    """A resource as a row: type and group in lower case, what it has not as null."""
    subscription = next(s for s in simulation.scenario.subscriptions if s.id.lower() == value.subscription_id.lower())
    kept = {
        name: shown.get(name) for name in ("id", "name", "location", "sku", "tags", "zones", "identity", "properties")
    }
    return {
        **kept,
        "type": str(shown["type"]).lower(),
        "tenantId": subscription.tenant_id,
        "subscriptionId": value.subscription_id.lower(),
        "resourceGroup": value.group.lower(),
        "managedBy": shown.get("managedBy", ""),
    }


def _set_row(simulation: Simulation, value: ScaleSet) -> Row:
    return _row(simulation, value, scale_set_json(value, _VERSION))


def _instance_rows(simulation: Simulation, value: ScaleSet) -> Iterator[tuple[str, Row]]:
    shapes = Shapes(value, _VERSION, simulation.clock.now())
    for instance in value.instances.values():
        if value.flexible:
            shown = flexible_json(shapes, instance, view=False)
            yield "flexible", _with_power(_row(simulation, value, shown), instance)
            for extension in shown.get("resources", ()):
                yield "flexible", _row(simulation, value, extension)
        elif not instance.hidden:
            shown = instance_json(shapes, instance, view=False)
            yield "uniform", _with_power(_row(simulation, value, shown), instance)


def _with_power(row: Row, instance: Instance) -> Row:
    power = {"code": f"PowerState/{instance.power}", "displayStatus": f"VM {instance.power}", "level": "Info"}
    properties = {**row["properties"], "extended": {"instanceView": {"powerState": power}}}
    return {**row, "properties": properties}
