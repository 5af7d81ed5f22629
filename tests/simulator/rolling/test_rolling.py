"""Rolling upgrades: what starts them, their batches and order, their thresholds, their end."""

import pytest

from support.simulated.story import V1, V2, Story, failing, refusal

TEN = 'mode = "Rolling"\ninstances = 10\npolicy = { pause = "PT30S" }\n'


def test_an_extension_write_is_the_rolling_upgrade_and_its_operation_lasts_until_the_last_batch() -> None:
    """Recorded: extension_put_rolls_2018-05."""
    story = Story.of(TEN)
    written = story.put_script()
    story.wait(120)
    assert story.operation(written.operation).status == "InProgress"
    assert story.value.provisioning == "Updating"
    story.batches()
    assert story.roll.code == "Completed"
    ended = story.wait_for(written.operation)
    assert ended.status == "Succeeded"
    assert ended.ended is not None and story.roll.ended is not None
    assert ended.ended >= story.roll.ended
    assert len(story.runs(V2)) == 10


def test_batches_have_the_policys_size_and_leave_nobody_out() -> None:
    """ComputeRP swagger: maxBatchInstancePercent is the most that a batch has."""
    story = Story.of(TEN)
    story.put_script()
    batches = story.batches()
    assert [len(batch) for batch in batches] == [2, 2, 2, 2, 2]
    assert sorted(sum(batches, ())) == sorted(story.instances)
    assert sorted(story.roll.succeeded) == sorted(story.instances)


def test_while_a_batch_runs_the_rest_keeps_the_old_script_and_its_health() -> None:
    """ "Configure rolling upgrades": one batch after another."""
    story = Story.of(TEN)
    story.put_script()
    story.wait(60)
    batch = story.roll.batch
    assert sorted(story.runs(V2)) == sorted(batch)
    assert {story.instance(key).health for key in batch} == {"unknown"}
    assert all(one.health == "healthy" for key, one in story.instances.items() if key not in batch)


def test_the_pause_lies_between_two_batches_only() -> None:
    """ "Configure rolling upgrades": from the successful end of a batch to the start of the next."""
    story = Story.of(TEN)
    written = story.put_script()
    pauses, previous = 0, ""
    while story.roll.running:
        story.wait(1)
        if story.roll.phase == "pausing" and previous != "pausing":
            pauses += 1
            began = story.now
        if story.roll.phase == "updating" and previous == "pausing":
            assert 29 <= (story.now - began).total_seconds() <= 31
        previous = story.roll.phase
    assert pauses == 4
    assert story.wait_for(written.operation).status == "Succeeded"


def test_zones_come_one_after_another_and_inside_a_zone_update_domains() -> None:
    """ "Configure rolling upgrades": no batch spans zones unless enableCrossZoneUpgrade."""
    story = Story.of('mode = "Rolling"\ninstances = 60\nzones = [1, 2, 3]\n')
    zone = {key: one.zone for key, one in story.instances.items()}
    domain = {key: one.update_domain for key, one in story.instances.items()}
    story.put_script()
    batches = story.batches(step=5)
    assert [len(batch) for batch in batches] == [12, 8, 12, 8, 12, 8]
    assert [{zone[key] for key in batch} for batch in batches] == [{"1"}, {"1"}, {"2"}, {"2"}, {"3"}, {"3"}]
    in_zone = [domain[key] for batch in batches[:2] for key in batch]
    assert in_zone == sorted(in_zone)


def test_cross_zone_batches_mix_zones() -> None:
    """ComputeRP swagger: enableCrossZoneUpgrade."""
    story = Story.of(
        'mode = "Rolling"\ninstances = 12\nzones = [1, 2, 3]\n'
        "policy = { batch = 50, unhealthy = 50, cross_zone = true }\n"
    )
    story.put_script()
    first = story.batches()[0]
    assert len(first) == 6
    assert len({story.instance(key).zone for key in first}) > 1


def test_unhealthy_instances_come_first_when_asked() -> None:
    """ComputeRP swagger: prioritizeUnhealthyInstances."""
    unhealthy = '[[scale_sets.overrides]]\ninstances = [7]\nhealth = "unhealthy"\n'
    story = Story.of(f'mode = "Rolling"\ninstances = 10\npolicy = {{ prioritize_unhealthy = true }}\n{unhealthy}')
    story.put_script()
    assert story.batches()[0][0] == "7"


def test_an_unhealthy_instance_elsewhere_makes_batches_smaller() -> None:
    """The swagger calls the percentage a maximum that unhealthy instances in other batches reduce."""
    unhealthy = '[[scale_sets.overrides]]\ninstances = [9]\nhealth = "unhealthy"\n'
    story = Story.of(f'mode = "Rolling"\ninstances = 10\n{unhealthy}')
    story.put_script()
    assert [len(batch) for batch in story.batches()] == [1, 1, 1, 1, 1, 1, 1, 1, 2]


