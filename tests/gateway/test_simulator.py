"""The gateway against the real simulator process: the same code, and the same words, as against Azure."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import vmss_tui
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, OperationStatus, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, ScriptState
from vmss_tui.domain.fleet.snapshot import FleetSnapshot, SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.engine.watch.fleet import FleetWatcher
from vmss_tui.engine.watch.scale_set import SetWatcher
from vmss_tui.errors import Changed, Conflict, Forbidden, NotFound
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in.clouds import load_cloud
from vmss_tui.ports import Azure, SystemClock

SHIPPING = Path(vmss_tui.__file__).parent / "simulator" / "scenarios" / "shipping.toml"
Connected = Callable[..., Awaitable[tuple[SimulatorProcess, Azure]]]


@pytest.fixture
async def connected(simulator: StartsSimulator) -> AsyncIterator[Connected]:
    """A simulator of the test's own, and a client over it."""
    opened: list[Azure] = []

    async def start(speed: float = 60, **environ: str) -> tuple[SimulatorProcess, Azure]:
        process = simulator(speed=speed)
        azure = await connect(load_cloud(None, process.cloud_file), environ={"PATH": "", **environ})
        opened.append(azure)
        return process, azure

    yield start
    for client in opened:
        await client.close()


async def all_sets(azure: Azure) -> dict[str, ScaleSet]:
    found: dict[str, ScaleSet] = {}
    for subscription in await azure.subscriptions():
        async for page in azure.scale_sets(subscription.id):
            found |= {scale_set.name: scale_set for scale_set in page}
    return found


async def ended(azure: Azure, handle: OperationHandle) -> OperationStatus:
    for _ in range(1200):
        status = await azure.operation(handle)
        if status.state is not OperationState.RUNNING:
            return status
        await asyncio.sleep(0.05)
    raise AssertionError(f"{handle} still runs")


def next_version(scale_set: ScaleSet) -> ScriptConfig:
    script = scale_set.script
    assert script is not None
    return replace(script, settings={**script.settings, "commandToExecute": "sh next-version.sh"})


@pytest.mark.parametrize("orchestration", list(Orchestration))
async def test_single_instances_are_what_the_list_says_of_them(
    orchestration: Orchestration, shared_azure: Azure
) -> None:
    sets = (found for found in (await all_sets(shared_azure)).values() if found.orchestration is orchestration)
    scale_set = next(found for found in sets if found.capacity >= 3)
    listed = (await shared_azure.instances(scale_set))[:3]
    single = await shared_azure.some_instances(scale_set, [*(found.id for found in listed), "4711"])
    assert [(found.id, found.script, found.script_digest, found.latest_model) for found in single] == [
        (found.id, found.script, found.script_digest, found.latest_model) for found in listed
    ]


async def test_the_company_is_read(shared_azure: Azure) -> None:
    found = await all_sets(shared_azure)
    assert {scale_set.mode for scale_set in found.values()} == set(UpgradeMode)
    assert {scale_set.orchestration for scale_set in found.values()} == set(Orchestration)
    for scale_set in found.values():
        assert scale_set.id.group != scale_set.id.group.upper(), "upper-cased groups are mended"
        instances = await shared_azure.instances(scale_set)
        assert len(instances) >= 1
        assert all(every.name and every.size for every in instances)


async def test_many_requests_share_few_connections(connected: Connected) -> None:
    process, azure = await connected()
    sets = await all_sets(azure)
    before = process.control.counters()
    for _ in range(5):
        for found_set in sets.values():
            await azure.scale_set(found_set.id)
    after = process.control.counters()
    assert after["total"] - before["total"] >= 50
    assert after["connections"] <= 2


async def test_a_manual_set_takes_the_model_first_and_instances_when_told(connected: Connected) -> None:
    _, azure = await connected(speed=300)
    target = (await all_sets(azure))["api-uks"].id
    scale_set = await azure.scale_set(target)
    script = next_version(scale_set)
    assert (await ended(azure, await azure.write_extension(scale_set, script, None))).state is OperationState.SUCCEEDED
    scale_set = await azure.scale_set(target)
    assert scale_set.script is not None and scale_set.script.digest == script.digest
    before = await azure.instances(scale_set)
    assert not any(instance.latest_model for instance in before)
    chosen = before[0]
    status = await ended(azure, await azure.update_instances(scale_set, [chosen.id]))
    assert status.state is OperationState.SUCCEEDED
    after = {instance.id: instance for instance in await azure.instances(scale_set)}
    assert after[chosen.id].latest_model and after[chosen.id].script_digest == script.digest
    assert after[chosen.id].script.state is ScriptState.SUCCEEDED
    assert sum(instance.latest_model for instance in after.values()) == 1


