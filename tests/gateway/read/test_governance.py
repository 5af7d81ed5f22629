"""Permissions, locks and the activity log: read as Azure documents them, and never an obstacle."""

from datetime import UTC, datetime

import pytest

from support.scripted import SUBSCRIPTION, Scripted, fault, reply
from vmss_tui.domain.fleet.governance import ActivityLog, Governance, Lock, LockLevel, PolicyAssignment, StandbyPool
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.gateway.read import governance
from vmss_tui.ports import Azure

TARGET = ScaleSetId(SUBSCRIPTION, "rg-web", "web")
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web"
PERMISSIONS = f"{TARGET}/providers/Microsoft.Authorization/permissions"
LOCKS = f"{TARGET}/providers/Microsoft.Authorization/locks"
ACTIVITY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
POLICIES = f"{TARGET}/providers/Microsoft.Authorization/policyAssignments"
POOLS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.StandbyPool/standbyVirtualMachinePools"
READY = f"{GROUP}/providers/Microsoft.StandbyPool/standbyVirtualMachinePools/ready"
DENY = {"effect": {"value": "Deny"}, "listOfAllowedSKUs": {"value": ["a", "b"]}}
SINCE = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)


def lock(name: str, level: str, scope: str) -> dict[str, object]:
    where = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    return {"id": where, "name": name, "properties": {"level": level, "notes": "freeze"}}


def pool(attached: str) -> dict[str, object]:
    size = {"minReadyCapacity": 5, "maxReadyCapacity": 10}
    properties = {
        "attachedVirtualMachineScaleSetId": attached,
        "elasticityProfile": size,
        "virtualMachineState": "Running",
    }
    return {"id": READY, "name": "ready", "properties": properties}


async def test_permissions_and_locks_of_every_page(server: Scripted, azure: Azure) -> None:
    server.on(
        PERMISSIONS,
        reply(
            {"value": [{"actions": ["*/read"], "notActions": [], "dataActions": []}], "nextLink": f"{PERMISSIONS}?p=2"}
        ),
        reply({"value": [{"actions": ["*"], "notActions": ["*/delete"]}, {}]}),
    )
    place = {"subscriptionId": SUBSCRIPTION, "displayName": "prod", "state": "Warned", "tenantId": "t"}
    server.on(f"/subscriptions/{SUBSCRIPTION}", reply(place))
    server.on(LOCKS, reply({"value": [lock("keep", "CanNotDelete", GROUP), lock("odd", "Sideways", GROUP), {}]}))
    policies = [{"name": "p1", "properties": {"displayName": "Sizes", "scope": GROUP, "parameters": DENY}}, {}]
    server.on(POLICIES, reply({"value": policies}))
    server.on(POOLS, reply({"value": [pool(str(TARGET).upper()), pool(f"{TARGET}2"), {"name": "odd"}]}))
    assert await azure.governance(TARGET) == Governance(
        policies=(PolicyAssignment("Sizes", GROUP, "Deny"), PolicyAssignment("", "")),
        standby_pools=(StandbyPool("ready", 5, 10, "Running", READY),),
        permissions=(Permission(("*/read",)), Permission(("*",), ("*/delete",)), Permission()),
        locks=(Lock("keep", LockLevel.CAN_NOT_DELETE, GROUP, "freeze"),),
        subscription=Subscription(SUBSCRIPTION, "prod", "t", "Warned"),
    )
    asked = [url for _, url in server.seen if "/locks" in url or "/policyAssignments" in url]
    assert len(asked) == 2 and all("$filter=atScope()" in url for url in asked)
    await azure.governance(TARGET)
    assert sum("standbyVirtualMachinePools" in url for _, url in server.seen) == 1, "kept for a while"


@pytest.mark.parametrize(("code", "pools"), [("MissingSubscriptionRegistration", ()), ("AuthorizationFailed", None)])
async def test_no_provider_is_no_pool(server: Scripted, azure: Azure, code: str, pools: object) -> None:
    server.on(POOLS, fault(403 if pools is None else 409, code, "no"))
    assert (await azure.governance(TARGET)).standby_pools == pools


