"""Gates of a rollout: what stops it before the first write, between batches and while it soaks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from support.engine.story import R, begun, drive, ended, kinds, policy, waiting_for
from support.engine.toy import Toy, script
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_policy import ExternalGate
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.rollback import touched_by
from vmss_tui.presentation.rollout.info import info_of


def test_gates_before_anything_is_written() -> None:
    toy = Toy()
    driver = drive(toy)
    for instance_id in "012":
        toy.vms[instance_id].healthy = False
    state = driver.run()
    assert state.reason == "stopped before anything was changed: 3 of 6 instances unhealthy or unknown (limit 34%)"
    assert toy.writes == []


def test_gates_right_before_a_batch_after_a_long_pause() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=50))
    driver.run(ended(driver, 1))
    driver.run(waiting_for(driver, "pause"))
    for instance_id in "345":
        toy.vms[instance_id].healthy = False
    state = driver.run()
    assert state.reason.startswith("3 of 6 instances unhealthy or unknown") and len(state.batches) == 1


def test_a_batch_waits_while_another_user_has_instances_in_progress() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=5))
    driver.run(ended(driver, 1))
    toy.vms["5"].age = -10
    state = driver.run()
    waits = [
        event
        for event in kinds(driver, e.Waiting)
        if isinstance(event, e.Waiting) and "outside this rollout" in event.why
    ]
    assert [wait.why for wait in waits] == [
        "instances are being updated outside this rollout (5): batch 2 waits until they are done"
    ]
    assert state.verdict is e.Verdict.COMPLETED and toy.asked["5"] == 1


def test_a_batch_does_not_wait_for_another_user_for_ever() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=5, batch_deadline_seconds=60))
    driver.run(ended(driver, 1))
    toy.vms["5"].age = -1000
    state = driver.run()
    assert state.reason == (
        "instances are being updated outside this rollout (5) for longer than 1m; 2 instances run web 2; 4 untouched"
    ), state.reason
    assert len(state.batches) == 1


def test_gates_while_it_soaks() -> None:
    toy = Toy()
    driver = drive(toy, policy("100%", soak_seconds=50, unhealthy_percent=100))
    driver.plan = replace(driver.plan, policy=replace(driver.plan.policy, unhealthy_percent=30))
    driver.run(waiting_for(driver, "watching"))
    for instance_id in "345":
        toy.vms[instance_id].healthy = False
    assert driver.run().reason.startswith("3 of 6 instances unhealthy or unknown (limit 30%)")


@pytest.mark.parametrize(
    ("answer", "verdict"), [((True, "fine"), e.Verdict.COMPLETED), ((False, "no"), e.Verdict.FAILED)]
)
def test_the_external_gate(answer: tuple[bool, str], verdict: e.Verdict) -> None:
    driver = drive(Toy(), policy(3, gate=ExternalGate(command=("true",)), unhealthy_percent=50))
    driver.gate = answer
    state = driver.run()
    assert state.verdict is verdict
    asked = [
        event for event in kinds(driver, e.GateChecked) if isinstance(event, e.GateChecked) and event.gate == "external"
    ]
    assert [check.batch for check in asked] == ([1, 2] if answer[0] else [1])


def test_leaks_are_reported_and_too_many_stop_it() -> None:
    toy = Toy()
    driver = drive(toy, policy(1, pause_seconds=10))
    driver.run(ended(driver, 1))
    toy.vms["5"].config = script(2)
    driver.run(begun(driver, 2))
    (note,) = [event for event in kinds(driver, e.Noted) if isinstance(event, e.Noted)]
    assert note.severity is Severity.WARN and note.ids == ("5",)
    assert note.message.startswith("1 instance got web 2 outside the batches")
    for instance_id in "34":
        toy.vms[instance_id].config = script(2)
    state = driver.run()
    assert "3 instances got the new version outside the batches (limit 1, one batch): 3, 4, 5" in state.reason


def test_a_batch_that_leaked_whole_has_nothing_left_to_do() -> None:
    toy = Toy(count=3)
    driver = drive(toy, policy(1, pause_seconds=10, unhealthy_percent=100))
    driver.run(ended(driver, 1))
    toy.vms["1"].config = script(2)
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED and [batch.ids for batch in state.batches] == [("0",), (), ("2",)]
    assert toy.asked["1"] == 0


@pytest.mark.parametrize("flexible", [False, True])
def test_instances_may_vanish_at_any_time(flexible: bool) -> None:
    toy = Toy(count=8, flexible=flexible)
    driver = drive(toy, policy(3, unhealthy_percent=100, unhealthy_upgraded_percent=100))
    driver.run(begun(driver, 1))
    for instance_id in "127":
        toy.vms.pop(instance_id)
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert state.ids_in(e.Phase.GONE) == ("1", "2", "7") and state.count(e.Phase.DONE) == 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda toy: setattr(toy, "model", script(9)),
            "the scale set's script was changed outside this rollout: it is",
        ),
        (
            lambda toy: setattr(toy, "mode", R),
            "the scale set's upgrade mode was changed outside this rollout: it is Rolling",
        ),
        (lambda toy: setattr(toy, "model", replace(script(9), settings={})), "it is gone, not"),
    ],
)
def test_another_user_writes(change: Callable[[Toy], None], words: str) -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=9))
    driver.run(ended(driver, 1))
    change(toy)
    state = driver.run()
    assert words in state.reason and state.verdict is e.Verdict.FAILED


def test_another_users_write_before_ours() -> None:
    toy = Toy()
    driver = drive(toy)
    toy.model = script(9)
    assert driver.run().reason.startswith("stopped before anything was changed: the scale set's script was changed")


def test_what_another_operator_overwrote_has_not_failed_and_is_not_rolled_back() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=30))
    driver.run(ended(driver, 1))
    toy.model = toy.vms["0"].config = script(9)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.bad == ()
    assert state.ids_in(e.Phase.OVERWRITTEN) == ("0",) and state.ids_in(e.Phase.DONE) == ("1",)
    assert "1 instance runs web 2; 1 overwritten by another change: 0; 4 untouched" in state.reason
    seen = state.instances["0"].seen
    assert seen.message == f"another change replaced it by unknown {script(9).digest[:8]}"
    assert touched_by(driver.plan, state) == {"1"}
    info = info_of(state, toy.now)
    assert not info.leaves_failed_model and info.failed == 0


def test_a_rolling_policy_that_was_changed_after_the_plan() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    toy.policy = replace(toy.policy, batch_percent=33)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and toy.writes == []
    assert "rolling upgrade policy was changed outside this rollout" in state.reason
