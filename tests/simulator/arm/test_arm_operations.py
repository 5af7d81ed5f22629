"""ARM's long-running answers, rolling upgrades, Flexible machines and single instances over HTTP."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from support.simulated.client import NEW, OLD, serving
from support.simulated.story import START
from vmss_tui.simulator.arm.times import stamp, whole
from vmss_tui.simulator.scenario.load import load

ROLLING = 'mode = "Rolling"\ninstances = 3\n'
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?\+00:00$")


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


@pytest.mark.parametrize(
    ("switch", "writes", "polls"),
    [
        ("never", None, [None, None]),
        ("writes", "10", [None, None]),
        ("first polls", "10", ["some", None]),
        ("every poll", "10", ["some", "some"]),
    ],
)
async def test_retry_after_is_sent_only_where_it_was_recorded(
    switch: str, writes: str | None, polls: list[str | None]
) -> None:
    """Counted: absent in CLI cassettes; 10 on PUT, PATCH, DELETE of .NET; 11 to 97 on a first poll, never later."""
    async with serving(f'mode = "Manual"\ninstances = 1\n[switches]\nretry_after = "{switch}"\n') as call:
        written = await call.put_script()
        assert written.headers.get("Retry-After") == writes
        url = written.headers["Azure-AsyncOperation"]
        seen = [(await call.get(url)).headers.get("Retry-After") for _ in polls]
        assert [percent and "some" for percent in seen] == polls
        assert all(11 <= int(percent) <= 97 for percent in seen if percent)
        posted = await call("POST", f"{call.app}/restart")
        assert "Retry-After" not in posted.headers


async def test_latest_has_no_id_and_no_name_and_is_404_before_any_rolling_upgrade() -> None:
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


async def test_latest_may_be_409_before_any_rolling_upgrade() -> None:
    async with serving(f'{ROLLING}\n[switches]\nnever_rolled = "409"\n') as call:
        assert (await call.get(f"{call.app}/rollingUpgrades/latest")).status == 409


async def test_a_cancelled_rolling_upgrade_shows_its_error_with_details() -> None:
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


async def test_a_deferred_os_rolling_upgrade_waits_for_approvals() -> None:
    """ComputeRP swagger: osRollingUpgradeDeferral, approveRollingUpgrade (202 with Location only)."""
    async with serving('mode = "Rolling"\ninstances = 3\nnewest_image = "22.04.202512010"\n') as call:
        refused = await call("POST", f"{call.app}/approveRollingUpgrade", {"instanceIds": ["0"]})
        assert (refused.status, refused.body["error"]["code"]) == (409, "OperationNotAllowed")
        policy = {"automaticOSUpgradePolicy": {"osRollingUpgradeDeferral": True}}
        await call.finish(await call("PATCH", call.app, {"properties": {"upgradePolicy": policy}}))
        started = await call("POST", f"{call.app}/osRollingUpgrade")
        call.simulation.clock.jump(3600)
        waiting = (await call.get(f"{call.app}/rollingUpgrades/latest")).body["properties"]
        assert waiting["runningStatus"]["code"] == "RollingForward"
        assert waiting["progress"]["pendingInstanceCount"] == 3
        approved = await call("POST", f"{call.app}/virtualMachines/1/approveRollingUpgrade")
        assert (approved.status, approved.body) == (202, "")
        assert "Location" in approved.headers
        assert "Azure-AsyncOperation" not in approved.headers
        call.simulation.clock.jump(3600)
        partly = (await call.get(f"{call.app}/rollingUpgrades/latest")).body["properties"]["progress"]
        assert (partly["successfulInstanceCount"], partly["pendingInstanceCount"]) == (1, 2)
        await call("POST", f"{call.app}/approveRollingUpgrade", {"instanceIds": ["0", "2"]})
        assert (await call.finish(started))["status"] == "Succeeded"


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


# --- single instances and extensions ---

SCRIPT = {
    "publisher": "Microsoft.Azure.Extensions",
    "type": "CustomScript",
    "typeHandlerVersion": "2.1",
    "settings": {"commandToExecute": "./custom_application_v2.sh"},
}


async def test_an_extension_can_be_written_on_one_instance_of_a_uniform_set() -> None:
    """ComputeRP swagger: VirtualMachineScaleSetVMExtensions; not recorded."""
    async with serving('mode = "Manual"\ninstances = 2\n') as call:
        path = f"{call.app}/virtualMachines/1/extensions"
        assert len((await call.get(path)).body["value"]) == 2
        written = await call("PUT", f"{path}/customscript", {"properties": SCRIPT})
        assert written.status == 200
        assert (await call.finish(written))["status"] == "Succeeded"
        shown = (await call.get(f"{path}/CustomScript?$expand=instanceView")).body["properties"]
        assert shown["settings"] == SCRIPT["settings"]
        assert "Installing app 2 on app_1" in shown["instanceView"]["statuses"][0]["message"]
        second = {**SCRIPT, "publisher": "Microsoft.OSTCExtensions", "type": "CustomScriptForLinux"}
        created = await call("PUT", f"{path}/Second", {"properties": {**second, "typeHandlerVersion": "1.5"}})
        assert created.status == 201
        await call.finish(created)
        assert (await call("PUT", f"{path}/Third", {})).status == 400
        removed = await call("DELETE", f"{path}/Second")
        assert removed.status == 202
        await call.finish(removed)
        assert (await call.get(f"{path}/Second")).status == 404
        assert (await call("DELETE", f"{path}/Second")).status == 204


async def test_a_model_extension_can_be_patched() -> None:
    async with serving('mode = "Manual"\ninstances = 1\n') as call:
        path = f"{call.app}/extensions/CustomScript"
        patched = await call("PATCH", path, {"properties": {"forceUpdateTag": "again"}})
        assert patched.status == 200
        assert patched.body["properties"]["forceUpdateTag"] == "again"
        assert patched.body["properties"]["settings"] == {"commandToExecute": "./custom_application_v1.sh"}
        missing = await call("PATCH", f"{call.app}/extensions/none", {"properties": {}})
        assert missing.status == 404
        assert (await call.get(f"{call.app}/extensions/none")).status == 404


async def test_sets_are_listed_by_region_too() -> None:
    async with serving(ROLLING) as call:
        subscription = call.group.split("/resourceGroups")[0]
        for region, count in (("westeurope", 1), ("eastus", 0)):
            path = f"{subscription}/providers/Microsoft.Compute/locations/{region}/virtualMachineScaleSets"
            assert len((await call.get(path)).body["value"]) == count


@pytest.mark.parametrize("ids", ["0", [0], {"0": 1}])
async def test_instance_ids_must_be_texts(ids: object) -> None:
    async with serving(ROLLING) as call:
        answer = await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ids})
        assert (answer.status, answer.body["error"]["target"]) == (400, "instanceIds")
