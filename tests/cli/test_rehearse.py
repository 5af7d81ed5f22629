"""The scenario of a rehearsal: a copy that says what the real set says, with the faults that were asked for."""

import json
from dataclasses import replace
from typing import Any

import pytest
import tomli_w

from support.build import fleet, plan, script, snapshot, vm
from vmss_tui.cli.commands.outlook.scenario_from_set import machines_of, scenario_of
from vmss_tui.domain.fleet.governance import Governance, PolicyAssignment, StandbyPool
from vmss_tui.domain.fleet.health import Health, Power
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.track_record import PastRollout, TrackRecord
from vmss_tui.engine.rehearsal import Autoscaling, Faults, parse_faults
from vmss_tui.errors import UsageError

PLACE = Subscription("s", "prod")
NO_MODEL: dict[str, Any] = {"properties": {}}


def scenario(of: SetSnapshot, faults: Faults = Faults(), history: TrackRecord | None = None) -> dict[str, Any]:  # noqa: B008
    made = plan(of)
    found = scenario_of(of, replace(made, history=history or made.history), PLACE, faults)
    assert tomli_w.dumps(found)
    return found


@pytest.mark.parametrize(
    ("setting", "table"),
    [
        (None, None),
        (Autoscale(unknown="no right to read it"), None),
        (Autoscale(enabled=True, minimum=2, maximum=9), {"minimum": 2, "maximum": 9, "enabled": True}),
        (Autoscale(enabled=False, minimum=3, maximum=3), {"minimum": 3, "maximum": 3, "enabled": False}),
    ],
)
def test_the_copy_has_the_autoscale_setting(setting: Autoscale | None, table: dict[str, Any] | None) -> None:
    (scale_set,) = scenario(replace(snapshot(*fleet(3)), autoscale=setting))["scale_sets"]
    assert scale_set.get("autoscale") == table


def test_the_copy_has_the_standby_pool_and_the_policies_that_matter_to_a_write() -> None:
    of = snapshot(*fleet(3))
    home = f"/subscriptions/{of.scale_set.id.subscription}"
    assignments = (
        PolicyAssignment("Only our images", f"{home}/resourceGroups/rg", "deny"),
        PolicyAssignment("Monitor agent", "/providers/Microsoft.Management/managementGroups/m", has_identity=True),
        PolicyAssignment("Tags", home, "Audit"),
    )
    pools = (StandbyPool("ready", 2, 9, "deallocated"),)
    found = scenario(replace(of, governance=Governance(policies=assignments, standby_pools=pools)))
    (scale_set,) = found["scale_sets"]
    assert scale_set["standby"] == {"name": "ready", "minimum": 2, "maximum": 9, "state": "Deallocated"}
    assert [(it["name"], it["scope"], it["effect"], it["actions"]) for it in found["policies"]] == [
        ("Only our images", f"{home}/resourceGroups/rg", "Deny", []),
        ("Monitor agent", home, "DeployIfNotExists", []),
    ]


def test_the_copy_takes_as_long_as_the_set_does() -> None:
    (assumed,) = scenario(snapshot(*fleet(3)))["scale_sets"]
    past = PastRollout(seconds=(400.0,) * 6, script_seconds=300.0, settle_seconds=100.0)
    (known,) = scenario(snapshot(*fleet(3)), history=TrackRecord(rollouts=(past,)))["scale_sets"]
    assert known["script_seconds"] == [300, 300] and known["initialising"] == [100, 100]
    assert assumed["script_seconds"][0] + assumed["initialising"][0] >= 60
    assert assumed["script_seconds"][1] + assumed["initialising"][1] <= 360


def test_each_fault_is_where_it_was_asked_for() -> None:
    made = scenario(
        snapshot(*fleet(5)),
        Faults(
            fails=frozenset("1"),
            slow=frozenset("12"),
            unhealthy=frozenset("3"),
            autoscale=Autoscaling(after=120, by=-2),
            colleague_after=60,
        ),
    )
    (scale_set,) = made["scale_sets"]
    overrides = {override["instances"][0]: override for override in scale_set["overrides"]}
    assert set(overrides) == {"1", "2", "3"}
    assert overrides["1"]["script"] == "fails" and overrides["3"]["after_script"] == "unhealthy"
    assert overrides["1"]["script_seconds"] == overrides["2"]["script_seconds"] > scale_set["script_seconds"][1]
    scaling, write = made["events"]
    assert (scaling["action"], scaling["at"], scaling["by"], scaling["after"]) == ("autoscale", 120, -2, "write")
    assert (write["action"], write["at"]) == ("write", 60)


def test_instances_come_with_their_zone_health_power_and_older_script() -> None:
    model = script(1)
    of = snapshot(
        vm(0, zone="2"),
        vm(1, health=Health.UNHEALTHY),
        vm(2, power=Power.DEALLOCATED),
        vm(3, protected=True),
        vm(4, script_digest=script(7).digest, script_settings=script(7).settings, latest_model=False),
        vm(5, script_digest="", latest_model=False),
    )
    own = of.scale_set.script or model
    extensions = [
        {"name": own.name, "properties": {"settings": dict(own.settings)}},
        {"name": "health", "properties": {"settings": {}}},
    ]
    azure = {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": extensions}}}}
    made = {machine["instanceId"]: machine for machine in machines_of(of, azure)}
    assert json.dumps(list(made.values()))
    view = {key: machine["properties"]["instanceView"] for key, machine in made.items()}
    assert made["0"]["zones"] == ["2"]
    assert view["1"]["vmHealth"]["status"]["code"] == "HealthState/unhealthy"
    assert view["2"]["statuses"] == [{"code": "PowerState/deallocated"}] and "vmHealth" not in view["2"]
    assert made["3"]["properties"]["protectionPolicy"] == {"protectFromScaleSetActions": True}
    assert [extension["name"] for extension in made["4"]["resources"]] == [own.name, "health"]
    assert made["4"]["resources"][0]["properties"]["settings"] == dict(script(7).settings)
    assert [extension["name"] for extension in made["5"]["resources"]] == ["health"]
    assert not made["4"]["properties"]["latestModelApplied"]


@pytest.mark.parametrize(
    ("text", "scaling"),
    [
        ("+5@2m", Autoscaling(after=120, by=5)),
        ("-2", Autoscaling(after=60, by=-2)),
        ("40@1h", Autoscaling(after=3600, capacity=40)),
    ],
)
def test_faults_are_written_in_words(text: str, scaling: Autoscaling) -> None:
    made = parse_faults(f"fail=3,17 slow=4 unhealthy-after=5 colleague=3m autoscale={text}")
    assert made.autoscale == scaling and made.colleague_after == 180
    assert (made.fails, made.slow, made.unhealthy) == (frozenset(("3", "17")), frozenset("4"), frozenset("5"))


def test_nothing_goes_wrong_unless_it_is_asked_for() -> None:
    assert parse_faults("  ") == Faults()
    for wrong in ("autoscale=many", "autoscale=+5@soon", "colleague=never", "burn=3", "fail", "fail="):
        with pytest.raises(UsageError):
            parse_faults(wrong)
