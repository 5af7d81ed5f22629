"""Rollouts of this journal on a scale set that have not ended: what a start, and the plan of another one, say of them.

Reads the journal; writes nothing.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.checks.others import explained_by
from vmss_tui.domain.plan.findings import Finding, Severity, by_weight
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout.waves.state import SetStage
from vmss_tui.errors import JournalUnavailable, LeaseHeld
from vmss_tui.journal.store import Journal

CODE = "rollout-in-progress"
"""The code of the finding about a rollout that is running."""
WAVES_TO_COME = "waves-to-come"
SCHEDULED = "rollout-scheduled"
WITHOUT_RUNNER = "rollout-without-runner"
"""The codes of the findings about rollouts that are not."""


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


def waiting(journal: Journal, target: ScaleSetId) -> Iterator[Finding]:
    """Warnings of rollouts that have not ended and are not running here now, each with the next step.

    Rollouts over several sets that have not started this one are among them. Raises JournalUnavailable.
    """
    for whole in journal.waves.running_over(target):
        sets = journal.waves.state(whole.id).sets.values()
        if any(progress.target.key == target.key and progress.stage is SetStage.WAITING for progress in sets):
            said = f"rollout {whole.id} of {whole.who} over several scale sets has not reached {target.name} yet"
            hint = f"It rolls out {whole.label} there later; `vmss-tui attach {whole.id}` follows it."
            yield Finding(Severity.WARN, WAVES_TO_COME, said, hint)
    leases = journal.leases()
    for header in journal.unfinished():
        lease = leases.get(header.id)
        if header.target.key != target.key or (lease is not None and lease.alive):
            continue
        rollout = f"rollout {header.id} of {target.name}"
        if header.starts_at is not None:
            said = f"{rollout} is scheduled for {header.starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            hint = f"It is refused then if the scale set differs; `vmss-tui cancel {header.id}` cancels it."
            yield Finding(Severity.WARN, SCHEDULED, said, hint)
        else:
            said = f"{rollout} has not ended, and no runner is active for it"
            hint = f"`vmss-tui resume {header.id}` resumes it, `vmss-tui cancel {header.id}` ends it."
            yield Finding(Severity.WARN, WITHOUT_RUNNER, said, hint)


def named_in(
    plan: RolloutPlan, running: Finding | None, others: Collection[Finding] = (), *, refuse: bool = False
) -> RolloutPlan:
    """The plan with the finding of a running rollout in place of those that it explains, and with `others`.

    With `refuse` a running rollout refuses at any severity: the start is now.
    """
    findings = by_weight(*plan.findings, *others) if others else plan.findings
    if running is not None:
        running = replace(running, severity=Severity.REFUSE) if refuse else running
        findings = explained_by(running, findings)
    return plan if findings is plan.findings else replace(plan, findings=findings)
