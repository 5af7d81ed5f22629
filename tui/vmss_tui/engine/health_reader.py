"""Reading the health of many scale sets once: one expensive read a set, a few at a time, as the quota permits.

Knows ports only.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import replace

from vmss_tui.domain.fleet.snapshot import FleetEntry, count_instances
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.errors import Throttled, VmssTuiError
from vmss_tui.ports import Azure, Clock

TOGETHER = 8
"""Sets that are read at the same time."""
_FREE_READS = ((90, 1.0), (450, 0.5))
"""Half of Compute's buckets of expensive reads a subscription, of 180 in 3 minutes and of 900 in 30: reads that are not
delayed, and how many a second follow."""
_FREE_VIEWS, _VIEWS_A_SECOND = 2500, 5000 / 180
"""The same of its bucket of 5,000 views in 3 minutes: a read of a set costs one for each instance."""


def seconds_by_quota(entries: Iterable[FleetEntry]) -> float:
    """About how long Azure's quota makes the reading of these sets last; subscriptions have a quota each."""
    sets, views = Counter[str](), Counter[str]()
    for entry in entries:
        place = entry.id.subscription.lower()
        sets[place] += 1
        views[place] += entry.counts.total if entry.counts is not None else entry.scale_set.capacity
    return max((_seconds(sets[place], views[place]) for place in sets), default=0.0)


def _seconds(sets: int, views: int) -> float:
    by_reads = max((sets - free) / rate for free, rate in _FREE_READS)
    return max(0.0, by_reads, (views - _FREE_VIEWS) / _VIEWS_A_SECOND)


async def read_health(azure: Azure, clock: Clock, entries: Sequence[FleetEntry]) -> AsyncGenerator[FleetEntry, None]:
    """Every entry with its health, in the order in which answers come; a set that cannot be read has a problem.

    Subscriptions take turns, so that the quota of one delays no other.
    """
    room, done = asyncio.Semaphore(TOGETHER), asyncio.Queue[FleetEntry | None]()
    held: dict[str, float] = {}

    async def one(entry: FleetEntry) -> None:
        place = entry.id.subscription.lower()
        while True:
            if (rest := held.get(place, 0.0) - clock.monotonic()) > 0:
                await clock.sleep(rest)
                continue
            async with room:
                if held.get(place, 0.0) > clock.monotonic():
                    continue
                try:
                    found = await _with_health(azure, entry)
                except Throttled as error:
                    held[place] = clock.monotonic() + max(1.0, error.retry_after)
                    continue
            done.put_nowait(found)
            return

    async def all_of_them() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for entry in _in_turns(entries):
                    group.create_task(one(entry))
        finally:
            done.put_nowait(None)

    reading = asyncio.create_task(all_of_them())
    try:
        while (found := await done.get()) is not None:
            yield found
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _with_health(azure: Azure, entry: FleetEntry) -> FleetEntry:
    try:
        instances = await azure.instances(entry.scale_set, overview=True)
        upgrade = entry.upgrade
        if entry.scale_set.mode is UpgradeMode.ROLLING or entry.scale_set.automatic_os_upgrade:
            upgrade = await azure.latest_upgrade(entry.id)
    except Throttled:
        raise
    except VmssTuiError as error:
        return replace(entry, problem=error.message)
    return replace(entry, counts=count_instances(instances), upgrade=upgrade, problem="")


def _in_turns(entries: Sequence[FleetEntry]) -> list[FleetEntry]:
    """The first set of each subscription, then the second of each."""
    places = Counter[str]()
    ranked: list[tuple[int, int, FleetEntry]] = []
    for entry in entries:
        place = entry.id.subscription.lower()
        ranked.append((places[place], len(ranked), entry))
        places[place] += 1
    return [entry for _, _, entry in sorted(ranked, key=lambda item: item[:2])]
