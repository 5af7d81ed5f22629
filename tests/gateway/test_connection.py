"""The line to Azure: one connection, few retries of reads, none of writes, and every failure in words."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from support.scripted import (
    ENVIRON,
    SUBSCRIPTION,
    Authority,
    Scripted,
    Serving,
    fault,
    new_authority,
    reply,
)
from vmss_tui.domain.fleet.ids import OperationHandle, ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationState
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import (
    AzureError,
    Changed,
    Conflict,
    ConnectionFailed,
    Forbidden,
    NotFound,
    Throttled,
    Unavailable,
)
from vmss_tui.gateway.client import connect
from vmss_tui.ports import Azure

TARGET = ScaleSetId(SUBSCRIPTION, "rg-web", "web")
PATH = str(TARGET)
MODEL = {"id": PATH, "name": "web", "location": "westeurope", "etag": '"7"', "properties": {}}
SET = ScaleSet(id=TARGET, location="westeurope", mode=UpgradeMode.MANUAL, etag='"7"')
SCRIPT = ScriptConfig(name="cse", handler=LINUX, settings={"commandToExecute": "sh v2.sh"})
ACCEPTED = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/operations/op1"


def accepted(server: Scripted, status: int = 202, query: str = "?p=1%2B2&t=a%3D") -> Any:
    return reply({}, status, Azure_AsyncOperation=f"{server.origin}{ACCEPTED}{query}")


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "5000"})
    await response.prepare(request)
    await response.write(b'{"id": "/subscr')
    return await reset(request)


async def drip(request: web.Request) -> web.StreamResponse:
    data = json.dumps(MODEL).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(data))})
    await response.prepare(request)
    for start in range(0, len(data), 16):
        await response.write(data[start : start + 16])
        await asyncio.sleep(0.005)
    return response


async def test_one_connection_carries_all_requests(azure: Azure, server: Scripted) -> None:
    server.on(PATH, reply(MODEL))
    for _ in range(30):
        await azure.scale_set(TARGET)
    assert len(server.connections) == 1
    assert len(server.seen) == 30


async def test_requests_name_us_and_the_pinned_version(azure: Azure, server: Scripted) -> None:
    server.on(PATH, reply(MODEL))
    await azure.scale_set(TARGET)
    assert server.seen == [("GET", f"{PATH}?api-version=2024-07-01")]
    assert server.headers[0]["User-Agent"].startswith("vmss-tui/")
    assert server.headers[0]["x-ms-client-request-id"]


async def test_compressed_answers_are_read(azure: Azure, server: Scripted) -> None:
    packed = gzip.compress(json.dumps(MODEL).encode())
    server.on(PATH, reply(packed, Content_Encoding="gzip", Content_Type="application/json"))
    assert (await azure.scale_set(TARGET)).location == "westeurope"


@pytest.mark.parametrize("broken", [reset, half, fault(503, "ServiceUnavailable", "later"), fault(500, "X", "y")])
async def test_a_read_survives_a_moment_of_trouble(azure: Azure, server: Scripted, broken: Any) -> None:
    server.on(PATH, broken, reply(MODEL))
    assert (await azure.scale_set(TARGET)).name == "web"
    assert len(server.seen) == 2


async def test_a_slow_answer_is_waited_for(azure: Azure, server: Scripted) -> None:
    server.on(PATH, drip)
    assert (await azure.scale_set(TARGET)).name == "web"


@pytest.mark.parametrize(
    ("broken", "kind", "said"),
    [
        (reset, ConnectionFailed, "broke off its answer"),
        (half, ConnectionFailed, "broke off its answer"),
        (fault(503, "ServiceUnavailable", "try later"), Unavailable, "try later"),
    ],
)
async def test_lasting_trouble_is_told_after_three_tries(
    azure: Azure, server: Scripted, broken: Any, kind: type[Exception], said: str
) -> None:
    server.on(PATH, broken)
    with pytest.raises(kind) as caught:
        await azure.scale_set(TARGET)
    assert said in str(caught.value) and "read scale set rg-web/web" in str(caught.value)
    assert len(server.seen) == 3


@pytest.mark.parametrize("garbage", [b"\x1f\x8b<html>", b'{"id": [1', b"[]", b""])
async def test_garbage_is_not_mistaken_for_an_answer(azure: Azure, server: Scripted, garbage: bytes) -> None:
    server.on(PATH, reply(garbage, Content_Type="application/json"))
    with pytest.raises(ConnectionFailed, match="could not be read"):
        await azure.scale_set(TARGET)
    assert len(server.seen) == 1


async def test_nobody_listens(authority: Authority) -> None:
    async with Serving(Scripted(), authority.context) as server:
        azure = await connect(server.cloud(authority.ca_file), environ=ENVIRON)
    with pytest.raises(ConnectionFailed, match="cannot be reached") as caught:
        await azure.scale_set(TARGET)
    assert caught.value.hint
    await azure.close()
    await azure.close()


async def test_a_certificate_of_another_authority_is_never_accepted(server: Scripted, tmp_path: Path) -> None:
    other = new_authority(tmp_path / "other")
    with pytest.raises(ConnectionFailed, match="is not trusted") as caught:
        await connect(server.cloud(other.ca_file), environ=ENVIRON)
    assert "ca_file" in caught.value.hint
    assert server.tokens == []


async def test_a_ca_file_that_is_none_is_named(server: Scripted, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(ConnectionFailed, match=r"ca\.pem"):
        await connect(server.cloud(file), environ=ENVIRON)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AuthorizationFailed", Forbidden),
        (404, "ResourceNotFound", NotFound),
        (409, "Conflict", Conflict),
        (400, "BadRequest", AzureError),
    ],
)
async def test_refusals_keep_azures_words(
    azure: Azure, server: Scripted, status: int, code: str, kind: type[AzureError]
) -> None:
    server.on(PATH, fault(status, code, "because of this", x_ms_request_id="req-1"))
    with pytest.raises(kind) as caught:
        await azure.scale_set(TARGET)
    assert "because of this" in caught.value.message
    assert (caught.value.code, caught.value.request_id) == (code, "req-1")
    assert len(server.seen) == 1


async def test_429_is_told_with_its_time_and_nothing_is_sent_until_then(azure: Azure, server: Scripted) -> None:
    server.on(PATH, fault(429, "TooManyRequests", "throttled", Retry_After="60"))
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await azure.scale_set(TARGET)
        assert 50 < caught.value.retry_after <= 60
    assert len(server.seen) == 1
    assert azure.quota().throttled_until is not None


async def test_a_short_429_is_waited_out(azure: Azure, server: Scripted) -> None:
    server.on(PATH, fault(429, "TooManyRequests", "throttled", Retry_After="1"), reply(MODEL))
    assert (await azure.scale_set(TARGET)).name == "web"


async def test_never_having_rolled_is_no_error(azure: Azure, server: Scripted) -> None:
    latest = f"{PATH}/rollingUpgrades/latest"
    server.on(latest, fault(404, "NotFound", "The entity was not found in this Azure location."))
    assert await azure.latest_upgrade(TARGET) is None
    server.on(latest, fault(409, "OperationNotAllowed", "none"))
    assert await azure.latest_upgrade(TARGET) is None
    server.on(latest, fault(404, "ResourceGroupNotFound", "gone"))
    with pytest.raises(NotFound):
        await azure.latest_upgrade(TARGET)


async def test_lists_follow_empty_pages_and_mend_upper_case_groups(azure: Azure, server: Scripted) -> None:
    url = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachineScaleSets"
    shouted = PATH.replace("rg-web", "RG-WEB")
    server.on(
        url,
        reply({"value": [], "nextLink": f"{server.origin}{url}?%24skiptoken=a%2Bb&api-version=2024-07-01"}),
        reply({"value": [{"id": shouted, "name": "web"}], "nextLink": f"{server.origin}{url}?%24skiptoken=c"}),
        reply({"value": [{"id": shouted.replace("/web", "/api"), "name": "api"}]}),
    )
    server.on(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", reply({"value": [{"name": "rg-web"}]}))
    pages = [page async for page in azure.scale_sets(SUBSCRIPTION)]
    assert [[each.id.short for each in page] for page in pages] == [["rg-web/web"], ["rg-web/api"]]
    assert "skiptoken=a%2Bb" in server.seen[1][1]


async def test_an_id_that_is_none_is_an_unreadable_answer(azure: Azure, server: Scripted) -> None:
    server.on(PATH, reply({"id": "/nonsense"}))
    with pytest.raises(ConnectionFailed, match="could not be read"):
        await azure.scale_set(TARGET)


async def test_groups_that_cannot_be_listed_stay_as_they_came(azure: Azure, server: Scripted) -> None:
    url = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachineScaleSets"
    server.on(url, reply({"value": [{"id": PATH.upper(), "name": "web"}]}))
    server.on(f"/subscriptions/{SUBSCRIPTION}/resourcegroups", fault(403, "AuthorizationFailed", "no"))
    (page,) = [page async for page in azure.scale_sets(SUBSCRIPTION)]
    assert page[0].id.group == "RG-WEB"


async def test_a_list_that_leads_nowhere_new_ends(azure: Azure, server: Scripted) -> None:
    url = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachineScaleSets"
    server.on(url, reply({"value": [], "nextLink": f"{server.origin}{url}?again"}))
    with pytest.raises(ConnectionFailed, match="leads back to itself"):
        [page async for page in azure.scale_sets(SUBSCRIPTION)]


@pytest.mark.parametrize("url", ["https://evil.example/x", "http://127.0.0.1/x", "https://127.0.0.1.evil.example/x"])
async def test_a_token_never_goes_to_another_host(azure: Azure, server: Scripted, url: str) -> None:
    with pytest.raises(ConnectionFailed, match="another host"):
        await azure.operation(OperationHandle(url))
    server.on(f"{PATH}/virtualMachines", reply({"value": [], "nextLink": url}))
    with pytest.raises(ConnectionFailed, match="another host"):
        await azure.instances(SET)


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
    assert [each["action"] for each in server.bodies] == ["Suspend", "Resume"]


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


async def test_raw_json_is_scrubbed(azure: Azure, server: Scripted) -> None:
    secret = {"protectedSettings": {"key": "s3cret"}, "adminPassword": "s3cret", "customData": "s3cret", "secrets": []}
    server.on(PATH, reply(MODEL | {"properties": {"deep": [secret]}}))
    found = await azure.raw(TARGET)
    assert "s3cret" not in json.dumps(found)
    assert found["properties"]["deep"][0] == {
        "protectedSettings": "***",
        "adminPassword": "***",
        "customData": "***",
        "secrets": [],
    }
    server.on(f"{PATH}/virtualMachines/3", reply({"instanceId": "3"}))
    assert (await azure.raw(TARGET, "3"))["instanceId"] == "3"
    machine = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web_1a"
    server.on(machine, reply({"name": "web_1a"}))
    assert (await azure.raw(TARGET, "web_1a"))["name"] == "web_1a"


@pytest.fixture
async def proxy(authority: Authority) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that tunnels, and notes where to."""
    asked: list[str] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[0]
        asked.append(line)
        host, _, port = line.split()[1].partition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    listening = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", asked
    listening.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        writer.close()


async def test_a_proxy_of_the_environment_is_used_and_no_proxy_heeded(
    server: Scripted, authority: Authority, proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = proxy
    server.on(PATH, reply(MODEL))
    monkeypatch.setenv("HTTPS_PROXY", url)
    azure = await connect(server.cloud(authority.ca_file), environ=ENVIRON)
    await azure.scale_set(TARGET)
    await azure.close()
    assert asked and all(line.startswith("CONNECT 127.0.0.1:") for line in asked)
    asked.clear()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    azure = await connect(server.cloud(authority.ca_file), environ=ENVIRON)
    await azure.scale_set(TARGET)
    await azure.close()
    assert asked == []
