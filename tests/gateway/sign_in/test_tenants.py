"""Who signs in where: a person before the machine, tenants that refuse by name, few processes, whole commands."""

import asyncio
import base64
import json
import time
from pathlib import Path

import pytest
from aiohttp import web

from support.connects import Connects
from support.scripted import SUBSCRIPTION, TENANT, Scripted, fault, jwt, reply
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.errors import SignInFailed
from vmss_tui.gateway.faults import suggested_command

OTHER = "44444444-0000-4000-8000-000000000004"
LISTED = {"value": [{"subscriptionId": SUBSCRIPTION, "displayName": "prod", "state": "Enabled", "tenantId": TENANT}]}


class FakeCli:
    """An `az` on the PATH: prints tokens, notes who asked at the same time, refuses some tenants."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def answers(self, *, error: str = "", refused: str = "nobody", refusal: str = "", seconds: float = 0.0) -> None:
        token = jwt(upn="maria@contoso.com", tid=TENANT, idtyp="user")
        answer = json.dumps({"accessToken": token, "expires_on": int(time.time()) + 3600, "tenant": "t"})
        (self._folder / "answer").write_text(answer)
        (self._folder / "error").write_text(error)
        (self._folder / "refusal").write_text(refusal)
        script = (
            "#!/bin/sh\n"
            f"cd {self._folder}\n"
            "echo start >> log\n"
            f"sleep {seconds}\n"
            "echo end >> log\n"
            "if [ -s error ]; then cat error >&2; exit 1; fi\n"
            f'case "$*" in *{refused}*) cat refusal >&2; exit 1;; esac\n'
            "cat answer\n"
        )
        az = self._folder / "az"
        az.write_text(script)
        az.chmod(0o755)

    def most_at_once(self) -> int:
        running = most = 0
        for line in (self._folder / "log").read_text().split():
            running += 1 if line == "start" else -1
            most = max(most, running)
        return most


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    return FakeCli(tmp_path, monkeypatch)


@pytest.fixture
def machine(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A host with a managed identity."""
    token = jwt(tid=TENANT, oid="machine", xms_mirid="/subscriptions/s/identities/bastion")
    answer = {
        "access_token": token,
        "expires_on": str(int(time.time()) + 3600),
        "resource": "r",
        "token_type": "Bearer",
    }
    server.on("/msi", reply(answer))
    variables = {"IDENTITY_ENDPOINT": f"{server.origin}/msi", "IDENTITY_HEADER": "h"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


async def test_az_login_comes_before_the_managed_identity(
    sign_in: Connects, az: FakeCli, machine: dict[str, str]
) -> None:
    az.answers()
    azure = await sign_in(environ=machine)
    assert (await azure.identity()).name == "maria@contoso.com"
    by_identity = await sign_in(environ=machine, auth="managed-identity")
    assert (await by_identity.identity()).method == "managed identity"


@pytest.mark.parametrize(
    "error", ["ERROR: Please run 'az login' to setup account.", "ImportError: no module named azure"]
)
async def test_the_managed_identity_signs_in_where_no_person_did(
    sign_in: Connects, az: FakeCli, machine: dict[str, str], error: str
) -> None:
    az.answers(error=error)
    azure = await sign_in(environ=machine)
    assert (await azure.identity()).method == "managed identity"
    assert azure.sign_in_record().tried[1].startswith("Azure CLI: ")


async def test_a_person_whose_sign_in_ended_does_not_become_the_machine(
    sign_in: Connects, az: FakeCli, machine: dict[str, str]
) -> None:
    az.answers(error="ERROR: AADSTS700082: The refresh token has expired.\naz login --tenant x --scope y/.default\n")
    with pytest.raises(SignInFailed) as caught:
        await sign_in(environ=machine)
    assert caught.value.code == "AADSTS700082"
    assert caught.value.hint == "run: az login --tenant x --scope y/.default"


async def test_tenants_that_refuse_are_named_with_the_command_to_run(sign_in: Connects, server: Scripted) -> None:
    fabrikam = {"tenantId": OTHER, "displayName": "Fabrikam"}
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}, fabrikam]}))
    server.on("/subscriptions", reply(LISTED))
    azure = await sign_in()
    server.token_answers = [reply({"error": "x", "error_description": "AADSTS50076: you must use multi-factor"}, 400)]
    assert [found.name for found in await azure.subscriptions()] == ["prod"]
    (problem,) = azure.sign_in_record().tenant_problems
    assert (problem.tenant.id, problem.command) == (OTHER, f"az login --tenant {OTHER}")
    assert "another factor" in problem.reason and "AADSTS50076" in problem.reason
    assert problem.sentence.startswith("tenant Fabrikam cannot be read") and problem.command in problem.sentence


async def test_a_tenant_whose_list_fails_once_is_asked_again(sign_in: Connects, server: Scripted) -> None:
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}, {"tenantId": OTHER}]}))
    azure = await sign_in()
    server.on("/subscriptions", reply(LISTED), fault(403, "AuthorizationFailed", "no"), reply(LISTED))
    await azure.subscriptions()
    (problem,) = azure.sign_in_record().tenant_problems
    assert (problem.tenant.id, problem.command) == (OTHER, "")
    await azure.subscriptions()
    assert azure.sign_in_record().tenant_problems == ()


