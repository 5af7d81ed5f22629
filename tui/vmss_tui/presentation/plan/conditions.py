"""What a rollout checks besides its batches: limits, waits, the external gate, the window and hooks. Pure.

Nothing may run that the plan did not show: a gate and a hook are commands on this host, or web addresses.
"""

from collections.abc import Iterator
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Approver, ExternalGate, Hook, OnFailure, Urgency
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.table import Line
from vmss_tui.text import counted, plain, wrap

_INDENT = 14


def condition_lines(plan: RolloutPlan, cells: int) -> tuple[Line, ...]:
    """A line for each condition that the plan has; none for a plan without batches."""
    lines: list[Line] = []
    for name, words in conditions(plan):
        first, *rest = wrap(plain(words), max(10, cells - _INDENT - 2)) or [""]
        lines.append(((f"  {name:<{_INDENT}}", Role.DIM), (first, Role.PLAIN)))
        lines += [((" " * (_INDENT + 2) + part, Role.PLAIN),) for part in rest]
    return tuple(lines)


def above(limit: int) -> str:
    """`stops above 3 failed instances`, `stops at the first failed instance`."""
    return f"stops above {counted(limit, 'failed instance')}" if limit else "stops at the first failed instance"


def conditions(plan: RolloutPlan) -> Iterator[tuple[str, str]]:
    """Name and words of each condition."""
    policy = plan.policy
    if not plan.batches:
        return
    if policy.failure_budget is not None:
        yield "failures", f"{above(policy.failure_budget.limit(plan.total))} in the whole rollout"
    if policy.on_failure is not OnFailure.STOP:
        yield "on failure", on_failure_words(plan)
    if policy.min_healthy_seconds and plan.strategy is not Strategy.ROLLING_UPGRADE:
        yield "healthy for", f"each instance {duration.exact(policy.min_healthy_seconds)} before its batch ends"
    if policy.soak_seconds:
        yield "soak", f"{duration.exact(policy.soak_seconds)} after the last batch, before the verdict"
    if policy.approve is Approver.OTHER:
        yield "approval", "by another person than the one who starts it"
    if policy.gate is not None:
        once = plan.strategy is Strategy.ROLLING_UPGRADE
        when = "once, before the rolling upgrade" if once else "before every batch"
        yield "gate", gate_words(policy.gate, when)
    for hook in policy.hooks:
        yield "notifies", f"{destination(hook)} when {occasions(hook)}"
    if policy.window is not None:
        yield "window", str(policy.window)


def gate_words(gate: ExternalGate, when: str = "") -> str:
    """`./gate.sh on this host, before every batch, within 1m`."""
    place = " on this host" if gate.command else ""
    parts = (f"{destination(gate)}{place}", when, f"within {duration.exact(gate.timeout_seconds)}")
    return ", ".join(part for part in parts if part)


def on_failure_words(plan: RolloutPlan) -> str:
    """What happens when a limit stops the rollout: `it pauses and asks: retry, exclude, roll back, or cancel`."""
    before = plan.previous.label if plan.previous is not None and plan.previous.label else "the version before"
    rolling = plan.strategy is Strategy.ROLLING_UPGRADE
    match plan.policy.on_failure:
        case OnFailure.STOP:
            return "it stops"
        case OnFailure.ASK if rolling:
            return "it asks: roll back, or cancel"
        case OnFailure.ASK:
            return "it pauses and asks: retry, exclude, roll back, or cancel"
        case OnFailure.ROLLBACK_BATCH if not rolling:
            return f"the batch is rolled back to {before}, the model first"
        case OnFailure.ROLLBACK | OnFailure.ROLLBACK_BATCH:
            return f"everything that was updated is rolled back to {before}, the model first"
        case _:
            assert_never(plan.policy.on_failure)


def destination(what: ExternalGate | Hook) -> str:
    """The command, or scheme and host of the address: arguments and paths may hold tokens."""
    if isinstance(what, Hook) and what.service is not None:
        return f"the service whose address is in {plain(str(what.service))}"
    if what.command:
        more = len(what.command) - 1
        return f"the command {what.command[0]}" + (f" with {counted(more, 'argument')}" if more else "")
    scheme, _, rest = what.url.partition("://")
    return f"{scheme}://{rest.split('/')[0].rpartition('@')[2]}"


def occasions(hook: Hook) -> str:
    """When a hook is notified: `attention is needed, it fails`."""
    words = {"needs_person": "attention is needed", "failed": "it fails", "ended": "it ends"}
    least = "" if hook.least is Urgency.INFO else f" (from {hook.least.value} on)"
    return ", ".join(words.get(event, event) for event in hook.on) + least
