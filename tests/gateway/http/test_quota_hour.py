"""An hour in one subscription, by a clock that is paused while code runs: the effect of the quota on every process.

Two operators watch a set of 1,000 instances while a runner rolls it out, and an undo of 12 instances from another
journal begins when the bucket is nearly empty.
"""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from support.fakes import FakeClock
from support.metered import HOUR, MeteredAzure, Server, a_set, operator, passes, runner
from vmss_tui.gateway.http.throttle import Governor


@pytest.mark.campaign
async def test_two_operators_a_runner_and_an_undo_share_an_hour(tmp_path: Path) -> None:
    clock = FakeClock()
    server, big, small = Server(clock), a_set("big", 1000), a_set("small", 12)

    def client(*, urgent: bool, journal: str) -> MeteredAzure:
        return MeteredAzure(server, _governor(clock, tmp_path / f"{journal}.json", urgent=urgent), big, small)

    first, second = client(urgent=False, journal="a"), client(urgent=False, journal="a")
    rolls, undoes = client(urgent=True, journal="a"), client(urgent=True, journal="b")
    running = [asyncio.create_task(operator(azure, big.scale_set.id, clock)) for azure in (first, second)]
    running.append(asyncio.create_task(runner(rolls, big.scale_set.id, clock, 20)))
    await passes(clock, 300)
    running.append(asyncio.create_task(runner(undoes, small.scale_set.id, clock, 3)))
    await passes(clock, HOUR)
    await _stopped(running)
    assert server.refused == []
    assert max(rolls.waits) <= 30 and max(undoes.waits) <= 30
    assert len(rolls.waits) > 1000 and len(undoes.waits) > 500
    for azure in (first, second):
        assert max(azure.waits) <= 30 and len(azure.waits) > 100


@pytest.mark.campaign
async def test_batches_of_50_are_listed_although_an_operator_of_another_journal_lists_them_too(tmp_path: Path) -> None:
    """50 instances are not read one by one: every read is a list of 1,000, from a bucket that is nearly empty."""
    clock = FakeClock()
    server, big, small = Server(clock), a_set("big", 1000), a_set("small", 12)
    rolls, watches, undoes = (
        MeteredAzure(server, _governor(clock, tmp_path / f"{journal}.json", urgent=urgent), big, small)
        for journal, urgent in (("a", True), ("b", False), ("c", True))
    )
    running = [
        asyncio.create_task(runner(rolls, big.scale_set.id, clock, 50)),
        asyncio.create_task(operator(watches, big.scale_set.id, clock)),
    ]
    await passes(clock, 300)
    running.append(asyncio.create_task(runner(undoes, small.scale_set.id, clock, 12)))
    await passes(clock, HOUR)
    await _stopped(running)
    assert server.refused == []
    assert max(*rolls.waits, *watches.waits, *undoes.waits) <= 30
    assert len(rolls.lists) > 60 and len(watches.lists) > 15
    assert all(ended is not None for _, ended in (*rolls.lists, *undoes.lists)[:-1]), "no list is begun and lost"


async def test_two_runners_of_large_sets_do_not_lose_the_pages_of_their_lists(tmp_path: Path) -> None:
    """A page that waits long was refused, the list begun again from its first page, and nobody came to an end."""
    clock = FakeClock()
    server, sets = Server(clock), [a_set("one", 1000), a_set("two", 1000)]
    rolls = [MeteredAzure(server, _governor(clock, tmp_path / "a.json", urgent=True), *sets) for _ in sets]
    running = [
        asyncio.create_task(runner(azure, found.scale_set.id, clock, 50))
        for azure, found in zip(rolls, sets, strict=True)
    ]
    await passes(clock, 900)
    await _stopped(running)
    assert server.refused == []
    for azure in rolls:
        assert max(azure.waits) <= 30 and len(azure.lists) >= 9
        assert [ended for _, ended in azure.lists[:-1] if ended is None] == []


async def test_a_runner_lists_as_often_as_azure_gives_back_what_a_list_takes(tmp_path: Path) -> None:
    """1,000 instances of 5,000 in three minutes: every 36 s, with the waits of single pages counted in."""
    clock = FakeClock()
    server, big = Server(clock), a_set("big", 1000)
    azure = MeteredAzure(server, _governor(clock, tmp_path / "a.json", urgent=True), big)
    running = [asyncio.create_task(runner(azure, big.scale_set.id, clock, 50, batch_seconds=HOUR))]
    await passes(clock, 900)
    await _stopped(running)
    begun = [begun for begun, _ in azure.lists if begun > 100]
    gaps = [after - before for before, after in pairwise(begun)]
    assert server.refused == [] and len(gaps) > 15
    assert max(gaps) == pytest.approx(36, abs=1.5)


def _governor(clock: FakeClock, file: Path, *, urgent: bool) -> Governor:
    return Governor(clock, file, principal="maria", limits_sets=True, urgent=urgent)


async def _stopped(running: list["asyncio.Task[None]"]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
