"""What a roll back takes and what it counts: what the rollout changed, measured against the health from before it."""

import random
from dataclasses import replace

import pytest

from support.build import NOW, fleet, snapshot
from support.engine.driver import KILL, LOST, OK, UNHEARD, Driver
from support.engine.toy import Toy, script
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.fleet.version_names import VersionNames
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.rollback import Revision, broken_before, plan_rollback, touched_by
from vmss_tui.domain.rollout.state import RolloutState
from vmss_tui.presentation.plan.confirm import confirm_title, confirm_yes
from vmss_tui.presentation.rollout.info import info_of

POLICY = RolloutPolicy(
    steps=(
        BatchStep(Amount(2), approve=True),
        BatchStep(Amount(50, percent=True)),
        BatchStep(Amount(100, percent=True)),
    ),
    pause_seconds=30,
    unhealthy_percent=34,
    unhealthy_upgraded_percent=50,
    health_wait_seconds=20,
)
NAMES = VersionNames({script(1).digest: "web 1", script(2).digest: "web 2"})


def rolled(toy: Toy, policy: RolloutPolicy = POLICY, *, batches: int = 1) -> tuple[RolloutPlan, RolloutState]:
    """A rollout that is canceled after so many batches."""
    made = plan_rollout(toy.snapshot(), script(2), policy, names=NAMES, now=toy.now)
    driver = Driver(toy, made)
    driver.run(lambda: driver.state.stage.value == "awaiting approval")
    driver.ask("approve")
    driver.run(lambda: len([batch for batch in driver.state.batches if batch.ended_at]) == batches)
    driver.ask("cancel")
    state = driver.run()
    assert state.verdict is e.Verdict.CANCELLED
    return made, state


def back_of(toy: Toy, made: RolloutPlan, state: RolloutState) -> RolloutPlan:
    return plan_rollback("7f3a", made, state, toy.snapshot(), names=NAMES, now=toy.now)


def test_an_undo_takes_what_the_rollout_updated_and_waits_for_nobody() -> None:
    toy = Toy(count=8)
    toy.vms["7"].failed, toy.vms["7"].healthy = True, False
    made, state = rolled(toy)
    assert touched_by(made, state) == {"0", "1"}
    back = back_of(toy, made, state)
    assert [batch.ids for batch in back.batches] == [("0", "1")] and not any(batch.approve for batch in back.batches)
    reasons = {exclusion.id: exclusion.reason for exclusion in back.excluded}
    assert reasons["7"] == "not updated by rollout 7f3a" and not back.refusals
    driver = Driver(toy, back)
    ended = driver.run()
    assert (ended.verdict, ended.reason) == (e.Verdict.COMPLETED, "2 of 2 rolled back to web 1 and are healthy")
    assert toy.asked["7"] == 0 and {vm.config.digest for vm in toy.vms.values()} == {script(1).digest}


def test_an_undo_has_its_own_title_arrow_and_verdict() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    back = back_of(toy, made, state)
    assert back.purpose is Purpose.ROLLBACK and (back.from_label, back.to_label) == ("web 2", "web 1")
    assert confirm_title(back) == "Roll back web: 2 instances?" and confirm_yes(back) == "Roll back"
    driver = Driver(toy, back)
    driver.turn()
    info = info_of(driver.state, toy.now)
    assert info.arrow == "web 2 → web 1" and info.mark.word == "rolling back"
    info = info_of(driver.run(), toy.now)
    assert info.sentence == "2 of 2 rolled back to web 1 and are healthy, never below 6 healthy"


def test_an_instance_that_was_broken_before_never_fails_an_undo() -> None:
    toy = Toy(count=8)
    toy.vms["0"].healthy = False
    made, state = rolled(toy)
    assert broken_before(state) == ("0",)
    back = plan_rollback("x", made, state, toy.snapshot(), names=NAMES, now=toy.now)
    back = replace(back, policy=replace(back.policy, unhealthy_percent=5, unhealthy_upgraded_percent=0))
    assert back.tolerated == ("0",)
    ended = Driver(toy, back).run()
    assert ended.verdict is e.Verdict.COMPLETED, ended.reason
    assert ended.reason == "1 of 2 rolled back to web 1; 1 broken before the rollout: 0"


