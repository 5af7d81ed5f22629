"""Autoscale settings as Azure Monitor shows them. Source: "Autoscale Settings" of its REST reference, 2022-10-01."""

from collections.abc import Iterator

import pytest

from support.simulated.people import GATE, scale_set, subscription, token_of
from support.simulator import Answer, SimulatorProcess

SETTINGS = "providers/Microsoft.Insights/autoscalesettings"


@pytest.fixture(scope="module")
def gate() -> Iterator[SimulatorProcess]:
    sim = SimulatorProcess.start(GATE)
    yield sim
    sim.stop()


def ask(gate: SimulatorProcess, tail: str, who: str = "deployer", version: str = "2022-10-01") -> Answer:
    home = subscription(gate, "prod-europe")
    return gate.get(f"{home}/{tail}?api-version={version}", token=token_of(gate, who))


def names(answer: Answer) -> set[str]:
    assert answer.status == 200, answer.body
    return {setting["name"] for setting in answer.body["value"]}


def test_a_group_lists_its_settings_in_the_shape_of_the_reference(gate: SimulatorProcess) -> None:
    (found,) = ask(gate, f"resourceGroups/rg-web/{SETTINGS}").body["value"]
    target = scale_set(gate)
    home = target.split("/providers/")[0]
    assert found["id"] == f"{home}/providers/microsoft.insights/autoscalesettings/web-autoscale"
    assert (found["name"], found["type"]) == ("web-autoscale", "Microsoft.Insights/autoscaleSettings")
    assert found["location"] == "westeurope"
    assert found["properties"]["targetResourceUri"] == target
    assert found["properties"]["enabled"] is True
    (profile,) = found["properties"]["profiles"]
    assert profile["capacity"] == {"minimum": "2", "maximum": "6", "default": "3"}
    assert profile["rules"] == []
    by_name = ask(gate, f"RESOURCEGROUPS/RG-WEB/{SETTINGS.upper()}/WEB-AUTOSCALE")
    assert by_name.body == found


def test_a_setting_that_is_not_there(gate: SimulatorProcess) -> None:
    answer = ask(gate, f"resourceGroups/rg-web/{SETTINGS}/nowhere")
    assert (answer.status, answer.body["error"]["code"]) == (404, "ResourceNotFound")
    assert ask(gate, f"resourceGroups/rg-nope/{SETTINGS}").body["error"]["code"] == "ResourceGroupNotFound"


def test_a_subscription_lists_what_one_may_read(gate: SimulatorProcess) -> None:
    assert names(ask(gate, SETTINGS)) == {"web-autoscale", "billing-autoscale"}
    assert names(ask(gate, SETTINGS, who="web-team")) == set(), "a machine contributor reads no autoscale settings"


def test_who_has_no_right_is_told_which(gate: SimulatorProcess) -> None:
    assert names(ask(gate, f"resourceGroups/rg-billing/{SETTINGS}", who="auditor")) == {"billing-autoscale"}
    for who in ("web-team", "stranger"):
        refused = ask(gate, f"resourceGroups/rg-web/{SETTINGS}", who=who)
        assert (refused.status, refused.body["error"]["code"]) == (403, "AuthorizationFailed")
        assert "'Microsoft.Insights/autoscalesettings/read'" in refused.body["error"]["message"]


def test_an_api_version_is_asked_for(gate: SimulatorProcess) -> None:
    answer = ask(gate, f"resourceGroups/rg-web/{SETTINGS}", version="")
    assert (answer.status, answer.body["error"]["code"]) == (400, "MissingApiVersionParameter")
