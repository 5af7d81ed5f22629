"""Health, power and provisioning of an instance, and where health comes from.

Sources: "Application Health extension" (rich states), recordings `vm_instanceview_*`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """What the scale set's health source says of an instance."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    INITIALISING = "initialising"
    UNKNOWN = "unknown"
    """A source exists but has not reported; Azure counts it as unhealthy in a rolling upgrade."""
    NOT_REPORTED = "not reported"
    """The source is an extension of the scale set model that this instance does not have yet: nothing can report."""
    NONE = "none"
    """The scale set has no health source at all."""


class Power(StrEnum):
    """Power state of an instance."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    UNKNOWN = "unknown"


class Provisioning(StrEnum):
    """Provisioning state of an instance or a scale set."""

    SUCCEEDED = "succeeded"
    CREATING = "creating"
    UPDATING = "updating"
    DELETING = "deleting"
    FAILED = "failed"
    UNKNOWN = "unknown"


IN_PROGRESS = frozenset((Provisioning.CREATING, Provisioning.UPDATING, Provisioning.DELETING))
"""States in which Azure still changes the instance or the scale set."""


@dataclass(frozen=True, slots=True)
class HealthSource:
    """Where health comes from: a load balancer probe, the Application Health extension, or nowhere."""

    kind: str = "none"
    """`probe`, `extension` or `none`."""
    detail: str = ""
    """In words: `http :80/healthz every 5s`, or the probe's name."""
    grace_seconds: int = 0
    """How long `initialising` may last (rich health only), in seconds."""

    @property
    def present(self) -> bool:
        """Whether a rolling upgrade can be health-checked at all."""
        return self.kind != "none"


def unhealthy_for_azure(health: Health) -> bool:
    """Whether Azure counts this state against the unhealthy limits.

    Unknown does; initialising is waited for; an instance that is not on the model with the health source has no report.

    Source: "Configure rolling upgrades", "Application Health extension".
    """
    return health in (Health.UNHEALTHY, Health.UNKNOWN)
