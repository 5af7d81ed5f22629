"""Directories that want more of a person than a refresh token, and subscriptions that are disabled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.simulator import Answer, SimulatorProcess

CLIENT = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCENARIO = """
[scenario]
name = "demands"
[[tenants]]
name = "Home"
domain = "home.com"
[[tenants]]
name = "Strict"
domain = "strict.com"
demands = "another factor"
[[tenants]]
name = "Enrolling"
domain = "enrolling.com"
demands = "enrollment"
[[tenants]]
name = "Closed"
domain = "closed.com"
demands = "managed device"
[[subscriptions]]
name = "prod"
[[subscriptions]]
name = "off"
state = "Disabled"
[[principals]]
name = "deployer"
secret = "made-up"
roles = [{ role = "Owner", scope = "/" }]
"""
MARIA = "\n".join(
    f'[[principals]]\nname = "Maria"\nclient_id = "{CLIENT}"\ntenant = "{tenant}"\nkind = "user"\n'
    for tenant in ("Home", "Strict", "Enrolling", "Closed")
)
SETS = '[[scale_sets]]\nname = "app"\ngroup = "rg"\nsubscription = "off"\n'


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    path: Path = tmp_path_factory.mktemp("scenario") / "demands.toml"
    path.write_text(SCENARIO + MARIA + SETS)
    process = SimulatorProcess.start(path)
    yield process
    process.stop()


def post(sim: SimulatorProcess, tenant: str, endpoint: str, **form: str) -> Answer:
    return sim.form(f"/{tenant}/oauth2/v2.0/{endpoint}", client_id=CLIENT, **form)


def signed_in(sim: SimulatorProcess, tenant: str) -> dict[str, Any]:
    scope = "https://management.azure.com/.default offline_access"
    device = post(sim, tenant, "devicecode", scope=scope).body
    for _ in range(5):
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        answer = post(sim, tenant, "token", grant_type=grant, device_code=device["device_code"]).body
        if answer.get("error") != "authorization_pending":
            break
    return dict(answer)


def refreshed(sim: SimulatorProcess, tenant: str, token: str) -> dict[str, Any]:
    scope = "https://management.azure.com/.default"
    return dict(post(sim, tenant, "token", grant_type="refresh_token", refresh_token=token, scope=scope).body)


@pytest.mark.parametrize(("tenant", "code"), [("strict.com", 50076), ("enrolling.com", 50079), ("closed.com", 53003)])
def test_a_sign_in_elsewhere_does_not_do_for_a_tenant_with_demands(
    sim: SimulatorProcess, tenant: str, code: int
) -> None:
    """ "Entra authentication error codes": AADSTS50076, 50079, 53003."""
    token = signed_in(sim, "home.com")["refresh_token"]
    assert "access_token" in refreshed(sim, "home.com", token)
    answer = refreshed(sim, tenant, token)
    assert answer["error_codes"] == [code] and f"AADSTS{code}" in answer["error_description"]
    here = signed_in(sim, tenant)
    if code == 53003:
        assert here["error_codes"] == [code]
    else:
        assert "access_token" in here and "access_token" in refreshed(sim, tenant, token)


def test_a_disabled_subscription_can_be_read_and_not_written(sim: SimulatorProcess) -> None:
    """ARM: ReadOnlyDisabledSubscription."""
    found = {subscription["displayName"]: subscription for subscription in sim.get("/subscriptions").body["value"]}
    assert (found["off"]["state"], found["prod"]["state"]) == ("Disabled", "Enabled")
    path = f"{found['off']['id']}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/app"
    assert sim.get(path).status == 200
    answer = sim.patch(path, {"tags": {}})
    assert (answer.status, answer.body["error"]["code"]) == (409, "ReadOnlyDisabledSubscription")
