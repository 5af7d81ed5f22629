"""A network that fails during a rollout: it is waited for, the wait is explained, nothing is written twice."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from support.engine.lab import FAST, Lab, version
from support.engine.moments import MOMENTS, POLICY, done_once, until
from support.engine.opens import OpensLab
from support.network import Network, Weather
from vmss_tui.domain.rollout import events as e
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.ports import Azure

pytestmark = pytest.mark.campaign

OUTAGE_SECONDS = 1.5
"""Real seconds; a minute and a half of the simulator's time."""


@pytest.fixture
async def lab(open_lab: OpensLab) -> Lab:
    return await open_lab(mode="Manual")


@pytest.fixture
async def network(lab: Lab) -> AsyncIterator[Network]:
    made = Network(lab.sim.origin)
    await made.start()
    yield made
    await made.stop()


async def through(lab: Lab, network: Network, host: str = "127.0.0.1") -> Azure:
    return await connect(network.before(load_cloud(None, lab.sim.cloud_file), host), environ=lab.sim.variables)


async def roll_out_through(
    lab: Lab, azure: Azure, moment: str, fail: Callable[[], Awaitable[None]], mend: Callable[[], Awaitable[None]]
) -> str:
    """A whole rollout with the outage at this moment; returns its id."""

    async def connected() -> Azure:
        return azure

    rollout = await lab.create(version("2"), POLICY)
    running = asyncio.create_task(lab.run(rollout, azure=connected))
    await until(lab, rollout, MOMENTS[moment])
    await fail()
    await asyncio.sleep(OUTAGE_SECONDS)
    await mend()
    await running
    return rollout


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("weather", [weather for weather in Weather if weather is not Weather.FINE])
async def test_an_outage_is_waited_out(weather: Weather, moment: str, lab: Lab, network: Network) -> None:
    azure = await through(lab, network)
    try:
        rollout = await roll_out_through(
            lab, azure, moment, lambda: network.turn(weather), lambda: network.turn(Weather.FINE)
        )
    finally:
        await azure.close()
    done_once(lab, rollout)
    assert network.met or weather is Weather.REFUSED


async def test_a_long_outage_is_explained_with_until_when(lab: Lab, network: Network) -> None:
    azure = await through(lab, network)

    async def mend() -> None:
        newest = lab.journal.find(None).id
        await until(lab, newest, lambda state: state.waiting is not None and "trying again" in state.waiting.why)
        await network.turn(Weather.FINE)

    try:
        rollout = await roll_out_through(lab, azure, "pause", lambda: network.turn(Weather.REFUSED), mend)
    finally:
        await azure.close()
    done_once(lab, rollout)
    waits = [event for event in lab.events(rollout, e.Waiting) if isinstance(event, e.Waiting)]
    assert any("trying again" in wait.why and wait.until is not None for wait in waits)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_names_that_cannot_be_resolved(
    moment: str, lab: Lab, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = await through(lab, network, "localhost")
    real = socket.getaddrinfo

    def gone(host: Any, *arguments: Any, **more: Any) -> Any:
        if host == "localhost":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *arguments, **more)

    async def fail() -> None:
        monkeypatch.setattr(socket, "getaddrinfo", gone)
        await network.turn(Weather.REFUSED)

    async def mend() -> None:
        monkeypatch.setattr(socket, "getaddrinfo", real)
        await network.turn(Weather.FINE)

    try:
        rollout = await roll_out_through(lab, azure, moment, fail, mend)
    finally:
        await azure.close()
    done_once(lab, rollout)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_forty_minutes_of_an_azure_that_is_too_busy(moment: str, open_lab: OpensLab) -> None:
    lab = await open_lab(mode="Manual", speed=1200.0)
    rollout = await lab.create(version("2"), POLICY)
    running = asyncio.create_task(lab.run(rollout, pace=replace(FAST, patience_seconds=120)))
    await until(lab, rollout, MOMENTS[moment])
    busy = {"kind": "status", "status": 503, "code": "ServerTimeout", "message": "try again", "method": "*"}
    lab.sim.control.add_fault(**busy, path="*", count=0, duration=2.0)
    await running
    done_once(lab, rollout)