def test_what_the_rollout_broke_is_the_reason_for_an_undo_and_no_obstacle() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy, batches=2)
    for name in "0123":
        toy.vms[name].healthy = False
    back = back_of(toy, made, state)
    assert not back.refusals and back.policy.unhealthy_percent == 34
    driver = Driver(toy, back)
    driver.run(lambda: bool(driver.state.batches))
    for name in "0123":
        toy.vms[name].healthy = True
    assert driver.run().verdict is e.Verdict.COMPLETED


def test_an_undo_that_makes_it_worse_is_stopped() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy, batches=2)
    driver = Driver(toy, back_of(toy, made, state))
    driver.run(lambda: bool(driver.state.batches))
    for name in "0145":
        toy.vms[name].healthy = False
    ended = driver.run()
    assert ended.verdict is e.Verdict.FAILED and "rolled back to web 1" in ended.reason


def test_instances_that_got_the_version_from_the_model_come_last() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    toy.vms["5"].config = toy.model
    back = back_of(toy, made, state)
    assert [batch.ids for batch in back.batches] == [("0", "1"), ("5",)]


@pytest.mark.parametrize("flexible", [False, True])
def test_the_undo_command_runs_before_the_earlier_version_is_restored(flexible: bool) -> None:
    toy = Toy(count=8, flexible=flexible)
    made, state = rolled(toy)
    made = replace(made, script=replace(made.script, undo="./uninstall.sh"))
    back = back_of(toy, made, state)
    assert back.undoes is not None and back.undoes.command == "./uninstall.sh"
    assert "undo-command" in {finding.code for finding in back.findings}
    ended = Driver(toy, back).run()
    assert ended.reason == "2 of 2 rolled back to web 1 and are healthy"
    assert toy.undone == {"0": 1, "1": 1} and {vm.config.digest for vm in toy.vms.values()} == {script(1).digest}


@pytest.mark.parametrize("seed", range(8))
def test_the_undo_command_runs_once_whoever_is_killed(seed: int) -> None:
    chance = random.Random(seed)
    toy = Toy(count=8)
    made, state = rolled(toy)
    made = replace(made, script=replace(made.script, undo="./uninstall.sh"))
    driver = Driver(toy, back_of(toy, made, state))
    driver.fate = lambda step: chance.choice((OK, OK, OK, KILL, LOST, UNHEARD))
    assert driver.run().verdict is e.Verdict.COMPLETED and set(toy.undone.values()) == {1}


def test_a_rolling_set_is_rolled_back_in_manual_mode_when_there_is_an_undo_command() -> None:
    toy = Toy(count=8, mode=UpgradeMode.ROLLING)
    undo = replace(script(2), undo="./u.sh")
    made = plan_rollout(toy.snapshot(), undo, replace(POLICY, steps=POLICY.steps[1:]), now=toy.now)
    state = Driver(toy, made).run()
    assert Driver(toy, back_of(toy, made, state)).run().verdict is e.Verdict.COMPLETED
    assert set(toy.undone) == set(toy.vms) and toy.mode is UpgradeMode.ROLLING


def test_only_some_of_them() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    back = plan_rollback("x", made, state, toy.snapshot(), names=NAMES, only=("1",), now=toy.now)
    assert [batch.ids for batch in back.batches] == [("1",)]


@pytest.mark.parametrize("flexible", [False, True])
def test_a_refused_instance_was_not_touched(flexible: bool) -> None:
    toy = Toy(count=4, flexible=flexible)
    made = plan_rollout(toy.snapshot(), script(2), replace(POLICY, steps=POLICY.steps[1:]), now=toy.now)
    assert touched_by(made, Driver(toy, made).state) == frozenset()


def test_a_rolling_upgrade_admits_what_is_down_since_azure_counts_it() -> None:
    toy = Toy(count=8, mode=UpgradeMode.ROLLING)
    made = plan_rollout(toy.snapshot(), script(2), replace(POLICY, steps=POLICY.steps[1:]), now=toy.now)
    state = Driver(toy, made).run()
    for name in "0123":
        toy.vms[name].healthy = False
    back = back_of(toy, made, state)
    assert back.policy.unhealthy_percent == 50 and {i for batch in back.batches for i in batch.ids} == set(toy.vms)


