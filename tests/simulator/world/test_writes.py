"""Writes to the model: what merges, what replaces, what is kept secret, what each mode makes of it, what is refused."""

from typing import Any

import pytest

from support.simulated.story import V1, V2, Story, refusal
from vmss_tui.simulator.world.changes import writes

SECRET = """[scale_sets.script]
file_uris = ["https://example.com/a.sh"]
protected = { commandToExecute = "./a.sh --key k" }
"""


def extensions(*items: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": list(items)}}}}


def script(command: str = V2, **more: Any) -> dict[str, Any]:
    properties = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
    return {"name": "CustomScript", "properties": properties | {"settings": {"commandToExecute": command}} | more}


def stored(story: Story) -> object:
    return story.value.protected.get("customscript")


# --- modes ---


def test_manual_mode_changes_the_model_only() -> None:
    """Recorded: rolling_upgrade_story_2020-07 (PUT 23 s, then manualupgrade)."""
    story = Story.of('mode = "Manual"\ninstances = 3\n')
    ended = story.wait_for(story.put_script().operation, step=1)
    assert ended.status == "Succeeded"
    assert ended.ended is not None and (ended.ended - ended.started).total_seconds() <= 25
    assert story.runs(V1) == ["0", "1", "2"]
    assert all(one.generation != story.value.generation for one in story.instances.values())


def test_manualupgrade_brings_the_named_instances_to_the_model() -> None:
    """Recorded: manualupgrade_post_202."""
    story = Story.of('mode = "Manual"\ninstances = 3\n')
    story.put_script()
    operation = story.upgrade(0, 2)
    first = story.instance(0)
    assert (first.generation, first.provisioning) == (story.value.generation, "Updating")
    assert story.wait_for(operation).status == "Succeeded"
    assert story.runs(V2) == ["0", "2"]


def test_manualupgrade_of_all_must_stand_alone() -> None:
    """Recorded 400 InvalidParameter."""
    story = Story.of('mode = "Manual"\ninstances = 3\n')
    refused = refusal(story.upgrade, "*", 1)
    assert (refused.status, refused.failure.target) == (400, "upgradePolicies.instanceIds")
    assert refused.failure.message == (
        'If "*" is an element in the instanceIds list then it must be the only element of the list.'
    )


def test_unknown_and_missing_instance_ids_are_refused() -> None:
    """CRP's usual 400 InvalidParameter; the texts are inferred."""
    story = Story.of('mode = "Manual"\ninstances = 3\n')
    assert "instanceId 7" in refusal(story.upgrade, 7).failure.message
    assert refusal(story.upgrade).failure.target == "instanceIds"


def test_a_failing_script_fails_the_manualupgrade_and_the_set() -> None:
    """Recorded: op_failed_cse_v1_create; custom-script-extension-linux #127 for the set's own state."""
    story = Story.of('mode = "Manual"\ninstances = 2\n[[scale_sets.overrides]]\ninstances = [1]\nscript = "fails"\n')
    story.put_script()
    failed = story.wait_for(story.upgrade("*"))
    assert failed.status == "Failed"
    assert failed.failure is not None and failed.failure.code == "VMExtensionProvisioningError"
    assert _state(story) == "Failed"
    assert story.instance(0).provisioning == "Succeeded"
    assert story.wait_for(story.put({"tags": {"fixed": "yes"}}).operation).status == "Succeeded"
    assert _state(story) == "Succeeded"


def test_automatic_mode_updates_everything_at_once_and_the_operation_covers_it() -> None:
    """ "Upgrade policy modes": no order, no batches."""
    story = Story.of('mode = "Automatic"\ninstances = 5\nhealth = "none"\n')
    written = story.put_script()
    assert {one.provisioning for one in story.instances.values()} == {"Updating"}
    ended = story.wait_for(written.operation)
    assert (ended.status, len(story.runs(V2))) == ("Succeeded", 5)
    assert ended.ended is not None and (ended.ended - ended.started).total_seconds() >= 60


def test_new_instances_get_the_newest_model_in_manual_mode_too() -> None:
    """ "Upgrade policy modes": new instances get the latest model."""
    story = Story.of('mode = "Manual"\ninstances = 2\n')
    story.wait_for(story.put_script().operation)
    story.wait_for(story.patch({"sku": {"capacity": 3}}).operation)
    assert (story.runs(V1), story.runs(V2)) == (["0", "1"], ["2"])


# --- merging ---


def test_a_put_merges_objects_and_replaces_arrays() -> None:
    """facts of `az vmss extension set`: a PUT of part of the set keeps the rest."""
    story = Story.of('mode = "Manual"\ninstances = 2\ntags = { a = "1" }\n')
    story.put({"location": "westeurope", "sku": {"capacity": 2}, "tags": {"b": "2"}})
    assert story.value.model["tags"] == {"a": "1", "b": "2"}
    assert story.value.model["sku"]["name"] == "Standard_D2s_v5"
    story.put(extensions(script()))
    names = [item["name"] for item in _listed(story)]
    assert names == ["CustomScript"]


def test_an_extension_left_out_of_the_array_is_removed_from_instances_too() -> None:
    """Recorded: VMSS patch operations."""
    story = Story.of('mode = "Automatic"\ninstances = 1\n')
    assert set(story.instance(0).extensions) == {"healthextension", "customscript"}
    story.wait_for(story.patch(extensions(script())).operation)
    assert set(story.instance(0).extensions) == {"customscript"}


def test_the_extension_sub_resource_touches_one_extension_only() -> None:
    """Recorded: ext_put_update_201, the others stay."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    story.put_script()
    assert [item["name"] for item in _listed(story)] == ["HealthExtension", "CustomScript"]


def test_deleting_an_extension_rolls_and_takes_it_off_the_instances() -> None:
    """Quoted: terraform-provider-azurerm #7002."""
    story = Story.of('mode = "Rolling"\ninstances = 2\n')
    story.world, written = writes.delete_extension(story.world, story.now, story.address, "CUSTOMSCRIPT")
    assert written is not None
    assert story.value.rolling
    story.wait_for(written.operation)
    assert all("customscript" not in one.extensions for one in story.instances.values())
    story.world, again = writes.delete_extension(story.world, story.now, story.address, "customscript")
    assert again is None


# --- protected settings ---


def test_protected_settings_left_out_are_kept() -> None:
    """Recorded: vmss_patch_omit_protectedSettings_200."""
    story = Story.of(f'mode = "Manual"\ninstances = 1\n{SECRET}')
    before = stored(story)
    assert before == {"commandToExecute": "./a.sh --key k"}
    story.put_script()
    assert stored(story) == before
    story.patch(extensions(script("./b.sh")))
    assert stored(story) == before


@pytest.mark.parametrize("wiping", [{}, None])
def test_empty_protected_settings_wipe_them(wiping: object) -> None:
    """Quoted: azure-sdk-for-net #2716."""
    story = Story.of(f'mode = "Manual"\ninstances = 1\n{SECRET}')
    story.put_script(protectedSettings=wiping)
    assert stored(story) is None


def test_protected_settings_are_replaced_when_given_and_never_in_the_model() -> None:
    """Counted: protectedSettings is in no GET."""
    story = Story.of(f'mode = "Manual"\ninstances = 1\n{SECRET}')
    story.put_script(protectedSettings={"commandToExecute": "./new.sh"})
    assert stored(story) == {"commandToExecute": "./new.sh"}
    assert "protectedSettings" not in str(story.value.model)
    assert "new.sh" not in repr(story.value)


def test_an_extension_that_goes_takes_its_secret_along() -> None:
    """The array replaces (recorded: VMSS patch operations); for the secret it is inferred."""
    story = Story.of(f'mode = "Manual"\ninstances = 1\n{SECRET}')
    story.patch(extensions())
    story.put_script()
    assert stored(story) is None


def test_a_changed_secret_alone_is_a_change_of_the_model() -> None:
    """ "Custom Script Extension": anything changed is delivered under a new sequence number."""
    story = Story.of(f'mode = "Manual"\ninstances = 1\n{SECRET}')
    generation = story.value.generation
    same = {"fileUris": ["https://example.com/a.sh"]}
    story.put_script(settings=same)
    assert story.value.generation == generation
    story.put_script(settings=same, protectedSettings={"commandToExecute": "./other.sh"})
    assert story.value.generation == generation + 1


def test_passwords_and_custom_data_are_not_kept_in_the_model() -> None:
    """Recorded: no GET has adminPassword or customData."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    story.patch({"properties": {"virtualMachineProfile": {"osProfile": {"adminPassword": "x", "customData": "y"}}}})
    profile = story.value.properties["virtualMachineProfile"]["osProfile"]
    assert not {"adminPassword", "customData"} & set(profile)


# --- etag, concurrency, deletion ---


def test_a_stale_etag_is_refused_with_412() -> None:
    """ComputeRP 2024-07-01 swagger: If-Match, If-None-Match."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    story.patch({"tags": {"a": "1"}}, if_match='"1"')
    assert refusal(story.patch, {"tags": {"a": "2"}}, if_match='"1"').status == 412
    assert refusal(story.put, {"location": "westeurope"}, if_none_match="*").status == 412
    story.patch({"tags": {"a": "3"}}, if_match='"2"')
    story.patch({"tags": {"a": "4"}}, if_match="*")
    assert story.value.model["tags"]["a"] == "4"


def test_a_newer_write_preempts_a_running_one() -> None:
    """Quoted OperationPreempted."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    first = story.put_script("./one.sh")
    second = story.put_script("./two.sh")
    story.wait(60)
    preempted = story.operation(first.operation)
    assert preempted.status == "Failed" and preempted.failure is not None
    assert (preempted.failure.code, preempted.failure.message) == (
        "OperationPreempted",
        "Operation execution has been preempted by a more recent operation.",
    )
    assert story.operation(second.operation).status == "Succeeded"


def test_rolling_without_a_health_source_is_refused_in_azures_words() -> None:
    """Quoted: azure-myriad #30."""
    story = Story.of('mode = "Manual"\ninstances = 1\nhealth = "none"\n')
    refused = refusal(story.patch, {"properties": {"upgradePolicy": {"mode": "Rolling"}}})
    assert (refused.status, refused.failure.code, refused.failure.message) == (
        400,
        "BadRequest",
        "Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health "
        "extension was not provided.",
    )
    assert story.value.mode == "Manual"


def test_a_flexible_set_cannot_roll_by_a_probe() -> None:
    """ "Configure rolling upgrades": Flexible needs the Application Health extension."""
    story = Story.of('mode = "Manual"\norchestration = "Flexible"\ninstances = 1\nhealth = "probe"\n')
    assert refusal(story.patch, {"properties": {"upgradePolicy": {"mode": "Rolling"}}}).status == 400


def test_health_extension_and_rolling_mode_can_come_in_one_write() -> None:
    """Quoted: terraform #24946."""
    story = Story.of('mode = "Manual"\ninstances = 1\nhealth = "none"\n')
    health = {
        "name": "HealthExtension",
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": "2.0",
            "settings": {"protocol": "http", "port": 80, "requestPath": "/"},
        },
    }
    body = extensions(health, script(V1))
    body["properties"]["upgradePolicy"] = {"mode": "Rolling"}
    story.patch(body)
    assert story.value.rolling


