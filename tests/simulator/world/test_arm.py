"""ARM's JSON: ids, keys by api-version, paging, quirks, long-running answers, errors."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from simulator.world.client import NEW, OLD, serving
from simulator.world.story import START
from vmss_tui.simulator.arm.times import stamp, whole
from vmss_tui.simulator.scenario.load import load

SETS = "providers/Microsoft.Compute/virtualMachineScaleSets"
ROLLING = 'mode = "Rolling"\ninstances = 3\n'
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?\+00:00$")


# --- lists ---


async def test_a_subscription_wide_list_gives_groups_in_upper_case_and_a_groups_list_as_typed() -> None:
    """Recorded: vmss_list_all_sub_UPPERCASE_rg, 310 of 310 ids."""
    async with serving(ROLLING) as call:
        subscription = call.group.split("/resourceGroups")[0]
        everywhere = (await call.get(f"{subscription}/{SETS}")).body["value"]
        assert "/resourceGroups/RG-APP/" in everywhere[0]["id"]
        typed = (await call.get(f"{subscription}/resourceGroups/Rg-App/{SETS}")).body["value"]
        assert "/resourceGroups/Rg-App/" in typed[0]["id"]
        one = (await call.get(call.app)).body
        assert "/resourceGroups/rg-app/" in one["id"]
        assert one["properties"] == everywhere[0]["properties"]


async def test_unknown_subscriptions_groups_sets_and_instances_have_their_own_404() -> None:
    async with serving(ROLLING) as call:
        codes = {}
        for path in (
            f"/subscriptions/00000000-0000-0000-0000-000000000009/{SETS}",
            f"{call.group}x/{SETS}/app",
            f"{call.app}x",
            f"{call.app}/virtualMachines/99/instanceView",
        ):
            answer = await call.get(path)
            assert answer.status == 404
            codes[answer.body["error"]["code"]] = answer.body["error"]["message"]
        assert list(codes) == ["SubscriptionNotFound", "ResourceGroupNotFound", "ResourceNotFound", "NotFound"]
        assert codes["ResourceGroupNotFound"] == "Resource group 'rg-appx' could not be found."
        assert codes["NotFound"] == "The entity was not found in this Azure location."


async def test_pages_follow_by_an_absolute_link_and_the_last_has_none() -> None:
    paging = "\n[paging]\ninstances = 4\n"
    async with serving(f'mode = "Manual"\ninstances = 10\n{paging}') as call:
        path, sizes, seen = f"{call.app}/virtualMachines?$expand=instanceView", [], []
        while path:
            page = (await call.get(path)).body
            sizes.append(len(page["value"]))
            seen += [item["instanceId"] for item in page["value"]]
            path = page.get("nextLink", "")
            assert path == "" or path.startswith("http://127.0.0.1")
        assert sizes == [4, 4, 2]
        assert seen == [str(number) for number in range(10)]
        assert "%24expand=instanceView" in page.get("nextLink", "%24expand=instanceView")
        assert all("instanceView" in item["properties"] for item in page["value"])


async def test_a_page_may_be_empty_and_still_have_a_link() -> None:
    """Recorded: nextlink_empty_page."""
    async with serving(f"{ROLLING}\n[paging]\nempty_page = true\n") as call:
        first = (await call.get(f"{call.app}/virtualMachines")).body
        assert first["value"] == []
        assert len((await call.get(first["nextLink"])).body["value"]) == 3


async def test_a_token_that_was_never_given_out_is_refused() -> None:
    """Quoted: azure-sdk-for-java #27991."""
    async with serving(ROLLING) as call:
        answer = await call.get(f"{call.app}/virtualMachines?$skiptoken=stale")
        assert answer.status == 400
        assert answer.body == {
            "error": {"code": "InvalidParameter", "message": "The request URL is not valid.", "target": "$skiptoken"}
        }


async def test_instances_can_be_filtered_by_the_model_they_have() -> None:
    """Recorded: vm_operations_managed_disks, $filter=properties/latestModelApplied eq true."""
    async with serving('mode = "Manual"\ninstances = 3\n') as call:
        await call.finish(await call.put_script())
        await call.finish(await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["1"]}))
        for wanted, ids in (("true", ["1"]), ("false", ["0", "2"])):
            path = f"{call.app}/virtualMachines?$filter=properties/latestModelApplied%20eq%20{wanted}"
            assert [item["instanceId"] for item in (await call.get(path)).body["value"]] == ids


