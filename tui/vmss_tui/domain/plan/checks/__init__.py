"""What a person should know before a rollout starts, each with its number and the next step.

Pure: every check is a small function of the snapshot and the plan. Sources: "Configure rolling upgrades", "Application
Health extension", and Azure's own answers as quoted by people.
"""

from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.checks import advisable, possible, rerun
from vmss_tui.domain.plan.checks.facts import Check, Facts
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan

_CHECKS: tuple[Check, ...] = (*possible.CHECKS, *advisable.CHECKS, *rerun.CHECKS)
_WEIGHT = {Severity.REFUSE: 0, Severity.WARN: 1, Severity.INFO: 2}


def find(snapshot: SetSnapshot, plan: RolloutPlan) -> tuple[Finding, ...]:
    """All findings, the gravest first, otherwise in a stable order."""
    facts = Facts(snapshot, plan)
    return by_weight(*(each for check in _CHECKS for each in check(facts)))


def by_weight(*found: Finding) -> tuple[Finding, ...]:
    """Findings with the gravest first."""
    return tuple(sorted(found, key=lambda each: _WEIGHT[each.severity]))
