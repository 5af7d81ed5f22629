"""One poll of a set for several processes: who reads, who is handed what, and what happens when one goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from support import estate
from support.fakes import FakeAzure, FakeClock
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.snapshot_reader import WATCHERS_SHARE, SnapshotReader
from vmss_tui.engine.watch import shared
from vmss_tui.engine.watch.scale_set import SetWatcher
from vmss_tui.engine.watch.shared import Publisher, SharedReader, ask
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import SystemClock

WEB = next(found for found in estate.estate() if found.scale_set.name == "web-weu")
CLOCK = SystemClock()


def reader(azure: FakeAzure, path: Path | None) -> SharedReader:
    return SharedReader(SnapshotReader(azure, WEB.scale_set.id, CLOCK, autoscale=True), path, CLOCK)


def lists(azure: FakeAzure) -> int:
    return sum(call.partition(":")[0] == "instances" for call in azure.calls)


@pytest.fixture
async def azure() -> AsyncIterator[FakeAzure]:
    yield FakeAzure()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "meet" / "web.sock"


async def test_the_second_process_is_handed_what_the_first_has_read(azure: FakeAzure, place: Path) -> None:
    first, second = reader(azure, place), reader(azure, place)
    seen = await first.read(10)
    handed = await second.read(10)
    assert handed == seen and handed is not seen and handed.taken_at == seen.taken_at
    assert lists(azure) == 1
    assert await second.read(10) is second.last and lists(azure) == 1, "nothing newer: nothing goes over the socket"
    assert first.pace(8) == 8 and second.pace(8) == 1, "it asks more often than the first one reads"
    await first.close()
    await second.close()


async def test_what_changes_reaches_both_with_one_read(azure: FakeAzure, place: Path) -> None:
    first, second = reader(azure, place), reader(azure, place)
    await first.read(10)
    before = await second.read(10)
    azure.change_instance("web-weu", "3", message="something new")
    await first.read(10)
    after = await second.read(10)
    assert after != before and after.instance("3") == azure.find("web-weu").instance("3")
    assert after.instances[4] is before.instances[4], "what is equal stays the same object"
    assert lists(azure) == 2
    await first.close()
    await second.close()


async def test_when_the_first_one_goes_the_second_reads(azure: FakeAzure, place: Path) -> None:
    first, second, third = (reader(azure, place) for _ in range(3))
    await first.read(10)
    await second.read(10)
    await first.close()
    await second.read(10)
    assert lists(azure) == 2
    await third.read(10)
    assert lists(azure) == 2
    await second.close()


async def test_what_is_too_old_is_read_once_for_all_who_wait(azure: FakeAzure, place: Path) -> None:
    first, others = reader(azure, place), [reader(azure, place) for _ in range(4)]
    await first.read(10)
    await asyncio.sleep(0.02)
    await asyncio.gather(*(other.read(0.001) for other in others))
    assert lists(azure) == 2
    await first.close()


async def test_a_refresh_reads_everything_for_everyone(azure: FakeAzure, place: Path) -> None:
    first, second = reader(azure, place), reader(azure, place)
    await first.read(10)
    await second.read(10)
    second.want_all()
    azure.calls.clear()
    await second.read(10)
    assert {"scale_set", "instances", "latest_upgrade"} <= {call.partition(":")[0] for call in azure.calls}
    await first.close()


async def test_an_error_is_found_out_by_each(azure: FakeAzure, place: Path) -> None:
    first, second = reader(azure, place), reader(azure, place)
    azure.failures["instances"] = VmssTuiError("no")
    for one in (first, second):
        with pytest.raises(VmssTuiError):
            await one.read(10)
    await first.close()
    await second.close()


async def test_a_runner_hands_on_what_it_reads_and_never_reads_for_others(azure: FakeAzure, place: Path) -> None:
    runner, watcher = Publisher(place, CLOCK), reader(azure, place)
    await watcher.read(10)
    newer = replace(WEB, instances=WEB.instances[:-1], autoscale=None, taken_at=CLOCK.now())
    await runner.publish(newer)
    found = await watcher.read(10)
    assert found.instances == newer.instances and lists(azure) == 1
    await asyncio.sleep(0.02)
    await watcher.read(0.001)
    assert lists(azure) == 2, "what the runner has is too old"
    await runner.close()
    await watcher.close()


async def test_while_the_quota_is_short_what_a_runner_read_a_while_ago_is_good_enough(
    azure: FakeAzure, place: Path
) -> None:
    """It lists a large set every 36 s at most: a list by who only watches would take the next one's quota."""
    clock = FakeClock()
    azure.refill = 36.0
    watcher = SharedReader(SnapshotReader(azure, WEB.scale_set.id, clock, autoscale=True), place, clock)
    runner = Publisher(place, clock)
    await watcher.read(12)
    clock.advance(1)
    newer = replace(WEB, instances=WEB.instances[:-1], autoscale=None, taken_at=clock.now())
    await runner.publish(newer)
    clock.advance(WATCHERS_SHARE * 36)
    assert (await watcher.read(12)).instances == newer.instances and lists(azure) == 1
    azure.refill = 0.0
    clock.advance(1)
    await watcher.read(12)
    assert lists(azure) == 2, "there is plenty"
    await runner.close()
    await watcher.close()


async def test_a_process_that_is_stuck_is_not_waited_for(
    azure: FakeAzure, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "PATIENCE_SECONDS", 0.05)
    place.parent.mkdir()
    released = asyncio.Event()

    async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    stuck = await asyncio.start_unix_server(wait, place)
    assert await ask(place, 10) is None
    found = reader(azure, place)
    assert (await found.read(10)).instances == WEB.instances
    released.set()
    await asyncio.sleep(0.02)
    stuck.close()
    await found.close()


async def test_a_path_that_is_too_long_or_none_shares_nothing(azure: FakeAzure, tmp_path: Path) -> None:
    for path in (None, tmp_path / ("x" * 120) / "web.sock"):
        one = reader(azure, path)
        await one.read(10)
        await one.close()
    assert lists(azure) == 2


async def test_two_watchers_of_one_set_poll_once(azure: FakeAzure, place: Path) -> None:
    def watcher() -> SetWatcher:
        return SetWatcher(azure, WEB.scale_set.id, CLOCK, watch_seconds=60, idle_seconds=60, meeting=place)

    async with aclosing(watcher().snapshots()) as first, aclosing(watcher().snapshots()) as second:
        one, other = await anext(first), await anext(second)
        assert isinstance(one, SetSnapshot) and one == other and lists(azure) == 1
    assert await ask(place, 60) is None
