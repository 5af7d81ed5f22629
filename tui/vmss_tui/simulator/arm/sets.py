"""Handlers of scale sets: lists, GET, PUT, PATCH, DELETE, instance view, sizes, repairs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm import members
from vmss_tui.simulator.arm.context import Call, accepted, answer, compute
from vmss_tui.simulator.arm.paging import page
from vmss_tui.simulator.arm.scale_sets import etag, instance_view_json, scale_set_json, skus_json
from vmss_tui.simulator.world.changes import actions, writes
from vmss_tui.simulator.world.changes.writes import Conditions, Written
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.model import ScaleSet, World

_ETAG_SINCE = "2024-03-01"


@compute
async def list_in_subscription(call: Call) -> web.Response:
    """GET every set of a subscription; groups in upper case, as in 310 of 310 recorded ids."""
    call.check_subscription()
    prefix = f"/subscriptions/{call.name('subscription').lower()}/"
    upper = call.world.rules.switches.uppercase_groups
    found = [value for key, value in call.world.scale_sets.items() if key.startswith(prefix)]
    return _list(call, found, lambda value: value.group.upper() if upper else value.group)


@compute
async def list_in_location(call: Call) -> web.Response:
    """GET every set of a subscription in one region."""
    call.check_subscription()
    prefix = f"/subscriptions/{call.name('subscription').lower()}/"
    location = call.name("location").lower()
    found = [v for key, v in call.world.scale_sets.items() if key.startswith(prefix) and v.location == location]
    return _list(call, found, lambda value: value.group)


@compute
async def list_in_group(call: Call) -> web.Response:
    """GET the sets of a group; the group as typed in the request."""
    call.check_group()
    group = call.name("group")
    prefix = f"/subscriptions/{call.name('subscription')}/resourcegroups/{group}/".lower()
    found = [value for key, value in call.world.scale_sets.items() if key.startswith(prefix)]
    return _list(call, found, lambda _: group)


@compute
async def get(call: Call) -> web.Response:
    """GET one set."""
    value = call.scale_set()
    return answer(scale_set_json(value, call.version), headers=_etag(call, value))


@compute
async def put(call: Call) -> web.Response:
    """PUT: 201 when it creates, 200 when it merges."""
    call.check_group()
    return await _write(call, writes.put_scale_set)


@compute
async def patch(call: Call) -> web.Response:
    """PATCH: always 200."""
    call.scale_set()
    return await _write(call, writes.patch_scale_set)


@compute
async def delete(call: Call) -> web.Response:
    """DELETE: 202, or 204 when there is no such set."""
    call.check_group()
    written = call.apply(lambda world, now: writes.delete_scale_set(world, now, call.address))
    if written is None or written.operation is None:
        return web.Response(status=204)
    return accepted(call, written.operation)


@compute
async def instance_view(call: Call) -> web.Response:
    """GET the set's instance view; Flexible sets have none (documented; the exact error is inferred)."""
    value = call.scale_set()
    if value.flexible:
        raise Refused(
            409,
            "OperationNotAllowed",
            "Operation 'Get Virtual Machine Scale Set Instance View' is not allowed on Virtual Machine Scale Set "
            f"'{value.name}' since it has orchestration mode Flexible.",
        )
    return answer(instance_view_json(value, call.offset))


@compute
async def skus(call: Call) -> web.Response:
    """GET the sizes it could have."""
    return answer(skus_json(call.scale_set()))


@compute
async def set_repairs(call: Call) -> web.Response:
    """POST setOrchestrationServiceState."""
    call.scale_set()
    action = str((await call.body()).get("action", ""))
    return accepted(call, call.apply(lambda world, now: actions.set_repairs(world, now, call.address, action)))


Write = Callable[[World, datetime, writes.Address, Any, Conditions], tuple[World, Written]]


async def _write(call: Call, write: Write) -> web.Response:
    body = await call.body(members.SCALE_SET)
    headers = call.request.headers
    conditions = Conditions(headers.get("If-Match"), headers.get("If-None-Match"))
    written = call.apply(lambda world, now: write(world, now, call.address, body, conditions))
    value = written.scale_set
    state = "Creating" if written.created else "Updating"
    answered = call.long_running(written.operation, location=False) | _etag(call, value)
    return answer(scale_set_json(value, call.version, state=state), 201 if written.created else 200, answered)


def _etag(call: Call, value: ScaleSet) -> dict[str, str]:
    return {"ETag": etag(value)} if call.version >= _ETAG_SINCE else {}


def _list(call: Call, found: list[ScaleSet], group: Callable[[ScaleSet], str]) -> web.Response:
    shown, link = page(call, found, call.scenario.paging.scale_sets)
    body: dict[str, Any] = {"value": [scale_set_json(value, call.version, group(value)) for value in shown]}
    return answer(body | link)
