"""Handlers of `virtualMachines` in a resource group: the instances of Flexible scale sets."""

import re
from typing import Any

from aiohttp import web

from ..world import actions
from ..world.errors import Refused, bad_content, not_found, resource_not_found
from ..world.model import Instance, ScaleSet
from ..world.writes import Address
from .context import CHARGE, Call, accepted, answer, compute, shapes_of
from .instances import extension_resource_json, flexible_json, instance_view_json
from .paging import page

_FILTER = re.compile(r"^'?virtualmachinescaleset/id'?\s+eq\s+'(?P<id>[^']+)'$", re.IGNORECASE)


@compute
async def list_in_group(call: Call) -> web.Response:
    """GET the virtual machines of a group; `$expand=instanceView` only with the scale set filter (swagger)."""
    call.check_group()
    view = "instanceview" in call.option("$expand").lower()
    machines = _filtered(call, view)
    shown, link = page(call, machines, call.scenario.paging.instances)
    call.request[CHARGE] = len(shown)
    shapes = {value.key: shapes_of(call, value) for value, _ in shown}
    body: list[Any] = [flexible_json(shapes[value.key], one, view=view) for value, one in shown]
    return answer({"value": body} | link)


@compute
async def get(call: Call) -> web.Response:
    """GET one virtual machine."""
    value, instance = _find(call)
    view = "instanceview" in call.option("$expand").lower()
    return answer(flexible_json(shapes_of(call, value), instance, view=view))


@compute
async def get_view(call: Call) -> web.Response:
    """GET the instance view of one virtual machine."""
    value, instance = _find(call)
    return answer(instance_view_json(shapes_of(call, value), instance))


@compute
async def list_extensions(call: Call) -> web.Response:
    """GET the extensions of one virtual machine."""
    value, instance = _find(call)
    shapes = shapes_of(call, value)
    view = "instanceview" in call.option("$expand").lower()
    return answer(
        {"value": [extension_resource_json(shapes, instance, one, view) for one in instance.extensions.values()]}
    )


@compute
async def get_extension(call: Call) -> web.Response:
    """GET one extension of one virtual machine."""
    value, instance = _find(call)
    installed = instance.extensions.get(call.name("extension").lower())
    if installed is None:
        raise not_found()
    view = "instanceview" in call.option("$expand").lower()
    return answer(extension_resource_json(shapes_of(call, value), instance, installed, view))


@compute
async def put_extension(call: Call) -> web.Response:
    """PUT an extension on one virtual machine."""
    value, instance = _find(call)
    body, name = await call.body(), call.name("extension")
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise bad_content("'properties' of the extension must be a JSON object.")
    address = Address(value.subscription_id, value.group, value.name)
    operation, created = call.apply(
        lambda world, now: actions.put_instance_extension(world, now, address, instance.id, name, properties)
    )
    value = call.world.scale_sets[value.key]
    current = value.instances[instance.id]
    shapes = shapes_of(call, value)
    shown = extension_resource_json(shapes, current, current.extensions[name.lower()], False)
    return answer(shown, 201 if created else 200, call.long_running(operation, location=False))


@compute
async def delete_extension(call: Call) -> web.Response:
    """DELETE an extension from one virtual machine."""
    value, instance = _find(call)
    address, name = Address(value.subscription_id, value.group, value.name), call.name("extension")
    operation = call.apply(lambda world, now: actions.delete_instance_extension(world, now, address, instance.id, name))
    return web.Response(status=204) if operation is None else accepted(call, operation)


def _in_group(call: Call) -> list[tuple[ScaleSet, Instance]]:
    prefix = f"/subscriptions/{call.name('subscription')}/resourcegroups/{call.name('group')}/".lower()
    sets = [v for key, v in call.world.scale_sets.items() if key.startswith(prefix) and v.flexible]
    return [(value, one) for value in sets for one in value.instances.values()]


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
    return [(value, one) for one in value.instances.values()]


def _find(call: Call) -> tuple[ScaleSet, Instance]:
    call.check_group()
    wanted = call.name("machine").lower()
    for value, instance in _in_group(call):
        if instance.name.lower() == wanted:
            return value, instance
    raise resource_not_found("virtualMachines", call.name("machine"), call.name("group"))
