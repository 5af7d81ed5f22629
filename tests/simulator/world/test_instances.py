"""Instances: power, reimage, scaling, ids, health that relapses, automatic repairs, and what scenarios let happen."""

import pytest

from support.simulated.story import V1, V2, Story, refusal
from vmss_tui.simulator.world.changes import actions

THREE = 'mode = "Manual"\ninstances = 3\n'


def event(keys: str) -> str:
    return f'\n[[events]]\nscale_set = "app"\n{keys}\n'


# --- power ---


@pytest.mark.parametrize(
    ("verb", "passing", "final"),
    [("poweroff", "stopping", "stopped"), ("deallocate", "deallocating", "deallocated")],
)
def test_switching_off_passes_a_state_and_ends_health_and_agent(verb: str, passing: str, final: str) -> None:
    """Recorded: power_actions_2020-07."""
    story = Story.of(THREE)
    operation = story.act(verb, 1)
    assert (story.instance(1).power, story.instance(0).power) == (passing, "running")
    assert story.wait_for(operation).status == "Succeeded"
    off = story.instance(1)
    assert (off.power, off.health, off.agent_ready) == (final, None, False)


def test_a_started_instance_boots_and_becomes_healthy_without_running_its_script_again() -> None:
    """custom-script-extension-linux: a sequence number that was processed is not run again."""
    story = Story.of(THREE)
    before = story.script(1)
    story.wait_for(story.act("deallocate", 1))
    story.wait_for(story.act("start", 1))
    assert (story.instance(1).power, story.instance(1).agent_ready) == ("running", False)
    story.wait(120)
    up = story.instance(1)
    assert (up.agent_ready, up.health) == (True, "healthy")
    assert story.script(1) is before


def test_an_action_without_ids_is_for_all_but_protected_instances() -> None:
    """ "Instance protection": actions on the set spare protectFromScaleSetActions."""
    story = Story.of(f'{THREE}[[scale_sets.overrides]]\ninstances = [2]\nprotect = "actions"\n')
    operation = story.act("restart")
    assert operation.instances == ("0", "1")


def test_starting_what_runs_ends_at_once() -> None:
    """Recorded durations: start takes 0.2 s at least."""
    story = Story.of(THREE)
    ended = story.wait_for(story.act("start", 0), step=1)
    assert ended.ended is not None and (ended.ended - ended.started).total_seconds() < 2


def test_reimage_installs_the_newest_model_anew() -> None:
    """FAQ and custom-script-extension-linux #103: reimage runs the script of the latest model."""
    story = Story.of(THREE)
    story.wait_for(story.put_script().operation)
    assert story.wait_for(story.act("reimage", 0)).status == "Succeeded"
    assert story.runs(V2) == ["0"]
    assert story.instance(0).generation == story.value.generation
    assert story.script(0).sequence == 0


def test_deleting_instances_shrinks_the_capacity() -> None:
    """Recorded: power_actions_2020-07, delete."""
    story = Story.of(THREE)
    story.world, operation = actions.delete_instances(story.world, story.now, story.address, ["1"])
    assert story.instance(1).provisioning == "Deleting"
    story.wait_for(operation)
    assert sorted(story.instances) == ["0", "2"]
    assert story.value.capacity == 2


# --- scaling ---


def test_scaling_in_takes_the_newest_and_spares_the_protected() -> None:
    """ "Use custom scale-in policies": Default deletes the newest; protectFromScaleIn."""
    story = Story.of(f'{THREE}[[scale_sets.overrides]]\ninstances = [2]\nprotect = "scale-in"\n')
    story.wait_for(story.patch({"sku": {"capacity": 2}}).operation)
    assert sorted(story.instances) == ["0", "2"]


def test_new_ids_go_on_after_the_highest_and_land_in_the_emptiest_zone() -> None:
    """Recorded ids have gaps (0,3; 2,4,5); "Zone balance" for the zones."""
    story = Story.of('mode = "Manual"\nids = [0, 3, 4]\nzones = [1, 2]\n')
    story.wait_for(story.patch({"sku": {"capacity": 4}}).operation)
    assert sorted(story.instances) == ["0", "3", "4", "5"]
    assert story.instance(5).zone == "2"
    assert story.instance(5).computer_name == "app000005"


def test_overprovisioned_extras_are_hidden_then_dropped_and_leave_gaps() -> None:
    """ "Overprovisioning"; counted: charges are larger than lists."""
    story = Story.of('mode = "Manual"\ninstances = 2\noverprovision = true\n')
    written = story.patch({"sku": {"capacity": 12}})
    assert len(story.instances) == 14
    assert len([one for one in story.instances.values() if not one.hidden]) == 12
    story.wait_for(written.operation)
    assert len(story.instances) == 12
    story.wait_for(story.patch({"sku": {"capacity": 13}}).operation)
    assert max(map(int, story.instances)) >= 14


