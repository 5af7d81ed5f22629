"""Azure's JavaScript SDK, an independent client, reads and writes scale sets of the simulator.

Its polling, paging and deserializers are its own: what they accept, other clients will.
"""

from typing import Any

import pytest

from support.azcli import GROUP
from support.javascript import JavaScript
from support.simulator import SimulatorProcess

URI = "https://raw.githubusercontent.com/yourrepo/master/custom_application_v{}.sh"


@pytest.fixture(scope="module")
def js(sim: SimulatorProcess) -> JavaScript:
    """The SDK; each story has a scale set of its own."""
    return JavaScript(sim, GROUP)


def settings(version: int) -> dict[str, Any]:
    return {"fileUris": [URI.format(version)], "commandToExecute": f"./custom_application_v{version}.sh"}


def script_of(instance: dict[str, Any]) -> str:
    """The message that the custom script of an instance left."""
    (script,) = [
        extension for extension in instance["instanceView"]["extensions"] if extension["name"] == "CustomScript"
    ]
    return str(script["statuses"][0]["message"])


def test_lists(js: JavaScript) -> None:
    listed = js("list")
    names = {found["name"] for found in listed["everywhere"]}
    assert {"yourScaleSet", "manual", "slow"} <= names
    assert {found["name"] for found in listed["group"]} == names


def test_views(js: JavaScript) -> None:
    views = js("views", set="manual")
    assert views["set"]["virtualMachine"]["statusesSummary"] == [{"code": "ProvisioningState/succeeded", "count": 4}]
    assert [instance["instanceId"] for instance in views["instances"]] == ["0", "1", "2", "3"]
    assert all(instance["latestModelApplied"] for instance in views["instances"])
    assert "PowerState/running" in {status["code"] for status in views["one"]["statuses"]}


def test_an_extension_is_written_and_the_rolling_upgrade_awaited(js: JavaScript) -> None:
    story = js("extension", set="yourScaleSet", settings=settings(2))
    assert story["status"] == "succeeded"
    assert story["written"]["settings"] == story["read"]["settings"] == settings(2)
    assert story["read"]["provisioningState"] == "Succeeded"
    views = js("views", set="yourScaleSet")
    assert all("Installing version 2 on" in script_of(instance) for instance in views["instances"])


def test_instances_of_a_manual_set_are_upgraded_by_id(js: JavaScript) -> None:
    story = js("upgrade", set="power", settings=settings(2), ids=["0", "2"])
    assert not any(instance["latestModelApplied"] for instance in story["before"])
    upgraded = {instance["instanceId"] for instance in story["after"] if instance["latestModelApplied"]}
    assert upgraded == {"0", "2"}


def test_a_rolling_upgrade_is_started_and_awaited(js: JavaScript) -> None:
    latest = js("rolling", set="handlers")
    assert latest["runningStatus"]["code"] == "Completed"
    assert latest["progress"]["successfulInstanceCount"] == 4


def test_a_running_upgrade_is_cancelled_and_its_write_fails(js: JavaScript) -> None:
    story = js("cancel", set="slow", settings=settings(2))
    assert story["running"]["runningStatus"]["code"] == "RollingForward"
    assert story["latest"]["runningStatus"]["code"] == "Cancelled"
    assert story["latest"]["error"]["code"] == "RollingUpgradeCanceled"
    assert story["failed"] is not None


def test_a_refusal_has_code_status_and_request_id(js: JavaScript) -> None:
    refused = js("refused", set="nowhere")
    assert (refused["code"], refused["status"]) == ("ResourceNotFound", 404)
    assert refused["request"]
