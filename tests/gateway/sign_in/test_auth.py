"""Signing in: order, what each credential says, tokens asked for once, and quick failure."""

import asyncio
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from support.connects import Connects
from support.scripted import (
    CLIENT,
    ENVIRON,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    Authority,
    Scripted,
    fault,
    jwt,
    reply,
)
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import ConnectionFailed, SignInFailed, UsageError
from vmss_tui.gateway.client import connect
from vmss_tui.gateway.sign_in import candidates
from vmss_tui.gateway.sign_in.clouds import Cloud, load_cloud
from vmss_tui.gateway.sign_in.environment import read_environment
from vmss_tui.gateway.sign_in.in_person import CodeToType

LISTED = {"value": [{"subscriptionId": SUBSCRIPTION, "displayName": "prod", "state": "Enabled", "tenantId": TENANT}]}
OTHER = "44444444-0000-4000-8000-000000000004"


def script_subscriptions(server: Scripted) -> None:
    server.on("/subscriptions", reply(LISTED))
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}]}))


async def test_the_environments_service_principal(sign_in: Connects, server: Scripted) -> None:
    azure = await sign_in()
    who = await azure.identity()
    assert (who.method, who.kind, who.tenant_id, who.name) == ("environment", "application", TENANT, CLIENT)
    assert [token["client_secret"] for token in server.tokens] == [SECRET]
    assert server.tokens[0]["scope"] == "https://management.azure.com/.default"


async def test_one_token_serves_many_requests(sign_in: Connects, server: Scripted) -> None:
    script_subscriptions(server)
    azure = await sign_in()
    await asyncio.gather(*(azure.subscriptions() for _ in range(5)))
    assert len(server.tokens) == 1


async def test_a_token_near_its_end_is_renewed(sign_in: Connects, server: Scripted) -> None:
    server.token_life = 1
    script_subscriptions(server)
    azure = await sign_in()
    await asyncio.sleep(1.05)
    before, server.token_life = len(server.tokens), 3600
    await azure.subscriptions()
    await azure.subscriptions()
    assert len(server.tokens) == before + 1, "renewed once, then kept"


async def test_nothing_set_up_lists_what_was_tried(server: Scripted, authority: Authority) -> None:
    with pytest.raises(SignInFailed) as caught:
        await connect(server.cloud(authority.ca_file), environ={"PATH": ""})
    said = caught.value.message
    assert "environment: AZURE_TENANT_ID and AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set" in said
    assert "managed identity: this host has no metadata service" in said
    assert "Azure CLI:" in said
    assert "az login" in caught.value.hint
    assert caught.value.exit_code == 3


async def test_a_refused_secret_ends_the_search_at_once(server: Scripted, authority: Authority) -> None:
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided. x"}
    server.token_answers = [reply(refusal, 401)]
    with pytest.raises(SignInFailed) as caught:
        await connect(server.cloud(authority.ca_file), environ=ENVIRON)
    assert "environment was refused" in caught.value.message and "AADSTS7000215" in caught.value.message
    assert "AZURE_CLIENT_SECRET" in caught.value.hint
    assert SECRET not in f"{caught.value.message}{caught.value.hint}{caught.value.__cause__}"
    assert len(server.tokens) == 1


async def test_an_unreachable_authority_fails_quickly(authority: Authority) -> None:
    cloud = Scripted(origin="https://127.0.0.1:9").cloud(authority.ca_file)
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:9 cannot be reached"):
        await connect(cloud, environ=ENVIRON)


async def test_an_unknown_way_to_sign_in(server: Scripted, authority: Authority) -> None:
    with pytest.raises(UsageError, match="--auth 'magic'"):
        await connect(server.cloud(authority.ca_file), auth="magic", environ=ENVIRON)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    file.chmod(stat.S_IRUSR)
    cloud = Cloud(name="c", resource_manager="", authority="")
    environ = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_CLIENT_SECRET_FILE": str(file)}
    found = read_environment(cloud, None, environ)
    assert found.secret is not None and found.secret.reveal() == "from-a-file"
    assert "from-a-file" not in repr(found)
    with pytest.raises(SignInFailed, match="AZURE_CLIENT_SECRET_FILE"):
        read_environment(cloud, None, environ | {"AZURE_CLIENT_SECRET_FILE": str(tmp_path / "no")})
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    file.write_text("")
    assert read_environment(cloud, None, environ).missing == "AZURE_CLIENT_SECRET is not set"


