"""The compute routes served in-process, with a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from support.simulated.story import PLAIN, START
from vmss_tui.simulator import arm
from vmss_tui.simulator.armpath import without_case
from vmss_tui.simulator.clock import SimClock
from vmss_tui.simulator.scenario.load import loads
from vmss_tui.simulator.scenario.model import Scenario
from vmss_tui.simulator.scenario.seed import first_world
from vmss_tui.simulator.state import SIMULATION, Simulation

NEW, OLD = "2024-07-01", "2019-12-01"


@dataclass
class Answer:
    """One answer."""

    status: int
    headers: Any
    body: Any


@dataclass
class Compute:
    """A client of the compute routes, and the simulation behind them."""

    client: TestClient[web.Request, web.Application]
    simulation: Simulation
    group: str

    @property
    def app(self) -> str:
        """Path of the scale set `app`."""
        return f"{self.group}/providers/Microsoft.Compute/virtualMachineScaleSets/app"

    async def __call__(self, method: str, path: str, body: Any = None, *, version: str = NEW, **headers: str) -> Answer:
        path = path[path.index("/subscriptions") :]
        if "api-version" not in path:
            path += ("&" if "?" in path else "?") + f"api-version={version}"
        response = await self.client.request(method, path, json=body, headers=headers)
        raw = await response.read()
        decoded = msgspec.json.decode(raw) if raw[:1] in (b"{", b"[") else raw.decode()
        return Answer(response.status, response.headers, decoded)

    async def get(self, path: str, *, version: str = NEW) -> Answer:
        return await self("GET", path, version=version)

    async def put_script(self, command: str = "./custom_application_v2.sh", **more: Any) -> Answer:
        properties = {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "settings": {"commandToExecute": command},
        }
        return await self("PUT", f"{self.app}/extensions/CustomScript", {"properties": properties | more})

    async def finish(self, accepted: Answer, step: float = 30.0) -> Any:
        """Move the clock until the operation of an answer is over; returns its last body."""
        url = accepted.headers["Azure-AsyncOperation"]
        for _ in range(1000):
            body = (await self.get(url)).body
            if body["status"] != "InProgress":
                return body
            self.simulation.clock.jump(step)
        raise AssertionError("the operation never ended")


@asynccontextmanager
async def serving(scenario: Scenario | str) -> AsyncIterator[Compute]:
    """Serve a scenario, or the keys of one scale set `app`; the clock is paused."""
    if isinstance(scenario, str):
        plain = PLAIN.replace("{scripts}", "")
        scenario = loads(f'{plain}\n[[scale_sets]]\nname = "app"\n{scenario}')
    clock = SimClock(start=START)
    clock.pause()
    simulation = Simulation(scenario, first_world(scenario, START), clock)
    app = web.Application()
    app[SIMULATION] = simulation
    app.add_routes([without_case(route) for route in arm.routes()])
    spec = scenario.scale_sets[0]
    group = f"/subscriptions/{spec.subscription_id}/resourceGroups/{spec.group}"
    async with TestClient(TestServer(app)) as client:
        yield Compute(client, simulation, group)
