"""How rolling upgrades end before their end: cancel, surge that replaces, rollback on a breach."""

from support.simulated.story import V1, V2, Story, failing, refusal

TEN = 'mode = "Rolling"\ninstances = 10\npolicy = { pause = "PT30S" }\n'


def test_cancel_abandons_the_batch_in_flight_as_in_2023() -> None:
    """Recorded excerpt of March 2023: failed 1, error set, the cancel's operation over in 0.4 s."""
    story = Story.of('mode = "Rolling"\ninstances = 2\n')
    written = story.put_script()
    story.wait(40)
    in_flight = story.roll.batch
    assert in_flight
    operation = story.cancel()
    story.wait(1)
    assert story.operation(operation).status == "Succeeded"
    roll = story.roll
    assert (roll.code, roll.last_action) == ("Cancelled", "Cancel")
    assert (roll.succeeded, roll.failed, len(roll.pending)) == ((), in_flight, 1)
    assert roll.error is not None
    assert (roll.error.code, roll.error.message) == (
        "RollingUpgradeCanceled",
        "Rolling Upgrade failed as upgrade was canceled while it was in progress.",
    )
    assert [one.target for one in roll.error.details] == [f"app/virtualMachines/{in_flight[0]}"]
    failed = story.wait_for(written.operation)
    assert failed.failure is not None and failed.failure.code == "RollingUpgradeCanceled"


def test_cancel_lets_the_batch_in_flight_end_as_in_2018() -> None:
    """Recorded 2018: successful 1, pending 1, no error."""
    story = Story.of('mode = "Rolling"\ninstances = 2\n', '[switches]\ncancel = "finish"\n')
    story.put_script()
    story.wait(40)
    operation = story.cancel()
    assert story.roll.running
    assert refusal(story.cancel).status == 409
    ended = story.wait_for(operation)
    assert ended.status == "Succeeded"
    roll = story.roll
    assert (roll.code, len(roll.succeeded), len(roll.failed), len(roll.pending)) == ("Cancelled", 1, 0, 1)
    assert roll.error is None


def test_cancel_without_a_rolling_upgrade_is_refused() -> None:
    """Recorded: rolling_cancel_none_409."""
    refused = refusal(Story.of(TEN).cancel)
    assert (refused.status, refused.failure.code, refused.failure.message) == (
        409,
        "OperationNotAllowed",
        "There is no ongoing Rolling Upgrade to cancel.",
    )


def test_max_surge_replaces_instances_by_new_ones_with_new_ids() -> None:
    """ "Rolling upgrades with MaxSurge": new instances first, then the old ones go."""
    story = Story.of('mode = "Rolling"\ninstances = 5\npolicy = { max_surge = true }\n')
    written = story.put_script()
    most = 0
    while story.roll.running:
        story.wait(5)
        most = max(most, len(story.instances))
    story.wait_for(written.operation)
    story.wait(200)
    assert most == 6
    assert sorted(map(int, story.instances)) == [5, 6, 7, 8, 9]
    assert len(story.runs(V2)) == 5
    assert sorted(story.roll.succeeded) == ["0", "1", "2", "3", "4"]


def test_without_quota_a_surge_updates_in_place() -> None:
    """ "Rolling upgrades with MaxSurge": falls back when quota is missing."""
    story = Story.of('mode = "Rolling"\ninstances = 5\nsurge_quota = false\npolicy = { max_surge = true }\n')
    story.put_script()
    story.batches()
    assert story.runs(V2) == ["0", "1", "2", "3", "4"]


def test_a_breach_rolls_failed_instances_back_when_asked() -> None:
    """rollbackFailedInstancesOnPolicyBreach: RollingBack, then Faulted."""
    story = Story.of('mode = "Rolling"\ninstances = 5\npolicy = { rollback = true }\n', scripts=failing("[0]"))
    written = story.put_script()
    codes = []
    while story.roll.running:
        story.wait(1)
        if story.roll.code not in codes:
            codes.append(story.roll.code)
    assert codes == ["RollingForward", "RollingBack", "Faulted"]
    assert len(story.runs(V1)) == 5
    restored = story.instance(0)
    assert restored.generation != story.value.generation
    assert restored.provisioning == "Succeeded"
    story.wait(60)
    assert story.instance(0).health == "healthy"
    assert story.wait_for(written.operation).status == "Failed"