async def test_select_instance_view_answers_with_its_recorded_quirks() -> None:
    """Recorded: vm_list_select_instanceview_QUIRK."""
    async with serving(ROLLING) as call:
        path = f"{call.app}/virtualMachines?$select=instanceView&$expand=instanceView"
        item = (await call.get(path)).body["value"][0]
        assert set(item) == {"id", "instanceId", "properties"}
        assert item["properties"]["latestModelApplied"] is False
        assert item["properties"]["hardwareProfile"] == {}
        assert (await call.get(path, version=OLD)).body["value"][0]["properties"]["provisioningState"] == 0


async def test_the_charge_of_a_list_counts_hidden_extras() -> None:
    """Counted: charge 8 for 5 items, never less than the items."""
    async with serving('mode = "Manual"\ninstances = 5\noverprovision = true\n') as call:
        await call("PATCH", call.app, {"sku": {"capacity": 15}})
        value = next(iter(call.simulation.world.scale_sets.values()))
        hidden = sum(one.hidden for one in value.instances.values())
        assert hidden == 2
        shown = (await call.get(f"{call.app}/virtualMachines")).body["value"]
        assert len(shown) == 15
        assert all(item["instanceId"] in value.instances for item in shown)


# --- keys ---


async def test_newer_keys_appear_with_newer_api_versions_only() -> None:
    """Recorded 2020 and 2025."""
    async with serving(ROLLING) as call:
        old = (await call.get(call.app, version=OLD)).body
        new = await call.get(call.app)
        assert "etag" not in old and not {"orchestrationMode", "timeCreated"} & set(old["properties"])
        assert new.body["etag"] == '"1"' == new.headers["ETag"]
        assert new.body["properties"]["orchestrationMode"] == "Uniform"
        item_old = (await call.get(f"{call.app}/virtualMachines/0", version=OLD)).body
        item_new = (await call.get(f"{call.app}/virtualMachines/0")).body
        assert item_old["properties"]["hardwareProfile"] == {}
        assert item_new["properties"]["hardwareProfile"] == {"vmSize": "Standard_D2s_v5"}
        assert "etag" in item_new and "etag" not in item_old


async def test_an_expanded_instance_tells_model_view_and_the_settings_it_runs() -> None:
    async with serving('mode = "Manual"\ninstances = 2\nzones = [1, 2]\n') as call:
        await call.put_script()
        item = (await call.get(f"{call.app}/virtualMachines?$expand=instanceView")).body["value"][1]
        assert (item["name"], item["instanceId"], item["zones"]) == ("app_1", "1", ["2"])
        assert item["properties"]["latestModelApplied"] is False
        script = next(one for one in item["resources"] if one["name"] == "CustomScript")
        assert script["id"] == f"{call.group}/providers/Microsoft.Compute/virtualMachines/app_1/extensions/CustomScript"
        assert script["properties"]["settings"] == {"commandToExecute": "./custom_application_v1.sh"}
        assert script["properties"]["typeHandlerVersion"] == "2.1"
        view = item["properties"]["instanceView"]
        installed = next(one for one in view["extensions"] if one["name"] == "CustomScript")
        assert (installed["type"], installed["typeHandlerVersion"]) == (
            "Microsoft.Azure.Extensions.CustomScript",
            "2.1.19",
        )
        status = installed["statuses"][0]
        assert status["message"].startswith("Enable succeeded: \n[stdout]\nInstalling app 1 on app_1\n")
        assert TIME.match(status["time"])
        assert view["vmHealth"]["status"]["code"] == "HealthState/healthy"
        power = next(one for one in view["statuses"] if one["code"].startswith("PowerState/"))
        assert power == {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"}


async def test_a_failed_script_shows_where_clients_look() -> None:
    failing = (
        '[[scale_sets.overrides]]\ninstances = [0]\nscript = "fails"\nscript_exit_code = 100\nscript_stderr = "E: no"\n'
    )
    async with serving(f'mode = "Manual"\ninstances = 1\n{failing}') as call:
        await call.put_script()
        body = await call.finish(await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["*"]}))
        assert body["status"] == "Failed"
        assert "exit status=100" in body["error"]["message"]
        item = (await call.get(f"{call.app}/virtualMachines/0?$expand=instanceView")).body
        assert item["properties"]["provisioningState"] == "Failed"
        statuses = item["properties"]["instanceView"]["statuses"]
        assert statuses[0]["code"] == "ProvisioningState/failed/VMExtensionProvisioningError"
        assert statuses[0]["level"] == "Error"
        script = item["properties"]["instanceView"]["extensions"][1]["statuses"][0]
        assert (script["code"], script["level"]) == ("ProvisioningState/failed/100", "Error")
        assert item["resources"][1]["properties"]["provisioningState"] == "Failed"
        assert (await call.get(call.app)).body["properties"]["provisioningState"] == "Failed"


