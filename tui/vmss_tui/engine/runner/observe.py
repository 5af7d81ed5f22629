"""A runner's looks at its scale set: the instances every time, the model and the latest roll by turns or both.

Azure allows 12 cheap and 10 dear reads a minute for one set ("Understand throttling"); with turns a runner that looks
every 12 seconds stays within half of both. Whoever is about to act asks for a full look first.
"""

import asyncio

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.prepare import read_set
from vmss_tui.ports import Azure, Clock


class Observer:
    """Reads one scale set. `full` says whether all of the last snapshot is of the last look."""

    def __init__(self, azure: Azure, target: ScaleSetId, clock: Clock) -> None:
        self._azure = azure
        self._target = target
        self._clock = clock
        self._last: SetSnapshot | None = None
        self._upgrade_next = True
        self._wanted = True
        self.full = False

    def want_all(self) -> None:
        """Read everything at the next look."""
        self._wanted = True

    async def look(self) -> SetSnapshot:
        """The set as it is now; raises what reading raises, and reads everything after that."""
        self.full = self._wanted or self._last is None
        self._wanted = True
        if self.full or self._last is None:
            self._last = await read_set(self._azure, self._target, self._clock)
        else:
            self._last = await self._part(self._last)
        self._wanted = False
        return self._last

    async def _part(self, last: SetSnapshot) -> SetSnapshot:
        scale_set, upgrade = last.scale_set, last.upgrade
        self._upgrade_next = not self._upgrade_next
        if self._upgrade_next:
            instances, upgrade = await asyncio.gather(
                self._azure.instances(scale_set), self._azure.latest_upgrade(self._target)
            )
        else:
            instances, scale_set = await asyncio.gather(
                self._azure.instances(scale_set), self._azure.scale_set(self._target)
            )
        return SetSnapshot(scale_set=scale_set, instances=instances, upgrade=upgrade, taken_at=self._clock.now())
