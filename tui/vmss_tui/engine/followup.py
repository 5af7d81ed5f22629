"""Plan a retry or an undo of a rollout that has ended, against the set as it is now. Writes nothing."""

from collections.abc import Mapping
from dataclasses import replace

from vmss_tui.domain.fleet.script import SecretRef
from vmss_tui.domain.plan.checks.maintenance import allow_outside
from vmss_tui.domain.plan.estimate import learn
from vmss_tui.domain.plan.findings import by_weight
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import retry_rollback as followup
from vmss_tui.engine.pinned_files import file_findings, look_at, planned_files
from vmss_tui.engine.prepare import read_whole
from vmss_tui.errors import UsageError
from vmss_tui.journal.store import Journal, RolloutHeader
from vmss_tui.ports import Azure, Clock

VERBS = ("retry", "undo")


async def plan_followup(
    verb: str, rollout: str, *, journal: Journal, azure: Azure, clock: Clock, outside_window: str = ""
) -> RolloutPlan:
    """The plan of a `retry` or an `undo` of a rollout (full id); its findings say what cannot be done.

    `outside_window` is the reason for a start outside the maintenance window.

    Start it as any other plan. Raises UsageError while the rollout still runs, and what reading the set raises.
    """
    header, state = journal.header(rollout), journal.state(rollout)
    if state.plan is None or not state.stage.over:
        first = "Cancel it first." if verb == "undo" else "Wait for its end, or cancel it."
        raise UsageError(f"rollout {header.id} still runs ({header.stage.value}): {verb} comes after", hint=first)
    snapshot = await read_whole(azure, header.target, clock)
    now, labels, paces = clock.now(), journal.labels(), journal.paces(header.target)
    if verb == "retry":
        again = followup.plan_retry(header.id, state.plan, state, snapshot, labels=labels, now=now)
        return allow_outside(learn(replace(again, files=state.plan.files), paces), outside_window)
    sources = _sources(journal, header, state.plan)
    back = followup.plan_rollback(header.id, state.plan, state, snapshot, labels=labels, sources=sources, now=now)
    if back.removes:
        return allow_outside(back, outside_window)
    back = learn(back, paces)
    pins = await look_at(azure, back.script.file_uris)
    findings = by_weight(*back.findings, *file_findings(pins, {}, back.script))
    return allow_outside(replace(back, findings=findings, files=planned_files(pins, {})), outside_window)


def _sources(journal: Journal, header: RolloutHeader, plan: RolloutPlan) -> Mapping[str, SecretRef]:
    """Where the protected settings of the version before came from, if an earlier rollout of this set brought it."""
    if plan.previous is None or not plan.script.protected:
        return {}
    for each in journal.rollouts(target=header.target):
        state = journal.state(each.id) if each.created_at < header.created_at else None
        script = state.plan.script if state is not None and state.plan is not None and state.accepted else None
        if script is not None and script.digest == plan.previous.digest and script.protected:
            return script.protected
    return {}
