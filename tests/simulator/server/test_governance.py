"""Roles, locks, deny assignments, policies and the activity log of a running simulator: served, and enforced."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.simulator import SimulatorProcess

SCENARIO = """
[scenario]
name = "governed"
[[subscriptions]]
name = "prod"
[[roles]]
name = "Rollout Operator"
actions = [
  "Microsoft.Compute/virtualMachineScaleSets/*",
  "Microsoft.Compute/locations/operations/read",
  "Microsoft.Resources/subscriptions/resourceGroups/read",
]
not_actions = ["Microsoft.Compute/virtualMachineScaleSets/delete"]
[[roles]]
name = "Flexible Reader"
actions = ["Microsoft.Compute/virtualMachines/*/read", "Microsoft.Compute/virtualMachineScaleSets/read"]
[[principals]]
name = "owner"
client_id = "33333333-3333-4333-8333-333333333301"
secret = "made-up"
roles = [{ role = "Owner", scope = "/" }]
[[principals]]
name = "operator"
client_id = "33333333-3333-4333-8333-333333333302"
secret = "made-up"
roles = [{ role = "Rollout Operator", scope = "prod/rg-app" }]
[[principals]]
name = "flexible"
client_id = "33333333-3333-4333-8333-333333333303"
secret = "made-up"
roles = [{ role = "Flexible Reader", scope = "prod" }]
[[locks]]
name = "freeze"
scope = "prod/rg-frozen"
level = "ReadOnly"
notes = "Black Friday"
[[locks]]
name = "keep"
scope = "prod/rg-app/app"
[[deny_assignments]]
name = "System deny assignment"
scope = "prod/rg-managed"
excluded = ["databricks"]
[[policies]]
name = "Only approved VM extensions"
scope = "prod/rg-policed"
actions = ["Microsoft.Compute/virtualMachineScaleSets/*/write", "Microsoft.Compute/virtualMachineScaleSets/write"]
contains = "DockerExtension"
[defaults]
instances = 2
script = { command = "./app_v1.sh" }
[[scale_sets]]
name = "app"
group = "rg-app"
managed_by = "/subscriptions/x/managedClusters/ship"
[[scale_sets.history]]
ago = "40m"
who = "maria@contoso.com"
[scale_sets.history.script]
command = "./app_v2.sh"
[[scale_sets]]
name = "frozen"
group = "rg-frozen"
[[scale_sets]]
name = "managed"
group = "rg-managed"
[[scale_sets]]
name = "policed"
group = "rg-policed"
[[groups]]
name = "rg-managed"
managed_by = "/subscriptions/x/managedClusters/ship"
"""


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    path: Path = tmp_path_factory.mktemp("scenario") / "governed.toml"
    path.write_text(SCENARIO)
    process = SimulatorProcess.start(path, speed=60)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def token(sim: SimulatorProcess) -> Callable[[str], str]:
    numbers = {"owner": 1, "operator": 2, "flexible": 3}
    tenant = "simulated.onmicrosoft.com"
    return lambda name: sim.token(tenant, f"33333333-3333-4333-8333-33333333330{numbers[name]}", "made-up")


def place(sim: SimulatorProcess, name: str) -> str:
    home = sim.get("/subscriptions").body["value"][0]["id"]
    return f"{home}/resourceGroups/rg-{name}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


def script(**more: Any) -> dict[str, Any]:
    settings = {"settings": {"commandToExecute": "./app_v3.sh"}}
    handler = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
    return {"properties": {**handler, **settings, **more}}


def test_a_custom_role_holds_its_actions_and_nothing_else(sim: SimulatorProcess, token: Callable[[str], str]) -> None:
    app, operator = place(sim, "app"), token("operator")
    assert sim.get(app, token=operator).status == 200
    assert sim.get(f"{app}/virtualMachines?$expand=instanceView", token=operator).status == 200
    written = sim.request("PUT", f"{app}/extensions/CustomScript", script(), token=operator)
    assert written.status == 201
    assert sim.get(written.headers["azure-asyncoperation"], token=operator).status == 200
    refused = sim.request("DELETE", app, token=operator)
    assert (refused.status, refused.body["error"]["code"]) == (403, "AuthorizationFailed")
    assert sim.get(place(sim, "frozen"), token=operator).status == 403


def test_a_wildcard_of_machines_does_not_reach_machines_of_scale_sets(
    sim: SimulatorProcess, token: Callable[[str], str]
) -> None:
    """`virtualMachines/*/read` does not match `virtualMachineScaleSets/virtualMachines/read`."""
    app, flexible = place(sim, "app"), token("flexible")
    assert sim.get(app, token=flexible).status == 200
    refused = sim.get(f"{app}/virtualMachines", token=flexible)
    assert (refused.status == 200 and refused.body["value"] == []) or refused.status == 403
    assert "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read" in str(
        sim.get(f"{app}/virtualMachines/0", token=flexible).body
    )


def test_permissions_say_what_the_roles_hold(sim: SimulatorProcess, token: Callable[[str], str]) -> None:
    path = f"{place(sim, 'app')}/providers/Microsoft.Authorization/permissions"
    (entry,) = sim.get(path, token=token("owner")).body["value"]
    assert (entry["actions"], entry["notActions"]) == (["*"], [])
    assert sim.get(path, token=token("operator")).status == 403


def test_a_read_only_lock_refuses_every_write_and_a_delete_lock_only_deletes(sim: SimulatorProcess) -> None:
    frozen, app = place(sim, "frozen"), place(sim, "app")
    for answer in (
        sim.patch(frozen, {"tags": {"a": "b"}}),
        sim.request("PUT", f"{frozen}/extensions/CustomScript", script()),
        sim.request("POST", f"{frozen}/manualupgrade", {"instanceIds": ["*"]}),
    ):
        assert (answer.status, answer.body["error"]["code"]) == (409, "ScopeLocked")
        group = frozen.partition("/providers/")[0]
        assert (
            f"cannot perform write operation because following scope(s) are locked: '{group}'"
            in (answer.body["error"]["message"])
        )
    assert sim.get(frozen).status == 200
    assert sim.patch(app, {"tags": {"a": "b"}}).status == 200
    deleted = sim.request("DELETE", app)
    assert "cannot perform delete operation" in deleted.body["error"]["message"]


def test_locks_are_listed_with_those_above_and_can_be_put_and_deleted(sim: SimulatorProcess) -> None:
    locks = f"{place(sim, 'frozen')}/providers/Microsoft.Authorization/locks"
    (found,) = sim.get(f"{locks}?$filter=atScope()").body["value"]
    assert (found["name"], found["properties"]) == ("freeze", {"level": "ReadOnly", "notes": "Black Friday"})
    policed = f"{place(sim, 'policed')}/providers/Microsoft.Authorization/locks"
    body = {"properties": {"level": "ReadOnly"}}
    assert sim.request("PUT", f"{policed}/mine", body).status == 201
    assert sim.patch(place(sim, "policed"), {"tags": {}}).status == 409
    assert sim.request("DELETE", f"{policed}/mine").status == 200
    assert sim.patch(place(sim, "policed"), {"tags": {}}).status == 200
    assert sim.get(f"{policed}/mine").status == 404


def test_a_deny_assignment_beats_an_owner(sim: SimulatorProcess) -> None:
    managed = place(sim, "managed")
    answer = sim.patch(managed, {"tags": {}})
    assert (answer.status, answer.body["error"]["code"]) == (403, "DenyAssignmentAuthorizationFailed")
    assert (
        "the access is denied because of the deny assignment with name 'System deny"
        in (answer.body["error"]["message"])
    )
    (denial,) = sim.get(f"{managed}/providers/Microsoft.Authorization/denyAssignments").body["value"]
    assert denial["properties"]["isSystemProtected"] is True
    whole = managed.partition("/resourceGroups/")[0]
    for only, count in (("", 1), ("?$filter=atScope()", 0)):
        found = sim.get(f"{whole}/providers/Microsoft.Authorization/denyAssignments{only}").body["value"]
        assert len(found) == count, only
    group = sim.get(managed.partition("/providers/")[0]).body
    assert group["managedBy"].endswith("/managedClusters/ship")
    assert sim.get(place(sim, "app")).body["managedBy"].endswith("/managedClusters/ship")


def test_a_policy_refuses_with_its_names(sim: SimulatorProcess) -> None:
    policed = place(sim, "policed")
    body = script(type="DockerExtension", typeHandlerVersion="1.2")
    answer = sim.request("PUT", f"{policed}/extensions/docker", body)
    assert (answer.status, answer.body["error"]["code"]) == (403, "RequestDisallowedByPolicy")
    info = answer.body["error"]["additionalInfo"][0]["info"]
    assert info["policyDefinitionDisplayName"] == "Only approved VM extensions"
    assert sim.request("PUT", f"{policed}/extensions/CustomScript", script()).status == 201


def test_identities_need_the_right_to_assign_them(sim: SimulatorProcess, token: Callable[[str], str]) -> None:
    identity = "/subscriptions/x/resourceGroups/rg-id/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app"
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}}
    answer = sim.request("PATCH", place(sim, "app"), body, token=token("operator"))
    assert (answer.status, answer.body["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    message = answer.body["error"]["message"]
    assert message.index("has permission") < message.index("; however, it does not have permission")
    assert "userAssignedIdentities/assign/action" in message and identity in message


def test_the_activity_log_has_what_happened(sim: SimulatorProcess, token: Callable[[str], str]) -> None:
    """ "Azure Activity Log event schema": caller, operation, status; an application is named by its object id."""
    app = place(sim, "app")
    written = sim.request("PUT", f"{app}/extensions/CustomScript", script(forceUpdateTag="x"), token=token("operator"))
    sim.wait_for(lambda: sim.get(written.headers["azure-asyncoperation"]).body["status"] == "Succeeded", "the write")
    sim.request("DELETE", app, token=token("operator"))
    since = "2020-01-01T00:00:00Z"
    wanted = quote(f"eventTimestamp ge '{since}' and resourceUri eq '{app}'")
    home = app.partition("/resourceGroups/")[0]
    path = f"{home}/providers/Microsoft.Insights/eventtypes/management/values"
    answer = sim.get(f"{path}?$filter={wanted}")
    assert answer.status == 200, answer.body
    events = answer.body["value"]
    times = [event["eventTimestamp"] for event in events]
    assert len(events) >= 4 and [time[:19] for time in times] == sorted((time[:19] for time in times), reverse=True)
    seen = {
        (event["operationName"]["value"].rpartition("virtualMachineScaleSets/")[2], event["status"]["value"])
        for event in events
    }
    assert {("extensions/write", "Accepted"), ("extensions/write", "Succeeded"), ("delete", "Failed")} <= seen
    assert "maria@contoso.com" in {event["caller"] for event in events}
    assert not {event["caller"] for event in events} & {"operator"}
    assert sim.get(path).status == 400
    other = quote(f"eventTimestamp ge '{since}' and resourceUri eq '{place(sim, 'frozen')}x'")
    assert sim.get(f"{path}?$filter={other}").body["value"] == []
    as_az = quote(f"eventTimestamp ge 2020-01-01T00:00:00.000001 and resourceId eq '{app}'")
    assert sim.get(f"{path}?$filter={as_az}").body["value"] == events, "no quotes, no zone"
