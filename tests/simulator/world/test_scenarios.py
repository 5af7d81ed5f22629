"""Scenario files: the bundled ones, the format reference, and what lint says of mistakes."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vmss_tui.simulator.arm.instances import Shapes, instance_json
from vmss_tui.simulator.arm.scale_sets import scale_set_json
from vmss_tui.simulator.scenario.lint import complaints, lint
from vmss_tui.simulator.scenario.load import BUNDLED, ScenarioError, load, loads, names
from vmss_tui.simulator.scenario.reference import PATH, example, render
from vmss_tui.simulator.scenario.schema import Table
from vmss_tui.simulator.scenario.seed import first_world
from vmss_tui.simulator.scenario.tables import FILE
from vmss_tui.simulator.scenario.values import ids, seconds, span
from vmss_tui.simulator.world.state.model import World
from vmss_tui.simulator.world.state.profile import specs

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NUMERIC = ("whole number", "number", "duration", "duration or [least, most]", "whole number or false")
ONE = '[[scale_sets]]\nname = "app"\n'


def world(name: str) -> World:
    return first_world(load(name), NOW)


def by_name(world: World) -> dict[str, object]:
    return {value.name: value for value in world.scale_sets.values()}


@pytest.mark.parametrize("name", names())
def test_bundled_scenarios_are_without_complaint_and_make_a_world(name: str) -> None:
    assert lint(BUNDLED / f"{name}.toml") == []
    assert world(name).scale_sets


def test_the_shipping_company_has_what_a_demo_needs() -> None:
    scenario, estate = load("shipping"), world("shipping")
    values = {value.name: value for value in estate.scale_sets.values()}
    assert (len(scenario.tenants), len(scenario.subscriptions), len(values)) == (2, 4, 15)
    assert len({value.location for value in values.values()}) >= 5
    assert {value.mode for value in values.values()} == {"Manual", "Automatic", "Rolling"}
    assert any(value.flexible for value in values.values())
    assert {len(value.instances) for value in values.values()} >= {1, 300}
    rolling = values["web-neu"].roll
    assert rolling is not None and rolling.code == "RollingForward" and rolling.batch_number == 3
    faulted = values["gw-eus"].roll
    assert faulted is not None and faulted.code == "Faulted" and len(faulted.failed) == 3
    behind = [
        one for one in values["billing-win"].instances.values() if one.generation != values["billing-win"].generation
    ]
    assert len(behind) == 8
    assert {one.health for one in values["labels-eus"].instances.values()} == {None}
    assert [one.minimum for one in scenario.autoscales] == [30]


def test_the_shipping_company_has_a_node_pool_that_belongs_to_aks() -> None:
    scenario, estate = load("shipping"), world("shipping")
    pool = next(value for value in estate.scale_sets.values() if value.name.startswith("aks-"))
    group = next(group for group in scenario.groups if group.name == pool.group)
    assert pool.group.startswith("MC_") and group.managed_by == pool.traits.managed_by != ""
    assert "aks-managed-poolName" in pool.model["tags"]
    script = next(spec for spec in specs(pool.model, pool.protected) if spec.name == "vmssCSE")
    assert script.settings == {} and "commandToExecute" in script.protected


def test_the_shipping_company_serves_the_scripts_of_the_tutorial() -> None:
    files = load("shipping").files
    for version in (1, 2):
        uri = f"https://raw.githubusercontent.com/yourrepo/master/custom_application_v{version}.sh"
        assert files[uri].startswith(b"#!/bin/sh")


def test_recorded_models_are_kept_exactly() -> None:
    """Every model of the recorded scenario has the recorded properties, key for key."""
    estate = world("recorded")
    found = 0
    for path in sorted((BUNDLED / "recorded").glob("*.json")):
        if path.stem.endswith(".instances"):
            continue
        recorded = json.loads(path.read_text())
        group, name = path.stem.split("--")
        value = next(one for key, one in estate.scale_sets.items() if f"/{group}/" in key and one.name == name)
        ignored = ("provisioningState", "uniqueId", "timeCreated")
        wanted = {key: item for key, item in recorded["properties"].items() if key not in ignored}
        assert dict(value.properties) == wanted
        assert value.model["sku"] == recorded["sku"]
        assert len(value.instances) == recorded["sku"]["capacity"]
        found += 1
    assert found == len(estate.scale_sets) == 17


# --- the format ---


def test_the_reference_is_fresh() -> None:
    refresh = "python -c 'from vmss_tui.simulator.scenario import reference as r; r.PATH.write_text(r.render())'"
    assert PATH.read_text(encoding="utf-8") == render(), f"run: {refresh}"


def test_the_reference_has_an_example_of_every_key_that_lint_accepts() -> None:
    for table in FILE.tables:
        if table.name == "defaults":
            continue
        for path, inner in _tables(table, table.name):
            document = tomllib.loads(_parent(path) + example(inner, path))
            wrong = [message for _, message in complaints(document) if "is missing" not in message]
            assert [one for one in wrong if "there is no" not in one] == []
            assert all(f"`{key.name}`" in render() for key in inner.keys)


def _parent(path: str) -> str:
    """Headers of the arrays that a table lies in."""
    outer = path.split(".")[:-1]
    return "".join(f"[[{'.'.join(outer[: depth + 1])}]]\n" for depth in range(len(outer)) if outer[0] != "throttling")


def _tables(table: Table, path: str) -> list[tuple[str, Table]]:
    found = [(path, table)]
    for inner in table.tables:
        found += _tables(inner, f"{path}.{inner.name}")
    return found


@pytest.mark.parametrize("number", ["1e400", "-1e400", "nan", "1" + "0" * 400, '"1e400"'])
def test_a_number_out_of_range_is_a_complaint_and_no_traceback_wherever_it_stands(number: str) -> None:
    """Every key that takes a number, a duration or a range of them is tried; texts of any content are fine."""
    for table in FILE.tables:
        if table.name == "defaults":
            continue
        for path, inner in _tables(table, table.name):
            for key in inner.keys:
                if key.kind in NUMERIC:
                    header = f"[[{path}]]" if inner.is_list else f"[{path}]"
                    document = tomllib.loads(f"{_parent(path)}{header}\n{key.name} = {number}\n")
                    keys = [where for where, _ in complaints(document)]
                    assert any(where.endswith(f".{key.name}") for where in keys), (path, key.name)


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        (f"{ONE}instanses = 3\n", "scale_sets[app].instanses", "did you mean instances?"),
        ("[[scale_sets]]\ninstances = 3\n", "scale_sets[0].name", "is missing"),
        (f"{ONE}instances = -1\n", "scale_sets[app].instances", "whole number, 0 or more"),
        (f'{ONE}mode = "Rolly"\n', "scale_sets[app].mode", "must be one of Manual, Automatic, Rolling"),
        (f'{ONE}script_age = "soon"\n', "scale_sets[app].script_age", "30s, 5m, 2h or 3d"),
        (f'{ONE}ids = ["4-1"]\n', "scale_sets[app].ids", 'write "1-4"'),
        (f"{ONE}[scale_sets.policy]\nbatch = true\n", "scale_sets[app].policy.batch", "whole number"),
        (f'{ONE}subscription = "b"\n[[subscriptions]]\nname = "a"\n', "scale_sets[app].subscription", "there is no"),
        (f'{ONE}[[events]]\nscale_set = "x"\nat = 1\naction = "roll"\n', "events[0].scale_set", "there is no scale"),
        ("[[scripts]]\nmatch = '('\n", "scripts[0].match", "not a regular expression"),
        ("[scripts]\nmatch = 'a'\n", "scripts", "write [[scripts]]"),
        ('[scenario]\nname = "a"\nsped = 2\n', "scenario.sped", "did you mean speed?"),
        ('[switches]\nutc_offset = "Z"\n', "switches.utc_offset", "such as -07:00"),
        ("[throttling.sizes]\nGetVMScaleSet = 3\n", "throttling.sizes.GetVMScaleSet", "two numbers"),
        ("[files]\n'https://a/b' = 3\n", "files.https://a/b", "must be a text, or"),
        (f'{ONE}image = "ubuntu"\n', "scale_sets[app].image", "publisher:offer:sku:version"),
        (f"{ONE}tags = {{ a = 1 }}\n", "scale_sets[app].tags.a", "text in quotes"),
        ('[[principals]]\nname = "a"\nroles = [{ role = "Reader" }]\n', "principals[a].roles", "scope"),
        ('[[tenants]]\nname = "a"\n[[principals]]\nname = "a"\ntenant = "b"\n', "principals[a].tenant", "no tenant"),
        ('[[principals]]\nname = "a"\nkind = "user"\n', "principals", "service_principal"),
        ('[[subscriptions]]\nname = "a"\n[[groups]]\nname = "g"\nsubscription = "b"\n', "groups[g].subscription", "no"),
        ('[timings]\nmodel_write = [9, 1]\n', "timings.model_write", "the smaller duration comes first"),
    ],
)  # fmt: skip
def test_lint_names_file_key_and_what_to_do(tmp_path: Path, text: str, key: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    found = lint(path)
    assert len(found) == 1
    assert found[0].startswith(f"{path}: {key}: ")
    assert message in found[0]
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert caught.value.problems == found


def test_files_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[scenario\n")
    assert "is not TOML" in lint(broken)[0]
    assert "cannot be read" in lint(tmp_path / "none.toml")[0]
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in lint(binary)[0]
    with pytest.raises(ScenarioError, match="shipping"):
        load("no-such-scenario")


def test_a_scale_set_that_azure_would_refuse_is_reported_by_name() -> None:
    scenario = loads(f'{ONE}mode = "Rolling"\nhealth = "none"\n')
    with pytest.raises(ValueError, match="scale set app: Rolling Upgrade mode is not supported"):
        first_world(scenario, NOW)


def test_a_scenario_of_one_scale_set_has_all_that_a_client_needs() -> None:
    scenario = loads(ONE)
    assert len(scenario.tenants) == len(scenario.subscriptions) == len(scenario.groups) == 1
    assert scenario.principals[0].secret
    assert scenario.principals[0].secret not in repr(scenario)


def test_the_same_seed_makes_the_same_world() -> None:
    first, second = world("shipping"), world("shipping")
    assert first.scale_sets == second.scale_sets
    assert first.operations == second.operations


@pytest.mark.parametrize(("text", "value"), [(5, 5.0), ("30s", 30.0), ("1.5m", 90.0), ("2h", 7200.0), ("3d", 259200.0)])
def test_durations_are_read(text: object, value: float) -> None:
    assert seconds(text) == value


def test_ranges_are_read() -> None:
    assert span("5s") == (5.0, 5.0)
    assert span([1, "2m"]) == (1.0, 120.0)
    assert ids([1, "3-5", "vm_a"]) == ("1", "3", "4", "5", "vm_a")
    for wrong in ([1, 2, 3], [True, 1]):
        with pytest.raises(ValueError, match="duration"):
            span(wrong)
    with pytest.raises(ValueError, match="instance ids"):
        ids([1.5])


def test_every_key_of_a_script_reaches_the_model() -> None:
    script = """
