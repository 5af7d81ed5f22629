"""The operations of Azure's providers, as far as they are simulated: a custom role may name no others of these types.

Sources: "Azure permissions for Compute", "… for Management and governance", "… for Monitor", "… for Networking". Pure.
"""

from collections.abc import Iterable, Iterator

from vmss_tui.simulator.governance.access import matches_any

_TABLE = """
Microsoft.Compute/virtualMachineScaleSets: read write delete delete/action start/action powerOff/action reapply/action
 restart/action deallocate/action manualUpgrade/action reimage/action reimageAll/action approveRollingUpgrade/action
 redeploy/action performMaintenance/action scale/action forceRecoveryServiceFabricPlatformUpdateDomainWalk/action
 osRollingUpgrade/action setOrchestrationServiceState/action rollingUpgrades/action disks/beginGetAccess/action
 extensions/read extensions/write extensions/delete extensions/roles/read extensions/roles/write instanceView/read
 networkInterfaces/read osUpgradeHistory/read publicIPAddresses/read rollingUpgrades/read skus/read vmSizes/read
 providers/Microsoft.Insights/diagnosticSettings/read providers/Microsoft.Insights/diagnosticSettings/write
 providers/Microsoft.Insights/logDefinitions/read providers/Microsoft.Insights/metricDefinitions/read
Microsoft.Compute/virtualMachineScaleSets/virtualMachines: read write delete start/action powerOff/action restart/action
 deallocate/action reimage/action reimageAll/action approveRollingUpgrade/action redeploy/action
 retrieveBootDiagnosticsData/action performMaintenance/action runCommand/action simulateEviction/action extensions/read
 extensions/write extensions/delete instanceView/read networkInterfaces/read networkInterfaces/ipConfigurations/read
 networkInterfaces/ipConfigurations/publicIPAddresses/read providers/Microsoft.Insights/metricDefinitions/read
 runCommands/read runCommands/write runCommands/delete
Microsoft.Compute/virtualMachines: read write delete start/action powerOff/action reapply/action redeploy/action
 restart/action retrieveBootDiagnosticsData/action deallocate/action generalize/action capture/action runCommand/action
 convertToManagedDisks/action performMaintenance/action reimage/action installPatches/action assessPatches/action
 cancelPatchInstallation/action simulateEviction/action osUpgradeInternal/action rollbackOSDisk/action
 deletePreservedOSDisk/action upgradeVMAgent/action extensions/read extensions/write extensions/delete instanceView/read
 patchAssessmentResults/latest/read patchAssessmentResults/latest/softwarePatches/read patchInstallationResults/read
 patchInstallationResults/softwarePatches/read providers/Microsoft.Insights/diagnosticSettings/read
 providers/Microsoft.Insights/diagnosticSettings/write providers/Microsoft.Insights/logDefinitions/read
 providers/Microsoft.Insights/metricDefinitions/read runCommands/read runCommands/write runCommands/delete vmSizes/read
Microsoft.Compute/locations: capsOperations/read diagnosticOperations/read diskOperations/read operations/read
 publishers/read publishers/artifacttypes/offers/read publishers/artifacttypes/offers/skus/read
 publishers/artifacttypes/offers/skus/versions/read publishers/artifacttypes/types/read
 publishers/artifacttypes/types/versions/read runCommands/read usages/read vmSizes/read vsmOperations/read
 logAnalytics/getRequestRateByInterval/action logAnalytics/getThrottledRequests/action
Microsoft.Compute/availabilitySets: read write delete vmSizes/read
Microsoft.Authorization/locks: read write delete
Microsoft.Authorization/permissions: read
Microsoft.Authorization/denyAssignments: read write delete
Microsoft.Authorization/policyAssignments: read write delete
Microsoft.Authorization/roleAssignments: read write delete
Microsoft.Authorization/roleDefinitions: read write delete
Microsoft.Authorization/elevateAccess: action
Microsoft.Insights/autoscaleSettings: read write delete
Microsoft.Insights/eventtypes: values/read digestevents/read
Microsoft.Network/networkInterfaces: read write delete join/action
Microsoft.ResourceGraph/resources: read
Microsoft.Resources/subscriptions: read locations/read operationresults/read providers/read tagNames/read
 resourceGroups/read resourceGroups/write resourceGroups/delete resourceGroups/moveResources/action
Microsoft.StandbyPool/standbyVirtualMachinePools: read write delete
"""


def _operations(table: str) -> Iterator[str]:
    base = ""
    for line in table.strip().splitlines():
        if not line.startswith(" "):
            base, _, line = line.partition(":")
        yield from (f"{base}/{name}" for name in line.split())


OPERATIONS = tuple(_operations(_TABLE))
_KNOWN = frozenset(name.lower() for name in OPERATIONS)
_TYPES = frozenset("/".join(name.lower().split("/")[:2]) for name in OPERATIONS)


def unknown_operation(patterns: Iterable[str]) -> str | None:
    """Why Azure refuses a role with these actions: the first that no provider has; None when it accepts all of them.

    Operations of types that are not simulated are taken as they are.
    """
    for pattern in patterns:
        namespace, _, rest = pattern.lower().partition("/")
        if pattern != "*" and "*" not in namespace and (not rest or not namespace.startswith("microsoft.")):
            return (
                "The resource provider referenced in the action is not returned in the list of providers from Azure "
                "Resource Manager."
            )
        if not _is_known(pattern.lower()):
            return f"'{pattern}' does not match any of the actions supported by the providers."
    return None


def _is_known(pattern: str) -> bool:
    if "*" not in pattern:
        return pattern in _KNOWN or "/".join(pattern.split("/")[:2]) not in _TYPES
    fixed = pattern.partition("*")[0].split("/")[:-1]
    simulated = len(fixed) >= 2 and "/".join(fixed[:2]) in _TYPES
    return not simulated or any(matches_any(operation, (pattern,)) for operation in OPERATIONS)
