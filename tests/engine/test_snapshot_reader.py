"""What repeated reads of one scale set may rest on while the quota is short."""

import asyncio
from dataclasses import replace

import pytest

from support.build import fleet, snapshot
from support.fake_azure import FakeAzure, FakeClock
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.engine.snapshot_reader import (
    FRESH_SECONDS,
    MOST_SINGLE,
    WATCHERS_SHARE,
    SnapshotReader,
)

RUNNING = RollingUpgrade(code=UpgradeCode.ROLLING_FORWARD, successful=2, pending=2)
ENDED = RollingUpgrade(code=UpgradeCode.COMPLETED, successful=4)


@pytest.fixture
def azure() -> FakeAzure:
    azure = FakeAzure([replace(snapshot(*fleet(4)), upgrade=RUNNING)])
    azure.refill = 60.0
    return azure


def crowded(azure: FakeAzure, clock: FakeClock, *, urgent: bool) -> SnapshotReader:
    """A reader of a set in which more instances are updated than are read one by one."""
    target = next(iter(azure.sets))
    ids = [str(number) for number in range(MOST_SINGLE + 1)]
    return SnapshotReader(azure, target, clock, focus=lambda _: ids, urgent=urgent)


def reader_of(azure: FakeAzure, clock: FakeClock) -> SnapshotReader:
    return SnapshotReader(azure, next(iter(azure.sets)), clock, focus=lambda _: ())


async def test_a_recent_list_is_good_enough_while_the_rolling_upgrade_does_not_move(azure: FakeAzure) -> None:
    reader = reader_of(azure, FakeClock())
    await reader.read()
    reader.want_all()
    await reader.read()
    assert reader.full
    assert [call.partition(":")[0] for call in azure.calls].count("instances") == 1


@pytest.mark.parametrize("parts", [0, 1, 3])
async def test_instances_are_never_older_than_the_rolling_upgrade_that_ended(azure: FakeAzure, parts: int) -> None:
    clock = FakeClock()
    reader = reader_of(azure, clock)
    await reader.read()
    target = next(iter(azure.sets))
    azure.change(target, lambda found: replace(found, upgrade=ENDED))
    azure.change_instance(target, "3", script_digest="new")
    for _ in range(parts):
        await reader.read()
    reader.want_all()
    found = await reader.read()
    assert clock.monotonic() < FRESH_SECONDS
    assert reader.full and found.upgrade == ENDED
    assert found.instances[3].script_digest == "new", "a verdict rests on this read"


async def test_a_whole_read_lists_the_instances_after_the_rolling_upgrade(azure: FakeAzure) -> None:
    await reader_of(azure, FakeClock()).read()
    order = [call.partition(":")[0] for call in azure.calls]
    assert order.index("instances") > order.index("latest_upgrade")


async def test_after_an_operation_that_changed_who_knows_which_instances_all_are_listed(azure: FakeAzure) -> None:
    """`latest` may know nothing of a rolling upgrade that a write started, and so not show that it moved on."""
    azure.change(next(iter(azure.sets)), lambda found: replace(found, upgrade=None))
    reader = reader_of(azure, FakeClock())
    await reader.read()
    azure.change_instance(next(iter(azure.sets)), "3", script_digest="new")
    reader.want_all()
    assert (await reader.read()).instances[3].script_digest != "new"
    reader.want_list()
    assert (await reader.read()).instances[3].script_digest == "new"
    reader.want_all()
    await reader.read()
    assert [call.partition(":")[0] for call in azure.calls].count("instances") == 2, "once is enough"


async def test_the_pace_counts_the_time_in_which_the_pages_of_the_list_waited(azure: FakeAzure) -> None:
    clock = FakeClock()
    reader = crowded(azure, clock, urgent=True)
    await reader.read()
    assert reader.pace(12.0) == 60.0
    clock.advance(35)
    assert reader.pace(12.0) == 25.0
    clock.advance(20)
    assert reader.pace(12.0) == 12.0, "never sooner than without a quota"
    azure.room_after = 31.0
    assert reader.pace(12.0) == 31.0, "the next list has room by then"


async def test_who_only_watches_keeps_to_what_the_quota_demanded_after_the_last_list(azure: FakeAzure) -> None:
    """Between two lists it sees nothing of the bucket, and counts it as refilled while other journals empty it."""
    for urgent in (True, False):
        clock = FakeClock()
        azure.refill = 60.0
        reader = crowded(azure, clock, urgent=urgent)
        await reader.read()
        azure.refill = 0.0
        assert reader.pace(12.0) == (12.0 if urgent else 60.0 * WATCHERS_SHARE)
        clock.advance(60 * WATCHERS_SHARE)
        assert reader.pace(12.0) == 12.0


async def test_a_list_whose_pages_waited_long_is_as_fresh_as_one_that_came_at_once(azure: FakeAzure) -> None:
    """Else a runner lists a large set again for every step before a batch, each time as long as the refill takes."""
    clock = FakeClock()
    target = next(iter(azure.sets))
    reader = reader_of(azure, clock)
    azure.gates["instances"] = asyncio.Event()
    reading = asyncio.create_task(reader.read())
    await asyncio.sleep(0.01)
    clock.advance(FRESH_SECONDS + 15)
    azure.gates["instances"].set()
    await reading
    azure.change_instance(target, "3", script_digest="new")
    for seconds, lists in ((0, 1), (FRESH_SECONDS - 1, 1), (2, 2)):
        clock.advance(seconds)
        reader.want_all()
        found = await reader.read()
        assert [call.partition(":")[0] for call in azure.calls].count("instances") == lists
        assert (found.instances[3].script_digest == "new") == (lists == 2)
