"""Who may see and do what. Source: "Azure built-in roles"; the 403 text is quoted in ARM's documentation."""

import re
from typing import Any

import pytest

from support.simulated.people import GATE, scale_set, subscription, token_of
from support.simulator import Answer, SimulatorProcess, StartsSimulator
from vmss_tui.simulator.armpath import parse
from vmss_tui.simulator.routes.versions import refusal


@pytest.fixture(scope="module")
def gate() -> Any:
    sim = SimulatorProcess.start(GATE)
    yield sim
    sim.stop()


def names(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.body
    return {tenant.get("displayName") or tenant["name"] for tenant in answer.body["value"]}


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("deployer", {"prod-europe", "prod-us"}),
        ("auditor", {"prod-europe"}),
        ("web-team", {"prod-europe"}),
        ("stranger", set()),
    ],
)
def test_subscriptions_are_those_in_which_one_has_a_role(gate: SimulatorProcess, who: str, sees: set[str]) -> None:
    answer = gate.get("/subscriptions", token=token_of(gate, who))
    assert names(answer) == sees
    assert answer.body["count"]["value"] == len(sees)


def test_a_list_is_shorter_for_who_may_read_less(gate: SimulatorProcess) -> None:
    home = subscription(gate, "prod-europe")
    everything = f"{home}/providers/Microsoft.Compute/virtualMachineScaleSets"
    assert names(gate.get(everything)) == {"web", "billing"}
    assert names(gate.get(everything, token=token_of(gate, "auditor"))) == {"web", "billing"}
    assert names(gate.get(everything, token=token_of(gate, "web-team"))) == {"web"}
    assert names(gate.get(f"{home}/resourcegroups", token=token_of(gate, "web-team"))) == {"rg-web"}


def test_a_stranger_gets_403_for_a_list(gate: SimulatorProcess) -> None:
    home = subscription(gate, "prod-europe")
    answer = gate.get(f"{home}/providers/Microsoft.Compute/virtualMachineScaleSets", token=token_of(gate, "stranger"))
    assert (answer.status, answer.body["error"]["code"]) == (403, "AuthorizationFailed")


def test_a_reader_may_not_write_and_is_told_in_arms_words(gate: SimulatorProcess) -> None:
    path = scale_set(gate)
    token = token_of(gate, "auditor")
    assert gate.get(path, token=token).status == 200
    answer = gate.patch(path, {"tags": {"a": "b"}}, token=token)
    assert answer.status == 403
    assert answer.body["error"] == {
        "code": "AuthorizationFailed",
        "message": "The client '33333333-3333-4333-8333-333333333302' with object id "
        "'44444444-4444-4444-8444-444444444402' does not have authorization to perform action "
        f"'Microsoft.Compute/virtualMachineScaleSets/write' over scope '{path}' or the scope is invalid. If access "
        "was recently granted, please refresh your credentials.",
    }


@pytest.mark.parametrize(
    ("verb", "action"),
    [
        ("manualupgrade", "manualUpgrade/action"),
        ("rollingUpgrades/cancel", "rollingUpgrades/action"),
        ("restart", "restart/action"),
    ],
)
def test_a_reader_may_start_no_action(gate: SimulatorProcess, verb: str, action: str) -> None:
    answer = gate.post(f"{scale_set(gate)}/{verb}", {"instanceIds": ["*"]}, token=token_of(gate, "auditor"))
    assert answer.status == 403
    assert f"'Microsoft.Compute/virtualMachineScaleSets/{action}'" in answer.body["error"]["message"]


def test_a_group_is_the_limit_of_a_groups_contributor(gate: SimulatorProcess) -> None:
    token = token_of(gate, "web-team")
    assert gate.patch(scale_set(gate), {"tags": {"a": "b"}}, token=token).status == 200
    assert gate.get(scale_set(gate, "billing", "rg-billing"), token=token).status == 403


def test_names_and_literals_of_a_path_match_in_any_case(gate: SimulatorProcess) -> None:
    path = scale_set(gate)
    assert gate.get(path.upper()).body["name"] == "web"
    assert gate.get(path.lower()).body["name"] == "web"


def test_another_tenants_token_is_refused(gate: SimulatorProcess) -> None:
    token = token_of(gate, "haulier", "fabrikam.com")
    assert names(gate.get("/subscriptions", token=token)) == {"freight"}
    answer = gate.get(scale_set(gate), token=token)
    assert (answer.status, answer.body["error"]["code"]) == (401, "InvalidAuthenticationTokenTenant")
    right = re.search(r"must match the tenant 'https://sts.windows.net/([^/]+)/'", answer.body["error"]["message"])
    assert right is not None
    assert f'authorization_uri="https://login.windows.net/{right[1]}"' in answer.headers["www-authenticate"]


