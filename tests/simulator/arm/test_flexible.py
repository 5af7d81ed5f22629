"""The virtual machines of Flexible scale sets over HTTP: lists of references, GETs in full, power, extensions."""

import pytest

from support.simulated.client import serving

FLEXIBLE = 'mode = "Manual"\norchestration = "Flexible"\ninstances = 3\n'


async def test_a_flexible_sets_machines_are_found_by_the_filter() -> None:
    """ComputeRP swagger: $expand=instanceView means something only together with the filter."""
    async with serving(FLEXIBLE) as call:
        machines = f"{call.group}/providers/Microsoft.Compute/virtualMachines"
        listed = f"{machines}?$filter='virtualMachineScaleSet/id'%20eq%20'{call.app}'&$expand=instanceView"
        value = (await call.get(listed)).body["value"]
        assert len(value) == 3
        assert value[0]["properties"]["virtualMachineScaleSet"]["id"].endswith("/virtualMachineScaleSets/app")
        assert value[0]["properties"]["instanceView"]["vmHealth"]["status"]["code"] == "HealthState/healthy"
        unfiltered = await call.get(f"{machines}?$expand=instanceView")
        assert unfiltered.status == 200 and "instanceView" not in unfiltered.body["value"][0]["properties"]
        assert (await call.get(f"{machines}?$filter=name%20eq%20'x'")).status == 400
        assert len((await call.get(machines)).body["value"]) == 3
        other = f"{machines}?$filter='virtualMachineScaleSet/id'%20eq%20'{call.app}x'"
        assert (await call.get(other)).body["value"] == []


async def test_a_flexible_sets_own_list_tells_little_and_it_has_no_instance_view() -> None:
    async with serving(FLEXIBLE) as call:
        value = (await call.get(f"{call.app}/virtualMachines?$expand=instanceView")).body["value"]
        assert "instanceView" not in value[0]["properties"]
        assert (await call.get(f"{call.app}/instanceView")).status == 409


async def test_a_flexible_machine_takes_an_extension_of_its_own() -> None:
    async with serving(FLEXIBLE) as call:
        machines = f"{call.group}/providers/Microsoft.Compute/virtualMachines"
        name = (await call.get(machines)).body["value"][0]["name"]
        path = f"{machines}/{name}/extensions/CustomScript"
        properties = {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "settings": {"commandToExecute": "./custom_application_v2.sh"},
            "protectedSettings": {"key": "hunter2"},
        }
        answer = await call("PUT", path, {"properties": properties})
        assert answer.status == 200 and "hunter2" not in str(answer.body)
        assert (await call.finish(answer))["status"] == "Succeeded"
        shown = (await call.get(f"{path}?$expand=instanceView")).body["properties"]
        assert "Installing app 2" in shown["instanceView"]["statuses"][0]["message"]
        assert (await call.get(f"{machines}/{name}?$expand=instanceView")).body["name"] == name
        assert len((await call.get(f"{machines}/{name}/extensions")).body["value"]) == 2
        assert (await call("DELETE", path)).status == 202
        assert (await call.get(f"{machines}/none")).status == 404


async def test_a_list_holds_references_to_extensions_and_a_get_of_one_machine_holds_them_in_full() -> None:
    """azure-sdk-for-java PR 1080, azure-rest-api-specs #14459: `resources` of a list are ids and nothing else."""
    async with serving(FLEXIBLE) as call:
        machines = f"{call.group}/providers/Microsoft.Compute/virtualMachines"
        filtered = f"{machines}?$filter='virtualMachineScaleSet/id'%20eq%20'{call.app}'&$expand=instanceView"
        subscription = call.group.partition("/resourceGroups/")[0]
        everywhere = f"{subscription}/providers/Microsoft.Compute/virtualMachines"
        for path in (machines, filtered, everywhere):
            value = (await call.get(path)).body["value"]
            assert len(value) == 3
            for machine in value:
                assert [set(resource) for resource in machine["resources"]] == [{"id"}, {"id"}]
        views = (await call.get(filtered)).body["value"][0]["properties"]["instanceView"]["extensions"]
        assert {view["name"] for view in views} == {"CustomScript", "HealthExtension"}
        one = (await call.get(f"{machines}/{value[0]['name']}")).body
        script = next(item for item in one["resources"] if item["name"] == "CustomScript")
        assert script["properties"]["settings"] == {"commandToExecute": "./custom_application_v1.sh"}
        assert {item["id"] for item in one["resources"]} == {item["id"] for item in value[0]["resources"]}


@pytest.mark.parametrize(
    ("verb", "power"),
    [
        ("restart", "running"),
        ("powerOff", "stopped"),
        ("deallocate", "deallocated"),
        ("redeploy", "running"),
        ("reapply", "running"),
    ],
)
async def test_one_machine_is_switched_by_plain_machine_calls(verb: str, power: str) -> None:
    async with serving(FLEXIBLE) as call:
        machines = f"{call.group}/providers/Microsoft.Compute/virtualMachines"
        name, other, _ = (machine["name"] for machine in (await call.get(machines)).body["value"])
        answer = await call("POST", f"{machines}/{name}/{verb}")
        assert answer.status == 202 and {"Azure-AsyncOperation", "Location"} <= set(answer.headers)
        assert (await call.finish(answer))["status"] == "Succeeded"
        for machine, wanted in ((name, power), (other, "running")):
            view = (await call.get(f"{machines}/{machine}/instanceView")).body
            assert f"PowerState/{wanted}" in [status["code"] for status in view["statuses"]]
        if power != "running":
            refused = await call("DELETE", f"{machines}/{name}/extensions/CustomScript")
            assert (refused.status, refused.body["error"]["code"]) == (409, "OperationNotAllowed")
            assert (await call.finish(await call("POST", f"{machines}/{name}/start")))["status"] == "Succeeded"


async def test_a_deleted_machine_is_gone_and_a_second_delete_finds_nothing() -> None:
    async with serving(FLEXIBLE) as call:
        machines = f"{call.group}/providers/Microsoft.Compute/virtualMachines"
        name = (await call.get(machines)).body["value"][0]["name"]
        await call.finish(await call("DELETE", f"{machines}/{name}"))
        assert len((await call.get(machines)).body["value"]) == 2
        assert (await call("DELETE", f"{machines}/{name}")).status == 204