# --- health ---


def test_an_instance_may_turn_unhealthy_again_and_recover() -> None:
    """A fault on demand: an instance that relapses after its batch."""
    story = Story.of(
        'mode = "Automatic"\ninstances = 1\n[[scale_sets.overrides]]\n'
        "instances = [0]\nrelapse_after = 30\nrecover_after = 60\n"
    )
    story.wait_for(story.put_script().operation)
    story.wait(25)
    assert story.instance(0).health == "healthy"
    story.wait(30)
    assert story.instance(0).health == "unhealthy"
    story.wait(60)
    assert story.instance(0).health == "healthy"
    story.wait(600)
    assert story.instance(0).health == "healthy"


def test_a_failed_script_may_leave_the_old_version_serving() -> None:
    """A fault on demand; what a failing script breaks is its own affair."""
    scripts = "[[scripts]]\nmatch = 'custom_application_v2'\nexit_code = 3\nhealthy_after_failure = true\n"
    story = Story.of('mode = "Automatic"\ninstances = 1\n', scripts=scripts)
    story.wait_for(story.put_script().operation)
    story.wait(60)
    assert (story.instance(0).provisioning, story.instance(0).health) == ("Failed", "healthy")


def test_without_a_health_source_there_is_no_health() -> None:
    """Recorded: vmHealth is absent without a probe or a health extension."""
    story = Story.of('mode = "Automatic"\ninstances = 1\nhealth = "none"\n')
    story.put_script()
    for _ in range(10):
        story.wait(20)
        assert story.instance(0).health is None


# --- repairs ---

REPAIRS = 'mode = "Manual"\ninstances = 3\nrepairs = { enabled = true, grace = "PT10M" }\n'
UNHEALTHY = event('at = 10\naction = "health"\ninstances = [1]\nto = "unhealthy"')


def test_automatic_repairs_replace_an_instance_that_stays_unhealthy() -> None:
    """ "Automatic instance repairs": after the grace period, with the newest model."""
    story = Story.of(REPAIRS, UNHEALTHY)
    story.wait_for(story.put_script().operation)
    story.wait(500)
    assert story.instance(1).health == "unhealthy"
    story.wait(600)
    assert "1" not in story.instances
    assert story.runs(V2) == ["3"]
    assert story.runs(V1) == ["0", "2"]


def test_an_instance_that_recovers_in_time_is_not_repaired() -> None:
    """ "Automatic instance repairs": the grace period."""
    story = Story.of(REPAIRS, UNHEALTHY + event('at = 300\naction = "health"\ninstances = [1]\nto = "healthy"'))
    story.wait(1500)
    assert sorted(story.instances) == ["0", "1", "2"]


def test_suspended_repairs_do_nothing() -> None:
    """Recorded: set_orchestration_service_state, Suspended."""
    story = Story.of(REPAIRS, UNHEALTHY)
    story.world, operation = actions.set_repairs(story.world, story.now, story.address, "Suspend")
    story.wait(1500)
    assert sorted(story.instances) == ["0", "1", "2"]
    assert story.operation(operation).status == "Succeeded"


@pytest.mark.parametrize(("action", "image"), [("Reimage", 1), ("Restart", 0)])
def test_repairs_may_reimage_or_restart(action: str, image: int) -> None:
    """ComputeRP swagger: repairAction."""
    keys = f'mode = "Manual"\ninstances = 3\nrepairs = {{ grace = "PT10M", action = "{action}" }}\n'
    story = Story.of(keys, UNHEALTHY)
    before = story.script(1)
    story.wait(1500)
    assert story.instance(1).health == "healthy"
    assert (story.script(1) is not before) == bool(image)


# --- events of a scenario ---


def test_autoscale_waits_for_a_rolling_upgrade_to_end_and_tries_again() -> None:
    """Quoted: autoscale gets the 409 of a rolling set and retries."""
    keys = 'mode = "Rolling"\ninstances = 3\n'
    story = Story.of(keys, event('at = 30\nafter = "write"\naction = "autoscale"\nby = 2'))
    story.put_script()
    story.wait(40)
    assert story.value.rolling and story.value.capacity == 3
    story.batches()
    assert len(story.instances) == 3
    story.wait(600)
    assert story.runs(V2) == ["0", "1", "2", "3", "4"]


def test_a_colleague_writes_in_the_middle() -> None:
    """A fault on demand: two writers."""
    colleague = event(
        'at = 50\nafter = "write"\naction = "write"\nupgrade = [2]\n[events.script]\ncommand = "./hotfix.sh"'
    )
    story = Story.of(THREE, colleague)
    story.wait_for(story.put_script().operation)
    story.upgrade(0)
    generation = story.value.generation
    story.wait(60)
    assert story.value.generation == generation + 1
    story.wait(120)
    assert story.runs("./hotfix.sh") == ["2"]
    assert story.runs(V2) == ["0"]
    assert story.instance(0).generation != story.value.generation