def test_a_user_is_in_two_tenants_and_gets_a_token_for_each(simulator: StartsSimulator) -> None:
    sim = simulator(GATE)
    device = sim.form("/organizations/oauth2/v2.0/devicecode", client_id="cli", scope="openid").body
    fields = {"grant_type": "device_code", "client_id": "cli", "device_code": device["device_code"]}

    def accepted() -> Any:
        answer = sim.form("/organizations/oauth2/v2.0/token", **fields)
        return answer.body if answer.status == 200 else None

    home = sim.wait_for(accepted, "the device code to be accepted")
    tenants = sim.get("/tenants", token=home["access_token"]).body["value"]
    assert {tenant["displayName"] for tenant in tenants} == {"Contoso Shipping", "Fabrikam Freight"}
    seen = set()
    for tenant in tenants:
        answer = sim.form(
            f"/{tenant['tenantId']}/oauth2/v2.0/token",
            grant_type="refresh_token",
            client_id="cli",
            refresh_token=home["refresh_token"],
            scope="https://management.azure.com/.default",
        )
        seen |= names(sim.get("/subscriptions", token=answer.body["access_token"]))
    assert seen == {"prod-europe", "freight"}


def test_missing_things_are_named(gate: SimulatorProcess) -> None:
    home = subscription(gate, "prod-europe")
    group = gate.get(f"{home}/resourceGroups/nope/providers/Microsoft.Compute/virtualMachineScaleSets/web")
    assert (group.status, group.body["error"]["code"]) == (404, "ResourceGroupNotFound")
    assert group.headers["x-ms-failure-cause"] == "gateway"
    nowhere = gate.get("/subscriptions/00000000-0000-0000-0000-00000000dead/resourcegroups")
    assert (nowhere.status, nowhere.body["error"]["code"]) == (404, "SubscriptionNotFound")
    kind = gate.get(f"{home}/resourceGroups/rg-web/providers/Microsoft.Compute/spaceships/x")
    assert (kind.status, kind.body["error"]["code"]) == (404, "InvalidResourceType")
    method = gate.put(f"{home}/resourcegroups", {})
    assert method.status == 405


@pytest.mark.parametrize(
    ("query", "code"),
    [("api-version=", "MissingApiVersionParameter"), ("api-version=latest", "InvalidApiVersionParameter")],
)
def test_the_api_version_is_required(gate: SimulatorProcess, query: str, code: str) -> None:
    answer = gate.get(f"/subscriptions?{query}")
    assert (answer.status, answer.body["error"]["code"]) == (400, code)


@pytest.mark.parametrize("version", ["2019-07-01", "2023-09-01", "2024-11-01", "2026-04-01"])
def test_every_published_api_version_is_served(gate: SimulatorProcess, version: str) -> None:
    assert gate.get(f"{scale_set(gate)}?api-version={version}").status == 200


def test_an_unknown_api_version_is_refused_with_those_that_are_known(gate: SimulatorProcess) -> None:
    """Quoted: NoRegisteredProviderFound of a resource provider, InvalidApiVersionParameter of ARM itself."""
    answer = gate.get(f"{scale_set(gate)}?api-version=2024-07-02")
    assert (answer.status, answer.body["error"]["code"]) == (400, "NoRegisteredProviderFound")
    message = answer.body["error"]["message"]
    assert "for type 'virtualMachineScaleSets'. The supported api-versions are '2015-06-15, " in message
    answer = gate.get(f"{subscription(gate, 'prod-europe')}/resourceGroups?api-version=2099-01-01")
    assert (answer.status, answer.body["error"]["code"]) == (400, "InvalidApiVersionParameter")
    assert "The supported versions are '2022-12-01," in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("below", "version", "code"),
    [
        ("", "2020-06-01", ""),
        ("", "2024-07-01", "NoRegisteredProviderFound"),
        ("/providers/Microsoft.Authorization/locks", "2020-06-01", "NoRegisteredProviderFound"),
        ("/providers/Microsoft.Authorization/locks", "2020-05-01", ""),
        ("/providers/Microsoft.StandbyPool/standbyVirtualMachinePools", "2024-03-01", "InvalidResourceNamespace"),
    ],
)
def test_a_cloud_that_is_behind_has_older_versions_of_every_type(below: str, version: str, code: str) -> None:
    path = parse(f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web{below}")
    refused = refusal(path, version, "2020-06-01", ["local"])
    assert (refused[0] if refused else "") == code


def test_az_finds_publishers_types_and_versions(gate: SimulatorProcess) -> None:
    base = f"{subscription(gate, 'prod-europe')}/providers/Microsoft.Compute/locations/westeurope/publishers"
    publishers = {publisher["name"] for publisher in gate.get(base).body}
    assert {"Microsoft.Azure.Extensions", "Microsoft.Compute", "Microsoft.ManagedServices"} <= publishers
    types = f"{base}/microsoft.azure.extensions/artifacttypes/vmextension/types"
    assert "CustomScript" in {kind["name"] for kind in gate.get(types).body}
    versions = [version["name"] for version in gate.get(f"{types}/customscript/versions").body]
    assert versions[-1].startswith("2.1.")
    assert gate.get(f"{base}/nobody/artifacttypes/vmextension/types").status == 404


def test_script_files_are_served_to_everyone(gate: SimulatorProcess) -> None:
    path = "/files/raw.githubusercontent.com/contoso-shipping/web/v1/custom_application_v1.sh"
    assert gate.request("GET", path).body == "#!/bin/sh\necho v1\n"
    assert gate.request("GET", "/files/raw.githubusercontent.com/other").status == 404
