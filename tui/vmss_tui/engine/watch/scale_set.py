"""Watching one scale set: read again at a pace that the quota permits, publish only what differs.

One read is in flight at a time; failures back off and are published with their reason and the time of the next try.
Knows ports only.
"""

from collections.abc import AsyncGenerator
from datetime import datetime
from pathlib import Path

from vmss_tui.domain.fleet.health import IN_PROGRESS
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.engine.snapshot_reader import SnapshotReader
from vmss_tui.engine.watch.pace import Backoff, Pulse, WatchFailure
from vmss_tui.engine.watch.shared import SharedReader
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, Clock, CloudInfo


def is_moving(snapshot: SetSnapshot) -> bool:
    """Whether anything is in progress that deserves the quick pace."""
    if snapshot.scale_set.provisioning in IN_PROGRESS or (
        snapshot.upgrade is not None and snapshot.upgrade.code.running
    ):
        return True
    return any(instance.is_moving for instance in snapshot.instances)


class SetWatcher:
    """Snapshots of one scale set. Times are in seconds."""

    def __init__(
        self,
        azure: Azure,
        target: ScaleSetId,
        clock: Clock,
        *,
        watch_seconds: float,
        idle_seconds: float,
        meeting: Path | None = None,
    ) -> None:
        """`meeting`: the socket where the processes that watch this set find each other; None: each reads Azure."""
        self.target = target
        self.checked_at: datetime | None = None
        """When Azure last answered, also when nothing differed."""
        self._azure = azure
        self._clock = clock
        self._watch_seconds = watch_seconds
        self._idle_seconds = idle_seconds
        self._pulse = Pulse(clock)
        self._reader = SharedReader(SnapshotReader(azure, target, clock, autoscale=True), meeting, clock)

    @classmethod
    def at_pace(
        cls, azure: Azure, target: ScaleSetId, clock: Clock, cloud: CloudInfo, meeting: Path | None = None
    ) -> "SetWatcher":
        """A watcher at the pace that the cloud suggests."""
        return cls(
            azure, target, clock, watch_seconds=cloud.watch_seconds, idle_seconds=cloud.idle_seconds, meeting=meeting
        )

    def refresh(self) -> None:
        """Read everything now; while a read is in progress, once more after it."""
        self._reader.want_all()
        self._pulse.now()

    async def snapshots(self) -> AsyncGenerator[SetSnapshot | WatchFailure, None]:
        """Every snapshot that differs from the one before, and every failure; ends only when it is closed."""
        try:
            async for seen in self._seen():
                yield seen
        finally:
            await self._reader.close()

    async def _seen(self) -> AsyncGenerator[SetSnapshot | WatchFailure, None]:
        backoff, since = Backoff(first=min(2.0, self._watch_seconds)), None
        while True:
            before = self._reader.last
            try:
                found = await self._reader.read(self._base(before))
            except VmssTuiError as error:
                since = since or self._clock.now()
                wait = backoff.after(error)
                yield WatchFailure(error, since, wait)
            else:
                self.checked_at = found.taken_at
                if found != before or since is not None:
                    yield found
                since = None
                backoff.reset()
                wait = self._reader.pace(self._base(found))
            await self._pulse.wait(wait)

    def _base(self, found: SetSnapshot | None) -> float:
        return self._watch_seconds if found is None or is_moving(found) else self._idle_seconds
