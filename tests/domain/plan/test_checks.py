"""Findings: each with its number, its severity and the next step."""

from dataclasses import replace

import pytest

from support.build import NOW, extension, fleet, plan, policy, script, snapshot, vm
from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Autoscale, Orchestration
from vmss_tui.domain.fleet.script import (
    LEGACY_LINUX,
    WINDOWS,
    HandlerOs,
    ScriptConfig,
    ScriptRun,
    ScriptState,
    SecretRef,
    SecretSource,
)
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, ExternalGate, RolloutPolicy

R, A = UpgradeMode.ROLLING, UpgradeMode.AUTOMATIC
TEN = fleet(10)
ROLLING = policy("20%")
KEY = {"key": SecretRef(SecretSource.ENV, "KEY")}
RUNS = RollingUpgrade(code=UpgradeCode.ROLLING_FORWARD, started_at=NOW, successful=3, pending=4)
SAME = (extension(settings=script().settings),)


def scaled(of: SetSnapshot, *, enabled: bool = True) -> SetSnapshot:
    return replace(of, autoscale=Autoscale(enabled=enabled, minimum=30, maximum=90))


def codes(
    of: SetSnapshot, asked: RolloutPolicy | None = None, config: ScriptConfig | None = None
) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in plan(of, asked, config).findings}


CASES = [
    ("automatic-mode", "refuse", snapshot(*TEN, mode=A), None, None),
    ("automatic-mode", "refuse", snapshot(*TEN, mode=A), policy(mode=A), None),
    ("already-rolling", "refuse", snapshot(*TEN, upgrade=RUNS), None, None),
    ("already-rolling", "refuse", snapshot(*TEN, upgrade=RollingUpgrade(code=UpgradeCode.ROLLING_BACK)), None, None),
    ("set-deleting", "refuse", snapshot(*TEN, provisioning=Provisioning.DELETING), None, None),
    ("set-failed", "warn", snapshot(*TEN, provisioning=Provisioning.FAILED), None, None),
    ("set-busy", "warn", snapshot(*TEN, provisioning=Provisioning.UPDATING), None, None),
    ("instances-busy", "warn", snapshot(*TEN[1:], vm(0, provisioning=Provisioning.UPDATING)), None, None),
    ("no-health-source", "warn", snapshot(*TEN, health_source=HealthSource()), None, None),
    ("no-health-source", "refuse", snapshot(*TEN, health_source=HealthSource(), mode=R), None, None),
    (
        "no-health-source",
        "refuse",
        snapshot(*TEN, health_source=HealthSource(), orchestration=Orchestration.FLEXIBLE),
        policy(mode=R),
        None,
    ),
    ("policy-unhealthy", "refuse", snapshot(*TEN, mode=R), policy("50%"), None),
    ("policy-batch", "refuse", snapshot(*TEN, mode=R), policy("4%"), None),
    ("policy-unhealthy-upgraded", "refuse", snapshot(*TEN, mode=R), policy(unhealthy_upgraded_percent=101), None),
    ("policy-pause", "refuse", snapshot(*TEN, mode=R), policy(pause_seconds=-1), None),
    ("wrong-os", "refuse", snapshot(*TEN, os=HandlerOs.WINDOWS), None, None),
    ("other-script", "refuse", snapshot(*TEN, extensions=(extension(name="theirs"),)), None, None),
    ("name-taken", "refuse", snapshot(*TEN, extensions=(extension(type="Other"),)), None, None),
    ("other-handler", "refuse", snapshot(*TEN), None, script(handler=LEGACY_LINUX)),
    ("no-command", "refuse", snapshot(*TEN, extensions=()), None, script(settings={})),
    ("no-command", "refuse", snapshot(*TEN), None, script(settings={"timestamp": 1})),
    ("canary-unknown", "refuse", snapshot(*TEN), policy(canary=("77",)), None),
    ("exclude-unknown", "warn", snapshot(*TEN), policy(exclude=("77",)), None),
    ("azure-cannot-exclude", "refuse", snapshot(*TEN, mode=R), policy(exclude=("1",)), None),
    (
        "azure-cannot-wait",
        "refuse",
        snapshot(*TEN, mode=R),
        RolloutPolicy(steps=(BatchStep(Amount(20, percent=True), approve=True),)),
        None,
    ),
    ("azure-ignores", "warn", snapshot(*TEN, mode=R), policy("20%", "50%"), None),
    ("azure-ignores", "warn", snapshot(*TEN, mode=R), policy(canary=("1",)), None),
    ("azure-ignores", "warn", snapshot(*TEN, mode=R), policy(gate=ExternalGate(url="https://x")), None),
    ("azure-ignores", "warn", snapshot(*TEN, mode=R), policy(min_healthy_seconds=5), None),
    ("unhealthy-already", "refuse", snapshot(*TEN[:7], *(vm(i, health=Health.UNKNOWN) for i in (7, 8, 9))), None, None),
    ("repairs-suspended", "info", snapshot(*TEN, automatic_repairs="Replace"), policy(suspend_repairs=True), None),
    ("repairs-suspended", "info", snapshot(*TEN, automatic_repairs="Reimage", repairs_suspended=True), None, None),
    ("unhealthy-now", "warn", snapshot(*TEN[:9], vm(9, health=Health.UNHEALTHY)), None, None),
    ("small-set", "warn", snapshot(*fleet(3)), None, None),
    ("instances-failed", "warn", snapshot(*TEN[:9], vm(9, provisioning=Provisioning.FAILED)), None, None),
    ("agent-not-ready", "warn", snapshot(*TEN[:9], vm(9, agent_ready=False)), None, None),
    ("protected-instances", "warn", snapshot(*TEN[:9], vm(9, protected=True)), None, None),
    ("instances-off", "warn", snapshot(*TEN[:9], vm(9, power=Power.DEALLOCATED)), None, None),
    ("automatic-repairs", "warn", snapshot(*TEN, automatic_repairs="Replace"), None, None),
    ("autoscale", "warn", snapshot(*TEN, tags={"autoscale": "30-90"}), None, None),
    ("autoscale", "warn", scaled(snapshot(*TEN)), None, None),
    ("autoscale", "warn", scaled(snapshot(*TEN)), policy(mode=R), None),
    ("os-upgrades", "warn", snapshot(*TEN, automatic_os_upgrade=True), None, None),
    ("surge-quota", "warn", snapshot(*TEN, mode=R), policy(surge=True), None),
    (
        "no-rollback",
        "warn",
        snapshot(*TEN, mode=R, orchestration=Orchestration.FLEXIBLE),
        policy(rollback_on_breach=True),
        None,
    ),
    ("mode-switch", "info", snapshot(*TEN), policy(mode=R), None),
    ("mode-switch", "info", snapshot(*TEN), policy(mode=R, restore_policy=False), None),
    ("policy-written", "info", snapshot(*TEN, mode=R), policy(pause_seconds=5), None),
    ("restore-walks", "warn", snapshot(*TEN, mode=R), policy(pause_seconds=5), None),
    ("no-instances", "warn", snapshot(), None, None),
    ("all-current", "warn", snapshot(*(vm(i, of=2) for i in range(9)), extensions=SAME), None, None),
    ("all-current", "warn", snapshot(*(vm(i, of=2) for i in range(9))), None, None),
    (
        "identical-settings",
        "warn",
        snapshot(*TEN[:9], vm(9, of=2, script=ScriptRun(ScriptState.FAILED, 1)), extensions=SAME),
        None,
        None,
    ),
    ("protected-unknown", "warn", snapshot(*TEN), None, script(protected=KEY)),
    ("protected-kept", "info", snapshot(*TEN), None, None),
]


