"""Reading health once: every set gets its answer, a short quota of one subscription delays no other."""

import asyncio
from dataclasses import replace

import pytest

from support import estate
from support.fakes import FakeAzure, FakeClock
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.engine.health_reader import read_health, seconds_by_quota
from vmss_tui.errors import Forbidden, Throttled


def entries(azure: FakeAzure) -> list[FleetEntry]:
    places = {place.id: place for place in estate.SUBSCRIPTIONS}
    return [
        FleetEntry(scale_set=snap.scale_set, subscription=places[key.subscription]) for key, snap in azure.sets.items()
    ]


async def test_every_set_comes_with_its_health_or_with_why_not() -> None:
    azure = FakeAzure()
    wanted = entries(azure)
    unreadable = wanted[0].id.name
    azure.failures[f"instances:{unreadable}"] = Forbidden("no right to read instances")
    found = {entry.id: entry async for entry in read_health(azure, FakeClock(), wanted)}
    assert set(found) == set(azure.sets)
    assert found[wanted[0].id].problem == "no right to read instances"
    assert all(entry.counts is not None and entry.counts.health_known for entry in found.values() if not entry.problem)


async def test_a_throttled_subscription_waits_alone_and_is_read_in_the_end() -> None:
    azure, clock = FakeAzure(), FakeClock()
    held = [entry for entry in entries(azure) if entry.subscription == estate.PROD_EUROPE]
    for entry in held:
        azure.failures[f"instances:{entry.id.name}"] = Throttled("used up", retry_after=50)
    found: dict[ScaleSetId, FleetEntry] = {}

    async def gather() -> None:
        async for entry in read_health(azure, clock, entries(azure)):
            found[entry.id] = entry

    task = asyncio.create_task(gather())
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(found) == len(azure.sets) - len(held)
    azure.failures.clear()
    for _ in range(60):
        clock.advance(1)
        for _ in range(12):
            await asyncio.sleep(0)
    await task
    assert len(found) == len(azure.sets)


async def test_a_bug_is_not_hidden() -> None:
    azure = FakeAzure()
    azure.failures["instances"] = RuntimeError("bug")  # type: ignore[assignment]
    with pytest.raises(ExceptionGroup):
        [entry async for entry in read_health(azure, FakeClock(), entries(azure))]


def test_the_time_by_quota_is_that_of_the_largest_subscription() -> None:
    base = entries(FakeAzure())[0]

    def sets(count: int, place: str, capacity: int = 1) -> list[FleetEntry]:
        target = replace(base.id, subscription=place)
        return [
            FleetEntry(
                scale_set=replace(base.scale_set, id=replace(target, name=f"s{number}"), capacity=capacity),
                subscription=Subscription(place, place),
            )
            for number in range(count)
        ]

    assert seconds_by_quota([]) == 0
    many = [entry for number in range(100) for entry in sets(20, f"p{number}")]
    assert seconds_by_quota(many) == 0, "100 subscriptions have 100 quotas"
    assert 0 < seconds_by_quota(sets(400, "one")) < seconds_by_quota(sets(1000, "one"))
    assert seconds_by_quota(sets(10, "one", capacity=1000)) > seconds_by_quota(sets(10, "one"))
