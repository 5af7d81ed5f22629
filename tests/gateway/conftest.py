"""Fixtures of the gateway's tests: a scripted TLS server, clients over it, and clients over the real simulator."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.connects import Connects
from support.scripted import ENVIRON, Authority, Scripted, Serving, new_authority
from support.simulator import SimulatorProcess
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in import candidates
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.ports import Azure


@pytest.fixture(autouse=True)
def no_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that runs the tests may well have one."""
    monkeypatch.setattr(candidates, "IMDS", ("127.0.0.1", 9))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[Scripted]:
    async with Serving(Scripted(), authority.context) as scripted:
        yield scripted


@pytest.fixture
async def sign_in(server: Scripted, authority: Authority) -> AsyncIterator[Connects]:
    """Connect to the scripted server; closed at the end of the test."""
    opened: list[Azure] = []

    async def make(**more: Any) -> Azure:
        cloud = server.cloud(authority.ca_file, **more.pop("cloud", {}))
        azure = await connect(cloud, environ=more.pop("environ", ENVIRON), **more)
        opened.append(azure)
        return azure

    yield make
    for client in opened:
        await client.close()


@pytest.fixture
async def azure(sign_in: Connects) -> Azure:
    return await sign_in()


@pytest.fixture
async def shared_azure(shared_simulator: SimulatorProcess) -> AsyncIterator[Azure]:
    """The real thing over the simulator that tests only read from."""
    azure = await connect(load_cloud(None, shared_simulator.cloud_file), environ={"PATH": ""})
    yield azure
    await azure.close()


@pytest.fixture
def recordings() -> Path:
    return Path(__file__).parent.parent / "data" / "recordings"
