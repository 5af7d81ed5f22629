"""Permissions, locks and the activity log: read as Azure documents them, and never in the way."""

from datetime import UTC, datetime

import pytest

from support.scripted import SUBSCRIPTION, Scripted, fault, reply
from vmss_tui.domain.fleet.governance import ActivityLog, Governance, Lock, LockLevel
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.gateway.read import governance
from vmss_tui.ports import Azure

TARGET = ScaleSetId(SUBSCRIPTION, "rg-web", "web")
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web"
PERMISSIONS = f"{TARGET}/providers/Microsoft.Authorization/permissions"
LOCKS = f"{TARGET}/providers/Microsoft.Authorization/locks"
ACTIVITY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
SINCE = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)


def lock(name: str, level: str, scope: str) -> dict[str, object]:
    where = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    return {"id": where, "name": name, "properties": {"level": level, "notes": "freeze"}}


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
    assert await azure.governance(TARGET) == Governance(
        permissions=(Permission(("*/read",)), Permission(("*",), ("*/delete",)), Permission()),
        locks=(Lock("keep", LockLevel.CAN_NOT_DELETE, GROUP, "freeze"),),
        subscription=Subscription(SUBSCRIPTION, "prod", "t", "Warned"),
    )
    (asked,) = [url for _, url in server.seen if "/locks" in url]
    assert "$filter=atScope()" in asked


@pytest.mark.parametrize(
    ("answer", "why"),
    [(fault(403, "AuthorizationFailed", "no"), "no right to read it"), (reply(b"<html>"), "it could not be read")],
)
async def test_what_cannot_be_read_says_why(answer: object, why: str, server: Scripted, azure: Azure) -> None:
    for path in (PERMISSIONS, LOCKS, ACTIVITY, f"/subscriptions/{SUBSCRIPTION}"):
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