def test_a_set_of_variables_is_taken_whole_from_one_place() -> None:
    cloud = Cloud(
        name="c",
        resource_manager="",
        authority="",
        tenant_id="cloud-tenant",
        environment={"AZURE_CLIENT_ID": "clouds", "AZURE_CLIENT_SECRET": "s1"},
    )
    found = read_environment(cloud, None, {"AZURE_CLIENT_ID": "mine"})
    assert (found.client_id, found.tenant) == ("clouds", "cloud-tenant")
    whole = {"AZURE_CLIENT_ID": "mine", "AZURE_CLIENT_SECRET": "s2", "AZURE_TENANT_ID": "t2"}
    found = read_environment(cloud, None, whole)
    assert (found.client_id, found.tenant) == ("mine", "t2")
    assert read_environment(cloud, "asked", whole).tenant == "asked"


async def test_a_certificate_that_is_not_there_is_a_refusal(server: Scripted, authority: Authority) -> None:
    environ = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere.pem"}
    with pytest.raises(SignInFailed, match=r"cannot start.*nowhere\.pem"):
        await connect(server.cloud(authority.ca_file), environ=environ | {"PATH": ""})


async def test_workload_identity(sign_in: Connects, server: Scripted, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(jwt(sub="system:serviceaccount"))
    environ = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_FEDERATED_TOKEN_FILE": str(token)}
    azure = await sign_in(environ=environ | {"PATH": ""})
    assert (await azure.identity()).method == "workload identity"
    assert server.tokens[0]["client_assertion"] == token.read_text()


async def test_the_azure_cli(sign_in: Connects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    az = tmp_path / "az"
    token = jwt(upn="maria@contoso.com", tid=TENANT, idtyp="user")
    answer = f'{{"accessToken": "{token}", "expires_on": {int(time.time()) + 3600}, "tenant": "t"}}'
    az.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\ncat <<'X'\n{answer}\nX\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    azure = await sign_in(environ={}, auth="cli")
    who = await azure.identity()
    assert (who.name, who.method, who.kind) == ("maria@contoso.com", "Azure CLI", "user")
    await azure.identity()
    assert (tmp_path / "runs").read_text().count("run") == 1


async def test_a_signed_out_azure_cli(
    server: Scripted, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    az = tmp_path / "az"
    az.write_text("#!/bin/sh\necho \"ERROR: Please run 'az login' to setup account.\" >&2\nexit 1\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SignInFailed, match="Azure CLI: Please run 'az login'"):
        await connect(server.cloud(authority.ca_file), auth="cli", environ={})


async def test_a_machine_without_metadata_is_noticed() -> None:
    assert await candidates.is_listening("127.0.0.1", 9) is False


@pytest.mark.parametrize("way", ["imds", "app service"])
async def test_managed_identity(shared_simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    ready = shared_simulator.ready
    variables = (
        {"AZURE_POD_IDENTITY_AUTHORITY_HOST": str(ready["imds_endpoint"])}
        if way == "imds"
        else {"IDENTITY_ENDPOINT": str(ready["identity_endpoint"]), "IDENTITY_HEADER": str(ready["identity_header"])}
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    cloud = structs.replace(load_cloud(None, shared_simulator.cloud_file), environment={}, credential="auto")
    azure = await connect(cloud, environ=variables)
    who = await azure.identity()
    await azure.close()
    assert (who.method, who.kind) == ("managed identity", "managed identity")


async def test_device_code(shared_simulator: SimulatorProcess) -> None:
    shown: list[CodeToType] = []
    cloud = load_cloud(None, shared_simulator.cloud_file)
    azure = await connect(cloud, auth="device", environ={}, on_device_code=shown.append)
    who = await azure.identity()
    subscriptions = await azure.subscriptions()
    await azure.close()
    assert who.kind == "user" and who.method == "device code"
    assert subscriptions
    (asked,) = shown
    assert asked.url.startswith("https://") and asked.expires_on.tzinfo is not None
    assert asked.code in asked.message and asked.url in asked.message


async def test_a_network_that_fails_is_no_refusal_of_a_device_code(shared_simulator: SimulatorProcess) -> None:
    cloud = structs.replace(load_cloud(None, shared_simulator.cloud_file), authority="https://127.0.0.1:9")
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1:9"):
        await connect(cloud, auth="device", environ={}, on_device_code=lambda _: None)


async def test_device_code_needs_somebody_to_show_it_to(shared_simulator: SimulatorProcess) -> None:
    with pytest.raises(SignInFailed, match="needs a terminal"):
        await connect(load_cloud(None, shared_simulator.cloud_file), auth="device", environ={})


async def test_leaving_a_device_code_unanswered_does_not_hold_up_the_end(simulator: StartsSimulator) -> None:
    process = simulator()
    process.control.sign_in(hold_device_codes=True)
    shown = asyncio.Event()
    cloud = load_cloud(None, process.cloud_file)
    waiting = asyncio.create_task(connect(cloud, auth="device", environ={}, on_device_code=lambda *_: shown.set()))
    await asyncio.wait_for(shown.wait(), 20)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    process.control.sign_in(device="decline")


async def test_subscriptions_of_other_tenants_are_read_with_their_own_tokens(
    sign_in: Connects, server: Scripted
) -> None:
    theirs = "55555555-0000-4000-8000-000000000005"
    their_list = {"value": [{"subscriptionId": theirs, "displayName": "theirs", "state": "Warned", "tenantId": OTHER}]}
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}, {"tenantId": OTHER, "displayName": "Fabrikam"}]}))
    server.on("/subscriptions", reply(LISTED), reply(their_list))
    server.on("*", reply({"value": []}))
    azure = await sign_in()
    found = await azure.subscriptions()
    assert [(subscription.name, subscription.tenant_id, subscription.state) for subscription in found] == [
        ("prod", TENANT, "Enabled"),
        ("theirs", OTHER, "Warned"),
    ]
    assert [token["tenant"] for token in server.tokens] == [TENANT, OTHER]
    assert [page async for page in azure.scale_sets(theirs)] == []
    used = [_tenant_of(headers["Authorization"]) for headers in server.headers]
    assert used[-1] == OTHER


async def test_an_application_has_an_object_id_in_each_tenant(sign_in: Connects, server: Scripted) -> None:
    """Its own writes in another tenant are not those of another client."""
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}, {"tenantId": OTHER}]}))
    theirs = "55555555-0000-4000-8000-000000000005"
    entry = {"subscriptionId": theirs, "displayName": "theirs", "state": "Enabled", "tenantId": OTHER}
    server.on("/subscriptions", reply(LISTED), reply({"value": [entry]}))
    change = {
        "eventTimestamp": "2026-03-01T11:05:00Z",
        "operationName": {"value": "Microsoft.Compute/virtualMachineScaleSets/write"},
        "status": {"value": "Succeeded"},
    }
    server.on("*", reply({"value": [{**change, "caller": caller} for caller in ("oid-1", "OID-2", "oid-3", "")]}))
    azure = await sign_in()
    await azure.subscriptions()
    log = await azure.activity(ScaleSetId(theirs, "rg", "web"), datetime(2026, 3, 1, tzinfo=UTC))
    assert [entry.by_me for entry in log.entries] == [True, True, False, False]