def test_too_many_unhealthy_instances_fault_the_rolling_upgrade_before_any_batch_with_counts_of_zero() -> None:
    """Quoted: MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade."""
    story = Story.of(
        'mode = "Rolling"\ninstances = 3\n[[scale_sets.overrides]]\ninstances = ["0-2"]\nhealth = "unhealthy"\n'
    )
    written = story.put_script()
    failed = story.wait_for(written.operation)
    roll = story.roll
    assert roll.code == "Faulted"
    assert (roll.succeeded, roll.failed, roll.batch, roll.pending) == ((), (), (), ())
    assert roll.error is not None and failed.failure == roll.error
    assert roll.error.code == "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
    assert roll.error.message == (
        "Rolling Upgrade failed due to exceeding the MaxUnhealthyInstancePercent value (defined in the "
        "RollingUpgradePolicy) before any batch was attempted. 100% of instances are in an unhealthy state, more than "
        "the threshold of 20% configured in the RollingUpgradePolicy. The most impactful error is:  Instance found to "
        "be unhealthy or unreachable. For details on rolling upgrades, use http://aka.ms/AzureVMSSRollingUpgrade"
    )
    assert [(one.code, one.target) for one in roll.error.details] == [
        ("RollingUpgradeInstanceUnhealthyError", f"app/virtualMachines/{key}") for key in range(3)
    ]
    assert story.runs(V1) == ["0", "1", "2"]
    assert story.value.provisioning == "Failed"


def test_instances_that_fall_ill_between_batches_fault_the_rolling_upgrade() -> None:
    """Quoted: MaxUnhealthyInstancePercentExceededInRollingUpgrade."""
    relapse = '[[scale_sets.overrides]]\ninstances = ["0-1"]\nrelapse_after = 5\n'
    story = Story.of(f'mode = "Rolling"\ninstances = 5\npolicy = {{ pause = "PT1M" }}\n{relapse}')
    story.put_script()
    batches = story.batches()
    assert [len(batch) for batch in batches] == [1, 1]
    assert story.roll.error is not None
    assert story.roll.error.code == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert story.roll.error.message.startswith(
        "Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the "
        "RollingUpgradePolicy. 40% of instances are in an unhealthy state after being upgraded - more than the "
        "threshold of 20% configured in the RollingUpgradePolicy."
    )


def test_failing_scripts_beyond_the_limit_fault_the_rolling_upgrade_and_leave_a_mixed_set() -> None:
    """Quoted: MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade (AzureTRE #1591)."""
    story = Story.of(TEN, scripts=failing("[0, 3]"))
    written = story.put_script()
    story.batches()
    roll, error = story.roll, story.roll.error
    assert roll.code == "Faulted" and error is not None
    assert error.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert error.message.startswith(
        "Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the "
        "RollingUpgradePolicy. 50% of instances are in an unhealthy state after being upgraded - more than the "
        "threshold of 20%. The most impactful error is: VM has reported a failure when processing extension "
        "'CustomScript' (publisher 'Microsoft.Azure.Extensions' and type 'CustomScript'). Error message: 'Enable "
        "failed: failed to execute command: command terminated with exit status=100\n[stdout]\n"
    )
    assert error.message.endswith(f"First failed instance ID is: {roll.failed[0]}.")
    assert story.wait_for(written.operation).failure == error
    upgraded = set(roll.succeeded) | set(roll.failed)
    assert (roll.failed, roll.succeeded) == (("0",), ("5",))
    assert story.runs(V1) == sorted(set(story.instances) - upgraded)


def test_failures_within_the_limit_do_not_stop_a_rolling_upgrade() -> None:
    """ComputeRP swagger: maxUnhealthyUpgradedInstancePercent is what may be unhealthy."""
    lenient = 'mode = "Rolling"\ninstances = 20\npolicy = { upgraded_unhealthy = 25 }\n'
    story = Story.of(lenient, scripts=failing("[0]"))
    written = story.put_script()
    story.batches()
    assert story.roll.code == "Completed"
    assert story.roll.failed == ("0",)
    assert len(story.roll.succeeded) == 19
    assert story.wait_for(written.operation).status == "Succeeded"


def test_an_upgraded_instance_has_five_minutes_to_become_healthy() -> None:
    """ "Configure rolling upgrades": up to 5 minutes."""
    story = Story.of(
        'mode = "Rolling"\ninstances = 10\n[[scale_sets.overrides]]\ninstances = [0]\nafter_script = "unhealthy"\n'
    )
    story.put_script()
    waiting_since = None
    while story.roll.running and "0" not in story.roll.failed:
        story.wait(1)
        if waiting_since is None and story.instance(0).provisioning == "Succeeded" and story.runs(V2):
            waiting_since = story.instance(0).provisioned_at
    assert waiting_since is not None
    assert 299 <= (story.now - waiting_since).total_seconds() <= 302


def test_any_other_write_is_refused_while_a_rolling_upgrade_runs() -> None:
    """Quoted OperationNotAllowed."""
    story = Story.of(TEN)
    story.put_script()
    for call in (
        lambda: story.put_script("./other.sh"),
        lambda: story.patch({"sku": {"capacity": 12}}),
        lambda: story.put({"location": "westeurope", "tags": {"a": "b"}}),
        lambda: story.upgrade("*"),
    ):
        refused = refusal(call)
        assert (refused.status, refused.failure.code) == (409, "OperationNotAllowed")
        assert refused.failure.message == (
            "Virtual Machine Scale Set updates are not allowed while there is a Rolling Upgrade in progress. "
            "Please cancel Rolling Upgrade operation to continue with updates."
        )


