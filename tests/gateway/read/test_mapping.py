"""What the recordings do not show: rich health, Flexible machines, failures, odd and missing members."""

import json
from dataclasses import replace
from typing import Any

import msgspec

from vmss_tui.domain.fleet.health import Health, HealthSource, Power, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationState, UpgradeCode
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import LINUX, HandlerOs, ScriptState, digest
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.gateway.http.arm import decoder
from vmss_tui.gateway.read import instance_mapping, mapping, wire

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"
SETTINGS = {"commandToExecute": "sh run.sh", "fileUris": ["https://x/run.sh"]}
CSE = {
    "name": "cse",
    "properties": {
        "publisher": "microsoft.azure.extensions",
        "type": "customscript",
        "typeHandlerVersion": "2.1",
        "settings": SETTINGS,
        "forceUpdateTag": "t1",
    },
}
TAGGED = digest(LINUX, SETTINGS, "t1")


def read_set(**body: Any) -> ScaleSet:
    return mapping.scale_set(decoder(wire.ScaleSet)(json.dumps({"id": ID, **body}).encode()))


def with_profile(*extensions: Any, **profile: Any) -> ScaleSet:
    found = {"extensionProfile": {"extensions": list(extensions)}, **profile}
    return read_set(properties={"virtualMachineProfile": found})


def read_vm(of: ScaleSet | None = None, **body: Any) -> Instance:
    vm = decoder(wire.Vm)(json.dumps({"instanceId": "3", "name": "web_3", **body}).encode())
    (found,) = instance_mapping.instances([vm], of or read_set())
    return found


def viewed(of: ScaleSet | None = None, **view: Any) -> Instance:
    return read_vm(of, properties={"instanceView": view})


def scripted(*statuses: Any, substatuses: Any = None, **more: Any) -> Instance:
    extension: dict[str, Any] = {
        "name": "cse",
        "type": "Microsoft.Azure.Extensions.CustomScript",
        "typeHandlerVersion": "2.1.19",
    }
    extension |= {"statuses": list(statuses), "substatuses": substatuses}
    return read_vm(properties={"instanceView": {"extensions": [extension], **more}}, resources=[CSE])


def test_an_empty_answer_has_neutral_values() -> None:
    found = read_set()
    assert (found.mode, found.capacity, found.size, found.os, found.image) == (UpgradeMode.MANUAL, 0, "", None, "")
    assert found.orchestration is Orchestration.UNIFORM
    assert found.provisioning is Provisioning.UNKNOWN
    assert not found.health_source.present
    assert found.extensions == ()
    assert found.id == ScaleSetId("s", "g", "web")


def test_nulls_are_like_missing_members() -> None:
    found = read_set(
        tags=None, zones=None, sku=None, etag=None, properties={"upgradePolicy": None, "virtualMachineProfile": None}
    )
    assert (found.tags, found.zones, found.policy.batch_percent) == ({}, (), 20)


def test_new_words_stay_harmless() -> None:
    found = read_set(properties={"upgradePolicy": {"mode": "Yolo"}, "provisioningState": "Migrating"}, tags={"a": None})
    assert (found.mode, found.provisioning, found.tags) == (UpgradeMode.MANUAL, Provisioning.UNKNOWN, {"a": ""})


def test_numbers_as_text_are_numbers() -> None:
    assert read_set(sku={"name": "S", "capacity": "12"}).capacity == 12


def test_the_name_keeps_its_own_case() -> None:
    assert read_set(name="WEB").name == "WEB"
    assert read_set(name="other").name == "web"


def test_policy_switches_and_pause() -> None:
    policy = {
        "maxBatchInstancePercent": 10,
        "pauseTimeBetweenBatches": "PT1M30S",
        "enableCrossZoneUpgrade": True,
        "prioritizeUnhealthyInstances": True,
        "rollbackFailedInstancesOnPolicyBreach": True,
        "maxSurge": True,
    }
    found = read_set(properties={"upgradePolicy": {"mode": "rolling", "rollingUpgradePolicy": policy}})
    assert found.mode is UpgradeMode.ROLLING
    assert (found.policy.batch_percent, found.policy.pause_seconds, found.policy.unhealthy_percent) == (10, 90, 20)
    assert found.policy.cross_zone and found.policy.surge
    assert found.policy.prioritise_unhealthy and found.policy.rollback_on_breach
    odd = read_set(properties={"upgradePolicy": {"rollingUpgradePolicy": {"pauseTimeBetweenBatches": "soon"}}})
    assert odd.policy.pause_seconds == 0


