"""What a person should know before a rollout starts, each with its number and the next step.

Pure: every check is a small function of the snapshot and the plan. Sources: "Configure rolling upgrades", "Application
Health extension", and Azure's own answers as quoted by people.
"""

from datetime import datetime

from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.checks import (
    advisable,
    governance,
    maintenance,
    ownership,
    possible,
    protected,
    reports,
    rerun,
    sources,
)
from vmss_tui.domain.plan.checks.facts import Check, Facts
from vmss_tui.domain.plan.findings import Finding, by_weight
from vmss_tui.domain.plan.rollout_plan import RolloutPlan

_CHECKS: tuple[Check, ...] = (
    *ownership.CHECKS,
    *governance.CHECKS,
    *possible.CHECKS,
    *protected.CHECKS,
    *maintenance.CHECKS,
    *advisable.CHECKS,
    *sources.CHECKS,
    *reports.CHECKS,
    *rerun.CHECKS,
)


def find(snapshot: SetSnapshot, plan: RolloutPlan, now: datetime) -> tuple[Finding, ...]:
    """All findings of a start at `now`, the gravest first, otherwise in a stable order."""
    facts = Facts(snapshot, plan, now)
    return by_weight(*(finding for check in _CHECKS for finding in check(facts)))
