"""What applications and quotas have a say in: custom metrics, surges of every kind, health that is not reported yet."""

import json

import pytest

from support.simulated.client import serving
from support.simulated.story import V2, Story
from vmss_tui.simulator.world.changes import actions
from vmss_tui.simulator.world.state.states import Provisioning, RollKind

PHASES = """mode = "Rolling"
instances = 6
policy = { batch = 50, unhealthy = 50, upgraded_unhealthy = 50 }
[[scale_sets.overrides]]
instances = [5]
phase = 0
[[scale_sets.overrides]]
instances = [1, 2]
phase = 1
[[scale_sets.overrides]]
instances = [0]
skip_upgrade = true
"""


def test_phases_go_in_order_and_instances_that_skip_are_left_alone() -> None:
    """ "Custom metrics for rolling upgrades": a phase is finished before the next; no number means the last one."""
    story = Story.of(PHASES)
    story.put_script()
    assert story.batches() == [("5",), ("1", "2", "3"), ("4",)]
    assert story.roll.code == "Completed"
    assert story.runs(V2) == ["1", "2", "3", "4", "5"]
    assert story.instance(0).generation != story.value.generation


def test_binary_health_carries_no_custom_metrics() -> None:
    """ "Custom metrics upgrades aren't supported when using the application health extension with binary states"."""
    story = Story.of('health = "binary"\n' + PHASES)
    story.put_script()
    story.batches()
    assert len(story.runs(V2)) == 6


async def test_custom_metrics_are_a_substatus_in_every_spelling_that_applications_use() -> None:
    keys = 'mode = "Manual"\ninstances = 40\n[[scale_sets.overrides]]\ninstances = ["0-39"]\nphase = 2\n'
    async with serving(keys + "skip_upgrade = true\n") as call:
        value = (await call.get(f"{call.app}/virtualMachines?$expand=instanceView")).body["value"]
        spellings = set()
        for machine in value:
            views = machine["properties"]["instanceView"]["extensions"]
            health = next(view for view in views if view["name"] == "HealthExtension")
            (status,) = health["substatuses"]
            assert status["code"] == "ComponentStatus/CustomMetrics/succeeded"
            message = json.loads(status["message"])
            spellings.add(next(iter(message)))
        assert spellings == {"rollingUpgrade", "RollingUpgrade", "customMetrics", "CustomMetrics"}


@pytest.mark.parametrize("kind", [RollKind.OS, RollKind.EXTENSION])
def test_os_and_extension_upgrades_surge_as_well(kind: RollKind) -> None:
    """ "Rolling upgrades with MaxSurge": new instances first, for OS and extension upgrades too."""
    keys = 'mode = "Rolling"\ninstances = 4\nimage_version = "1"\nnewest_image = "2"\n'
    story = Story.of(keys + "policy = { max_surge = true, batch = 25, unhealthy = 25 }\n")
    start = actions.start_os_roll if kind is RollKind.OS else actions.start_extension_roll
    story.world, _ = start(story.world, story.now, story.address)
    story.batches()
    assert story.roll.code == "Completed"
    assert sum(one.provisioning is Provisioning.DELETING for one in story.instances.values()) == 1
    story.wait(200)
    assert sorted(story.instances) == ["4", "5", "6", "7"]


def test_a_batch_that_the_quota_has_no_room_for_is_updated_in_place() -> None:
    """ "Rolling upgrades with MaxSurge": the quota is checked before every batch."""
    keys = (
        'mode = "Rolling"\ninstances = 3\nsurge_quota = 1\npolicy = { max_surge = true, batch = 67, unhealthy = 67 }\n'
    )
    story = Story.of(keys)
    story.put_script()
    story.batches()
    story.wait(200)
    assert sorted(story.instances) == ["0", "1", "3"]
    assert len(story.runs(V2)) == 3


def test_health_is_not_reported_before_the_instance_has_the_extension() -> None:
    """A health extension of the model reports nothing for an instance that was not upgraded to it."""
    story = Story.of('mode = "Manual"\ninstances = 2\nhealth = "none"\n')
    extension = {
        "name": "HealthExtension",
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": "2.0",
            "settings": {"protocol": "http", "port": 80, "requestPath": "/"},
        },
    }
    script = story.value.properties["virtualMachineProfile"]["extensionProfile"]["extensions"][0]
    profile = {"virtualMachineProfile": {"extensionProfile": {"extensions": [script, extension]}}}
    story.wait_for(story.patch({"properties": profile}).operation)
    story.act("restart", 0)
    story.wait(900)
    assert {one.health for one in story.instances.values()} == {None}
    story.wait_for(story.upgrade(1))
    story.wait(120)
    assert [one.health for one in story.instances.values()] == [None, "healthy"]