def test_repairs_and_automatic_upgrades() -> None:
    found = read_set(
        properties={
            "automaticRepairsPolicy": {"enabled": True},
            "upgradePolicy": {"mode": "Rolling", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}},
        }
    )
    assert (found.automatic_repairs, found.automatic_os_upgrade) == ("Replace", True)
    assert read_set(properties={"automaticRepairsPolicy": {"enabled": False}}).automatic_repairs == ""


def test_rich_health_has_a_grace_period_and_binary_health_none() -> None:
    settings = {"protocol": "http", "port": 80, "requestPath": "healthz", "intervalInSeconds": 10, "numberOfProbes": 2}
    rich = {
        "name": "health",
        "properties": {"type": "ApplicationHealthLinux", "typeHandlerVersion": "2.0", "settings": settings},
    }
    assert with_profile(rich).health_source == HealthSource("extension", "http :80/healthz every 10s", 20)
    binary = {"name": "health", "properties": {"type": "ApplicationHealthWindows", "typeHandlerVersion": "1.0"}}
    assert with_profile(binary).health_source == HealthSource("extension", "http every 5s", 0)
    odd = {"name": "h", "properties": {"type": "ApplicationHealthLinux", "settings": {"intervalInSeconds": "soon"}}}
    assert with_profile(odd).health_source.detail == "http every 5s"


def test_a_probe_is_a_health_source() -> None:
    probe = with_profile(networkProfile={"healthProbe": {"id": "/x/probes/http"}})
    assert probe.health_source == HealthSource("probe", "http")


def test_operating_system_and_image() -> None:
    assert with_profile(osProfile={"windowsConfiguration": {}}).os is HandlerOs.WINDOWS
    assert with_profile(osProfile={"linuxConfiguration": {}}).os is HandlerOs.LINUX
    assert with_profile(osProfile={}).os is None
    gallery = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/gal/images/web/versions/1.2.3"
    found = with_profile(storageProfile={"imageReference": {"id": gallery}, "osDisk": {"osType": "Linux"}})
    assert (found.os, found.image) == (HandlerOs.LINUX, "web/versions/1.2.3")


def test_settings_of_any_kind() -> None:
    assert mapping.settings_of(msgspec.Raw(b'"{\\"a\\": 1}"')) == {"a": 1}
    assert mapping.settings_of(msgspec.Raw(b'"not json"')) == {}
    assert mapping.settings_of(msgspec.Raw(b"[1]")) == {}
    assert mapping.settings_of(msgspec.Raw(b"")) == {}


def test_extension_switches() -> None:
    found = with_profile(
        {
            "name": "e",
            "properties": {
                "enableAutomaticUpgrade": True,
                "suppressFailures": True,
                "autoUpgradeMinorVersion": False,
                "provisionAfterExtensions": ["health"],
                "protectedSettingsFromKeyVault": {"secretUrl": "u"},
            },
        },
        {"name": "empty"},
    ).extensions[0]
    assert found.automatic_upgrade and found.suppress_failures and found.from_key_vault
    assert not found.auto_upgrade_minor
    assert found.provision_after == ("health",)


def test_times_of_every_kind() -> None:
    for text in ("2020-07-09T07:14:34.6646144+00:00", "2020-07-09T07:14:34Z", "2020-07-09T07:14:34.12345"):
        found = mapping.moment(text)
        assert found is not None and found.utcoffset() is not None
    moved = mapping.moment("2018-05-03T16:44:41.8750706-07:00")
    assert moved is not None and moved.hour == 23
    assert mapping.moment("yesterday") is None
    assert mapping.moment(None) is None


