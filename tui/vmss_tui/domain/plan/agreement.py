"""The terms that a person agreed to when a start was scheduled, and the changes when its time comes. Pure.

A plan that was agreed to is carried out as it was, or not at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.text import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Of the plan of one scale set, what must still hold at its start."""

    target: ScaleSetId
    script: str = ""
    """Digest of the script in the scale set model; empty: it had none."""
    strategy: Strategy
    set_mode: UpgradeMode
    set_policy: RollingPolicy
    instances: tuple[str, ...] = ()
    """Ids of the instances that are updated."""
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file by its address without query; empty where it could not be fetched."""


def agreement(plan: RolloutPlan) -> Agreement:
    """The terms agreed to with a plan."""
    return Agreement(
        target=plan.target,
        script=_model(plan),
        strategy=plan.strategy,
        set_mode=plan.set_mode,
        set_policy=plan.set_policy,
        instances=tuple(instance for batch in plan.batches for instance in batch.ids),
        files={file.address: file.sha256 for file in plan.files},
    )


def changes(agreed: Agreement, now: RolloutPlan) -> Iterator[str]:
    """What differs between the plan that was agreed to and the one of now, in sentences; refusals are not among it."""
    if agreed.script != _model(now):
        yield "the scale set's script was changed"
    if (agreed.strategy, agreed.set_mode, agreed.set_policy) != (now.strategy, now.set_mode, now.set_policy):
        yield "the scale set's upgrade policy was changed"
    before, after = set(agreed.instances), {instance for batch in now.batches for instance in batch.ids}
    if gone := sorted(before - after):
        yield f"instances that are no longer updated: {listed(gone)}"
    if new := sorted(after - before):
        yield f"additional instances that would be updated: {listed(new)}"
    changed = [file.address for file in now.files if file.sha256 != agreed.files.get(file.address, "")]
    if changed:
        yield f"files that were changed: {', '.join(changed)}"


def _model(plan: RolloutPlan) -> str:
    return plan.previous.digest if plan.previous is not None else ""
