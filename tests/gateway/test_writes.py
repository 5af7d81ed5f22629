"""Writes are sent once, under their etags, and followed by the handles that Azure gives."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from support.connects import ACCEPTED, MODEL, PATH, SCRIPT, SET, TARGET, Connects, accepted, reset
from support.scripted import (
    SUBSCRIPTION,
    Scripted,
    fault,
    reply,
)
from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration
from vmss_tui.domain.fleet.script import LINUX, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import (
    Changed,
    ConnectionFailed,
    Throttled,
    Unavailable,
    UsageError,
)
from vmss_tui.gateway.writes import InstanceUpdater, ScriptWriter
from vmss_tui.ports import Azure


async def test_operations_are_polled_verbatim(azure: Azure, server: Scripted) -> None:
    server.on(f"{PATH}/manualupgrade", accepted(server))
    handle = await azure.update_instances(SET, ["0", "3"])
    assert server.bodies[-1] == {"instanceIds": ["0", "3"]}
    assert (handle.name, handle.url) == ("manualupgrade", f"{server.origin}{ACCEPTED}?p=1%2B2&t=a%3D")
    failed = {"status": "Failed", "error": {"code": "VMExtensionProvisioningError", "message": "exit status=1"}}
    server.on(ACCEPTED, reply({"status": "InProgress"}), reply(failed), fault(404, "NotFound", "expired"))
    assert (await azure.operation(handle)).state is OperationState.RUNNING
    assert server.seen[-1][1].endswith("p=1%2B2&t=a%3D")
    ended = await azure.operation(handle)
    assert ended.state is OperationState.FAILED and ended.fault is not None
    assert ended.fault.code == "VMExtensionProvisioningError"
    assert (await azure.operation(handle)).state is OperationState.GONE


async def test_operations_by_location_resource_or_nothing(azure: Azure, server: Scripted) -> None:
    server.on(f"{PATH}/rollingUpgrades/cancel", reply({}, 202, Location=f"{server.origin}{ACCEPTED}?monitor=true"))
    handle = await azure.cancel_upgrade(SET)
    server.on(ACCEPTED, reply(b"", 202), reply(b"", 200))
    assert (await azure.operation(handle)).state is OperationState.RUNNING
    assert (await azure.operation(handle)).state is OperationState.SUCCEEDED
    server.on(f"{PATH}/extensions/cse", reply({"properties": {"provisioningState": "Updating"}}, 201))
    handle = await azure.write_extension(SET, SCRIPT, None)
    server.on(f"{PATH}/extensions/cse", reply({"properties": {"provisioningState": "Failed"}}))
    assert (await azure.operation(handle)).state is OperationState.FAILED
    server.on(f"{PATH}/extensions/cse", reply(b"", 204))
    assert (await azure.operation(await azure.remove_extension(SET, "cse"))).state is OperationState.SUCCEEDED


@pytest.mark.parametrize("broken", [reset, fault(503, "ServiceUnavailable", "x"), fault(500, "X", "y")])
async def test_a_write_is_sent_once(azure: Azure, server: Scripted, broken: Any) -> None:
    server.on("*", broken)
    writes: list[Callable[[], Awaitable[OperationHandle]]] = [
        lambda: azure.write_extension(SET, SCRIPT, None),
        lambda: azure.update_instances(SET, ["0"]),
        lambda: azure.cancel_upgrade(SET),
        lambda: azure.remove_extension(SET, "cse"),
        lambda: azure.remove_vm_extension(SET, Instance(id="0", name="web_0"), "cse"),
        lambda: azure.set_repairs(SET, running=False),
    ]
    for write in writes:
        before = len(server.seen)
        with pytest.raises((ConnectionFailed, Unavailable)):
            await write()
        assert len(server.seen) == before + 1


async def test_a_throttled_write_says_when(azure: Azure, server: Scripted) -> None:
    server.on("*", fault(429, "TooManyRequests", "x", Retry_After="1"))
    with pytest.raises(Throttled) as caught:
        await azure.update_instances(SET, ["0"])
    assert caught.value.retry_after == 1
    assert len(server.seen) == 1


async def test_an_update_of_nobody_is_a_mistake_of_ours(azure: Azure, server: Scripted) -> None:
    with pytest.raises(ValueError, match="no instances"):
        await azure.update_instances(SET, [])
    assert server.seen == []


async def test_repairs_are_held_and_resumed(azure: Azure, server: Scripted) -> None:
    server.on(f"{PATH}/setOrchestrationServiceState", accepted(server))
    await azure.set_repairs(SET, running=False)
    await azure.set_repairs(SET, running=True)
    assert [body["action"] for body in server.bodies] == ["Suspend", "Resume"]


async def test_whether_repairs_are_held_is_read_only_where_they_are_on(azure: Azure, server: Scripted) -> None:
    on = MODEL | {"properties": {"automaticRepairsPolicy": {"enabled": True, "repairAction": "Restart"}}}
    view = {"orchestrationServices": [{"serviceName": "AutomaticRepairs", "serviceState": "Suspended"}]}
    server.on(PATH, reply(on))
    server.on(f"{PATH}/instanceView", reply(view), fault(403, "AuthorizationFailed", "no"))
    found = await azure.scale_set(TARGET)
    assert (found.automatic_repairs, found.repairs_suspended) == ("Restart", True)
    assert (await azure.scale_set(TARGET)).repairs_suspended is False
    server.on(PATH, reply(on | {"properties": on["properties"] | {"orchestrationMode": "Flexible"}}))  # type: ignore[operator]
    before = len(server.seen)
    await azure.scale_set(TARGET)
    assert len(server.seen) == before + 1


async def test_a_model_is_written_under_its_etag_with_the_others_verbatim(azure: Azure, server: Scripted) -> None:
    health = {"name": "health", "properties": {"publisher": "P", "type": "H", "typeHandlerVersion": "1.0"}}
    current = {"name": "cse", "properties": {"publisher": LINUX.publisher, "type": "CustomScript", "settings": {}}}
    profile = {"extensionProfile": {"extensions": [health, current]}}
    server.on(
        PATH,
        reply(MODEL | {"properties": {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile}}),
        accepted(server, 200),
    )
    handle = await azure.write_model(
        SET, mode=UpgradeMode.ROLLING, policy=RollingPolicy(batch_percent=10), script=SCRIPT
    )
    assert handle.url and server.seen[-1][0] == "PATCH"
    assert server.headers[-1]["If-Match"] == '"7"'
    sent = server.bodies[-1]["properties"]
    assert sent["upgradePolicy"]["mode"] == "Rolling"
    first, second = sent["virtualMachineProfile"]["extensionProfile"]["extensions"]
    assert first == health
    assert second["properties"]["settings"] == {"commandToExecute": "sh v2.sh"}
    assert "protectedSettings" not in json.dumps(sent)


async def test_an_extension_is_taken_away_with_the_policy_in_one_write(azure: Azure, server: Scripted) -> None:
    health = {"name": "health", "properties": {"publisher": "P", "type": "H", "typeHandlerVersion": "1.0"}}
    current = {"name": "CSE", "properties": {"publisher": LINUX.publisher, "type": "CustomScript", "settings": {}}}
    profile = {"extensionProfile": {"extensions": [current, health], "extensionsTimeBudget": "PT2H"}}
    server.on(PATH, reply(MODEL | {"properties": {"virtualMachineProfile": profile}}), accepted(server, 200))
    await azure.write_model(SET, mode=UpgradeMode.MANUAL, without="cse")
    assert server.headers[-1]["If-Match"] == '"7"'
    sent = server.bodies[-1]["properties"]
    assert sent["virtualMachineProfile"]["extensionProfile"] == {"extensions": [health], "extensionsTimeBudget": "PT2H"}
    assert sent["upgradePolicy"]["mode"] == "Manual"


async def test_a_model_that_changed_meanwhile_is_not_written(azure: Azure, server: Scripted) -> None:
    server.on(PATH, reply(MODEL | {"etag": '"8"'}))
    with pytest.raises(Changed):
        await azure.write_model(SET, mode=UpgradeMode.ROLLING)
    assert [method for method, _ in server.seen] == ["GET"]
    server.on(PATH, reply(MODEL), fault(412, "PreconditionFailed", "etag"))
    with pytest.raises(Changed):
        await azure.write_model(SET, mode=UpgradeMode.ROLLING)


async def test_a_model_without_an_etag_is_written_without_one(azure: Azure, server: Scripted) -> None:
    server.on(PATH, reply({"id": PATH, "properties": {}}), accepted(server, 200))
    await azure.write_model(replace(SET, etag=""), policy=RollingPolicy())
    assert "If-Match" not in server.headers[-1]
    assert set(server.bodies[-1]["properties"]) == {"upgradePolicy"}


async def test_a_key_vault_reference_is_not_lost_by_a_write(azure: Azure, server: Scripted) -> None:
    vault = {"secretUrl": "https://kv/s", "sourceVault": {"id": "/kv"}}
    current = {"name": "cse", "properties": {"protectedSettingsFromKeyVault": vault}}
    profile = {"extensionProfile": {"extensions": [current]}}
    server.on(PATH, reply(MODEL | {"properties": {"virtualMachineProfile": profile}}))
    server.on(f"{PATH}/extensions/cse", accepted(server, 201))
    before = Extension(name="cse", publisher=LINUX.publisher, type=LINUX.type, version="2.1", from_key_vault=True)
    await azure.write_extension(replace(SET, extensions=(before,)), SCRIPT, None)
    assert server.bodies[-1]["properties"]["protectedSettingsFromKeyVault"] == vault


async def test_flexible_sets_are_read_through_their_machines(azure: Azure, server: Scripted) -> None:
    url = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines"
    server.on(url, reply({"value": [{"name": "web_1a", "location": "westeurope"}]}))
    flexible = replace(SET, orchestration=Orchestration.FLEXIBLE)
    (found,) = await azure.instances(flexible)
    assert found.id == "web_1a"
    query = server.seen[-1][1]
    assert "expand=instanceView" in query and "virtualMachineScaleSet" in query
    server.on(f"{url}/web_1a/extensions/cse", accepted(server, 201))
    await azure.write_vm_extension(flexible, found, replace(SCRIPT, provision_after=("x",)), {"a": Secret("s")})
    assert server.bodies[-1]["location"] == "westeurope"
    assert server.bodies[-1]["properties"]["protectedSettings"] == {"a": "s"}
    assert "provisionAfterExtensions" not in server.bodies[-1]["properties"]


async def test_a_write_that_was_accepted_without_a_place_to_follow_it_has_not_succeeded(
    azure: Azure, server: Scripted
) -> None:
    server.on(f"{PATH}/manualupgrade", reply(b"", 202))
    asked = len(server.seen)
    assert (await azure.operation(await azure.update_instances(SET, ["0"]))).state is OperationState.GONE
    server.on(f"{PATH}/extensions/cse", reply(b"", 202), reply(b"", 204))
    assert (await azure.operation(await azure.remove_extension(SET, "cse"))).state is OperationState.GONE
    assert (await azure.operation(await azure.remove_extension(SET, "cse"))).state is OperationState.SUCCEEDED
    assert len(server.seen) == asked + 3


async def test_retry_after_on_every_poll_delays_nothing(azure: Azure, server: Scripted) -> None:
    server.on(f"{PATH}/manualupgrade", accepted(server))
    handle = await azure.update_instances(SET, ["0"])
    for status in (200, 202):
        server.on(ACCEPTED, reply({"status": "InProgress"}, status, Retry_After="30"))
        async with asyncio.timeout(5):
            for _ in range(3):
                assert (await azure.operation(handle)).state is OperationState.RUNNING


async def test_an_operation_behind_a_monitor_url_answers_with_its_failure(azure: Azure, server: Scripted) -> None:
    server.on(
        f"{PATH}/manualupgrade", reply(b"", 202, Location=f"{server.origin}{ACCEPTED}?monitor=true&api-version=1")
    )
    handle = await azure.update_instances(SET, ["0"])
    locked = fault(409, "ScopeLocked", "following scope(s) are locked: '/subscriptions/s'", x_ms_request_id="r7")
    server.on(ACCEPTED, reply(b"", 202), locked, reply({"properties": {"provisioningState": "Succeeded"}}))
    assert (await azure.operation(handle)).state is OperationState.RUNNING
    failed = await azure.operation(handle)
    assert failed.state is OperationState.FAILED and failed.fault is not None
    assert (failed.fault.code, failed.fault.request_id) == ("ScopeLocked", "r7")
    assert "lock" in failed.fault.next_step
    assert (await azure.operation(handle)).state is OperationState.SUCCEEDED


ATTEMPTS: dict[str, Callable[[Azure], Awaitable[Any]]] = {
    "write_extension": lambda azure: azure.write_extension(SET, SCRIPT, None),
    "write_model": lambda azure: azure.write_model(SET, mode=UpgradeMode.MANUAL, policy=None, script=SCRIPT),
    "write_vm_extension": lambda azure: azure.write_vm_extension(SET, Instance(id="0", name="web_0"), SCRIPT, None),
    "remove_vm_extension": lambda azure: azure.remove_vm_extension(SET, Instance(id="0", name="web_0"), "cse"),
    "remove_extension": lambda azure: azure.remove_extension(SET, "cse"),
    "update_instances": lambda azure: azure.update_instances(SET, ["0"]),
    "cancel_upgrade": lambda azure: azure.cancel_upgrade(SET),
    "set_repairs": lambda azure: azure.set_repairs(SET, running=False),
}


def test_every_port_that_writes_is_tried_read_only() -> None:
    ports = {name for port in (ScriptWriter, InstanceUpdater) for name in vars(port) if not name.startswith("_")}
    assert ports == set(ATTEMPTS)


@pytest.mark.parametrize("name", ATTEMPTS)
async def test_read_only_sends_no_write(name: str, sign_in: Connects, server: Scripted) -> None:
    azure = await sign_in(read_only=True)
    server.on(PATH, reply(MODEL))
    with pytest.raises(UsageError, match="--read-only"):
        await ATTEMPTS[name](azure)
    assert {method for method, _ in server.seen} <= {"GET", "HEAD"}
