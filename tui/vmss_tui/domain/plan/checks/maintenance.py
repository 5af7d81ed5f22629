"""Whether a rollout may start now: maintenance windows and freezes against the time of the plan."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from vmss_tui import duration
from vmss_tui.domain.plan.checks.facts import Check, Facts, info, refuse, warn
from vmss_tui.domain.plan.findings import Finding
from vmss_tui.domain.plan.maintenance_window import check_window
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.timetable import Closed, Timetable

AHEAD = timedelta(days=30)
"""Without an opening within this time, the windows are probably not what was meant."""


def maintenance_window(facts: Facts) -> Iterator[Finding]:
    """A start outside the windows, or in a freeze, is refused; an override lifts it for a stated reason."""
    policy = facts.plan.policy
    windows = [rule.window for rule in policy.rules.windows] + ([policy.window] if policy.window is not None else [])
    problem = next((problem for window in windows for problem in check_window(window)), None)
    if problem is not None:
        yield refuse("window-unusable", f"the maintenance window cannot be evaluated: {problem.message}", problem.hint)
        return
    table = facts.plan.timetable
    if table.free:
        return
    closed = table.closed(facts.now)
    if closed:
        yield from (refuse(reason.code, _why(reason), _next(table, reason, facts.now)) for reason in closed)
        yield from _nothing_ahead(table, facts.now)
    else:
        if windows or table.closes_at(facts.now) is not None:
            yield info("window-open", _until(table, facts.now))
        yield from _azure(facts, table)


def closed_at(table: Timetable, at: datetime) -> tuple[str, str] | None:
    """Why a start at this time would be refused, and the next step; None when it would not."""
    closed = table.closed(at)
    if not closed:
        return None
    opens = table.opens_at(at)
    hint = "" if opens is None else f"It opens next on {table.moment(opens)}; --at-window starts the rollout then."
    return f"at that time, {_why(closed[0])}", hint


def _why(closed: Closed) -> str:
    if closed.code == Override.DURING_FREEZE:
        return f"changes are frozen: {closed.words}"
    return f"the maintenance window is closed: it is {closed.words}"


def _until(table: Timetable, now: datetime) -> str:
    closes = table.closes_at(now)
    if closes is None:
        return "the maintenance window is open"
    what = "the maintenance window is open" if table.windows or table.any_of else "changes are allowed"
    return f"{what} until {table.moment(closes)} (in {_in(closes - now)})"


def _azure(facts: Facts, table: Timetable) -> Iterator[Finding]:
    """Azure drives the batches of a rolling upgrade, which has no window."""
    if facts.rolling_upgrade and table.closes_at(facts.now) is not None:
        yield info(
            "azure-knows-no-window",
            "an Azure rolling upgrade does not observe maintenance windows: vmss-tui cancels it when the next batch "
            "could not end in time",
            'mode = "manual" lets vmss-tui drive the batches and check each before it starts.',
        )


def _nothing_ahead(table: Timetable, now: datetime) -> Iterator[Finding]:
    opens = table.opens_at(now)
    if opens is None or opens > now + AHEAD:
        days = AHEAD.days
        yield warn("no-window-ahead", f"no maintenance window opens in the next {days} days", "Check the windows.")


def _next(table: Timetable, closed: Closed, now: datetime) -> str:
    opens = table.opens_at(now)
    wait = "" if opens is None else f"It opens next on {table.moment(opens)} (in {_in(opens - now)}). "
    return f"{wait}To start now, use {Override(closed.code).option}."


def _in(span: timedelta) -> str:
    return duration.coarse(span.total_seconds())


CHECKS: tuple[Check, ...] = (maintenance_window,)
