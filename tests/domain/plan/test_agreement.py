"""The terms agreed to when a start was scheduled, against the plan at its start: every difference is a sentence."""

from collections.abc import Mapping
from dataclasses import replace

from support.build import fleet, plan, snapshot, vm
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.agreement import agreement, changes
from vmss_tui.domain.plan.pinned_files import PlannedFile
from vmss_tui.domain.plan.rollout_plan import RolloutPlan

POOL = snapshot(*fleet(3))
A, B = "https://files.example/a.sh", "https://files.example/b.sh"


def with_files(plan: RolloutPlan, files: Mapping[str, str]) -> RolloutPlan:
    return replace(plan, files=tuple(PlannedFile(address, sha256) for address, sha256 in files.items()))


def without_script(pool: SetSnapshot) -> SetSnapshot:
    return replace(pool, scale_set=replace(pool.scale_set, extensions=()))


def test_the_same_plan_has_no_changes() -> None:
    made = with_files(plan(POOL), {A: "1", B: ""})
    assert list(changes(agreement(made), made)) == []


def test_what_is_agreed_to_is_read_from_the_plan() -> None:
    agreed = agreement(with_files(plan(POOL), {A: "1"}))
    assert agreed.target == POOL.scale_set.id and agreed.set_mode is UpgradeMode.MANUAL
    assert sorted(agreed.instances) == ["0", "1", "2"] and agreed.files == {A: "1"}
    assert agreed.script == POOL.scale_set.script.digest if POOL.scale_set.script else ""


def test_a_changed_script_is_named_also_where_there_was_none() -> None:
    none = plan(without_script(POOL))
    assert agreement(none).script == ""
    assert "the scale set's script was changed" in changes(agreement(none), plan(POOL))
    assert "the scale set's script was changed" not in changes(agreement(none), none)


def test_a_changed_upgrade_policy_is_named() -> None:
    agreed = agreement(plan(POOL))
    for now in (
        replace(plan(POOL), set_mode=UpgradeMode.AUTOMATIC),
        replace(plan(POOL), set_policy=RollingPolicy(batch_percent=99)),
    ):
        assert list(changes(agreed, now)) == ["the scale set's upgrade policy was changed"]


def test_instances_that_came_and_went_are_named() -> None:
    now = plan(snapshot(vm(1), vm(2), vm(7)))
    assert list(changes(agreement(plan(POOL)), now)) == [
        "instances that are no longer updated: 0",
        "additional instances that would be updated: 7",
    ]


def test_files_with_another_content_are_named() -> None:
    agreed = agreement(with_files(plan(POOL), {A: "1", B: "2"}))
    assert list(changes(agreed, with_files(plan(POOL), {A: "1", B: "3"}))) == [f"files that were changed: {B}"]
    new = "https://files.example/new.sh"
    assert list(changes(agreed, with_files(plan(POOL), {A: "1", new: "4"}))) == [f"files that were changed: {new}"]
    assert list(changes(agreed, with_files(plan(POOL), {A: "1"}))) == []
