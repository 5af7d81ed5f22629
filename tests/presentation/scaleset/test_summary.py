"""A scale set in words, signs and rows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from support import estate
from vmss_tui.domain.fleet.governance import Activity, ActivityLog
from vmss_tui.domain.fleet.health import HealthSource, Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Autoscale, Extension
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.scaleset import interference
from vmss_tui.presentation.scaleset import summary as scaleset
from vmss_tui.presentation.table import Line, text_of

SETS = {snapshot.scale_set.name: snapshot for snapshot in estate.estate()}
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
    assert "http :80/healthz every 5s" in found[1]
    assert "CustomScript 2.1 → web 2.4.0, ran 3d ago" in found[1]
    assert found[2].startswith("Interference  automatic repairs on (Replace)")
    assert found[2].endswith("completed 60 of 60 updated, 3d ago")
    assert found[3].startswith("Extensions    ") and "Tags     " in found[3]


def test_what_runs_stands_in_full_beside_every_mode() -> None:
    for name in ("tracking-weu", "labels-eus"):
        found = lines(scaleset.summary_lines(SETS[name], label, estate.NOW, 118))
        assert found[1].endswith("ago") and len(found[1]) <= 118


def test_tags_are_shown_as_a_filter_names_them() -> None:
    tagged = replace(WEB.scale_set, tags={"app": "web", "env": "prod"})
    assert text_of(scaleset.tags_words(tagged)) == "Tags          app=web, env=prod"
    assert text_of(scaleset.tags_words(replace(WEB.scale_set, tags={}))) == "Tags          none"


def test_what_each_mode_means() -> None:
    assert "only on request" in scaleset.policy_words(SETS["tracking-weu"].scale_set)
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
    assert interference.interfering(busy) == (
        "automatic repairs on (Replace, suspended)",
        "automatic OS image upgrades on",
        "overprovisioning on",
        "a change is in progress (updating)",
    )
    assert interference.interfering(model(SETS["api-weu"], provisioning=Provisioning.FAILED)) == ("last change failed",)


def test_autoscale_is_in_the_way_when_it_is_on() -> None:
    def interference_line(autoscale: Autoscale | None, of: SetSnapshot = WEB) -> Line:
        return interference.line(replace(of, autoscale=autoscale))

    on = interference_line(Autoscale(enabled=True, minimum=30, maximum=90))
    assert text_of(on) == "Interference  automatic repairs on (Replace) · autoscale 30–90"
    assert on[-1][1] is Role.WARN
    assert interference_line(Autoscale(minimum=30, maximum=90)) == interference_line(None), (
        "a setting that is off does nothing"
    )

    refused, quiet = Autoscale(unknown="no right to read it"), model(WEB, automatic_repairs="")
    assert text_of(interference_line(refused)).endswith(
        "repairs on (Replace) · autoscale unknown (no right to read it)"
    )
    assert interference_line(refused, quiet)[1:] == (("autoscale unknown (no right to read it)", Role.DIM),)
    assert text_of(interference_line(None, quiet)) == "Interference  none detected"
    narrow = lines(scaleset.summary_lines(replace(quiet, autoscale=refused), label, estate.NOW, 78))
    assert narrow[-1].startswith("Upgrade"), "what is merely unknown takes no room from what is known"


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
    assert text_of(scaleset.others_words(replace(WEB.scale_set, extensions=(monitor,)))) == "Extensions    Monitor"
    assert text_of(scaleset.others_words(replace(WEB.scale_set, extensions=()))) == "Extensions    no other extension"


def test_why_the_last_rolling_upgrade_stopped() -> None:
    assert text_of(scaleset.fault_line(GATEWAY)) == (
        "✖ Azure stopped the rolling upgrade: too many instances of the set are unhealthy "
        "[MaxUnhealthyInstancePercentExceededInRollingUpgrade]"
    )
    assert scaleset.fault_line(WEB) == ()
    never = scaleset.upgrade_words(None, estate.NOW)
    assert text_of(never) == "Upgrade       never"
    running = RollingUpgrade(code=UpgradeCode.ROLLING_BACK, successful=1, failed=1, pending=2)
    assert text_of(scaleset.upgrade_words(running, estate.NOW)) == "Upgrade       rolling back 1 of 4 updated, 1 failed"


def test_a_left_column_that_is_too_long_is_cut_and_the_right_one_stays_in_line() -> None:
    long = replace(WEB.scale_set, automatic_repairs="R" * 80, overprovision=True)
    long = replace(long, provisioning=Provisioning.FAILED)
    found = lines(scaleset.summary_lines(replace(WEB, scale_set=long), label, estate.NOW, 100))
    assert found[2].index("Upgrade") == found[1].index("Script") == 69
    assert "…" in found[2]


def test_the_last_change_and_who_made_it_are_in_the_summary() -> None:
    change = Activity(estate.NOW - timedelta(minutes=5), "maria@contoso.com", "Microsoft.Compute/x/write", "Succeeded")
    changed = replace(WEB, activity=ActivityLog((change,)))
    wide = " ".join(lines(scaleset.summary_lines(changed, label, estate.NOW, 118)))
    assert "Changed  5m ago by maria@contoso.com" in wide and "Tags" not in wide
    mine = replace(changed, activity=ActivityLog((replace(change, by_me=True),)))
    assert "Changed  5m ago by you: " in " ".join(lines(scaleset.summary_lines(mine, label, estate.NOW, 118)))
    quiet = replace(changed, autoscale=None, scale_set=replace(WEB.scale_set, automatic_repairs=""), upgrade=None)
    assert "maria@contoso.com" in lines(scaleset.summary_lines(quiet, label, estate.NOW, 78))[3]
    for log in (None, ActivityLog(), ActivityLog(unknown="no right to read it")):
        assert "Tags" in " ".join(lines(scaleset.summary_lines(replace(WEB, activity=log), label, estate.NOW, 118)))
