"""Sign-in, as raw requests: what Entra ID answers and refuses. Error numbers: Entra ID's documented AADSTS codes."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from support.simulated.people import GATE
from support.simulator import Answer, SimulatorProcess, StartsSimulator, send

ARM = "https://management.azure.com"
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The public client id of the Azure CLI."""


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def sign_in(sim: SimulatorProcess, path: str = "oauth2/v2.0/token", **form: str) -> Answer:
    fields = {
        "grant_type": "client_credentials",
        "client_id": sim.client_id,
        "client_secret": sim.client_secret,
        "scope": f"{ARM}/.default",
    }
    return sim.form(f"/{sim.tenant_id}/{path}", **(fields | form))


def test_a_token_says_who_where_and_until_when(shared_simulator: SimulatorProcess) -> None:
    answer = sign_in(shared_simulator)
    assert answer.status == 200
    assert answer.body["token_type"] == "Bearer"
    claims = claims_of(answer.body["access_token"])
    assert claims["tid"] == shared_simulator.tenant_id
    assert claims["appid"] == shared_simulator.client_id
    assert claims["aud"] == ARM
    assert claims["exp"] - claims["iat"] == answer.body["expires_in"]
    assert {"oid", "sub", "name", "iss"} <= set(claims)


@pytest.mark.parametrize(
    "scope",
    [
        "https://management.core.windows.net//.default",
        "https://management.core.windows.net/.default",
        "https://management.azure.com/.default",
        "https://management.azure.com//.default",
        "https://management.azure.com/.default openid profile offline_access",
    ],
)
def test_every_spelling_of_the_audience_that_clients_send_opens_arm(
    shared_simulator: SimulatorProcess, scope: str
) -> None:
    token = sign_in(shared_simulator, scope=scope).body["access_token"]
    assert shared_simulator.get("/subscriptions", token=token).status == 200


def test_the_first_version_of_the_token_endpoint_takes_a_resource(shared_simulator: SimulatorProcess) -> None:
    answer = sign_in(shared_simulator, "oauth2/token", scope="", resource=f"{ARM}/")
    assert shared_simulator.get("/subscriptions", token=answer.body["access_token"]).status == 200


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"client_id": "00000000-0000-0000-0000-00000000dead"}, 400, 700016),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, 500011),
        ({"grant_type": "password"}, 400, 70003),
    ],
)
def test_a_refused_sign_in_carries_entra_ids_error(
    shared_simulator: SimulatorProcess, form: dict[str, str], status: int, code: int
) -> None:
    answer = sign_in(shared_simulator, **form)
    assert answer.status == status
    assert answer.body["error_codes"] == [code]
    assert answer.body["error_description"].startswith(f"AADSTS{code}: ")
    assert {"error", "trace_id", "correlation_id", "timestamp"} <= set(answer.body)


def test_an_unknown_tenant_is_named(shared_simulator: SimulatorProcess) -> None:
    answer = shared_simulator.form("/nowhere.example/oauth2/v2.0/token", grant_type="client_credentials")
    assert answer.status == 400
    assert "Tenant 'nowhere.example' not found" in answer.body["error_description"]


def test_a_federated_assertion_replaces_the_secret(shared_simulator: SimulatorProcess) -> None:
    answer = shared_simulator.form(
        f"/{shared_simulator.tenant_id}/oauth2/v2.0/token",
        grant_type="client_credentials",
        client_id=shared_simulator.client_id,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion="a.b.c",
        scope=f"{ARM}/.default",
    )
    assert shared_simulator.get("/subscriptions", token=answer.body["access_token"]).status == 200


def test_neither_secret_nor_assertion_is_refused(shared_simulator: SimulatorProcess) -> None:
    answer = shared_simulator.form(
        f"/{shared_simulator.tenant_id}/oauth2/v2.0/token",
        grant_type="client_credentials",
        client_id=shared_simulator.client_id,
        scope=f"{ARM}/.default",
    )
    assert (answer.status, answer.body["error_codes"]) == (401, [7000216])