@pytest.mark.parametrize(
    ("effect", "mode", "denies"), [("deny", "Default", True), ("Deny", "DoNotEnforce", False), ("Audit", "", False)]
)
async def test_an_assignment_denies_when_it_is_enforced(
    server: Scripted, azure: Azure, effect: str, mode: str, denies: bool
) -> None:
    properties = {"displayName": "x", "enforcementMode": mode, "parameters": {"Effect": {"value": effect}}}
    server.on(POLICIES, reply({"value": [{"properties": properties}]}))
    policies = (await azure.governance(TARGET)).policies
    assert policies is not None and [policy.denies for policy in policies] == [denies]


@pytest.mark.parametrize(
    ("effect", "identity", "writes"),
    [("", "SystemAssigned", True), ("", "None", False), ("Modify", "", True), ("Audit", "UserAssigned", False)],
)
async def test_an_assignment_with_an_identity_may_deploy(
    server: Scripted, azure: Azure, effect: str, identity: str, writes: bool
) -> None:
    properties = {"displayName": "agent", "parameters": {"effect": {"value": effect}} if effect else {}}
    server.on(POLICIES, reply({"value": [{"properties": properties, "identity": {"type": identity or None}}]}))
    policies = (await azure.governance(TARGET)).policies
    assert policies is not None and [policy.writes for policy in policies] == [writes]


@pytest.mark.parametrize(
    ("exempt", "counts"),
    [(GROUP.upper(), False), (f"{TARGET}/", False), (f"/subscriptions/{SUBSCRIPTION}", False), (f"{GROUP}2", True)],
)
async def test_an_assignment_that_leaves_the_set_out_is_none_of_its(
    server: Scripted, azure: Azure, exempt: str, counts: bool
) -> None:
    properties = {"displayName": "x", "notScopes": [exempt], "parameters": DENY}
    server.on(POLICIES, reply({"value": [{"properties": properties}]}))
    assert bool((await azure.governance(TARGET)).policies) is counts


@pytest.mark.parametrize(
    ("answer", "why"),
    [(fault(403, "AuthorizationFailed", "no"), "no right to read it"), (reply(b"<html>"), "it could not be read")],
)
async def test_what_cannot_be_read_says_why(answer: object, why: str, server: Scripted, azure: Azure) -> None:
    for path in (PERMISSIONS, LOCKS, POLICIES, POOLS, ACTIVITY, f"/subscriptions/{SUBSCRIPTION}"):
        server.on(path, answer)  # type: ignore[arg-type]
    assert await azure.governance(TARGET) == Governance(unknown=why)
    assert await azure.activity(TARGET, SINCE) == ActivityLog(unknown=why)


async def test_the_newest_change_comes_first(server: Scripted, azure: Azure) -> None:
    def event(minute: int, caller: str) -> dict[str, object]:
        return {
            "eventTimestamp": f"2026-03-01T11:{minute:02}:00.1234567Z",
            "caller": caller,
            "operationName": {"value": "Microsoft.Compute/virtualMachineScaleSets/write", "localizedValue": "Create"},
            "status": {"value": "Succeeded"},
            "correlationId": "c",
        }

    server.on(ACTIVITY, reply({"value": [event(5, "ann"), {"caller": "nobody knows when"}, event(50, "bob")]}))
    log = await azure.activity(TARGET, SINCE)
    assert [entry.caller for entry in log.entries] == ["bob", "ann"]
    assert log.last is not None and log.last.operation.endswith("virtualMachineScaleSets/write")
    ((_, url),) = [seen for seen in server.seen if "eventtypes" in seen[1]]
    assert "eventTimestamp" in url and "resourceUri" in url


async def test_a_long_log_is_not_read_to_its_end(
    server: Scripted, azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governance, "MOST_ENTRIES", 2)
    page = {"value": [{"eventTimestamp": "2026-03-01T11:00:00Z"}] * 2, "nextLink": f"{ACTIVITY}?more=1"}
    server.on(ACTIVITY, reply(page))
    assert len((await azure.activity(TARGET, SINCE)).entries) == 2
