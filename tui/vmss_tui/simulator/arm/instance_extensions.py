"""Handlers of the extensions of one instance, the same for a Uniform set's instances and a Flexible set's machines.

`find` resolves the instance of a path.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from vmss_tui.simulator.arm import members
from vmss_tui.simulator.arm.context import Call, accepted, answer, compute, shapes_of
from vmss_tui.simulator.arm.instances import extension_resource_json
from vmss_tui.simulator.world.changes import actions
from vmss_tui.simulator.world.changes.writes import Address
from vmss_tui.simulator.world.state.errors import bad_content, not_found
from vmss_tui.simulator.world.state.model import Instance, ScaleSet

Find = Callable[[Call], tuple[ScaleSet, Instance]]
"""The set and the instance of a path; raises Refused when there is none."""


@dataclass(frozen=True, slots=True)
class InstanceExtensions:
    """The four requests about extensions of one instance."""

    find: Find

    def routes(self, path: str) -> list[web.RouteDef]:
        """Their routes below the path of an instance."""
        single = f"{path}/extensions/{{extension}}"
        return [
            web.get(f"{path}/extensions", compute(self.list_all)),
            web.get(single, compute(self.get)),
            web.put(single, compute(self.put)),
            web.delete(single, compute(self.delete)),
        ]

    async def list_all(self, call: Call) -> web.Response:
        """GET the extensions of one instance."""
        value, instance = self.find(call)
        shapes = shapes_of(call, value)
        shown = [
            extension_resource_json(shapes, instance, installed, call.expands)
            for installed in instance.extensions.values()
        ]
        return answer({"value": shown})

    async def get(self, call: Call) -> web.Response:
        """GET one extension of one instance."""
        value, instance = self.find(call)
        installed = instance.extensions.get(call.name("extension").lower())
        if installed is None:
            raise not_found()
        return answer(extension_resource_json(shapes_of(call, value), instance, installed, call.expands))

    async def put(self, call: Call) -> web.Response:
        """PUT an extension on one instance only; the next update by the model replaces it."""
        value, instance = self.find(call)
        body, name = await call.body(members.EXTENSION), call.name("extension")
        properties = body.get("properties")
        if not isinstance(properties, dict):
            raise bad_content("'properties' of the extension must be a JSON object.")
        address = Address(value.subscription_id, value.group, value.name)
        operation, created = call.apply(
            lambda world, now: actions.put_instance_extension(world, now, address, instance.id, name, properties)
        )
        value = call.world.scale_sets[value.key]
        current = value.instances[instance.id]
        shown = extension_resource_json(shapes_of(call, value), current, current.extensions[name.lower()], False)
        return answer(shown, 201 if created else 200, call.long_running(operation, location=False))

    async def delete(self, call: Call) -> web.Response:
        """DELETE an extension from one instance: 202, or 204 when it is not there."""
        value, instance = self.find(call)
        address, name = Address(value.subscription_id, value.group, value.name), call.name("extension")
        operation = call.apply(
            lambda world, now: actions.delete_instance_extension(world, now, address, instance.id, name)
        )
        return web.Response(status=204) if operation is None else accepted(call, operation)