def test_a_colleague_is_refused_while_the_set_rolls() -> None:
    """Quoted OperationNotAllowed."""
    colleague = event('at = 30\nafter = "write"\naction = "write"\ntags = { hasty = "yes" }')
    story = Story.of('mode = "Rolling"\ninstances = 3\n', colleague)
    story.put_script()
    story.batches()
    assert "hasty" not in story.value.model.get("tags", {})


def test_the_platform_may_start_a_rolling_upgrade_of_its_own() -> None:
    """Quoted: automatic OS and extension upgrades roll too; `latest` is the last one of any kind."""
    story = Story.of('mode = "Rolling"\ninstances = 2\n', event('at = 60\naction = "roll"\nkind = "extension"'))
    story.wait(70)
    assert (story.roll.kind, story.roll.started_by) == ("extension", "Platform")
    assert refusal(story.put_script).status == 409
    story.batches()
    assert story.roll.code == "Completed"


def test_an_os_rolling_upgrade_brings_the_newest_image_and_enters_the_history() -> None:
    keys = 'mode = "Rolling"\ninstances = 2\nimage_version = "1.0"\nnewest_image = "2.0"\n'
    story = Story.of(keys)
    story.world, operation = actions.start_os_roll(story.world, story.now, story.address)
    assert story.wait_for(operation).status == "Succeeded"
    assert {one.image_version for one in story.instances.values()} == {"2.0"}
    assert [roll.code for roll in story.value.history] == ["Completed"]


def test_an_os_rolling_upgrade_needs_the_latest_image_reference() -> None:
    """Quoted OperationNotAllowed."""
    story = Story.of('mode = "Rolling"\ninstances = 2\nimage = "Canonical:ubuntu:22_04:1.2.3"\n')
    refused = refusal(actions.start_os_roll, story.world, story.now, story.address)
    assert refused.failure.message.startswith(
        "The OS Rolling Upgrade API cannot be used on a Virtual Machine Scale Set"
    )


def test_an_extension_rolling_upgrade_needs_neither_rolling_mode_nor_health() -> None:
    """Recorded in Automatic mode, quoted in Manual mode without a probe."""
    story = Story.of('mode = "Manual"\ninstances = 2\nhealth = "none"\n')
    story.world, operation = actions.start_extension_roll(story.world, story.now, story.address)
    assert story.wait_for(operation).status == "Succeeded"
    assert (story.roll.kind, story.roll.code) == ("extension", "Completed")


def test_instances_vanish_and_spot_machines_are_taken_down() -> None:
    """ "Spot evictions": Deallocate and Delete."""
    story = Story.of(
        THREE,
        event('at = 5\naction = "delete"\ninstances = [0]') + event('at = 5\naction = "deallocate"\ninstances = [1]'),
    )
    story.wait(300)
    assert sorted(story.instances) == ["1", "2"]
    assert story.instance(1).power == "deallocated"


# --- one instance ---


def test_an_extension_may_be_written_on_one_instance_only() -> None:
    """ComputeRP swagger: VirtualMachineScaleSetVMExtensions."""
    story = Story.of('mode = "Manual"\norchestration = "Flexible"\ninstances = 2\n')
    first, second = story.instances
    properties = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "settings": {"commandToExecute": V2},
    }
    story.world, (operation, created) = actions.put_instance_extension(
        story.world, story.now, story.address, first, "customscript", properties
    )
    assert not created
    assert story.wait_for(operation).status == "Succeeded"
    assert (story.runs(V2), story.runs(V1)) == ([first], [second])
    story.world, removal = actions.delete_instance_extension(
        story.world, story.now, story.address, first, "CustomScript"
    )
    story.wait_for(removal)
    assert "customscript" not in story.instance(first).extensions
    story.world, nothing = actions.delete_instance_extension(
        story.world, story.now, story.address, first, "CustomScript"
    )
    assert nothing is None


def test_a_script_cut_off_by_a_shutdown_is_taken_up_again_after_the_start() -> None:
    """The agent's goal state is kept on the machine; inferred."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    story.put_script()
    story.upgrade(0)
    story.wait(20)
    assert story.script(0).started is not None
    story.wait_for(story.act("deallocate", 0))
    story.wait(600)
    assert story.script(0).result is None
    story.wait_for(story.act("start", 0))
    story.wait(300)
    assert (story.script(0).state, story.instance(0).health) == ("Succeeded", "healthy")
    assert story.runs(V2) == ["0"]