mode = "Manual"
os = "linux"
repairs = { enabled = true, grace = "PT15M", action = "Restart" }
[scale_sets.script]
name = "Setup"
inline = "echo hello"
timestamp = 5
force_update_tag = "x"
suppress_failures = true
handler_version = "2.0"
[[scale_sets.extensions]]
name = "Monitor"
publisher = "Microsoft.Azure.Monitor"
type = "AzureMonitorLinuxAgent"
version = "1.33"
settings = { a = 1 }
protected = { key = "made-up" }
after = ["Setup"]
"""
    value = next(iter(first_world(loads(ONE + script), NOW).scale_sets.values()))
    listed = value.properties["virtualMachineProfile"]["extensionProfile"]["extensions"]
    setup = next(one["properties"] for one in listed if one["name"] == "Setup")
    assert setup["settings"] == {"script": "ZWNobyBoZWxsbw==", "timestamp": 5}
    assert (setup["forceUpdateTag"], setup["suppressFailures"], setup["typeHandlerVersion"]) == ("x", True, "2.0")
    assert value.protected == {"monitor": {"key": "made-up"}}
    assert [spec.name for spec in specs(value.model, value.protected)] == ["HealthExtension", "Setup", "Monitor"]
    assert value.properties["automaticRepairsPolicy"]["repairAction"] == "Restart"


def test_the_past_of_a_scale_set_is_lived_through() -> None:
    past = """
