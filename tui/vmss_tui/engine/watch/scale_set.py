"""Watching one scale set: read again at a pace that the quota bears, publish only what differs.

One read is in flight at a time; failures back off and are published with their reason and the time of the next try.
Knows ports only. Azure allows 12 cheap and 10 dear reads a minute for one set, so a look is one dear read (the
instances) and one cheap one (the model or the rolling upgrade, by turns).
"""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

from vmss_tui.domain.fleet.health import Health, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.watch.fleet import FleetWatcher
from vmss_tui.engine.watch.pace import Backoff, Pulse, WatchFailure, eased, giving_up
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, Clock

__all__ = ["FleetWatcher", "SetWatcher", "WatchFailure", "is_moving"]
_BUSY = (Provisioning.CREATING, Provisioning.UPDATING, Provisioning.DELETING)


def is_moving(snapshot: SetSnapshot) -> bool:
    """Whether anything is going on that deserves the quick pace."""
    if snapshot.scale_set.provisioning in _BUSY or (snapshot.upgrade is not None and snapshot.upgrade.code.running):
        return True
    return any(
        each.provisioning in _BUSY or each.script.state is ScriptState.RUNNING or each.health is Health.INITIALISING
        for each in snapshot.instances
    )


class SetWatcher:
    """Snapshots of one scale set. Times are in seconds."""

    def __init__(
        self, azure: Azure, target: ScaleSetId, clock: Clock, *, watch_seconds: float, idle_seconds: float
    ) -> None:
        self.target = target
        self.checked_at: datetime | None = None
        """When Azure last answered, also when nothing differed."""
        self._azure = azure
        self._clock = clock
        self._watch_seconds = watch_seconds
        self._idle_seconds = idle_seconds
        self._pulse = Pulse(clock)
        self._last: SetSnapshot | None = None
        self._looks = 0

    def refresh(self) -> None:
        """Read everything now; while a read is under way, once more after it."""
        self._looks = 0
        self._pulse.now()

    async def snapshots(self) -> AsyncGenerator[SetSnapshot | WatchFailure, None]:
        """Every snapshot that differs from the one before, and every failure; ends only when it is closed."""
        backoff, since = Backoff(first=min(2.0, self._watch_seconds)), None
        while True:
            try:
                found = await self._look()
            except VmssTuiError as error:
                since = since or self._clock.now()
                wait = backoff.after(error)
                yield WatchFailure(error, since, wait)
            else:
                self.checked_at = found.taken_at
                differs = found != self._last
                self._last = found
                if differs or since is not None:
                    yield found
                since = None
                backoff.reset()
                wait = self._pace(found)
            await self._pulse.wait(wait)

    def _pace(self, found: SetSnapshot) -> float:
        base = self._watch_seconds if is_moving(found) else self._idle_seconds
        return eased(base, self._azure.quota().share)

    async def _look(self) -> SetSnapshot:
        async with giving_up(f"read scale set {self.target.name}"):
            first = self._last is None or self._looks == 0
            scale_set, upgrade = await self._model_and_upgrade()
            instances, autoscale = await asyncio.gather(self._azure.instances(scale_set), self._autoscale(anew=first))
        return SetSnapshot(
            scale_set=scale_set,
            instances=_reuse(instances, self._last.instances if self._last else ()),
            upgrade=upgrade,
            autoscale=autoscale,
            taken_at=self._clock.now(),
        )

    async def _autoscale(self, *, anew: bool) -> Autoscale | None:
        """Read when the set is opened and when somebody asks for everything, not at every look."""
        if anew or self._last is None:
            return await self._azure.autoscale(self.target)
        return self._last.autoscale

    async def _model_and_upgrade(self) -> tuple[ScaleSet, RollingUpgrade | None]:
        last, turn = self._last, self._looks
        self._looks += 1
        if last is None or turn == 0:
            return await self._azure.scale_set(self.target), await self._azure.latest_upgrade(self.target)
        rolling = last.upgrade is not None and last.upgrade.code.running
        if turn % 3 == 0 if rolling else turn % 2 == 0:
            return await self._azure.scale_set(self.target), last.upgrade
        return last.scale_set, await self._azure.latest_upgrade(self.target)


def _reuse(new: tuple[Instance, ...], old: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """`new`, with equal instances replaced by the very objects of `old`: comparing and storing them is free then."""
    known = {each.id: each for each in old}
    return tuple(before if (before := known.get(each.id)) == each and before is not None else each for each in new)
