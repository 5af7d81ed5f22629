"""Client batches: whole rollouts over the toy, from the first write to the verdict, with pauses and approvals."""

from dataclasses import replace
from datetime import timedelta

import pytest

from support.engine.driver import BUSY, OK
from support.engine.story import M, R, begun, drive, kinds, policy, waiting_for
from support.engine.toy import Toy, script
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.domain.rollout.decide import decide
from vmss_tui.domain.rollout.state import Stage


def test_the_whole_way() -> None:
    driver = drive(Toy(), policy(2, pause_seconds=5, soak_seconds=10, min_healthy_seconds=4))
    state = driver.run()
    assert state.reason == "6 of 6 run web 2 and are healthy"
    assert [batch.ids for batch in state.batches] == [("0", "1"), ("2", "3"), ("4", "5")]
    waits = [event.why for event in kinds(driver, e.Waiting) if isinstance(event, e.Waiting)]
    assert waits.count("pause before batch 2") == 1 and "soaking: watching health after the last batch" in waits
    first, second = state.batches[:2]
    assert first.ended_at is not None and second.started_at is not None
    assert (second.started_at - first.ended_at) >= timedelta(seconds=5)
    assert state.ended_at is not None and state.batches[2].ended_at is not None
    assert state.ended_at - state.batches[2].ended_at >= timedelta(seconds=10)
    assert decide(driver.plan, state, driver.toy.snapshot(), driver.toy.now) == []


def test_nothing_to_do_writes_nothing() -> None:
    for mode in (M, R):
        toy = Toy(mode=mode)
        driver = drive(toy, policy(pause_seconds=7), number=1)
        assert driver.run().reason == "nothing to do: all instances already run web 1"
        assert toy.writes == [] and driver.state.verdict is e.Verdict.COMPLETED


def test_only_the_model_when_there_are_no_instances() -> None:
    for mode in (M, R):
        toy = Toy(count=0, mode=mode)
        driver = drive(toy, policy(unhealthy_upgraded_percent=20))
        assert driver.run().reason == "the scale set model is web 2; no instance needed it"
        assert toy.writes == [Action.MODEL]


def test_a_failed_script_stops_before_the_next_batch() -> None:
    driver = drive(Toy(fails=frozenset("2")), policy(2))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason == (
        "1 of 4 updated instances failed or unhealthy (limit 0%): 2; 3 instances run web 2; 1 failed: 2; 2 untouched"
    )
    assert [batch.failed for batch in state.batches] == [(), ("2",)]


@pytest.mark.parametrize(
    ("budget", "verdict", "reason"),
    [
        (Amount(1), e.Verdict.COMPLETED, "5 of 6 run web 2; 1 failed: 2 (within the failure budget)"),
        (Amount(20, percent=True), e.Verdict.COMPLETED, "5 of 6 run web 2; 1 failed: 2 (within the failure budget)"),
        (None, e.Verdict.FAILED, "5 of 6 run web 2; 1 failed: 2"),
    ],
)
def test_a_failure_that_the_limits_allow(budget: Amount | None, verdict: e.Verdict, reason: str) -> None:
    driver = drive(Toy(fails=frozenset("2")), policy(2, unhealthy_upgraded_percent=50, failure_budget=budget))
    state = driver.run()
    assert (state.verdict, state.reason) == (verdict, reason)


def test_a_budget_for_the_whole_run() -> None:
    asked = policy(2, unhealthy_upgraded_percent=100, failure_budget=Amount(1))
    state = drive(Toy(fails=frozenset("123")), asked).run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith("3 failures (failure budget 1): 1, 2, 3")


def test_what_stays_ill_is_unhealthy_after_a_while() -> None:
    toy = Toy()
    toy.vms["1"].healthy = False
    driver = drive(toy, policy(2))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.ids_in(e.Phase.UNHEALTHY) == ("1",)


def test_a_batch_has_a_deadline() -> None:
    toy = Toy(takes=10**6)
    state = drive(toy, policy(2, batch_deadline_seconds=30)).run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith(
        "batch 1 exceeded its deadline of 30s; not finished: 0, 1; no instance runs web 2; 2 in progress"
    )
    assert state.batches[0].failed == ("0", "1")


def test_an_instance_without_proof_that_its_script_ran() -> None:
    toy = Toy(count=1)
    driver = drive(toy, policy(1, unhealthy_percent=100))
    driver.run(begun(driver, 1))
    toy.advance(2)
    toy.vms["0"].age, toy.vms["0"].config = None, script(2)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and "1 did not run the script: 0" in state.reason


def test_pause_approve_and_cancel() -> None:
    asked = policy(2, 2, unhealthy_percent=100)
    asked = replace(asked, steps=(asked.steps[0], replace(asked.steps[1], approve=True)))
    driver = drive(Toy(), asked)
    assert driver.ask("pause")
    driver.run(lambda: driver.state.waiting is not None)
    assert driver.state.waiting is not None and driver.state.waiting.why.startswith(
        "paused before anything was changed"
    )
    assert driver.ask("resume")
    driver.run(lambda: driver.state.stage is Stage.APPROVAL)
    assert not driver.ask("resume") and driver.state.awaiting_approval == 2
    assert driver.ask("approve")
    driver.run(begun(driver, 2))
    assert driver.ask("pause") and driver.ask("pause")
    driver.run(waiting_for(driver, "paused before batch 3"))
    assert driver.ask("cancel") and driver.ask("cancel")
    state = driver.run()
    assert state.reason == "canceled by maria; 4 instances run web 2; 2 untouched"
    assert (state.verdict, driver.toy.asked["4"]) == (e.Verdict.CANCELLED, 0)


def test_cancel_before_anything_is_written() -> None:
    for mode in (M, R):
        driver = drive(Toy(mode=mode))
        driver.ask("cancel")
        assert driver.run().reason == "canceled by maria; nothing was changed"


def test_cancel_in_a_batch_of_single_writes_sends_no_more_of_them() -> None:
    toy = Toy(flexible=True)
    sent = 0

    def fate(step: str) -> str:
        nonlocal sent
        sent += step == "send"
        return BUSY if step == "send" and sent > 2 else OK

    driver = drive(toy, policy(3, unhealthy_percent=50), fate)
    driver.run(lambda: len(driver.state.accepted) == 2)
    driver.ask("cancel")
    state = driver.run()
    assert state.reason == "canceled by maria; 1 instance runs web 2; 5 untouched"
