"""Azure's JSON as msgspec structs: only the fields that we use, in Azure's words.

Tolerant on purpose: every key may be missing or null, unknown keys are skipped, `provisioningState` may be a number,
`settings` may be anything. Nothing here interprets; `mapping` does. Shapes: ComputeRP 2024-07-01 swagger and the
recordings.
"""

from typing import Any

import msgspec

NOTHING = msgspec.Raw(b"null")


class Wire(msgspec.Struct, rename="camel", gc=False):
    """Base: camelCase keys, unknown keys ignored; trees without cycles need no garbage collector."""


class Status(Wire):
    """An instance view status: `code` like `ProvisioningState/failed/<ErrorCode>`; PowerState has no `time`."""

    code: str | None = None
    level: str | None = None
    display_status: str | None = None
    message: str | None = None
    time: str | None = None


class ResourceId(Wire):
    """A reference to another resource."""

    id: str | None = None


class ExtensionProperties(Wire):
    """Properties of an extension, of the model or of one instance."""

    publisher: str | None = None
    type: str | None = None
    type_handler_version: str | None = None
    settings: msgspec.Raw = NOTHING
    force_update_tag: str | None = None
    auto_upgrade_minor_version: bool | None = None
    enable_automatic_upgrade: bool | None = None
    provision_after_extensions: list[str] | None = None
    suppress_failures: bool | None = None
    provisioning_state: Any = None
    protected_settings_from_key_vault: Any = None

    @property
    def has_settings(self) -> bool:
        """Whether the public settings are there: without them the version is unknown."""
        return bytes(self.settings) not in (b"null", b"")


class Extension(Wire):
    """An extension of the model, or of an instance under `resources` (where a list of VMs gives only its id)."""

    name: str | None = None
    id: str | None = None
    properties: ExtensionProperties | None = None


class ExtensionProfile(Wire):
    """Extensions of the model; absent when there are none."""

    extensions: list[Extension] | None = None


class Sku(Wire):
    """Size and capacity."""

    name: str | None = None
    capacity: int | None = None


class RollingPolicy(Wire):
    """Azure's rolling upgrade policy."""

    max_batch_instance_percent: int | None = None
    max_unhealthy_instance_percent: int | None = None
    max_unhealthy_upgraded_instance_percent: int | None = None
    pause_time_between_batches: str | None = None
    enable_cross_zone_upgrade: bool | None = None
    prioritize_unhealthy_instances: bool | None = None
    rollback_failed_instances_on_policy_breach: bool | None = None
    max_surge: bool | None = None


class AutomaticOsUpgrade(Wire):
    """Azure's own image upgrades."""

    enable: bool | None = msgspec.field(default=None, name="enableAutomaticOSUpgrade")


class UpgradePolicy(Wire):
    """Mode and rolling policy."""

    mode: str | None = None
    rolling_upgrade_policy: RollingPolicy | None = None
    automatic_os: AutomaticOsUpgrade | None = msgspec.field(default=None, name="automaticOSUpgradePolicy")


class ImageReference(Wire):
    """An image by its four names or by its id."""

    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None
    version: str | None = None
    id: str | None = None
    shared_gallery_image_id: str | None = None
    community_gallery_image_id: str | None = None


class OsDisk(Wire):
    """Only its operating system."""

    os_type: str | None = None


class StorageProfile(Wire):
    """Image and disk."""

    image_reference: ImageReference | None = None
    os_disk: OsDisk | None = None


class OsProfile(Wire):
    """Only which operating system is configured, and the computer's name."""

    computer_name: str | None = None
    linux_configuration: Any = None
    windows_configuration: Any = None


class NetworkProfile(Wire):
    """Only the health probe."""

    health_probe: ResourceId | None = None


class TerminateNotification(Wire):
    """The notice that an instance gets before it is deleted."""

    enable: bool | None = None
    not_before_timeout: str | None = None


class ScheduledEvents(Wire):
    """The events of which instances are notified."""

    terminate_notification_profile: TerminateNotification | None = None


class VmProfile(Wire):
    """The model of an instance. `priority` is Regular, Low or Spot."""

    priority: str | None = None
    eviction_policy: str | None = None
    scheduled_events_profile: ScheduledEvents | None = None

    os_profile: OsProfile | None = None
    storage_profile: StorageProfile | None = None
    network_profile: NetworkProfile | None = None
    extension_profile: ExtensionProfile | None = None


class Repairs(Wire):
    """Automatic repairs."""

    enabled: bool | None = None
    repair_action: str | None = None


class ScaleSetProperties(Wire):
    """Properties of a scale set."""

    orchestration_mode: str | None = None
    upgrade_policy: UpgradePolicy | None = None
    virtual_machine_profile: VmProfile | None = None
    provisioning_state: Any = None
    overprovision: bool | None = None
    unique_id: str | None = None
    time_created: str | None = None
    automatic_repairs_policy: Repairs | None = None


