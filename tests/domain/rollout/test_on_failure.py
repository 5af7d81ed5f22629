"""What a rollout does when it fails: it ends, asks a person, or rolls back by itself, even if runners are killed
meanwhile."""

import random
from dataclasses import replace

import pytest

from support.engine.driver import KILL, LOST, OK, UNHEARD, Driver
from support.engine.toy import Toy, script
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.maintenance_window import Window
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, OnFailure, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.domain.rollout.stage import Stage

POLICY = RolloutPolicy(
    steps=(BatchStep(Amount(2)),), unhealthy_percent=34, unhealthy_upgraded_percent=0, health_wait_seconds=20
)
NAMES = VersionNames({script(1).digest: "web 1", script(2).digest: "web 2"})
BACK = {script(1).digest}


def driver_of(toy: Toy, on_failure: OnFailure, **more: object) -> Driver:
    policy = replace(POLICY, on_failure=on_failure, **more)  # type: ignore[arg-type]
    return Driver(toy, plan_rollout(toy.snapshot(), script(2), policy, names=NAMES, now=toy.now))


def versions(toy: Toy) -> set[str]:
    return {vm.config.digest for vm in toy.vms.values()}


# --- roll back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flexible", [False, True])
def test_a_failed_rollout_is_rolled_back_and_the_model_first(flexible: bool) -> None:
    toy = Toy(bad=frozenset(("web 2",)), flexible=flexible)
    driver = driver_of(toy, OnFailure.ROLLBACK)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.reason.endswith("2 of 2 rolled back to web 1 and are healthy")
    assert "limit 0%" in state.reason and state.forward is not None and state.rollback is not None
    assert versions(toy) == BACK and toy.model.digest == script(1).digest
    begun = [entry.seq for entry in driver.log if isinstance(entry.event, e.RollbackStarted)]
    writes = [entry.event for entry in driver.log[begun[0] :] if isinstance(entry.event, e.WriteIntended)]
    assert len(begun) == 1 and writes[0].key == "model"
    assert toy.asked["4"] == toy.asked["5"] == 0, "what the rollout did not touch stays"


def test_a_rolling_upgrade_is_rolled_back_by_another() -> None:
    toy = Toy(mode=UpgradeMode.ROLLING, bad=frozenset(("web 2",)))
    state = driver_of(toy, OnFailure.ROLLBACK, steps=(BatchStep(Amount(34, percent=True)),)).run()
    assert state.verdict is e.Verdict.FAILED and "rolled back to web 1" in state.reason and "keep" not in state.reason
    assert versions(toy) == BACK and toy.rolls == 2


def test_only_the_batch_that_failed_is_rolled_back() -> None:
    toy = Toy(fails=frozenset("2"))
    driver = driver_of(toy, OnFailure.ROLLBACK_BATCH)
    driver.run(lambda: driver.state.rollback is not None)
    toy.vms["2"].fails = False
    state = driver.run()
    assert "2 of 2 rolled back to web 1" in state.reason
    assert state.reason.endswith("; 2 instances keep web 2: 0, 1"), "nobody takes it for a whole roll back"
    assert {name for name, vm in toy.vms.items() if vm.config.digest == script(2).digest} == {"0", "1"}
    assert toy.model.digest == script(1).digest, "new instances do not get the failed version"


@pytest.mark.parametrize(("kind", "back"), [(OnFailure.ROLLBACK, 6), (OnFailure.ROLLBACK_BATCH, 2)])
def test_a_failure_that_no_limit_stops_is_rolled_back_at_the_end(kind: OnFailure, back: int) -> None:
    toy = Toy(fails=frozenset("1"))
    driver = driver_of(toy, kind, unhealthy_upgraded_percent=50)
    driver.run(lambda: driver.state.rollback is not None)
    toy.vms["1"].fails = False
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and f"{back} of {back} rolled back to web 1" in state.reason
    assert sum(vm.config.digest == script(1).digest for vm in toy.vms.values()) == back


def test_the_mode_of_the_set_is_restored_after_the_roll_back() -> None:
    toy = Toy(mode=UpgradeMode.AUTOMATIC, bad=frozenset(("web 2",)))
    state = driver_of(toy, OnFailure.ROLLBACK, mode=UpgradeMode.MANUAL).run()
    assert toy.mode is UpgradeMode.AUTOMATIC and state.policy_restored is True and versions(toy) == BACK


def test_repairs_stay_suspended_until_the_roll_back_has_ended() -> None:
    toy = Toy(repairs="replace", bad=frozenset(("web 2",)))
    driver = driver_of(toy, OnFailure.ROLLBACK, suspend_repairs=True)
    driver.run()
    assert toy.unguarded == 0 and not toy.suspended and versions(toy) == BACK
    assert toy.writes.count(Action.SUSPEND_REPAIRS) == toy.writes.count(Action.RESUME_REPAIRS) == 1