async def test_a_running_script_is_in_transition() -> None:
    async with serving('mode = "Automatic"\ninstances = 1\n') as call:
        await call.put_script()
        call.simulation.clock.jump(20)
        view = (await call.get(f"{call.app}/virtualMachines/0/instanceView")).body
        status = view["extensions"][1]["statuses"][0]
        assert (status["code"], status["message"]) == ("ProvisioningState/transitioning", "Enable in progress")
        assert view["vmHealth"]["status"]["code"] == "HealthState/initializing"
        assert view["statuses"][0]["code"] == "ProvisioningState/updating"


async def test_windows_scripts_report_their_output_in_substatuses() -> None:
    async with serving('mode = "Manual"\nos = "windows"\ninstances = 1\n') as call:
        view = (await call.get(f"{call.app}/virtualMachines/0/instanceView")).body
        script = next(one for one in view["extensions"] if one["name"] == "CustomScriptExtension")
        codes = [one["code"] for one in script["substatuses"]]
        assert codes == ["ComponentStatus/StdOut/succeeded", "ComponentStatus/StdErr/succeeded"]
        assert script["substatuses"][0]["message"] == "Installing app 1 on app_0\n"
        assert script["statuses"][0]["message"] == "Finished executing command"
        assert view["osName"] == "Windows Server 2022 Datacenter"


async def test_an_agent_that_does_not_report_is_not_ready_beside_a_healthy_vm() -> None:
    """Recorded: vm_instanceview_vmhealth_healthy."""
    silent = "[[scale_sets.overrides]]\ninstances = [0]\nagent_ready = false\n"
    async with serving(f'mode = "Manual"\ninstances = 1\n{silent}') as call:
        view = (await call.get(f"{call.app}/virtualMachines/0/instanceView")).body
        assert view["vmAgent"]["vmAgentVersion"] == "Unknown"
        assert view["vmAgent"]["statuses"][0]["displayStatus"] == "Not Ready"
        assert view["vmHealth"]["status"]["code"] == "HealthState/healthy"
        assert "extensions" not in view


async def test_the_sets_instance_view_counts_states_and_tells_of_repairs() -> None:
    """Recorded: vmss_instanceview_with_extension; orchestrationServices of set_orchestration_service_state."""
    keys = 'mode = "Manual"\ninstances = 3\nrepairs = { enabled = true }\n'
    async with serving(keys) as call:
        await call(
            "POST", f"{call.app}/setOrchestrationServiceState", {"serviceName": "AutomaticRepairs", "action": "Suspend"}
        )
        await call.put_script()
        await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["0"]})
        view = (await call.get(f"{call.app}/instanceView")).body
        summary = {one["code"]: one["count"] for one in view["virtualMachine"]["statusesSummary"]}
        assert summary == {"ProvisioningState/updating": 1, "ProvisioningState/succeeded": 2}
        assert [one["name"] for one in view["extensions"]] == ["HealthExtension", "CustomScript"]
        assert view["orchestrationServices"] == [{"serviceName": "AutomaticRepairs", "serviceState": "Suspended"}]


# --- long-running answers ---


async def test_an_extension_put_is_201_creating_with_one_header_and_no_secret() -> None:
    """Recorded: ext_put_create_201, ext_put_update_201 (20 of 20)."""
    async with serving('mode = "Manual"\ninstances = 1\n') as call:
        answer = await call.put_script(protectedSettings={"commandToExecute": "hunter2"}, settings={})
        assert answer.status == 201
        assert answer.body["properties"]["provisioningState"] == "Creating"
        assert "Azure-AsyncOperation" in answer.headers and "Location" not in answer.headers
        await call.finish(answer)
        shown = [
            answer.body,
            (await call.get(f"{call.app}/extensions")).body,
            (await call.get(f"{call.app}/extensions/customscript")).body,
            (await call.get(f"{call.app}/virtualMachines?$expand=instanceView")).body,
            (await call.get(call.app)).body,
        ]
        assert "hunter2" not in str(shown) and "protectedSettings" not in str(shown)
        assert shown[2]["properties"]["provisioningState"] == "Succeeded"


async def test_the_201_may_echo_protected_settings_as_in_october_2018() -> None:
    async with serving(f"{ROLLING}\n[switches]\necho_protected_settings = true\n") as call:
        answer = await call.put_script(protectedSettings={"key": "made-up"})
        assert answer.body["properties"]["protectedSettings"] == {"key": "made-up"}
        assert "made-up" not in str((await call.get(f"{call.app}/extensions/CustomScript")).body)


