"""How a rollout ends: the set's own policy restored, or left with the reason."""

from dataclasses import replace

import pytest

from support.engine.driver import Driver
from support.engine.story import A, M, R, begun, drive, ended, kinds, policy
from support.engine.toy import Toy, script
from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, UpgradeCode
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.errors import Conflict, Forbidden
from vmss_tui.presentation.rollout.info import failures


def test_automatic_mode_is_put_back_only_when_all_have_it() -> None:
    toy = Toy(mode=A)
    state = drive(toy, policy(mode=M)).run()
    assert state.policy_restored is True and toy.mode is A
    toy = Toy(mode=A, fails=frozenset("2"))
    driver = drive(toy, policy(2, mode=M))
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.policy_restored is False and toy.mode is M
    (restored,) = kinds(driver, e.PolicyRestored)
    assert (
        isinstance(restored, e.PolicyRestored) and "Azure would update the 2 instances that do not" in restored.message
    )


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
    (restored,) = kinds(driver, e.PolicyRestored)
    assert isinstance(restored, e.PolicyRestored) and restored.message.endswith("could not be restored: not yours")
    driver = drive(Toy(mode=M, refuses={Action.RESTORE: Conflict("in progress")}), policy(mode=R))
    driver.run(lambda: "restore" in driver.state.deferred)
    assert not driver.ask("pause") and not driver.ask("cancel")
    driver.record(e.WriteIntended("restore", "r"), e.WriteEnded("restore", OperationState.FAILED))
    assert driver.run().policy_restored is False


def test_what_failed_before_and_is_reported_again_runs_only_with_proof() -> None:
    toy = Toy(count=2, fails=frozenset("01"))
    for vm in toy.vms.values():
        vm.config, vm.failed = script(2), True
    toy.model = script(2)
    driver = drive(toy, policy(1, unhealthy_percent=100))
    assert not driver.plan.writes_model
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and toy.asked == {"0": 1}
    assert state.reason.startswith("1 of 1 updated instances failed")


def test_a_plan_for_one_instance_only() -> None:
    toy = Toy()
    plan = plan_rollout(toy.snapshot(), script(2), policy(1), now=toy.now)
    one = replace(plan, batches=(Batch(number=1, ids=("3",)),))
    state = Driver(toy, one).run()
    assert state.reason.startswith("1 of 1 run web 2") and isinstance(plan, RolloutPlan)


def test_an_evicted_instance_is_gone_in_the_verdict() -> None:
    for mode in (M, R):
        toy = Toy(mode=mode)
        driver = drive(toy, policy("34%"))
        driver.run(begun(driver, 1))
        del toy.vms["5"]
        state = driver.run()
        assert state.verdict is e.Verdict.COMPLETED
        assert state.reason == "5 of 6 run web 2 and are healthy; 1 gone: 5"


@pytest.mark.parametrize("mode", [M, R])
def test_a_failed_instance_that_repairs_replace_still_counts_as_failed(mode: UpgradeMode) -> None:
    toy = Toy(mode=mode, fails=frozenset("0"))
    driver = drive(toy, policy("34%", unhealthy_percent=100, unhealthy_upgraded_percent=100))
    driver.run(ended(driver, 1))
    del toy.vms["0"]
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED and state.ids_in(e.Phase.FAILED) == ("0",)
    assert state.batches[0].failed == ("0",)
    assert [failure.id for failure in failures(state)] == ["0"]
    assert "gone since" in state.instances["0"].seen.message
    gates = [event for event in kinds(driver, e.GateChecked) if isinstance(event, e.GateChecked)]
    assert all("1 of" in event.message for event in gates if event.gate is e.GateName.UPDATED)


@pytest.mark.parametrize("mode", [M, R])
def test_an_instance_that_is_being_deleted_is_gone_and_not_behind(mode: UpgradeMode) -> None:
    toy = Toy(mode=mode)
    plain = toy.snapshot

    def deleting() -> SetSnapshot:
        seen = plain()
        return replace(
            seen,
            instances=tuple(
                replace(vm, provisioning=Provisioning.DELETING) if vm.id == "5" else vm for vm in seen.instances
            ),
        )

    driver = drive(toy, policy("34%"))
    toy.snapshot = deleting  # type: ignore[method-assign]
    state = driver.run()
    assert state.instances["5"].seen.phase is e.Phase.GONE
    assert state.verdict is e.Verdict.COMPLETED and "not updated" not in state.reason


def test_surge_replaces_instances_and_restores_the_policy() -> None:
    """The old instances are still being deleted when Azure reports the upgrade as completed."""
    toy = Toy(mode=R)
    plain = toy.snapshot

    def surging() -> SetSnapshot:
        seen = plain()
        if toy.roll is None or toy.roll.code is not UpgradeCode.COMPLETED:
            return seen
        new = tuple(replace(vm, id=f"1{vm.id}", name=f"web_1{vm.id}") for vm in seen.instances)
        old = tuple(
            replace(vm, script_digest=script(1).digest, provisioning=Provisioning.DELETING) for vm in seen.instances
        )
        return replace(seen, instances=(*new, *old))

    driver = drive(toy, policy("50%", unhealthy_percent=60, surge=True))
    assert driver.plan.policy_differs
    toy.snapshot = surging  # type: ignore[method-assign]
    state = driver.run()
    assert (state.verdict, state.policy_restored) == (e.Verdict.COMPLETED, True)
    assert state.reason == "6 of 6 run web 2 and are healthy"


def test_versions_that_cannot_be_read_do_not_fail_a_rolling_upgrade() -> None:
    toy = Toy(mode=R, flexible=True)
    plain = toy.snapshot

    def unread() -> SetSnapshot:
        seen = plain()
        blind = (
            replace(vm, script_digest="", version_known=vm.id != "5") if vm.id == "5" else vm for vm in seen.instances
        )
        return replace(seen, instances=tuple(blind))

    driver = drive(toy, policy("34%"))
    toy.snapshot = unread  # type: ignore[method-assign]
    state = driver.run()
    assert state.verdict is e.Verdict.COMPLETED
    assert state.reason == "5 of 6 run web 2; 1 of unknown version: 5"