mode = "Rolling"
instances = 10
[[scale_sets.history]]
ago = "20m"
cancel_after = "3m"
script = { command = "./app_v2.sh" }
"""
    value = next(iter(first_world(loads(ONE + past), NOW).scale_sets.values()))
    assert value.roll is not None and value.roll.code == "Cancelled"
    assert value.roll.ended is not None and 1015 < (NOW - value.roll.ended).total_seconds() < 1025
    behind = [one for one in value.instances.values() if one.generation != value.generation]
    assert 0 < len(behind) < 10
    manual = past.replace('mode = "Rolling"', 'mode = "Manual"').replace('cancel_after = "3m"', 'upgrade = ["0-3"]')
    value = next(iter(first_world(loads(ONE + manual), NOW).scale_sets.values()))
    assert sum(one.generation == value.generation for one in value.instances.values()) == 4


# --- copies of real instances ---


def test_instances_are_copied_from_a_list_answer() -> None:
    """Recorded: vm_list_with_resources_updating."""
    estate = world("recorded")
    value = next(one for one in estate.scale_sets.values() if one.name == "vmss30338170de78c1")
    first = value.instances["0"]
    assert (first.name, first.vm_id) == ("vmss30338170de78c1_0", "51d15700-e666-485d-809b-6ec78c4b4436")
    script = first.extensions["customscriptforlinux"]
    assert script.spec.settings["commandToExecute"] == "bash install_apache.sh"
    assert (first.provisioning, first.power, first.health) == ("Succeeded", "running", None)


def test_a_copy_of_what_the_simulator_answers_is_the_same_again(tmp_path: Path) -> None:
    """What a rehearsal does: model and instances are read, and a second world is made of them."""
    source = world("shipping")
    shown = [
        one for one in source.scale_sets.values() if one.name in ("api-uks", "billing-win", "search-sec", "gw-eus")
    ]
    assert len(shown) == 4
    for value in shown:
        shapes = Shapes(value, "2024-07-01", NOW)
        items = [instance_json(shapes, one, view=True) for one in value.instances.values()]
        (tmp_path / "model.json").write_text(json.dumps(scale_set_json(value, "2024-07-01")))
        (tmp_path / "machines.json").write_text(json.dumps({"value": items}))
        text = f'[[scale_sets]]\nname = "{value.name}"\nmodel = "model.json"\nmachines = "machines.json"\n'
        copy = next(iter(first_world(loads(text, tmp_path / "copy.toml"), NOW).scale_sets.values()))
        assert list(copy.instances) == list(value.instances)
        for key, one in copy.instances.items():
            other = value.instances[key]
            for name in ("name", "zone", "power", "health", "provisioning", "vm_id", "update_domain"):
                assert getattr(one, name) == getattr(other, name), (value.name, key, name)
            assert (one.generation == copy.generation) == (other.generation == value.generation)
            for extension, installed in one.extensions.items():
                twin = other.extensions[extension]
                assert (installed.state, installed.version) == (twin.state, twin.version)
                assert installed.spec.settings == twin.spec.settings
                if twin.spec.is_script and other.agent_ready:
                    assert installed.result == twin.result


def test_a_copy_assumes_a_protected_command_where_none_can_be_seen(tmp_path: Path) -> None:
    model = {
        "location": "westeurope",
        "sku": {"name": "Standard_B1s", "capacity": 1},
        "properties": {
            "virtualMachineProfile": {
                "extensionProfile": {
                    "extensions": [
                        {
                            "name": "S",
                            "properties": {
                                "publisher": "Microsoft.Azure.Extensions",
                                "type": "CustomScript",
                                "typeHandlerVersion": "2.1",
                                "settings": {"fileUris": ["https://example.com/a.sh"]},
                            },
                        }
                    ]
                }
            }
        },
    }
    (tmp_path / "model.json").write_text(json.dumps(model))
    (tmp_path / "machines.json").write_text(json.dumps([{"instanceId": "5", "name": "app_5", "properties": {}}]))
    copy = loads(f'{ONE}model = "model.json"\nmachines = "machines.json"\n', tmp_path / "copy.toml")
    value = next(iter(first_world(copy, NOW).scale_sets.values()))
    assert list(value.instances) == ["5"]
    assert "commandToExecute" in value.protected["s"]


@pytest.mark.parametrize("text", ['{"a": 1}', "[1]", "3"])
def test_a_copy_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "machines.json").write_text(text)
    with pytest.raises(ScenarioError, match="machines: expected the JSON of a virtualMachines list"):
        loads(f'{ONE}machines = "machines.json"\n', tmp_path / "mine.toml")
