"""What instances report, in the plan: health that is not reported yet, and wishes of their applications."""

from dataclasses import replace

from support.build import fleet, plan, snapshot
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.exclusions import ExclusionKind
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy


def findings(instances: list[object], mode: UpgradeMode, code: str) -> list[Finding]:
    made = plan(snapshot(*instances), RolloutPolicy(mode=mode))  # type: ignore[arg-type]
    return [finding for finding in made.findings if finding.code == code]


def test_instances_from_before_the_health_extension_do_not_stop_a_rollout() -> None:
    before = [replace(found, health=Health.NOT_REPORTED) for found in fleet(6)]
    made = plan(snapshot(*before), RolloutPolicy(mode=UpgradeMode.MANUAL))
    (finding,) = [finding for finding in made.findings if finding.code == "health-not-reported"]
    assert finding.severity is Severity.INFO and len(finding.ids) == 6
    assert not [finding for finding in made.findings if finding.code.startswith("unhealthy")]
    assert made.healthy is None


def test_instances_that_ask_to_be_skipped_are_named_where_azure_upgrades() -> None:
    some = [replace(found, skip_upgrade=found.id in ("1", "3")) for found in fleet(6)]
    (finding,) = findings(some, UpgradeMode.ROLLING, "skip-upgrade")  # type: ignore[arg-type]
    assert finding.ids == ("1", "3") and finding.severity is Severity.WARN
    assert findings(some, UpgradeMode.MANUAL, "skip-upgrade") == []  # type: ignore[arg-type]


def test_phases_of_the_application_are_said_where_azure_upgrades() -> None:
    some = [replace(found, upgrade_phase=int(found.id) % 2) for found in fleet(4)]
    (finding,) = findings(some, UpgradeMode.ROLLING, "phase-ordering")  # type: ignore[arg-type]
    assert "0, 1" in finding.message
    assert findings(some, UpgradeMode.MANUAL, "phase-ordering") == []  # type: ignore[arg-type]


def test_a_rolling_upgrade_is_planned_in_the_applications_phases() -> None:
    asked = {"0": 2, "1": 1, "2": 1, "3": None, "4": 2, "5": 1}
    some = [replace(found, upgrade_phase=asked[found.id], skip_upgrade=found.id == "5") for found in fleet(6)]
    made = plan(snapshot(*some), RolloutPolicy(mode=UpgradeMode.ROLLING, steps=(BatchStep(Amount(34, percent=True)),)))
    assert [batch.ids for batch in made.batches] == [("1", "2"), ("0", "4"), ("3",)]
    assert [batch.number for batch in made.batches] == [1, 2, 3]
    assert [(left.id, left.kind) for left in made.excluded] == [("5", ExclusionKind.SKIPPED)]
    manual = plan(snapshot(*some), RolloutPolicy(mode=UpgradeMode.MANUAL))
    assert manual.affected == 6 and not manual.excluded, "client batches do not follow custom metrics"
