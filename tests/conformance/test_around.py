"""What az asks around a scale set: groups, virtual machines, locks, roles, tags, the activity log, Resource Graph."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from support.azcli import GROUP, Az

FLEXIBLE = "flexible"
QUERY = "Resources | where type =~ 'microsoft.compute/virtualmachinescalesets' | project name, id"


@pytest.fixture(scope="module")
def subscription(az: Az) -> str:
    return str(az("account", "show")["id"])


def rest(az: Az, path: str, body: dict[str, Any] | None = None) -> Any:
    """`az rest` on a path of the simulator: GET, or POST when there is a body."""
    words = [] if body is None else ["--method", "post", "--body", json.dumps(body)]
    return az("rest", "--url", f"{az.sim.origin}{path}", *words)


def test_group_exists(az: Az) -> None:
    assert az("group", "exists", "-n", GROUP) is True
    assert az("group", "exists", "-n", "nothing-here") is False


def test_the_vms_of_a_flexible_set_are_listed_and_shown(az: Az) -> None:
    """A list of VMs names the extensions only by id; the VM itself has them whole."""
    listed = az("vm", "list", "-g", GROUP)
    assert len(listed) == 4
    assert all(vm["virtualMachineScaleSet"]["id"].endswith(f"/{FLEXIBLE}") for vm in listed)
    assert all(set(extension) <= {"id", "resourceGroup"} for vm in listed for extension in vm["resources"])
    shown = az("vm", "show", "-g", GROUP, "-n", listed[0]["name"])
    assert "CustomScript" in {extension["typePropertiesType"] for extension in shown["resources"]}
    view = az("vm", "get-instance-view", "-g", GROUP, "-n", listed[0]["name"])["instanceView"]
    assert "PowerState/running" in {status["code"] for status in view["statuses"]}


def test_a_vm_of_a_flexible_set_is_switched_and_asked(own: Az) -> None:
    name = own("vm", "list", "-g", GROUP)[0]["name"]
    vm = ("-g", GROUP, "-n", name)
    own("vm", "restart", *vm)
    own("vm", "deallocate", *vm)
    view = own("vm", "get-instance-view", *vm)["instanceView"]
    assert "PowerState/deallocated" in {status["code"] for status in view["statuses"]}
    own("vm", "start", *vm)
    ran = own("vm", "run-command", "invoke", *vm, "--command-id", "RunShellScript", "--scripts", "df -h")
    assert "Filesystem" in ran["value"][0]["message"]


def test_locks_are_created_and_listed(own: Az) -> None:
    assert own("lock", "list", "-g", GROUP) == []
    own("lock", "create", "-n", "keep", "--lock-type", "CanNotDelete", "-g", GROUP)
    (lock,) = own("lock", "list", "-g", GROUP)
    assert (lock["name"], lock["level"]) == ("keep", "CanNotDelete")


def test_role_assignments_name_their_roles(az: Az) -> None:
    listed = az("role", "assignment", "list", "--all", "--fill-principal-name", "false")
    assert {"Contributor", "Reader"} <= {assignment["roleDefinitionName"] for assignment in listed}


def test_resources_of_a_group(az: Az) -> None:
    listed = az("resource", "list", "-g", GROUP)
    sets = {found["name"] for found in listed if found["type"] == "Microsoft.Compute/virtualMachineScaleSets"}
    assert {"yourScaleSet", FLEXIBLE} <= sets


def test_tags(az: Az) -> None:
    assert {"app"} <= {tag["tagName"] for tag in az("tag", "list")}


def test_the_activity_log_names_the_writer(own: Az) -> None:
    """The clock of the simulator runs ahead, so the time of the query reaches into the future."""
    own.vmss("update", "waiting", "--set", "tags.touched=yes")
    since = datetime.now(UTC) - timedelta(hours=1)
    entries = own("monitor", "activity-log", "list", "-g", GROUP, "--start-time", since.isoformat(), "--offset", "30d")
    writes = [entry for entry in entries if entry["operationName"]["value"].endswith("virtualMachineScaleSets/write")]
    assert {entry["resourceId"].rpartition("/")[2] for entry in writes} == {"waiting"}
    (caller,) = {entry["caller"] for entry in writes}
    assert str(UUID(caller)) == caller, "the object id of the service principal"


def test_permissions_are_read_by_rest(az: Az, subscription: str) -> None:
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    (granted,) = rest(az, path)["value"]
    assert granted["actions"] == ["*"]
    assert granted["notActions"]


def test_resource_graph_is_queried_by_rest(az: Az, subscription: str) -> None:
    path = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
    answer = rest(az, path, {"subscriptions": [subscription], "query": QUERY})
    names = {row["name"] for row in answer["data"]}
    assert {"yourScaleSet", FLEXIBLE} <= names
    assert answer["count"] == answer["totalRecords"] == len(names)