async def test_json_that_is_no_token_is_named_as_such(authority: Authority, server: Scripted) -> None:
    server.token_answers = [reply(b'"a proxy says no"', 400)] * 3
    with pytest.raises(ConnectionFailed, match=r"the answer of .* could not be read"):
        await connect(server.cloud(authority.ca_file), environ=ENVIRON)


async def test_a_tenant_that_refused_is_not_asked_again(sign_in: Connects, server: Scripted) -> None:
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}, {"tenantId": OTHER}]}))
    server.on("/subscriptions", reply(LISTED))
    azure = await sign_in()
    server.token_answers = [reply({"error": "x", "error_description": "AADSTS50076: another factor"}, 400)]
    await azure.subscriptions()
    asked = len(server.tokens)
    await azure.subscriptions()
    assert len(server.tokens) == asked


async def test_tenants_that_cannot_be_listed_do_not_hide_subscriptions(sign_in: Connects, server: Scripted) -> None:
    server.on("/tenants", fault(403, "AuthorizationFailed", "no"))
    server.on("/subscriptions", reply(LISTED))
    azure = await sign_in()
    assert [subscription.name for subscription in await azure.subscriptions()] == ["prod"]


async def test_one_tenant_when_asked(sign_in: Connects, server: Scripted) -> None:
    server.on("/subscriptions", reply(LISTED))
    azure = await sign_in(tenant=OTHER)
    await azure.subscriptions()
    assert [path for _, path in server.seen] == ["/subscriptions?api-version=2022-12-01"]
    assert server.tokens[0]["tenant"] == OTHER


