"""The whole way through the real server: TLS, sign-in, routes of any case, the tutorial's v1 to v2."""

from typing import Any

import pytest

from support.simulator import Answer, SimulatorProcess, StartsSimulator

RAW = "https://raw.githubusercontent.com/yourrepo/master"
COMPUTE = "providers/Microsoft.Compute"


def scale_set(sim: SimulatorProcess, name: str) -> str:
    """Id of a scale set by name, from the lists of every subscription."""
    for subscription in sim.get("/subscriptions?api-version=2022-12-01").body["value"]:
        for one in sim.get(f"{subscription['id']}/{COMPUTE}/virtualMachineScaleSets").body["value"]:
            if one["name"] == name:
                return str(one["id"])
    raise AssertionError(f"there is no scale set {name}")


def custom_application(version: int) -> dict[str, Any]:
    """The tutorial's extension in a version."""
    name = f"custom_application_v{version}.sh"
    return {
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.0",
            "autoUpgradeMinorVersion": True,
            "settings": {"fileUris": [f"{RAW}/{name}"], "commandToExecute": f"./{name}"},
        }
    }


def finish(sim: SimulatorProcess, accepted: Answer) -> dict[str, Any]:
    url = accepted.headers["azure-asyncoperation"]

    def ended() -> dict[str, Any] | None:
        sim.control.clock(advance=60)
        body = dict(sim.get(url).body)
        return body if body["status"] != "InProgress" else None

    found = sim.wait_for(ended, "the end of the operation")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["web-eus", "labels-eus", "gw-weu"])
def test_any_set_goes_from_v1_to_v2_of_the_tutorial(simulator: StartsSimulator, name: str) -> None:
    sim = simulator("shipping")
    sim.control.clock(paused=True)
    path = scale_set(sim, name)
    for version in (1, 2):
        accepted = sim.put(f"{path}/extensions/CustomScript", custom_application(version))
        assert accepted.status == 201
        assert finish(sim, accepted)["status"] == "Succeeded"
    sim.control.clock(advance=600)
    instances = sim.get(f"{path}/virtualMachines?$expand=instanceView").body["value"]
    assert instances
    for item in instances:
        script = next(one for one in item["resources"] if one["name"].lower() == "customscript")
        assert script["properties"]["settings"]["commandToExecute"] == "./custom_application_v2.sh"
        view = item["properties"]["instanceView"]
        status = next(one for one in view["extensions"] if one["name"].lower() == "customscript")["statuses"][0]
        assert "Installing web 2 on" in status["message"]
        assert item["properties"]["latestModelApplied"] is True
        if "vmHealth" in view:
            assert view["vmHealth"]["status"]["code"] == "HealthState/healthy"


def test_a_broken_release_faults_the_rolling_upgrade_and_names_its_instances(simulator: StartsSimulator) -> None:
    sim = simulator("shipping")
    sim.control.clock(paused=True)
    path = scale_set(sim, "web-weu")
    body = custom_application(2)
    body["properties"]["settings"] = {
        "fileUris": ["https://raw.githubusercontent.com/contoso-shipping/web/v2.6.0-broken/custom_application.sh"],
        "commandToExecute": "./custom_application.sh",
    }
    failed = finish(sim, sim.put(f"{path}/extensions/CustomScript", body))
    assert failed["status"] == "Failed"
    assert failed["error"]["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert "exit status=100" in failed["error"]["message"]
    latest = sim.get(f"{path}/rollingUpgrades/latest").body["properties"]
    assert latest["runningStatus"]["code"] == "Faulted"
    assert latest["progress"]["failedInstanceCount"] > 0
    targets = [one["target"] for one in latest["error"]["details"]]
    assert all(target.startswith("web-weu/virtualMachines/") for target in targets)


def test_paths_are_matched_without_case(shared_simulator: SimulatorProcess) -> None:
    path = scale_set(shared_simulator, "web-weu")
    assert shared_simulator.get(f"{path.upper()}/VIRTUALMACHINES/0/INSTANCEVIEW").status == 200
    assert shared_simulator.get(f"{path.lower()}/virtualmachines/0/instanceview").status == 200
