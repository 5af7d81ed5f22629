"""Everything one can see: subscriptions, their scale sets, and how each stands."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from vmss_tui.domain.health import Health, Provisioning
from vmss_tui.domain.ids import ScaleSetId, Subscription, Tenant
from vmss_tui.domain.instance import Instance
from vmss_tui.domain.scaleset import InstanceCounts, ScaleSet
from vmss_tui.domain.script import ScriptState
from vmss_tui.domain.upgrade import RollingUpgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEntry:
    """One scale set in the fleet; counts and upgrade are None until they were read."""

    scale_set: ScaleSet
    subscription: Subscription
    counts: InstanceCounts | None = None
    upgrade: RollingUpgrade | None = None
    problem: str = ""
    """Why counts could not be read, in a sentence; empty when all is well."""

    @property
    def id(self) -> ScaleSetId:
        """Its id."""
        return self.scale_set.id


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSnapshot:
    """All scale sets that can be seen. Equality ignores when it was taken."""

    entries: tuple[FleetEntry, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    tenants: tuple[Tenant, ...] = ()
    problems: tuple[str, ...] = ()
    """Subscriptions or groups that could not be read, each a sentence with the reason."""
    complete: bool = True
    """False while counts are still being read."""
    taken_at: datetime | None = field(default=None, compare=False)


def count_instances(instances: Iterable[Instance]) -> InstanceCounts:
    """Count a set's instances; `healthy` is None when none of them has a health source."""
    total = healthy = current = failed = with_source = 0
    for each in instances:
        total += 1
        current += each.latest_model
        healthy += each.health is Health.HEALTHY
        with_source += each.health is not Health.NONE
        failed += each.provisioning is Provisioning.FAILED or each.script.state is ScriptState.FAILED
    return InstanceCounts(total, healthy if with_source else None, current, failed)
