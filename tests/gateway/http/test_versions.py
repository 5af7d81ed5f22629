"""A cloud that does not know our api-version names some that it has."""

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


def test_versions_are_kept_by_resource_type() -> None:
    assert resource_type(f"https://h{PATH}/virtualMachines?x=1") == "microsoft.compute/virtualmachinescalesets"
    assert resource_type("https://h/subscriptions?api-version=1") == ""
    assert with_version("https://h/a?x=1&api-version=1&y=2", "2") == "https://h/a?x=1&api-version=2&y=2"
    assert with_version("https://h/a?x=1", "2") == "https://h/a?x=1"
