"""The world: scale sets, instances, rolling upgrades and operations of a simulation, as immutable data.

Owns shapes only. A scale set's `model` is the ARM document a client wrote, without what Azure adds or hides;
everything time-like is simulated time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vmss_tui.simulator.world.state.errors import Failure
from vmss_tui.simulator.world.state.extension import InstalledExtension
from vmss_tui.simulator.world.state.policy import RollingPolicy
from vmss_tui.simulator.world.state.rules import InstanceTraits, Rules, SetTraits
from vmss_tui.simulator.world.state.states import (
    Health,
    OperationStatus,
    Power,
    Provisioning,
    RollAction,
    RollCode,
    RollKind,
    RollPhase,
    Starter,
)
from vmss_tui.simulator.world.state.timeline import Due, ScriptResult


@dataclass(frozen=True, slots=True)
class Instance:
    """One virtual machine of a scale set."""

    id: str
    """Uniform: the number as text. Flexible: the name of the VM."""
    name: str
    computer_name: str
    vm_id: str
    created: datetime
    zone: str | None = None
    update_domain: int = 0
    fault_domain: int = 0
    size: str = ""
    tier: str = "Standard"
    image_version: str = ""
    etag: int = 1
    """Rises with every update of this instance, by any client."""
    generation: int = 0
    """Which generation of the scale set's model it was assigned."""
    provisioning: Provisioning = Provisioning.SUCCEEDED
    provisioned_at: datetime | None = None
    """When `provisioning` took its present value."""
    power: Power = Power.RUNNING
    health: Health | None = None
    health_at: datetime | None = None
    agent_ready: bool = True
    extensions: Mapping[str, InstalledExtension] = field(default_factory=dict)
    """Lower-cased extension name -> what is installed."""
    previous: Mapping[str, InstalledExtension] | None = None
    """What was installed before the last update, for a rollback."""
    previous_generation: int = 0
    todo: tuple[str, ...] = ()
    """Lower-cased names of extensions still to be processed."""
    deferred: bool = False
    """The model was assigned while the VM was off; it is applied when the VM starts."""
    failure: Failure | None = None
    protect_from_scale_in: bool = False
    protect_from_actions: bool = False
    hidden: bool = False
    """An overprovisioned extra: counted in charges, not listed."""
    repaired: bool = False
    """An automatic repair made it, or put it right, and it has not been healthy since."""
    timeline: tuple[Due, ...] = ()
    traits: InstanceTraits = field(default_factory=InstanceTraits)

    @property
    def number(self) -> int | None:
        """Its number in the set, which its computer name ends with in base 36; None for a name of another form."""
        ending = self.computer_name[-6:]
        return int(ending, 36) if len(ending) == 6 and ending.isascii() and ending.isalnum() else None

    @property
    def busy(self) -> bool:
        """True while Azure is still working on it."""
        return self.provisioning in (Provisioning.CREATING, Provisioning.UPDATING, Provisioning.DELETING)

    @property
    def is_off(self) -> bool:
        """True while no guest runs that could process an extension or answer a probe."""
        return self.power in (Power.STOPPED, Power.DEALLOCATED, Power.DEALLOCATING, Power.STOPPING)


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation; it ends when its time, its instances and its rolling upgrade are over."""

    id: str
    scale_set: str
    """Key of the scale set it works on."""
    kind: str
    subscription_id: str
    location: str
    started: datetime
    not_before: datetime
    instances: tuple[str, ...] = ()
    with_roll: bool = False
    removes_set: bool = False
    ended: datetime | None = None
    status: OperationStatus = OperationStatus.IN_PROGRESS
    failure: Failure | None = None
    extension: str | None = None
    """Lower-cased name of the model extension whose write this is."""
    polled: bool = False
    """A client has asked for it."""
    command: str = ""
    """The script of a Run Command; the operation lasts until it has a result."""
    result: ScriptResult | None = None


@dataclass(frozen=True, slots=True)
class RollingUpgrade:
    """The rolling upgrade that ran last, or runs now."""

    kind: RollKind
    policy: RollingPolicy
    started: datetime
    last_action_at: datetime
    last_action: RollAction = RollAction.START
    code: RollCode = RollCode.ROLLING_FORWARD
    phase: RollPhase = RollPhase.STARTING
    due: datetime | None = None
    """When the phase ends by time alone; none while it waits for instances."""
    pending: tuple[str, ...] = ()
    """Instances still to be upgraded, in order."""
    phases: Mapping[str, int] = field(default_factory=dict)
    """PhaseOrderingNumber of the instances that reported one when it started; custom metrics are read once."""
    batch: tuple[str, ...] = ()
    batch_number: int = 0
    replacements: Mapping[str, str] = field(default_factory=dict)
    """With max surge: old instance id -> id of the one that replaces it."""
    succeeded: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    error: Failure | None = None
    ended: datetime | None = None
    started_by: Starter = Starter.USER
    approved: tuple[str, ...] | None = None
    """Ids it may touch, when each instance needs an approval (osRollingUpgradeDeferral); none: all."""

    @property
    def running(self) -> bool:
        """True until it is completed, canceled or faulted."""
        return self.phase is not RollPhase.OVER


@dataclass(frozen=True, slots=True)
class Note:
    """A change of a scale set by a person or a service that is not a client of the simulator."""

    at: datetime
    caller: str
    action: str
    """Verb or action below `Microsoft.Compute/virtualMachineScaleSets/`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a scenario lets happen to a scale set at a moment."""

    at: datetime
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScaleSet:
    """One scale set with its instances."""

    key: str
    """Lower-cased resource id."""
    subscription_id: str
    group: str
    name: str
    location: str
    model: Mapping[str, Any]
    """The ARM document as written: sku, tags, zones, identity, properties."""
    created: datetime
    unique_id: str
    protected: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Lower-cased extension name -> protectedSettings; never rendered."""
    generation: int = 1
    etag: int = 1
    provisioning: Provisioning = Provisioning.SUCCEEDED
    provisioned_at: datetime | None = None
    extension_states: Mapping[str, str] = field(default_factory=dict)
    """Lower-cased extension name -> provisioningState of the model extension, when not Succeeded."""
    instances: Mapping[str, Instance] = field(default_factory=dict)
    next_number: int = 0
    roll: RollingUpgrade | None = None
    history: tuple[RollingUpgrade, ...] = ()
    """OS rolling upgrades that ended, oldest first."""
    running: tuple[str, ...] = ()
    """Ids of its operations in progress, oldest first."""
    events: tuple[Event, ...] = ()
    """The remaining changes of a scenario for it, soonest first."""
    after_write: tuple[tuple[float, Event], ...] = ()
    """Events counted, in seconds, from the next write to the model."""
    log: tuple[Note, ...] = ()
    """What the scenario's colleagues and services did to it, oldest first."""
    repairs_suspended: bool = False
    failed_repairs: int = 0
    """Repairs in a row after which the instance was unhealthy again."""
    traits: SetTraits = field(default_factory=SetTraits)
    touched: datetime | None = None
    """Up to when its timeline was worked off."""
    minted: int = 0
    """How many ids were made for it so far; makes the next one differ."""

    @property
    def resource_id(self) -> str:
        """The ARM id, in the case it was created with."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.group}"
            f"/providers/Microsoft.Compute/virtualMachineScaleSets/{self.name}"
        )

    @property
    def properties(self) -> Mapping[str, Any]:
        """`properties` of the model."""
        properties: Mapping[str, Any] = self.model["properties"]
        return properties

    @property
    def mode(self) -> str:
        """Upgrade mode: Manual, Automatic or Rolling."""
        return str(self.properties.get("upgradePolicy", {}).get("mode", "Manual"))

    @property
    def flexible(self) -> bool:
        """True with Flexible orchestration; a model that does not say is Uniform."""
        return str(self.properties.get("orchestrationMode", "Uniform")).lower() == "flexible"

    @property
    def capacity(self) -> int:
        """Instances it is meant to have."""
        return int(self.model.get("sku", {}).get("capacity", 0))

    @property
    def rolling(self) -> bool:
        """True while a rolling upgrade runs."""
        return self.roll is not None and self.roll.running


@dataclass(frozen=True, slots=True)
class World:
    """One moment of the simulated estate; every mutation makes a new one."""

    rules: Rules = field(default_factory=Rules)
    scale_sets: Mapping[str, ScaleSet] = field(default_factory=dict)
    """Lower-cased resource id -> scale set."""
    operations: Mapping[str, Operation] = field(default_factory=dict)
    agenda: Mapping[str, datetime] = field(default_factory=dict)
    """Key of each scale set that has something due -> when; what makes advancing cheap."""
