"""One virtual machine of a scale set, as it stands now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vmss_tui.domain.health import Health, Power, Provisioning
from vmss_tui.domain.script import ScriptRun


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
    script_digest: str = ""
    """Digest of the custom-script configuration this instance has; empty when it has none."""
    script_settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Public settings that this instance has."""
    script: ScriptRun = field(default_factory=ScriptRun)
    health: Health = Health.NONE
    health_at: datetime | None = None
    """When the health source last reported this state."""
    protected: bool = False
    """Protected from scale set actions (or from scale-in and actions): Azure's upgrades skip it."""
    agent_ready: bool = True
    size: str = ""
    message: str = ""
    """The most telling line for people: an error, or what it is doing; plain text, one line."""
    created_at: datetime | None = None

    @property
    def ordinal(self) -> tuple[int, str]:
        """Sort key that puts 2 before 10."""
        tail = self.id.rsplit("_", 1)[-1]
        return (int(tail) if tail.isdigit() else 1 << 30, self.id)
