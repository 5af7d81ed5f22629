"""What rollouts did on one instance: one run of its script a rollout. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from vmss_tui.domain.rollout.events import InstanceSeen, InstancesSeen, Logged
from vmss_tui.domain.rollout.stage import Phase

_UNTOUCHED = (Phase.WAITING, Phase.EXCLUDED, Phase.GONE)


@dataclass(frozen=True, slots=True)
class InstanceRun:
    """A rollout that reached the instance. `version` is what it brings, `seen` how it left the instance."""

    rollout: str
    version: str
    who: str
    seen: InstanceSeen

    @property
    def reached(self) -> bool:
        """Whether the rollout did anything on the instance."""
        return self.seen.phase not in _UNTOUCHED


def last_seen(log: Iterable[Logged], instance: str, before: InstanceSeen | None = None) -> InstanceSeen | None:
    """The last facts in a part of a log about an instance; `before` without any."""
    for entry in log:
        if isinstance(entry.event, InstancesSeen):
            before = next((seen for seen in entry.event.changed if seen.id == instance), before)
    return before