class ScaleSet(Wire):
    """A scale set."""

    name: str | None = None
    id: str | None = None
    location: str | None = None
    etag: str | None = None
    tags: dict[str, Any] | None = None
    zones: list[Any] | None = None
    sku: Sku | None = None
    managed_by: str | None = None
    properties: ScaleSetProperties | None = None


class OrchestrationService(Wire):
    """State of automatic repairs in the set's instance view."""

    service_name: str | None = None
    service_state: str | None = None


class ScaleSetView(Wire):
    """The set's own instance view."""

    orchestration_services: list[OrchestrationService] | None = None


class ExtensionView(Wire):
    """What an extension of one instance last reported. Windows puts the script's output into `substatuses`."""

    name: str | None = None
    type: str | None = None
    type_handler_version: str | None = None
    statuses: list[Status] | None = None
    substatuses: list[Status] | None = None


class VmHealth(Wire):
    """What the health source says."""

    status: Status | None = None


class ExtensionHandler(Wire):
    """What the guest agent says of an extension's handler; `type` is `Publisher.Type`."""

    type: str | None = None
    type_handler_version: str | None = None
    status: Status | None = None


class VmAgent(Wire):
    """The guest agent."""

    statuses: list[Status] | None = None
    extension_handlers: list[ExtensionHandler] | None = None


class InstanceView(Wire):
    """The instance view of one instance."""

    platform_update_domain: int | None = None
    platform_fault_domain: int | None = None
    in_standby_pool: bool | None = msgspec.field(default=None, name="isVMInStandbyPool")
    vm_agent: VmAgent | None = None
    extensions: list[ExtensionView] | None = None
    vm_health: VmHealth | None = None
    statuses: list[Status] | None = None


class HardwareProfile(Wire):
    """Only the size."""

    vm_size: str | None = None


class Protection(Wire):
    """Instance protection."""

    protect_from_scale_in: bool | None = None
    protect_from_scale_set_actions: bool | None = None


class VmProperties(Wire):
    """Properties of an instance, Uniform or Flexible."""

    latest_model_applied: bool | None = None
    provisioning_state: Any = None
    instance_view: InstanceView | None = None
    hardware_profile: HardwareProfile | None = None
    protection_policy: Protection | None = None
    time_created: str | None = None
    vm_id: str | None = None


class Vm(Wire):
    """An instance of a Uniform set, or a VM of a Flexible one (which has no `instanceId`)."""

    name: str | None = None
    id: str | None = None
    instance_id: str | None = None
    etag: str | None = None
    zones: list[Any] | None = None
    sku: Sku | None = None
    properties: VmProperties | None = None
    resources: list[Extension] | None = None


class UpgradeRunning(Wire):
    """The progress of a rolling upgrade."""

    code: str | None = None
    start_time: str | None = None
    last_action: str | None = None
    last_action_time: str | None = None


class UpgradeProgress(Wire):
    """Counts of instances; all may be 0."""

    successful_instance_count: int | None = None
    failed_instance_count: int | None = None
    in_progress_instance_count: int | None = None
    pending_instance_count: int | None = None
    inprogress_instance_count: int | None = None
    """The spelling of 2017."""


class UpgradeProperties(Wire):
    """Properties of `rollingUpgrades/latest`."""

    running_status: UpgradeRunning | None = None
    progress: UpgradeProgress | None = None
    error: Any = None
    """Azure's error object; `arm_error.read_error` reads it."""


class Upgrade(Wire):
    """`rollingUpgrades/latest`: it has neither id nor name."""

    properties: UpgradeProperties | None = None


class OperationResource(Wire):
    """Only the state of a resource that is polled in place of an operation."""

    provisioning_state: Any = None


class Operation(Wire):
    """The status document of a long-running operation, or the resource polled in its place."""

    status: str | None = None
    error: Any = None
    """Azure's error object; `arm_error.read_error` reads it."""
    properties: OperationResource | None = None


class Subscription(Wire):
    """A subscription."""

    subscription_id: str | None = None
    display_name: str | None = None
    tenant_id: str | None = None
    state: str | None = None


class SubscriptionPage(Wire):
    """A page of subscriptions."""

    value: list[Subscription] | None = None
    next_link: str | None = None


class SetPage(Wire):
    """A page of scale sets; it may be empty and still have a next link."""

    value: list[ScaleSet] | None = None
    next_link: str | None = None


class VmPage(Wire):
    """A page of instances, each left as JSON, so that one at a time is decoded."""

    value: list[msgspec.Raw] | None = None
    next_link: str | None = None