async def test_a_rolling_set_rolls_by_the_write_and_can_be_cancelled(connected: Connected) -> None:
    _, azure = await connected(speed=30)
    target = (await all_sets(azure))["web-weu"].id
    scale_set = await azure.scale_set(target)
    handle = await azure.write_model(
        scale_set, policy=replace(scale_set.policy, batch_percent=10), script=next_version(scale_set)
    )
    assert (await azure.operation(handle)).state is OperationState.RUNNING
    upgrade = await azure.latest_upgrade(target)
    assert upgrade is not None and upgrade.code is UpgradeCode.ROLLING_FORWARD
    with pytest.raises(Conflict) as caught:
        await azure.write_extension(await azure.scale_set(target), next_version(scale_set), None)
    assert "cancel it first" in caught.value.hint
    assert (await ended(azure, await azure.cancel_upgrade(scale_set))).state is OperationState.SUCCEEDED
    upgrade = await azure.latest_upgrade(target)
    assert upgrade is not None and upgrade.code is UpgradeCode.CANCELLED
    with pytest.raises(Conflict, match="no ongoing Rolling Upgrade"):
        await azure.cancel_upgrade(scale_set)
    now = await azure.scale_set(target)
    assert [extension.name for extension in now.extensions] == [extension.name for extension in scale_set.extensions]
    assert now.policy.batch_percent == 10


async def test_another_users_write_in_between_is_noticed(connected: Connected) -> None:
    process, azure = await connected()
    target = (await all_sets(azure))["api-uks"].id
    scale_set = await azure.scale_set(target)
    answer = process.patch(str(target), {"tags": {"touched": "yes"}})
    assert answer.status == 200, answer.body
    with pytest.raises(Changed):
        await azure.write_model(scale_set, script=next_version(scale_set))


async def test_flexible_machines_take_extensions_one_by_one(connected: Connected) -> None:
    _, azure = await connected(speed=300)
    scale_set = (await all_sets(azure))["cache-sec"]
    machine = (await azure.instances(scale_set))[0]
    handle = await azure.write_vm_extension(scale_set, machine, next_version(scale_set), None)
    assert (await ended(azure, handle)).state is OperationState.SUCCEEDED
    found = {instance.id: instance for instance in await azure.instances(scale_set)}
    assert found[machine.id].script_digest == next_version(scale_set).digest
    assert not found[machine.id].latest_model


async def test_a_first_installation_can_be_undone(connected: Connected) -> None:
    """Of a set that has no script yet: Azure takes one extension of a handler only."""
    _, azure = await connected(speed=300)
    target = (await all_sets(azure))["jumpbox-stg"].id
    scale_set = await azure.scale_set(target)
    extra = ScriptConfig(name="extra", handler=LINUX, settings={"commandToExecute": "true"})
    await ended(azure, await azure.write_extension(scale_set, extra, None))
    assert "extra" in [extension.name for extension in (await azure.scale_set(target)).extensions]
    await ended(azure, await azure.remove_extension(scale_set, "extra"))
    assert (await azure.scale_set(target)).extensions == scale_set.extensions


async def test_what_is_not_there_and_what_is_not_allowed(connected: Connected) -> None:
    process, azure = await connected()
    target = (await all_sets(azure))["api-uks"].id
    for missing in (replace(target, name="nope"), replace(target, group="rg-nope")):
        with pytest.raises(NotFound):
            await azure.scale_set(missing)
    reader = principal("shipping-reader")
    environ = {
        "AZURE_TENANT_ID": process.tenant_id,
        "AZURE_CLIENT_ID": reader["client_id"],
        "AZURE_CLIENT_SECRET": reader["secret"],
    }
    only_reads = await connect(load_cloud(None, process.cloud_file), environ=environ)
    try:
        scale_set = await only_reads.scale_set(target)
        with pytest.raises(Forbidden) as caught:
            await only_reads.write_extension(scale_set, next_version(scale_set), None)
        assert "virtualMachineScaleSets/extensions/write" in caught.value.hint
    finally:
        await only_reads.close()


async def test_a_short_lived_token_is_invisible(connected: Connected) -> None:
    process, azure = await connected()
    process.control.sign_in(token_lifetime=2)
    target = (await all_sets(azure))["api-uks"].id
    process.control.sign_in(revoke="")
    for _ in range(14):
        assert (await azure.scale_set(target)).name == "api-uks"
        await asyncio.sleep(0.25)
    tokens = [request for request in process.control.requests("token") if request["method"] == "POST"]
    assert len(tokens) >= 2


