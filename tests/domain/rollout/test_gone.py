"""Scale sets that are scaled in, emptied or replaced while a rollout runs: how it ends, and what is said of it."""

from dataclasses import replace

import pytest

from support.engine.driver import Driver
from support.engine.story import A, M, R, begun, drive, ended, kinds, policy
from support.engine.toy import Toy, Vm, script
from vmss_tui.domain.fleet.health import Health, Provisioning
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, OnFailure
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Situation
from vmss_tui.domain.rollout.decide.verdict import runs_nowhere
from vmss_tui.domain.rollout.observe import set_gone
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.presentation.rollout.decisions import choices
from vmss_tui.presentation.rollout.info import info_of


def emptied(driver: Driver) -> RolloutState:
    """The end of a rollout all of whose instances are deleted now."""
    driver.toy.vms.clear()
    return driver.run()


def test_a_set_that_is_scaled_in_to_nothing_has_not_completed() -> None:
    driver = drive(Toy(), policy("34%"))
    driver.run(begun(driver, 1))
    state = emptied(driver)
    assert state.verdict is e.Verdict.FAILED
    assert state.reason == (
        "nothing was updated: all 6 instances are gone, the scale set has 0 instances; "
        "new ones get web 2 from its model: check the first of them"
    )
    info = info_of(state, driver.toy.now)
    assert (info.total, info.healthy, info.floor) == (0, 0, 0) and info.lowest is not None and info.lowest.healthy == 0
    assert info.sentence == state.reason, "said once"


def test_nothing_is_said_of_new_instances_where_the_model_has_no_script_any_more() -> None:
    driver = drive(Toy(), policy("34%"))
    driver.run(begun(driver, 1))
    state, snapshot = emptied(driver), driver.toy.snapshot()
    assert state.plan is not None
    removed = replace(snapshot, scale_set=replace(snapshot.scale_set, extensions=()))
    found = runs_nowhere(Situation(state.plan, state, removed, driver.toy.now))
    assert found == "nothing was updated: all 6 instances are gone, the scale set has 0 instances"


@pytest.mark.parametrize("mode", [M, R])
def test_instances_that_had_the_version_before_they_went_are_counted(mode: UpgradeMode) -> None:
    driver = drive(Toy(mode=mode), policy("34%", soak_seconds=60))
    driver.run(ended(driver, 2))
    had = sum(progress.seen.version == "web 2" for progress in driver.state.instances.values())
    state = emptied(driver)
    assert state.verdict is e.Verdict.FAILED and had
    assert f"no instance runs web 2: all 6 instances are gone ({had} had it)" in state.reason


def test_before_the_model_is_written() -> None:
    approving = replace(policy(1), steps=(BatchStep(Amount(1), approve=True),))
    driver = drive(Toy(count=1), approving)
    driver.run(lambda: driver.state.stage is Stage.APPROVAL)
    driver.toy.vms.clear()
    assert driver.ask("approve")
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and "the only instance is gone" in state.reason


@pytest.mark.parametrize("on_failure", list(OnFailure))
def test_no_roll_back_and_no_question_where_nothing_is_left(on_failure: OnFailure) -> None:
    driver = drive(Toy(), policy("34%", on_failure=on_failure))
    driver.run(begun(driver, 1))
    state = emptied(driver)
    assert state.verdict is e.Verdict.FAILED and state.rollback is None and state.decision is None


@pytest.mark.parametrize("mode", [M, R])
def test_all_gone_but_one_completes_and_says_who_is_gone(mode: UpgradeMode) -> None:
    driver = drive(Toy(mode=mode), policy("34%", unhealthy_percent=100))
    driver.run(begun(driver, 1))
    for name in "12345":
        del driver.toy.vms[name]
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED
    assert state.reason == "1 of 6 run web 2 and are healthy; 5 gone: 1, 2, 3, 4, 5"


def test_instances_that_replace_all_of_them_prove_the_version() -> None:
    """Scaled in and out again: the new ones got it from the model, and run it."""
    driver = drive(Toy(), policy("100%"))
    driver.run(begun(driver, 1))
    driver.toy.vms.clear()
    driver.toy.vms["9"] = Vm("9", "", script(2), ran_at=driver.toy.now)
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED
    assert "6 gone" in state.reason and "1 more got it outside the batches: 9" in state.reason


def test_instances_that_had_the_version_before_prove_it_too() -> None:
    """The last one of them is evicted before its update."""
    toy = Toy(count=3)
    toy.vms["0"].config = toy.vms["1"].config = script(2)
    driver = drive(toy, policy(1))
    assert [batch.ids for batch in driver.plan.batches] == [("2",)]
    driver.run(begun(driver, 1))
    del toy.vms["2"]
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED and "1 gone: 2" in state.reason


