"""Checks of the forecast: whether batches and rollout end in the window, and whether a limit will probably stop it."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from vmss_tui import duration
from vmss_tui.domain.plan.checks.facts import refuse, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.forecast import Forecast, first_batch_seconds, forecast, window_seconds
from vmss_tui.domain.plan.maintenance_window import check_window
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import OnWindowEnd
from vmss_tui.domain.plan.timetable import CLOSES_WITHIN

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
                f"the limit {breach.limit} stops {breach.chance:.0%} of rollouts like this one, {expected.basis}",
                "Start with a smaller first batch, or find out why instances failed before.",
            )


def _window(plan: RolloutPlan, expected: Forecast, now: datetime) -> Iterator[Finding]:
    """Whether the first batch, and nine in ten rollouts like this, end before the window closes."""
    table = plan.timetable
    if any(problem for window in (*table.windows, *table.any_of) for problem in check_window(window)):
        return
    if table.free or table.closed(now):
        return
    closes = table.closes_at(now)
    if closes is None:
        return
    seconds, first = (closes - now).total_seconds(), first_batch_seconds(plan)
    if seconds < first:
        opens, override = table.opens_at(closes, first), Override(table.closed(closes)[0].code)
        later = "" if opens is None else f"There is time for it from {table.moment(opens)} on. "
        yield refuse(
            override.value,
            f"the window closes in {duration.coarse(seconds)}, and the first batch"
            f"{' with its roll back' if plan.reserves_rollback else ''} takes up to {duration.expected(first)} (P90)",
            f"{later}To start now, use {override.option}.",
        )
    elif expected.duration.p90 > seconds:
        yield warn(
            "window-short",
            f"the window closes in {duration.coarse(seconds)}, and the rollout takes up to "
            f"{duration.expected(expected.duration.p90)} (P90); it ends in time with a chance of "
            f"{expected.chance_within(seconds):.0%}",
            f"At the end of the window {_at_the_end(plan.policy.on_window_end)}.",
        )
    yield from _reserve(plan, now)


def _reserve(plan: RolloutPlan, now: datetime) -> Iterator[Finding]:
    """Whether a batch, with the roll back of all before it, will fit no window at all, however many are waited for."""
    if not plan.reserves_rollback:
        return
    horizon = now + CLOSES_WITHIN  # an opening around it is cut, so its end is looked for behind it
    openings = [one for one in plan.timetable.openings(now, horizon + CLOSES_WITHIN) if one.opens < horizon]
    if any(opening.closes >= horizon + CLOSES_WITHIN for opening in openings):
        return
    longest = max(((opening.closes - opening.opens).total_seconds() for opening in openings), default=0.0)
    sizes = [len(batch.ids) for batch in plan.batches]

    def needs(before: int) -> float:
        return window_seconds(plan, sizes[before], ended=sizes[:before])

    first = bisect_right(range(len(sizes)), longest, key=needs)
    if 0 < first < len(sizes):
        yield warn(
            "reserve-too-long",
            f"batch {first + 1} and a roll back of all batches up to it take up to {duration.expected(needs(first))} "
            f"(P90), longer than every maintenance window: the rollout does not get beyond batch {first}",
            'Use larger batches, a longer window, or no time reserved for a roll back (without reserve = "rollback").',
        )


def _at_the_end(then: OnWindowEnd) -> str:
    match then:
        case OnWindowEnd.STOP:
            return "it stops before a batch that cannot end in time; `vmss-tui resume --at-window` continues it"
        case OnWindowEnd.WAIT:
            return "it waits for the next one"
        case OnWindowEnd.ROLLBACK:
            return "it is rolled back"
        case _:
            assert_never(then)