def start_device(sim: SimulatorProcess) -> dict[str, Any]:
    answer = sim.form(
        "/organizations/oauth2/v2.0/devicecode",
        client_id=CLI,
        scope="https://management.core.windows.net//.default offline_access openid profile",
    )
    assert answer.status == 200
    return dict(answer.body)


def poll_device(sim: SimulatorProcess, code: str) -> Answer:
    return sim.form(
        "/organizations/oauth2/v2.0/token",
        grant_type="urn:ietf:params:oauth:grant-type:device_code",
        client_id=CLI,
        device_code=code,
    )


def test_a_device_code_is_pending_until_its_user_has_signed_in(simulator: StartsSimulator) -> None:
    sim = simulator()
    sim.control.sign_in(hold_device_codes=True)
    device = start_device(sim)
    assert device["user_code"] in device["message"]
    assert device["verification_uri"].startswith(sim.origin)
    for _ in range(3):
        pending = poll_device(sim, device["device_code"])
        assert (pending.status, pending.body["error"]) == (400, "authorization_pending")
    assert sim.control.sign_in(device="approve") == {"devices": 1}
    answer = poll_device(sim, device["device_code"])
    assert answer.status == 200
    claims = claims_of(answer.body["access_token"])
    assert claims["idtyp"] == "user"
    assert "@" in claims["upn"]
    assert claims_of(answer.body["id_token"])["preferred_username"] == claims["upn"]
    assert sim.get("/subscriptions", token=answer.body["access_token"]).status == 200


def test_a_declined_device_code_says_so(simulator: StartsSimulator) -> None:
    sim = simulator()
    sim.control.sign_in(hold_device_codes=True)
    device = start_device(sim)
    sim.control.sign_in(device="decline")
    answer = poll_device(sim, device["device_code"])
    assert (answer.status, answer.body["error"]) == (400, "authorization_declined")


def test_an_unknown_device_code_is_refused(shared_simulator: SimulatorProcess) -> None:
    answer = poll_device(shared_simulator, "never-issued")
    assert (answer.status, answer.body["error"]) == (400, "bad_verification_code")


def device_tokens(sim: SimulatorProcess) -> dict[str, Any]:
    device = start_device(sim)
    answer = sim.wait_for(
        lambda: next((a for a in [poll_device(sim, device["device_code"])] if a.status == 200), None),
        "the device code to be accepted",
    )
    assert answer is not None
    return dict(answer.body)


def refresh(sim: SimulatorProcess, token: str, tenant: str = "") -> Answer:
    return sim.form(
        f"/{tenant or sim.tenant_id}/oauth2/v2.0/token",
        grant_type="refresh_token",
        client_id=CLI,
        refresh_token=token,
        scope=f"{ARM}/.default",
    )


def test_a_refresh_token_gives_a_new_access_token_until_it_is_revoked(simulator: StartsSimulator) -> None:
    sim = simulator()
    first = device_tokens(sim)
    second = refresh(sim, first["refresh_token"])
    assert second.status == 200
    assert second.body["access_token"] != first["access_token"]
    assert sim.get("/subscriptions", token=second.body["access_token"]).status == 200
    sim.control.sign_in(revoke="")
    refused = refresh(sim, first["refresh_token"])
    assert (refused.status, refused.body["error_codes"]) == (400, [50173])


def test_a_forged_refresh_token_is_refused(shared_simulator: SimulatorProcess) -> None:
    assert refresh(shared_simulator, "a.b.c").body["error"] == "invalid_grant"


def test_a_revoked_token_is_challenged_once_and_a_new_one_passes(simulator: StartsSimulator) -> None:
    sim = simulator()
    old = sim.token()
    sim.control.sign_in(revoke=claims_of(old)["oid"])
    answer = sim.get("/subscriptions", token=old)
    assert answer.status == 401
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in challenge
    claims = json.loads(base64.b64decode(challenge.split('claims="')[1].rstrip('"')))
    assert claims["access_token"]["nbf"]["essential"] is True
    assert sim.get("/subscriptions", token=sim.token()).status == 200


