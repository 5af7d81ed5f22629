"""Reading one scale set: whole, or again and again with the cheap reads in alternation.

A list of instances takes as many requests out of a subscription's quota as the set has instances. While that quota is
short, a large set is listed less often, and the few instances that change are read one by one in between.

Azure allows 12 cheap and 10 expensive reads a minute for one set ("Understand throttling"). A whole read is one
expensive one (the instances) and two cheap ones (the model, the latest rolling upgrade); in alternation it is one of
each, so that a reader every 12 seconds stays within half of both.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.watch.pace import giving_up
from vmss_tui.ports import Azure, Clock, ReadsScaleSet

_MODEL_TURN, _MODEL_TURN_ROLLING = 2, 3
"""The model is read once in this number of reads; while a rolling upgrade runs, the upgrade is read instead."""
MOST_SINGLE = 25
"""Instances that are read one by one at most; more are listed."""
FRESH_SECONDS = 30.0
"""While the quota is short, a list that was complete so long ago is good for instances in which nothing is going on."""
WATCHERS_SHARE = 5.0
"""While the quota is short, a list is read at this multiple of the time its refill takes: others need it too."""
RUNNERS_SHARE = 1.5
"""The same for a reader that changes Azure, while few instances have to be read; a list waits for its refill."""

Focus = Callable[[SetSnapshot], Sequence[str]]
"""The ids of the instances in which something is going on."""


def moving(snapshot: SetSnapshot) -> Sequence[str]:
    """The instances that Azure or their script is changing."""
    return [instance.id for instance in snapshot.instances if instance.is_moving]


async def read_snapshot(
    azure: ReadsScaleSet, target: ScaleSetId, clock: Clock, *, autoscale: bool = False
) -> SetSnapshot:
    """The set, its instances and its latest rolling upgrade; with `autoscale` also its autoscale setting.

    Instances are read last: they are never older than the rolling upgrade beside them, which may have just ended.
    Raises what reading raises, and ConnectionFailed after `GIVE_UP_SECONDS`.
    """

    async def setting() -> Autoscale | None:
        return await azure.autoscale(target) if autoscale else None

    async with giving_up(f"read scale set {target.name}"):
        scale_set, upgrade, found = await asyncio.gather(
            azure.scale_set(target), azure.latest_upgrade(target), setting()
        )
        instances = await azure.instances(scale_set)
    return SetSnapshot(scale_set=scale_set, instances=instances, upgrade=upgrade, autoscale=found, taken_at=clock.now())


class SnapshotReader:
    """Reads one scale set repeatedly.

    `autoscale`: whether whole reads include the autoscale setting. `focus` names what changes; `urgent` is for a
    reader that changes Azure: others list the set less often while the quota is short.
    """

    def __init__(
        self,
        azure: Azure,
        target: ScaleSetId,
        clock: Clock,
        *,
        autoscale: bool = False,
        focus: Focus = moving,
        urgent: bool = False,
    ) -> None:
        self.full = False
        """Whether all of the last snapshot is of the last read."""
        self._azure = azure
        self._target = target
        self._clock = clock
        self._autoscale = autoscale
        self._focus = focus
        self._urgent = urgent
        self._listed_at = 0.0
        """When the last list of all instances was begun, by the monotonic clock."""
        self._listed_until = 0.0
        """When it was complete: the pages of a long list wait for the quota."""
        self._listed_short = 0.0
        """The refill that the quota demanded after that list."""
        self._listed_for: RollingUpgrade | None = None
        """The rolling upgrade as it was before that list."""
        self._last: SetSnapshot | None = None
        self._turn = 0
        self._wanted = 0
        self._must_list = False
        """Whether the next whole read lists all instances, regardless of the quota."""
        self._served: int | None = None
        """The request for a whole read that was answered last; None after a failure."""

    @property
    def last(self) -> SetSnapshot | None:
        """The last snapshot; None before the first read."""
        return self._last

    def want_all(self) -> None:
        """Read everything next; while a read is in progress, in the one after it."""
        self._wanted += 1

    def want_list(self) -> None:
        """The same, and list all instances however short the quota is: which of them changed cannot be named."""
        self._must_list = True
        self.want_all()

    async def read(self) -> SetSnapshot:
        """The set as it is now. Raises what reading raises; the read after that is a whole one."""
        last, wanted = self._last, self._wanted
        self.full = last is None or self._served != wanted
        self._served = None
        if last is None or self.full:
            self._turn = 0
            found = await self._whole()
        else:
            self._turn += 1
            found = await self._part(last)
        self._served, self._last = wanted, found
        return found

    def pace(self, seconds: float) -> float:
        """The pace that the quota permits: `seconds`, or less often while it is short and much is going on.

        Counted from the start of the last list: while its pages waited, the bucket was refilled.
        """
        refill = self._refill()
        few = self._last is not None and len(self._focus(self._last)) <= MOST_SINGLE
        if refill == 0 or few:
            return seconds
        again = refill if self._urgent else refill * WATCHERS_SHARE
        return max(seconds, again - self._age(), self._azure.list_wait(self._target))

    @property
    def spacing(self) -> float:
        """Seconds between two lists while the quota is short, for who only watches; 0 while there is plenty."""
        return 0.0 if self._urgent else self._refill() * WATCHERS_SHARE

    def _age(self) -> float:
        """Seconds since the last list was begun."""
        return self._clock.monotonic() - self._listed_at

    def _refill(self) -> float:
        """The refill that a list demands; 0 while there is plenty.

        A reader that only watches keeps it for a while: the reads of other journals in between are not known.
        """
        refill, before = self._azure.refill_seconds(self._target), self._listed_short
        return refill if self._urgent or self._age() >= before * WATCHERS_SHARE else max(refill, before)

    async def _whole(self) -> SetSnapshot:
        """Everything; with the quota short, instances in which nothing is going on as they were a moment ago.

        A rolling upgrade that moved on has changed instances that were not known before: then all are listed.
        """
        fresh = FRESH_SECONDS + self._listed_until - self._listed_at
        if self._last is None or not self._single(fresh):
            self._listed_at = self._clock.monotonic()
            found = await read_snapshot(self._azure, self._target, self._clock, autoscale=self._autoscale)
            self._listed()
            self._listed_for, self._must_list = found.upgrade, False
            return found
        async with giving_up(f"read scale set {self._target.name}"):
            scale_set, upgrade = await asyncio.gather(
                self._azure.scale_set(self._target), self._azure.latest_upgrade(self._target)
            )
            if upgrade == self._listed_for:
                instances = await self._some(scale_set, self._last)
            else:
                instances = await self._list(scale_set, upgrade)
        return replace(
            self._last, scale_set=scale_set, instances=instances, upgrade=upgrade, taken_at=self._clock.now()
        )

    async def _part(self, last: SetSnapshot) -> SetSnapshot:
        """The instances, and either the model or the latest rolling upgrade."""
        azure, scale_set, upgrade = self._azure, last.scale_set, last.upgrade
        rolling = upgrade is not None and upgrade.code.running
        async with giving_up(f"read scale set {self._target.name}"):
            if self._turn % (_MODEL_TURN_ROLLING if rolling else _MODEL_TURN) == 0:
                instances, scale_set = await asyncio.gather(self._instances(last), azure.scale_set(self._target))
            else:
                instances, upgrade = await asyncio.gather(self._instances(last), azure.latest_upgrade(self._target))
        return SetSnapshot(
            scale_set=scale_set,
            instances=reused(instances, last.instances),
            upgrade=upgrade,
            autoscale=last.autoscale,
            taken_at=self._clock.now(),
        )

    async def _instances(self, last: SetSnapshot) -> tuple[Instance, ...]:
        if self._single(self._refill() * (RUNNERS_SHARE if self._urgent else WATCHERS_SHARE)):
            return await self._some(last.scale_set, last)
        return await self._list(last.scale_set, last.upgrade)

    async def _list(self, scale_set: ScaleSet, upgrade: RollingUpgrade | None) -> tuple[Instance, ...]:
        """All instances; `upgrade` is what is known of the rolling upgrade before."""
        self._listed_at, self._listed_for = self._clock.monotonic(), upgrade
        instances = await self._azure.instances(scale_set)
        self._listed()
        return instances

    def _listed(self) -> None:
        self._listed_until = self._clock.monotonic()
        self._listed_short = self._azure.refill_seconds(self._target)

    def _single(self, good_for: float) -> bool:
        """Whether the quota is short, the last list is good enough, and few instances have to be read."""
        if self._last is None or self._must_list or self._refill() == 0:
            return False
        return self._age() < good_for and len(self._focus(self._last)) <= MOST_SINGLE

    async def _some(self, scale_set: ScaleSet, last: SetSnapshot) -> tuple[Instance, ...]:
        """The last instances, those in focus read again; an instance that is missing in these is gone."""
        ids = self._focus(last)
        if not ids:
            return last.instances
        found = {instance.id: instance for instance in await self._azure.some_instances(scale_set, ids)}
        focus = frozenset(ids)
        known = (found.get(instance.id) if instance.id in focus else instance for instance in last.instances)
        return tuple(instance for instance in known if instance is not None)


def reused(new: tuple[Instance, ...], old: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """`new`, with equal instances replaced by the very objects of `old`: comparing and storing them is free then."""
    known = {instance.id: instance for instance in old}
    return tuple(
        before if (before := known.get(instance.id)) == instance and before is not None else instance
        for instance in new
    )
