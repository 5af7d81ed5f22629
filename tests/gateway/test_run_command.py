"""Run Command and addresses: requests and answers as Azure's documentation has them, then the real simulator."""

from dataclasses import replace
from typing import Any

import pytest

from support.connects import PATH, SET, accepted
from support.scripted import Scripted, reply
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.errors import AzureError, UsageError
from vmss_tui.gateway.run_command import output_of
from vmss_tui.ports import Azure, CommandOutput

ONE = Instance(id="3", name="web_3")
LINUX = {
    "value": [
        {
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Provisioning succeeded",
            "message": "Enable succeeded: \n[stdout]\nline 1\n[stderr] is a word\n\n[stderr]\nwarned\n",
        }
    ]
}
WINDOWS = {
    "value": [
        {"code": "ComponentStatus/StdOut/succeeded", "level": "Info", "message": "line 1"},
        {"code": "ComponentStatus/StdErr/succeeded", "level": "Info", "message": "warned"},
    ]
}


def test_both_handlers_are_read() -> None:
    assert output_of(WINDOWS) == CommandOutput("line 1", "warned")
    linux = output_of({"value": [{**LINUX["value"][0], "message": "Enable succeeded: \n[stdout]\na\n\n[stderr]\nb\n"}]})
    assert (linux.stdout, linux.stderr, linux.succeeded) == ("a\n", "b\n", True)
    failed = {"code": "ProvisioningState/failed/1", "message": "Enable failed: x\n[stdout]\na\n\n[stderr]\nb\n"}
    assert output_of({"value": [failed]}) == CommandOutput("a\n", "b\n", succeeded=False)
    assert output_of({}) == CommandOutput()


@pytest.mark.parametrize(("system", "command"), [("linux", "RunShellScript"), ("windows", "RunPowerShellScript")])
async def test_it_is_sent_once_and_polled_to_its_output(
    system: str, command: str, azure: Azure, server: Scripted
) -> None:
    server.on(f"{PATH}/virtualMachines/3/runCommand", accepted(server))
    scale_set = replace(SET, os=HandlerOs(system))
    handle = await azure.run_command(scale_set, ONE, ["echo 1", "echo 2"])
    assert server.bodies[-1] == {"commandId": command, "script": ["echo 1", "echo 2"]}
    path = handle.url.removeprefix(server.origin).partition("?")[0]
    answers: list[dict[str, Any]] = [
        {"status": "InProgress"},
        {"status": "Succeeded", "properties": {"output": LINUX}},
    ]
    server.on(path, *(reply(answer) for answer in answers))
    assert await azure.command_output(scale_set, handle) is None
    shown = await azure.command_output(scale_set, handle)
    assert shown is not None and shown.stdout.startswith("line 1")


async def test_a_failed_one_says_why(azure: Azure, server: Scripted) -> None:
    server.on(f"{PATH}/virtualMachines/3/runCommand", accepted(server))
    handle = await azure.run_command(SET, ONE, ["echo"])
    path = handle.url.removeprefix(server.origin).partition("?")[0]
    error = {"code": "VMAgentStatusCommunicationError", "message": "VM has not reported status for VM agent"}
    server.on(path, reply({"status": "Failed", "error": error}))
    with pytest.raises(AzureError) as caught:
        await azure.command_output(SET, handle)
    assert caught.value.code == "VMAgentStatusCommunicationError" and caught.value.hint


async def test_read_only_mode_sends_none(sign_in: Any, server: Scripted) -> None:
    azure = await sign_in(read_only=True)
    with pytest.raises(UsageError):
        await azure.run_command(SET, ONE, ["echo"])


def interface(primary: bool, *addresses: str) -> dict[str, Any]:
    configurations = [{"properties": {"privateIPAddress": address}} for address in addresses]
    return {"properties": {"primary": primary, "ipConfigurations": configurations}}


async def test_the_primary_address_comes_first(azure: Azure, server: Scripted) -> None:
    found = [interface(False, "10.1.0.9"), interface(True, "fd00::4", "10.0.0.4"), interface(True, "no address")]
    server.on(f"{PATH}/virtualMachines/3/networkInterfaces", reply({"value": found}))
    assert await azure.private_addresses(SET, ONE) == ("10.0.0.4", "fd00::4", "10.1.0.9")


async def test_a_vm_of_a_flexible_set_names_its_interfaces(azure: Azure, server: Scripted) -> None:
    group = PATH.partition("/providers/")[0]
    card = f"{group}/providers/Microsoft.Network/networkInterfaces/web_a1-nic"
    vm = {"properties": {"networkProfile": {"networkInterfaces": [{"id": card}]}}}
    server.on(f"{group}/providers/Microsoft.Compute/virtualMachines/web_a1", reply(vm))
    server.on(card, reply(interface(True, "10.0.0.7")))
    flexible = replace(SET, orchestration=Orchestration.FLEXIBLE)
    assert await azure.private_addresses(flexible, Instance(id="web_a1", name="web_a1")) == ("10.0.0.7",)
