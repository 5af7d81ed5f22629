"""Instances as JSON: the item of the list, the instance view, and a Flexible set's virtual machines.

Everything that is the same for all instances of a set is made once per answer, in `Shapes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vmss_tui.simulator.arm.extension_views import extension_view, extension_views
from vmss_tui.simulator.arm.scale_sets import provisioning_status
from vmss_tui.simulator.arm.times import stamp, whole
from vmss_tui.simulator.world.machine.reports import handler_message
from vmss_tui.simulator.world.state.chance import guid
from vmss_tui.simulator.world.state.extension import InstalledExtension
from vmss_tui.simulator.world.state.model import Instance, ScaleSet
from vmss_tui.simulator.world.state.profile import is_windows
from vmss_tui.simulator.world.state.states import Health, Power, Provisioning

_VM = "Microsoft.Compute/virtualMachines"
_NEW_SINCE = "2024-03-01"
_EXACT_IMAGE_SINCE = "2020-06-01"
_NO_INTEGER_SINCE = "2021-01-01"
_LATEST_IMAGE = {False: "22.04.202411060", True: "20348.2849.241101"}
"""What `latest` stands for on instances whose scenario names no version; Linux, Windows."""
_ORCHESTRATION = "VirtualMachineScaleSet"
_HEALTH = {
    Health.HEALTHY: ("Info", "The VM is reporting itself as healthy"),
    Health.UNHEALTHY: ("Error", "The VM is reporting itself as unhealthy or is unreachable"),
    Health.INITIALIZING: ("Info", "The VM is reporting itself as initializing"),
    Health.UNKNOWN: ("Warning", "The health of the VM is unknown"),
}
_HEARTBEAT = 30
"""Seconds between two reports of a guest agent (recorded views are up to 26 s old)."""
_AGENT_UNKNOWN = "VM status blob is found but not yet populated."


@dataclass(slots=True)
class Shapes:
    """What the instances of one scale set have in common in an answer."""

    value: ScaleSet
    version: str
    now: datetime
    offset: str = "+00:00"
    group: str = ""
    """How to spell the resource group in ids, when not as created."""
    profile: dict[str, Any] = field(init=False)
    windows: bool = field(init=False)
    image: dict[str, Any] = field(init=False)
    nics: list[str] = field(init=False)
    placement_group: str = field(init=False)
    heartbeat: str = field(init=False)
    """When the guest agents last reported."""
    base: str = field(init=False)
    set_base: str = field(init=False)

    def __post_init__(self) -> None:
        self.profile = dict(self.value.properties.get("virtualMachineProfile") or {})
        self.windows = is_windows(self.value.model)
        self.image = dict((self.profile.get("storageProfile") or {}).get("imageReference") or {})
        network = self.profile.get("networkProfile") or {}
        self.nics = [str(nic.get("name", "nic")) for nic in network.get("networkInterfaceConfigurations") or ()]
        self.placement_group = guid("placement group", self.value.key)
        scope = f"/subscriptions/{self.value.subscription_id}/resourceGroups/{self.group or self.value.group}"
        self.base = f"{scope}/providers/Microsoft.Compute"
        seconds = self.now.second - self.now.second % _HEARTBEAT
        self.heartbeat = whole(self.now.replace(second=seconds), self.offset)
        self.set_base = f"{self.base}/virtualMachineScaleSets/{self.value.name}"

    @property
    def is_new(self) -> bool:
        """True for api-versions with etag and timeCreated."""
        return self.version >= _NEW_SINCE


def instance_json(shapes: Shapes, instance: Instance, *, view: bool) -> dict[str, Any]:
    """One item of a Uniform set's `virtualMachines`, or a Flexible set's virtual machine."""
    if shapes.value.flexible:
        return flexible_json(shapes, instance, view=view)
    properties: dict[str, Any] = {
        "latestModelApplied": instance.generation == shapes.value.generation,
        "modelDefinitionApplied": _ORCHESTRATION,
    }
    if shapes.nics:
        nics = shapes.profile["networkProfile"]["networkInterfaceConfigurations"]
        properties["networkProfileConfiguration"] = {"networkInterfaceConfigurations": nics}
    protection = _protection(instance)
    if protection:
        properties["protectionPolicy"] = protection
    if view:
        properties["instanceView"] = instance_view_json(shapes, instance)
    properties |= _machine(shapes, instance, f"{shapes.set_base}/virtualMachines/{instance.id}")
    shown: dict[str, Any] = {
        "name": instance.name,
        "id": f"{shapes.set_base}/virtualMachines/{instance.id}",
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": shapes.value.location,
        "tags": shapes.value.model.get("tags") or {},
        "instanceId": instance.id,
        "sku": {"name": instance.size, "tier": instance.tier},
        "properties": properties,
    }
    _add_common(shown, shapes, instance)
    return shown


def flexible_json(shapes: Shapes, instance: Instance, *, view: bool, listed: bool = False) -> dict[str, Any]:
    """A virtual machine of a Flexible set.

    A list holds only references to its extensions, a GET of the one machine holds them in full (azure-sdk-for-java PR
    1080, azure-rest-api-specs #14459, azure-sdk-for-net #13378, azure-powershell #4118; five published outputs of
    `az vm list`, which fails with "Conflict key when apply client flatten" on extensions in full).
    """
    properties: dict[str, Any] = {"virtualMachineScaleSet": {"id": shapes.set_base}}
    properties |= _machine(shapes, instance, f"{shapes.base}/virtualMachines/{instance.name}")
    properties["hardwareProfile"] = {"vmSize": instance.size}
    if view:
        properties["instanceView"] = instance_view_json(shapes, instance)
    shown: dict[str, Any] = {
        "name": instance.name,
        "id": f"{shapes.base}/virtualMachines/{instance.name}",
        "type": _VM,
        "location": shapes.value.location,
        "tags": shapes.value.model.get("tags") or {},
        "properties": properties,
    }
    _add_common(shown, shapes, instance)
    if listed and "resources" in shown:
        shown["resources"] = [{"id": extension["id"]} for extension in shown["resources"]]
    return shown


def flexible_stub_json(shapes: Shapes, instance: Instance) -> dict[str, Any]:
    """What a Flexible set's own `virtualMachines` list shows: little more than ids and names (documented)."""
    return {
        "name": instance.name,
        "id": f"{shapes.set_base}/virtualMachines/{instance.name}",
        "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": shapes.value.location,
        "instanceId": instance.name,
        "properties": {"latestModelApplied": instance.generation == shapes.value.generation},
    }


