"""The values that Azure fills in when a scale set is created without them.

Recorded in the 201 answers of vm_operations_managed_disks (2019) and extension_put_rolls (2018). Pure; an existing
value is never touched.
"""

from collections.abc import Mapping
from typing import Any

_LINUX = {"disablePasswordAuthentication": False, "provisionVMAgent": True}
_WINDOWS = {"provisionVMAgent": True, "enableAutomaticUpdates": True}
_OS_PROFILE = {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True}
_NIC = {"enableAcceleratedNetworking": False, "dnsSettings": {"dnsServers": []}, "enableIPForwarding": False}
_WINDOWS_PUBLISHER = "microsoftwindows"


def fill(model: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a new scale set as Azure keeps it."""
    filled = dict(model)
    if "name" in (filled.get("sku") or {}):
        filled["sku"] = {"name": filled["sku"]["name"], "tier": "Standard", **filled["sku"]}
    properties = {"singlePlacementGroup": True, "overprovision": True, **(filled.get("properties") or {})}
    profile = dict(properties.get("virtualMachineProfile") or {})
    if profile.get("osProfile"):
        profile["osProfile"] = _os_profile(profile)
    if profile.get("storageProfile"):
        profile["storageProfile"] = _storage(profile["storageProfile"])
    if profile.get("networkProfile"):
        profile["networkProfile"] = _network(profile["networkProfile"])
    if profile:
        properties["virtualMachineProfile"] = profile
    filled["properties"] = properties
    return filled


def _os_profile(profile: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(profile["osProfile"])
    image = (profile.get("storageProfile") or {}).get("imageReference") or {}
    windows = str(image.get("publisher", "")).lower().startswith(_WINDOWS_PUBLISHER)
    if "windowsConfiguration" not in given and "linuxConfiguration" not in given:
        given["windowsConfiguration" if windows else "linuxConfiguration"] = dict(_WINDOWS if windows else _LINUX)
    return {**given, **{name: value for name, value in _OS_PROFILE.items() if name not in given}}


def _storage(given: Mapping[str, Any]) -> dict[str, Any]:
    disk = {"createOption": "FromImage", "caching": "None", **(given.get("osDisk") or {})}
    disk["managedDisk"] = {"storageAccountType": "Standard_LRS", **(disk.get("managedDisk") or {})}
    filled = {**given, "osDisk": disk}
    if given.get("dataDisks"):
        kind = {"storageAccountType": "Standard_LRS"}
        filled["dataDisks"] = [{"caching": "None", "managedDisk": kind, **disk} for disk in given["dataDisks"]]
    return filled


def _network(given: Mapping[str, Any]) -> dict[str, Any]:
    cards = given.get("networkInterfaceConfigurations")
    return {**given, **({"networkInterfaceConfigurations": [_card(card) for card in cards]} if cards else {})}


def _card(given: Mapping[str, Any]) -> dict[str, Any]:
    properties = {**_NIC, **(given.get("properties") or {})}
    addresses = properties.get("ipConfigurations")
    if addresses:
        properties["ipConfigurations"] = [_address(address) for address in addresses]
    return {**given, "properties": properties}


def _address(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**given, "properties": {"privateIPAddressVersion": "IPv4", **(given.get("properties") or {})}}
