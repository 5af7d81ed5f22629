"""A scale set: its model, its policy, its extensions; and a snapshot of it with its instances."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from vmss_tui.domain.fleet.health import HealthSource, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import HandlerOs, ScriptConfig, handler_of
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode


class Orchestration(StrEnum):
    """Uniform (identical instances of one model) or Flexible (VMs under a set)."""

    UNIFORM = "Uniform"
    FLEXIBLE = "Flexible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An extension of the model. Protected settings are never returned by Azure and so never here."""

    name: str
    publisher: str
    type: str
    version: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    force_update_tag: str = ""
    auto_upgrade_minor: bool = True
    automatic_upgrade: bool = False
    provision_after: tuple[str, ...] = ()
    suppress_failures: bool = False
    from_key_vault: bool = False
    """Its protected settings come from a Key Vault secret."""
    key_vault: str = ""
    """Id of the vault of that secret."""

    def as_script(self) -> ScriptConfig | None:
        """This extension as a custom script, or None when it is something else."""
        handler = handler_of(self.publisher, self.type)
        if handler is None:
            return None
        return ScriptConfig(
            name=self.name,
            handler=handler,
            settings=self.settings,
            protected_known=False,
            force_update_tag=self.force_update_tag,
            auto_upgrade_minor=self.auto_upgrade_minor,
            provision_after=self.provision_after,
            suppress_failures=self.suppress_failures,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleSet:
    """A scale set's model, as far as we use it. `capacity` is in instances."""

    id: ScaleSetId
    location: str
    mode: UpgradeMode
    policy: RollingPolicy = field(default_factory=RollingPolicy)
    capacity: int = 0
    size: str = ""
    orchestration: Orchestration = Orchestration.UNIFORM
    os: HandlerOs | None = None
    image: str = ""
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    health_source: HealthSource = field(default_factory=HealthSource)
    extensions: tuple[Extension, ...] = ()
    provisioning: Provisioning = Provisioning.UNKNOWN
    etag: str = ""
    automatic_repairs: str = ""
    """Repair action (`Replace`, `Restart`, `Reimage`) when automatic repairs are on, else empty."""
    repairs_suspended: bool = False
    automatic_os_upgrade: bool = False
    overprovision: bool = False
    spot_eviction: str = ""
    """Of a spot set: what Azure does with an instance that it evicts (`Deallocate`, `Delete`); else empty."""
    terminate_notice_seconds: int = 0
    """How long before its deletion an instance is notified (5 to 15 minutes); 0 when it is not."""
    unique_id: str = ""
    created_at: datetime | None = None
    managed_by: str = ""
    """Id of the resource that ARM says manages the set or its resource group; empty for a set of one's own."""
    denied_by: str = ""
    """Name of a deny assignment that keeps this account from changing the set; empty when none does, or unknown."""
    read_only_rule: str = ""
    """What makes the set read-only by this installation's rules (`tag env=prod`); empty when nothing does."""

    @property
    def name(self) -> str:
        """Its name."""
        return self.id.name

    @property
    def script(self) -> ScriptConfig | None:
        """The custom-script configuration of the model, if it has one."""
        return next((found for extension in self.extensions if (found := extension.as_script()) is not None), None)


@dataclass(frozen=True, slots=True)
class Autoscale:
    """The autoscale setting of a set: between how many instances it may move it, over all its schedules."""

    enabled: bool = False
    minimum: int = 0
    maximum: int = 0
    unknown: str = ""
    """Why the setting could not be read (`no right to read it`); empty when it was read."""
