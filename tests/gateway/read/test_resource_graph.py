"""Resource Graph: pages and what cuts them short, where it cannot be used, and an overview of Flexible VMs."""

from typing import Any

import pytest
from aiohttp import web

from support.scripted import SUBSCRIPTION, Scripted, fault, reply
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import ConnectionFailed
from vmss_tui.gateway.client import AzureClient
from vmss_tui.gateway.read.flexible import MANY
from vmss_tui.gateway.read.resource_graph import ResourceGraph
from vmss_tui.gateway.read.wire import ResourceId
from vmss_tui.ports import Azure

URL = "/providers/Microsoft.ResourceGraph/resources"
QUERY = "Resources | where type =~ 'microsoft.compute/virtualmachinescalesets' | order by id asc"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines"
SET = ScaleSet(
    id=ScaleSetId(SUBSCRIPTION, "rg-web", "web"),
    location="westeurope",
    mode=UpgradeMode.MANUAL,
    orchestration=Orchestration.FLEXIBLE,
)


@pytest.fixture
def graph(azure: Azure) -> ResourceGraph:
    assert isinstance(azure, AzureClient)
    return ResourceGraph(azure.arm)


async def ids(graph: ResourceGraph) -> list[str | None]:
    pages = graph.pages(QUERY, ResourceId, via=SUBSCRIPTION, what="list the scale sets")
    return [row.id async for page in pages for row in page]


async def test_pages_are_followed_by_their_token(graph: ResourceGraph, server: Scripted) -> None:
    first = {"data": [{"id": "a"}, {"id": "b"}], "resultTruncated": "true", "$skipToken": "t"}
    server.on(URL, reply(first), reply({"data": [{"id": "c"}], "resultTruncated": "false"}))
    assert await ids(graph) == ["a", "b", "c"]
    bodies = [body for body in server.bodies if isinstance(body, dict) and "query" in body]
    assert [body["options"].get("$skipToken") for body in bodies] == [None, "t"]
    assert all(body["options"]["$top"] == 1000 and body["query"] == QUERY for body in bodies)


@pytest.mark.parametrize("again", [{"resultTruncated": "true"}, {"$skipToken": "always"}])
async def test_an_answer_that_is_cut_or_never_ends_is_an_error(
    graph: ResourceGraph, server: Scripted, again: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vmss_tui.gateway.read.resource_graph.MOST_PAGES", 3)
    server.on(URL, reply({"data": [{"id": "a"}], **again}))
    with pytest.raises(ConnectionFailed, match="Resource Graph"):
        await ids(graph)


@pytest.mark.parametrize("answer", [{}, {"data": None}])
async def test_an_answer_without_rows_is_not_an_empty_estate(
    graph: ResourceGraph, server: Scripted, answer: dict[str, None]
) -> None:
    server.on(URL, reply(answer))
    with pytest.raises(ConnectionFailed, match="no rows"):
        await ids(graph)


async def test_a_query_beyond_the_quota_is_sent_again(graph: ResourceGraph, server: Scripted) -> None:
    server.on(URL, fault(429, "RateLimiting", "throttled", Retry_After="0"), reply({"data": [{"id": "a"}]}))
    assert await ids(graph) == ["a"]


async def test_the_users_quota_is_part_of_what_is_left(azure: Azure, graph: ResourceGraph, server: Scripted) -> None:
    server.on(URL, reply({"data": []}, x_ms_user_quota_remaining="3", x_ms_user_quota_resets_after="00:00:05"))
    await ids(graph)
    bucket = next(bucket for bucket in azure.quota().buckets if bucket.name == "resource graph queries")
    assert bucket.highest == 15 and 3 <= bucket.remaining < 15


async def test_where_it_cannot_be_used_it_is_not_asked_again_for_a_while(
    graph: ResourceGraph, server: Scripted
) -> None:
    server.on(URL, fault(403, "AuthorizationFailed", "no"))
    for _ in range(2):
        assert await graph.rows_or_none(QUERY, ResourceId, via=SUBSCRIPTION, what="list the scale sets") is None
    assert [path for _, path in server.seen if URL in path] != [] and sum(URL in path for _, path in server.seen) == 1


def vm(number: int, *, whole: bool) -> dict[str, Any]:
    name = f"web_{number}"
    where = f"{GROUP}/{name}/extensions/cse"
    extension = extension_row(number) if whole else {"id": where}
    status = {"code": "ProvisioningState/succeeded", "message": "Enable succeeded: "}
    view = {"extensions": [{"name": "cse", "type": f"{LINUX.publisher}.{LINUX.type}", "statuses": [status]}]}
    return {
        "name": name,
        "etag": "1",
        "properties": {"provisioningState": "Succeeded", "instanceView": view},
        "resources": [extension],
    }


def extension_row(number: int, *, settings: bool = True) -> dict[str, Any]:
    properties = {"publisher": LINUX.publisher, "type": LINUX.type}
    public = {"settings": {"commandToExecute": f"sh v{number}.sh"}} if settings else {}
    return {"id": f"{GROUP}/WEB_{number}/extensions/cse", "name": "cse", "properties": {**properties, **public}}


def serve_machines(server: Scripted, count: int) -> None:
    async def one(request: web.Request) -> web.StreamResponse:
        return web.json_response(vm(int(request.path.rpartition("_")[2]), whole=True))

    server.on(GROUP, reply({"value": [vm(number, whole=False) for number in range(count)]}))
    for number in range(count):
        server.on(f"{GROUP}/web_{number}", one)


def read_one_by_one(server: Scripted) -> int:
    """How many VMs were read by GET since the last call."""
    count = sum(f"{GROUP}/" in path for _, path in server.seen)
    server.seen.clear()
    return count


async def test_an_overview_reads_the_vms_of_a_flexible_set_by_one_query(azure: Azure, server: Scripted) -> None:
    serve_machines(server, MANY)
    server.on(URL, reply({"data": [extension_row(number) for number in range(MANY)]}))
    overview = await azure.instances(SET, overview=True)
    assert read_one_by_one(server) == 0
    assert all(instance.version_known for instance in overview) and len({i.script_digest for i in overview}) == MANY
    assert await azure.instances(SET, overview=True) == overview
    assert not any(URL in path for _, path in server.seen), "kept for the next overview"
    read_one_by_one(server)
    assert await azure.instances(SET) == overview
    assert read_one_by_one(server) == MANY, "a decision never rests on what lags behind"


@pytest.mark.parametrize("lacks", ["row", "settings", "everything"])
async def test_what_resource_graph_lacks_is_read_by_get(azure: Azure, server: Scripted, lacks: str) -> None:
    serve_machines(server, MANY)
    rows = [extension_row(number, settings=lacks != "settings" or number > 0) for number in range(MANY)]
    answers = {"row": reply({"data": rows[1:]}), "settings": reply({"data": rows}), "everything": fault(404, "x", "no")}
    server.on(URL, answers[lacks])
    overview = await azure.instances(SET, overview=True)
    assert all(instance.version_known for instance in overview)
    assert read_one_by_one(server) == (MANY if lacks == "everything" else 1)
