"""Whether a rollout may start now: the maintenance window of its policy against the time of the plan."""

from collections.abc import Iterator

from vmss_tui import duration
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, refuse
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.maintenance_window import Window, check_window
from vmss_tui.domain.plan.overrides import Override

CODE = Override.OUTSIDE_WINDOW.value


def maintenance_window(facts: Facts) -> Iterator[Finding]:
    """A start outside the window is refused; an override lifts it for a stated reason."""
    window = facts.plan.policy.window
    if window is None:
        return
    problem = next(iter(check_window(window)), None)
    if problem is not None:
        yield refuse("window-unusable", f"the maintenance window cannot be evaluated: {problem.message}", problem.hint)
    elif not window.contains(facts.now):
        yield refuse(CODE, f"the maintenance window is closed: it is {window}", _next(facts, window))
    else:
        yield _open(facts, window)


def _open(facts: Facts, window: Window) -> Finding:
    """How long the window stays open."""
    closes = window.closes_at(facts.now)
    if closes is None:
        return info("window-open", f"the maintenance window is open: {window}")
    seconds = (closes - facts.now).total_seconds()
    return info(
        "window-open", f"the maintenance window is open until {window.moment(closes)} (in {duration.coarse(seconds)})"
    )


def _next(facts: Facts, window: Window) -> str:
    now = facts.now
    opens = window.opens_next(now)
    wait = (
        ""
        if opens is None
        else f"It opens next on {window.moment(opens)} (in {duration.coarse((opens - now).total_seconds())}). "
    )
    return f"{wait}To start now, use {Override.OUTSIDE_WINDOW.option}."


CHECKS: tuple[Check, ...] = (maintenance_window,)
