"""The words of the deploy form: fields in their order, and the live arithmetic beside them. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vmss_tui import duration
from vmss_tui.domain.fleet.health import HealthSource
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.presentation.plan.conditions import above, on_failure_words
from vmss_tui.text import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A field of the form: `key` as in a profile; `cells` is the input's width, 0 for all there is."""

    key: str
    label: str
    hint: str = ""
    """Shown beside the field while there is no other remark."""
    cells: int = 0
    choices: tuple[str, ...] = ()
    placeholder: str = ""


def hint(spec: FieldSpec, plan: RolloutPlan | None, scale_set: ScaleSet | None) -> str:
    """The remark beside a field: the arithmetic of the current plan, else the field's own hint."""
    if plan is None:
        return spec.hint
    if spec.key == "rollout.unhealthy":
        return unhealthy_hint(plan, scale_set)
    said = _HINTS.get(spec.key)
    return said(plan) if said is not None else spec.hint


def unhealthy_hint(plan: RolloutPlan, scale_set: ScaleSet | None) -> str:
    """`stops above 12 of 60 unhealthy`, or why that cannot be checked."""
    most = plan.total * plan.policy.unhealthy_percent // 100
    return f"stops above {most} of {plan.total} unhealthy" if plan.healthy is not None else _no_health(scale_set)


def healthy_hint(plan: RolloutPlan) -> str:
    """`each instance 30s before its batch ends`, `no waiting`, or that a rolling upgrade does not have it."""
    seconds = plan.policy.min_healthy_seconds
    if seconds and plan.strategy is Strategy.ROLLING_UPGRADE:
        return "only in batches by vmss-tui: mode manual"
    return f"each instance {duration.exact(seconds)} before its batch ends" if seconds else "no waiting"


def _no_health(scale_set: ScaleSet | None) -> str:
    source = scale_set.health_source if scale_set is not None else HealthSource()
    return "no health source: cannot be checked" if not source.present else "no health reported yet"


def mode_hint(plan: RolloutPlan) -> str:
    """`rolling upgrade (Rolling)`, or `batches by vmss-tui, Automatic afterwards` where the own mode is restored."""
    who = "rolling upgrade" if plan.strategy is Strategy.ROLLING_UPGRADE else "batches by vmss-tui"
    own = plan.set_mode.value
    if plan.policy.mode is None or plan.policy.mode is plan.set_mode:
        return f"{who} ({own})"
    return f"{who}, {own} afterwards"


def batch_hint(plan: RolloutPlan) -> str:
    """`= 12 at a time, 5 batches, by zone`."""
    sizes = [len(batch.ids) for batch in plan.batches]
    if not sizes:
        return "no instance is updated"
    alike = len(set(sizes[:-1])) <= 1 or len(sizes) > 5
    batches = counted(len(sizes), "batch", "batches")
    text = f"{max(sizes)} at a time, {batches}" if alike else ", then ".join(map(str, sizes))
    zones = {zone for batch in plan.batches for zone in batch.zones}
    mixed = ", zones mixed" if plan.policy.cross_zone else ", by zone"
    return f"= {text}{mixed if len(zones) > 1 else ''}"


def pause_hint(plan: RolloutPlan) -> str:
    """`5 pauses, 2:30 in all`."""
    pauses = len(plan.batches) - 1
    if not plan.policy.pause_seconds:
        return "no pause between batches"
    if pauses < 1:
        return "one batch: no pause" if plan.batches else "between batches"
    return f"{counted(pauses, 'pause')}, {duration.clock(pauses * plan.policy.pause_seconds)} in all"


def budget_hint(plan: RolloutPlan) -> str:
    """`stops above 3 failed instances in all`."""
    budget = plan.policy.failure_budget
    if budget is None:
        return "no limit for the whole rollout"
    return f"{above(budget.limit(plan.total))} in all"


_HINTS: Mapping[str, Callable[[RolloutPlan], str]] = {
    "rollout.mode": mode_hint,
    "rollout.batch": batch_hint,
    "rollout.pause": pause_hint,
    "rollout.unhealthy_upgraded": lambda plan: (
        f"stops above {plan.policy.unhealthy_upgraded_percent}% of updated unhealthy"
    ),
    "rollout.failure_budget": budget_hint,
    "rollout.min_healthy": healthy_hint,
    "rollout.on_failure": on_failure_words,
    "rollout.cross_zone": lambda plan: "a batch may span zones" if plan.policy.cross_zone else "one zone at a time",
}
"""The arithmetic of a plan beside a field, by the field's key."""
