"""What is decided when: whole rollouts over the toy, told step by step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from support.engine.driver import BUSY, LOST, OK, UNHEARD, Driver
from support.engine.story import A, M, R, begun, drive, ended, kinds, policy
from support.engine.toy import Toy, script
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, ExternalGate
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Write
from vmss_tui.domain.rollout.decide import decide
from vmss_tui.domain.rollout.decide.follow_write import MOST_ATTEMPTS, after_refusal
from vmss_tui.domain.rollout.state import RolloutState, Stage
from vmss_tui.errors import Conflict, Forbidden

# --- our batches ----------------------------------------------------------------------------------------------------


def test_the_whole_way() -> None:
    driver = drive(Toy(), policy(2, pause_seconds=5, soak_seconds=10, min_healthy_seconds=4))
    state = driver.run()
    assert state.reason == "6 of 6 run web 2 and are healthy"
    assert [each.ids for each in state.batches] == [("0", "1"), ("2", "3"), ("4", "5")]
    waits = [each.why for each in kinds(driver, e.Waiting) if isinstance(each, e.Waiting)]
    assert waits.count("pause before batch 2") == 1 and "watching whether it stays well" in waits
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
        assert driver.run().reason == "nothing to do: every instance runs web 1 already"
        assert toy.writes == [] and driver.state.verdict is e.Verdict.COMPLETED


def test_only_the_model_when_there_are_no_instances() -> None:
    for mode in (M, R):
        toy = Toy(count=0, mode=mode)
        driver = drive(toy, policy(unhealthy_upgraded_percent=20))
        assert driver.run().reason == "the set's model is web 2; no instance needed it"
        assert toy.writes == [Action.MODEL]


def test_a_failed_script_stops_before_the_next_batch() -> None:
    driver = drive(Toy(fails=frozenset("2")), policy(2))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason == (
        "1 of 4 (25%) of the updated failed or unhealthy, at most 0% may be: 2; 3 run web 2, 1 failed: 2, 2 untouched"
    )
    assert [each.failed for each in state.batches] == [(), ("2",)]


@pytest.mark.parametrize(
    ("budget", "verdict", "reason"),
    [
        (Amount(1), e.Verdict.COMPLETED, "5 of 6 run web 2; within its budget 1 failed: 2"),
        (Amount(20, percent=True), e.Verdict.COMPLETED, "5 of 6 run web 2; within its budget 1 failed: 2"),
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
    assert state.reason.startswith("3 failed in this rollout, at most 1 may: 1, 2, 3")


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
    assert state.reason.startswith("batch 1 took longer than 30s; not through: 0, 1; 0 run web 2, 2 still under way")
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
    driver.run(
        lambda: driver.state.waiting is not None and driver.state.waiting.why.startswith("paused before batch 3")
    )
    assert driver.ask("cancel") and driver.ask("cancel")
    state = driver.run()
    assert state.reason == "cancelled by maria: 4 run web 2, 2 untouched"
    assert (state.verdict, driver.toy.asked["4"]) == (e.Verdict.CANCELLED, 0)


def test_cancel_before_anything_is_written() -> None:
    for mode in (M, R):
        driver = drive(Toy(mode=mode))
        driver.ask("cancel")
        assert driver.run().reason == "cancelled by maria: nothing was changed"


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
    assert state.reason == "cancelled by maria: 1 run web 2, 5 untouched"


def test_gates_before_anything_is_written() -> None:
    toy = Toy()
    driver = drive(toy)
    for each in "012":
        toy.vms[each].healthy = False
    state = driver.run()
    assert state.reason == "stopped before anything was changed: 3 of 6 (50%) unhealthy or unknown, at most 34% may be"
    assert toy.writes == []


def test_gates_right_before_a_batch_after_a_long_pause() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=50))
    driver.run(ended(driver, 1))
    driver.run(lambda: driver.state.waiting is not None and "pause" in driver.state.waiting.why)
    for each in "345":
        toy.vms[each].healthy = False
    state = driver.run()
    assert state.reason.startswith("3 of 6 (50%) unhealthy or unknown") and len(state.batches) == 1


def test_a_batch_waits_while_somebody_else_has_instances_under_way() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=5))
    driver.run(ended(driver, 1))
    toy.vms["5"].age = -10
    state = driver.run()
    waits = [each for each in kinds(driver, e.Waiting) if isinstance(each, e.Waiting) and "somebody else" in each.why]
    assert [each.why for each in waits] == [
        "somebody else has instances under way (5): batch 2 waits until they are done"
    ]
    assert state.verdict is e.Verdict.COMPLETED and toy.asked["5"] == 1


def test_a_batch_does_not_wait_for_somebody_else_for_ever() -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=5, batch_deadline_seconds=60))
    driver.run(ended(driver, 1))
    toy.vms["5"].age = -1000
    state = driver.run()
    assert state.reason == (
        "somebody else has instances under way (5) for longer than 60 s; 2 run web 2, 4 untouched"
    ), state.reason
    assert len(state.batches) == 1


def test_gates_while_it_soaks() -> None:
    toy = Toy()
    driver = drive(toy, policy("100%", soak_seconds=50, unhealthy_percent=100))
    driver.plan = replace(driver.plan, policy=replace(driver.plan.policy, unhealthy_percent=30))
    driver.run(lambda: driver.state.waiting is not None and "watching" in driver.state.waiting.why)
    for each in "345":
        toy.vms[each].healthy = False
    assert driver.run().reason.startswith("3 of 6 (50%) unhealthy or unknown, at most 30% may be")


@pytest.mark.parametrize(
    ("answer", "verdict"), [((True, "fine"), e.Verdict.COMPLETED), ((False, "no"), e.Verdict.FAILED)]
)
def test_the_external_gate(answer: tuple[bool, str], verdict: e.Verdict) -> None:
    driver = drive(Toy(), policy(3, gate=ExternalGate(command=("true",)), unhealthy_percent=50))
    driver.gate = answer
    state = driver.run()
    assert state.verdict is verdict
    asked = [
        each for each in kinds(driver, e.GateChecked) if isinstance(each, e.GateChecked) and each.gate == "external"
    ]
    assert [each.batch for each in asked] == ([1, 2] if answer[0] else [1])


def test_leaks_are_told_and_too_many_stop_it() -> None:
    toy = Toy()
    driver = drive(toy, policy(1, pause_seconds=10))
    driver.run(ended(driver, 1))
    toy.vms["5"].config = script(2)
    driver.run(begun(driver, 2))
    (note,) = [each for each in kinds(driver, e.Noted) if isinstance(each, e.Noted)]
    assert note.severity is Severity.WARN and note.ids == ("5",)
    assert note.message.startswith("1 instance got web 2 outside the batches")
    for each in "34":
        toy.vms[each].config = script(2)
    state = driver.run()
    assert "3 got the new version outside the batches, at most 1 (one batch) may: 3, 4, 5" in state.reason


def test_a_batch_that_leaked_whole_has_nothing_left_to_do() -> None:
    toy = Toy(count=3)
    driver = drive(toy, policy(1, pause_seconds=10, unhealthy_percent=100))
    driver.run(ended(driver, 1))
    toy.vms["1"].config = script(2)
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED and [each.ids for each in state.batches] == [("0",), (), ("2",)]
    assert toy.asked["1"] == 0


@pytest.mark.parametrize("flexible", [False, True])
def test_instances_may_vanish_at_any_time(flexible: bool) -> None:
    toy = Toy(count=8, flexible=flexible)
    driver = drive(toy, policy(3, unhealthy_percent=100, unhealthy_upgraded_percent=100))
    driver.run(begun(driver, 1))
    for each in "127":
        toy.vms.pop(each)
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert state.ids_in(e.Phase.GONE) == ("1", "2", "7") and state.count(e.Phase.DONE) == 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda toy: setattr(toy, "model", script(9)), "somebody changed the script of the set: it is"),
        (lambda toy: setattr(toy, "mode", R), "somebody changed the set's upgrade mode to Rolling"),
        (lambda toy: setattr(toy, "model", replace(script(9), settings={})), "it is gone, not"),
    ],
)
def test_somebody_else_writes(change: Callable[[Toy], None], words: str) -> None:
    toy = Toy()
    driver = drive(toy, policy(2, pause_seconds=9))
    driver.run(ended(driver, 1))
    change(toy)
    state = driver.run()
    assert words in state.reason and state.verdict is e.Verdict.FAILED


def test_somebody_elses_write_before_ours() -> None:
    toy = Toy()
    driver = drive(toy)
    toy.model = script(9)
    assert driver.run().reason.startswith("stopped before anything was changed: somebody changed the script")


def test_a_refused_model() -> None:
    for mode in (M, R):
        driver = drive(Toy(mode=mode))
        key = "model" if mode is M else "roll-1"
        driver.record(
            e.WriteIntended(key, "w"), e.WriteEnded(key, OperationState.FAILED, AzureFault("x", "not allowed"))
        )
        state = driver.run()
        assert "not allowed" in state.reason and state.verdict is e.Verdict.FAILED
    driver = drive(Toy())
    driver.record(e.WriteIntended("model", "w"), e.WriteEnded("model", OperationState.FAILED))
    assert "Azure gave no reason" in driver.run().reason


def test_a_forgotten_model_operation_is_judged_by_the_set() -> None:
    toy = Toy()
    driver = drive(toy)
    driver.run(lambda: "model" in driver.state.accepted)
    toy.operations.clear()
    toy.model_busy = toy.seconds + 5
    driver.run(lambda: driver.state.waiting is not None)
    assert driver.state.waiting is not None
    assert driver.state.waiting.why == "Azure updates the set's model" and driver.state.waiting.until is not None
    assert driver.run().verdict is e.Verdict.COMPLETED


# --- writes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [M, R, A])
@pytest.mark.parametrize("fate", [LOST, UNHEARD, BUSY])
def test_each_first_answer_gone_wrong(mode: UpgradeMode, fate: str) -> None:
    toy = Toy(mode=mode)
    tried: set[int] = set()

    def once(step: str) -> str:
        if step != "send" or len(toy.writes) in tried:
            return OK
        tried.add(len(toy.writes))
        return fate

    driver = drive(toy, policy(mode=M if mode is A else None), once)
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert toy.mode is mode and all(count == 1 for count in toy.asked.values())


def test_a_write_that_is_put_off_for_ever_is_refused_in_the_end() -> None:
    driver = drive(Toy(), fate=lambda step: BUSY if step == "send" else OK)
    state = driver.run(turns=10_000)
    assert state.verdict is e.Verdict.FAILED and "too many requests" in state.reason
    assert len(kinds(driver, e.WriteDeferred)) == MOST_ATTEMPTS


def test_the_pause_before_a_write_is_sent_again_grows() -> None:
    toy, fault, state, pauses = Toy(), AzureFault("x", "busy"), RolloutState(), []
    for _ in range(9):
        event = after_refusal(state, "model", fault, retry_after=5, now=toy.now)
        assert isinstance(event, e.WriteDeferred)
        pauses.append((event.until - toy.now).total_seconds())
        state = replace(state, deferred={"model": event})
    assert pauses == [5, 5, 8, 16, 32, 64, 120, 120, 120]
    assert isinstance(after_refusal(state, "x", fault, retry_after=None, now=toy.now), e.WriteEnded)


# --- Azure's roll -----------------------------------------------------------------------------------------------------


def test_azure_rolls_the_whole_way() -> None:
    toy = Toy(mode=R)
    driver = drive(toy, policy(soak_seconds=8, unhealthy_upgraded_percent=20))
    state = driver.run()
    assert state.reason == "6 of 6 run web 2 and are healthy"
    assert [len(each.ids) for each in state.batches] == [2, 2, 2] and state.batch_count == 3
    assert toy.writes == [Action.MODEL]


def test_azures_roll_faults() -> None:
    state = drive(Toy(mode=R, fails=frozenset("2"))).run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason == "Azure stopped its roll: the roll is Faulted; 3 run web 2, 1 failed: 2, 2 untouched"
    assert state.fault == AzureFault("Faulted", "the roll is Faulted")


def test_azures_roll_is_cancelled_by_us() -> None:
    driver = drive(Toy(mode=R))
    driver.run(begun(driver, 2))
    driver.ask("cancel")
    state = driver.run()
    assert state.verdict is e.Verdict.CANCELLED and state.reason.startswith("cancelled by maria: ")
    assert "2 untouched" in state.reason


def test_azures_roll_is_cancelled_by_somebody_else() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 2))
    assert toy.roll is not None
    toy.roll.code = UpgradeCode.CANCELLED
    assert driver.run().reason.startswith("somebody else cancelled Azure's roll: ")


def test_a_cancel_that_comes_too_late() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 3))
    driver.ask("cancel")
    assert toy.roll is not None
    toy.roll.done += toy.roll.batch
    toy.roll.batch, toy.roll.code = [], UpgradeCode.COMPLETED
    for vm in toy.vms.values():
        vm.age = None
        vm.ran_at = toy.now
    assert driver.run().verdict is e.Verdict.COMPLETED


def test_a_cancel_that_azure_refuses() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 2))
    driver.ask("cancel")
    driver.record(
        e.WriteIntended("cancel-1", "c"), e.WriteEnded("cancel-1", OperationState.FAILED, AzureFault("x", "no"))
    )
    assert driver.run().verdict is e.Verdict.COMPLETED


def test_cancel_and_continue() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    assert driver.ask("pause")
    driver.run(
        lambda: driver.state.waiting is not None and driver.state.waiting.why.startswith("paused before Azure's roll")
    )
    driver.ask("resume")
    driver.run(begun(driver, 1))
    assert not driver.ask("pause")
    assert driver.ask("pause", "cancel")
    driver.run(lambda: driver.state.waiting is not None and driver.state.waiting.why.startswith("paused: Azure's roll"))
    driver.ask("resume")
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert toy.rolls == 2 and len(state.own_upgrades) == 2


def test_a_roll_that_goes_on_at_once_never_has_two_batches_under_way() -> None:
    toy = Toy(mode=R, takes=30)
    driver = drive(toy)
    driver.run(begun(driver, 1))
    assert driver.ask("pause", "cancel")
    driver.run(lambda: "cancel-1" in driver.state.accepted)
    assert driver.ask("resume")
    state = driver.run()
    waits = [each.why for each in kinds(driver, e.Waiting) if isinstance(each, e.Waiting)]
    assert "instances of the cancelled roll come to their end before it starts again" in waits
    assert state.verdict is e.Verdict.COMPLETED and toy.rolls == 2
    assert toy.most_busy == 2, "34% of 6"


def test_a_roll_does_not_wait_for_an_instance_that_never_ends() -> None:
    toy = Toy(mode=R, takes=30)
    driver = drive(toy, policy(batch_deadline_seconds=60))
    driver.run(begun(driver, 1))
    assert driver.ask("pause", "cancel")
    driver.run(lambda: "cancel-1" in driver.state.accepted)
    toy.vms["0"].age = -100
    assert driver.ask("resume")
    driver.run(lambda: toy.rolls == 2)


def test_a_paused_roll_may_be_cancelled_for_good() -> None:
    driver = drive(Toy(mode=R))
    driver.run(begun(driver, 1))
    driver.ask("pause", "cancel")
    driver.run(lambda: driver.state.waiting is not None and driver.state.waiting.why.startswith("paused: Azure's roll"))
    driver.ask("cancel")
    assert driver.run().verdict is e.Verdict.CANCELLED


def test_a_paused_roll_that_was_done_anyway() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 3))
    driver.ask("pause", "cancel")
    driver.record(e.WriteIntended("cancel-1", "c"), e.WriteAccepted("cancel-1", "u"))
    toy.operations["u"] = toy.operations["https://toy/operations/0"].__class__()
    driver.ask("resume")
    assert driver.run().verdict is e.Verdict.COMPLETED and toy.rolls == 1


def test_a_roll_of_somebody_else_before_ours() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    toy.write(driver.plan, Write("theirs", Action.MODEL, "theirs"))
    state = driver.run()
    assert state.reason.startswith("stopped before the roll: a rolling upgrade runs that this rollout did not start")


def test_a_forgotten_roll_is_judged_by_latest_then_by_the_set() -> None:
    for hide in (False, True):
        toy = Toy(mode=R)
        driver = drive(toy)
        driver.run(lambda driver=driver: "roll-1" in driver.state.accepted)  # type: ignore[misc]
        toy.operations.clear()
        snapshot = toy.snapshot
        if hide:
            toy.snapshot = lambda snapshot=snapshot: replace(snapshot(), upgrade=None)  # type: ignore[method-assign,misc]
        assert driver.run().verdict is e.Verdict.COMPLETED, driver.state.reason


def test_a_forgotten_roll_of_a_set_that_failed() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(lambda: "roll-1" in driver.state.accepted)
    toy.operations.clear()
    plain = toy.snapshot

    def failing() -> object:
        found = plain()
        return replace(found, upgrade=None, scale_set=replace(found.scale_set, provisioning=Provisioning.FAILED))

    toy.snapshot = failing  # type: ignore[method-assign,assignment]
    assert driver.run().verdict is e.Verdict.FAILED
    assert "the scale set says that its last change failed" in driver.state.reason


def test_a_roll_that_does_not_move_is_cancelled_at_its_deadline() -> None:
    toy = Toy(mode=R, takes=10**6)
    driver = drive(toy, policy(batch_deadline_seconds=90))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith("nothing has moved for 1m30s, and Azure still says that it rolls: cancelled; 0 run")
    assert toy.writes == [Action.MODEL, Action.CANCEL]
    moving = [each for each in kinds(driver, e.Waiting) if isinstance(each, e.Waiting) and "moves" in each.why]
    assert 0 < len(moving) <= 4 and all(each.until is not None for each in moving)


def test_a_roll_that_neither_moves_nor_can_be_cancelled() -> None:
    toy = Toy(mode=R, takes=10**6)
    toy.refuses[Action.CANCEL] = Conflict("not now")
    state = drive(toy, policy(batch_deadline_seconds=90)).run()
    assert state.verdict is e.Verdict.FAILED and "Azure refused to cancel: not now; 0 run web 2" in state.reason


def test_a_cancelled_roll_that_goes_on_for_ever() -> None:
    toy = Toy(mode=R, takes=10**6)
    driver = drive(toy, policy(batch_deadline_seconds=90))
    driver.run(begun(driver, 1))
    driver.ask("cancel")
    driver.record(e.WriteIntended("cancel-1", "c"), e.WriteEnded("cancel-1", OperationState.SUCCEEDED))
    driver.run(lambda: driver.state.waiting is not None and "has yet to end" in driver.state.waiting.why)
    assert driver.state.waiting is not None and driver.state.waiting.until is not None
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith("Azure still says that it rolls, 1m30s after it was asked to cancel; 0 run")


def test_a_forgotten_change_that_the_set_never_ends() -> None:
    for mode in (M, R):
        toy = Toy(mode=mode)
        plain = toy.snapshot
        driver = drive(toy, policy(batch_deadline_seconds=20))

        def busy(plain: Callable[[], SetSnapshot] = plain) -> SetSnapshot:
            found = plain()
            return replace(found, upgrade=None, scale_set=replace(found.scale_set, provisioning=Provisioning.UPDATING))

        toy.snapshot = busy  # type: ignore[method-assign]
        driver.run(lambda driver=driver: bool(driver.state.accepted))  # type: ignore[misc]
        toy.operations.clear()
        state = driver.run()
        assert state.verdict is e.Verdict.FAILED and ("after 20s" in state.reason or "forgotten" in state.reason)


def test_an_operation_that_never_ends() -> None:
    for mode in (M, A):
        toy = Toy(mode=mode)
        driver = drive(toy, policy(mode=M, batch_deadline_seconds=90))
        driver.run(lambda driver=driver: "model" in driver.state.accepted)  # type: ignore[misc]
        toy.operations[next(iter(toy.operations))].ends = 10**9
        driver.run(lambda driver=driver: driver.state.waiting is not None)  # type: ignore[misc]
        assert driver.state.waiting is not None and driver.state.waiting.until is not None
        state = driver.run()
        assert state.verdict is e.Verdict.FAILED
        assert "could not be updated: Azure has not ended it within 1m30s" in state.reason


def test_what_must_hold_says_for_how_long() -> None:
    driver = drive(Toy(), policy(min_healthy_seconds=40))
    driver.run(lambda: driver.state.waiting is not None and driver.state.waiting.takes_seconds == 40)
    waiting = driver.state.waiting
    assert (
        waiting is not None and waiting.until is not None and waiting.why == "batch 1: instances 0, 1 must stay healthy"
    )
    assert waiting.until - driver.toy.now <= timedelta(seconds=40)


def test_a_roll_that_leaves_some_behind_has_failed() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 1))
    assert toy.roll is not None
    toy.roll.pending = toy.roll.pending[:-1]
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.reason == "5 of 6 run web 2; 1 not updated: 5"


def test_gates_after_the_roll() -> None:
    toy = Toy(mode=R)
    driver = drive(toy, policy(soak_seconds=50))
    driver.run(lambda: driver.state.waiting is not None and "watching" in driver.state.waiting.why)
    for each in "345":
        toy.vms[each].healthy = False
    assert driver.run().reason.startswith("after the roll: 3 of 6 (50%) unhealthy")


def test_batches_that_merge_between_two_looks() -> None:
    toy = Toy(mode=R, count=9, takes=2)
    driver = drive(toy)
    for _ in range(200):
        if driver.state.stage.over:
            break
        driver.turn()
        toy.advance(5)
    assert driver.state.verdict is e.Verdict.COMPLETED
    assert sorted(i for each in driver.state.batches for i in each.ids) == sorted(toy.vms)


# --- the set's own policy ---------------------------------------------------------------------------------------------


def test_automatic_mode_is_put_back_only_when_all_have_it() -> None:
    toy = Toy(mode=A)
    state = drive(toy, policy(mode=M)).run()
    assert state.policy_restored is True and toy.mode is A
    toy = Toy(mode=A, fails=frozenset("2"))
    driver = drive(toy, policy(2, mode=M))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.policy_restored is False and toy.mode is M
    (told,) = kinds(driver, e.PolicyRestored)
    assert isinstance(told, e.PolicyRestored) and "Azure would move the 2 instances" in told.message


def test_manual_mode_is_put_back_also_after_a_failure() -> None:
    toy = Toy(mode=M, fails=frozenset("2"))
    state = drive(toy, policy(mode=R)).run()
    assert state.verdict is e.Verdict.FAILED and state.policy_restored is True and toy.mode is M


def test_the_policy_stays_when_nobody_wants_it_back() -> None:
    toy = Toy(mode=M)
    state = drive(toy, policy(mode=R, restore_policy=False)).run()
    assert state.policy_restored is None and toy.mode is R


def test_a_policy_that_cannot_be_put_back() -> None:
    toy = Toy(mode=M, refuses={Action.RESTORE: Forbidden("not yours", code="AuthorizationFailed")})
    driver = drive(toy, policy(mode=R))
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED and state.policy_restored is False
    (told,) = kinds(driver, e.PolicyRestored)
    assert isinstance(told, e.PolicyRestored) and told.message.endswith("could not be put back: not yours")
    driver = drive(Toy(mode=M, refuses={Action.RESTORE: Conflict("in progress")}), policy(mode=R))
    driver.run(lambda: "restore" in driver.state.deferred)
    assert not driver.ask("pause") and not driver.ask("cancel")
    driver.record(e.WriteIntended("restore", "r"), e.WriteEnded("restore", OperationState.FAILED))
    assert driver.run().policy_restored is False


def test_what_failed_before_and_is_told_again_runs_only_with_proof() -> None:
    toy = Toy(count=2, fails=frozenset("01"))
    for vm in toy.vms.values():
        vm.config, vm.failed = script(2), True
    toy.model = script(2)
    driver = drive(toy, policy(1, unhealthy_percent=100))
    assert not driver.plan.writes_model
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and toy.asked == {"0": 1}
    assert state.reason.startswith("1 of 1 (100%) of the updated failed")


def test_a_plan_for_one_instance_only() -> None:
    toy = Toy()
    plan = plan_rollout(toy.snapshot(), script(2), policy(1), now=toy.now)
    one = replace(plan, batches=(Batch(number=1, ids=("3",)),))
    state = Driver(toy, one).run()
    assert state.reason.startswith("1 of 1 run web 2") and isinstance(plan, RolloutPlan)