def test_an_expired_token_is_refused_in_arms_own_words(simulator: StartsSimulator) -> None:
    sim = simulator()
    sim.control.sign_in(token_lifetime=1)
    token = sim.token()
    answer = sim.wait_for(
        lambda: next((a for a in [sim.get("/subscriptions", token=token)] if a.status == 401), None),
        "the token to expire",
    )
    assert answer is not None
    assert answer.body["error"]["code"] == "ExpiredAuthenticationToken"
    assert answer.body["error"]["message"].startswith("The access token expiry UTC time '")
    assert "' is earlier than current UTC time '" in answer.body["error"]["message"]


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.e30.e30"])
def test_a_forged_token_is_refused(shared_simulator: SimulatorProcess, token: str) -> None:
    answer = shared_simulator.get("/subscriptions", token=token)
    assert answer.status == 401
    assert answer.body["error"]["code"] == "InvalidAuthenticationToken"
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_no_token_is_refused_with_a_challenge(shared_simulator: SimulatorProcess) -> None:
    for path in ("/subscriptions", "/tenants", f"/subscriptions/{shared_simulator.tenant_id}/resourcegroups"):
        answer = send(
            shared_simulator.origin, "GET", f"{path}?api-version=2022-12-01", context=shared_simulator.context
        )
        assert answer.status == 401
        assert "authorization_uri=" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("tenant", ["organizations", "adfs"])
def test_the_openid_document_points_back_here(shared_simulator: SimulatorProcess, tenant: str) -> None:
    version = "" if tenant == "adfs" else "/v2.0"
    answer = send(
        shared_simulator.origin,
        "GET",
        f"/{tenant}{version}/.well-known/openid-configuration",
        context=shared_simulator.context,
    )
    for key in ("token_endpoint", "authorization_endpoint", "device_authorization_endpoint"):
        assert answer.body[key].startswith(f"{shared_simulator.origin}/{tenant}/oauth2")


def managed(sim: SimulatorProcess, path: str, **headers: str) -> Answer:
    query = f"api-version=2019-08-01&resource={ARM}"
    return send(sim.ready["imds_endpoint"], "GET", f"{path}?{query}", headers=headers)


def test_managed_identity_answers_over_http(shared_simulator: SimulatorProcess) -> None:
    sim = shared_simulator
    header = {"X-IDENTITY-HEADER": sim.ready["identity_header"]}
    for answer in (
        managed(sim, "/msi/token", **header),
        managed(sim, "/metadata/identity/oauth2/token", Metadata="true"),
    ):
        assert answer.status == 200
        assert int(answer.body["expires_on"]) > time.time()
        assert sim.get("/subscriptions", token=answer.body["access_token"]).status == 200


def test_managed_identity_insists_on_its_headers(shared_simulator: SimulatorProcess) -> None:
    assert managed(shared_simulator, "/msi/token", **{"X-IDENTITY-HEADER": "wrong"}).status == 401
    assert managed(shared_simulator, "/metadata/identity/oauth2/token").status == 400


def test_arm_is_not_served_on_the_http_port(shared_simulator: SimulatorProcess) -> None:
    answer = send(shared_simulator.ready["imds_endpoint"], "GET", "/subscriptions?api-version=2022-12-01")
    assert answer.status == 404


def scenario(folder: Path, **directory: object) -> Path:
    path = folder / "directory.toml"
    lines = [f"{key} = {json.dumps(value)}" for key, value in directory.items()]
    path.write_text("\n".join([GATE.read_text(), "[directory]", *lines]) + "\n")
    return path


def test_a_scenario_says_how_long_tokens_live(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = simulator(scenario(tmp_path, token_lifetime="20m"))
    assert sign_in(sim).body["expires_in"] == 1200


def test_a_scenario_says_how_long_a_device_code_is_pending(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = simulator(scenario(tmp_path, device_code_pending_polls=2))
    code = start_device(sim)["device_code"]
    assert [poll_device(sim, code).status for _ in range(3)] == [400, 400, 200]


def test_a_scenario_challenges_each_caller_once(simulator: StartsSimulator, tmp_path: Path) -> None:
    sim = simulator(scenario(tmp_path, claims_challenge=True))
    answers = [sim.get("/subscriptions") for _ in range(2)]
    assert [answer.status for answer in answers] == [401, 200]
    assert 'error="insufficient_claims"' in answers[0].headers["www-authenticate"]
