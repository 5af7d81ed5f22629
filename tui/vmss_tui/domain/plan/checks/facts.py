"""What the checks read, and how they make findings."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.instance import Instance, unhealthy_among
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.findings import Change, Finding, Severity
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan, Strategy


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks read."""

    snapshot: SetSnapshot
    plan: RolloutPlan
    now: datetime
    """When it would start."""

    @property
    def set(self) -> ScaleSet:
        """The scale set as it is now."""
        return self.snapshot.scale_set

    @property
    def rolling_upgrade(self) -> bool:
        """Whether Azure updates the instances."""
        return self.plan.strategy is Strategy.ROLLING_UPGRADE

    @property
    def unhealthy(self) -> tuple[tuple[Instance, ...], int]:
        """Instances that Azure counts as unhealthy, and of how many; a roll back does not count those it is about."""
        down, running = unhealthy_among(self.snapshot.instances)
        if self.plan.purpose is not Purpose.ROLLBACK or self.rolling_upgrade:
            return down, running
        known = {i for batch in self.plan.batches for i in batch.ids}.union(self.plan.tolerated)
        return tuple(instance for instance in down if instance.id not in known), running


Check = Callable[[Facts], Iterator[Finding]]


def refuse(code: str, message: str, hint: str = "", ids: Iterable[str] = ()) -> Finding:
    """A finding that stops the rollout before anything is written."""
    return Finding(Severity.REFUSE, code, message, hint, tuple(ids))


def warn(code: str, message: str, hint: str = "", ids: Iterable[str] = ()) -> Finding:
    """A finding to consider before the start."""
    return Finding(Severity.WARN, code, message, hint, tuple(ids))


def info(code: str, message: str, hint: str = "", ids: Iterable[str] = ()) -> Finding:
    """A finding to know about."""
    return Finding(Severity.INFO, code, message, hint, tuple(ids))


def nearest_hint(changes: Iterable[Change]) -> str:
    """The next step where other values would work, such as `The nearest policy that works: unhealthy = "34%"`."""
    words = ", ".join(f'{change.key.rpartition(".")[2]} = "{change.value}"' for change in changes)
    return f"The nearest policy that works: {words}." if words else ""
