"""The rollout of this journal that is running on a scale set: what a start, and the plan of another rollout, say of it.

Reads the journal; writes nothing.
"""

from dataclasses import replace

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.checks.others import explained_by
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.errors import JournalUnavailable, LeaseHeld
from vmss_tui.journal.store import Journal

CODE = "rollout-in-progress"
"""The code of the finding."""


def rollout_in_progress(journal: Journal, target: ScaleSetId) -> LeaseHeld | None:
    """What refuses another start on the scale set now; None while no runner is active there.

    Raises JournalUnavailable.
    """
    leases = journal.leases()
    for header in journal.rollouts(target=target):
        lease = leases.get(header.id)
        if lease is not None and lease.alive:
            return LeaseHeld(
                f"rollout {header.id} of {header.who} is running on {target.name}, by a runner on {lease.host}",
                hint=f"follow it with `vmss-tui attach {header.id}`, or cancel it first",
            )
    return None


def finding_of(journal: Journal, target: ScaleSetId, severity: Severity = Severity.REFUSE) -> Finding | None:
    """The same as a finding; None also without a readable journal. A start that may come later is only warned."""
    try:
        held = rollout_in_progress(journal, target)
    except JournalUnavailable:
        return None
    return Finding(severity, CODE, held.message, held.hint) if held is not None else None


def named_in(plan: RolloutPlan, running: Finding | None, *, refuse: bool = False) -> RolloutPlan:
    """The plan with this finding in place of those that it explains; the same plan when there is none.

    With `refuse` it refuses at any severity: the start is now.
    """
    if running is None:
        return plan
    running = replace(running, severity=Severity.REFUSE) if refuse else running
    return replace(plan, findings=explained_by(running, plan.findings))
