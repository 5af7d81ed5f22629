"""Reading and merging ARM scale set documents: merge on PUT and PATCH, extensions, health source, secrets.

Owns the rules of what a write changes in a model; it knows nothing of instances.
"""

from collections.abc import Mapping
from typing import Any

from vmss_tui.simulator.world.state import defaults
from vmss_tui.simulator.world.state.errors import Refused, bad_content, invalid_parameter
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.policy import check_policy, with_defaults
from vmss_tui.simulator.world.state.rules import Switches
from vmss_tui.simulator.world.state.source import HealthSource, has_probe, health_extension
from vmss_tui.simulator.world.state.states import HealthKind, TwoHealthSources

_READ_ONLY = {"provisioningState", "uniqueId", "timeCreated", "latestModelApplied"}
_TOP_LEVEL = {
    "sku",
    "tags",
    "zones",
    "identity",
    "plan",
    "extendedLocation",
    "properties",
    "location",
    "zonalPlatformFaultDomainAlignMode",
}
_PROFILE = "properties.virtualMachineProfile"
_OBJECTS = (
    "sku",
    "tags",
    "properties.upgradePolicy.rollingUpgradePolicy",
    "properties.automaticRepairsPolicy",
    f"{_PROFILE}.osProfile",
    f"{_PROFILE}.storageProfile.osDisk",
    f"{_PROFILE}.storageProfile.imageReference",
    f"{_PROFILE}.networkProfile.healthProbe",
    f"{_PROFILE}.extensionProfile",
)
_MOST_INSTANCES = 1000
_SECRET_OS = {"adminPassword", "customData"}
_NO_HEALTH = (
    "Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health "
    "extension was not provided."
)
_TWO_SOURCES = (
    "A Virtual Machine Scale Set can have only one source of health: remove either the health probe or the "
    "Application Health extension."
)


def merge(old: Any, new: Any) -> Any:
    """`new` written over `old` as Azure does on an existing scale set.

    An absent member keeps its value, an object merges, anything else (arrays too) replaces; `null` takes away.
    """
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(old.get(name), value)
    return merged


def written_part(body: Any) -> dict[str, Any]:
    """The parts of a request body that a client may write.

    Raises Refused: 400, naming the member that is not what ARM expects there.
    """
    if not isinstance(body, Mapping):
        raise bad_content("the body must be a JSON object.")
    for path in _OBJECTS:
        _check_object(body, path)
    capacity = (body.get("sku") or {}).get("capacity")
    if capacity is not None and not (type(capacity) is int and 0 <= capacity <= _MOST_INSTANCES):
        raise invalid_parameter("sku.capacity")
    kept = {name: value for name, value in body.items() if name in _TOP_LEVEL and value is not None}
    properties = kept.get("properties", {})
    if properties:
        kept["properties"] = {name: value for name, value in properties.items() if name not in _READ_ONLY}
    mode = (properties.get("upgradePolicy") or {}).get("mode")
    if mode not in (None, "Manual", "Automatic", "Rolling"):
        raise invalid_parameter("upgradePolicy.mode")
    return kept


def _check_object(body: Mapping[str, Any], path: str) -> None:
    """Refuse a member that must be an object and is something else."""
    value: Any = body
    for name in path.split("."):
        value = value.get(name)
        if value is None:
            return
        if not isinstance(value, Mapping):
            raise bad_content(f"'{path}' must be a JSON object.")


