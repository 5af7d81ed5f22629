"""Processes of one journal know of each other what is left of Azure's buckets, by a file that nothing depends on."""

import asyncio
import fcntl
import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from support.quota import Clock, header
from vmss_tui.errors import Throttled
from vmss_tui.gateway.http import shared_levels
from vmss_tui.gateway.http.throttle import Governor


async def test_processes_of_a_journal_share_what_is_left(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "state" / "quota.json"
    one, two = Governor(clock, file), Governor(clock, file)
    one.observe("s", "instances", header(0))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    await two.admit("s", "instances", "a")
    await one.admit("s", "instances", "b")
    assert clock.slept == [2.0, pytest.approx(1.0)]
    one.refused("s", "instances", 60)
    with pytest.raises(Throttled):
        await two.admit("s", "instances")
    assert two.quota().throttled_until == clock.now() + timedelta(seconds=60)
    clock.seconds += 61
    await two.admit("s", "instances", "c")


async def test_governors_together_never_overrun_a_bucket(tmp_path: Path) -> None:
    """Four processes that read as fast as they may, for an hour, from a bucket of 180 in 3 minutes."""
    clock, file = Clock(), tmp_path / "quota.json"
    governors = [Governor(clock, file) for _ in range(4)]
    tokens, at, asked = 10.0, 0.0, 0
    governors[0].observe("s", "instances", header(10))
    while clock.seconds < 3600:
        for number, governor in enumerate(governors):
            try:
                await governor.admit("s", "instances", f"set {number}")
            except Throttled as error:
                clock.seconds += error.retry_after
                continue
            tokens = min(180.0, tokens + clock.seconds - at) - 1.0
            at, asked = clock.seconds, asked + 1
            assert tokens >= 0
            governor.observe("s", "instances", header(int(tokens)))
            clock.seconds += 0.01
    assert asked > 3000


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 9}', '{"version": 1, "levels": {"x": [0]}}', "\x00" * 50, "[" * 100_000]
)
async def test_a_quota_file_of_another_shape_is_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / "quota.json"
    file.write_text(text)
    governor = Governor(Clock(), file)
    await governor.admit("s", "instances")
    governor.observe("s", "instances", header(5))
    assert json.loads(file.read_text())["levels"]


async def test_the_file_is_shortened_when_little_of_it_is_used(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "quota.json"
    governor = Governor(clock, file)
    for number in range(200):
        governor.observe(f"subscription {number}", "instances", header(5))
    largest = file.stat().st_size
    clock.seconds += 3600
    governor.observe("s", "instances", header(5))
    assert file.stat().st_size < largest / 10
    await Governor(clock, file).admit("s", "instances")
    assert list(json.loads(file.read_text())["levels"])


async def test_without_a_place_for_the_file_each_process_goes_by_what_it_knows(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    governor = Governor(Clock(), blocked / "quota.json")
    governor.observe("s", "instances", header(90))
    await governor.admit("s", "instances")
    assert governor.quota().buckets[0].highest == 180


async def test_a_lock_that_is_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """Else what is taken out meanwhile would be known to nobody."""
    clock, file = Clock(), tmp_path / "quota.json"
    one, two = Governor(clock, file), Governor(clock, file)
    one.observe("s", "instances", header(50))
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        reading = asyncio.create_task(one.admit("s", "instances", "a"))
        await asyncio.sleep(0.1)
        assert not reading.done()
    await reading
    await two.admit("s", "instances", "b")
    assert two.quota().buckets[0].remaining == 48


async def test_a_stopped_process_that_holds_the_lock_stops_nobody_and_nothing_stays_uncounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_levels, "LOCK_SECONDS", 0.05)
    clock, file = Clock(), tmp_path / "quota.json"
    one, two = Governor(clock, file), Governor(clock, file)
    one.observe("s", "instances", header(50))
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for number in range(10):
            await one.admit("s", "instances", f"set {number}")
        one.observe("s", "instances", header(40))
        assert clock.slept == []
    one.observe("s", "scale set", {})
    await one.admit("s", "instances", "one more")
    await two.admit("s", "instances", "b")
    assert two.quota().buckets[0].remaining == 38


async def test_an_answer_that_could_not_be_written_in_time_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an old answer would count as the present rest."""
    monkeypatch.setattr(shared_levels, "KEPT_SECONDS", 0.0)
    clock, file = Clock(), tmp_path / "quota.json"
    one, two = Governor(clock, file), Governor(clock, file)
    one.observe("s", "instances", header(50))
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        one.observe("s", "instances", header(2))
    await one.admit("s", "instances", "a")
    await two.admit("s", "instances", "b")
    assert [it.quota().buckets[0].remaining > 40 for it in (one, two)] == [True, True]


async def test_without_the_lock_a_process_takes_a_tenth_and_a_quarter_of_the_refill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may do the same."""
    monkeypatch.setattr(shared_levels, "LOCK_SECONDS", 0.0)
    clock, file = Clock(), tmp_path / "quota.json"
    governor = Governor(clock, file, urgent=True)
    governor.observe("s", "instances", header(180))
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for number in range(18 + 5):
            await governor.admit("s", "instances", f"set {number}")
    assert sum(clock.slept) == pytest.approx(5 / 0.25)


async def test_without_the_lock_an_inventory_is_read_within_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_levels, "LOCK_SECONDS", 0.0)
    clock, file = Clock(), tmp_path / "quota.json"
    file.touch()
    governor = Governor(clock, file)
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for _ in range(12):
            await governor.admit("", "resource graph")
    assert sum(clock.slept) < 5


async def test_a_clock_that_was_put_back_does_not_make_anybody_wait(tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "quota.json"
    clock.seconds = 100_000.0
    Governor(clock, file).observe("s", "instances", header(0))
    clock.seconds = 0.0
    later = Governor(clock, file)
    await later.admit("s", "instances")
    assert sum(clock.slept) <= 2.0
