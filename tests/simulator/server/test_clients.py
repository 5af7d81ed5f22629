"""Azure's own Python clients against the simulator: azure-identity and azure-mgmt-compute, nothing patched."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity import (
    ClientSecretCredential,
    DeviceCodeCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.compute.models import (
    RunCommandInput,
    VirtualMachineScaleSetExtension,
    VirtualMachineScaleSetExtensionProperties,
    VirtualMachineScaleSetVMInstanceRequiredIDs,
)

from support.simulated.people import GATE, subscription
from support.simulator import SimulatorProcess, StartsSimulator

SCOPE = "https://management.azure.com/.default"


def common(sim: SimulatorProcess) -> dict[str, Any]:
    return {
        "authority": sim.origin,
        "disable_instance_discovery": True,
        "connection_verify": str(sim.ca_file),
    }


def opens_arm(sim: SimulatorProcess, credential: Any) -> bool:
    with credential:
        token = credential.get_token(SCOPE).token
    return sim.get("/subscriptions", token=token).status == 200


def test_client_secret(shared_simulator: SimulatorProcess) -> None:
    sim = shared_simulator
    credential = ClientSecretCredential(sim.tenant_id, sim.client_id, sim.client_secret, **common(sim))
    assert opens_arm(sim, credential)


def test_a_wrong_client_secret(shared_simulator: SimulatorProcess) -> None:
    sim = shared_simulator
    credential = ClientSecretCredential(sim.tenant_id, sim.client_id, "wrong", **common(sim))
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        opens_arm(sim, credential)


def test_environment(shared_simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in shared_simulator.variables.items():
        monkeypatch.setenv(name, value)
    assert opens_arm(shared_simulator, EnvironmentCredential(disable_instance_discovery=True))


def test_workload_identity(shared_simulator: SimulatorProcess, tmp_path: Path) -> None:
    sim = shared_simulator
    assertion = tmp_path / "token"
    assertion.write_text("a.b.c")
    credential = WorkloadIdentityCredential(
        tenant_id=sim.tenant_id, client_id=sim.client_id, token_file_path=str(assertion), **common(sim)
    )
    assert opens_arm(sim, credential)


def test_device_code(shared_simulator: SimulatorProcess) -> None:
    prompts: list[tuple[str, str]] = []
    credential = DeviceCodeCredential(
        tenant_id=shared_simulator.tenant_id,
        prompt_callback=lambda url, code, expires: prompts.append((url, code)),
        **common(shared_simulator),
    )
    assert opens_arm(shared_simulator, credential)
    assert prompts[0][0].startswith(shared_simulator.origin)


@pytest.mark.parametrize("kind", ["app service", "imds"])
def test_managed_identity(shared_simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    ready = shared_simulator.ready
    if kind == "imds":
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", ready["imds_endpoint"])
    else:
        monkeypatch.setenv("IDENTITY_ENDPOINT", ready["identity_endpoint"])
        monkeypatch.setenv("IDENTITY_HEADER", ready["identity_header"])
    assert opens_arm(shared_simulator, ManagedIdentityCredential())


@asynccontextmanager
async def compute(sim: SimulatorProcess, **more: Any) -> AsyncIterator[ComputeManagementClient]:
    context = ssl.create_default_context(cafile=sim.ca_file)
    sessions = [
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context), auto_decompress=False) for _ in range(2)
    ]
    credential = AsyncClientSecretCredential(
        sim.tenant_id,
        sim.client_id,
        sim.client_secret,
        authority=sim.origin,
        transport=AioHttpTransport(session=sessions[0]),
    )
    home = subscription(sim, "prod-europe").rpartition("/")[2]
    client = ComputeManagementClient(
        credential,
        home,
        base_url=sim.origin,
        credential_scopes=[SCOPE],
        transport=AioHttpTransport(session=sessions[1]),
        **more,
    )
    async with credential, client:
        yield client


async def names(client: ComputeManagementClient) -> set[str]:
    return {str(scale_set.name) async for scale_set in client.virtual_machine_scale_sets.list_all()}


async def test_a_long_running_write_ends_without_waiting_thirty_seconds(simulator: StartsSimulator) -> None:
    sim = simulator(GATE, speed=1000)
    async with compute(sim) as client:
        assert await names(client) == {"web", "billing"}
        poller = await client.virtual_machine_scale_set_extensions.begin_create_or_update(
            "rg-web",
            "web",
            "CustomScript",
            VirtualMachineScaleSetExtension(
                properties=VirtualMachineScaleSetExtensionProperties(
                    publisher="Microsoft.Azure.Extensions",
                    type="CustomScript",
                    type_handler_version="2.1",
                    settings={"commandToExecute": "./v2.sh"},
                )
            ),
        )
        written = await poller.result()
        assert written.provisioning_state == "Succeeded"
        upgraded = await client.virtual_machine_scale_sets.begin_update_instances(
            "rg-web", "web", VirtualMachineScaleSetVMInstanceRequiredIDs(instance_ids=["*"])
        )
        await upgraded.result()
        found = [instance async for instance in client.virtual_machine_scale_set_vms.list("rg-web", "web")]
        assert all(instance.properties and instance.properties.latest_model_applied for instance in found)


FLEXIBLE = """
[scenario]
name = "flexible"
[[subscriptions]]
name = "prod-europe"
[[scale_sets]]
name = "cache"
group = "rg"
orchestration = "Flexible"
mode = "Manual"
[scale_sets.script]
command = "./v1.sh"
"""


async def test_one_vm_of_a_flexible_set_is_switched_and_asked(simulator: StartsSimulator, tmp_path: Path) -> None:
    scenario = tmp_path / "flexible.toml"
    scenario.write_text(FLEXIBLE)
    sim = simulator(scenario, speed=1000)
    async with compute(sim) as client:
        vms = client.virtual_machines
        target = f"{client._config.subscription_id}/resourceGroups/rg/providers/Microsoft.Compute"
        wanted = f"'virtualMachineScaleSet/id' eq '/subscriptions/{target}/virtualMachineScaleSets/cache'"
        listed = [vm async for vm in vms.list("rg", filter=wanted)]
        assert all(list(extension.as_dict()) == ["id"] for vm in listed for extension in vm.resources or ())
        name = str(listed[0].name)
        for begin, power in (
            (vms.begin_restart, "running"),
            (vms.begin_power_off, "stopped"),
            (vms.begin_start, "running"),
            (vms.begin_deallocate, "deallocated"),
            (vms.begin_start, "running"),
            (vms.begin_reapply, "running"),
        ):
            poller: Any = await begin("rg", name)
            await poller.result()
            view = await vms.instance_view("rg", name)
            assert f"PowerState/{power}" in {status.code for status in view.statuses or ()}
        command = RunCommandInput(command_id="RunShellScript", script=["df -h"])
        ran = await (await vms.begin_run_command("rg", name, command)).result()
        assert "Filesystem" in str((ran.value or [])[0].message)


async def test_a_revoked_token_is_answered_by_the_sdk_with_a_new_one(simulator: StartsSimulator) -> None:
    """Continuous access evaluation: a 401 with a claims challenge, then the request is repeated."""
    sim = simulator(GATE)
    async with compute(sim) as client:
        assert await names(client)
        sim.control.sign_in(revoke="")
        sim.control.reset_counters()
        assert await names(client)
    counters = sim.control.counters()
    assert counters["statuses"]["401"] == 1
    assert sum(count for route, count in counters["routes"].items() if route.endswith("/token")) == 1


async def test_every_page_of_a_list_is_followed(simulator: StartsSimulator, tmp_path: Path) -> None:
    scenario = tmp_path / "paged.toml"
    scenario.write_text(GATE.read_text() + "\n[paging]\nscale_sets = 1\nempty_page = true\n")
    sim = simulator(scenario)
    async with compute(sim) as client:
        assert await names(client) == {"web", "billing"}


async def test_an_arm_error_reaches_the_caller_with_its_code(simulator: StartsSimulator) -> None:
    sim = simulator(GATE)
    async with compute(sim) as client:
        with pytest.raises(HttpResponseError) as refused:
            await client.virtual_machine_scale_set_rolling_upgrades.begin_cancel("rg-web", "web")
    assert refused.value.status_code == 409
    assert refused.value.error is not None
    assert refused.value.error.code == "OperationNotAllowed"


async def test_throttling_is_slept_through_by_the_sdks_own_retries(simulator: StartsSimulator) -> None:
    sim = simulator(GATE)
    async with compute(sim) as client:
        await names(client)
        sim.control.add_fault(kind="status", path="*/virtualMachineScaleSets", status=429, count=1, retry_after=1)
        assert await names(client)
    assert sim.control.counters()["throttled"] == 1
