"""Plans: strategy, exclusions, changes, floor, labels."""

from dataclasses import replace
from typing import Any

import pytest

from support.build import extension, fleet, plan, policy, script, snapshot, vm
from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.scale_set import Orchestration
from vmss_tui.domain.fleet.script import ScriptRun, ScriptState, SecretRef, SecretSource, SettingChange
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy

M, R, A = UpgradeMode.MANUAL, UpgradeMode.ROLLING, UpgradeMode.AUTOMATIC
U, F = Orchestration.UNIFORM, Orchestration.FLEXIBLE


@pytest.mark.parametrize(
    ("mode", "asked", "orchestration", "health", "strategy", "target"),
    [
        (M, None, U, True, Strategy.CLIENT_BATCHES, M),
        (R, None, U, True, Strategy.ROLLING_UPGRADE, R),
        (A, None, U, True, Strategy.CLIENT_BATCHES, M),
        (A, R, U, True, Strategy.ROLLING_UPGRADE, R),
        (R, M, U, True, Strategy.CLIENT_BATCHES, M),
        (M, R, U, True, Strategy.ROLLING_UPGRADE, R),
        (M, None, F, True, Strategy.VM_BATCHES, M),
        (R, None, F, True, Strategy.ROLLING_UPGRADE, R),
        (R, None, F, False, Strategy.VM_BATCHES, M),
    ],
)
def test_strategy(
    mode: UpgradeMode, asked: UpgradeMode | None, orchestration: Orchestration, health: bool, strategy: Strategy,
    target: UpgradeMode,
) -> None:  # fmt: skip
    source = HealthSource("extension" if health else "none")
    made = plan(
        snapshot(*fleet(3), mode=mode, orchestration=orchestration, health_source=source), policy("34%", mode=asked)
    )
    assert (made.strategy, made.strategy.mode) == (strategy, target)
    assert made.set_mode is mode


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"protected": True}, "protected from scale set actions"),
        ({"power": Power.DEALLOCATED}, "deallocated: its script cannot run"),
        ({"power": Power.STOPPED}, "stopped: its script cannot run"),
        ({"provisioning": Provisioning.DELETING}, "being deleted"),
        ({"script_digest": script(2).digest}, "already on this version"),
        ({"script_digest": script(2).digest, "script": ScriptRun(ScriptState.FAILED)}, ""),
        ({"name": "left-out"}, "listed in exclude"),
        ({"health": Health.UNHEALTHY}, ""),
    ],
)
def test_exclusions(change: dict[str, Any], reason: str) -> None:
    made = plan(snapshot(vm(0, **change), vm(1), vm(2)), policy(unhealthy_percent=100, exclude=("left-out",)))
    assert [(exclusion.id, exclusion.reason) for exclusion in made.excluded] == ([("0", reason)] if reason else [])
    assert sorted(i for batch in made.batches for i in batch.ids) == (["1", "2"] if reason else ["0", "1", "2"])


def test_azure_cannot_leave_out_named_instances() -> None:
    made = plan(snapshot(*fleet(3), mode=R), policy("34%", exclude=("1",), unhealthy_percent=34))
    assert made.excluded == () and "azure-cannot-exclude" in {finding.code for finding in made.refusals}


def test_azures_rolling_upgrade_is_foreseen_with_one_batch_size_and_without_canaries() -> None:
    made = plan(snapshot(*fleet(10), mode=R), policy("20%", "50%", "100%", canary=("7",)))
    assert [batch.ids for batch in made.batches] == [("0", "1"), ("2", "3"), ("4", "5"), ("6", "7"), ("8", "9")]
    assert "azure-ignores" in {finding.code for finding in made.findings}


def test_labels_come_from_the_digest() -> None:
    labels = {script(1).digest: "web 1", script(2).digest: "web 2"}
    made = plan(snapshot(*fleet(2), vm(9, of=7)), config=script(label=""), names=VersionNames(labels))
    assert (made.from_label, made.to_label) == ("web 1", "web 2")
    assert made.previous is not None and made.previous.label == "web 1"
    older = script(7).digest
    nameless = plan(snapshot(vm(0), vm(9, of=7)), names=VersionNames({**labels, older: None}))
    assert nameless.names == {script(1).digest: "web 1"}
    assert plan(snapshot(*fleet(2))).from_label == f"unknown {script(1).digest[:8]}"
    assert plan(snapshot(vm(0, script_digest=""), extensions=())).from_label == ""
    assert plan(snapshot(extensions=(extension(),)), names=VersionNames(labels)).from_label == "web 1"


def test_changes_are_a_diff_of_script_tag_protected_and_policy() -> None:
    protected = {"key": SecretRef(SecretSource.ENV, "KEY")}
    of = snapshot(*fleet(5), mode=A, policy=RollingPolicy(pause_seconds=0))
    asked = policy("40%", mode=R, unhealthy_percent=40, pause_seconds=90, cross_zone=True)
    made = plan(of, asked, script(force_update_tag="t", protected=protected))
    assert made.changes == (
        SettingChange("commandToExecute", "./v1.sh", "./v2.sh"),
        SettingChange("forceUpdateTag", None, "t"),
        SettingChange("protectedSettings.key", None, "$KEY"),
        SettingChange("upgradePolicy.mode", "Automatic", "Rolling"),
        SettingChange("upgradePolicy.maxBatchInstancePercent", "20", "40"),
        SettingChange("upgradePolicy.maxUnhealthyInstancePercent", "20", "40"),
        SettingChange("upgradePolicy.pauseTimeBetweenBatches", "PT0S", "PT1M30S"),
        SettingChange("upgradePolicy.enableCrossZoneUpgrade", "false", "true"),
    )
    assert made.policy_differs and made.writes_model