async def test_puts_and_patches_of_a_set_answer_200_updating_and_a_create_201() -> None:
    async with serving(ROLLING) as call:
        assert (await call("PATCH", call.app, {"tags": {"a": "1"}})).status == 200
        updated = await call("PUT", call.app, {"location": "westeurope", "tags": {"a": "2"}})
        assert (updated.status, updated.body["properties"]["provisioningState"]) == (200, "Updating")
        assert "Location" not in updated.headers
        body = {"location": "westeurope", "sku": {"name": "Standard_B1s", "capacity": 1}, "properties": {}}
        created = await call("PUT", call.app + "2", body)
        assert (created.status, created.body["properties"]["provisioningState"]) == (201, "Creating")
        stale = await call("PATCH", call.app, {"tags": {"a": "3"}}, **{"If-Match": '"1"'})
        assert stale.status == 412


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "manualupgrade"),
        ("POST", "restart"),
        ("POST", "virtualMachines/0/restart"),
        ("POST", "osRollingUpgrade"),
        ("DELETE", "extensions/CustomScript"),
        ("DELETE", "virtualMachines/0"),
        ("DELETE", ""),
    ],
)
async def test_actions_answer_202_without_a_body_and_with_both_headers(method: str, path: str) -> None:
    """Recorded: manualupgrade_post_202, ext_delete_202, vmss_delete_202, osrollingupgrade_post_202."""
    async with serving(ROLLING) as call:
        body = {"instanceIds": ["1"]} if path in ("manualupgrade", "restart") else None
        answer = await call(method, f"{call.app}/{path}".rstrip("/"), body)
        assert (answer.status, answer.body) == (202, "")
        monitor = answer.headers["Location"]
        assert parse_qs(urlsplit(monitor).query)["monitor"] == ["true"]
        assert (await call.get(monitor)).status == 202
        assert (await call.finish(answer))["status"] == "Succeeded"
        over = await call.get(monitor)
        assert (over.status, over.body) == (200, "")


async def test_deleting_what_is_not_there_is_204() -> None:
    async with serving(ROLLING) as call:
        assert (await call("DELETE", call.app + "x")).status == 204
        assert (await call("DELETE", f"{call.app}/extensions/none")).status == 204


async def test_an_operation_tells_start_status_name_and_end_when_over() -> None:
    """Recorded: op_inprogress, op_succeeded."""
    async with serving('mode = "Manual"\ninstances = 1\n') as call:
        answer = await call.put_script()
        running = await call.get(answer.headers["Azure-AsyncOperation"])
        assert set(running.body) == {"startTime", "status", "name"}
        assert running.headers["x-ms-retry-after-ms"] == "200"
        body = await call.finish(answer)
        assert set(body) == {"startTime", "endTime", "status", "name"}
        assert TIME.match(body["startTime"]) and TIME.match(body["endTime"])


async def test_without_a_poll_hint_only_azures_own_headers_are_sent() -> None:
    async with serving(replace(load("recorded"), poll_hint_ms=None)) as call:
        path = f"{call.group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss1"
        answer = await call("PATCH", path, {"tags": {"a": "b"}})
        assert answer.status == 200
        assert not {"x-ms-retry-after-ms", "Retry-After"} & set(answer.headers)


# --- rolling upgrades ---


async def test_latest_has_no_id_and_no_name_and_is_404_before_any_roll() -> None:
    """Recorded: rolling_latest_completed; the 404 is inferred and a switch."""
    async with serving(ROLLING) as call:
        path = f"{call.app}/rollingUpgrades/latest"
        assert (await call.get(path)).status == 404
        await call.finish(await call.put_script())
        latest = (await call.get(path, version=OLD)).body
        assert set(latest) == {"type", "location", "properties"}
        assert set(latest["properties"]) == {"policy", "runningStatus", "progress"}
        assert latest["properties"]["runningStatus"]["code"] == "Completed"
        assert latest["properties"]["progress"]["successfulInstanceCount"] == 3
        status = latest["properties"]["runningStatus"]
        assert status["lastActionTime"] < status["startTime"]
        assert set(latest["properties"]["policy"]) == {
            "maxBatchInstancePercent",
            "maxUnhealthyInstancePercent",
            "maxUnhealthyUpgradedInstancePercent",
            "pauseTimeBetweenBatches",
        }
        flags = (await call.get(path)).body["properties"]["policy"]
        assert flags["maxSurge"] is False and flags["rollbackFailedInstancesOnPolicyBreach"] is False