def test_upgrades_with_odd_members() -> None:
    def read(body: Any) -> Any:
        return mapping.upgrade(decoder(wire.Upgrade)(json.dumps(body).encode()))

    assert read({}) is None
    assert read({"properties": {}}) is None
    found = read({"properties": {"runningStatus": {"code": "Paused"}, "progress": {"inprogressInstanceCount": 2}}})
    assert (found.code, found.in_progress, found.fault) == (UpgradeCode.UNKNOWN, 2, None)
    assert read({"properties": {"runningStatus": {"code": "Canceled"}}}).code is UpgradeCode.CANCELLED


def test_operations_without_a_status_document() -> None:
    def read(body: Any, status: int = 200) -> OperationState:
        return mapping.operation(decoder(wire.Operation)(json.dumps(body).encode()), status).state

    assert read({}) is OperationState.SUCCEEDED
    assert read({}, 202) is OperationState.RUNNING
    assert read({"properties": {"provisioningState": "Updating"}}) is OperationState.RUNNING
    assert read({"properties": {"provisioningState": "Succeeded"}}) is OperationState.SUCCEEDED
    assert read({"status": "Canceled"}) is OperationState.CANCELLED


def test_repairs_are_suspended_only_when_azure_says_so() -> None:
    def view(state: str) -> wire.ScaleSetView:
        return wire.ScaleSetView([wire.OrchestrationService("AutomaticRepairs", state)])

    assert mapping.suspended(view("Suspended"))
    assert not mapping.suspended(view("Running"))
    assert not mapping.suspended(wire.ScaleSetView())


