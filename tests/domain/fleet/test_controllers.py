"""Whose scale set it is."""

import pytest

from support.build import extension, snapshot, web
from vmss_tui.domain.fleet.controllers import controller_of
from vmss_tui.domain.fleet.governance import DenyAssignment, Governance
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rights import Permission

BOOTSTRAP = extension(name="vmssCSE")


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ({}, None),
        ({"tags": {"AKS-managed-poolName": "pool1"}}, "AKS"),
        ({"id": ScaleSetId("s", "MC_rg_c_weu", "aks"), "extensions": (BOOTSTRAP,)}, "AKS"),
        ({"id": ScaleSetId("s", "MC_mine", "web")}, None),
        ({"extensions": (BOOTSTRAP,)}, None),
        ({"tags": {"BatchAccountName": "b"}}, "Azure Batch"),
        ({"id": ScaleSetId("s", "azurebatch-1-c", "x")}, "Azure Batch"),
        ({"id": ScaleSetId("s", "SFC_1", "nt1")}, "Service Fabric managed cluster"),
        ({"extensions": (extension(type="ServiceFabricMCNode"),)}, "Service Fabric managed cluster"),
        ({"extensions": (extension(type="ServiceFabricNode"),)}, None),
        ({"tags": {"Vendor": "Databricks"}}, "Databricks"),
        ({"id": ScaleSetId("s", "databricks-rg-ws", "x")}, "Databricks"),
        (
            {"managed_by": "/subscriptions/s/resourceGroups/r/providers/Microsoft.ContainerService/managedClusters/c"},
            "AKS",
        ),
        ({"managed_by": "/subscriptions/s/providers/Contoso.Own/things/t"}, "another Azure service"),
        ({"managed_by": "/subscriptions/s/providers/Microsoft.Solutions/applications/a"}, "Azure managed application"),
        ({"denied_by": "System deny assignment"}, "another Azure service"),
        ({"denied_by": "System deny assignment", "tags": {"Vendor": "Databricks"}}, "Databricks"),
    ],
)
def test_the_owner_is_known_by_what_it_leaves_on_the_set(words: dict[str, object], owner: str | None) -> None:
    found = controller_of(web(**words))
    assert (found.name if found else None) == owner
    assert found is None or found.evidence


WEB = str(ScaleSetId("S", "rg", "web"))


@pytest.mark.parametrize(
    ("scope", "denied", "spared", "holds"),
    [
        ("/subscriptions/s/resourcegroups/RG", Permission(("*",), ("*/read",)), (), True),
        ("/", Permission(("*/write",)), (), True),
        ("/subscriptions/s/resourceGroups/rg2", Permission(("*",)), (), False),
        ("/subscriptions/s", Permission(("*/delete",)), (), False),
        ("/subscriptions/s", Permission(("*",), ("Microsoft.Compute/*",)), (), False),
        ("/subscriptions/s", Permission(("*",)), ("me",), False),
    ],
)
def test_a_deny_assignment_holds_for_what_it_covers(
    scope: str, denied: Permission, spared: tuple[str, ...], holds: bool
) -> None:
    assert DenyAssignment("d", scope, (denied,), frozenset(spared)).holds_for(WEB, "ME") is holds


def test_a_snapshot_takes_the_owner_from_what_is_known_of_its_resource_group() -> None:
    read = snapshot()
    assert read.governed(None) is read
    known = Governance(managed_by="/subscriptions/s/x", denied_by="system deny")
    owned = read.governed(known)
    assert owned.governance is known
    assert (owned.scale_set.managed_by, owned.scale_set.denied_by) == ("/subscriptions/s/x", "system deny")
    own = snapshot(managed_by="/subscriptions/s/own").governed(known)
    assert own.scale_set.managed_by == "/subscriptions/s/own"