async def test_latest_may_be_409_before_any_roll() -> None:
    async with serving(f'{ROLLING}\n[switches]\nnever_rolled = "409"\n') as call:
        assert (await call.get(f"{call.app}/rollingUpgrades/latest")).status == 409


async def test_a_cancelled_roll_shows_its_error_with_details() -> None:
    """Recorded excerpt of 2023."""
    async with serving(ROLLING) as call:
        write = await call.put_script()
        call.simulation.clock.jump(40)
        cancel = await call("POST", f"{call.app}/rollingUpgrades/cancel")
        assert cancel.status == 202
        assert (await call.finish(cancel, step=1))["status"] == "Succeeded"
        properties = (await call.get(f"{call.app}/rollingUpgrades/latest")).body["properties"]
        assert properties["runningStatus"]["code"] == "Cancelled"
        assert properties["error"]["code"] == "RollingUpgradeCanceled"
        assert properties["error"]["details"][0]["target"] == "app/virtualMachines/0"
        assert (await call.finish(write))["error"]["code"] == "RollingUpgradeCanceled"
        again = await call("POST", f"{call.app}/rollingUpgrades/cancel")
        assert (again.status, again.body["error"]["code"]) == (409, "OperationNotAllowed")


async def test_os_upgrade_history_lists_what_ended() -> None:
    """Recorded: osupgradehistory_200."""
    async with serving(ROLLING) as call:
        assert (await call.get(f"{call.app}/osUpgradeHistory")).body == {"value": []}
        await call.finish(await call("POST", f"{call.app}/osRollingUpgrade"))
        entry = (await call.get(f"{call.app}/osUpgradeHistory")).body["value"][0]
        assert entry["properties"]["startedBy"] == "User"
        assert entry["properties"]["progress"]["successfulInstanceCount"] == 3
        assert "completedTime" in entry["properties"]["runningStatus"]


# --- Flexible ---

FLEXIBLE = 'mode = "Manual"\norchestration = "Flexible"\ninstances = 3\n'


async def test_a_flexible_sets_machines_are_found_by_the_filter() -> None:
    """ComputeRP swagger: $expand=instanceView only together with the filter."""
    async with serving(FLEXIBLE) as call:
        machines = f"{call.group}/providers/Microsoft.Compute/virtualMachines"
        listed = f"{machines}?$filter='virtualMachineScaleSet/id'%20eq%20'{call.app}'&$expand=instanceView"
        value = (await call.get(listed)).body["value"]
        assert len(value) == 3
        assert value[0]["properties"]["virtualMachineScaleSet"]["id"].endswith("/virtualMachineScaleSets/app")
        assert value[0]["properties"]["instanceView"]["vmHealth"]["status"]["code"] == "HealthState/healthy"
        assert (await call.get(f"{machines}?$expand=instanceView")).status == 400
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


# --- odds and ends ---


async def test_protection_is_written_on_one_instance() -> None:
    async with serving(ROLLING) as call:
        policy = {"protectionPolicy": {"protectFromScaleSetActions": True}}
        answer = await call("PUT", f"{call.app}/virtualMachines/1", {"properties": policy})
        assert answer.body["properties"]["protectionPolicy"] == {
            "protectFromScaleIn": True,
            "protectFromScaleSetActions": True,
        }


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b'{"properties": 3}'])
async def test_bodies_that_are_not_what_arm_expects_are_400(body: bytes) -> None:
    async with serving(ROLLING) as call:
        response = await call.client.put(f"{call.app}?api-version={NEW}", data=body)
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "InvalidRequestContent"


async def test_sizes_are_listed() -> None:
    async with serving(ROLLING) as call:
        sizes = (await call.get(f"{call.app}/skus")).body["value"]
        assert sizes[0]["sku"]["name"] == "Standard_D2s_v5"


def test_timestamps_have_up_to_seven_digits_and_an_offset() -> None:
    """Recorded: 7, 6 and 5 digits; -07:00, +08:00."""
    assert stamp(START.replace(microsecond=123456)) == "2026-11-21T08:00:00.1234566+00:00"
    assert stamp(START.replace(microsecond=123450)) == "2026-11-21T08:00:00.12345+00:00"
    assert stamp(START) == "2026-11-21T08:00:00+00:00"
    assert stamp(START.replace(microsecond=500000), "-07:00") == "2026-11-21T01:00:00.5-07:00"
    assert whole(START.replace(microsecond=5), "+08:00") == "2026-11-21T16:00:00+08:00"