@pytest.mark.parametrize(
    ("code", "severity", "of", "asked", "config"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_found(
    code: str, severity: str, of: SetSnapshot, asked: RolloutPolicy | None, config: ScriptConfig | None
) -> None:
    assert codes(of, asked, config).get(code) == Severity(severity)


QUIET = [
    ("automatic-mode", snapshot(*TEN, mode=A), policy(mode=R), None),
    ("already-rolling", snapshot(*TEN, upgrade=RollingUpgrade(code=UpgradeCode.COMPLETED)), None, None),
    ("set-busy", snapshot(*TEN, provisioning=Provisioning.UPDATING, upgrade=RUNS), None, None),
    ("instances-busy", snapshot(vm(0, provisioning=Provisioning.UPDATING), upgrade=RUNS), None, None),
    ("wrong-os", snapshot(*TEN, os=None), None, None),
    ("wrong-os", snapshot(*TEN, os=HandlerOs.WINDOWS, extensions=()), None, script(handler=WINDOWS)),
    (
        "no-command",
        snapshot(*TEN, extensions=()),
        None,
        script(settings={}, protected={"*": SecretRef(SecretSource.KEY_VAULT, "v u")}),
    ),
    ("other-script", snapshot(*TEN, extensions=(extension(name="APP"),)), None, None),
    ("other-handler", snapshot(*TEN, extensions=(extension(publisher="microsoft.azure.EXTENSIONS"),)), None, None),
    ("other-script", snapshot(*TEN, extensions=(extension(name="monitor", type="Agent"),)), None, None),
    ("small-set", snapshot(*fleet(3), health_source=HealthSource()), None, None),
    ("small-set", snapshot(*TEN), None, None),
    (
        "unhealthy-already",
        snapshot(*TEN[:8], vm(8, health=Health.UNHEALTHY), vm(9, health=Health.INITIALISING)),
        None,
        None,
    ),
    ("autoscale", scaled(snapshot(*TEN, mode=R, tags={"autoscale": "30-90"})), None, None),
    ("autoscale", scaled(snapshot(*TEN), enabled=False), None, None),
    ("autoscale", replace(snapshot(*TEN), autoscale=Autoscale(unknown="no right to read it")), None, None),
    ("automatic-repairs", snapshot(*TEN, automatic_repairs="Replace", repairs_suspended=True), None, None),
    ("restore-walks", snapshot(*TEN, mode=R), policy(pause_seconds=5, restore_policy=False), None),
    (
        "unhealthy-now",
        snapshot(*TEN[:9], vm(9, health=Health.UNKNOWN, power=Power.DEALLOCATED)),
        policy(),
        None,
    ),
    ("automatic-repairs", snapshot(*TEN, automatic_repairs="Replace"), policy(suspend_repairs=True), None),
    ("restore-walks", snapshot(*TEN), policy(mode=R), None),
    ("identical-settings", snapshot(*TEN[:9], vm(9, of=2), extensions=SAME), None, None),
    ("protected-unknown", snapshot(*TEN, extensions=()), None, script(protected=KEY)),
    ("agent-not-ready", snapshot(*TEN[:9], vm(9, agent_ready=False, power=Power.STOPPED)), None, None),
]


@pytest.mark.parametrize(("code", "of", "asked", "config"), QUIET)
def test_quiet(code: str, of: SetSnapshot, asked: RolloutPolicy | None, config: ScriptConfig | None) -> None:
    assert code not in codes(of, asked, config)


def test_a_plain_plan_has_no_refusal_and_the_gravest_comes_first() -> None:
    assert plan(snapshot(*TEN)).refusals == ()
    found = plan(snapshot(*fleet(3), mode=A, automatic_repairs="Restart"), policy(mode=R)).findings
    weights = [("refuse", "warn", "info").index(finding.severity.value) for finding in found]
    assert weights == sorted(weights)


def test_advice_to_choose_a_mode_names_the_option() -> None:
    found = {finding for _, _, of, asked, config in CASES for finding in plan(of, asked, config).findings}
    advice = {finding.code: finding.hint for finding in found if "choose mode" in finding.hint.lower()}
    assert {"automatic-mode", "no-health-source"} <= set(advice)
    assert all("`--mode manual`" in hint for hint in advice.values())


def test_numbers_are_named() -> None:
    (grows,) = [finding for finding in plan(scaled(snapshot(*TEN))).findings if finding.code == "autoscale"]
    assert grows.message.startswith("autoscale is on (30–90)")
    assert "new version" not in grows.message, "an undo restores the earlier one"
    assert grows.hint
    (small,) = [finding for finding in plan(snapshot(*fleet(3))).findings if finding.code == "small-set"]
    assert small.message.startswith("one unhealthy of 3 is 33%, more than the 20% limit")
    (down,) = plan(snapshot(*TEN[:7], *(vm(i, health=Health.UNHEALTHY) for i in (7, 8, 9)))).refusals
    assert down.message.startswith("3 of 10 instances are unhealthy or unknown (30%, limit 20%)")
    assert down.ids == ("7", "8", "9")
    (off,) = [
        finding
        for finding in plan(snapshot(*TEN[:8], vm(8, protected=True), vm(9, protected=True))).findings
        if finding.ids
    ]
    assert off.message.startswith("2 instances protected")


def test_two_script_extensions_are_refused_without_advice_that_leads_back() -> None:
    both = (extension(name="CustomScript"), extension(name="OldScript"))
    found = codes(snapshot(*TEN, extensions=both), None, script(name="CustomScript"))
    assert "several-scripts" in found and "other-script" not in found
    assert "several-scripts" in codes(snapshot(*TEN, extensions=both), None, script(name="OldScript"))


def test_restoring_a_policy_with_surge_replaces_the_instances() -> None:
    for surge in (False, True):
        of = snapshot(*TEN, mode=R, policy=RollingPolicy(surge=surge))
        (finding,) = [found for found in plan(of, policy(pause_seconds=5)).findings if found.code == "restore-walks"]
        assert ("replace" in finding.message, "no script" in finding.message) == (surge, not surge)
