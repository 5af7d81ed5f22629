"""Retry and undo: planned from what an earlier rollout left behind."""

from dataclasses import replace

import pytest

from support.build import NOW, extension, script, snapshot, vm
from support.build import plan as plan_of
from support.engine.driver import Driver
from support.engine.story import waiting_for
from support.engine.toy import NOTHING, Toy
from vmss_tui.domain.fleet.health import Power
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.retry import plan_retry
from vmss_tui.domain.rollout.rollback import plan_rollback
from vmss_tui.domain.rollout.state import RolloutState

POLICY = RolloutPolicy(
    steps=(BatchStep(Amount(2)), BatchStep(Amount(4), approve=True)),
    unhealthy_percent=34,
    unhealthy_upgraded_percent=0,
    health_wait_seconds=20,
)
M, R, A = UpgradeMode.MANUAL, UpgradeMode.ROLLING, UpgradeMode.AUTOMATIC
KEY = {"key": SecretRef(SecretSource.ENV, "KEY")}


def failed(toy: Toy, policy: RolloutPolicy = POLICY) -> tuple[RolloutPlan, RolloutState]:
    made = plan_rollout(toy.snapshot(), script(2), policy, now=toy.now)
    state = Driver(toy, made).run()
    assert state.verdict is e.Verdict.FAILED, state.reason
    return made, state


def codes(made: RolloutPlan) -> set[str]:
    return {finding.code for finding in made.findings}


def test_a_retry_touches_only_what_failed() -> None:
    toy = Toy(mode=UpgradeMode.MANUAL, fails=frozenset("1"))
    made, state = failed(toy)
    toy.vms["1"].fails = False
    toy.vms["3"].healthy = toy.vms["1"].healthy = False
    again = plan_retry("7f3a", made, state, toy.snapshot(), now=toy.now)
    assert again.origin == "retry of 7f3a" and again.strategy is Strategy.VM_BATCHES
    assert [batch.ids for batch in again.batches] == [("1",)] and len(again.excluded) == 5
    assert (again.from_label, again.to_label) == ("web 2", "web 2")
    assert again.keeps_model and not again.writes_model and not again.policy_differs
    assert again.script.force_update_tag and again.script.settings == made.script.settings
    assert again.policy.unhealthy_percent == 34 and len(again.policy.steps) == 1 and not again.refusals
    toy.vms["1"].healthy = True
    state = Driver(toy, again).run()
    assert state.reason == "1 of 1 run web 2 and are healthy" and toy.asked["0"] == 1


def test_a_retry_admits_those_that_are_down_already() -> None:
    toy = Toy(fails=frozenset("1"))
    made, state = failed(toy)
    for instance_id in "0123":
        toy.vms[instance_id].healthy = False
    again = plan_retry("x", made, state, toy.snapshot(), now=toy.now)
    assert again.policy.unhealthy_percent == 67 and not again.refusals


def test_a_retry_of_nothing_is_refused() -> None:
    toy = Toy(fails=frozenset("1"))
    made, state = failed(toy)
    toy.vms.pop("1")
    again = plan_retry("x", made, state, toy.snapshot(), now=toy.now)
    (refused,) = again.refusals
    assert refused.code == "nothing-failed" and "does not exist any more: 1" in refused.message


def test_a_retry_counts_over_the_whole_set() -> None:
    toy = Toy(count=12, fails=frozenset("012"))
    policy = replace(POLICY, steps=(BatchStep(Amount(3)),), unhealthy_upgraded_percent=20)
    made, state = failed(toy, policy)
    again = plan_retry("x", made, state, toy.snapshot(), now=toy.now)
    again = replace(again, policy=replace(again.policy, steps=(BatchStep(Amount(1)),)))
    again = replace(again, batches=tuple(Batch(number=n + 1, ids=(i,)) for n, i in enumerate("012")))
    toy.vms["1"].fails = toy.vms["2"].fails = False
    state = Driver(toy, again).run()
    assert state.ids_in(e.Phase.DONE) == ("1", "2"), "1 of 12 is within 20%"
    assert state.verdict is e.Verdict.FAILED and state.ids_in(e.Phase.FAILED) == ("0",)


def test_a_retry_says_which_failures_are_none_any_more() -> None:
    toy = Toy(count=12, fails=frozenset("0123"))
    made, state = failed(toy, replace(POLICY, steps=(BatchStep(Amount(4)),)))
    toy.vms["1"].failed, toy.vms["1"].healthy = False, True
    toy.vms["2"].config, toy.vms["2"].failed = script(1), False
    toy.vms.pop("3")
    again = plan_retry("x", made, state, toy.snapshot(), now=toy.now)
    assert [batch.ids for batch in again.batches] == [("0",)]
    said = {finding.ids: finding.message for finding in again.findings if finding.code == "not-retried"}
    assert set(said) == {("1",), ("2",), ("3",)}
    assert "its script succeeded" in said["1",] and "another version" in said["2",] and "not exist" in said["3",]
    excluded = {exclusion.id: exclusion.reason for exclusion in again.excluded}
    assert excluded["1"].startswith("failed then") and excluded["5"] == "did not fail"


def test_an_undo_brings_the_old_version_back() -> None:
    toy = Toy(fails=frozenset("1"))
    made, state = failed(toy)
    toy.vms["1"].fails = False
    back = plan_rollback(
        "7f3a", made, state, toy.snapshot(), names=VersionNames({script(1).digest: "web 1"}), now=toy.now
    )
    assert back.origin == "undo of 7f3a" and not back.refusals and "effects-stay" in codes(back)
    assert back.to_label == "web 1" and [batch.ids for batch in back.batches] == [("0", "1")]
    assert back.policy.prioritise_unhealthy and not back.policy.canary
    assert Driver(toy, back).run().reason == "2 of 2 rolled back to web 1 and are healthy"


