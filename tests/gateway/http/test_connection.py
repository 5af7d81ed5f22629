"""The line to Azure: one connection, few retries of reads, none of writes, and every failure in words."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from support.connects import MODEL, PATH, SET, TARGET, drip, half, reset
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
from vmss_tui.domain.fleet.ids import OperationHandle
from vmss_tui.errors import (
    AzureError,
    Conflict,
    ConnectionFailed,
    Forbidden,
    NotFound,
    Throttled,
    Unavailable,
)
from vmss_tui.gateway.client import connect
from vmss_tui.ports import Azure


async def test_one_connection_carries_all_requests(azure: Azure, server: Scripted) -> None:
    server.on(PATH, reply(MODEL))
    for _ in range(10):
        await azure.scale_set(TARGET)
    assert len(server.connections) == 1
    assert len(server.seen) == 10


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
        (reset, ConnectionFailed, "broke"),
        (half, ConnectionFailed, "broke"),
        (fault(503, "ServiceUnavailable", "try later"), Unavailable, "try later"),
    ],
)
async def test_lasting_trouble_is_reported_after_three_tries(
    azure: Azure, server: Scripted, broken: Any, kind: type[Exception], said: str
) -> None:
    server.on(PATH, broken)
    with pytest.raises(kind) as caught:
        await azure.scale_set(TARGET)
    assert said in str(caught.value) and "read scale set rg-web/web" in str(caught.value)
    assert len(server.seen) == 3


@pytest.mark.parametrize("garbage", [b"\x1f\x8b<html>", b'{"id": [1', b"[]", b"", b'{"id":' * 100_000])
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
    assert [[scale_set.id.short for scale_set in page] for page in pages] == [["rg-web/web"], ["rg-web/api"]]
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
    with pytest.raises(ConnectionFailed, match="already read"):
        [page async for page in azure.scale_sets(SUBSCRIPTION)]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x", "http://127.0.0.1/x", "https://127.0.0.1.evil.example/x", "https://[::1", "https://a:b/x",
    ],
)  # fmt: skip
async def test_a_token_never_goes_to_another_host(azure: Azure, server: Scripted, url: str) -> None:
    with pytest.raises(ConnectionFailed, match="another host"):
        await azure.operation(OperationHandle(url))
    server.on(f"{PATH}/virtualMachines", reply({"value": [], "nextLink": url}))
    with pytest.raises(ConnectionFailed, match="another host"):
        await azure.instances(SET)


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