async def test_subscriptions_of_a_second_tenant_are_found(simulator: StartsSimulator, tmp_path: Path) -> None:
    second = (
        '\n[[principals]]\nname = "shipping-deployer"\nclient_id = "5e6d7c8b-9a0f-4e1d-8c2b-3a4f5e6d7c8b"\n'
        'object_id = "0f0f0f0f-0b1a-4f2e-9d3c-4b5a6f7e8d9c"\ntenant = "Fabrikam Freight"\n'
        'secret = "simulated-secret-of-shipping-deployer"\nroles = [{ role = "Reader", scope = "/" }]\n'
    )
    scenario = tmp_path / "two-tenants.toml"
    scenario.write_text(SHIPPING.read_text() + second)
    process = simulator(scenario)
    azure = await connect(load_cloud(None, process.cloud_file), environ={"PATH": ""})
    try:
        tenants = {tenant.id: tenant.name for tenant in await azure.tenants()}
        found = await azure.subscriptions()
        assert {tenants[subscription.tenant_id] for subscription in found} == {"Contoso Shipping", "Fabrikam Freight"}
        for subscription in found:
            sets = [every async for page in azure.scale_sets(subscription.id) for every in page]
            assert sets, subscription.name
            assert await azure.instances(sets[0])
    finally:
        await azure.close()


async def test_files_of_a_script_are_pinned(shared_simulator: SimulatorProcess, shared_azure: Azure) -> None:
    scripts = [
        script for scale_set in (await all_sets(shared_azure)).values() if (script := scale_set.script) is not None
    ]
    uri = next(uri for script in scripts for uri in script.file_uris)
    served = f"{shared_simulator.origin}/files/{uri.removeprefix('https://')}"
    found = await shared_azure.pin(served)
    assert (found.problem, found.mutable, len(found.sha256)) == ("", "", 64)
    assert found.size > 0
    mirrored = await shared_azure.pin(uri)
    assert (mirrored.problem, mirrored.sha256) == ("", found.sha256), "the cloud's mirror has it under its own address"


async def test_watching_a_set_publishes_what_moves(connected: Connected) -> None:
    process, azure = await connected(speed=60)
    target = (await all_sets(azure))["web-weu"].id
    watcher = SetWatcher(azure, target, SystemClock(), watch_seconds=0.2, idle_seconds=0.5)
    async with asyncio.timeout(60), aclosing(watcher.snapshots()) as stream:
        first = await anext(stream)
        assert isinstance(first, SetSnapshot)
        await azure.write_extension(first.scale_set, next_version(first.scale_set), None)
        async for snapshot in stream:
            assert isinstance(snapshot, SetSnapshot)
            if any(every.script.state is ScriptState.RUNNING for every in snapshot.instances):
                break
    assert process.control.counters()["throttled"] == 0


async def test_watching_the_fleet_stays_within_half_of_every_bucket(connected: Connected) -> None:
    process, azure = await connected(speed=1)
    watcher = FleetWatcher(azure, SystemClock(), idle_seconds=0.3)
    fleet = FleetSnapshot(complete=False)
    async with asyncio.timeout(60), aclosing(watcher.snapshots()) as stream:
        async for snapshot in stream:
            assert isinstance(snapshot, FleetSnapshot)
            fleet = snapshot
            if fleet.complete:
                break
    assert {entry.scale_set.name for entry in fleet.entries} == set(await all_sets(azure))
    counters = process.control.counters()
    assert counters["throttled"] == 0
    lasting = [bucket for bucket in azure.quota().buckets if "graph" not in bucket.name]
    assert all(bucket.remaining > bucket.highest / 2 for bucket in lasting), (
        "Resource Graph's is full again after five seconds"
    )


@pytest.mark.campaign
async def test_a_tight_quota_is_never_overrun(connected: Connected) -> None:
    process, azure = await connected(speed=1)
    process.control.throttle(sizes={"HighCostGetVMScaleSet": [120, 1200], "GetVMScaleSet": [120, 1200]})
    target = (await all_sets(azure))["web-weu"].id
    watcher = SetWatcher(azure, target, SystemClock(), watch_seconds=0.01, idle_seconds=0.01)
    reading = asyncio.create_task(_drain(watcher.snapshots()))

    def reads() -> int:
        return int(process.control.counters()["groups"]["HighCostGetVMScaleSet"])

    await asyncio.to_thread(process.wait_for, lambda: reads() > 62, "the watcher to pass half of the bucket", 90)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert process.control.counters()["throttled"] == 0
    assert 0.3 < azure.quota().share < 0.6


async def _drain(stream: AsyncIterator[object]) -> None:
    async for _ in stream:
        pass


def principal(name: str) -> dict[str, Any]:
    """A sign-in of the default scenario."""
    return next(
        principal for principal in tomllib.loads(SHIPPING.read_text())["principals"] if principal["name"] == name
    )
