"""Wire to domain: the only translator between Azure's words and ours for sets, upgrades and faults.

Pure. A missing value becomes neutral, an unknown word stays readable, and nothing raises. Instances are translated in
`instance_mapping`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from vmss_tui import duration
from vmss_tui.domain.fleet.health import HealthSource, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import (
    AzureFault,
    OperationState,
    OperationStatus,
    RollingUpgrade,
    UpgradeCode,
)
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.gateway.arm_error import read_error
from vmss_tui.gateway.explain import explain
from vmss_tui.gateway.read import wire
from vmss_tui.text import readable

_INSTANCE = re.compile(r"/virtualMachines/([^/]+)", re.IGNORECASE)
_MODES = {mode.value.lower(): mode for mode in UpgradeMode}
_CODES = {code.value.lower(): code for code in UpgradeCode} | {"canceled": UpgradeCode.CANCELLED}
_PROVISIONING = {state.value: state for state in Provisioning}
_OPERATIONS = {
    "succeeded": OperationState.SUCCEEDED,
    "failed": OperationState.FAILED,
    "canceled": OperationState.CANCELLED,
    "cancelled": OperationState.CANCELLED,
}
HEALTH_TYPES = ("applicationhealthlinux", "applicationhealthwindows")


@lru_cache(maxsize=8192)
def moment(text: str | None) -> datetime | None:
    """A time of Azure's (5 to 7 digits, any offset or none) as aware UTC; None when it is none."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def provisioning(state: object) -> Provisioning:
    """A provisioning state; a number (a known quirk of `$select`) or a new word is UNKNOWN."""
    return _PROVISIONING.get(state.lower(), Provisioning.UNKNOWN) if isinstance(state, str) else Provisioning.UNKNOWN


def settings_of(raw: msgspec.Raw) -> Mapping[str, Any]:
    """An extension's public settings; equal bytes give the same object, so that comparing is cheap."""
    return parsed_settings(bytes(raw))


@lru_cache(maxsize=1024)
def parsed_settings(data: bytes) -> Mapping[str, Any]:
    """The same from bytes; anything but an object (or text that holds one) is empty. Never change the result."""
    try:
        value = json.loads(data or b"null")
        if isinstance(value, str):
            value = json.loads(value or "null")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def extension(found: wire.Extension) -> Extension:
    """An extension of the model."""
    props = found.properties or wire.ExtensionProperties()
    return Extension(
        name=found.name or "",
        publisher=props.publisher or "",
        type=props.type or "",
        version=props.type_handler_version or "",
        settings=settings_of(props.settings),
        force_update_tag=props.force_update_tag or "",
        auto_upgrade_minor=props.auto_upgrade_minor_version is not False,
        automatic_upgrade=bool(props.enable_automatic_upgrade),
        provision_after=tuple(props.provision_after_extensions or ()),
        suppress_failures=bool(props.suppress_failures),
        from_key_vault=props.protected_settings_from_key_vault is not None,
        key_vault=_vault(props.protected_settings_from_key_vault),
    )


def _vault(found: Any) -> str:
    """The id of the vault of a `protectedSettingsFromKeyVault`; empty when there is none."""
    source = found.get("sourceVault") if isinstance(found, dict) else None
    return str(source.get("id") or "") if isinstance(source, dict) else ""


def rolling_policy(found: wire.RollingPolicy | None) -> RollingPolicy:
    """A rolling policy; missing values have Azure's defaults (20, 20, 20, no pause)."""
    if found is None:
        return RollingPolicy()
    return RollingPolicy(
        batch_percent=_number(found.max_batch_instance_percent, 20),
        unhealthy_percent=_number(found.max_unhealthy_instance_percent, 20),
        unhealthy_upgraded_percent=_number(found.max_unhealthy_upgraded_instance_percent, 20),
        pause_seconds=_duration(found.pause_time_between_batches),
        cross_zone=bool(found.enable_cross_zone_upgrade),
        prioritise_unhealthy=bool(found.prioritize_unhealthy_instances),
        rollback_on_breach=bool(found.rollback_failed_instances_on_policy_breach),
        surge=bool(found.max_surge),
    )


def _number(value: int | None, default: int) -> int:
    return default if value is None else value


def _duration(text: str | None) -> int:
    try:
        return duration.parse(text or "PT0S")
    except ValueError:
        return 0


def scale_set(found: wire.ScaleSet, *, etag: str = "", repairs_suspended: bool = False) -> ScaleSet:
    """A scale set's model. Raises ValueError when it has no id that is one."""
    props = found.properties or wire.ScaleSetProperties()
    profile = props.virtual_machine_profile or wire.VmProfile()
    policy = props.upgrade_policy or wire.UpgradePolicy()
    repairs = props.automatic_repairs_policy
    extensions = tuple(map(extension, (profile.extension_profile or wire.ExtensionProfile()).extensions or ()))
    return ScaleSet(
        id=_id_of(found),
        location=found.location or "",
        mode=_MODES.get((policy.mode or "").lower(), UpgradeMode.MANUAL),
        policy=rolling_policy(policy.rolling_upgrade_policy),
        capacity=(found.sku and found.sku.capacity) or 0,
        size=(found.sku and found.sku.name) or "",
        orchestration=_orchestration(props.orchestration_mode),
        os=_os_of(profile),
        image=_image(profile.storage_profile),
        zones=tuple(map(str, found.zones or ())),
        tags={key: "" if value is None else str(value) for key, value in (found.tags or {}).items()},
        health_source=health_source(extensions, profile.network_profile),
        extensions=extensions,
        provisioning=provisioning(props.provisioning_state),
        etag=found.etag or etag,
        automatic_repairs=(repairs.repair_action or "Replace") if repairs and repairs.enabled else "",
        repairs_suspended=repairs_suspended,
        automatic_os_upgrade=bool(policy.automatic_os and policy.automatic_os.enable),
        overprovision=bool(props.overprovision),
        spot_eviction=_eviction(profile),
        terminate_notice_seconds=_notice(profile.scheduled_events_profile),
        unique_id=props.unique_id or "",
        created_at=moment(props.time_created),
        managed_by=found.managed_by or "",
    )


