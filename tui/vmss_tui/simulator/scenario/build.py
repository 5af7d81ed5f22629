"""Makes the ARM document of a scale set from the keys of a scenario."""

import base64
from collections.abc import Mapping
from typing import Any

from vmss_tui.simulator.world.state.defaults import fill

_LINUX_IMAGE = "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest"
_WINDOWS_IMAGE = "MicrosoftWindowsServer:WindowsServer:2022-datacenter-azure-edition:latest"
_POLICY_NAMES = {
    "batch": "maxBatchInstancePercent",
    "unhealthy": "maxUnhealthyInstancePercent",
    "upgraded_unhealthy": "maxUnhealthyUpgradedInstancePercent",
    "pause": "pauseTimeBetweenBatches",
    "cross_zone": "enableCrossZoneUpgrade",
    "prioritize_unhealthy": "prioritizeUnhealthyInstances",
    "rollback": "rollbackFailedInstancesOnPolicyBreach",
    "max_surge": "maxSurge",
}


def document(keys: Mapping[str, Any], scope: str, capacity: int) -> dict[str, Any]:
    """The ARM document of a scale set, protectedSettings included.

    `keys` is the scale set's table with defaults filled in, `scope` the id of its resource group, for the networks it
    refers to, `capacity` the number of instances.
    """
    windows = keys.get("os") == "windows"
    properties: dict[str, Any] = {
        "singlePlacementGroup": False,
        "orchestrationMode": keys.get("orchestration", "Uniform"),
        "upgradePolicy": _upgrade_policy(keys),
        "virtualMachineProfile": _profile(keys, scope, windows),
        "overprovision": bool(keys.get("overprovision", False)),
        "doNotRunExtensionsOnOverprovisionedVMs": False,
        "platformFaultDomainCount": int(keys.get("fault_domains", 1 if keys.get("zones") else 5)),
    }
    if "repairs" in keys:
        repairs = keys["repairs"]
        properties["automaticRepairsPolicy"] = {
            "enabled": repairs.get("enabled", True),
            "gracePeriod": repairs.get("grace", "PT10M"),
            "repairAction": repairs.get("action", "Replace"),
        }
    made: dict[str, Any] = {
        "location": keys["location"],
        "tags": dict(keys.get("tags", {})),
        "sku": {"name": keys.get("size", "Standard_D2s_v5"), "tier": "Standard", "capacity": capacity},
        "properties": properties,
    }
    if keys.get("zones"):
        made["zones"] = [str(zone) for zone in keys["zones"]]
    return fill(made)


def script_properties(script: Mapping[str, Any], windows: bool) -> dict[str, Any]:
    """Properties of a Custom Script extension, protectedSettings included when the table has them."""
    settings: dict[str, Any] = {}
    if "file_uris" in script:
        settings["fileUris"] = list(script["file_uris"])
    if "command" in script:
        settings["commandToExecute"] = script["command"]
    if "inline" in script:
        settings["script"] = base64.b64encode(script["inline"].encode()).decode()
    if "timestamp" in script:
        settings["timestamp"] = script["timestamp"]
    properties: dict[str, Any] = {
        "autoUpgradeMinorVersion": True,
        "publisher": script.get("publisher", "Microsoft.Compute" if windows else "Microsoft.Azure.Extensions"),
        "type": script.get("type", "CustomScriptExtension" if windows else "CustomScript"),
        "typeHandlerVersion": script.get("handler_version", "1.10" if windows else "2.1"),
        "settings": settings,
    }
    if "force_update_tag" in script:
        properties["forceUpdateTag"] = script["force_update_tag"]
    if script.get("suppress_failures"):
        properties["suppressFailures"] = True
    if "protected" in script:
        properties["protectedSettings"] = dict(script["protected"])
    return properties


def script_name(script: Mapping[str, Any], windows: bool) -> str:
    """Name of a Custom Script extension."""
    return str(script.get("name", "CustomScriptExtension" if windows else "CustomScript"))


