"""Watching one set: only what differs, one read at a time, at a pace that quota and failures set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

import pytest

from support import estate
from support.fakes import FakeAzure, FakeClock
from vmss_tui.domain.fleet.health import Health, Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.watch.pace import Backoff, Pulse, WatchFailure, eased
from vmss_tui.engine.watch.scale_set import SetWatcher, is_moving
from vmss_tui.errors import ConnectionFailed, NotFound, Throttled

T = TypeVar("T")


def quiet(snapshot: SetSnapshot) -> SetSnapshot:
    """The same set with nothing going on."""
    instances = tuple(
        replace(
            instance,
            provisioning=Provisioning.SUCCEEDED,
            health=Health.HEALTHY,
            script=replace(instance.script, state=ScriptState.SUCCEEDED),
        )
        for instance in snapshot.instances
    )
    scale_set = replace(snapshot.scale_set, provisioning=Provisioning.SUCCEEDED)
    return replace(snapshot, scale_set=scale_set, instances=instances, upgrade=None)


@pytest.fixture
def azure() -> FakeAzure:
    return FakeAzure([quiet(estate.estate()[0])])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def watcher(azure: FakeAzure, clock: FakeClock) -> SetWatcher:
    (target,) = azure.sets
    return SetWatcher(azure, target, clock, watch_seconds=10, idle_seconds=60)


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def upcoming(stream: AsyncIterator[T]) -> "asyncio.Task[T]":
    """Ask for the next item and let everything run that can."""
    task: asyncio.Task[T] = asyncio.ensure_future(anext(stream))
    await settle()
    return task


async def drop(task: "asyncio.Task[T]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def reads(azure: FakeAzure) -> list[str]:
    return [call.split(":")[0] for call in azure.calls]


async def test_the_first_look_reads_everything(azure: FakeAzure, watcher: SetWatcher) -> None:
    async with aclosing(watcher.snapshots()) as stream:
        found = await anext(stream)
    assert isinstance(found, SetSnapshot)
    assert found == next(iter(azure.sets.values()))
    assert sorted(reads(azure)) == ["autoscale", "instances", "latest_upgrade", "scale_set"]
    assert watcher.checked_at == estate.NOW


async def test_nothing_is_published_while_nothing_differs(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    async with aclosing(watcher.snapshots()) as stream:
        await anext(stream)
        task = await upcoming(stream)
        for _ in range(4):
            clock.advance(60)
            await settle()
        assert not task.done()
        assert reads(azure).count("instances") == 5
        assert watcher.checked_at == clock.now()
        azure.change_instance(watcher.target, next(iter(azure.sets.values())).instances[0].id, health=Health.UNHEALTHY)
        clock.advance(60)
        assert isinstance(await task, SetSnapshot)


async def test_autoscale_is_read_when_somebody_looks_anew_and_kept_in_between(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    setting = Autoscale(enabled=True, minimum=2, maximum=9)
    azure.sets[watcher.target] = replace(azure.sets[watcher.target], autoscale=setting)
    async with aclosing(watcher.snapshots()) as stream:
        assert getattr(await anext(stream), "autoscale", None) == setting
        task = await upcoming(stream)
        for _ in range(6):
            clock.advance(60)
            await settle()
        assert not task.done(), "what was read stays"
        assert reads(azure).count("autoscale") == 1
        azure.sets[watcher.target] = replace(azure.sets[watcher.target], autoscale=None)
        watcher.refresh()
        await settle()
        assert getattr(await task, "autoscale", setting) is None
        assert reads(azure).count("autoscale") == 2


async def test_a_look_costs_one_dear_and_one_cheap_read(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    async with aclosing(watcher.snapshots()) as stream:
        await anext(stream)
        azure.calls.clear()
        task = await upcoming(stream)
        for _ in range(6):
            clock.advance(60)
            await settle()
        await drop(task)
    found = reads(azure)
    assert (found.count("instances"), found.count("scale_set"), found.count("latest_upgrade")) == (6, 3, 3)


async def test_while_azure_rolls_the_upgrade_is_read_more_often(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    azure.change(watcher.target, lambda found: replace(found, upgrade=RollingUpgrade(code=UpgradeCode.ROLLING_FORWARD)))
    async with aclosing(watcher.snapshots()) as stream:
        await anext(stream)
        azure.calls.clear()
        task = await upcoming(stream)
        for _ in range(6):
            clock.advance(10)
            await settle()
        await drop(task)
    found = reads(azure)
    assert (found.count("instances"), found.count("scale_set"), found.count("latest_upgrade")) == (6, 2, 4)


async def test_unchanged_instances_stay_the_same_objects(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    async with aclosing(watcher.snapshots()) as stream:
        first = await anext(stream)
        assert isinstance(first, SetSnapshot)
        azure.change(
            watcher.target,
            lambda found: replace(found, instances=tuple(replace(instance) for instance in found.instances)),
        )
        azure.change_instance(watcher.target, first.instances[1].id, message="new")
        task = await upcoming(stream)
        clock.advance(60)
        second = await task
    assert isinstance(second, SetSnapshot)
    assert second.instances[0] is first.instances[0]
    assert second.instances[1] is not first.instances[1]


async def test_asking_cuts_the_wait_short_and_reads_everything(azure: FakeAzure, watcher: SetWatcher) -> None:
    async with aclosing(watcher.snapshots()) as stream:
        await anext(stream)
        azure.calls.clear()
        task = await upcoming(stream)
        watcher.refresh()
        await settle()
        assert sorted(reads(azure)) == ["autoscale", "instances", "latest_upgrade", "scale_set"]
        await drop(task)


async def test_one_read_is_in_flight_however_often_somebody_asks(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    gate = azure.gates["instances"] = asyncio.Event()
    async with aclosing(watcher.snapshots()) as stream:
        task = await upcoming(stream)
        for _ in range(5):
            watcher.refresh()
            clock.advance(60)
            await settle()
        assert reads(azure).count("instances") == 1
        gate.set()
        await task
        task = await upcoming(stream)
        assert reads(azure).count("instances") == 2
        await drop(task)


async def test_failures_back_off_with_reason_and_time_and_recovery_is_published(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    error = azure.failures["instances"] = ConnectionFailed("no route")
    async with aclosing(watcher.snapshots()) as stream:
        waits: list[float] = []
        for _ in range(7):
            task = await upcoming(stream)
            if waits:
                clock.advance(waits[-1])
            failure = await task
            assert isinstance(failure, WatchFailure)
            assert (failure.error, failure.since) == (error, estate.NOW)
            waits.append(failure.retry_in)
        assert waits == [2, 4, 8, 16, 32, 60, 60]
        azure.failures.clear()
        task = await upcoming(stream)
        clock.advance(60)
        assert isinstance(await task, SetSnapshot)
        azure.failures["instances"] = error
        task = await upcoming(stream)
        clock.advance(60)
        again = await task
    assert isinstance(again, WatchFailure)
    assert again.retry_in == 2
    assert again.since == clock.now()


async def test_a_recovery_to_the_same_state_is_published_too(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    async with aclosing(watcher.snapshots()) as stream:
        first = await anext(stream)
        azure.failures["instances"] = ConnectionFailed("no route")
        task = await upcoming(stream)
        clock.advance(60)
        await task
        azure.failures.clear()
        task = await upcoming(stream)
        clock.advance(60)
        assert await task == first


def test_a_quota_that_runs_low_stretches_the_pace() -> None:
    assert [eased(10, share) for share in (1.0, 0.5, 0.25, 0.1, 0.0)] == [10, 10, 20, 50, 60]


def with_moving(snapshot: SetSnapshot, count: int) -> SetSnapshot:
    """The same set with so many instances whose script runs."""
    busy = tuple(
        replace(instance, script=replace(instance.script, state=ScriptState.RUNNING)) if number < count else instance
        for number, instance in enumerate(snapshot.instances)
    )
    return replace(snapshot, instances=busy)


async def reads_over(watcher: SetWatcher, clock: FakeClock, azure: FakeAzure, seconds: int) -> list[str]:
    """What a watcher asks in so many seconds after its first snapshot."""
    async with aclosing(watcher.snapshots()) as stream:
        await anext(stream)
        azure.calls.clear()
        task = await upcoming(stream)
        for _ in range(seconds):
            clock.advance(1)
            await settle()
            if task.done():
                task = await upcoming(stream)
        await drop(task)
    return reads(azure)


async def test_while_the_quota_is_short_only_what_moves_is_read_between_lists(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    azure.sets[watcher.target] = with_moving(azure.sets[watcher.target], 3)
    azure.refill = 36.0
    asked = await reads_over(watcher, clock, azure, 190)
    assert asked.count("instances") == 1 and asked.count("some_instances") == 18


async def test_while_the_quota_is_short_a_calm_set_is_listed_seldom(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    azure.refill = 36.0
    asked = await reads_over(watcher, clock, azure, 300)
    assert asked.count("instances") == 1 and "some_instances" not in asked


async def test_while_the_quota_is_short_many_that_move_are_listed_at_the_pace_of_the_refill(
    azure: FakeAzure, watcher: SetWatcher, clock: FakeClock
) -> None:
    azure.sets[watcher.target] = with_moving(azure.sets[watcher.target], 30)
    azure.refill = 6.0
    asked = await reads_over(watcher, clock, azure, 95)
    assert asked.count("instances") == 3 and "some_instances" not in asked


def test_waits_after_failures() -> None:
    backoff = Backoff()
    assert backoff.after(Throttled("x", retry_after=90)) == 90
    assert backoff.after(NotFound("gone")) == 60
    assert backoff.after(ConnectionFailed("x")) == 8
    backoff.reset()
    assert backoff.after(ConnectionFailed("x")) == 2


def test_what_counts_as_moving(azure: FakeAzure) -> None:
    (calm,) = azure.sets.values()
    assert not is_moving(calm)
    assert is_moving(replace(calm, scale_set=replace(calm.scale_set, provisioning=Provisioning.UPDATING)))
    assert is_moving(replace(calm, upgrade=RollingUpgrade(code=UpgradeCode.ROLLING_BACK)))
    assert not is_moving(replace(calm, upgrade=RollingUpgrade(code=UpgradeCode.COMPLETED)))
    first, *rest = calm.instances
    for change in (
        replace(first, provisioning=Provisioning.UPDATING),
        replace(first, health=Health.INITIALISING),
        replace(first, script=replace(first.script, state=ScriptState.RUNNING)),
    ):
        assert is_moving(replace(calm, instances=(change, *rest)))


async def test_a_pulse_is_not_lost_when_nobody_waits(clock: FakeClock) -> None:
    pulse = Pulse(clock)
    pulse.now()
    assert await pulse.wait(100) is True
    task = asyncio.ensure_future(pulse.wait(5))
    await settle()
    clock.advance(5)
    assert await task is False
