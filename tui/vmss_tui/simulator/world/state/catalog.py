"""The extension handlers that are published: publisher, type, operating system, versions oldest first.

A short list of the real ones: what scripts, health, and the extensions of recorded and bundled scale sets need.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Handler:
    """One published extension handler."""

    publisher: str
    type: str
    versions: tuple[str, ...]
    windows: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Publisher and type in lower case: Azure compares them so."""
        return self.publisher.lower(), self.type.lower()

    def newest(self, wanted: str) -> str | None:
        """The newest version that a `typeHandlerVersion` such as 2.1 stands for."""
        return next((version for version in reversed(self.versions) if f"{version}.".startswith(f"{wanted}.")), None)


_LISTED = (
    Handler("Microsoft.Azure.Extensions", "CustomScript", ("2.0.7", "2.1.10", "2.1.13", "2.1.19")),
    Handler("Microsoft.Azure.Extensions", "DockerExtension", ("1.0.1610", "1.2.2")),
    Handler("Microsoft.Compute", "CustomScriptExtension", ("1.8.1", "1.9.5", "1.10.12", "1.10.15", "1.10.20"), True),
    Handler("Microsoft.Compute", "VMAccessAgent", ("2.0.2", "2.4.8"), True),
    Handler("Microsoft.ManagedServices", "ApplicationHealthLinux", ("1.0.6", "2.0.13", "2.0.14")),
    Handler("Microsoft.ManagedServices", "ApplicationHealthWindows", ("1.0.9", "2.0.11", "2.0.14"), True),
    Handler("Microsoft.OSTCExtensions", "CustomScriptForLinux", ("1.1.2", "1.2.2", "1.3.0", "1.4.1", "1.5.2", "1.5.5")),
    Handler("Microsoft.OSTCExtensions", "VMAccessForLinux", ("1.4.6", "1.5.11")),
    Handler("Microsoft.AKS", "Compute.AKS.Linux.AKSNode", ("1.0.1", "1.46.2")),
    Handler("Microsoft.Azure.Diagnostics", "LinuxDiagnostic", ("3.0.142", "4.0.29")),
    Handler("Microsoft.Azure.Diagnostics", "IaaSDiagnostics", ("1.5.4", "1.11.3"), True),
    Handler("Microsoft.Azure.Geneva", "GenevaMonitoring", ("2.0.9", "2.5.8"), True),
    Handler("Microsoft.Azure.KeyVault", "KeyVaultForLinux", ("2.0.3", "3.0.4")),
    Handler("Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent", ("1.28.11", "1.33.4")),
    Handler("Microsoft.Azure.Monitor", "AzureMonitorWindowsAgent", ("1.22.0", "1.33.0"), True),
    Handler("Microsoft.Azure.NetworkWatcher", "NetworkWatcherAgentLinux", ("1.4.3422",)),
    Handler("Microsoft.Azure.Security", "AzureDiskEncryption", ("2.2.0", "2.4.0"), True),
    Handler("Microsoft.Azure.Security", "AzureDiskEncryptionForLinux", ("1.1.0", "1.4.0")),
    Handler("Microsoft.Azure.ServiceFabric", "ServiceFabricNode", ("1.1.0",), True),
    Handler("Microsoft.Azure.ServiceFabric", "ServiceFabricLinuxNode", ("1.1.0",)),
    Handler("Microsoft.EnterpriseCloud.Monitoring", "OmsAgentForLinux", ("1.13.40", "1.19.0")),
    Handler("Microsoft.Powershell", "DSC", ("2.77.0", "2.83.5"), True),
)
HANDLERS = {handler.key: handler for handler in _LISTED}
"""(publisher, type) in lower case -> handler."""
