"""How tests ask for a connection to the scripted server, the scale set that it serves, and odd answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from support.scripted import SUBSCRIPTION, Scripted, reply
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.ports import Azure

Connects = Callable[..., Awaitable[Azure]]
TARGET = ScaleSetId(SUBSCRIPTION, "rg-web", "web")
PATH = str(TARGET)
MODEL = {"id": PATH, "name": "web", "location": "westeurope", "etag": '"7"', "properties": {}}
SET = ScaleSet(id=TARGET, location="westeurope", mode=UpgradeMode.MANUAL, etag='"7"')
SCRIPT = ScriptConfig(name="cse", handler=LINUX, settings={"commandToExecute": "sh v2.sh"})
ACCEPTED = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/operations/op1"


def accepted(server: Scripted, status: int = 202, query: str = "?p=1%2B2&t=a%3D") -> Any:
    return reply({}, status, Azure_AsyncOperation=f"{server.origin}{ACCEPTED}{query}")


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"id": "/subscr')
    return await reset(request)


async def drip(request: web.Request) -> web.StreamResponse:
    data = json.dumps(MODEL).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
    await response.prepare(request)
    for start in range(0, len(data), 16):
        await response.write(data[start : start + 16])
        await asyncio.sleep(0.005)
    return response
