"""What every compute handler needs of a request: simulation, address, api-version, links; and its errors as ARM's.

`compute` wraps a handler so that a refusal of the world becomes Azure's error body.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from vmss_tui.simulator.answers import arm_error, json_answer
from vmss_tui.simulator.arm.instances import Shapes
from vmss_tui.simulator.arm.members import check_members
from vmss_tui.simulator.scenario.model import Scenario
from vmss_tui.simulator.state import SIMULATION, Simulation
from vmss_tui.simulator.world.changes.writes import Address
from vmss_tui.simulator.world.state.errors import Failure, Refused, bad_content, resource_not_found
from vmss_tui.simulator.world.state.model import Operation, ScaleSet, World
from vmss_tui.simulator.world.state.states import RetryAfter

T = TypeVar("T")
Handler = Callable[["Call"], Awaitable[web.Response]]
CHARGE: web.RequestKey[int] = web.RequestKey("charge", int)
"""Request key under which a handler leaves the number of VMs it showed."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Microsoft.Compute."""

    request: web.Request
    simulation: Simulation

    @property
    def scenario(self) -> Scenario:
        """The unchanging parts of this simulation."""
        return self.simulation.scenario

    @property
    def world(self) -> World:
        """The world, settled when the request came in."""
        return self.simulation.world

    @property
    def version(self) -> str:
        """api-version as sent; dates compare as text."""
        return self.request.query.get("api-version", "2024-07-01")

    @property
    def offset(self) -> str:
        """Offset of timestamps in this scenario."""
        return self.world.rules.switches.utc_offset

    @property
    def address(self) -> Address:
        """Subscription, group and scale set of the path."""
        info = self.request.match_info
        return Address(info["subscription"], info["group"], info["name"])

    def name(self, part: str) -> str:
        """A named part of the path."""
        return self.request.match_info[part]

    def option(self, name: str) -> str:
        """An OData option such as `$expand`, empty when absent."""
        return self.request.query.get(name, "")

    @property
    def expands(self) -> bool:
        """Whether `$expand=instanceView` is asked for."""
        return "instanceview" in self.option("$expand").lower()

    def scale_set(self) -> ScaleSet:
        """The scale set of the path.

        Raises Refused: 404, naming the group or the resource that is missing.
        """
        address = self.address
        self.check_group()
        found = self.world.scale_sets.get(address.key)
        if found is None:
            raise resource_not_found("virtualMachineScaleSets", address.name, address.group)
        return found

    def check_subscription(self) -> None:
        """Refuse a subscription that does not exist with ARM's own 404."""
        wanted = self.request.match_info["subscription"]
        if not any(known.id.lower() == wanted.lower() for known in self.scenario.subscriptions):
            raise Refused(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")

    def check_group(self) -> None:
        """Refuse a group that does not exist with ARM's own 404 (recorded: cloud-provider-azure 2025)."""
        info = self.request.match_info
        subscription, group = info["subscription"].lower(), info["group"].lower()
        exists = any(
            known_group.subscription_id.lower() == subscription and known_group.name.lower() == group
            for known_group in self.scenario.groups
        )
        if not exists:
            raise Refused(404, "ResourceGroupNotFound", f"Resource group '{info['group']}' could not be found.")

    async def body(self, kind: str = "") -> Mapping[str, Any]:
        """The JSON object of the request, an empty one when there is no body; `kind` is its type in members.json."""
        raw = await self.request.read()
        if not raw.strip():
            return {}
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise bad_content(f"the body is not JSON: {error}.") from error
        if not isinstance(value, dict):
            raise bad_content("the body must be a JSON object.")
        if kind:
            check_members(value, kind, self.version)
        return value

    def apply(self, mutation: Callable[[World, datetime], tuple[World, T]]) -> T:
        """Run a mutation of the world."""
        return self.simulation.apply(mutation)

    def link(self, **query: str) -> str:
        """This request's URL with other query options: a nextLink, absolute and escaped."""
        options = {**self.request.query, **query}
        return f"{self.request.url.origin()}{self.request.rel_url.raw_path}?{urlencode(options)}"

    def long_running(self, operation: Operation | None, *, location: bool) -> dict[str, str]:
        """The headers of an answer that begins a long-running operation."""
        if operation is None:
            return {}
        headers = {"Azure-AsyncOperation": self._operation_url(operation, monitor=False)}
        if location:
            headers["Location"] = self._operation_url(operation, monitor=True)
        else:
            headers["Azure-AsyncNotification"] = "Enabled"
        if self._is_write_of_set() and self.world.rules.switches.retry_after is not RetryAfter.NEVER:
            headers["Retry-After"] = "10"
        return headers | self.hint()

    def _is_write_of_set(self) -> bool:
        """Whether the request writes a set or its extension; those of one instance carry no Retry-After (recorded)."""
        return self.request.method != "POST" and "instance" not in self.request.match_info

    def hint(self) -> dict[str, str]:
        """How soon to poll again; the millisecond form is the one that every client takes."""
        hint = self.scenario.poll_hint_ms
        return {} if hint is None else {"x-ms-retry-after-ms": str(hint)}

    def _operation_url(self, operation: Operation, *, monitor: bool) -> str:
        query = {"p": operation.id} if self.version >= "2023-03-01" else {}
        if monitor:
            query["monitor"] = "true"
        query["api-version"] = self.version
        if self.version >= "2024-11-01":
            query |= {"t": "simulated", "c": "simulated", "s": "simulated", "h": "simulated"}
        return (
            f"{self.request.url.origin()}/subscriptions/{operation.subscription_id}/providers/Microsoft.Compute"
            f"/locations/{operation.location}/operations/{operation.id}?{urlencode(query)}"
        )


def compute(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make an aiohttp handler of one that takes a `Call`; refusals become ARM errors."""

    @wraps(handler)
    async def handle(request: web.Request) -> web.Response:
        simulation = request.app[SIMULATION]
        simulation.settle()
        try:
            return await handler(Call(request, simulation))
        except Refused as refusal:
            return refused(refusal)

    return handle


def refused(refusal: Refused) -> web.Response:
    """A refusal as an ARM error."""
    failure = refusal.failure
    headers = {"x-ms-failure-cause": "gateway"} if failure.code == "ResourceGroupNotFound" else {}
    more: dict[str, Any] = {"target": failure.target} if failure.target else {}
    if failure.inner:
        more["innererror"] = {"internalErrorCode": failure.inner}
    return arm_error(refusal.status, failure.code, failure.message, headers, **more)


def error_body(failure: Failure) -> dict[str, Any]:
    """An error as operations and rolling upgrades carry it."""
    body: dict[str, Any] = {}
    if failure.details:
        body["details"] = [error_body(detail) for detail in failure.details]
    body |= {"code": failure.code, "message": failure.message}
    if failure.target:
        body["target"] = failure.target
    return body


def shapes_of(call: Call, value: ScaleSet, *, listed: bool = False) -> Shapes:
    """What the instances of a set have in common in this answer; lists may spell the group in upper case."""
    upper = listed and call.world.rules.switches.uppercase_machines
    group = value.group.upper() if upper else ""
    return Shapes(value, call.version, call.simulation.clock.now(), call.offset, group)


def accepted(call: Call, operation: Operation) -> web.Response:
    """202 without a body, as every POST action and DELETE is answered."""
    return web.Response(status=202, headers=call.long_running(operation, location=True))


def answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return json_answer(body, status, headers)
