"""ARM's JSON: ids, keys by api-version, paging, quirks, long-running answers, errors."""

import re

from support.simulated.client import OLD, serving

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


async def test_a_list_of_instances_may_give_the_group_in_upper_case() -> None:
    """Counted: 790 of 1277 ids of VM lists; a single VM is given as created."""
    async with serving('mode = "Manual"\ninstances = 1\n[switches]\nuppercase_machines = true\n') as call:
        listed = (await call.get(f"{call.app}/virtualMachines")).body["value"][0]
        single = (await call.get(f"{call.app}/virtualMachines/0")).body
    assert "/resourceGroups/RG-APP/" in listed["id"]
    assert "/resourceGroups/RG-APP/" in listed["resources"][0]["id"]
    assert single["id"] != listed["id"]
    assert single["id"].lower() == listed["id"].lower()


async def test_unknown_subscriptions_groups_sets_and_instances_have_their_own_404() -> None:
    """Recorded: cloud-provider-azure_2025-04-01, vm_instanceview_404."""
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
    """Recorded: nextlink_empty_page; counted: 786 lists of one page have no nextLink."""
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
    """Recorded: vm_list_with_resources_updating, vm_instanceview_21."""
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
    """Recorded: op_failed_cse_v1_create; custom-script-extension-linux #127."""
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
        assert (script["code"], script["level"]) == ("ProvisioningState/failed/2", "Error")
        assert item["resources"][1]["properties"]["provisioningState"] == "Failed"
        assert (await call.get(call.app)).body["properties"]["provisioningState"] == "Failed"


async def test_a_running_script_is_in_transition() -> None:
    """custom-script-extension-linux: transitioning, "Enable in progress"."""
    async with serving('mode = "Automatic"\ninstances = 1\n') as call:
        await call.put_script()
        call.simulation.clock.jump(20)
        view = (await call.get(f"{call.app}/virtualMachines/0/instanceView")).body
        status = view["extensions"][1]["statuses"][0]
        assert (status["code"], status["message"]) == ("ProvisioningState/transitioning", "Enable in progress")
        assert view["vmHealth"]["status"]["code"] == "HealthState/unknown"
        assert view["statuses"][0]["code"] == "ProvisioningState/updating"


async def test_windows_scripts_report_their_output_in_substatuses() -> None:
    """Quoted: ComponentStatus/StdOut/succeeded."""
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
