"""One write from its intent to its end: lost, unheard, refused, put off, forgotten."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from support.engine.driver import BUSY, LOST, OK, UNHEARD
from support.engine.story import A, M, R, drive, ended, kinds, policy
from support.engine.toy import BASE, Toy
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Write
from vmss_tui.domain.rollout.decide.follow_write import MOST_ATTEMPTS, MOST_REPEATS, after_refusal
from vmss_tui.domain.rollout.stage import BAD
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.errors import Conflict, Forbidden


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


@pytest.mark.parametrize("flexible", [False, True])
def test_a_refused_batch_blames_no_instance(flexible: bool) -> None:
    quota = Conflict("exceeds the approved quota", code="OperationNotAllowed")
    toy = Toy(flexible=flexible)
    driver = drive(toy, policy(2))
    driver.run(ended(driver, 1))
    toy.refuses = {Action.UPDATE: quota, Action.VM: quota}
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.fault is not None
    assert state.fault.code == "OperationNotAllowed" and "exceeds the approved quota" in state.reason
    assert state.ids_in(*BAD) == () and state.batch is not None
    assert state.batch.refused and not state.batch.failed
    assert {state.instances[i].seen.phase for i in state.batch.refused} == {e.Phase.WAITING}


def test_only_what_azure_refused_in_a_batch_is_untouched() -> None:
    toy = Toy(flexible=True)
    take = toy.write

    def deny(plan: RolloutPlan, write: Write) -> str:
        if write.ids == ("1",):
            raise Forbidden("denied by policy", code="RequestDisallowedByPolicy")
        return take(plan, write)

    toy.write = deny  # type: ignore[method-assign]
    state = drive(toy, policy(2)).run()
    assert (state.ids_in(e.Phase.DONE), state.batches[0].refused) == (("0",), ("1",))
    assert state.verdict is e.Verdict.FAILED and len(state.batches) == 1
    assert state.reason == (
        "Azure refused the update of 1 in batch 1: denied by policy; 1 instance runs web 2; 5 untouched"
    )


def test_a_forgotten_model_operation_is_judged_by_the_set() -> None:
    toy = Toy()
    driver = drive(toy)
    driver.run(lambda: "model" in driver.state.accepted)
    toy.operations.clear()
    toy.model_busy = toy.seconds + 5
    driver.run(lambda: driver.state.waiting is not None)
    assert driver.state.waiting is not None
    assert (
        driver.state.waiting.why == "Azure is updating the scale set model" and driver.state.waiting.until is not None
    )
    assert driver.run().verdict is e.Verdict.COMPLETED


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
        assert state.verdict is e.Verdict.FAILED and ("after 20s" in state.reason or "lost track" in state.reason)


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
        assert "could not be updated: the operation has not ended within 1m30s" in state.reason


def test_a_stale_etag_of_a_set_that_does_not_change_is_given_up() -> None:
    state, fault = RolloutState(), AzureFault("PreconditionFailed", "the etag does not match")
    for attempt in range(1, MOST_REPEATS + 2):
        event = after_refusal(state, "model", fault, retry_after=0.0, now=BASE, etag="7")
        state = fold([e.Logged(attempt, BASE, event)], state)
    assert isinstance(event, e.WriteEnded) and event.fault is not None
    assert event.fault.code == "PreconditionFailed" and "has not changed" in event.fault.message


def test_a_stale_etag_of_a_set_that_changes_is_sent_again() -> None:
    state, fault = RolloutState(), AzureFault("PreconditionFailed", "the etag does not match")
    for attempt in range(1, 2 * MOST_REPEATS):
        event = after_refusal(state, "model", fault, retry_after=0.0, now=BASE, etag=str(attempt))
        state = fold([e.Logged(attempt, BASE, event)], state)
        assert isinstance(event, e.WriteDeferred) and (event.attempt, event.repeats) == (attempt, 0)