async def test_a_subscription_of_an_unlisted_tenant_is_learnt_from_the_refusal(
    sign_in: Connects, server: Scripted
) -> None:
    target = ScaleSetId(SUBSCRIPTION, "g", "web")
    wrong = fault(
        401,
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer",
        WWW_Authenticate=f'Bearer authorization_uri="https://login.windows.net/{OTHER}", error="invalid_token"',
    )
    server.on(str(target), wrong, reply({"id": str(target), "name": "web", "location": "westeurope"}))
    azure = await sign_in()
    found = await azure.scale_set(target)
    assert found.location == "westeurope"
    assert [token["tenant"] for token in server.tokens] == [TENANT, OTHER]


async def test_a_token_that_azure_no_longer_takes_is_replaced_once(sign_in: Connects, server: Scripted) -> None:
    target = ScaleSetId(SUBSCRIPTION, "g", "web")
    expired = fault(401, "ExpiredAuthenticationToken", "The access token expiry UTC time '…' is earlier")
    server.on(str(target), expired, reply({"id": str(target)}))
    azure = await sign_in()
    await azure.scale_set(target)
    assert len(server.tokens) == 2
    server.on(str(target), expired)
    with pytest.raises(SignInFailed, match="expiry"):
        await azure.scale_set(target)


async def test_a_claims_challenge_is_answered(sign_in: Connects, server: Scripted) -> None:
    import base64

    claims = '{"access_token":{"nbf":{"essential":true,"value":"1600000000"}}}'
    encoded = base64.urlsafe_b64encode(claims.encode()).decode()
    challenge = fault(
        401,
        "InvalidAuthenticationToken",
        "revoked",
        WWW_Authenticate=f'Bearer realm="", error="insufficient_claims", claims="{encoded}"',
    )
    target = ScaleSetId(SUBSCRIPTION, "g", "web")
    server.on(str(target), challenge, reply({"id": str(target)}))
    azure = await sign_in()
    await azure.scale_set(target)
    assert '"nbf"' in server.tokens[-1]["claims"]


async def test_a_revoked_session_continues_after_the_challenge(simulator: StartsSimulator) -> None:
    process = simulator()
    azure = await connect(load_cloud(None, process.cloud_file), environ={"PATH": ""})
    before = await azure.subscriptions()
    process.control.sign_in(revoke="")
    assert await azure.subscriptions() == before
    await azure.close()


def _tenant_of(header: str) -> Any:
    from vmss_tui.gateway.sign_in.claims import read_claims

    return read_claims(header.removeprefix("Bearer ")).get("tid")
