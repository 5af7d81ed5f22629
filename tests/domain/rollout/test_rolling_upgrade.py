"""Rolling upgrades: whole rollouts over the toy, with cancellations, pauses, and what Azure forgets."""

from dataclasses import replace
from datetime import timedelta

from support.engine.story import R, begun, drive, kinds, policy, waiting_for
from support.engine.toy import Toy
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action, Write
from vmss_tui.errors import Conflict


def test_azure_upgrades_the_whole_way() -> None:
    toy = Toy(mode=R)
    driver = drive(toy, policy(soak_seconds=8, unhealthy_upgraded_percent=20))
    state = driver.run()
    assert state.reason == "6 of 6 run web 2 and are healthy"
    assert [len(batch.ids) for batch in state.batches] == [2, 2, 2] and state.batch_count == 3
    assert toy.writes == [Action.MODEL]


def test_azures_rolling_upgrade_faults() -> None:
    state = drive(Toy(mode=R, fails=frozenset("2"))).run()
    assert state.verdict is e.Verdict.FAILED
    assert (
        state.reason
        == "Azure stopped the rolling upgrade: the roll is Faulted; 3 instances run web 2; 1 failed: 2; 2 untouched"
    )
    assert state.fault == AzureFault("Faulted", "the roll is Faulted")


def test_azures_rolling_upgrade_is_cancelled_by_us() -> None:
    driver = drive(Toy(mode=R))
    driver.run(begun(driver, 2))
    driver.ask("cancel")
    state = driver.run()
    assert state.verdict is e.Verdict.CANCELLED and state.reason.startswith("canceled by maria; ")
    assert "2 untouched" in state.reason


def test_azures_rolling_upgrade_is_cancelled_by_another_user() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 2))
    assert toy.roll is not None
    toy.roll.code = UpgradeCode.CANCELLED
    assert driver.run().reason.startswith("the rolling upgrade was canceled outside; ")


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
        lambda: (
            driver.state.waiting is not None
            and driver.state.waiting.why.startswith("paused before the rolling upgrade")
        )
    )
    driver.ask("resume")
    driver.run(begun(driver, 1))
    assert not driver.ask("pause")
    assert driver.ask("pause", "cancel")
    driver.run(waiting_for(driver, "paused: the rolling upgrade"))
    driver.ask("resume")
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert toy.rolls == 2 and len(state.own_upgrades) == 2


def test_a_rolling_upgrade_that_continues_at_once_never_has_two_batches_in_progress() -> None:
    toy = Toy(mode=R, takes=30)
    driver = drive(toy)
    driver.run(begun(driver, 1))
    assert driver.ask("pause", "cancel")
    driver.run(lambda: "cancel-1" in driver.state.accepted)
    assert driver.ask("resume")
    state = driver.run()
    waits = [event.why for event in kinds(driver, e.Waiting) if isinstance(event, e.Waiting)]
    assert "waiting for in-flight instances of the canceled upgrade before starting a new one" in waits
    assert state.verdict is e.Verdict.COMPLETED and toy.rolls == 2
    assert toy.most_busy == 2, "34% of 6"


def test_a_rolling_upgrade_does_not_wait_for_an_instance_that_never_ends() -> None:
    toy = Toy(mode=R, takes=30)
    driver = drive(toy, policy(batch_deadline_seconds=60))
    driver.run(begun(driver, 1))
    assert driver.ask("pause", "cancel")
    driver.run(lambda: "cancel-1" in driver.state.accepted)
    toy.vms["0"].age = -100
    assert driver.ask("resume")
    driver.run(lambda: toy.rolls == 2)


def test_a_paused_rolling_upgrade_may_be_cancelled_for_good() -> None:
    driver = drive(Toy(mode=R))
    driver.run(begun(driver, 1))
    driver.ask("pause", "cancel")
    driver.run(waiting_for(driver, "paused: the rolling upgrade"))
    driver.ask("cancel")
    assert driver.run().verdict is e.Verdict.CANCELLED


def test_a_paused_rolling_upgrade_that_was_done_anyway() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 3))
    driver.ask("pause", "cancel")
    driver.record(e.WriteIntended("cancel-1", "c"), e.WriteAccepted("cancel-1", "u"))
    toy.operations["u"] = toy.operations["https://toy/operations/0"].__class__()
    driver.ask("resume")
    assert driver.run().verdict is e.Verdict.COMPLETED and toy.rolls == 1