def selected_view_json(shapes: Shapes, instance: Instance) -> dict[str, Any]:
    """An item under `$select=instanceView`, quirks included (recorded: vm_list_select_instanceview_QUIRK).

    The integer is recorded up to 2020 only; clients of today could not read it (azure-cli 2.91), so newer versions
    leave it out (inferred).
    """
    properties: dict[str, Any] = {
        "latestModelApplied": False,
        "instanceView": instance_view_json(shapes, instance),
        "hardwareProfile": {},
    }
    if shapes.version < _NO_INTEGER_SINCE:
        properties["provisioningState"] = 0
    return {
        "id": f"{shapes.set_base}/virtualMachines/{instance.id}",
        "instanceId": instance.id,
        "properties": properties,
    }


def instance_view_json(shapes: Shapes, instance: Instance) -> dict[str, Any]:
    """The instance view of one VM.

    A stopped VM shows what its agent said last, a deallocated one nothing of it (recorded: power_actions_2020-07).
    """
    offset = shapes.offset
    since = stamp(instance.provisioned_at or instance.created, offset)
    view: dict[str, Any] = {
        "placementGroupId": shapes.placement_group,
        "platformUpdateDomain": instance.update_domain,
        "platformFaultDomain": instance.fault_domain,
    }
    reported = instance.agent_ready or instance.power is Power.STOPPED
    if reported:
        view["computerName"] = instance.computer_name
        view["osName"], view["osVersion"] = _os(shapes)
    if instance.power is not Power.DEALLOCATED:
        view["vmAgent"] = _agent(shapes, instance, reported)
    view["disks"] = [
        {
            "name": _disk_name(shapes, instance),
            "statuses": [provisioning_status("Succeeded", stamp(instance.created))],
        }
    ]
    if instance.extensions and reported:
        view["extensions"] = extension_views(instance, offset)
    if instance.health is not None:
        level, words = _HEALTH[instance.health]
        time = whole(instance.health_at or instance.created, offset)
        code = f"HealthState/{instance.health}"
        view["vmHealth"] = {"status": {"code": code, "level": level, "displayStatus": words, "time": time}}
    view["hyperVGeneration"] = "V2"
    view["statuses"] = [_provisioning(instance, since), _power(instance)]
    return view


