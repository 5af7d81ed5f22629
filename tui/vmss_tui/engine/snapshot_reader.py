"""Reading one scale set: whole, or again and again with the cheap reads by turns.

Azure allows 12 cheap and 10 dear reads a minute for one set ("Understand throttling"). A whole read is one dear one
(the instances) and two cheap ones (the model, the latest rolling upgrade); by turns it is one of each, so that a reader
every 12 seconds stays within half of both.
"""

import asyncio

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.watch.pace import giving_up
from vmss_tui.ports import Clock, ReadsScaleSet

_MODEL_TURN, _MODEL_TURN_ROLLING = 2, 3
"""By turns, every so many reads are of the model; while a rolling upgrade runs, it is the one that changes."""


async def read_snapshot(
    azure: ReadsScaleSet, target: ScaleSetId, clock: Clock, *, autoscale: bool = False
) -> SetSnapshot:
    """The set, its instances and its latest rolling upgrade; with `autoscale` also its autoscale setting.

    Raises what reading raises, and ConnectionFailed after `GIVE_UP_SECONDS`.
    """

    async def setting() -> Autoscale | None:
        return await azure.autoscale(target) if autoscale else None

    async with giving_up(f"read scale set {target.name}"):
        scale_set = await azure.scale_set(target)
        instances, upgrade, found = await asyncio.gather(
            azure.instances(scale_set), azure.latest_upgrade(target), setting()
        )
    return SetSnapshot(scale_set=scale_set, instances=instances, upgrade=upgrade, autoscale=found, taken_at=clock.now())


class SnapshotReader:
    """Reads one scale set repeatedly. `autoscale`: whether whole reads include the autoscale setting."""

    def __init__(self, azure: ReadsScaleSet, target: ScaleSetId, clock: Clock, *, autoscale: bool = False) -> None:
        self.full = False
        """Whether all of the last snapshot is of the last read."""
        self._azure = azure
        self._target = target
        self._clock = clock
        self._autoscale = autoscale
        self._last: SetSnapshot | None = None
        self._turn = 0
        self._wanted = 0
        self._served: int | None = None
        """The request for a whole read that was answered last; None after a failure."""

    @property
    def last(self) -> SetSnapshot | None:
        """The last snapshot; None before the first read."""
        return self._last

    def want_all(self) -> None:
        """Read everything next; while a read is in progress, in the one after it."""
        self._wanted += 1

    async def read(self) -> SetSnapshot:
        """The set as it is now. Raises what reading raises; the read after that is a whole one."""
        last, wanted = self._last, self._wanted
        self.full = last is None or self._served != wanted
        self._served = None
        if last is None or self.full:
            self._turn = 0
            found = await read_snapshot(self._azure, self._target, self._clock, autoscale=self._autoscale)
        else:
            self._turn += 1
            found = await self._part(last)
        self._served, self._last = wanted, found
        return found

    async def _part(self, last: SetSnapshot) -> SetSnapshot:
        """The instances, and either the model or the latest rolling upgrade."""
        azure, scale_set, upgrade = self._azure, last.scale_set, last.upgrade
        rolling = upgrade is not None and upgrade.code.running
        async with giving_up(f"read scale set {self._target.name}"):
            if self._turn % (_MODEL_TURN_ROLLING if rolling else _MODEL_TURN) == 0:
                instances, scale_set = await _both(azure, last.scale_set, self._target)
            else:
                instances, upgrade = await asyncio.gather(
                    azure.instances(scale_set), azure.latest_upgrade(self._target)
                )
        return SetSnapshot(
            scale_set=scale_set,
            instances=_reuse(instances, last.instances),
            upgrade=upgrade,
            autoscale=last.autoscale,
            taken_at=self._clock.now(),
        )


async def _both(azure: ReadsScaleSet, known: ScaleSet, target: ScaleSetId) -> tuple[tuple[Instance, ...], ScaleSet]:
    return await asyncio.gather(azure.instances(known), azure.scale_set(target))


def _reuse(new: tuple[Instance, ...], old: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """`new`, with equal instances replaced by the very objects of `old`: comparing and storing them is free then."""
    known = {instance.id: instance for instance in old}
    return tuple(
        before if (before := known.get(instance.id)) == instance and before is not None else instance
        for instance in new
    )