def test_a_rolling_upgrade_of_another_user_before_ours() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    toy.write(driver.plan, Write("theirs", Action.MODEL, "theirs"))
    state = driver.run()
    assert state.reason.startswith(
        "stopped before the rolling upgrade: a rolling upgrade is running that this rollout did not start"
    )


def test_a_forgotten_rolling_upgrade_is_judged_by_latest_then_by_the_set() -> None:
    for hide in (False, True):
        toy = Toy(mode=R)
        driver = drive(toy)
        driver.run(lambda driver=driver: "roll-1" in driver.state.accepted)  # type: ignore[misc]
        toy.operations.clear()
        snapshot = toy.snapshot
        if hide:
            toy.snapshot = lambda snapshot=snapshot: replace(snapshot(), upgrade=None)  # type: ignore[method-assign,misc]
        assert driver.run().verdict is e.Verdict.COMPLETED, driver.state.reason


def test_a_forgotten_rolling_upgrade_of_a_set_that_failed() -> None:
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
    assert "the scale set reports that its last change failed" in driver.state.reason


def test_a_rolling_upgrade_that_does_not_move_is_cancelled_at_its_deadline() -> None:
    toy = Toy(mode=R, takes=10**6)
    driver = drive(toy, policy(batch_deadline_seconds=90))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith(
        "no progress for 1m30s, and Azure still reports the rolling upgrade as running: canceled; no instance runs"
    )
    assert toy.writes == [Action.MODEL, Action.CANCEL]
    moving = [event for event in kinds(driver, e.Waiting) if isinstance(event, e.Waiting) and "driving" in event.why]
    assert 0 < len(moving) <= 4 and all(wait.until is not None for wait in moving)


def test_a_rolling_upgrade_that_neither_moves_nor_can_be_cancelled() -> None:
    toy = Toy(mode=R, takes=10**6)
    toy.refuses[Action.CANCEL] = Conflict("not now")
    state = drive(toy, policy(batch_deadline_seconds=90)).run()
    assert (
        state.verdict is e.Verdict.FAILED and "Azure refused to cancel: not now; no instance runs web 2" in state.reason
    )


def test_a_cancelled_rolling_upgrade_that_continues_for_ever() -> None:
    toy = Toy(mode=R, takes=10**6)
    driver = drive(toy, policy(batch_deadline_seconds=90))
    driver.run(begun(driver, 1))
    driver.ask("cancel")
    driver.record(e.WriteIntended("cancel-1", "c"), e.WriteEnded("cancel-1", OperationState.SUCCEEDED))
    driver.run(waiting_for(driver, "rolling upgrade to end"))
    assert driver.state.waiting is not None and driver.state.waiting.until is not None
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith(
        "Azure still reports the rolling upgrade as running 1m30s after the cancellation; no instance runs"
    )


def test_what_must_hold_says_for_how_long() -> None:
    driver = drive(Toy(), policy(min_healthy_seconds=40))
    driver.run(lambda: driver.state.waiting is not None and driver.state.waiting.takes_seconds == 40)
    waiting = driver.state.waiting
    assert (
        waiting is not None and waiting.until is not None and waiting.why == "batch 1: instances 0, 1 must stay healthy"
    )
    assert waiting.until - driver.toy.now <= timedelta(seconds=40)


def test_a_rolling_upgrade_that_leaves_some_behind_has_failed() -> None:
    toy = Toy(mode=R)
    driver = drive(toy)
    driver.run(begun(driver, 1))
    assert toy.roll is not None
    toy.roll.pending = toy.roll.pending[:-1]
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.reason == "5 of 6 run web 2; 1 not updated: 5"


def test_gates_after_the_rolling_upgrade() -> None:
    toy = Toy(mode=R)
    driver = drive(toy, policy(soak_seconds=50))
    driver.run(waiting_for(driver, "watching"))
    for instance_id in "345":
        toy.vms[instance_id].healthy = False
    assert driver.run().reason.startswith("after the rolling upgrade: 3 of 6 instances unhealthy")


def test_batches_that_merge_between_two_looks() -> None:
    toy = Toy(mode=R, count=9, takes=2)
    driver = drive(toy)
    for _ in range(200):
        if driver.state.stage.over:
            break
        driver.turn()
        toy.advance(5)
    assert driver.state.verdict is e.Verdict.COMPLETED
    assert sorted(i for batch in driver.state.batches for i in batch.ids) == sorted(toy.vms)
