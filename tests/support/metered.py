"""Azure's buckets behind a latency, in a clock that is paused while code runs, and the readers that share them.

The reads are those of the engine, the pacing is the governor's, the buckets and their headers are the simulator's,
which are Azure's.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from support.build import fleet, snapshot
from support.fakes import FakeAzure, FakeClock
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.snapshot_reader import SnapshotReader
from vmss_tui.engine.watch.scale_set import SetWatcher
from vmss_tui.errors import Throttled
from vmss_tui.gateway.http.throttle import Governor
from vmss_tui.simulator import armpath, throttle

SUBSCRIPTION = "sub"
HOUR = 3600.0
PAGE = 250
LATENCY = 0.3
BATCH_SECONDS = 70.0


@dataclass
class Server:
    """The simulator's buckets behind a latency, in the test's clock."""

    clock: FakeClock
    buckets: throttle.Throttle = field(init=False)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.buckets = throttle.Throttle(per_resource=True, seconds=self.clock.monotonic)

    async def answer(self, path: str, charge: int, actor: str) -> dict[str, str]:
        """The headers of an answer; a request beyond a limit is noted."""
        await self.clock.sleep(LATENCY)
        parsed = armpath.parse(path)
        groups = throttle.group_of("GET", parsed)
        left, _, refusal = self.buckets.admit_to_arm(SUBSCRIPTION, "reads", actor)
        refusal = refusal or self.buckets.admit(SUBSCRIPTION, groups, throttle.quotas_of("GET", parsed))
        if refusal is not None:
            self.refused.append(f"{self.clock.monotonic():.0f} s: {actor} {path}: {refusal.bucket}")
        headers = {"x-ms-ratelimit-remaining-subscription-reads": str(left)}
        if "VMScaleSetVMViews" in groups:
            self.buckets.charge(SUBSCRIPTION, "VMScaleSetVMViews", charge)
            headers["x-ms-request-charge"] = str(charge)
        headers["x-ms-ratelimit-remaining-resource"] = self.buckets.remaining(SUBSCRIPTION, groups)
        return headers


class MeteredAzure(FakeAzure):
    """Reads that pass a governor and cost what they cost at Azure.

    `waits`: seconds that each had to wait. `lists`: when each list of instances began, and when it ended if it did.
    """

    def __init__(self, server: Server, governor: Governor, *snapshots: SetSnapshot) -> None:
        super().__init__(list(snapshots))
        self.server, self.governor, self.waits = server, governor, list[float]()
        self.lists: list[tuple[float, float | None]] = []

    async def _read(
        self, target: ScaleSetId, below: str, kind: str, charge: int = 1, *, following: bool = False
    ) -> None:
        clock, scope = self.server.clock, str(target).lower()
        begun = clock.monotonic()
        try:
            await self.governor.admit(SUBSCRIPTION, kind, scope, following=following)
        except Throttled as refused:
            self.waits.append(refused.retry_after or HOUR)
            raise
        self.waits.append(clock.monotonic() - begun)
        headers = await self.server.answer(f"{target}{below}", charge, self.governor.principal)
        self.governor.observe(SUBSCRIPTION, kind, headers, "GET", scope, following=following)

    async def scale_set(self, target: ScaleSetId) -> ScaleSet:
        await self._read(target, "", "scale set")
        return self.find(target).scale_set

    async def latest_upgrade(self, target: ScaleSetId) -> RollingUpgrade | None:
        await self._read(target, "/rollingUpgrades/latest", "upgrade")
        return None

    async def instances(self, scale_set: ScaleSet, *, overview: bool = False) -> tuple[Instance, ...]:
        every, begun = self.find(scale_set.id).instances, self.server.clock.monotonic()
        self.lists.append((begun, None))
        place = len(self.lists) - 1
        for start in range(0, len(every), PAGE):
            charge = len(every[start : start + PAGE])
            await self._read(scale_set.id, "/virtualMachines", "instances", charge, following=start > 0)
        self.lists[place] = begun, self.server.clock.monotonic()
        return every

    async def some_instances(self, scale_set: ScaleSet, ids: Any) -> tuple[Instance, ...]:
        found = [instance for instance in self.find(scale_set.id).instances if instance.id in ids]
        reads = (self._read(scale_set.id, f"/virtualMachines/{instance.id}", "instance") for instance in found)
        await asyncio.gather(*reads)
        return tuple(found)

    def refill_seconds(self, target: ScaleSetId) -> float:
        return self.governor.refill_seconds(SUBSCRIPTION, "instances", str(target).lower())

    def list_wait(self, target: ScaleSetId) -> float:
        return self.governor.list_wait(SUBSCRIPTION, "instances", str(target).lower())


def a_set(name: str, size: int) -> SetSnapshot:
    made = snapshot(*fleet(size))
    target = ScaleSetId(SUBSCRIPTION, "rg", name)
    return SetSnapshot(
        scale_set=replace(made.scale_set, id=target), instances=made.instances, upgrade=None, taken_at=made.taken_at
    )


async def operator(azure: MeteredAzure, target: ScaleSetId, clock: FakeClock) -> None:
    """A person with the set's screen open."""
    watcher = SetWatcher(azure, target, clock, watch_seconds=12.0, idle_seconds=12.0)
    async with aclosing(watcher.snapshots()) as found:
        async for _ in found:
            pass


async def runner(
    azure: MeteredAzure, target: ScaleSetId, clock: FakeClock, batch: int, batch_seconds: float = BATCH_SECONDS
) -> None:
    """What a runner reads: everything before each batch, then what is in flight every 12 seconds."""
    ids = [instance.id for instance in azure.find(target).instances]
    at = 0
    reader = SnapshotReader(azure, target, clock, focus=lambda _: ids[at : at + batch], urgent=True)
    while True:
        ends = clock.monotonic() + batch_seconds
        reader.want_all()
        while clock.monotonic() < ends:
            begun = clock.monotonic()
            try:
                await reader.read()
            except Throttled as refused:
                await clock.sleep(refused.retry_after)
                azure.waits.append(clock.monotonic() - begun)
                continue
            await clock.sleep(reader.pace(12.0))
        at = (at + batch) % len(ids)


async def passes(clock: FakeClock, seconds: float) -> None:
    """Let so much time pass, one wake-up after the other."""
    end = clock.monotonic() + seconds
    while True:
        for _ in range(40):
            await asyncio.sleep(0)
        wake = clock.next_wake()
        if wake is None or wake > end:
            break
        clock.advance(max(0.0, wake - clock.monotonic()))
    clock.advance(end - clock.monotonic())
