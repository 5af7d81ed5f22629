"""Scale sets that belong to another controller, which writes their model itself. Pure.

Changing the script extension of such a set breaks what the controller builds on it: on an AKS node pool `vmssCSE` joins
the node to its cluster (Azure/AKS issue 1457). Sources: the tags and groups that AKS, Service Fabric managed clusters,
Batch and Databricks document for the resources they manage, ARM's `managedBy` of a set or of its resource group, and
deny assignments, which Azure creates for services that manage resources for a customer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vmss_tui.domain.fleet.scale_set import ScaleSet

UNNAMED = "another Azure service"
"""A controller that nothing names."""


@dataclass(frozen=True, slots=True)
class Controller:
    """Who owns a scale set's model, and what shows it."""

    name: str
    """For people: `AKS`, `Azure Batch`."""
    evidence: str
    """`tag aks-managed-poolName`, `managedBy /subscriptions/...`."""

    @property
    def channel(self) -> str:
        """The tool or team through which to change the set."""
        return "its owner" if self.name == UNNAMED else self.name


def controller_of(scale_set: ScaleSet) -> Controller | None:
    """The controller that a set belongs to; None when nothing shows one."""
    return next((found for rule in _RULES if (found := rule(scale_set)) is not None), None)


def _aks(scale_set: ScaleSet) -> Controller | None:
    tag = _tag(scale_set, lambda key: key.startswith("aks-managed-"))
    if tag:
        return Controller("AKS", f"tag {tag}")
    bootstraps = any(extension.name.casefold() == "vmsscse" for extension in scale_set.extensions)
    if bootstraps and scale_set.id.group.casefold().startswith("mc_"):
        return Controller("AKS", f"extension vmssCSE in resource group {scale_set.id.group}")
    return None


def _managed_by(scale_set: ScaleSet) -> Controller | None:
    owner = scale_set.managed_by
    if not owner:
        return None
    known = next((name for part, name in _PROVIDERS.items() if part in owner.casefold()), UNNAMED)
    return Controller(known, f"managedBy {owner}")


def _batch(scale_set: ScaleSet) -> Controller | None:
    tag = _tag(scale_set, lambda key: key == "batchaccountname")
    if tag:
        return Controller("Azure Batch", f"tag {tag}")
    group = scale_set.id.group
    return Controller("Azure Batch", f"resource group {group}") if group.casefold().startswith("azurebatch-") else None


def _service_fabric(scale_set: ScaleSet) -> Controller | None:
    group = scale_set.id.group
    node = any(extension.type.casefold() == "servicefabricmcnode" for extension in scale_set.extensions)
    if node or group.casefold().startswith("sfc_"):
        why = "extension ServiceFabricMCNode" if node else f"resource group {group}"
        return Controller("Service Fabric managed cluster", why)
    return None


def _databricks(scale_set: ScaleSet) -> Controller | None:
    vendor = {key.casefold(): value.casefold() for key, value in scale_set.tags.items()}.get("vendor")
    group = scale_set.id.group
    if vendor == "databricks":
        return Controller("Databricks", "tag Vendor=Databricks")
    return (
        Controller("Databricks", f"resource group {group}") if group.casefold().startswith("databricks-rg-") else None
    )


def _denied(scale_set: ScaleSet) -> Controller | None:
    denied = scale_set.denied_by
    return Controller(UNNAMED, f"deny assignment {denied}") if denied else None


_RULES: tuple[Callable[[ScaleSet], Controller | None], ...] = (
    _aks, _batch, _service_fabric, _databricks, _managed_by, _denied,
)  # fmt: skip
_PROVIDERS = {
    "microsoft.containerservice/": "AKS",
    "microsoft.servicefabric/": "Service Fabric managed cluster",
    "microsoft.batch/": "Azure Batch",
    "microsoft.databricks/": "Databricks",
    "microsoft.redhatopenshift/": "Azure Red Hat OpenShift",
    "microsoft.solutions/": "Azure managed application",
}
"""Part of a `managedBy` id in lower case -> the name for people."""


def _tag(scale_set: ScaleSet, wanted: Callable[[str], bool]) -> str:
    """The first tag whose key in lower case is wanted."""
    return next((key for key in scale_set.tags if wanted(key.casefold())), "")
