"""One virtual machine of a scale set, as it is now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vmss_tui.domain.fleet.health import IN_PROGRESS, Health, Power, Provisioning, unhealthy_for_azure
from vmss_tui.domain.fleet.script import ScriptRun, ScriptState


@dataclass(frozen=True, slots=True)
class ExtensionStatus:
    """What an extension of one instance last reported, the custom script among them."""

    name: str
    state: ScriptState
    version: str = ""
    """Of the handler that is installed (`2.1.10`); empty until one is."""
    message: str = ""
    """Plain text on one line."""
    at: datetime | None = field(default=None, compare=False)
    """When it reported. Some report every minute, so that this alone makes no difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An instance of a scale set.

    `id` is Azure's instance id: a string, with gaps, no order. In a Flexible set it is the VM's name.
    """

    id: str
    name: str
    zone: str = ""
    update_domain: int | None = None
    fault_domain: int | None = None
    power: Power = Power.UNKNOWN
    provisioning: Provisioning = Provisioning.UNKNOWN
    latest_model: bool = False
    """Azure says it has the latest model. That is *assigned*, not *the script finished*."""
    version_known: bool = True
    """Whether its configuration could be read. When not, `script_digest` is empty and `latest_model` False, and the
    instance counts neither as behind nor as failed: the next read may succeed."""
    script_digest: str = ""
    """Digest of the custom-script configuration this instance has; empty when it has none."""
    script_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Public settings that this instance has."""
    script: ScriptRun = field(default_factory=ScriptRun)
    extensions: tuple[ExtensionStatus, ...] = ()
    """Every extension that reports a status, in Azure's order."""
    health: Health = Health.NONE
    health_at: datetime | None = None
    """When the health source last reported this state."""
    skip_upgrade: bool = False
    """Its application asks rolling upgrades to skip it (custom metric `SkipUpgrade`)."""
    upgrade_phase: int | None = None
    """In which phase of a rolling upgrade its application asks to be (custom metric `PhaseOrderingNumber`)."""
    protected: bool = False
    """Protected from scale set actions (or from scale-in and actions): Azure's upgrades skip it."""
    protected_from_scale_in: bool = False
    """Autoscale and a lower capacity do not delete it."""
    agent_ready: bool = True
    size: str = ""
    message: str = ""
    """The most important line of its state: an error, or what it is doing; plain text, one line."""
    created_at: datetime | None = None

    @property
    def is_behind(self) -> bool:
        """Whether it is known to lack the latest model."""
        return self.version_known and not self.latest_model

    @property
    def model_word(self) -> str:
        """Its model compared with that of the scale set: `current`, `behind` or `unknown`."""
        return "behind" if self.is_behind else "current" if self.latest_model else "unknown"

    @property
    def is_moving(self) -> bool:
        """Whether Azure, its script or its health is still changing."""
        return (
            self.provisioning in IN_PROGRESS
            or self.script.state is ScriptState.RUNNING
            or self.health is Health.INITIALISING
        )

    @property
    def is_off(self) -> bool:
        """Whether it is stopped or deallocated, or about to be: no script runs, and it reports no health."""
        return self.power in (Power.STOPPED, Power.STOPPING, Power.DEALLOCATED, Power.DEALLOCATING)

    @property
    def ordinal(self) -> tuple[int, str]:
        """Sort key that puts 2 before 10."""
        tail = self.id.rsplit("_", 1)[-1]
        return (int(tail) if tail.isdigit() else 1 << 30, self.id)


def staying(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """Those that are not being deleted: Azure lists the others for minutes, and their health is that of stopping."""
    return tuple(instance for instance in instances if instance.provisioning is not Provisioning.DELETING)


def unhealthy_among(instances: Iterable[Instance]) -> tuple[tuple[Instance, ...], int]:
    """Those that count as unhealthy, and of how many: not those that are switched off or being deleted."""
    running = [instance for instance in staying(instances) if not instance.is_off]
    return tuple(instance for instance in running if unhealthy_for_azure(instance.health)), len(running)


def healthy_among(instances: Iterable[Instance]) -> int | None:
    """How many are healthy; None when no instance has a health source, so that the number is unknown."""
    healths = [instance.health for instance in instances]
    reported = any(health not in (Health.NONE, Health.NOT_REPORTED) for health in healths)
    return healths.count(Health.HEALTHY) if reported else None
