"""When a rollout that was left at the end of its window resumes: by what its next batch needs, never while closed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.engine.story import drive, policy
from support.engine.toy import BASE, Toy
from vmss_tui.domain.plan.forecast import first_batch_seconds
from vmss_tui.domain.plan.maintenance_window import Opening, Window
from vmss_tui.domain.plan.rollout_plan import Strategy
from vmss_tui.domain.plan.rollout_policy import OnWindowEnd, Reserve
from vmss_tui.domain.rollout.decide.window_guard import needed_seconds
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.engine.schedule.start_later import StartTime, resume_time
from vmss_tui.errors import PreflightRefused

AT_WINDOW = StartTime(at_window=True)
NEXT = 90_000
"""Seconds until the second window opens."""


def left(seconds: int, **more: object) -> RolloutState:
    """A rollout that was paused at the end of its first window; its second one is open for some seconds."""
    openings = tuple(
        Opening(BASE + timedelta(seconds=first), BASE + timedelta(seconds=last))
        for first, last in ((-60, 1000), (NEXT, NEXT + seconds))
    )
    driver = drive(Toy(takes=400), policy(2, window=Window(calendar="a.ics", openings=openings), **more))
    assert driver.run(lambda: driver.state.window_ended).window_ended
    return driver.state


def test_it_resumes_when_the_window_opens() -> None:
    assert resume_time(left(9000), AT_WINDOW, BASE + timedelta(hours=1)) == BASE + timedelta(seconds=NEXT)


def test_a_time_at_which_the_window_is_closed_is_refused() -> None:
    """It would be paused again at once."""
    closed = StartTime(at=BASE + timedelta(hours=2))
    with pytest.raises(PreflightRefused, match="at that time, the maintenance window is closed"):
        resume_time(left(9000), closed, BASE + timedelta(hours=1))
    waits = left(9000)
    assert waits.plan is not None
    waits = replace(waits, plan=replace(waits.plan, policy=replace(waits.plan.policy, on_window_end=OnWindowEnd.WAIT)))
    assert resume_time(waits, closed, BASE + timedelta(hours=1)) == closed.at


def test_a_window_that_is_too_short_for_the_reserved_roll_back_is_refused() -> None:
    """It would open, be found too short by the guard, and pause the rollout once more."""
    state = left(700, reserve=Reserve.ROLLBACK)
    assert state.plan is not None and state.batches
    assert first_batch_seconds(state.plan) != needed_seconds(state.plan, state) > 700
    with pytest.raises(PreflightRefused, match="no upcoming maintenance window is long enough"):
        resume_time(state, AT_WINDOW, BASE + timedelta(hours=1))


def test_a_start_needs_what_the_guard_will_ask_for() -> None:
    """Before: a start was accepted whose first batch was then refused."""
    driver = drive(Toy(), policy(2))
    for plan in (
        driver.plan,
        replace(driver.plan, strategy=Strategy.ROLLING_UPGRADE),
        replace(driver.plan, undoes=driver.plan.script),
        replace(
            driver.plan,
            script=replace(driver.plan.script, undo="./uninstall.sh"),
            policy=replace(driver.plan.policy, reserve=Reserve.ROLLBACK),
        ),
    ):
        assert first_batch_seconds(plan) == needed_seconds(plan, driver.state) > 0
