"""Scale sets as JSON: the resource, its instance view, its extensions, its sizes.

Shapes follow the recordings; keys that newer api-versions added appear from those versions on.
"""

from collections import Counter
from typing import Any

from vmss_tui.simulator.arm.times import stamp
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.model import Instance, ScaleSet
from vmss_tui.simulator.world.state.profile import specs

_COMPUTE = "Microsoft.Compute/virtualMachineScaleSets"
_ORCHESTRATION_SINCE = "2020-12-01"
_CREATED_SINCE = "2021-11-01"
_ETAG_SINCE = "2024-03-01"
_DISPLAY = {
    "succeeded": "Provisioning succeeded",
    "failed": "Provisioning failed",
    "updating": "Updating",
    "creating": "Creating",
    "deleting": "Deleting",
}


def scale_set_json(value: ScaleSet, version: str, group: str | None = None, state: str | None = None) -> dict[str, Any]:
    """A scale set.

    `version` is the api-version of the request, `group` how to spell the resource group in the id when not as
    created, `state` the provisioningState to show instead of its own (a write's answer).
    """
    model, properties = value.model, dict(value.properties)
    shown: dict[str, Any] = {
        "name": value.name,
        "id": resource_id(value, group),
        "type": _COMPUTE,
        "location": value.location,
        "tags": dict(model.get("tags") or {}),
        "sku": model.get("sku", {}),
    }
    for name in ("zones", "identity", "plan", "extendedLocation"):
        if model.get(name):
            shown[name] = model[name]
    if value.traits.managed_by:
        shown["managedBy"] = value.traits.managed_by
    if version >= _ETAG_SINCE:
        shown["etag"] = etag(value)
    orchestration = properties.pop("orchestrationMode", "Uniform")
    properties["provisioningState"] = state or value.provisioning
    properties.setdefault("doNotRunExtensionsOnOverprovisionedVMs", False)
    properties["uniqueId"] = value.unique_id
    if version >= _ORCHESTRATION_SINCE:
        properties["orchestrationMode"] = orchestration
    if version >= _CREATED_SINCE:
        properties["timeCreated"] = stamp(value.created)
    shown["properties"] = properties
    return shown


def resource_id(value: ScaleSet, group: str | None = None) -> str:
    """The id, with the group spelt as asked."""
    if group is None:
        return value.resource_id
    return f"/subscriptions/{value.subscription_id}/resourceGroups/{group}/providers/{_COMPUTE}/{value.name}"


def etag(value: ScaleSet) -> str:
    """The etag, quotes included."""
    return f'"{value.etag}"'


def instance_view_json(value: ScaleSet, offset: str) -> dict[str, Any]:
    """The set's instance view: counts by state, never by health (recorded: vmss_instanceview_with_extension)."""
    members = [instance for instance in value.instances.values() if not instance.hidden]
    view: dict[str, Any] = {
        "virtualMachine": {"statusesSummary": _summary(instance.provisioning for instance in members)}
    }
    extensions = _extension_summaries(members)
    if extensions:
        view["extensions"] = extensions
    view["statuses"] = [provisioning_status(value.provisioning, stamp(value.provisioned_at or value.created, offset))]
    if value.properties.get("automaticRepairsPolicy"):
        state = "Suspended" if value.repairs_suspended else "Running"
        view["orchestrationServices"] = [{"serviceName": "AutomaticRepairs", "serviceState": state}]
    return view


def provisioning_status(state: str, time: str) -> dict[str, Any]:
    """A provisioning status as instance views list it."""
    word = state.lower()
    return {
        "code": f"ProvisioningState/{word}",
        "level": "Error" if word == "failed" else "Info",
        "displayStatus": _DISPLAY[word],
        "time": time,
    }


def extension_json(value: ScaleSet, spec: ExtensionSpec, version: str) -> dict[str, Any]:
    """One extension of the model (recorded: ext_get_200); its id appears with the newest api-versions."""
    shown: dict[str, Any] = {
        "properties": {
            "provisioningState": value.extension_states.get(spec.key, "Succeeded"),
            **spec.properties,
        },
        "type": f"{_COMPUTE}/extensions",
        "name": spec.name,
    }
    if version >= _ETAG_SINCE:
        shown["id"] = f"{value.resource_id}/extensions/{spec.name}"
    return shown


def find_extension(value: ScaleSet, name: str) -> ExtensionSpec | None:
    """The extension of that name in the model, protected settings included."""
    return next((spec for spec in specs(value.model, value.protected) if spec.key == name.lower()), None)


def skus_json(value: ScaleSet) -> dict[str, Any]:
    """Sizes the set could have; a short list of the same family is enough for clients."""
    size = str((value.model.get("sku") or {}).get("name", "Standard_D2s_v5"))
    names = dict.fromkeys((size, "Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5"))
    capacity = {"minimum": 0, "maximum": 1000, "defaultCapacity": 1, "scaleType": "Automatic"}
    return {
        "value": [
            {"resourceType": _COMPUTE, "sku": {"name": name, "tier": "Standard"}, "capacity": capacity}
            for name in names
        ]
    }


def _summary(states: Any) -> list[dict[str, Any]]:
    counted = Counter(str(state).lower() for state in states)
    return [{"code": f"ProvisioningState/{state}", "count": count} for state, count in counted.items()]


def _extension_summaries(members: list[Instance]) -> list[dict[str, Any]]:
    states: dict[str, list[str]] = {}
    for instance in members:
        for installed in instance.extensions.values():
            states.setdefault(installed.spec.name, []).append(installed.state)
    return [{"name": name, "statusesSummary": _summary(found)} for name, found in states.items()]
