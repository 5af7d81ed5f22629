"""Generic resources and tag names of a running simulator, shortened to what a principal may read."""

from pathlib import Path
from urllib.parse import quote

from support.simulator import SimulatorProcess, StartsSimulator

SETS = "Microsoft.Compute/virtualMachineScaleSets"
TWO_GROUPS = """
[scenario]
name = "two"
[[tenants]]
name = "Contoso"
domain = "contoso.com"
[[subscriptions]]
name = "prod"
[[groups]]
name = "mine"
[[groups]]
name = "other"
[[principals]]
name = "reader"
roles = [{ role = "Reader", scope = "prod/mine" }]
[[scale_sets]]
name = "mine"
group = "mine"
[[scale_sets]]
name = "other"
group = "other"
"""


def subscription(sim: SimulatorProcess) -> str:
    listed = sim.get("/subscriptions?api-version=2022-12-01").body["value"]
    return next(str(found["id"]) for found in listed if found["displayName"] == "prod-europe")


def names(sim: SimulatorProcess, path: str, wanted: str = "") -> set[tuple[str, str]]:
    """Type and name of the resources that a filter finds."""
    answer = sim.get(f"{path}?api-version=2021-04-01" + (f"&$filter={quote(wanted)}" if wanted else ""))
    assert answer.status == 200, answer.body
    return {(found["type"], found["name"]) for found in answer.body["value"]}


def test_resources_are_found_by_group_type_name_and_tag(shared_simulator: SimulatorProcess) -> None:
    home = subscription(shared_simulator)
    everything = names(shared_simulator, f"{home}/resources")
    assert (SETS, "web-weu") in everything
    assert {kind for kind, _ in everything} <= {SETS, "Microsoft.Compute/virtualMachines"}
    group = names(shared_simulator, f"{home}/resourceGroups/rg-ship-web/resources")
    assert group == names(shared_simulator, f"{home}/resources", "resourceGroup eq 'RG-ship-web'") < everything
    assert names(shared_simulator, f"{home}/resources", f"resourceType eq '{SETS}' and name eq 'web-weu'") == {
        (SETS, "web-weu")
    }
    assert names(shared_simulator, f"{home}/resources", "tagName eq 'app' and tagValue eq 'nothing'") == set()


def test_a_filter_that_is_not_understood_is_refused(shared_simulator: SimulatorProcess) -> None:
    path = f"{subscription(shared_simulator)}/resources?api-version=2021-04-01&$filter="
    answer = shared_simulator.get(path + quote("startswith(name, 'web')"))
    assert (answer.status, answer.body["error"]["code"]) == (400, "InvalidFilterInQueryString")


def test_tags_are_counted_by_name_and_value(shared_simulator: SimulatorProcess) -> None:
    home = subscription(shared_simulator)
    tags = {
        tag["tagName"]: tag for tag in shared_simulator.get(f"{home}/tagNames?api-version=2021-04-01").body["value"]
    }
    assert "app" in tags
    for name, tag in tags.items():
        assert tag["count"]["value"] == sum(value["count"]["value"] for value in tag["values"])
        for value in tag["values"]:
            wanted = f"tagName eq '{name}' and tagValue eq '{value['tagValue']}'"
            assert len(names(shared_simulator, f"{home}/resources", wanted)) == value["count"]["value"]


def test_a_reader_of_one_group_sees_no_other(simulator: StartsSimulator, tmp_path: Path) -> None:
    scenario = tmp_path / "two.toml"
    scenario.write_text(TWO_GROUPS)
    sim = simulator(str(scenario))
    (found,) = sim.get("/subscriptions?api-version=2022-12-01").body["value"]
    assert names(sim, f"{found['id']}/resources") == {(SETS, "mine")}
