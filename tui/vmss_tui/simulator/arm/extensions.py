"""Handlers of model extensions: list, GET, PUT, PATCH, DELETE."""

from typing import Any

from aiohttp import web

from vmss_tui.simulator.arm import members
from vmss_tui.simulator.arm.context import Call, accepted, answer, compute
from vmss_tui.simulator.arm.scale_sets import extension_json, find_extension
from vmss_tui.simulator.world.changes import writes
from vmss_tui.simulator.world.changes.writes import Written
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.profile import specs


@compute
async def list_all(call: Call) -> web.Response:
    """GET the extensions of the model."""
    value = call.scale_set()
    shown = [extension_json(value, spec, call.version) for spec in specs(value.model, {})]
    return answer({"value": shown})


@compute
async def get(call: Call) -> web.Response:
    """GET one extension of the model."""
    value = call.scale_set()
    spec = find_extension(value, call.name("extension"))
    if spec is None:
        raise _missing(call)
    return answer(extension_json(value, spec, call.version))


@compute
async def put(call: Call) -> web.Response:
    """PUT: 201 in every recorded case, create and update alike, with provisioningState Creating."""
    call.scale_set()
    body, name = await call.body(members.MODEL_EXTENSION), call.name("extension")
    written = call.apply(lambda world, now: writes.put_extension(world, now, call.address, name, body))
    return _written(call, written, 201)


@compute
async def patch(call: Call) -> web.Response:
    """PATCH: 200; an extension that does not exist is 404."""
    if find_extension(call.scale_set(), call.name("extension")) is None:
        raise _missing(call)
    body, name = await call.body(members.MODEL_EXTENSION), call.name("extension")
    written = call.apply(lambda world, now: writes.put_extension(world, now, call.address, name, body, merging=True))
    return _written(call, written, 200)


@compute
async def delete(call: Call) -> web.Response:
    """DELETE: 202, or 204 when it is not there."""
    call.scale_set()
    name = call.name("extension")
    written = call.apply(lambda world, now: writes.delete_extension(world, now, call.address, name))
    if written is None or written.operation is None:
        return web.Response(status=204)
    return accepted(call, written.operation)


def _written(call: Call, written: Written, status: int) -> web.Response:
    spec = find_extension(written.scale_set, call.name("extension"))
    if spec is None:
        raise _missing(call)
    shown: dict[str, Any] = extension_json(written.scale_set, spec, call.version)
    if call.world.rules.switches.echo_protected_settings and spec.protected is not None:
        shown["properties"]["protectedSettings"] = spec.protected
    return answer(shown, status, call.long_running(written.operation, location=False))


def _missing(call: Call) -> Refused:
    name, extension = call.name("name"), call.name("extension")
    return Refused(404, "NotFound", f"The VMSS extension with name '{extension}' does not exist on the VMSS '{name}'.")
