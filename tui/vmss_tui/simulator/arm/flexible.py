"""Handlers of `virtualMachines` outside scale sets: the instances of Flexible ones.

Restart, start, deallocate, reapply and the like of one of them are plain virtual machine calls.
"""

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm.context import CHARGE, Call, accepted, answer, compute, shapes_of
from vmss_tui.simulator.arm.instances import flexible_json, instance_view_json
from vmss_tui.simulator.arm.paging import page
from vmss_tui.simulator.world.changes import actions
from vmss_tui.simulator.world.changes.writes import Address
from vmss_tui.simulator.world.state.errors import Refused, resource_not_found
from vmss_tui.simulator.world.state.model import Instance, ScaleSet

_FILTER = re.compile(r"^'?virtualmachinescaleset/id'?\s+eq\s+'(?P<id>[^']+)'$", re.IGNORECASE)


@compute
async def list_in_group(call: Call) -> web.Response:
    """GET the virtual machines of a group."""
    call.check_group()
    return _list(call)


@compute
async def list_in_subscription(call: Call) -> web.Response:
    """GET the virtual machines of a subscription."""
    call.check_subscription()
    return _list(call)


def _list(call: Call) -> web.Response:
    """A list; `$expand=instanceView` without the scale set filter is answered (200), without instance views."""
    view = call.expands and bool(call.option("$filter"))
    machines = _filtered(call)
    shown, link = page(call, machines, call.scenario.paging.instances)
    call.request[CHARGE] = len(shown)
    shapes = {value.key: shapes_of(call, value) for value, _ in shown}
    body: list[Any] = [flexible_json(shapes[value.key], instance, view=view, listed=True) for value, instance in shown]
    return answer({"value": body} | link)


@compute
async def get(call: Call) -> web.Response:
    """GET one virtual machine."""
    value, instance = find(call)
    view = call.expands
    return answer(flexible_json(shapes_of(call, value), instance, view=view))


@compute
async def get_view(call: Call) -> web.Response:
    """GET the instance view of one virtual machine."""
    value, instance = find(call)
    return answer(instance_view_json(shapes_of(call, value), instance))


@compute
async def delete(call: Call) -> web.Response:
    """DELETE one virtual machine: 202, or 204 when it is not there."""
    try:
        value, instance = find(call)
    except Refused:
        return web.Response(status=204)
    address = _address(value)
    return accepted(call, call.apply(lambda world, now: actions.delete_instances(world, now, address, [instance.id])))


def act(verb: str) -> Callable[[web.Request], Any]:
    """The handler of a power action on one virtual machine."""

    @compute
    async def handle(call: Call) -> web.Response:
        value, instance = find(call)
        address = _address(value)
        operation = call.apply(lambda world, now: actions.act_on_instances(world, now, address, verb, [instance.id]))
        return accepted(call, operation)

    return handle


def _address(value: ScaleSet) -> Address:
    return Address(value.subscription_id, value.group, value.name)


def _in_scope(call: Call) -> list[tuple[ScaleSet, Instance]]:
    """The machines of the group of the path, or of its subscription."""
    group = call.request.match_info.get("group")
    prefix = f"/subscriptions/{call.name('subscription')}/".lower()
    prefix += f"resourcegroups/{group}/".lower() if group is not None else ""
    sets = [v for key, v in call.world.scale_sets.items() if key.startswith(prefix) and v.flexible]
    return [(value, instance) for value in sets for instance in value.instances.values()]


def _filtered(call: Call) -> list[tuple[ScaleSet, Instance]]:
    wanted = call.option("$filter").strip()
    if not wanted:
        return _in_scope(call)
    match = _FILTER.match(wanted)
    if match is None:
        raise Refused(400, "InvalidParameter", "The value of parameter $filter is invalid.", "$filter")
    value = call.world.scale_sets.get(match["id"].lower())
    if value is None or not value.flexible:
        return []
    return [(value, instance) for instance in value.instances.values()]


def find(call: Call) -> tuple[ScaleSet, Instance]:
    """The set and the instance of the path.

    Raises Refused: 404 ResourceNotFound.
    """
    call.check_group()
    wanted = call.name("machine").lower()
    for value, instance in _in_scope(call):
        if instance.name.lower() == wanted:
            return value, instance
    raise resource_not_found("virtualMachines", call.name("machine"), call.name("group"))
