"""Every way of signing in that az has and that needs no browser."""

import re
import subprocess
from typing import Any

import pytest

from support.azcli import AZ, Az, AzError
from support.simulator import SimulatorProcess


def seen(az: Az) -> list[str]:
    return [scale_set["name"] for scale_set in az("vmss", "list")]


def test_service_principal(az: Az, sim: SimulatorProcess) -> None:
    account = az("account", "show")
    assert account["name"] == "prod-europe"
    assert account["tenantId"] == sim.tenant_id
    assert account["user"] == {"name": sim.client_id, "type": "servicePrincipal"}
    assert [account["name"] for account in az("account", "list", "--refresh")] == ["prod-europe"]
    assert "yourScaleSet" in seen(az)


def test_a_wrong_secret_is_refused(new_az: Any, sim: SimulatorProcess) -> None:
    az = new_az()
    with pytest.raises(AzError, match="AADSTS7000215"):
        az("login", "--service-principal", "-u", sim.client_id, "-p", "wrong", "--tenant", sim.tenant_id)


def test_federated_token(new_az: Any, sim: SimulatorProcess) -> None:
    az = new_az()
    words = ["-u", sim.client_id, "--tenant", sim.tenant_id, "--federated-token", "a.b.c"]
    az("login", "--service-principal", *words)
    assert "yourScaleSet" in seen(az)


@pytest.mark.parametrize("words", [(), ("--tenant", "contoso.com")], ids=["any tenant", "one tenant"])
def test_device_code(new_az: Any, words: tuple[str, ...]) -> None:
    az = new_az(AZURE_CORE_ONLY_SHOW_ERRORS="0")
    done = subprocess.run(
        [AZ, "login", "--use-device-code", *words],
        env=az.env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"enter the code \w{9} to authenticate", done.stderr)
    assert az("account", "show")["user"] == {"name": "maria@contoso.com", "type": "user"}
    assert "yourScaleSet" in seen(az)


def test_managed_identity_of_app_service(new_az: Any, sim: SimulatorProcess) -> None:
    ready = sim.ready
    az = new_az(IDENTITY_ENDPOINT=ready["identity_endpoint"], IDENTITY_HEADER=ready["identity_header"])
    az("login", "--identity")
    assert "yourScaleSet" in seen(az)


def test_managed_identity_of_a_virtual_machine(new_az: Any, sim: SimulatorProcess) -> None:
    az = new_az(AZURE_POD_IDENTITY_AUTHORITY_HOST=sim.ready["imds_endpoint"])
    az("login", "--identity")
    assert "yourScaleSet" in seen(az)


def test_the_metadata_url_replaces_registration(sim: SimulatorProcess, tmp_path: Any) -> None:
    """`ARM_CLOUD_METADATA_URL` over https is fetched by urllib, which wants SSL_CERT_FILE."""
    az = Az(
        sim,
        tmp_path,
        {
            "ARM_CLOUD_METADATA_URL": f"{sim.origin}/metadata/endpoints?aslist=1",
            "SSL_CERT_FILE": str(sim.ca_file),
        },
    )
    az("cloud", "set", "-n", "VmssTuiSimulator")
    assert az("cloud", "show", "--query", "endpoints.activeDirectory") == sim.origin
    az.sign_in()
    assert "yourScaleSet" in seen(az)


def test_a_reader_is_refused_a_write_in_azures_words(new_az: Any, sim: SimulatorProcess) -> None:
    az = new_az()
    words = ["-u", "33333333-3333-4333-8333-333333333302", "-p", "made-up-auditor", "--tenant", sim.tenant_id]
    az("login", "--service-principal", *words)
    with pytest.raises(AzError, match="AuthorizationFailed"):
        az.vmss("scale", "power", "--new-capacity", "9")