def extension_resource_json(
    shapes: Shapes, instance: Instance, installed: InstalledExtension, view: bool
) -> dict[str, Any]:
    """An extension of one instance: VM-style id, settings as this instance has them, never protected ones."""
    spec = installed.spec
    properties: dict[str, Any] = {"provisioningState": installed.state, **spec.properties}
    if view and (shown := extension_view(installed, shapes.offset)) is not None:
        properties["instanceView"] = shown
    return {
        "name": spec.name,
        "id": f"{shapes.base}/virtualMachines/{instance.name}/extensions/{spec.name}",
        "type": f"{_VM}/extensions",
        "location": shapes.value.location,
        "properties": properties,
    }


def _add_common(shown: dict[str, Any], shapes: Shapes, instance: Instance) -> None:
    if instance.zone is not None:
        shown["zones"] = [instance.zone]
    if shapes.is_new:
        shown["etag"] = f'"{instance.etag}"'
        shown["properties"]["timeCreated"] = stamp(instance.created)
    if instance.extensions:
        shown["resources"] = [
            extension_resource_json(shapes, instance, installed, False) for installed in instance.extensions.values()
        ]


def _machine(shapes: Shapes, instance: Instance, own_id: str) -> dict[str, Any]:
    """The parts of a VM that come from the model's profile."""
    storage = shapes.profile.get("storageProfile") or {}
    disk = dict(storage.get("osDisk") or {})
    disk_name = _disk_name(shapes, instance)
    managed = dict(disk.get("managedDisk") or {"storageAccountType": "Premium_LRS"})
    managed["id"] = f"{shapes.base}/disks/{disk_name}"
    image = dict(shapes.image)
    if shapes.version >= _EXACT_IMAGE_SINCE and image:
        wanted = str(image.get("version", "latest"))
        resolved = _LATEST_IMAGE[shapes.windows] if wanted == "latest" else wanted
        image["exactVersion"] = instance.image_version or resolved
    os_profile = dict(shapes.profile.get("osProfile") or {})
    os_profile.pop("computerNamePrefix", None)
    machine: dict[str, Any] = {
        "vmId": instance.vm_id,
        "provisioningState": instance.provisioning,
        "hardwareProfile": {"vmSize": instance.size} if shapes.is_new else {},
        "storageProfile": {
            "imageReference": image,
            "osDisk": {
                "osType": "Windows" if shapes.windows else "Linux",
                "name": disk_name,
                "createOption": disk.get("createOption", "FromImage"),
                "caching": disk.get("caching", "ReadWrite"),
                "managedDisk": managed,
                "diskSizeGB": disk.get("diskSizeGB", 127 if shapes.windows else 30),
            },
            "dataDisks": [_data_disk(shapes, instance, disk) for disk in storage.get("dataDisks") or ()],
        },
        "osProfile": {"computerName": instance.computer_name, **os_profile},
        "networkProfile": {
            "networkInterfaces": [{"id": identifier} for identifier in _interfaces(shapes, instance, own_id)]
        },
    }
    if shapes.is_new and not shapes.value.flexible:
        machine["resilientVMDeletionStatus"] = "Disabled"
    return machine