def test_a_failing_instance_that_replaces_all_of_them_proves_nothing() -> None:
    driver = drive(Toy(), policy("100%"))
    driver.run(begun(driver, 1))
    driver.toy.vms.clear()
    driver.toy.vms["9"] = Vm("9", "", script(2), ran_at=driver.toy.now, failed=True)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and "the scale set has 1 instance;" in state.reason
    assert "the script failed on 9" in state.reason


def test_nobody_is_asked_to_approve_a_batch_that_is_gone() -> None:
    approving = replace(policy(1), steps=(BatchStep(Amount(1)), BatchStep(Amount(1), approve=True)))
    driver = drive(Toy(count=3), approving)
    driver.run(begun(driver, 1))
    del driver.toy.vms["1"], driver.toy.vms["2"]
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED and not kinds(driver, e.ApprovalNeeded)


def deleting(driver: Driver, *, whole: bool = False) -> None:
    """From now on Azure lists every instance as being deleted and not healthy, and the set too if `whole`."""
    plain = driver.toy.snapshot

    def listed() -> SetSnapshot:
        seen = plain()
        going = Provisioning.DELETING
        instances = tuple(replace(vm, health=Health.UNHEALTHY, provisioning=going) for vm in seen.instances)
        of = replace(seen.scale_set, provisioning=going) if whole else seen.scale_set
        return replace(seen, scale_set=of, instances=instances)

    driver.toy.snapshot = listed  # type: ignore[method-assign]


def test_instances_that_are_being_deleted_are_neither_healthy_nor_unhealthy() -> None:
    driver = drive(Toy(), policy("34%"))
    driver.run(begun(driver, 1))
    deleting(driver)
    state = driver.run()
    assert "the scale set has 0 instances" in state.reason, "no gate fails by the health of what is being deleted"
    assert (state.total, state.healthy) == (0, 0)
    assert {progress.seen.health for progress in state.instances.values()} == {Health.NONE}


def test_a_set_that_is_being_deleted_ends_it_at_once() -> None:
    driver = drive(Toy(mode=A), policy("34%", mode=M, on_failure=OnFailure.ROLLBACK))
    driver.run(ended(driver, 1))
    deleting(driver, whole=True)
    writes = len(driver.toy.writes)
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and len(driver.toy.writes) == writes, "no policy is restored"
    assert state.reason == "the scale set is being deleted; 4 instances had web 2", "two of them are in progress"


def test_a_set_that_no_longer_exists_has_no_instances() -> None:
    driver = drive(Toy(fails=frozenset("0")), policy("34%", unhealthy_upgraded_percent=100))
    driver.run(ended(driver, 1))
    driver.record(*set_gone(driver.state))
    state = driver.state
    assert (state.total, state.healthy, state.count(e.Phase.GONE)) == (0, 0, 5)
    assert state.bad == ("0",), "what failed has failed"


def deciding(mode: UpgradeMode, fails: str) -> Driver:
    driver = drive(Toy(mode=mode, fails=frozenset(fails)), policy("34%", on_failure=OnFailure.ASK))
    driver.run(lambda: driver.state.stage is Stage.DECISION)
    return driver


def test_a_failed_instance_that_is_gone_is_excluded_but_not_retried() -> None:
    """A retry would make the failure disappear with the instance."""
    driver = deciding(M, "0")
    del driver.toy.vms["0"]
    driver.turn()
    verbs = [choice.verb for choice in choices(driver.state)]
    assert verbs == [e.Verb.EXCLUDE, e.Verb.UNDO, e.Verb.CANCEL]
    assert driver.state.waiting is not None and "retry" not in driver.state.waiting.why
    assert not driver.ask("retry") and not driver.ask("retry", "0")
    assert driver.ask("exclude", "0", "disk")
    assert driver.run().verdict is e.Verdict.COMPLETED


def test_a_retry_of_all_takes_those_that_exist() -> None:
    driver = deciding(M, "01")
    del driver.toy.vms["0"]
    driver.toy.vms["1"].fails = False
    driver.turn()
    assert driver.ask("retry") and set(driver.state.retries) == {"1"}


def test_a_rolling_upgrade_that_has_ended_offers_what_is_possible() -> None:
    driver = deciding(R, "0")
    driver.turn()
    assert driver.state.waiting is not None
    assert driver.state.waiting.why == "waiting for a decision: undo or cancel"