def test_a_colleagues_change_is_not_rolled_back() -> None:
    toy = Toy(bad=frozenset(("web 2",)))
    driver = driver_of(toy, OnFailure.ROLLBACK)
    driver.run(lambda: bool(driver.state.batches))
    toy.model = script(3)
    state = driver.run()
    assert state.rollback is None and "changed outside" in state.reason and toy.model == script(3)


def test_a_roll_back_that_fails_too_says_both() -> None:
    toy = Toy(fails=frozenset("0"))
    state = driver_of(toy, OnFailure.ROLLBACK).run()
    assert state.verdict is e.Verdict.FAILED
    assert "the roll back stopped" in state.reason or "rolled back to web 1" in state.reason


def test_a_roll_back_can_be_canceled() -> None:
    toy = Toy(bad=frozenset(("web 2",)), takes=12)
    driver = driver_of(toy, OnFailure.ROLLBACK)
    driver.run(lambda: driver.state.rollback is not None)
    assert driver.ask("cancel")
    state = driver.run()
    assert state.verdict is e.Verdict.CANCELLED and "during the roll back canceled by maria" in state.reason


def test_the_roll_back_stays_in_the_window() -> None:
    toy = Toy(bad=frozenset(("web 2",)))
    driver = driver_of(toy, OnFailure.ROLLBACK, window=Window(start="09:00", end="10:30"))
    driver.run(lambda: any(batch.ended_at is None for batch in driver.state.batches))
    toy.seconds += 5400
    state = driver.run()
    assert state.rollback is None and "not rolled back" in state.reason and "window" in state.reason


@pytest.mark.parametrize("mode", [UpgradeMode.MANUAL, UpgradeMode.ROLLING])
@pytest.mark.parametrize("seed", range(25))
def test_a_runner_killed_anywhere_ends_the_roll_back_all_the_same(mode: UpgradeMode, seed: int) -> None:
    chance = random.Random(seed)
    toy = Toy(mode=mode, bad=frozenset(("web 2",)))
    driver = driver_of(toy, OnFailure.ROLLBACK, steps=(BatchStep(Amount(34, percent=True)),))
    driver.fate = lambda step: chance.choice((OK, OK, OK, OK, KILL, LOST, UNHEARD))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and "rolled back to web 1" in state.reason, state.reason
    assert versions(toy) == BACK and toy.model.digest == script(1).digest
    assert sum(isinstance(entry.event, e.RollbackStarted) for entry in driver.log) == 1


# --- ask ------------------------------------------------------------------------------------------------------------


def that_asks(toy: Toy, **more: object) -> Driver:
    driver = driver_of(toy, OnFailure.ASK, **more)
    driver.run(lambda: driver.state.stage is Stage.DECISION)
    return driver


def test_a_failure_asks_and_nothing_starts_before_the_answer() -> None:
    toy = Toy(fails=frozenset("1"))
    driver = that_asks(toy)
    assert driver.state.decision is not None and driver.state.decision.ids == ("1",)
    before = len(toy.writes)
    for _ in range(50):
        driver.turn()
        toy.advance()
    assert len(toy.writes) == before and not driver.ask("pause") and not driver.ask("resume")
    assert not driver.ask("retry", "5") and not driver.ask("exclude", "1"), "another instance; no reason"


def test_a_retry_that_works_continues_the_rollout() -> None:
    toy = Toy(fails=frozenset("1"))
    driver = that_asks(toy)
    toy.vms["1"].fails = False
    assert driver.ask("retry", "1")
    state = driver.run()
    assert (state.verdict, state.reason) == (e.Verdict.COMPLETED, "6 of 6 run web 2 and are healthy")
    assert toy.asked["1"] == 2 and toy.asked["0"] == 1


def test_a_retry_that_fails_asks_again() -> None:
    driver = that_asks(Toy(fails=frozenset("1")))
    assert driver.ask("retry")
    driver.run(lambda: driver.state.stage is Stage.DECISION)
    assert sum(isinstance(entry.event, e.DecisionNeeded) for entry in driver.log) == 2


def test_an_excluded_instance_does_not_count_and_its_reason_is_in_the_record() -> None:
    toy = Toy(fails=frozenset("1"))
    toy.vms["1"].healthy = True
    driver = that_asks(toy)
    assert driver.ask("exclude", "1", "broken disk")
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED and state.reason.startswith("5 of 5 run web 2")
    assert state.instances["1"].seen.phase is e.Phase.EXCLUDED and state.instances["1"].seen.message == "broken disk"