def test_a_count_becomes_a_percentage_for_azure() -> None:
    made = plan(snapshot(*fleet(60), mode=R), policy(12))
    assert made.policy.as_rolling().batch_percent == 20
    assert plan(snapshot(*fleet(60), mode=R), policy(1)).policy.as_rolling().batch_percent == 5
    assert plan(snapshot(mode=R), policy(1)).policy.steps[0].amount.value == 1


def test_the_floor_is_all_that_are_healthy_but_one_batch() -> None:
    assert plan(snapshot(*fleet(10)), policy("50%")).floor == 5
    nothing = plan(snapshot(*(vm(i, of=2) for i in range(3)), extensions=(extension(settings=script().settings),)))
    assert not nothing.batches and nothing.floor == 3


def test_healthy_is_unknown_without_a_source() -> None:
    made = plan(snapshot(vm(0, health=Health.NONE), health_source=HealthSource()))
    assert made.healthy is None and made.floor is None
    known = plan(snapshot(*fleet(10)))
    assert known.floor == 10 - max(len(batch.ids) for batch in known.batches)


def test_strategies_of_older_journals_are_read() -> None:
    assert Strategy("azure rolls") is Strategy.ROLLING_UPGRADE and Strategy("our batches") is Strategy.CLIENT_BATCHES
    with pytest.raises(ValueError, match="magic"):
        Strategy("magic")


def test_a_rollout_that_continues_another_runs_the_script_where_it_did_not_run_yet() -> None:
    """The model has the version since the one that was canceled: two instances have it, three do not."""
    half = snapshot(
        *(vm(i, of=2 if i < 2 else 1) for i in range(5)), extensions=(extension(settings=script().settings),)
    )
    made = plan(half)
    assert {i for batch in made.batches for i in batch.ids} == {"2", "3", "4"}
    assert made.forecast.will_run and made.forecast.reason == "3 instances do not run it yet; the model is unchanged"


def test_forcing_gives_identical_settings_a_fresh_tag() -> None:
    same = snapshot(*(vm(i, of=2) for i in range(2)), extensions=(extension(settings=script().settings),))
    calm = plan(same)
    assert not calm.batches and not calm.writes_model and not calm.forecast.will_run
    forced = plan(same, policy(force_rerun=True))
    assert forced.script.force_update_tag == "20260301T120000Z"
    assert len(forced.batches) == 2 and forced.writes_model and forced.forecast.will_run
    assert forced.to_label == "web 2"
    assert plan(snapshot(*fleet(2)), policy(force_rerun=True)).script.force_update_tag == ""


def test_a_tag_that_forced_an_earlier_run_stays() -> None:
    of = snapshot(
        *(vm(i, script_digest=script(force_update_tag="t").digest) for i in range(2)),
        extensions=(extension(settings=script().settings, force_update_tag="t"),),
    )
    calm = plan(of)
    assert calm.script.force_update_tag == "t" and not calm.batches and not calm.writes_model and not calm.changes
    assert plan(of, config=script(force_update_tag="other")).script.force_update_tag == "other"
    assert plan(of, policy(force_rerun=True)).script.force_update_tag == "20260301T120000Z"
    assert plan(of, config=script(3)).script.force_update_tag == ""


def test_a_version_of_another_name_differs_in_its_protected_settings() -> None:
    same = snapshot(*(vm(i, of=2) for i in range(2)), extensions=(extension(settings=script().settings),))
    hidden = script(label="web 3", protected={"commandToExecute": SecretRef(SecretSource.ENV, "CMD")})
    known = {script().digest: "web 2"}
    made = plan(same, config=hidden, names=VersionNames(known))
    assert made.script.force_update_tag and len(made.batches) == 2 and made.writes_model and made.forecast.will_run
    assert (made.from_label, made.to_label) == ("web 2", "web 3")
    for config, labels in ((hidden, {}), (replace(hidden, label="web 2"), known), (replace(hidden, label=""), known)):
        assert not plan(same, config=config, names=VersionNames(labels)).batches


def test_what_it_removes_and_what_it_keeps() -> None:
    made = plan(snapshot(*fleet(2)))
    removal = replace(made, removes=True)
    assert (removal.target_digest, removal.to_label, removal.writes_model) == ("", "no script", True)
    assert made.target_digest == script().digest
    assert not replace(made, keeps_model=True).writes_model
    assert made.own == (M, made.set_policy)
    assert replace(made, own_mode=A, own_policy=RollingPolicy(batch_percent=5)).own == (
        A,
        RollingPolicy(batch_percent=5),
    )
    assert made.affected == 2 and made.variables == {}
    assert plan(snapshot(*fleet(2)), RolloutPolicy(), variables={"v": "2"}, profile="web").variables == {"v": "2"}