async def test_at_most_four_processes_of_the_azure_cli_run_at_once(
    sign_in: Connects, server: Scripted, az: FakeCli
) -> None:
    tenants = [f"{number:08d}-0000-4000-8000-000000000009" for number in range(12)]
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}, *({"tenantId": tenant} for tenant in tenants)]}))
    server.on("/subscriptions", reply(LISTED))
    az.answers(refused=tenants[3], refusal="AADSTS50079: you must enroll in multi-factor authentication", seconds=0.2)
    azure = await sign_in(environ={}, auth="cli")
    await azure.subscriptions()
    assert az.most_at_once() == 4
    (problem,) = azure.sign_in_record().tenant_problems
    assert problem.tenant.id == tenants[3] and problem.command == f"az login --tenant {tenants[3]}"


async def test_one_subscription_asks_its_own_tenant_only(sign_in: Connects, server: Scripted) -> None:
    wrong = fault(
        401,
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer",
        WWW_Authenticate=f'Bearer authorization_uri="https://login.windows.net/{OTHER}", error="invalid_token"',
    )
    body = {"subscriptionId": SUBSCRIPTION, "displayName": "theirs", "state": "Disabled", "tenantId": OTHER}
    server.on(f"/subscriptions/{SUBSCRIPTION}", wrong, reply(body))
    azure = await sign_in()
    found = await azure.subscription(SUBSCRIPTION)
    assert found == Subscription(SUBSCRIPTION, "theirs", OTHER, "Disabled")
    assert found.is_read_only and not Subscription("s", "s", state="PastDue").is_read_only
    assert [token["tenant"] for token in server.tokens] == [TENANT, OTHER]
    assert {path.split("?")[0] for _, path in server.seen} == {f"/subscriptions/{SUBSCRIPTION}"}


async def test_reads_at_once_in_another_tenant_are_all_sent_again(sign_in: Connects, server: Scripted) -> None:
    refused = fault(
        401,
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer",
        WWW_Authenticate=f'Bearer authorization_uri="https://login.windows.net/{OTHER}", error="invalid_token"',
    )
    granted = reply({"subscriptionId": SUBSCRIPTION, "displayName": "theirs", "tenantId": OTHER})
    waiting = asyncio.Event()

    async def by_tenant(request: web.Request) -> web.StreamResponse:
        claims = request.headers["Authorization"].split(".")[1]
        if json.loads(base64.urlsafe_b64decode(claims + "=="))["tid"] == OTHER:
            return await granted(request)
        if len(server.seen) >= 5:
            waiting.set()
        await waiting.wait()
        return await refused(request)

    server.on(f"/subscriptions/{SUBSCRIPTION}", by_tenant)
    azure = await sign_in()
    found = await asyncio.gather(*(azure.subscription(SUBSCRIPTION) for _ in range(5)))
    assert {subscription.name for subscription in found} == {"theirs"}


async def test_the_command_of_a_claims_challenge_is_whole(sign_in: Connects, server: Scripted, az: FakeCli) -> None:
    az.answers()
    claims = json.dumps({"access_token": {"acrs": {"essential": True, "value": "p1"}, "padding": "x" * 500}})
    encoded = base64.urlsafe_b64encode(claims.encode()).decode()
    target = ScaleSetId(SUBSCRIPTION, "g", "web")
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    server.on(str(target), fault(401, "InvalidAuthenticationToken", "revoked", WWW_Authenticate=challenge))
    azure = await sign_in(environ={}, auth="cli")
    with pytest.raises(SignInFailed) as caught:
        await azure.scale_set(target)
    _, _, said = caught.value.hint.partition("--claims-challenge ")
    shown = said.split()[0].strip('"')
    assert json.loads(base64.b64decode(shown)) == json.loads(claims)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Please run 'az login' to set up an account", ""),
        ("run `az login --tenant a-b.onmicrosoft.com`.", "az login --tenant a-b.onmicrosoft.com"),
        (
            'x\naz login --tenant "T 1" --claims-challenge "eyJ=="\ny',
            'az login --tenant "T 1" --claims-challenge "eyJ=="',
        ),
        ("sign in (az login --tenant T), or ask its owner", "az login --tenant T"),
        ("az login --use-device-code --tenant T; then", "az login --use-device-code --tenant T"),
    ],
)
def test_commands_are_found_in_texts(text: str, command: str) -> None:
    assert suggested_command(text) == command


async def test_questions_at_once_share_one_sign_in(sign_in: Connects, server: Scripted, az: FakeCli) -> None:
    server.on("/subscriptions", reply(LISTED))
    server.on("/tenants", reply({"value": [{"tenantId": TENANT}]}))
    az.answers()
    azure = await sign_in(environ={}, auth="cli")
    await asyncio.gather(*(azure.subscriptions() for _ in range(4)))
    assert az.most_at_once() == 1