def settle_extensions(
    model: Mapping[str, Any], protected: Mapping[str, Any], replaced: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Move protectedSettings out of a merged model.

    If absent, the stored value stays; `{}` (or null) wipes it; an extension that is gone takes its secret along
    (recorded: vmss_patch_omit_protectedSettings_200; quoted: azure-sdk-for-net #2716).

    `model` is the merged document, `protected` what is stored, by lower-cased extension name; `replaced` is true when
    the write carried an `extensions` array. Returns the model without protectedSettings, and what is stored from now
    on.
    """
    listed = declared(model)
    if not replaced and not any("protectedSettings" in _properties(item) for item in listed):
        return dict(model), dict(protected)
    stored: dict[str, Any] = {}
    public = []
    for item in listed:
        properties = dict(_properties(item))
        key = str(item.get("name", "")).lower()
        value = properties.pop("protectedSettings", protected.get(key))
        if value:
            stored[key] = value
        public.append({"name": item.get("name", ""), "properties": properties})
    return (with_extensions(model, public) if listed else dict(model)), stored


def declared(model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The `extensions` array of a model, as written."""
    profile = model.get("properties", {}).get("virtualMachineProfile") or {}
    listed = (profile.get("extensionProfile") or {}).get("extensions") or []
    if not isinstance(listed, list) or not all(_is_extension(item) for item in listed):
        raise bad_content("'extensionProfile.extensions' must be an array of objects with a name and properties.")
    return listed


def _is_extension(item: Any) -> bool:
    named = isinstance(item, Mapping) and isinstance(item.get("name"), str)
    return named and isinstance(item.get("properties", {}), Mapping)


def with_extensions(model: Mapping[str, Any], extensions: list[Any]) -> dict[str, Any]:
    """The model with its `extensions` array replaced."""
    patch = {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": extensions}}}}
    merged: dict[str, Any] = merge(model, patch)
    return merged


def specs(model: Mapping[str, Any], protected: Mapping[str, Any]) -> tuple[ExtensionSpec, ...]:
    """The extensions of a model in the order in which an instance processes them (provisionAfterExtensions)."""
    waiting = [
        ExtensionSpec(str(item["name"]), _properties(item), protected.get(str(item["name"]).lower()))
        for item in declared(model)
    ]
    ordered: list[ExtensionSpec] = []
    while waiting:
        names = {spec.key for spec in waiting}
        ready = [spec for spec in waiting if not names & _after(spec)] or waiting[:1]
        ordered += ready
        waiting = [spec for spec in waiting if spec not in ready]
    return tuple(ordered)


def health_source(model: Mapping[str, Any]) -> HealthSource:
    """Where Azure learns the health of instances from."""
    profile = model.get("properties", {}).get("virtualMachineProfile") or {}
    return health_extension(specs(model, {})) or HealthSource(
        HealthKind.PROBE if has_probe(profile) else HealthKind.NONE
    )


def is_windows(model: Mapping[str, Any]) -> bool:
    """True for Windows images, as far as a model shows."""
    profile = model.get("properties", {}).get("virtualMachineProfile") or {}
    if "windowsConfiguration" in (profile.get("osProfile") or {}):
        return True
    storage = profile.get("storageProfile") or {}
    return str((storage.get("osDisk") or {}).get("osType", "")).lower() == "windows"


def finish(model: Mapping[str, Any], switches: Switches, *, fill: bool = True) -> dict[str, Any]:
    """The model as Azure keeps it: without secrets, and with `fill` completed by its missing parts.

    Raises Refused: the policy, or Rolling mode with no health source or two of them, is not accepted.
    """
    model = defaults.fill(model) if fill else model
    properties = dict(model.get("properties", {}))
    check_policy(properties)
    properties["upgradePolicy"] = with_defaults(properties.get("upgradePolicy") or {"mode": "Manual"})
    profile = dict(properties.get("virtualMachineProfile") or {})
    if "osProfile" in profile:
        profile["osProfile"] = {k: v for k, v in profile["osProfile"].items() if k not in _SECRET_OS}
    properties["virtualMachineProfile"] = profile
    finished = {**model, "properties": properties}
    rolling = properties["upgradePolicy"].get("mode") == "Rolling"
    if rolling and not has_health(finished):
        raise Refused(400, "BadRequest", _NO_HEALTH)
    repairs = bool((properties.get("automaticRepairsPolicy") or {}).get("enabled"))
    if (rolling or repairs) and _has_two_sources(finished) and switches.two_health_sources is TwoHealthSources.REFUSE:
        raise Refused(400, "BadRequest", _TWO_SOURCES)
    return finished


def _has_two_sources(model: Mapping[str, Any]) -> bool:
    """Whether a probe and a health extension compete: only one source can be used (documented)."""
    profile = model.get("properties", {}).get("virtualMachineProfile") or {}
    return has_probe(profile) and health_extension(specs(model, {})) is not None


def has_health(model: Mapping[str, Any]) -> bool:
    """Flexible sets need the Application Health extension, Uniform ones that or a probe (documented)."""
    kind = health_source(model).kind
    flexible = str(model.get("properties", {}).get("orchestrationMode", "")).lower() == "flexible"
    return kind in (HealthKind.BINARY, HealthKind.RICH) or (kind is HealthKind.PROBE and not flexible)


def _properties(item: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = item.get("properties")
    if isinstance(properties, Mapping):
        return properties
    return {name: value for name, value in item.items() if name not in ("name", "id", "type")}


def _after(spec: ExtensionSpec) -> set[str]:
    return {str(name).lower() for name in spec.properties.get("provisionAfterExtensions") or ()} - {spec.key}
