"""Refusals of a plan that a person may lift with a reason, which is then recorded. Pure.

An override lifts exactly the refusals whose code is its own; all others still stop the start.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from vmss_tui.domain.plan.findings import Finding, Severity, by_weight
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.text import plain


class Override(StrEnum):
    """What may be lifted: the code of the finding, and the name of the option that takes the reason."""

    OUTSIDE_WINDOW = "outside-window"
    """Change the set outside the maintenance windows of the profile and the configuration."""
    DURING_FREEZE = "during-freeze"
    """Change the set during a freeze of the configuration."""
    MANAGED_BY_OTHERS = "managed-by-others"
    """Change a set whose model another controller writes."""

    DURING_CHANGE = "during-change"
    """Start although another user changed the set recently, or a change of it is incomplete."""

    @property
    def option(self) -> str:
        """`--outside-window REASON`."""
        return f"--{self.value} REASON"


TIME_OF_START = frozenset({Override.OUTSIDE_WINDOW.value, Override.DURING_FREEZE.value})
"""Codes of refusals that depend on the time of the start."""


def needed(plan: RolloutPlan) -> tuple[Override, ...]:
    """The overrides that a start of this plan needs."""
    codes = {finding.code for finding in plan.refusals}
    return tuple(override for override in Override if override.value in codes)


def only_overridable(plan: RolloutPlan) -> bool:
    """Whether reasons, and nothing else, are missing for a start."""
    return bool(plan.refusals) and {finding.code for finding in plan.refusals} <= {
        override.value for override in Override
    }


def closed_only(plan: RolloutPlan) -> bool:
    """Whether closed windows and freezes, and nothing else, refuse a start at this time."""
    return bool(plan.refusals) and {finding.code for finding in plan.refusals} <= TIME_OF_START


def allow(plan: RolloutPlan, reasons: Mapping[Override, str]) -> RolloutPlan:
    """The plan with refusals lifted for these reasons. One that is not needed, or not readable, changes nothing."""
    lifted = {
        override.value: clean
        for override, reason in reasons.items()
        if override in needed(plan) and (clean := plain(reason).strip())
    }
    if not lifted:
        return plan
    findings = (_lifted(finding, lifted) for finding in plan.findings)
    return replace(plan, overrides={**plan.overrides, **lifted}, findings=by_weight(*findings))


def _lifted(finding: Finding, reasons: Mapping[str, str]) -> Finding:
    reason = reasons.get(finding.code, "")
    if not reason or finding.severity is not Severity.REFUSE:
        return finding
    return replace(finding, severity=Severity.WARN, message=f"{finding.message}; allowed: {reason}", hint="")
