"""Checks of the forecast: whether the rollout ends in its window, and whether a limit will probably stop it."""

from collections.abc import Iterator
from datetime import datetime

from vmss_tui import duration
from vmss_tui.domain.plan.checks.facts import warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.forecast import Forecast, forecast
from vmss_tui.domain.plan.maintenance_window import check_window
from vmss_tui.domain.plan.rollout_plan import RolloutPlan

PROBABLE = 0.1
"""From this chance on a limit that stops the rollout is a warning."""


def outlook(plan: RolloutPlan, now: datetime) -> Iterator[Finding]:
    """Findings from the forecast of a plan that would start now."""
    if not plan.batches:
        return
    expected = forecast(plan)
    yield from _window(plan, expected, now)
    for breach in expected.breaches:
        if breach.chance >= PROBABLE and not expected.assumed:
            yield warn(
                "breach-probable",
                f"{breach.limit} will stop this rollout with a chance of {breach.chance:.0%} ({expected.basis})",
                "Start with a smaller first batch, or find out why instances failed before.",
            )


def _window(plan: RolloutPlan, expected: Forecast, now: datetime) -> Iterator[Finding]:
    """Whether nine in ten rollouts like this end before the window closes."""
    window = plan.policy.window
    if window is None or any(check_window(window)) or not window.contains(now):
        return
    closes = window.closes_at(now)
    if closes is None:
        return
    seconds = (closes - now).total_seconds()
    if expected.duration.p90 > seconds:
        yield warn(
            "window-short",
            f"the window closes in {duration.coarse(seconds)}, and the rollout takes up to "
            f"{duration.coarse(expected.duration.p90)} (P90); it ends in time with a chance of "
            f"{expected.chance_within(seconds):.0%}",
            "Start earlier, use larger batches or shorter pauses.",
        )