def test_a_person_may_roll_back_or_cancel() -> None:
    toy = Toy(bad=frozenset(("web 2",)))
    driver = that_asks(toy)
    assert driver.ask("undo") and driver.ask("undo")
    state = driver.run()
    assert "rolled back to web 1" in state.reason and versions(toy) == BACK
    assert state.rollback is not None and state.rollback.who == "maria"
    driver = that_asks(Toy(fails=frozenset("1")))
    assert driver.ask("cancel")
    assert driver.run().verdict is e.Verdict.CANCELLED


def test_a_rolling_upgrade_offers_roll_back_and_cancel() -> None:
    toy = Toy(mode=UpgradeMode.ROLLING, bad=frozenset(("web 2",)))
    driver = that_asks(toy, steps=(BatchStep(Amount(34, percent=True)),))
    assert not driver.ask("retry") and not driver.ask("exclude", "", "why") and driver.ask("undo")
    assert "rolled back to web 1" in driver.run().reason


@pytest.mark.parametrize("verb", ["retry", "exclude", "undo"])
@pytest.mark.parametrize("seed", range(10))
def test_a_runner_killed_anywhere_carries_the_decision_out(verb: str, seed: int) -> None:
    chance = random.Random(seed)
    toy = Toy(fails=frozenset("1"))
    driver = driver_of(toy, OnFailure.ASK)
    driver.fate = lambda step: chance.choice((OK, OK, OK, KILL, LOST, UNHEARD))
    driver.run(lambda: driver.state.stage is Stage.DECISION)
    toy.vms["1"].fails = False
    assert driver.ask(verb, "", "why")
    state = driver.run()
    assert state.verdict is (e.Verdict.FAILED if verb == "undo" else e.Verdict.COMPLETED), state.reason
    assert toy.asked["1"] == (1 if verb == "exclude" else 2)


def test_a_rollout_that_stops_by_itself_says_so_as_before() -> None:
    state = driver_of(Toy(fails=frozenset("1")), OnFailure.STOP).run()
    assert state.verdict is e.Verdict.FAILED and state.rollback is None and state.decision is None


def test_a_roll_back_with_nothing_to_undo_ends_as_failed() -> None:
    toy = Toy(model=script(2))
    for vm in toy.vms.values():
        vm.config = script(1)
    toy.vms["0"].healthy = False
    driver = driver_of(toy, OnFailure.ROLLBACK)
    assert not driver.plan.writes_model, "the model has the version already"
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.reason.endswith("; nothing to roll back")


def test_a_cancellation_after_an_undo_comes_first() -> None:
    toy = Toy(bad=frozenset(("web 2",)))
    driver = that_asks(toy)
    assert driver.ask("undo") and driver.ask("cancel")
    state = driver.run()
    assert state.verdict is e.Verdict.CANCELLED and state.rollback is None


def test_a_roll_back_that_cannot_be_done_asks_again_and_says_why_once() -> None:
    driver = that_asks(Toy(fails=frozenset("1")), window=Window(start="09:00", end="10:30"))
    driver.toy.seconds += 5400
    assert driver.ask("undo")
    driver.run(lambda: driver.state.stage is Stage.DECISION)
    decision = driver.state.decision
    assert decision is not None and "it cannot be rolled back: the maintenance window is closed" in decision.why
    assert driver.state.rollback is None and driver.ask("undo"), "the window may be open by then"
    driver.run(lambda: driver.state.stage is Stage.DECISION)
    assert driver.state.decision == decision, "the reason does not grow"
    assert driver.ask("cancel") and driver.run().verdict is e.Verdict.CANCELLED


def test_a_retry_that_takes_too_long_stops_the_rollout() -> None:
    driver = that_asks(Toy(fails=frozenset("1")), batch_deadline_seconds=60)
    driver.toy.takes = 10**6
    assert driver.ask("retry", "1")
    driver.run(lambda: driver.state.stage is Stage.DECISION or driver.state.stage.over)
    late = [entry.event for entry in driver.log if isinstance(entry.event, e.GateChecked) and not entry.event.passed]
    assert late[-1].gate is e.GateName.DEADLINE and "the retry of 1 exceeded its deadline of 1m" in late[-1].message


def test_a_cancellation_awaits_the_retries_that_were_sent_and_sends_no_other() -> None:
    toy = Toy(fails=frozenset("01"))
    driver = that_asks(toy)
    toy.vms["0"].fails = toy.vms["1"].fails = False
    assert driver.ask("retry")
    sent = iter([OK, LOST])
    driver.fate = lambda step: next(sent, OK) if step == "send" else OK
    driver.turn()
    (kept, lost) = [key for key in driver.state.writes if key.startswith("retry-")]
    driver.record(e.WriteDeferred(lost, "busy", toy.now))
    assert driver.ask("cancel")
    state = driver.run()
    assert state.verdict is e.Verdict.CANCELLED and kept in state.writes and lost not in state.writes
    assert toy.asked["0"] + toy.asked["1"] == 3, "each once, and one of them a second time"