def test_an_undo_puts_back_the_mode_that_was_left() -> None:
    toy = Toy(mode=UpgradeMode.AUTOMATIC, fails=frozenset("1"))
    made, state = failed(toy, replace(POLICY, mode=UpgradeMode.MANUAL))
    toy.vms["1"].fails = False
    back = plan_rollback("x", made, state, toy.snapshot(), now=toy.now)
    assert back.own_mode is UpgradeMode.AUTOMATIC and back.set_mode is UpgradeMode.MANUAL
    state = Driver(toy, back).run()
    assert state.policy_restored is True and toy.mode is UpgradeMode.AUTOMATIC


def ended(made: RolloutPlan) -> RolloutState:
    return RolloutState(plan=made)


def test_an_undo_of_a_first_installation_takes_the_extension_away() -> None:
    of = snapshot(vm(0, of=2), vm(1, script_digest=""), extensions=(extension(settings=script(2).settings),))
    made = replace(plan_of(of), previous=None)
    back = plan_rollback("x", made, ended(made), of, now=NOW)
    assert back.removes and [batch.ids for batch in back.batches] == [("0",)] and not back.refusals
    assert [exclusion.reason for exclusion in back.excluded] == ["has no script"]
    assert back.changes[0].new is None and not back.forecast.will_run
    bare = snapshot(vm(0, script_digest=""), extensions=())
    assert plan_rollback("x", made, ended(made), bare, now=NOW).batches == ()


def test_an_undo_says_what_is_lost() -> None:
    of = snapshot(vm(0, of=2), extensions=(extension(settings=script(2).settings),))
    made = replace(plan_of(snapshot(vm(0))), script=script(2, protected=KEY))
    assert "protected-lost" in codes(plan_rollback("x", made, ended(made), of, now=NOW))
    hidden = replace(made, previous=replace(script(1), settings={"timestamp": 1}))
    refused = next(
        finding
        for finding in plan_rollback("x", hidden, ended(made), of, now=NOW).refusals
        if finding.code == "protected-lost"
    )
    assert refused.code == "protected-lost" and "the old command was among them" in refused.message
    sources = {"commandToExecute": SecretRef(SecretSource.ENV, "OLD"), "key": KEY["key"]}
    again = plan_rollback("x", hidden, ended(made), of, sources=sources, now=NOW)
    (found,) = [finding for finding in again.findings if finding.code == "protected-again"]
    assert again.script.protected == sources and not again.refusals
    assert found.message.endswith("earlier rollout: commandToExecute ($OLD), key ($KEY)")
    plain = replace(made, script=script(2))
    kept = plan_rollback("x", plain, ended(plain), of, sources=sources, now=NOW)
    assert kept.script.protected == {} and not {"protected-again", "protected-lost"} & codes(kept)
    later = snapshot(vm(0, of=9), extensions=(extension(settings=script(9).settings),))
    assert "changed-since" in codes(plan_rollback("x", made, ended(made), later, now=NOW))
    gone = snapshot(vm(0, script_digest=""), extensions=())
    assert "changed-since" not in codes(plan_rollback("x", made, ended(made), gone, now=NOW))


@pytest.mark.parametrize(("mode", "flexible"), [(M, False), (M, True), (R, False), (A, False)])
def test_a_first_installation_is_taken_away_in_every_mode(mode: UpgradeMode, flexible: bool) -> None:
    asked = replace(POLICY, steps=(BatchStep(Amount(34, percent=True)),), mode=M if mode is A else None)
    toy = Toy(mode=mode, flexible=flexible, model=NOTHING)
    made = plan_rollout(toy.snapshot(), script(2), asked, now=toy.now)
    assert made.previous is None and not made.refusals
    first = Driver(toy, made)
    assert first.run().verdict is e.Verdict.COMPLETED, first.state.reason
    back = plan_rollback("7f3a", made, first.state, toy.snapshot(), now=toy.now)
    assert back.removes and not back.refusals and back.affected == 6
    state = Driver(toy, back).run()
    assert state.verdict is e.Verdict.COMPLETED, state.reason
    assert all(vm.config == NOTHING for vm in toy.vms.values()) and toy.mode is mode


def test_a_removal_by_azures_rolling_upgrade_continues_after_a_pause() -> None:
    toy = Toy(mode=R, model=script(2))
    for virtual_machine in toy.vms.values():
        virtual_machine.config = script(2)
    made = replace(plan_rollout(toy.snapshot(), script(2), POLICY, now=toy.now), previous=None)
    back = plan_rollback("7f3a", made, ended(made), toy.snapshot(), now=toy.now)
    driver = Driver(toy, back)
    driver.run(lambda: len(driver.state.batches) >= 1)
    assert driver.ask("pause", "cancel")
    driver.run(waiting_for(driver, "paused"))
    assert driver.ask("resume")
    assert driver.run().verdict is e.Verdict.COMPLETED, driver.state.reason
    assert all(vm.config == NOTHING for vm in toy.vms.values()) and toy.rolls == 2


def test_an_instance_that_is_switched_off_now_is_not_retried() -> None:
    toy = Toy(count=12, fails=frozenset("01"))
    made, state = failed(toy)
    now = toy.snapshot()
    off = replace(
        now, instances=tuple(replace(vm, power=Power.STOPPED) if vm.id == "0" else vm for vm in now.instances)
    )
    again = plan_retry("x", made, state, off, now=toy.now)
    reasons = {exclusion.id: exclusion.reason for exclusion in again.excluded}
    assert reasons["0"].startswith("failed then, is switched off now") and [b.ids for b in again.batches] == [("1",)]
