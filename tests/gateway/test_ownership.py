"""Owners of resource groups and deny assignments: in lists by either way, and for one set; never an obstacle."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.scripted import SUBSCRIPTION, Scripted, fault, reply
from support.simulator import StartsSimulator
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.ownership import EVERYBODY
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.ports import Azure

OWNER = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Solutions/applications/shop"
SCENARIO = f"""
[scenario]
name = "owned"
[[subscriptions]]
name = "prod"
[[groups]]
name = "rg-shop"
subscription = "prod"
managed_by = "{OWNER}"
[[principals]]
name = "operator"
secret = "made-up"
roles = [{{ role = "Owner", scope = "/" }}]
[[deny_assignments]]
name = "System deny assignment"
scope = "prod/rg-denied"
[[deny_assignments]]
name = "Not for the operator"
scope = "prod/rg-spared"
excluded = ["operator"]
[[deny_assignments]]
name = "Only deletes"
scope = "prod"
actions = ["*/delete"]
[[scale_sets]]
name = "shop"
group = "rg-shop"
[[scale_sets]]
name = "denied"
group = "rg-denied"
[[scale_sets]]
name = "spared"
group = "rg-spared"
"""
WANTED = {"shop": (OWNER, ""), "denied": ("", "System deny assignment"), "spared": ("", "")}


@pytest.fixture
async def owned(simulator: StartsSimulator, tmp_path: Path) -> AsyncIterator[Azure]:
    file = tmp_path / "owned.toml"
    file.write_text(SCENARIO)
    azure = await connect(load_cloud(None, simulator(file).cloud_file), environ={"PATH": ""})
    yield azure
    await azure.close()


def owners(sets: list[ScaleSet]) -> dict[str, tuple[str, str]]:
    return {found.name: (found.managed_by, found.denied_by) for found in sets}


async def test_every_way_to_read_sets_knows_their_owners(owned: Azure) -> None:
    (place,) = await owned.subscriptions()
    assert owners([found async for page in owned.overview([place]) for found in page.scale_sets]) == WANTED
    listed = [found async for page in owned.scale_sets(place.id) for found in page]
    assert owners(listed) == WANTED
    for found in listed:
        known = await owned.governance(found.id)
        assert (known.managed_by, known.denied_by) == WANTED[found.name]


TARGET = ScaleSetId(SUBSCRIPTION, "rg", "web")
DENIALS = f"{TARGET}/providers/Microsoft.Authorization/denyAssignments"


def denial(**more: Any) -> dict[str, Any]:
    given = {
        "denyAssignmentName": "d",
        "scope": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/RG",
        "permissions": [{"actions": ["*"], "notActions": ["*/read"]}],
        "principals": [{"id": EVERYBODY, "type": "SystemDefined"}],
        "excludePrincipals": [],
    }
    return {"id": f"{given['scope']}/providers/Microsoft.Authorization/denyAssignments/1", "properties": given | more}


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (reply({"value": [denial()]}), "d"),
        (reply({"value": [denial(scope=None)]}), "d"),
        (reply({"value": [denial(excludePrincipals=[{"id": "OID-1"}])]}), ""),
        (reply({"value": [denial(principals=[{"id": "a-group", "type": "Group"}])]}), ""),
        (reply({"value": [denial(doNotApplyToChildScopes=True)]}), ""),
        (reply({"value": [{}, {"properties": None}]}), ""),
        (fault(403, "AuthorizationFailed", "no"), ""),
        (reply(b"<html>"), ""),
    ],
)
async def test_what_a_deny_assignment_says(answer: Any, name: str, azure: Azure, server: Scripted) -> None:
    server.on(DENIALS, answer)
    assert (await azure.governance(TARGET)).denied_by == name


async def test_a_list_stands_where_owners_cannot_be_read(azure: Azure, server: Scripted) -> None:
    async def graph(request: Any) -> Any:
        asked = (await request.json())["query"]
        rows = [{"id": str(TARGET), "name": "web", "properties": {}}] if asked.startswith("Resources") else None
        return await (fault(400, "BadRequest", "no") if rows is None else reply({"data": rows}))(request)

    server.on("/providers/Microsoft.ResourceGraph/resources", graph)
    for _ in range(2):
        pages = [page async for page in azure.overview([Subscription(SUBSCRIPTION, "one")])]
        assert [found.name for page in pages for found in page.scale_sets] == ["web"], "also the second time"
