"""Extensions: what a model asks for (`ExtensionSpec`) and what an instance has (`InstalledExtension`).

Knows the handlers that matter here: Custom Script for Linux and Windows, Application Health.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vmss_tui.simulator.world.state.catalog import HANDLERS
from vmss_tui.simulator.world.state.states import Provisioning
from vmss_tui.simulator.world.state.timeline import ScriptResult

LINUX_SCRIPTS = {
    ("microsoft.azure.extensions", "customscript"),
    ("microsoft.ostcextensions", "customscriptforlinux"),
}
WINDOWS_SCRIPTS = {("microsoft.compute", "customscriptextension")}
HEALTH = {
    ("microsoft.managedservices", "applicationhealthlinux"),
    ("microsoft.managedservices", "applicationhealthwindows"),
}


@dataclass(frozen=True, slots=True)
class ExtensionSpec:
    """One extension of a model; equality decides whether an instance has to process it again."""

    name: str
    properties: Mapping[str, Any]
    """As written, without protectedSettings."""
    protected: Any = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """Lower-cased name: Azure compares names without case."""
        return self.name.lower()

    @property
    def publisher(self) -> str:
        """Publisher as written."""
        return str(self.properties.get("publisher", ""))

    @property
    def type(self) -> str:
        """Type as written."""
        return str(self.properties.get("type", ""))

    @property
    def handler(self) -> tuple[str, str]:
        """Publisher and type in lower case."""
        return self.publisher.lower(), self.type.lower()

    @property
    def handler_version(self) -> str:
        """`typeHandlerVersion` of the model, such as 2.1."""
        return str(self.properties.get("typeHandlerVersion", ""))

    @property
    def settings(self) -> Mapping[str, Any]:
        """Public settings; models hold strings there too, which count as empty."""
        settings = self.properties.get("settings")
        return settings if isinstance(settings, Mapping) else {}

    @property
    def is_script(self) -> bool:
        """True for a Custom Script handler."""
        return self.handler in LINUX_SCRIPTS or self.is_windows_script

    @property
    def is_windows_script(self) -> bool:
        """True for the Windows Custom Script handler."""
        return self.handler in WINDOWS_SCRIPTS

    @property
    def is_health(self) -> bool:
        """True for the Application Health handler."""
        return self.handler in HEALTH

    @property
    def suppresses_failures(self) -> bool:
        """True when its failure does not fail the instance."""
        return bool(self.properties.get("suppressFailures", False))


@dataclass(frozen=True, slots=True)
class InstalledExtension:
    """An extension on one instance, with the outcome of its last run."""

    spec: ExtensionSpec
    sequence: int
    """Rises with every delivery of the settings; a handler runs each number once."""
    state: Provisioning
    since: datetime
    version: str
    """Full version of the handler, such as 2.1.19."""
    started: datetime | None = None
    """When the handler began to process its settings."""
    result: ScriptResult | None = None
    reported: "InstalledExtension | None" = field(default=None, repr=False)
    """How the last run went whose status the handler wrote, before this one; Azure shows it until there is a newer
    status, and permanently when the handler fails."""

    @property
    def awaited(self) -> bool:
        """True while its handler has yet to process its settings."""
        return self.state in (Provisioning.CREATING, Provisioning.UPDATING)

    @property
    def processed(self) -> bool:
        """True when its handler has reported how its newest settings went."""
        return self.state in (Provisioning.SUCCEEDED, Provisioning.FAILED)


def full_version(spec: ExtensionSpec) -> str:
    """The handler version that an instance gets for this spec, as an instance view shows it."""
    wanted = spec.handler_version or "1.0"
    handler = HANDLERS.get(spec.handler)
    if handler is not None:
        major = wanted.split(".")[0] if spec.properties.get("autoUpgradeMinorVersion") else wanted
        found = handler.newest(major) or handler.newest(wanted)
        if found is not None:
            return found
    return f"{wanted}.1" if wanted.count(".") >= 2 else f"{wanted}.0.1"
