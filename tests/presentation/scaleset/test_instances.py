"""The instances of a scale set in signs and rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from support import estate
from vmss_tui.domain.fleet.health import Health, Power, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.script import ScriptConfig, ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.presentation.filter import FilterProblem, parse
from vmss_tui.presentation.scaleset import instances
from vmss_tui.presentation.table import Row, text_of

SETS = {snapshot.scale_set.name: snapshot for snapshot in estate.estate()}
WEB, GATEWAY, ROLLING = SETS["web-weu"], SETS["gw-eus"], SETS["web-neu"]
ONE = WEB.instances[0]


def label(script: ScriptConfig) -> str:
    return estate.labels().get(script.digest, "")


def known(labels: Mapping[str, str] | None = None) -> instances.Known:
    return instances.Known(now=estate.NOW, labels=labels or {})


def row_of(instance: Instance, labels: Mapping[str, str] | None = None) -> Row:
    return instances.INSTANCES.row(instance, known(labels))


def changed(**changes: object) -> Instance:
    return replace(ONE, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("instance", "word"),
    [
        (ONE, "current"),
        (changed(script=replace(ONE.script, state=ScriptState.FAILED)), "failed"),
        (changed(provisioning=Provisioning.FAILED), "failed"),
        (changed(power=Power.DEALLOCATED), "deallocated"),
        (changed(health=Health.UNHEALTHY), "unhealthy"),
        (changed(script=replace(ONE.script, state=ScriptState.RUNNING)), "updating"),
        (changed(provisioning=Provisioning.CREATING), "updating"),
        (changed(health=Health.INITIALISING), "pending"),
        (changed(health=Health.UNKNOWN), "unknown"),
        (changed(latest_model=False), "behind"),
    ],
)
def test_one_sign_for_an_instance(instance: Instance, word: str) -> None:
    assert instances.mark_of(instance).word == word


def test_a_row_of_an_instance() -> None:
    labels = instances.versions(ROLLING, label)
    row = row_of(ROLLING.instances[30], labels)
    assert [text_of(cell) for cell in row.cells] == [
        "30", "web-neu_30", "2", "current", "web 2.5.0", "◐ running", "◌ pending", "40s", "",
    ]  # fmt: skip
    assert len(row.cells) == len(instances.INSTANCES.columns)
    behind = row_of(ROLLING.instances[59], labels)
    assert [text_of(cell) for cell in behind.cells][3:6] == ["behind", "web 2.4.0", "● ok 0"]


def test_an_instance_that_is_off_says_so_in_place_of_its_health() -> None:
    row = row_of(changed(power=Power.DEALLOCATED, zone="", script_digest=""))
    assert [text_of(cell) for cell in row.cells][2:7:2] == ["–", "–", "⊘ deallocated"]


def test_a_version_that_nobody_named_is_eight_digits() -> None:
    assert instances.instance_version(ONE, {}) == f"unknown {ONE.script_digest[:8]}"
    bare = SetSnapshot(scale_set=replace(WEB.scale_set, extensions=()), instances=(ONE,))
    assert instances.versions(bare, label) == {}


def ids(view: instances.InstanceView, snapshot: SetSnapshot = GATEWAY) -> list[str]:
    return [
        instance.id
        for instance in instances.shown_instances(snapshot, view, known(instances.versions(snapshot, label)))
    ]


def test_trouble_stands_on_top_and_two_comes_before_ten() -> None:
    assert ids(instances.InstanceView()) == ["3", "4", "5", "0", "1", "2", "6", "7", "8"]
    assert ids(instances.InstanceView(order="id"), WEB)[9:12] == ["9", "10", "11"]
    assert ids(instances.InstanceView(order="id", reverse=True))[0] == "8"
    assert ids(instances.InstanceView(faults_only=True)) == ["3", "4", "5"]
    for order in instances.INSTANCES.orders:
        assert len(ids(instances.InstanceView(order=order))) == 9


def test_filters_of_instances() -> None:
    def of(source: str) -> list[str]:
        return ids(instances.InstanceView(order="id", terms=parse(source, instances.INSTANCES.fields)))

    assert of("script:failed") == ["3", "4"]
    assert of("health:unhealthy") == ["5"]
    assert of("state:failed,unhealthy") == ["3", "4", "5"]
    assert of("id:7") == ["7"]
    assert of("message:unzip") == ["3", "4"]
    assert of("version:3.0.2 !gw-eus_3") == ["0", "1", "2", "4", "5", "6", "7", "8"]
    assert len(of("power:running model:current")) == 9


def test_counts_at_rest() -> None:
    line = text_of(instances.count_line(GATEWAY, GATEWAY.instances))
    assert line == "9 instances  ·  2 failed  ·  1 unhealthy  ·  6 current"
    assert text_of(instances.count_line(GATEWAY, GATEWAY.instances[:1])).startswith("1 of 9 instances")


def test_zones_are_groups_and_without_zones_there_is_one() -> None:
    assert [(zone.title, len(zone.marks)) for zone in instances.zones_of(WEB)] == [
        ("zone 1", 20),
        ("zone 2", 20),
        ("zone 3", 20),
    ]
    assert [zone.title for zone in instances.zones_of(GATEWAY)] == [""]
    mixed = replace(WEB, instances=(ONE, changed(id="9", zone="")))
    assert [zone.title for zone in instances.zones_of(mixed)] == ["no zone", "zone 1"]


def test_changes_are_dated_by_what_changed_last() -> None:
    assert instances.changed_at(changed(health_at=None, created_at=None)) == ONE.script.at
    nothing = changed(health_at=None, created_at=None, script=replace(ONE.script, at=None))
    assert instances.changed_at(nothing) is None
    assert text_of(row_of(nothing).cells[7]) == "–"
    assert instances.changed_at(changed(health_at=estate.NOW + timedelta(1))) == estate.NOW + timedelta(1)


def test_a_value_that_no_instance_can_have_is_named() -> None:
    with pytest.raises(FilterProblem, match="health: is never 'sick'"):
        parse("health:sick", instances.INSTANCES.fields)


@pytest.mark.parametrize("name", ["health", "script"])
def test_values_that_an_instance_can_have_are_named_once(name: str) -> None:
    with pytest.raises(FilterProblem) as caught:
        parse(f"{name}:bogus", instances.INSTANCES.fields)
    offered = str(caught.value).partition("; use ")[2].split(", ")
    assert len(offered) == len(set(offered)) > 3


def test_healthy_does_not_find_what_is_unhealthy() -> None:
    view = instances.InstanceView(terms=parse("health:healthy", instances.INSTANCES.fields))
    assert "5" not in ids(view) and len(ids(view)) == 8