def _upgrade_policy(keys: Mapping[str, Any]) -> dict[str, Any]:
    mode = keys.get("mode", "Manual")
    policy: dict[str, Any] = {"mode": mode}
    written = {_POLICY_NAMES[name]: value for name, value in keys.get("policy", {}).items()}
    if mode == "Rolling" or written:
        policy["rollingUpgradePolicy"] = {
            "maxBatchInstancePercent": 20,
            "maxUnhealthyInstancePercent": 20,
            "maxUnhealthyUpgradedInstancePercent": 20,
            "pauseTimeBetweenBatches": "PT0S",
            **written,
        }
    return policy


def _profile(keys: Mapping[str, Any], scope: str, windows: bool) -> dict[str, Any]:
    name = keys["name"]
    publisher, offer, sku, version = keys.get("image", _WINDOWS_IMAGE if windows else _LINUX_IMAGE).split(":")
    prefix = name.replace("-", "")[: 9 if windows else 20]
    os_profile: dict[str, Any] = {
        "computerNamePrefix": prefix,
        "adminUsername": "shipadmin",
        "secrets": [],
        "allowExtensionOperations": True,
        "requireGuestProvisionSignal": True,
    }
    if windows:
        os_profile["windowsConfiguration"] = {"provisionVMAgent": True, "enableAutomaticUpdates": True}
    else:
        os_profile["linuxConfiguration"] = {"disablePasswordAuthentication": True, "provisionVMAgent": True}
    profile: dict[str, Any] = {
        "osProfile": os_profile,
        "storageProfile": {
            "osDisk": {
                "osType": "Windows" if windows else "Linux",
                "createOption": "FromImage",
                "caching": "ReadWrite",
                "managedDisk": {"storageAccountType": "Premium_LRS"},
                "diskSizeGB": 127 if windows else 30,
            },
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": version},
        },
        "networkProfile": _network(name, scope, keys.get("health") == "probe"),
    }
    extensions = _extensions(keys, windows)
    if extensions:
        profile["extensionProfile"] = {"extensions": extensions}
    return profile


def _network(name: str, scope: str, probe: bool) -> dict[str, Any]:
    network = f"{scope}/providers/Microsoft.Network"
    made: dict[str, Any] = {}
    if probe:
        made["healthProbe"] = {"id": f"{network}/loadBalancers/{name}-lb/probes/http"}
    subnet = {"id": f"{network}/virtualNetworks/{name}-vnet/subnets/default"}
    addresses = {"name": f"{name}-ip", "properties": {"subnet": subnet, "privateIPAddressVersion": "IPv4"}}
    made["networkInterfaceConfigurations"] = [
        {"name": f"{name}-nic", "properties": {"primary": True, "ipConfigurations": [addresses]}}
    ]
    return made


def _extensions(keys: Mapping[str, Any], windows: bool) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    health = keys.get("health", "extension")
    if health in ("extension", "binary"):
        made.append(_health(windows, "2.0" if health == "extension" else "1.0"))
    for extension in keys.get("extensions", ()):
        properties: dict[str, Any] = {
            "autoUpgradeMinorVersion": True,
            "publisher": extension["publisher"],
            "type": extension["type"],
            "typeHandlerVersion": extension["version"],
            "settings": dict(extension.get("settings", {})),
        }
        if "protected" in extension:
            properties["protectedSettings"] = dict(extension["protected"])
        if "after" in extension:
            properties["provisionAfterExtensions"] = list(extension["after"])
        made.append({"name": extension["name"], "properties": properties})
    if "script" in keys:
        script = keys["script"]
        made.append({"name": script_name(script, windows), "properties": script_properties(script, windows)})
    return made


def _health(windows: bool, version: str) -> dict[str, Any]:
    settings = {"protocol": "http", "port": 80, "requestPath": "/healthz", "intervalInSeconds": 5, "numberOfProbes": 1}
    if version == "2.0":
        settings["gracePeriod"] = 600
    return {
        "name": "HealthExtension",
        "properties": {
            "autoUpgradeMinorVersion": True,
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthWindows" if windows else "ApplicationHealthLinux",
            "typeHandlerVersion": version,
            "settings": settings,
        },
    }