def _interfaces(shapes: Shapes, instance: Instance, own_id: str) -> list[str]:
    """Ids of its network interfaces: below a Uniform set's instance, resources of their own for a Flexible set's VM."""
    if not shapes.value.flexible:
        return [f"{own_id}/networkInterfaces/{nic}" for nic in shapes.nics]
    scope = shapes.base.removesuffix("Microsoft.Compute") + "Microsoft.Network"
    return [f"{scope}/networkInterfaces/{nic}-{instance.name}" for nic in shapes.nics]


def _agent(shapes: Shapes, instance: Instance, reported: bool) -> dict[str, Any]:
    time = shapes.heartbeat
    if instance.power is Power.STOPPED:
        time = whole(instance.provisioned_at or instance.created, shapes.offset)
    if not reported:
        status = {
            "code": "ProvisioningState/Unavailable",
            "level": "Warning",
            "displayStatus": "Not Ready",
            "message": _AGENT_UNKNOWN,
            "time": time,
        }
        return {"vmAgentVersion": "Unknown", "statuses": [status]}
    words = "GuestAgent is running and processing the extensions." if shapes.windows else "Guest Agent is running"
    status = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Ready",
        "message": words,
        "time": time,
    }
    handlers = [
        {
            "type": f"{installed.spec.publisher}.{installed.spec.type}",
            "typeHandlerVersion": installed.version,
            "status": _handler_status(installed),
        }
        for installed in instance.extensions.values()
    ]
    version = "2.7.41491.1149" if shapes.windows else "2.11.1.12"
    return {"vmAgentVersion": version, "statuses": [status], "extensionHandlers": handlers}


def _handler_status(installed: InstalledExtension) -> dict[str, Any]:
    """The agent's view of one handler, with the reason when the handler itself failed."""
    result = installed.result
    if result is None or not result.cause.is_handlers:
        return {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"}
    return {
        "code": f"ProvisioningState/failed/{result.exit_code}",
        "level": "Error",
        "displayStatus": "Not Ready",
        "message": handler_message(installed.spec, result),
    }


def _provisioning(instance: Instance, since: str) -> dict[str, Any]:
    status = provisioning_status(instance.provisioning, since)
    if instance.failure is not None and instance.provisioning is Provisioning.FAILED:
        status["code"] += f"/{instance.failure.code}"
        status["message"] = instance.failure.message
    return status


def _power(instance: Instance) -> dict[str, Any]:
    return {"code": f"PowerState/{instance.power}", "level": "Info", "displayStatus": f"VM {instance.power}"}


def _protection(instance: Instance) -> dict[str, bool]:
    if not (instance.protect_from_scale_in or instance.protect_from_actions):
        return {}
    return {
        "protectFromScaleIn": instance.protect_from_scale_in,
        "protectFromScaleSetActions": instance.protect_from_actions,
    }


def _disk_name(shapes: Shapes, instance: Instance) -> str:
    return f"{shapes.value.name}_{instance.name}_OsDisk_1_{instance.vm_id.replace('-', '')}"


def _data_disk(shapes: Shapes, instance: Instance, model: Mapping[str, Any]) -> dict[str, Any]:
    """A data disk of the model as an instance has it (recorded: vm_operations_managed_disks)."""
    lun = int(model.get("lun", 0))
    name = f"{shapes.value.name}_{instance.name}_disk{lun + 1}_{instance.vm_id.replace('-', '')}"
    managed = {**(model.get("managedDisk") or {}), "id": f"{shapes.base}/disks/{name}"}
    return {**model, "name": name, "managedDisk": managed, "toBeDetached": False}


def _os(shapes: Shapes) -> tuple[str, str]:
    """Name and version as the agent reports them, derived from the image."""
    sku = str(shapes.image.get("sku", ""))
    if shapes.windows:
        year = next((word for word in sku.split("-") if word.isdigit() and len(word) == 4), "2022")
        return f"Windows Server {year} Datacenter", "10.0.20348.2966"
    version = sku.split("-")[0].replace("_", ".")
    offer = str(shapes.image.get("offer", "")).lower()
    return "ubuntu" if "ubuntu" in offer else offer or "linux", version or "22.04"