def test_power_health_and_domains() -> None:
    found = viewed(
        platformUpdateDomain=2,
        platformFaultDomain=1,
        statuses=[{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/deallocated"}],
        vmHealth={"status": {"code": "HealthState/Initializing", "time": "2024-01-01T00:00:00Z"}},
    )
    assert (found.power, found.health, found.update_domain, found.fault_domain) == (
        Power.DEALLOCATED,
        Health.INITIALISING,
        2,
        1,
    )
    assert found.provisioning is Provisioning.SUCCEEDED
    assert found.health_at is not None
    assert viewed(vmHealth={"status": {"code": "HealthState/Wobbly"}}).health is Health.UNKNOWN
    assert viewed(statuses=[{"code": "PowerState/dreaming"}]).power is Power.UNKNOWN


def test_no_report_from_a_health_source_is_unknown() -> None:
    probed = replace(read_set(), health_source=HealthSource("probe", "http"))
    assert viewed(probed).health is Health.UNKNOWN
    assert viewed().health is Health.NONE


def test_protection_size_and_names() -> None:
    found = read_vm(
        name=None,
        id=f"{ID}/virtualMachines/3",
        sku=None,
        properties={
            "protectionPolicy": {"protectFromScaleSetActions": True},
            "hardwareProfile": {"vmSize": "S2"},
            "timeCreated": "2024-01-01T00:00:00Z",
        },
    )
    assert (found.id, found.name, found.protected, found.size) == ("3", "3", True, "S2")
    assert read_vm(name=None).name == "web_3"
    assert not read_vm(properties={"protectionPolicy": {"protectFromScaleIn": True}}).protected


def test_instances_are_in_the_order_of_their_numbers() -> None:
    vms = [wire.Vm(instance_id=number) for number in ("10", "2", "1")]
    assert [instance.id for instance in instance_mapping.instances(vms, read_set())] == ["1", "2", "10"]


def test_a_script_that_succeeded() -> None:
    found = scripted(
        {
            "code": "ProvisioningState/succeeded",
            "displayStatus": "Provisioning succeeded",
            "message": "Enable succeeded: \n[stdout]\nhi\n[stderr]\n",
            "time": "2024-01-01T00:00:00+00:00",
        }
    )
    run = found.script
    assert (run.state, run.exit_code, run.stdout, run.message) == (ScriptState.SUCCEEDED, 0, "hi", "Enable succeeded")
    assert (run.handler_version, found.script_digest, found.message) == ("2.1.19", TAGGED, "")
    assert run.at is not None


def test_a_script_that_failed_shows_its_last_words() -> None:
    found = scripted(
        {
            "code": "ProvisioningState/failed/0",
            "message": "Enable failed: command terminated with exit status=3\n[stdout]\n\n[stderr]\nx\nno disk\n",
        }
    )
    assert (found.script.state, found.script.exit_code) == (ScriptState.FAILED, 3)
    assert found.message == "exit 3: no disk"
    silent = scripted({"code": "ProvisioningState/failed/0", "message": "Enable failed: exit status=3"})
    assert silent.message == "Enable failed: exit status=3"


def test_windows_prints_into_substatuses() -> None:
    found = scripted(
        {"code": "ProvisioningState/succeeded", "message": "Finished executing command"},
        substatuses=[
            {"code": "ComponentStatus/StdOut/succeeded", "message": "out\r\n"},
            {"code": "ComponentStatus/StdErr/succeeded", "message": ""},
        ],
    )
    assert (found.script.stdout, found.script.stderr, found.script.exit_code) == ("out\r\n", "", 0)


def test_a_running_script_has_no_exit_code() -> None:
    found = scripted({"code": "ProvisioningState/transitioning", "message": "Enable in progress"})
    assert (found.script.state, found.script.exit_code, found.message) == (
        ScriptState.RUNNING,
        None,
        "Enable in progress",
    )
    assert scripted({"code": "ProvisioningState/updating", "displayStatus": "Updating"}).script.message == "Updating"


def test_before_the_extension_reports() -> None:
    assert read_vm(resources=[CSE]).script.state is ScriptState.PENDING
    assert read_vm().script.state is ScriptState.NOT_INSTALLED
    assert scripted().script.state is ScriptState.PENDING
    failed = {"name": "cse", "properties": CSE["properties"] | {"provisioningState": "Failed"}}  # type: ignore[operator]
    assert read_vm(resources=[failed]).script.state is ScriptState.FAILED
    lone = viewed(extensions=[{"name": "cse", "type": "Microsoft.Azure.Extensions.CustomScript"}])
    assert lone.script.state is ScriptState.UNKNOWN


def test_a_script_seen_only_in_the_view() -> None:
    found = viewed(
        extensions=[
            {"name": "other", "type": "Some.Thing"},
            {"type": "Microsoft.Compute.CustomScriptExtension", "statuses": [{"code": "ProvisioningState/succeeded"}]},
        ]
    )
    assert found.script.state is ScriptState.SUCCEEDED
    assert found.script_digest == ""


def test_what_else_is_worth_a_line() -> None:
    failed = {"code": "ProvisioningState/failed/AllocationFailed", "message": "no room\nhere"}
    assert read_vm(properties={"provisioningState": "Failed", "instanceView": {"statuses": [failed]}}).message == (
        "no room here"
    )
    assert viewed(statuses=[failed | {"message": None}]).message == "AllocationFailed"
    other = {"name": "monitor", "statuses": [{"code": "ProvisioningState/failed/1", "message": "cannot start"}]}
    assert viewed(extensions=[other]).message == "monitor: cannot start"
    agent = viewed(vmAgent={"statuses": [{"code": "ProvisioningState/Unavailable"}]})
    assert (agent.agent_ready, agent.message) == (False, "the guest agent is not ready")
    assert viewed(vmAgent={"statuses": []}).agent_ready


def flexible(*extensions: Any) -> ScaleSet:
    return replace(with_profile(*extensions), orchestration=Orchestration.FLEXIBLE)


def test_flexible_machines_are_current_when_their_script_is_the_models() -> None:
    def machine(*resources: Any) -> Instance:
        vm = decoder(wire.Vm)(json.dumps({"name": "web_a1", "resources": list(resources)}).encode())
        return instance_mapping.instances([vm], flexible(CSE))[0]

    assert machine(CSE).latest_model
    assert not machine().latest_model
    older = {"name": "cse", "properties": CSE["properties"] | {"settings": {}}}  # type: ignore[operator]
    assert not machine(older).latest_model
    assert machine(CSE).id == "web_a1"


def test_equal_settings_are_one_object() -> None:
    first, second = read_vm(resources=[CSE]), read_vm(resources=[CSE])
    assert first.script_settings is second.script_settings
    assert first == second


def test_orchestration_mode() -> None:
    assert read_set(properties={"orchestrationMode": "flexible"}).orchestration is Orchestration.FLEXIBLE