def test_a_set_being_deleted_refuses_writes_and_is_gone_in_the_end() -> None:
    """Quoted: onefuzz #511; recorded: DELETE of a set that does not exist is 204."""
    story = Story.of('mode = "Manual"\ninstances = 2\n')
    story.world, written = writes.delete_scale_set(story.world, story.now, story.address)
    assert written is not None
    refused = refusal(story.put_script)
    assert refused.status == 409 and "since it is marked for deletion" in refused.failure.message
    assert story.wait_for(written.operation).status == "Succeeded"
    assert story.address.key not in story.world.scale_sets
    story.world, nothing = writes.delete_scale_set(story.world, story.now, story.address)
    assert nothing is None


def test_creating_a_set_makes_its_instances_with_overprovisioned_extras() -> None:
    """Recorded: overprovision is true by default, ids have gaps afterwards (0,3; 2,4,5)."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    address = writes.Address(story.address.subscription_id, "rg-app", "fresh")
    body = {
        "location": "West Europe",
        "sku": {"name": "Standard_D2s_v5", "capacity": 10},
        "properties": {
            "upgradePolicy": {"mode": "Rolling"},
            "virtualMachineProfile": {
                "networkProfile": {"healthProbe": {"id": "/probes/one"}},
                "osProfile": {"computerNamePrefix": "fresh"},
            },
        },
    }
    story.world, written = writes.put_scale_set(story.world, story.now, address, body, writes.Conditions())
    assert written.created
    story.address = address
    assert story.value.location == "westeurope"
    assert len(story.instances) == 12
    assert sum(one.hidden for one in story.instances.values()) == 2
    assert story.wait_for(written.operation).status == "Succeeded"
    assert len(story.instances) == 10
    assert sorted(map(int, story.instances)) != list(range(10))
    assert story.value.properties["upgradePolicy"]["rollingUpgradePolicy"]["maxBatchInstancePercent"] == 20


def test_an_extension_without_publisher_or_type_is_refused() -> None:
    """ComputeRP swagger: both are needed; the text is inferred."""
    story = Story.of('mode = "Manual"\ninstances = 1\n')
    refused = refusal(story.put_script, publisher="")
    assert (refused.status, refused.failure.target) == (400, "publisher")


def _state(story: Story) -> str:
    return story.value.provisioning


def _listed(story: Story) -> list[Any]:
    profile = story.value.properties["virtualMachineProfile"]
    return list(profile["extensionProfile"]["extensions"])
