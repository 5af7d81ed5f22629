"""Handlers of instances: list, GET, instance view, extensions, protection, and actions on one or many."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm import members
from vmss_tui.simulator.arm.context import CHARGE, Call, accepted, answer, compute, shapes_of
from vmss_tui.simulator.arm.instances import (
    flexible_stub_json,
    instance_json,
    instance_view_json,
    selected_view_json,
)
from vmss_tui.simulator.arm.paging import page
from vmss_tui.simulator.world.changes import actions
from vmss_tui.simulator.world.state.errors import Refused, invalid_parameter, not_found
from vmss_tui.simulator.world.state.model import Instance, ScaleSet


@compute
async def list_all(call: Call) -> web.Response:
    """GET the instances; charged by the number of VMs, overprovisioned extras included."""
    value = call.scale_set()
    members = [
        instance for instance in value.instances.values() if not instance.hidden and _passes(call, value, instance)
    ]
    shown, link = page(call, members, call.scenario.paging.instances)
    call.request[CHARGE] = len(shown) + sum(instance.hidden for instance in value.instances.values())
    shapes = shapes_of(call, value, listed=True)
    view = call.expands
    if value.flexible:
        body = [flexible_stub_json(shapes, instance) for instance in shown]
    elif "instanceview" in call.option("$select").lower():
        body = [selected_view_json(shapes, instance) for instance in shown]
    else:
        body = [instance_json(shapes, instance, view=view) for instance in shown]
    return answer({"value": body} | link)


@compute
async def get(call: Call) -> web.Response:
    """GET one instance."""
    value, instance = find(call)
    view = call.expands
    call.request[CHARGE] = 1
    return answer(instance_json(shapes_of(call, value), instance, view=view))


@compute
async def get_view(call: Call) -> web.Response:
    """GET the instance view of one instance."""
    value, instance = find(call)
    call.request[CHARGE] = 1
    return answer(instance_view_json(shapes_of(call, value), instance))


@compute
async def put(call: Call) -> web.Response:
    """PUT one instance: its protection policy is what this simulator keeps of it."""
    _, instance = find(call)
    body = await call.body(members.INSTANCE)
    policy = (body.get("properties") or {}).get("protectionPolicy") or {}
    actions_too = bool(policy.get("protectFromScaleSetActions", False))
    scale_in = bool(policy.get("protectFromScaleIn", False)) or actions_too
    operation = call.apply(
        lambda world, now: actions.protect(
            world, now, call.address, instance.id, (scale_in, actions_too), call.request.headers.get("If-Match")
        )
    )
    value = call.world.scale_sets[call.address.key]
    shown = instance_json(shapes_of(call, value), value.instances[instance.id], view=False)
    return answer(shown, 200, call.long_running(operation, location=False))


@compute
async def delete(call: Call) -> web.Response:
    """DELETE one instance, or all with `*`."""
    ids = _one_or_all(call)
    operation = call.apply(lambda world, now: actions.delete_instances(world, now, call.address, ids))
    return accepted(call, operation)


@compute
async def upgrade(call: Call) -> web.Response:
    """POST manualupgrade."""
    call.scale_set()
    ids = await _ids(call)
    return accepted(call, call.apply(lambda world, now: actions.manual_upgrade(world, now, call.address, ids)))


@compute
async def delete_many(call: Call) -> web.Response:
    """POST delete with instanceIds."""
    call.scale_set()
    ids = await _ids(call)
    return accepted(call, call.apply(lambda world, now: actions.delete_instances(world, now, call.address, ids)))


@compute
async def approve(call: Call) -> web.Response:
    """POST approveRollingUpgrade on the set: the named instances, or all; 202 with Location only (swagger)."""
    call.scale_set()
    return _approved(call, await _ids(call))


@compute
async def approve_one(call: Call) -> web.Response:
    """POST approveRollingUpgrade on one instance."""
    return _approved(call, _one_or_all(call))


def _approved(call: Call, ids: list[str] | None) -> web.Response:
    operation = call.apply(lambda world, now: actions.approve_roll(world, now, call.address, ids))
    headers = call.long_running(operation, location=True)
    del headers["Azure-AsyncOperation"]
    return web.Response(status=202, headers=headers)


def on_set(verb: str) -> Callable[[web.Request], Any]:
    """The handler of a power action on the set: named instances, or all."""

    @compute
    async def act(call: Call) -> web.Response:
        call.scale_set()
        ids = await _ids(call)
        return accepted(
            call, call.apply(lambda world, now: actions.act_on_instances(world, now, call.address, verb, ids))
        )

    return act


def on_one(verb: str) -> Callable[[web.Request], Any]:
    """The handler of a power action on one instance, or on all with `*`."""

    @compute
    async def act(call: Call) -> web.Response:
        ids = _one_or_all(call)
        return accepted(
            call, call.apply(lambda world, now: actions.act_on_instances(world, now, call.address, verb, ids))
        )

    return act


def find(call: Call) -> tuple[ScaleSet, Instance]:
    """The set and the instance of the path.

    Raises Refused: 404 NotFound, CRP's own (recorded: vm_instanceview_404); 400 for an id that is not a number.
    """
    value = call.scale_set()
    wanted = call.name("instance")
    if not (value.flexible or wanted.isdigit()):
        raise invalid_parameter("instanceId")
    instance = value.instances.get(wanted) or value.instances.get(wanted.lower())
    if instance is None or instance.hidden:
        raise not_found()
    return value, instance


def _one_or_all(call: Call) -> list[str]:
    """The instance of the path; `*` stands for every one (recorded: power_actions_2020-07)."""
    if call.name("instance") == "*":
        call.scale_set()
        return ["*"]
    return [find(call)[1].id]


async def _ids(call: Call) -> list[str] | None:
    ids = (await call.body()).get("instanceIds")
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(isinstance(key, str) for key in ids):
        raise Refused(400, "InvalidParameter", "The value of parameter instanceIds is invalid.", "instanceIds")
    return ids


def _passes(call: Call, value: ScaleSet, instance: Instance) -> bool:
    """`$filter` by latestModelApplied; the documented PowerState filter lets every instance with a view pass."""
    words = call.option("$filter").lower().split()
    if words[:2] == ["properties/latestmodelapplied", "eq"] and len(words) == 3:
        return (instance.generation == value.generation) == (words[2] == "true")
    return True
