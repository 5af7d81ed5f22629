"""What was read of Azure at one moment: a scale set with its instances, and the fleet of all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from vmss_tui.domain.fleet.governance import ActivityLog, Governance
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription, Tenant
from vmss_tui.domain.fleet.instance import Instance, healthy_among
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, ScriptState


@dataclass(frozen=True, slots=True)
class InstanceCounts:
    """The counts of a set's instances. `healthy` is None without a health source, and until it is read."""

    total: int
    healthy: int | None
    current: int
    failed: int = 0
    health_known: bool = True
    """False: only total and current are known, as an overview of many sets has them; nothing is known of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSnapshot:
    """A scale set and its instances at one moment. Equality ignores when it was taken."""

    scale_set: ScaleSet
    instances: tuple[Instance, ...] = ()
    upgrade: RollingUpgrade | None = None
    autoscale: Autoscale | None = None
    """None: there is no setting, or it was not read."""
    governance: Governance | None = None
    """Permissions and locks; None: not read."""
    activity: ActivityLog | None = None
    """Who changed the set recently; None: not read."""
    taken_at: datetime | None = field(default=None, compare=False)

    @property
    def configurations(self) -> Mapping[str, ScriptConfig]:
        """Every custom-script configuration in the set by its digest: the model's, then what instances still run."""
        model = self.scale_set.script
        if model is None:
            return {}
        found = {model.digest: model}
        for instance in self.instances:
            if instance.script_digest and instance.script_digest not in found:
                found[instance.script_digest] = ScriptConfig(
                    name=model.name, handler=model.handler, settings=instance.script_settings
                )
        return found

    def governed(self, known: Governance | None) -> "SetSnapshot":
        """The snapshot with what is allowed and locked, and who else owns the set or its resource group."""
        if known is None:
            return self
        owned = replace(
            self.scale_set,
            managed_by=self.scale_set.managed_by or known.managed_by,
            denied_by=self.scale_set.denied_by or known.denied_by,
        )
        return replace(self, governance=known, scale_set=owned)

    def instance(self, instance_id: str) -> Instance | None:
        """The instance with this id, or None."""
        return next((instance for instance in self.instances if instance.id == instance_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEntry:
    """One scale set in the fleet; counts and upgrade are None until they were read."""

    scale_set: ScaleSet
    subscription: Subscription
    counts: InstanceCounts | None = None
    upgrade: RollingUpgrade | None = None
    problem: str = ""
    """Why counts could not be read, in a sentence; empty when all is well."""
    kept_version: str = ""
    """Name of its version, for an entry of an earlier start: the settings of its script are not known."""

    @property
    def id(self) -> ScaleSetId:
        """Its id."""
        return self.scale_set.id


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewPage:
    """A part of an overview of many subscriptions; what it holds may be a minute old."""

    scale_sets: tuple[ScaleSet, ...] = ()
    counts: Mapping[ScaleSetId, InstanceCounts] = field(default_factory=dict)
    """Of sets of this page or of earlier ones; without health."""
    listed: frozenset[str] = frozenset()
    """Ids of subscriptions, in lower case, all of whose sets have been given by now."""
    uncounted: str = ""
    """Why counts are missing, in a sentence without its subject; empty when none are known to be."""


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
    listed: bool = True
    """False while subscriptions are being listed: sets may be missing, or be those of an earlier start."""
    taken_at: datetime | None = field(default=None, compare=False)


def count_instances(instances: Iterable[Instance]) -> InstanceCounts:
    """Count a set's instances; `healthy` is None when none of them has a health source."""
    known = tuple(instances)
    failed = sum(
        instance.provisioning is Provisioning.FAILED or instance.script.state is ScriptState.FAILED
        for instance in known
    )
    current = sum(instance.latest_model for instance in known)
    return InstanceCounts(len(known), healthy_among(known), current, failed)
