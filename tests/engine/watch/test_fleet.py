"""Watching the fleet: lists first, counts within the quota, what cannot be read is said."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from support import estate
from support.fakes import FakeAzure, FakeClock
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, InstanceCounts
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.engine.watch.fleet import FleetWatcher
from vmss_tui.engine.watch.pace import WatchFailure
from vmss_tui.errors import ConnectionFailed, Forbidden, Throttled

SUCCEEDED, UPDATING = Provisioning.SUCCEEDED, Provisioning.UPDATING


@pytest.fixture
def azure() -> FakeAzure:
    return FakeAzure()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class Seen:
    """Everything the watcher published, gathered in the background."""

    def __init__(self, watcher: FleetWatcher, clock: FakeClock) -> None:
        self.watcher = watcher
        self.items: list[FleetSnapshot | WatchFailure] = []
        self._clock = clock

    async def gather(self) -> None:
        async with aclosing(self.watcher.snapshots()) as stream:
            async for item in stream:
                self.items.append(item)

    async def pass_time(self, seconds: float) -> None:
        """Let the clock run in small steps, and everything that wakes with it."""
        for _ in range(max(1, round(seconds / 0.5))):
            for _ in range(12):
                await asyncio.sleep(0)
            self._clock.advance(0.5)
        for _ in range(12):
            await asyncio.sleep(0)

    @property
    def last(self) -> FleetSnapshot:
        return next(item for item in reversed(self.items) if isinstance(item, FleetSnapshot))

    @property
    def failures(self) -> list[WatchFailure]:
        return [item for item in self.items if isinstance(item, WatchFailure)]


@asynccontextmanager
async def watching(
    azure: FakeAzure, clock: FakeClock, idle: float = 30, kept: Sequence[FleetEntry] = ()
) -> AsyncIterator[Seen]:
    seen = Seen(FleetWatcher(azure, clock, idle_seconds=idle, kept=kept), clock)
    task = asyncio.create_task(seen.gather())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_everything_is_found_and_counted(azure: FakeAzure, clock: FakeClock) -> None:
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
    found = seen.last
    assert {entry.id for entry in found.entries} == set(azure.sets)
    assert found.complete and not found.problems
    assert found.subscriptions == estate.SUBSCRIPTIONS and found.tenants == estate.TENANTS
    for entry in found.entries:
        assert entry.counts is not None
        assert entry.counts.total == len(azure.sets[entry.id].instances)
        if entry.scale_set.mode is UpgradeMode.ROLLING:
            assert entry.upgrade == azure.sets[entry.id].upgrade


async def test_sets_are_shown_before_they_are_counted(azure: FakeAzure, clock: FakeClock) -> None:
    azure.gates["instances"] = asyncio.Event()
    async with watching(azure, clock) as seen:
        await seen.pass_time(2)
        assert len(seen.last.entries) == len(azure.sets)
        assert not seen.last.complete
        assert all(entry.counts is None for entry in seen.last.entries)


async def test_nothing_is_published_while_nothing_differs(azure: FakeAzure, clock: FakeClock) -> None:
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
        before, calls = len(seen.items), len(azure.calls)
        await seen.pass_time(90)
        assert len(seen.items) == before
        assert len(azure.calls) > calls


async def test_those_on_screen_are_counted_first(azure: FakeAzure, clock: FakeClock) -> None:
    wanted = list(azure.sets)[-3:]
    gate = azure.gates["scale_sets"] = asyncio.Event()
    async with watching(azure, clock) as seen:
        await seen.pass_time(1)
        seen.watcher.prefer(wanted)
        gate.set()
        await seen.pass_time(5)
    counted = [call.split(":")[1] for call in azure.calls if call.startswith("instances:")]
    assert set(counted[:3]) == {subscription.name for subscription in wanted}


async def test_the_rest_take_turns_within_half_of_the_quota(azure: FakeAzure, clock: FakeClock) -> None:
    base = next(iter(azure.sets.values()))
    azure.sets = {
        (target := replace(base.scale_set.id, name=f"web-{number}")): replace(
            base, scale_set=replace(base.scale_set, id=target), instances=base.instances[:2]
        )
        for number in range(100)
    }
    async with watching(azure, clock) as seen:
        await seen.pass_time(1800)
    counts = sum(call.startswith("instances:") for call in azure.calls)
    lists = sum(call == f"scale_sets:{base.scale_set.id.subscription}" for call in azure.calls)
    assert 300 < counts <= 100 + 450
    assert counts + lists < 900


async def test_sets_on_screen_are_kept_fresh_within_half_of_the_quota_too(azure: FakeAzure, clock: FakeClock) -> None:
    """A read of a set costs a view for each of its instances: 5,000 in 3 minutes, and 900 dear reads in 30."""
    base = azure.sets[next(iter(azure.sets))]
    azure.sets = {
        (target := replace(base.scale_set.id, name=f"web-{number}")): replace(
            base, scale_set=replace(base.scale_set, id=target, capacity=300), instances=base.instances[:2], upgrade=None
        )
        for number in range(2)
    }
    async with watching(azure, clock, idle=5) as seen:
        await seen.pass_time(1)
        seen.watcher.prefer(azure.sets)
        before = len(azure.calls)
        await seen.pass_time(1800)
    counts = sum(call.startswith("instances:") for call in azure.calls[before:])
    assert 60 < counts <= 450
    assert counts * 300 <= 1800 * 5000 / 180 / 2


async def test_an_overview_counts_every_set_at_once_and_health_follows(azure: FakeAzure, clock: FakeClock) -> None:
    azure.has_overview, azure.gates["instances"] = True, asyncio.Event()
    async with watching(azure, clock) as seen:
        await seen.pass_time(2)
        assert not any(call.startswith("scale_sets") for call in azure.calls)
        for entry in seen.last.entries:
            assert entry.counts is not None and not entry.counts.health_known
            assert entry.counts.total == len(azure.sets[entry.id].instances)
        assert not seen.last.complete
        azure.gates["instances"].set()
        await seen.pass_time(5)
        assert seen.last.complete
        assert all(entry.counts and entry.counts.health_known for entry in seen.last.entries)


async def test_what_moves_is_counted_before_favorites_and_those_before_the_rest(
    azure: FakeAzure, clock: FakeClock
) -> None:
    gate = azure.gates["scale_sets"] = asyncio.Event()
    targets = list(azure.sets)
    screen, favorite, moving = targets[-1], targets[-2], targets[-3]
    for target in targets:
        azure.change(target, lambda snap: replace(snap, scale_set=replace(snap.scale_set, provisioning=SUCCEEDED)))
    azure.change(moving, lambda snap: replace(snap, scale_set=replace(snap.scale_set, provisioning=UPDATING)))
    async with watching(azure, clock) as seen:
        await seen.pass_time(1)
        seen.watcher.prefer([screen], frozenset((favorite,)))
        gate.set()
        await seen.pass_time(5)
    counted = [call.split(":")[1] for call in azure.calls if call.startswith("instances:")]
    assert counted[:3] == [screen.name, moving.name, favorite.name]


async def test_an_instance_that_changes_in_the_overview_is_read_at_once(azure: FakeAzure, clock: FakeClock) -> None:
    azure.has_overview = True
    target = next(target for target, snap in azure.sets.items() if snap.upgrade is None and snap.instances)
    async with watching(azure, clock, idle=30) as seen:
        await seen.pass_time(28)
        azure.calls.clear()
        first = azure.find(target).instances[0]
        azure.change_instance(target, first.id, latest_model=not first.latest_model)
        await seen.pass_time(4)
        assert f"instances:{target.name}" in azure.calls


@pytest.mark.parametrize("overview", [False, True])
async def test_what_an_earlier_start_knew_stays_until_it_is_read_anew(
    azure: FakeAzure, clock: FakeClock, overview: bool
) -> None:
    azure.has_overview = overview
    wrong = InstanceCounts(99, 99, 99)
    kept = [
        FleetEntry(scale_set=replace(snap.scale_set, capacity=99), subscription=estate.PROD_US, counts=wrong)
        for snap in azure.sets.values()
    ]
    gone = replace(kept[0].scale_set, id=replace(kept[0].id, name="gone"))
    kept.append(replace(kept[0], scale_set=gone, kept_version="v1"))
    azure.gates["subscriptions"], azure.gates["instances"] = asyncio.Event(), asyncio.Event()
    async with watching(azure, clock, kept=kept) as seen:
        await seen.pass_time(1)
        azure.gates["subscriptions"].set()
        await seen.pass_time(2)
        assert seen.last.listed and gone.id not in {entry.id for entry in seen.last.entries}
        for entry in seen.last.entries:
            assert entry.scale_set == azure.sets[entry.id].scale_set and entry.kept_version == ""
            assert (entry.counts is not None) is overview and entry.counts != wrong
        azure.gates["instances"].set()
        await seen.pass_time(5)
        assert all(entry.counts and entry.counts.health_known for entry in seen.last.entries)


async def test_a_subscription_that_cannot_be_read_is_said_and_the_rest_shown(
    azure: FakeAzure, clock: FakeClock
) -> None:
    azure.failures[f"scale_sets:{estate.PROD_US.id}"] = Forbidden("no right to list scale sets")
    async with watching(azure, clock) as seen:
        await seen.pass_time(3)
        (problem,) = seen.last.problems
        assert all(part in problem for part in ("prod-us", estate.PROD_US.tenant_id, "no right to list scale sets"))
        assert {entry.subscription for entry in seen.last.entries} >= {estate.PROD_EUROPE}
        azure.failures.clear()
        await seen.pass_time(40)
        assert not seen.last.problems
        assert estate.PROD_US in {entry.subscription for entry in seen.last.entries}


async def test_known_sets_stay_while_their_subscription_cannot_be_read(azure: FakeAzure, clock: FakeClock) -> None:
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
        azure.failures[f"scale_sets:{estate.PROD_US.id}"] = ConnectionFailed("no route")
        await seen.pass_time(40)
        assert len(seen.last.entries) == len(azure.sets)
        assert seen.last.problems


async def test_a_set_that_is_gone_leaves_and_a_new_one_comes(azure: FakeAzure, clock: FakeClock) -> None:
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
        gone = next(iter(azure.sets))
        found = azure.sets.pop(gone)
        new = replace(gone, name="brand-new")
        azure.sets[new] = replace(found, scale_set=replace(found.scale_set, id=new))
        await seen.pass_time(40)
        ids = {entry.id for entry in seen.last.entries}
        assert new in ids and gone not in ids


async def test_a_set_whose_instances_cannot_be_read_says_why(azure: FakeAzure, clock: FakeClock) -> None:
    name = next(iter(azure.sets)).name
    azure.failures[f"instances:{name}"] = Forbidden("no right to read instances")
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
        entry = next(entry for entry in seen.last.entries if entry.id.name == name)
        assert (entry.counts, entry.problem) == (None, "no right to read instances")
        assert seen.last.complete
        azure.failures.clear()
        seen.watcher.refresh()
        await seen.pass_time(5)
        entry = next(entry for entry in seen.last.entries if entry.id.name == name)
        assert entry.counts is not None and entry.problem == ""


async def test_a_throttled_subscription_waits_alone(azure: FakeAzure, clock: FakeClock) -> None:
    throttled = [key for key in azure.sets if key.subscription == estate.PROD_EUROPE.id]
    for target in throttled:
        azure.failures[f"instances:{target.name}"] = Throttled("used up", retry_after=50)
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
        asked = sum(call in {f"instances:{key.name}" for key in throttled} for call in azure.calls)
        await seen.pass_time(40)
        assert sum(call in {f"instances:{key.name}" for key in throttled} for call in azure.calls) == asked
        others = [entry for entry in seen.last.entries if entry.subscription != estate.PROD_EUROPE]
        assert all(entry.counts is not None for entry in others)
        azure.failures.clear()
        await seen.pass_time(30)
        assert all(entry.counts is not None for entry in seen.last.entries)


@pytest.mark.parametrize(("refill", "again"), [(0.0, True), (60.0, False)])
async def test_a_short_quota_is_left_to_those_who_watch_a_set(
    azure: FakeAzure, clock: FakeClock, refill: float, again: bool
) -> None:
    azure.refill = refill
    async with watching(azure, clock) as seen:
        await seen.pass_time(5)
        azure.calls.clear()
        await seen.pass_time(200)
        assert any(call.startswith("instances:") for call in azure.calls) is again


async def test_no_way_in_is_a_failure_with_its_time_and_recovers(azure: FakeAzure, clock: FakeClock) -> None:
    azure.failures["subscriptions"] = ConnectionFailed("no route")
    async with watching(azure, clock) as seen:
        await seen.pass_time(7)
        assert [failure.retry_in for failure in seen.failures] == [2, 4, 8]
        assert len({failure.since for failure in seen.failures}) == 1
        azure.failures.clear()
        await seen.pass_time(20)
        assert isinstance(seen.items[-1], FleetSnapshot)
        assert len(seen.last.entries) == len(azure.sets)


async def test_all_subscriptions_failing_is_a_failure(azure: FakeAzure, clock: FakeClock) -> None:
    azure.failures["scale_sets"] = ConnectionFailed("no route")
    async with watching(azure, clock) as seen:
        await seen.pass_time(1)
        assert seen.failures


async def test_closing_leaves_nothing_running(azure: FakeAzure, clock: FakeClock) -> None:
    async with watching(azure, clock) as seen:
        await seen.pass_time(1)
    await asyncio.sleep(0)
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "fleet watcher"] == []


async def test_a_bug_is_not_hidden(azure: FakeAzure, clock: FakeClock) -> None:
    azure.failures["subscriptions"] = RuntimeError("bug")  # type: ignore[assignment]
    watcher = FleetWatcher(azure, clock, idle_seconds=30)
    with pytest.raises(RuntimeError, match="bug"):
        async with aclosing(watcher.snapshots()) as stream:
            await anext(stream)
