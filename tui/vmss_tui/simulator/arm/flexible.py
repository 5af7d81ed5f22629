"""Handlers of `virtualMachines` in a resource group: the instances of Flexible scale sets."""

import re
from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm.context import CHARGE, Call, answer, compute, shapes_of
from vmss_tui.simulator.arm.instances import flexible_json, instance_view_json
from vmss_tui.simulator.arm.paging import page
from vmss_tui.simulator.world.state.errors import Refused, resource_not_found
from vmss_tui.simulator.world.state.model import Instance, ScaleSet

_FILTER = re.compile(r"^'?virtualmachinescaleset/id'?\s+eq\s+'(?P<id>[^']+)'$", re.IGNORECASE)


@compute
async def list_in_group(call: Call) -> web.Response:
    """GET the virtual machines of a group; `$expand=instanceView` only with the scale set filter (swagger)."""
    call.check_group()
    view = call.expands
    machines = _filtered(call, view)
    shown, link = page(call, machines, call.scenario.paging.instances)
    call.request[CHARGE] = len(shown)
    shapes = {value.key: shapes_of(call, value) for value, _ in shown}
    body: list[Any] = [flexible_json(shapes[value.key], instance, view=view) for value, instance in shown]
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


def _in_group(call: Call) -> list[tuple[ScaleSet, Instance]]:
    prefix = f"/subscriptions/{call.name('subscription')}/resourcegroups/{call.name('group')}/".lower()
    sets = [v for key, v in call.world.scale_sets.items() if key.startswith(prefix) and v.flexible]
    return [(value, instance) for value in sets for instance in value.instances.values()]


def _filtered(call: Call, view: bool) -> list[tuple[ScaleSet, Instance]]:
    wanted = call.option("$filter").strip()
    if not wanted:
        if view:
            raise Refused(400, "InvalidParameter", "The value of parameter $expand is invalid.", "$expand")
        return _in_group(call)
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
    for value, instance in _in_group(call):
        if instance.name.lower() == wanted:
            return value, instance
    raise resource_not_found("virtualMachines", call.name("machine"), call.name("group"))
