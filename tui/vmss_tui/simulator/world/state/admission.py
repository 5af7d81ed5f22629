"""What Azure refuses in a written model, beyond values that are out of range: extensions, immutable properties, health.

Pure questions about the model before and after a write. Parts that the model had already are never refused again.
"""

from collections.abc import Mapping
from typing import Any

from vmss_tui.simulator.world.state.catalog import HANDLERS
from vmss_tui.simulator.world.state.errors import Failure, Refused, invalid_parameter, property_change
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.profile import has_health, is_windows, specs

_IMMUTABLE = (
    "orchestrationMode",
    "platformFaultDomainCount",
    "virtualMachineProfile.priority",
    "virtualMachineProfile.osProfile.computerNamePrefix",
    "virtualMachineProfile.osProfile.adminUsername",
    "virtualMachineProfile.storageProfile.osDisk.osType",
)
"""Properties of a scale set that stay as they were created, below `properties`."""
_NO_HEALTH = (
    "Automatic OS Upgrade is not supported for this Virtual Machine Scale Set because a health probe or health "
    "extension was not specified."
)


def admit_model(before: Mapping[str, Any] | None, model: Mapping[str, Any]) -> None:
    """Check a model that a client wrote over `before`, or creates.

    Raises Refused: 400, 404 or 409 with Azure's code and text.
    """
    old = specs(before, {}) if before is not None else ()
    admit_extensions(old, specs(model, {}), is_windows(model))
    policy = model.get("properties", {}).get("upgradePolicy") or {}
    if (policy.get("automaticOSUpgradePolicy") or {}).get("enableAutomaticOSUpgrade") and not has_health(model):
        raise Refused(400, "BadRequest", _NO_HEALTH)
    if before is not None:
        _check_immutable(before, model)


def admit_extensions(before: tuple[ExtensionSpec, ...], wanted: tuple[ExtensionSpec, ...], windows: bool) -> None:
    """Check the extensions of a model or of one instance. Raises Refused."""
    had = {spec.key: spec for spec in before}
    for position, spec in enumerate(wanted):
        older = had.get(spec.key)
        if older is not None and older == spec:
            continue
        if older is not None and older.handler != spec.handler:
            raise property_change("publisher" if older.publisher.lower() != spec.publisher.lower() else "type")
        others = wanted[:position] + wanted[position + 1 :]
        if any(other.handler == spec.handler for other in others):
            raise _second_of_a_handler(spec, windows)
        _check_handler(spec, windows)
        names = {other.key for other in others}
        if any(str(name).lower() not in names for name in spec.properties.get("provisionAfterExtensions") or ()):
            raise invalid_parameter("provisionAfterExtensions")


def _check_handler(spec: ExtensionSpec, windows: bool) -> None:
    """The handler must be published, for this operating system, in the wanted version."""
    handler, version = HANDLERS.get(spec.handler), spec.handler_version
    who = f"Extension with publisher '{spec.publisher}', type '{spec.type}', and type handler version '{version}'"
    if handler is None:
        raise Refused(404, "ArtifactNotFound", f"{who} could not be found in the extension repository.")
    if not all(part.isdigit() for part in version.split(".")) or version.count(".") > 2:
        raise invalid_parameter("typeHandlerVersion")
    if handler.newest(version) is None:
        raise Refused(
            404,
            "ArtifactVersionNotFound",
            f"No version found in the artifact repository that satisfies the requested version '{version}' for VM "
            f"extension with publisher '{spec.publisher}' and type '{spec.type}'.",
        )
    if handler.windows != windows:
        ours, theirs = ("Windows", "Linux") if windows else ("Linux", "Windows")
        raise Refused(400, "BadRequest", f"{who} is for OS type '{theirs}' and cannot be used on OS type '{ours}'.")


def _second_of_a_handler(spec: ExtensionSpec, windows: bool) -> Refused:
    """400 quoted from many deployments, inner error included."""
    system = "Windows" if windows else "Linux"
    refused = Refused(
        400,
        "BadRequest",
        f"Multiple VMExtensions per handler not supported for OS type '{system}'. VMExtension '{spec.name}' with "
        f"handler '{spec.publisher}.{spec.type}' already added or specified in input.",
    )
    refused.failure = Failure(
        refused.failure.code, refused.failure.message, inner="MultipleExtensionsPerHandlerNotAllowed"
    )
    return refused


def _check_immutable(before: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    for path in _IMMUTABLE:
        old, new = _at(before, path), _at(model, path)
        if old is not None and new != old:
            raise property_change(path.removeprefix("virtualMachineProfile."))


def _at(model: Mapping[str, Any], path: str) -> Any:
    value: Any = model.get("properties")
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
