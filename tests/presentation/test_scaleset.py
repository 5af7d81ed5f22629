"""A scale set in words, signs and rows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support import estate
from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Autoscale, Extension
from vmss_tui.domain.fleet.script import ScriptConfig, ScriptState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy
from vmss_tui.presentation.filter import parse
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset import details
from vmss_tui.presentation.scaleset import interference as in_the_way
from vmss_tui.presentation.scaleset import summary as scaleset
from vmss_tui.presentation.table import Line, text_of

SETS = {each.scale_set.name: each for each in estate.estate()}
WEB, GATEWAY, ROLLING = SETS["web-weu"], SETS["gw-eus"], SETS["web-neu"]
ONE = WEB.instances[0]


def model(of: SetSnapshot, **more: Any) -> SetSnapshot:
    return replace(of, scale_set=replace(of.scale_set, **more))


def label(script: ScriptConfig) -> str:
    return estate.labels().get(script.digest, "")


def lines(found: tuple[Line, ...]) -> list[str]:
    return [text_of(line).rstrip() for line in found]


def test_the_summary_has_always_as_many_lines() -> None:
    for snapshot in SETS.values():
        for width in (118, 78):
            assert len(scaleset.summary_lines(snapshot, label, estate.NOW, width)) == scaleset.SUMMARY_LINES


def test_the_summary_in_two_columns() -> None:
    found = lines(scaleset.summary_lines(WEB, label, estate.NOW, 118))
    assert found[0].startswith(
        "Rolling · 20% a batch (12) · pause 30s · max 20% unhealthy    Standard_D2s_v5 · Uniform"
    )
    assert "http :80/healthz every 5 s" in found[1]
    assert "CustomScript 2.1 → web 2.4.0, ran 3d ago" in found[1]
    assert found[2].startswith("In the way  automatic repairs on (Replace)")
    assert found[2].endswith("completed 60 of 60 updated, 3d ago")
    assert found[3].startswith("Others      ") and "Tags        " in found[3]


def test_what_runs_stands_in_full_beside_every_mode() -> None:
    for name in ("tracking-weu", "labels-eus"):
        found = lines(scaleset.summary_lines(SETS[name], label, estate.NOW, 118))
        assert found[1].endswith("ago") and len(found[1]) <= 118


def test_tags_are_shown_as_a_filter_names_them() -> None:
    tagged = replace(WEB.scale_set, tags={"app": "web", "env": "prod"})
    assert text_of(scaleset.tags_words(tagged)) == "Tags        app=web, env=prod"
    assert text_of(scaleset.tags_words(replace(WEB.scale_set, tags={}))) == "Tags        none"


def test_what_each_mode_means() -> None:
    assert "only when told to" in scaleset.policy_words(SETS["tracking-weu"].scale_set)
    assert "all instances at once" in scaleset.policy_words(SETS["labels-eus"].scale_set)
    careful = RollingPolicy(cross_zone=True, prioritise_unhealthy=True, rollback_on_breach=True, surge=True)
    words = scaleset.policy_words(replace(WEB.scale_set, policy=careful))
    assert words.endswith("zones mixed · unhealthy first · rolls back · surge")


def test_a_set_without_a_health_source_says_so_in_amber() -> None:
    line = scaleset.health_words(SETS["labels-eus"].scale_set)
    assert line[1][1] is Role.WARN
    probe = replace(WEB.scale_set, health_source=HealthSource("probe", "hp-web"))
    assert text_of(scaleset.health_words(probe)).endswith("load balancer probe, hp-web")


def test_what_may_be_in_the_way() -> None:
    busy = model(
        WEB,
        repairs_suspended=True,
        automatic_os_upgrade=True,
        overprovision=True,
        provisioning=Provisioning.UPDATING,
    )
    assert in_the_way.in_the_way(busy) == (
        "automatic repairs on (Replace, suspended)",
        "automatic OS image upgrades on",
        "overprovisioning on",
        "it is updating right now",
    )
    assert in_the_way.in_the_way(model(SETS["api-weu"], provisioning=Provisioning.FAILED)) == (
        "its last change failed",
    )


def test_autoscale_is_in_the_way_when_it_is_on() -> None:
    def told(autoscale: Autoscale | None, of: SetSnapshot = WEB) -> Line:
        return in_the_way.line(replace(of, autoscale=autoscale))

    on = told(Autoscale(enabled=True, minimum=30, maximum=90))
    assert text_of(on) == "In the way  automatic repairs on (Replace) · autoscale 30–90"
    assert on[-1][1] is Role.WARN
    assert told(Autoscale(minimum=30, maximum=90)) == told(None), "a setting that is off does nothing"

    refused, quiet = Autoscale(unknown="no right to read it"), model(WEB, automatic_repairs="")
    assert text_of(told(refused)).endswith("repairs on (Replace) · autoscale unknown (no right to read it)")
    assert told(refused, quiet)[1:] == (("autoscale unknown (no right to read it)", Role.DIM),)
    assert text_of(told(None, quiet)) == "In the way  nothing that we can see"
    narrow = lines(scaleset.summary_lines(replace(quiet, autoscale=refused), label, estate.NOW, 78))
    assert narrow[-1].startswith("Last roll"), "what is merely unknown takes no room from what is known"


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest", "ubuntu-server-jammy 22_04-lts-gen2"),
        ("/subscriptions/x/providers/Microsoft.Compute/images/golden-7", "golden-7"),
        ("", ""),
    ],
)
def test_images_are_named_by_what_tells(image: str, words: str) -> None:
    assert scaleset.image_words(image) == words


def test_other_extensions_are_named() -> None:
    monitor = Extension(name="Monitor", publisher="Microsoft.Azure.Monitor", type="AzureMonitorLinuxAgent", version="1")
    assert text_of(scaleset.others_words(replace(WEB.scale_set, extensions=(monitor,)))) == "Others      Monitor"
    assert text_of(scaleset.others_words(replace(WEB.scale_set, extensions=()))) == "Others      no other extension"


def test_why_the_last_roll_stopped() -> None:
    assert text_of(scaleset.fault_line(GATEWAY)) == (
        "✖ Azure stopped its roll: too many instances of the set are unhealthy "
        "[MaxUnhealthyInstancePercentExceededInRollingUpgrade]"
    )
    assert scaleset.fault_line(WEB) == ()
    never = scaleset.upgrade_words(None, estate.NOW)
    assert text_of(never) == "Last roll   never"
    running = RollingUpgrade(code=UpgradeCode.ROLLING_BACK, successful=1, failed=1, pending=2)
    assert text_of(scaleset.upgrade_words(running, estate.NOW)) == "Last roll   rolling back 1 of 4 updated, 1 failed"


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
        (changed(health=Health.INITIALISING), "initialising"),
        (changed(health=Health.UNKNOWN), "unknown"),
        (changed(latest_model=False), "behind"),
    ],
)
def test_one_sign_for_an_instance(instance: Instance, word: str) -> None:
    assert scaleset.mark_of(instance).word == word


def test_a_row_of_an_instance() -> None:
    labels = scaleset.versions(ROLLING, label)
    row = scaleset.row_of(ROLLING.instances[30], labels, estate.NOW)
    assert [text_of(each) for each in row.cells] == [
        "30", "web-neu_30", "2", "current", "web 2.5.0", "◐ running", "◌ initialising", "40s", "",
    ]  # fmt: skip
    assert len(row.cells) == len(scaleset.COLUMNS)
    behind = scaleset.row_of(ROLLING.instances[59], labels, estate.NOW)
    assert [text_of(each) for each in behind.cells][3:6] == ["behind", "web 2.4.0", "● ok 0"]


def test_an_instance_that_is_off_says_so_in_place_of_its_health() -> None:
    row = scaleset.row_of(changed(power=Power.DEALLOCATED, zone="", script_digest=""), {}, estate.NOW)
    assert [text_of(each) for each in row.cells][2:7:2] == ["–", "–", "⊘ deallocated"]


def test_a_version_that_nobody_named_is_eight_digits() -> None:
    assert scaleset.instance_version(ONE, {}) == f"unknown {ONE.script_digest[:8]}"
    bare = SetSnapshot(scale_set=replace(WEB.scale_set, extensions=()), instances=(ONE,))
    assert scaleset.versions(bare, label) == {}


def ids(view: scaleset.InstanceView, snapshot: SetSnapshot = GATEWAY) -> list[str]:
    return [each.id for each in scaleset.shown_instances(snapshot, view, scaleset.versions(snapshot, label))]


def test_trouble_stands_on_top_and_two_comes_before_ten() -> None:
    assert ids(scaleset.InstanceView()) == ["3", "4", "5", "0", "1", "2", "6", "7", "8"]
    assert ids(scaleset.InstanceView(order="id"), WEB)[9:12] == ["9", "10", "11"]
    assert ids(scaleset.InstanceView(order="id", reverse=True))[0] == "8"
    assert ids(scaleset.InstanceView(faults_only=True)) == ["3", "4", "5"]
    for column in scaleset.COLUMNS:
        assert len(ids(scaleset.InstanceView(order=column.key))) == 9


def test_filters_of_instances() -> None:
    def of(source: str) -> list[str]:
        return ids(scaleset.InstanceView(order="id", terms=parse(source, scaleset.FIELDS)))

    assert of("script:failed") == ["3", "4"]
    assert of("health:unhealthy") == ["5"]
    assert of("state:failed,unhealthy") == ["3", "4", "5"]
    assert of("id:7") == ["7"]
    assert of("message:unzip") == ["3", "4"]
    assert of("version:3.0.2 !gw-eus_3") == ["0", "1", "2", "4", "5", "6", "7", "8"]
    assert len(of("power:running model:current")) == 9


def test_counts_at_rest() -> None:
    line = text_of(scaleset.count_line(GATEWAY, GATEWAY.instances, 2))
    assert line == "9 instances  ·  2 failed  ·  1 unhealthy  ·  6 current  ·  2 marked"
    assert text_of(scaleset.count_line(GATEWAY, GATEWAY.instances[:1], 0)).startswith("1 of 9 instances")


def test_zones_are_groups_and_without_zones_there_is_one() -> None:
    assert [(zone.title, len(zone.marks)) for zone in scaleset.zones_of(WEB)] == [
        ("zone 1", 20),
        ("zone 2", 20),
        ("zone 3", 20),
    ]
    assert [zone.title for zone in scaleset.zones_of(GATEWAY)] == [""]
    mixed = replace(WEB, instances=(ONE, changed(id="9", zone="")))
    assert [zone.title for zone in scaleset.zones_of(mixed)] == ["no zone", "zone 1"]


def test_details_say_everything_once() -> None:
    found = "\n".join(lines(details.instance_lines(GATEWAY.instances[3], "gw 3.0.2", estate.NOW, 100)))
    for words in ("gw-eus_3", "Standard_D2s_v5", "✖ failed", "2025-11-21 23:11:07 UTC, 3m ago", "fileUris"):
        assert words in found
    strange = changed(protected=True, agent_ready=False, message="x " * 200, script_settings={})
    found = "\n".join(lines(details.instance_lines(strange, "", estate.NOW, 60)))
    for words in ("Azure's upgrades skip it", "not ready", " none"):
        assert words in found
    assert all(len(line) <= 62 for line in found.splitlines())


def test_equal_outputs_stand_together_failed_ones_first() -> None:
    outputs = details.outputs_of(GATEWAY.instances)
    assert [(len(each.names), each.exit_code) for each in outputs] == [(2, 1), (7, 0)]
    found = lines(details.output_lines(outputs, estate.NOW, 80))
    assert found.index(" stderr") < found.index(" stdout")
    quiet = changed(
        script=replace(ONE.script, stdout="", stderr="", exit_code=None, at=None, message="Enable in progress")
    )
    found = lines(details.output_lines(details.outputs_of([quiet]), estate.NOW, 80))
    assert found == [" web-weu_0  ·  has not ended", " Enable in progress"]
    many = details.outputs_of([changed(id=str(n), name=f"vm{n}") for n in range(12)])
    assert "and 4 more" in "\n".join(lines(details.output_lines(many, estate.NOW, 80)))
    assert lines(details.output_lines((), estate.NOW, 80)) == [" The script has printed nothing yet."]


def test_json_is_cut_into_lines_that_fit_and_reads_the_same_for_the_clipboard() -> None:
    value = {"a": "x" * 300, "b": [1, "[/red]\x1b[31m"], "日本": "語" * 80}
    found = lines(details.json_lines(value, 80))
    assert max(map(len, found)) <= 82
    assert "\x1b" not in "".join(found)
    assert '"a": "xxx' in details.json_text(value)


def test_changes_are_dated_by_what_changed_last() -> None:
    assert scaleset.changed_at(changed(health_at=None, created_at=None)) == ONE.script.at
    nothing = changed(health_at=None, created_at=None, script=replace(ONE.script, at=None))
    assert scaleset.changed_at(nothing) is None
    assert text_of(scaleset.row_of(nothing, {}, estate.NOW).cells[7]) == "–"
    assert scaleset.changed_at(changed(health_at=estate.NOW + timedelta(1))) == estate.NOW + timedelta(1)


def test_a_left_column_that_is_too_long_is_cut_and_the_right_one_stays_in_line() -> None:
    long = replace(WEB.scale_set, automatic_repairs="R" * 80, overprovision=True)
    long = replace(long, provisioning=Provisioning.FAILED)
    found = lines(scaleset.summary_lines(replace(WEB, scale_set=long), label, estate.NOW, 100))
    assert found[2].index("Last roll") == found[1].index("Script") == 69
    assert "…" in found[2]


def test_any_text_in_lines() -> None:
    assert lines(details.text_lines("a\n" + "b" * 50, 30)) == [" a", " " + "b" * 28, " " + "b" * 22]
    never = changed(created_at=None, health_at=None)
    assert " Created       –" in lines(details.instance_lines(never, "", estate.NOW, 80))