def _eviction(profile: wire.VmProfile) -> str:
    """What follows the eviction of a spot instance; Azure's default is Deallocate ("Spot VMs for scale sets")."""
    spot = (profile.priority or "").lower() in ("spot", "low")
    return (profile.eviction_policy or "Deallocate") if spot else ""


def _notice(events: wire.ScheduledEvents | None) -> int:
    """Seconds of a terminate notification; Azure's default is five minutes ("Terminate notification")."""
    found = events.terminate_notification_profile if events else None
    return (_duration(found.not_before_timeout) or 300) if found and found.enable else 0


def _id_of(found: wire.ScaleSet) -> ScaleSetId:
    parsed = ScaleSetId.parse(found.id or "")
    name = found.name or parsed.name
    return ScaleSetId(parsed.subscription, parsed.group, name if name.lower() == parsed.name.lower() else parsed.name)


def _orchestration(mode: str | None) -> Orchestration:
    return Orchestration.FLEXIBLE if (mode or "").lower() == "flexible" else Orchestration.UNIFORM


def _os_of(profile: wire.VmProfile) -> HandlerOs | None:
    disk = profile.storage_profile.os_disk if profile.storage_profile else None
    named = (disk.os_type or "").lower() if disk else ""
    if named in (HandlerOs.LINUX, HandlerOs.WINDOWS):
        return HandlerOs(named)
    configured = profile.os_profile
    if configured and configured.windows_configuration is not None:
        return HandlerOs.WINDOWS
    return HandlerOs.LINUX if configured and configured.linux_configuration is not None else None


def _image(profile: wire.StorageProfile | None) -> str:
    image = profile.image_reference if profile else None
    if image is None:
        return ""
    other = image.id or image.shared_gallery_image_id or image.community_gallery_image_id
    if other:
        return "/".join(other.strip("/").split("/")[-3:])
    return ":".join(part for part in (image.publisher, image.offer, image.sku, image.version) if part)


def health_source(extensions: Iterable[Extension], network: wire.NetworkProfile | None) -> HealthSource:
    """Where health comes from. Sources: "Application Health extension", recording `vmss_get_rolling`."""
    for extension in extensions:
        if extension.type.lower() in HEALTH_TYPES:
            return _health_extension(extension)
    probe = network.health_probe.id if network and network.health_probe else None
    return HealthSource("probe", probe.rstrip("/").rsplit("/", 1)[-1]) if probe else HealthSource()


def _health_extension(found: Extension) -> HealthSource:
    settings = found.settings
    every = _as_int(settings.get("intervalInSeconds"), 5)
    port, path = settings.get("port"), str(settings.get("requestPath") or "")
    where = (f" :{port}" if port else "") + (path if path.startswith("/") or not path else f"/{path}")
    rich = found.version.startswith("2")
    grace = _as_int(settings.get("gracePeriod"), every * _as_int(settings.get("numberOfProbes"), 1)) if rich else 0
    return HealthSource("extension", f"{settings.get('protocol') or 'http'}{where} every {every}s", grace)


def _as_int(value: object, default: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return default


def suspended(view: wire.ScaleSetView) -> bool:
    """Whether automatic repairs are suspended."""
    return any(
        (service.service_name or "").lower() == "automaticrepairs"
        and (service.service_state or "").lower() == "suspended"
        for service in view.orchestration_services or ()
    )


def fault(value: object, request_id: str = "") -> AzureFault | None:
    """Azure's reason from an error object, with the next step; details that name an instance keep its id."""
    found = read_error(value)
    if not (found.specific_code or found.text):
        return None
    details = tuple((_instance_of(detail.target), detail.text or detail.specific_code) for detail in found.details)
    code = found.specific_code
    message = found.message if found.message and code == found.code else found.text
    return AzureFault(code, message or code, details, explain(found).next_step, request_id, readable(found.text))


def _instance_of(target: str) -> str:
    """The instance that a detail is about: `…/virtualMachines/3`, or the number alone."""
    hit = _INSTANCE.search(target)
    return hit[1] if hit else target if target.isdigit() else ""


def upgrade(found: wire.Upgrade) -> RollingUpgrade | None:
    """The latest rolling upgrade; None when the answer has no running status."""
    props = found.properties
    if props is None or props.running_status is None:
        return None
    running, progress = props.running_status, props.progress or wire.UpgradeProgress()
    return RollingUpgrade(
        code=_CODES.get((running.code or "").lower(), UpgradeCode.UNKNOWN),
        started_at=moment(running.start_time),
        last_action=running.last_action or "",
        last_action_at=moment(running.last_action_time),
        successful=progress.successful_instance_count or 0,
        failed=progress.failed_instance_count or 0,
        in_progress=progress.in_progress_instance_count or progress.inprogress_instance_count or 0,
        pending=progress.pending_instance_count or 0,
        fault=fault(props.error),
    )


def operation(found: wire.Operation, status: int, request_id: str = "") -> OperationStatus:
    """State of an operation from its status document, from its resource, or (empty body) from the HTTP status."""
    why = fault(found.error, request_id)
    state = found.status or (found.properties.provisioning_state if found.properties else None)
    if isinstance(state, str) and state:
        return OperationStatus(_OPERATIONS.get(state.lower(), OperationState.RUNNING), why)
    return OperationStatus(OperationState.RUNNING if status == 202 else OperationState.SUCCEEDED, why)
