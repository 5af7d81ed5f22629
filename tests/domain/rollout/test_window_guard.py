"""The guard of the maintenance window over the toy: no batch starts that cannot end, whether Azure or the runner forms
the batches."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from support.engine.driver import Driver
from support.engine.story import M, R, begun, drive, ended, kinds, policy, waiting_for
from support.engine.toy import BASE, Toy, script
from vmss_tui.domain.plan.maintenance_window import Opening, Window
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Purpose
from vmss_tui.domain.plan.rollout_policy import OnWindowEnd, Reserve
from vmss_tui.domain.plan.timetable import DURING_FREEZE, OUTSIDE_WINDOW, Freeze, MaintenanceRules, WindowRule
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.domain.rollout.decide.window_guard import needed_seconds
from vmss_tui.domain.rollout.requests import answer
from vmss_tui.domain.rollout.stage import GateName, Stage

TAKES = 170
"""Seconds of a batch of the toy."""
CLOSES = 450
"""When the window closes: two batches fit in by what the first showed, the third does not."""


def after(seconds: float) -> datetime:
    return BASE + timedelta(seconds=seconds)


def window(*times: tuple[float, float]) -> Window:
    """A window that is open between these seconds of the test."""
    return Window(calendar="x.ics", openings=tuple(Opening(after(opens), after(closes)) for opens, closes in times))


def answers(driver: Driver) -> list[tuple[int | None, bool]]:
    return [
        (event.batch, event.passed)
        for event in kinds(driver, e.GateChecked)
        if isinstance(event, e.GateChecked) and event.gate is GateName.WINDOW
    ]


def left(driver: Driver) -> bool:
    return driver.state.window_ended


def test_every_batch_is_checked_and_the_answer_is_in_the_log() -> None:
    driver = drive(Toy(), policy(2, window=window((-60, 3600))))
    assert driver.run().verdict is e.Verdict.COMPLETED
    assert answers(driver) == [(1, True), (2, True), (3, True)]


def test_without_a_window_nothing_is_asked() -> None:
    driver = drive(Toy(), policy(2))
    driver.run()
    assert answers(driver) == []


@pytest.mark.parametrize("mode", [M, R])
def test_stop_leaves_what_remains_for_the_next_window(mode: object) -> None:
    driver = drive(Toy(mode=mode, takes=TAKES), policy("34%", window=window((-60, CLOSES), (90_000, 99_000))))  # type: ignore[arg-type]
    driver.run(lambda: left(driver))
    state = driver.state
    assert state.stage is Stage.PAUSED and state.verdict is None
    done = len(state.ids_in(e.Phase.DONE))
    assert 0 < done < 6, "the first batches ran, and not all of them"
    assert state.batch is not None and state.batch.started_at is not None
    assert all(batch.ended_at is not None and batch.ended_at <= after(CLOSES) for batch in state.batches)
    paused = kinds(driver, e.Paused)[-1]
    assert isinstance(paused, e.Paused) and f"{6 - done} untouched" in paused.reason
    driver.toy.advance(90_000)
    driver.start()
    assert driver.ask("resume")
    assert driver.run().verdict is e.Verdict.COMPLETED


@pytest.mark.parametrize("mode", [M, R])
def test_wait_continues_by_itself(mode: object) -> None:
    times = ((-60, CLOSES), (2000, 2100), (3000, 9000))
    asked = policy("34%", window=window(*times), on_window_end=OnWindowEnd.WAIT)
    driver = drive(Toy(mode=mode, takes=TAKES), asked)  # type: ignore[arg-type]
    driver.run(waiting_for(driver, "next maintenance window"))
    assert driver.state.waiting is not None
    assert driver.state.waiting.until == after(3000), "the one between is too short for a batch"
    state = driver.run(turns=5000)
    assert state.verdict is e.Verdict.COMPLETED
    starts = [batch.started_at for batch in state.batches if batch.started_at is not None]
    assert all(start <= after(CLOSES - TAKES) or start >= after(3000) for start in starts)
    assert {start >= after(3000) for start in starts} == {True, False}


def test_a_long_wait_for_the_window_is_no_lack_of_progress_of_the_next_upgrade() -> None:
    times = ((-60, CLOSES), (90_000, 99_000))
    asked = policy("34%", window=window(*times), on_window_end=OnWindowEnd.WAIT)
    driver = drive(Toy(mode=R, takes=TAKES), asked)
    driver.run(waiting_for(driver, "next maintenance window"))
    driver.toy.advance(90_000)
    moves, standing = driver.toy.snapshot, driver.toy.snapshot().instances
    driver.toy.snapshot = lambda: replace(moves(), instances=standing)  # type: ignore[method-assign]
    for _ in range(5):
        driver.turn()
        driver.toy.advance()
    driver.toy.snapshot = moves  # type: ignore[method-assign]
    assert driver.run(turns=5000).verdict is e.Verdict.COMPLETED, "Azure takes a while before it begins"


def test_rollback_ends_within_the_window_for_which_it_reserves_time() -> None:
    asked = policy(2, window=window((-60, 1000)), on_window_end=OnWindowEnd.ROLLBACK)
    driver = drive(Toy(takes=TAKES), asked)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and (False in [passed for _, passed in answers(driver)])
    assert state.rollback is not None and state.count(e.Phase.DONE) == len(state.instances) - len(state.plan.excluded)  # type: ignore[union-attr]
    assert driver.toy.now <= after(1000)


def test_a_pause_takes_nothing_from_the_time_of_the_roll_back() -> None:
    """It begins as soon as the next batch will not fit, and by the pace of the batches before it."""
    asked = policy(2, pause_seconds=300, window=window((-60, 1500)), on_window_end=OnWindowEnd.ROLLBACK)
    driver = drive(Toy(takes=TAKES), asked)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.rollback is not None and not state.window_ended
    assert state.forward is not None and len(state.forward.batches) == 2
    last, back = state.forward.batches[-1].ended_at, state.batches[0].started_at
    assert last is not None and back is not None and (back - last).total_seconds() < 300, "within the pause"
    assert driver.toy.now <= after(1500)


def test_a_roll_back_that_stops_before_its_first_write_names_what_still_has_the_version() -> None:
    asked = policy(2, window=window((-60, 1000), (90_000, 99_000)), on_window_end=OnWindowEnd.ROLLBACK)
    driver = drive(Toy(takes=TAKES), asked)
    driver.run(ended(driver, 1))
    driver.record(e.RulesChanged(MaintenanceRules(freezes=(Freeze(start=BASE, end=after(80_000), reason="x"),))))
    driver.run(lambda: left(driver))
    paused = kinds(driver, e.Paused)[-1]
    assert isinstance(paused, e.Paused) and "nothing was rolled back; 4 instances still have web 2" in paused.reason


def test_an_undo_command_takes_its_time_too() -> None:
    asked = policy(2, window=window((-60, 9000)), reserve=Reserve.ROLLBACK)
    driver = drive(Toy(), asked)
    twice = replace(driver.plan, script=replace(driver.plan.script, undo="./uninstall.sh"))
    assert needed_seconds(twice, driver.state) == 1.5 * needed_seconds(driver.plan, driver.state)


def test_a_roll_back_that_does_not_fit_continues_in_the_next_window() -> None:
    asked = policy(2, window=window((-60, 1000), (90_000, 99_000)), on_window_end=OnWindowEnd.ROLLBACK)
    driver = drive(Toy(takes=TAKES), asked)
    driver.run(lambda: driver.state.rollback is not None and bool(driver.state.batches))
    driver.record(e.RulesChanged(MaintenanceRules(freezes=(Freeze(start=BASE, end=after(80_000), reason="x"),))))
    driver.run(lambda: left(driver))
    assert not driver.state.stage.over and driver.state.rollback is not None
    driver.toy.advance(90_000)
    driver.start()
    assert driver.ask("resume")
    assert driver.run().verdict is e.Verdict.FAILED
    assert len(driver.state.batches) > 1


def test_a_reserve_for_the_roll_back_stops_earlier() -> None:
    times = window((-60, 1000))
    bold = drive(Toy(takes=TAKES), policy(2, window=times))
    assert bold.run().verdict is e.Verdict.COMPLETED
    careful = drive(Toy(takes=TAKES), policy(2, window=times, reserve=Reserve.ROLLBACK))
    careful.run(lambda: left(careful))
    assert len(careful.state.batches) == 2, "after a third batch the roll back would take three more"


def test_azures_upgrade_is_cancelled_in_time() -> None:
    toy = Toy(mode=R, takes=TAKES)
    driver = drive(toy, policy("34%", window=window((-60, CLOSES), (90_000, 99_000))))
    driver.run(lambda: left(driver))
    assert Action.CANCEL in toy.writes and toy.now <= after(CLOSES)
    assert driver.state.ids_in(e.Phase.WAITING) and not driver.state.ids_in(e.Phase.UPDATING)


def test_a_freeze_that_is_announced_meanwhile_stops_before_the_next_batch() -> None:
    driver = drive(Toy(), policy(2))
    driver.run(begun(driver, 1))
    freeze = Freeze(start=after(0), end=after(10**6), reason="incident 4711")
    driver.record(e.RulesChanged(MaintenanceRules(freezes=(freeze,))))
    driver.run(lambda: left(driver))
    assert len(driver.state.batches) == 1
    paused = kinds(driver, e.Paused)[-1]
    assert isinstance(paused, e.Paused) and "incident 4711" in paused.reason


@pytest.mark.parametrize("code", [OUTSIDE_WINDOW, DURING_FREEZE])
def test_a_reason_lifts_what_holds_it_back(code: str) -> None:
    rules = MaintenanceRules(
        windows=(WindowRule(window=window((10**6, 10**7))),) if code == OUTSIDE_WINDOW else (),
        freezes=(Freeze(start=after(0), end=after(10**6), reason="x"),) if code == DURING_FREEZE else (),
    )
    driver = drive(Toy(), policy(2))
    driver.run(ended(driver, 1))
    driver.record(e.RulesChanged(rules))
    driver.run(lambda: left(driver))
    assert driver.ask("resume") and not driver.run(lambda: left(driver)).stage.over, "resuming alone lifts nothing"
    assert not driver.ask("resume", code), "no reason, no override"
    number = driver.state.answered + 1
    requested = e.Requested(e.Verb.RESUME, "maria", "here", "CVE", number, code)
    driver.record(*answer(driver.plan, driver.state, requested))
    assert driver.run().verdict is e.Verdict.COMPLETED
    assert driver.state.overrides == {code: "CVE"}


def test_what_batches_took_counts_once_there_are_enough() -> None:
    driver = drive(Toy(count=10), policy(1, window=window((-60, 2 * CLOSES))))
    assert driver.run().verdict is e.Verdict.COMPLETED, "three quick batches, and the assumption no longer counts"


def test_a_window_without_an_end_stays_open() -> None:
    driver = drive(Toy(), policy(2, window=Window(start="00:00", end="00:00")))
    assert driver.run().verdict is e.Verdict.COMPLETED
    assert {event.message for event in kinds(driver, e.GateChecked) if isinstance(event, e.GateChecked)} >= {
        "the maintenance window stays open"
    }


def test_a_plan_without_batches_needs_no_time() -> None:
    driver = drive(Toy(), policy(2, window=window((-60, 3600))))
    assert needed_seconds(replace(driver.plan, batches=()), driver.state) == 0.0


def test_a_window_that_never_opens_again_ends_the_waiting() -> None:
    driver = drive(Toy(takes=TAKES), policy(2, window=window((-60, CLOSES)), on_window_end=OnWindowEnd.WAIT))
    driver.run(lambda: left(driver))
    assert driver.state.stage is Stage.PAUSED and driver.state.window_ended


@pytest.mark.parametrize("purpose", [Purpose.RETRY, Purpose.ROLLBACK])
def test_a_retry_or_an_undo_is_not_rolled_back_at_the_end_of_the_window(purpose: Purpose) -> None:
    asked = policy(2, window=window((-60, CLOSES)), on_window_end=OnWindowEnd.ROLLBACK)
    toy = Toy(takes=TAKES)
    made = plan_rollout(toy.snapshot(), script(2), asked, now=toy.now)
    driver = Driver(toy, replace(made, purpose=purpose))
    driver.run(lambda: left(driver))
    assert driver.state.rollback is None and driver.state.verdict is None, "it continues in the next window"


def test_a_window_that_ends_before_anything_was_changed_leaves_nothing_to_roll_back() -> None:
    driver = drive(Toy(takes=TAKES), policy(2, window=window((-60, 3590)), on_window_end=OnWindowEnd.ROLLBACK))
    driver.toy.seconds += 3580
    driver.run(lambda: left(driver))
    assert driver.toy.writes == [] and driver.state.rollback is None and driver.state.verdict is None
