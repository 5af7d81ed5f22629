"""An overview of every set by Resource Graph: it agrees with single reads, and steps aside where it cannot be had."""

import asyncio
from typing import Any

import pytest

from support.connects import Connects
from support.scripted import SUBSCRIPTION, Scripted, fault, reply
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX
from vmss_tui.domain.fleet.snapshot import InstanceCounts, count_instances
from vmss_tui.ports import Azure

URL = "/providers/Microsoft.ResourceGraph/resources"
PLACE = Subscription(SUBSCRIPTION, "one")
SET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"
Sets = dict[ScaleSetId, ScaleSet]
Counts = dict[ScaleSetId, InstanceCounts]


async def overview(azure: Azure, *places: Subscription) -> tuple[Sets, Counts, set[str]]:
    sets: Sets = {}
    counts: Counts = {}
    listed: set[str] = set()
    async for page in azure.overview(places):
        sets |= {found.id: found for found in page.scale_sets}
        counts |= page.counts
        listed |= page.listed
    return sets, counts, listed


async def test_it_agrees_with_reading_every_set(shared_azure: Azure) -> None:
    places = await shared_azure.subscriptions()
    sets, counts, listed = await overview(shared_azure, *places)
    assert listed == {place.id.lower() for place in places}
    own = {found.id: found for place in places async for page in shared_azure.scale_sets(place.id) for found in page}
    assert set(sets) == set(own) == set(counts)
    assert {found.orchestration for found in own.values()} == set(Orchestration)
    for target, found in own.items():
        row = sets[target]
        assert (row.script, row.tags, row.mode, row.policy) == (found.script, found.tags, found.mode, found.policy)
        assert (row.capacity, row.zones, row.os) == (found.capacity, found.zones, found.os)
    some = sorted(own.values(), key=lambda found: (found.orchestration, str(found.id)))[::3]
    read = await asyncio.gather(*(shared_azure.instances(found) for found in some))
    for found, instances in zip(some, read, strict=True):
        true = count_instances(instances)
        assert (counts[found.id].total, counts[found.id].current) == (true.total, true.current), found.id
        assert not counts[found.id].health_known


def row(*, settings: bool = True) -> dict[str, Any]:
    public = {"settings": {"commandToExecute": "sh a.sh"}} if settings else {}
    script = {"name": "cse", "properties": {"publisher": LINUX.publisher, "type": LINUX.type, **public}}
    profile = {"extensionProfile": {"extensions": [script]}}
    properties = {"orchestrationMode": "Uniform", "virtualMachineProfile": profile}
    return {"id": SET, "name": "web", "location": "westeurope", "sku": {"capacity": 2}, "properties": properties}


def serve(server: Scripted, sets: Any, counts: Any) -> None:
    """Answers by the table that is asked for."""

    async def answer(request: Any) -> Any:
        body = await request.json()
        table = body["query"].partition(" ")[0]
        answers = {"ComputeResources": counts, "Resources": sets}
        return await answers.get(table, reply({"data": []}))(request)

    server.on(URL, answer)


COUNTS = {"data": [{"id": SET.lower(), "total": 2, "current": 1, "behind": 1}]}


async def test_sets_and_counts_come_from_one_query_each(azure: Azure, server: Scripted) -> None:
    serve(server, reply({"data": [row()]}), reply(COUNTS))
    sets, counts, listed = await overview(azure, PLACE)
    assert [found.name for found in sets] == ["web"] and listed == {SUBSCRIPTION}
    assert counts == {next(iter(sets)): InstanceCounts(2, None, 1, health_known=False)}
    assert sum(URL in path for _, path in server.seen) == 4, "the other two are for owners"


@pytest.mark.parametrize("wrong", ["settings", "sets", "counts", "unsaid"])
async def test_what_it_does_not_hold_is_left_to_others(azure: Azure, server: Scripted, wrong: str) -> None:
    denied = fault(403, "AuthorizationFailed", "no")
    unsaid = reply({"data": [{"id": SET.lower(), "total": 2, "current": 0, "behind": 0}]})
    serve(
        server,
        denied if wrong == "sets" else reply({"data": [row(settings=wrong != "settings")]}),
        {"counts": denied, "unsaid": unsaid}.get(wrong, reply(COUNTS)),
    )
    _, counts, listed = await overview(azure, PLACE)
    assert bool(listed) is (wrong in ("counts", "unsaid"))
    assert bool(counts) is (wrong == "settings")
    server.seen.clear()
    await overview(azure, PLACE)
    assert any(URL in path for _, path in server.seen) is (wrong != "sets"), "a refusal holds for a while"


@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_no_refusal_is_an_error(azure: Azure, server: Scripted, status: int) -> None:
    refusal = fault(status, "X", "no", Retry_After="60")
    serve(server, refusal, refusal)
    assert await overview(azure, PLACE) == ({}, {}, set())


async def test_a_quota_that_others_used_up_is_waited_for(
    azure: Azure, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(_: object, seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0.05)

    monkeypatch.setattr("vmss_tui.ports.SystemClock.sleep", sleep)
    monkeypatch.setattr("vmss_tui.gateway.http.policies.LONGEST_PAUSE", 0.01)
    first = reply({"data": [row()], "$skipToken": "t"})
    again = fault(429, "RateLimiting", "throttled", Retry_After="0.05")
    serve(server, _in_turn(first, again, reply({"data": []})), reply(COUNTS))
    sets, counts, listed = await overview(azure, PLACE)
    assert len(sets) == len(counts) == 1 and listed == {SUBSCRIPTION}, "the pages before it are not read again"
    assert any(seconds > 0 for seconds in slept)


def _in_turn(*answers: Any) -> Any:
    waiting = list(answers)

    async def answer(request: Any) -> Any:
        return await waiting.pop(0)(request)

    return answer


async def test_one_name_takes_one_query_a_tenant(azure: Azure, server: Scripted) -> None:
    serve(server, reply({"data": [row()]}), reply(COUNTS))
    pages = [page async for page in azure.overview([PLACE], named="web")]
    assert [found.name for page in pages for found in page.scale_sets] == ["web"]
    bodies = [body["query"] for body in server.bodies if isinstance(body, dict) and "query" in body]
    assert len(bodies) == 1 and "where name =~ 'web'" in bodies[0]
    assert [page async for page in azure.overview([PLACE], named="a' or 'b")] == [], "no name goes into a query unseen"


async def test_reading_only_still_asks(sign_in: Connects, server: Scripted) -> None:
    serve(server, reply({"data": [row()]}), reply(COUNTS))
    _, counts, listed = await overview(await sign_in(read_only=True), PLACE)
    assert counts and listed


@pytest.mark.parametrize(("wrong", "reason"), [("", False), ("sets", True), ("counts", True)])
async def test_why_counts_are_missing_is_given(azure: Azure, server: Scripted, wrong: str, reason: bool) -> None:
    denied = fault(403, "AuthorizationFailed", "no")
    serve(
        server,
        denied if wrong == "sets" else reply({"data": [row()]}),
        denied if wrong == "counts" else reply(COUNTS),
    )
    reasons = [page.uncounted async for page in azure.overview([PLACE]) if page.uncounted]
    assert len(reasons) == reason
    assert all("lacks a right" in found for found in reasons)