def test_a_plain_no_op_put_takes_a_cancelled_rolling_upgrade_up_again() -> None:
    """ "Restart a rolling upgrade"."""
    story = Story.of(TEN)
    story.put_script()
    story.wait(200)
    story.cancel()
    story.wait(200)
    left = story.runs(V1)
    assert left
    written = story.put({"location": "westeurope"})
    batches = story.batches()
    assert set(left) <= set(sum(batches, ()))
    assert story.wait_for(written.operation).status == "Succeeded"
    assert len(story.runs(V2)) == 10


def test_a_change_of_mode_alone_walks_every_instance() -> None:
    """Recorded: rolling_upgrade_story_2020-07, two instances, 118 to 128 s."""
    story = Story.of('mode = "Manual"\ninstances = 2\n', "[timings]\nnoop_update = 60\n")
    before = {key: story.script(key).sequence for key in story.instances}
    written = story.patch({"properties": {"upgradePolicy": {"mode": "Rolling"}}})
    ended = story.wait_for(written.operation, step=1)
    assert ended.ended is not None
    assert 118 <= (ended.ended - ended.started).total_seconds() <= 132
    assert len(story.roll.succeeded) == 2
    assert {key: story.script(key).sequence for key in story.instances} == before


def test_a_rolling_upgrade_with_nothing_to_do_may_end_with_counts_of_zero() -> None:
    """Quoted: Completed with all counts 0; the switch for it."""
    story = Story.of('mode = "Rolling"\ninstances = 2\n', "[switches]\nnoop_write_walks = false\n")
    story.wait_for(story.put({"location": "westeurope"}).operation)
    assert story.roll.code == "Completed"
    assert story.roll.succeeded == ()


def test_scaling_a_rolling_set_does_not_roll_and_new_instances_get_the_newest_model() -> None:
    """ "Upgrade policy modes" for new instances; that scaling alone does not roll is inferred."""
    story = Story.of(TEN)
    story.wait_for(story.put_script().operation)
    ended_roll = story.roll
    written = story.patch({"sku": {"capacity": 13}})
    assert story.roll is ended_roll
    assert story.wait_for(written.operation).status == "Succeeded"
    assert story.runs(V2) == [str(number) for number in range(13)]


def test_protected_instances_are_left_alone() -> None:
    """ "Instance protection": protectFromScaleSetActions."""
    story = Story.of(f'{TEN}\n[[scale_sets.overrides]]\ninstances = [4]\nprotect = "actions"\n')
    story.put_script()
    assert "4" not in sum(story.batches(), ())
    assert story.roll.code == "Completed"
    assert story.runs(V1) == ["4"]


def test_a_deallocated_instance_takes_the_model_and_runs_the_script_when_it_starts() -> None:
    """ "Custom Script Extension": the agent applies settings when it runs; that a rolling upgrade does not wait is
    inferred."""
    story = Story.of(f'{TEN}\n[[scale_sets.overrides]]\ninstances = [4]\npower = "deallocated"\n')
    story.put_script()
    story.batches()
    assert story.roll.code == "Completed"
    assert story.instance(4).generation == story.value.generation
    assert story.runs(V1) == ["4"]
    story.wait_for(story.act("start", 4))
    story.wait(300)
    assert story.runs(V1) == []
    assert story.instance(4).health == "healthy"


@pytest.mark.parametrize("health", ["probe", "binary"])
def test_binary_health_sources_say_unhealthy_while_the_script_runs(health: str) -> None:
    """ "Use Application Health extension with VMSS": binary states know nothing between."""
    story = Story.of(f'mode = "Rolling"\ninstances = 5\nhealth = "{health}"\n')
    story.put_script()
    story.wait(40)
    assert {story.instance(key).health for key in story.roll.batch} == {"unhealthy"}
    story.batches()
    assert story.roll.code == "Completed"


def test_operations_are_stamped_anew_at_each_batch_when_the_scenario_says_so() -> None:
    """Recorded 2017-2020: 12:59:26, 13:14:55, 13:16:41."""
    story = Story.of('mode = "Rolling"\ninstances = 2\n', "[switches]\nrestamp_operations = true\n")
    written = story.put_script()
    starts = set()
    while story.operation(written.operation).ended is None:
        starts.add(story.operation(written.operation).started)
        story.wait(5)
    assert len(starts) == 3
    plain = Story.of('mode = "Rolling"\ninstances = 2\n')
    assert plain.wait_for(plain.put_script().operation).started == written.operation.started  # type: ignore[union-attr]


def test_a_flexible_set_rolls_by_vm_names() -> None:
    """ "Orchestration modes": a Flexible set names instances by VM."""
    story = Story.of('mode = "Rolling"\norchestration = "Flexible"\ninstances = 4\n')
    story.put_script()
    batches = story.batches()
    assert all(key.startswith("app_") for key in sum(batches, ()))
    assert story.roll.code == "Completed"