def test_a_cancelled_undo_runs_the_undo_command_on_no_further_instance() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    back = back_of(toy, replace(made, script=replace(made.script, undo="./uninstall.sh")), state)
    driver = Driver(toy, back)
    driver.run(lambda: "model" in driver.state.accepted)
    driver.record(e.BatchStarted(1, 1, ("0", "1")))
    assert driver.ask("cancel")
    assert driver.run().verdict is e.Verdict.CANCELLED and not toy.undone


@pytest.mark.parametrize("hidden", ["commandToExecute", "script"])
def test_an_undo_command_beside_a_hidden_command_cannot_run(hidden: str) -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    protected = {hidden: SecretRef(SecretSource.ENV, "COMMAND")}
    made = replace(made, script=replace(made.script, undo="./uninstall.sh", protected=protected))
    back = back_of(toy, made, state)
    (found,) = [finding for finding in back.findings if finding.code == "undo-command"]
    assert back.undoes is None and found.severity is Severity.WARN and "cannot run" in found.message


def test_an_undo_of_a_rollout_that_continued_another_is_refused() -> None:
    """The model had its version before: writing it again would change nothing."""
    toy = Toy(count=8)
    made, state = rolled(toy)
    again = back_of(toy, replace(made, previous=made.script), state)
    assert "same-before" in {finding.code for finding in again.refusals}
    left = back_of(toy, replace(made, previous=made.script), replace(state, policy_restored=False))
    assert "same-before" not in {finding.code for finding in left.refusals}, "the set's own policy is to be restored"
    assert "same-before" not in {finding.code for finding in back_of(toy, made, state).refusals}


def revision(**more: object) -> Revision:
    made = Revision(replace(script(0), label="web 0"), "0000", Toy().now, "maria")
    return replace(made, **more)  # type: ignore[arg-type]


def test_an_undo_to_an_earlier_version_takes_what_rollouts_changed_since() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    to = revision(touched=frozenset("45"), digests=frozenset((script(1).digest,)))
    back = plan_rollback("7f3a", made, state, toy.snapshot(), names=NAMES, to=to, now=toy.now)
    assert back.script.settings == script(0).settings and back.origin.startswith("undo of 7f3a to ")
    assert back.from_label == "web 2" and not back.script.protected
    assert back.batches[0].ids == ("0", "1")
    assert {i for batch in back.batches for i in batch.ids} == set(toy.vms)
    assert not {"protected-again", "protected-lost", "revision-sealed"} & {finding.code for finding in back.findings}


def test_an_earlier_version_writes_its_protected_settings_again_where_a_rollout_overwrote_them() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    key = {"key": SecretRef(SecretSource.ENV, "KEY")}
    to = revision(script=replace(script(0), protected=key), protected=True)
    back = plan_rollback("x", made, state, toy.snapshot(), names=NAMES, to=to, now=toy.now)
    assert back.script.protected == key and "protected-again" in {finding.code for finding in back.findings}


def test_an_earlier_version_whose_secrets_are_gone_is_refused() -> None:
    toy = Toy(count=8)
    made, state = rolled(toy)
    to = revision(script=replace(script(0), sealed_digest="abc"))
    back = plan_rollback("x", made, state, toy.snapshot(), names=NAMES, to=to, now=toy.now)
    assert "revision-sealed" in {finding.code for finding in back.refusals}


def test_an_undo_with_surge_leaves_the_sets_own_policy_alone() -> None:
    """Writing another one means restoring it, by which Azure may replace every instance once more."""
    for own in (RollingPolicy(surge=True), RollingPolicy()):
        before = snapshot(*fleet(4), mode=UpgradeMode.ROLLING, policy=own)
        policy = RolloutPolicy(surge=own.surge)
        made = plan_rollout(before, script(2), policy, names=NAMES, now=NOW)
        state = replace(RolloutState(), plan=made)
        back = plan_rollback("7f3a", made, state, before, names=NAMES, now=NOW)
        assert (back.policy.prioritise_unhealthy, back.policy_differs) == (not own.surge, not own.surge)
