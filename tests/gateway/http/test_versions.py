"""A cloud that does not know our api-version names some that it has."""

import asyncio
import json

import pytest
from aiohttp import web

from support.connects import PATH, SCRIPT, SET, TARGET
from support.scripted import Scripted
from vmss_tui.errors import AzureError
from vmss_tui.gateway.http.versions import named_version, resource_type, with_version
from vmss_tui.ports import Azure

STACK = ("2016-03-30", "2019-07-01", "2020-06-01", "2021-01-01-preview")


def refusal(versions: tuple[str, ...] = STACK, code: str = "NoRegisteredProviderFound") -> dict[str, object]:
    text = (
        "No registered resource provider found for location 'local' and API version '2024-07-01' for type "
        f"'virtualMachineScaleSets'. The supported api-versions are '{', '.join(versions)}'. The supported locations "
        "are 'local'."
    )
    return {"error": {"code": code, "message": text}}


def stack(server: Scripted, *answers: object) -> None:
    """A server that knows only the versions of `STACK`."""
    queue = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["api-version"] not in STACK:
            return web.json_response(refusal(), status=400)
        return web.json_response(queue.pop(0) if len(queue) > 1 else queue[0])

    server.on("*", answer)


async def test_a_read_is_sent_again_with_a_version_that_the_cloud_has(azure: Azure, server: Scripted) -> None:
    stack(server, {"id": PATH, "name": "web", "location": "local", "properties": {}})
    assert (await azure.scale_set(TARGET)).location == "local"
    versions = [query.partition("api-version=")[2] for _, query in server.seen]
    assert versions == ["2024-07-01", "2020-06-01"]
    await azure.scale_set(TARGET)
    assert server.seen[-1][1].endswith("api-version=2020-06-01") and len(server.seen) == 3


async def test_a_write_too_since_nothing_was_done(azure: Azure, server: Scripted) -> None:
    stack(server, {"properties": {"provisioningState": "Updating"}})
    handle = await azure.write_extension(SET, SCRIPT, None)
    assert [method for method, _ in server.seen] == ["PUT", "PUT"]
    assert server.bodies[0] == server.bodies[1]
    assert handle.url.endswith("api-version=2020-06-01")


async def test_a_cloud_that_refuses_what_it_named_is_not_asked_for_ever(azure: Azure, server: Scripted) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response(refusal(), status=400)

    server.on("*", refuse)
    with pytest.raises(AzureError) as caught:
        await azure.scale_set(TARGET)
    assert len(server.seen) == 2
    assert caught.value.code == "NoRegisteredProviderFound" and caught.value.category == "api-version"


def test_the_newest_stable_version_that_is_not_newer_is_taken() -> None:
    def named(*versions: str, code: str = "InvalidApiVersionParameter") -> str:
        return named_version(json.dumps(refusal(versions, code)).encode(), "2022-01-01")

    assert named("2019-01-01", "2021-05-05", "2023-01-01") == "2021-05-05"
    assert named("2023-01-01", "2024-01-01") == "2024-01-01"
    assert named("2021-01-01-preview") == named() == named("2021-05-05", code="BadRequest") == ""


async def test_requests_that_are_already_on_their_way_are_sent_again_too(azure: Azure, server: Scripted) -> None:
    arrived = asyncio.Barrier(2)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.query["api-version"] in STACK:
            return web.json_response({"id": PATH, "name": "web", "location": "local", "properties": {}})
        await arrived.wait()
        return web.json_response(refusal(), status=400)

    server.on("*", answer)
    found = await asyncio.gather(azure.scale_set(TARGET), azure.scale_set(TARGET))
    assert [it.location for it in found] == ["local", "local"]
    assert len(server.seen) == 4


async def test_a_type_that_has_no_version_of_what_it_is_part_of_gets_its_own(server: Scripted, azure: Azure) -> None:
    """Locks and permissions extend a scale set, and have versions of their own."""

    async def answer(request: web.Request) -> web.StreamResponse:
        known = ("2016-09-01",) if "Microsoft.Authorization" in request.path else STACK
        if request.query["api-version"] not in known:
            return web.json_response(refusal(known), status=400)
        if request.path.endswith("/locks"):
            lock = {"id": f"{PATH}/providers/Microsoft.Authorization/locks/l", "name": "l"}
            return web.json_response({"value": [lock | {"properties": {"level": "ReadOnly"}}]})
        return web.json_response({"id": PATH, "name": "web", "location": "local", "properties": {}, "value": []})

    server.on("*", answer)
    assert (await azure.scale_set(TARGET)).location == "local"
    assert [lock.name for lock in (await azure.governance(TARGET)).locks or ()] == ["l"]


def test_versions_are_kept_by_resource_type() -> None:
    scale_sets = "microsoft.compute/virtualmachinescalesets"
    assert resource_type(f"https://h{PATH}?x=1") == scale_sets
    assert resource_type(f"https://h{PATH}/virtualMachines/0/instanceView?x=/providers/") == (
        f"{scale_sets}/virtualmachines/instanceview"
    )
    assert resource_type(f"{PATH}/providers/Microsoft.Authorization/locks") == "microsoft.authorization/locks"
    assert resource_type("https://h/subscriptions?api-version=1") == "subscriptions"
    assert resource_type("https://h/subscriptions/1/resourceGroups/g?api-version=1") == "subscriptions/resourcegroups"
    assert with_version("https://h/a?x=1&api-version=1&y=2", "2") == "https://h/a?x=1&api-version=2&y=2"
    assert with_version("https://h/a?x=1", "2") == "https://h/a?x=1"
    assert with_version("https://h/a?api-version=1", "") == "https://h/a?api-version=1"
