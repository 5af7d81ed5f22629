"""The tables of a scenario file that describe scale sets."""

from vmss_tui.simulator.scenario.schema import (
    Table,
    anything,
    between,
    choice,
    duration,
    flag,
    instances,
    is_hint,
    is_image,
    is_table,
    is_text,
    is_texts,
    is_zones,
    number,
    text,
)
from vmss_tui.simulator.world.state.states import FailureCause

SCRIPT_KEYS = (
    text("name", "Name of the extension; CustomScript, or CustomScriptExtension on Windows.", "CustomScript"),
    anything("file_uris", "list of texts", "fileUris, public.", '["https://example.com/app_v1.sh"]', is_texts),
    text("command", "commandToExecute, public.", "./app_v1.sh"),
    text("inline", "Text of an inline script; stored base64-encoded as `script`.", "echo hello"),
    anything("protected", "table", "protectedSettings; never returned.", '{ commandToExecute = "./app.sh" }', is_table),
    number("timestamp", "settings.timestamp; another value makes Azure run unchanged settings.", "20240601"),
    text("force_update_tag", "forceUpdateTag; another value makes Azure run unchanged settings.", "release-2"),
    text("handler_version", "typeHandlerVersion; 2.1, or 1.10 on Windows.", "2.1"),
    text("publisher", "Publisher of the handler.", "Microsoft.Azure.Extensions"),
    text("type", "Type of the handler, echoed as written.", "CustomScript"),
    flag("suppress_failures", "suppressFailures: a failed script does not fail the instance."),
)
SCRIPT = Table("script", "The Custom Script extension of the model.", SCRIPT_KEYS)

POLICY = Table(
    "policy",
    "rollingUpgradePolicy.",
    (
        number("batch", "maxBatchInstancePercent.", "20"),
        number("unhealthy", "maxUnhealthyInstancePercent.", "20"),
        number("upgraded_unhealthy", "maxUnhealthyUpgradedInstancePercent.", "20"),
        text("pause", "pauseTimeBetweenBatches, ISO 8601.", "PT30S"),
        flag("cross_zone", "enableCrossZoneUpgrade."),
        flag("prioritize_unhealthy", "prioritizeUnhealthyInstances."),
        flag("rollback", "rollbackFailedInstancesOnPolicyBreach."),
        flag("max_surge", "maxSurge."),
    ),
)

OVERRIDE = Table(
    "overrides",
    "What is different on some instances.",
    (
        instances("instances", "Which ones.", '[3, 17, "20-24"]', required=True),
        choice(
            "health", ("healthy", "unhealthy", "initializing", "unknown", "none"), "Health at the start.", "unhealthy"
        ),
        choice("power", ("running", "stopped", "deallocated"), "Power state at the start.", "deallocated"),
        choice("provisioning", ("Succeeded", "Failed"), "Provisioning state at the start.", "Failed"),
        choice("protect", ("scale-in", "actions"), "Instance protection.", "actions"),
        flag("agent_ready", "false: the guest agent does not report.", "false"),
        flag("stuck", "It never reports the end of any request."),
        choice("script", ("fails", "hangs"), "How every script ends here.", "fails"),
        choice("script_failure", tuple(FailureCause), "What fails where scripts fail.", "handler install"),
        number("script_exit_code", "Exit code of a failing script.", "100"),
        text("script_stderr", "stderr of a failing script.", "E: Unable to locate package nginx"),
        duration("script_seconds", "How long scripts take here.", "300"),
        choice("after_script", ("unhealthy",), "It does not become healthy after a script that ended well."),
        duration("relapse_after", "Seconds after which it turns unhealthy again.", "45"),
        duration("recover_after", "Seconds after that until it is healthy again.", '"2m"'),
        flag("skip_upgrade", "Its health extension reports the custom metric SkipUpgrade."),
        number("phase", "Its health extension reports the custom metric PhaseOrderingNumber.", "1"),
    ),
    (Table("runs", "The older script that these instances still run.", SCRIPT_KEYS),),
    is_list=True,
)

HISTORY = Table(
    "history",
    "A write of the past: a rolling upgrade that it starts is in progress, or over, at the start.",
    (
        duration("ago", "How long before the start.", '"7m"', required=True),
        instances("upgrade", "Instances brought to the model right after it (Manual mode).", '["0-3"]'),
        text("who", "Who did it, for the activity log; it shows nothing by default.", "releases@contoso.com"),
        duration("cancel_after", "Seconds after the write until the rolling upgrade is canceled.", '"2m"'),
    ),
    (Table("script", "The script that was written.", SCRIPT_KEYS),),
    is_list=True,
)

SET_KEYS = (
    text("name", "Name; {n} counts copies.", "web-weu", required=True),
    text("subscription", "Name or id of its subscription.", "prod-europe"),
    text("group", "Name of its resource group.", "rg-ship-web"),
    text("location", "Region; the group's by default.", "westeurope"),
    number("copies", "How many copies of it, numbered from 1.", "400", most=10_000),
    choice("mode", ("Manual", "Automatic", "Rolling"), "Upgrade mode.", "Rolling"),
    choice("orchestration", ("Uniform", "Flexible"), "Orchestration mode.", "Flexible"),
    choice("os", ("linux", "windows"), "Operating system.", "windows"),
    anything(
        "image",
        "text",
        "publisher:offer:sku:version.",
        '"Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest"',
        is_image,
    ),
    text("image_version", "Exact version the instances have.", "22.04.202409120"),
    text("newest_image", "Version that an OS rolling upgrade brings.", "22.04.202411060"),
    text("size", "Size of the machines.", "Standard_D2s_v5"),
    number("instances", "How many there are; ids from 0.", "60", most=1000),
    instances("ids", "Their ids, instead of a number; gaps are normal.", '["0-9", 12, 17]'),
    anything("zones", "list", "Availability zones; instances are spread over them.", "[1, 2, 3]", is_zones),
    number("update_domains", "Update domains.", "5"),
    number("fault_domains", "Fault domains.", "5"),
    flag("overprovision", "Make extra instances when scaling out, and drop the slowest."),
    choice(
        "health",
        ("extension", "binary", "probe", "none"),
        "Application Health 2.0 (default), 1.0, load balancer probe, none.",
    ),
    text("managed_by", "managedBy: id of the resource whose controller owns it.", "/subscriptions/…/ship"),
    duration("age", "How long ago it was created.", '"90d"'),
    duration("script_age", "How long ago its scripts ran.", '"3d"'),
    between("initialising", "From the end of a script until healthy.", "[10, 40]"),
    between("script_seconds", "How long scripts that no [[scripts]] entry matches take.", "[30, 120]"),
    anything(
        "surge_quota",
        "whole number or false",
        "Surge instances that the quota has room for; larger batches are updated in place. Unlimited by default.",
        "2",
        is_hint,
    ),
    flag("repairs_suspended", "Automatic repairs are suspended."),
    text("model", "JSON file with the ARM document to take as it is, relative to the scenario.", "recorded/vmss1.json"),
    text(
        "machines",
        "JSON file with a list of `virtualMachines?$expand=instanceView` to copy the instances from.",
        "copy/instances.json",
    ),
)
SET_TABLES = (
    SCRIPT,
    POLICY,
    Table(
        "repairs",
        "automaticRepairsPolicy.",
        (
            flag("enabled", "Whether they are on."),
            text("grace", "gracePeriod, ISO 8601.", "PT10M"),
            choice("action", ("Replace", "Reimage", "Restart"), "repairAction."),
        ),
    ),
    Table(
        "autoscale",
        "An autoscale setting that targets the set.",
        (
            number("minimum", "Least instances.", "30", required=True),
            number("maximum", "Most instances.", "90", required=True),
            number("default", "Instances when metrics are missing.", "60"),
            flag("enabled", "Whether it is on."),
        ),
    ),
    Table(
        "standby",
        "A standby pool that is attached to the set.",
        (
            text("name", "Name; of the set with `-pool` by default.", "web-pool"),
            number("maximum", "maxReadyCapacity.", "10", required=True),
            number("minimum", "minReadyCapacity.", "5"),
            choice("state", ("Running", "Deallocated", "Hibernated"), "virtualMachineState."),
        ),
    ),
    Table(
        "extensions",
        "Further extensions of the model.",
        (
            text("name", "Name.", "AzureMonitorLinuxAgent", required=True),
            text("publisher", "Publisher.", "Microsoft.Azure.Monitor", required=True),
            text("type", "Type.", "AzureMonitorLinuxAgent", required=True),
            text("version", "typeHandlerVersion.", "1.33", required=True),
            anything("settings", "table", "Public settings.", "{ port = 80 }", is_table),
            anything("protected", "table", "Protected settings.", '{ key = "made-up" }', is_table),
            anything("after", "list of texts", "provisionAfterExtensions.", '["CustomScript"]', is_texts),
        ),
        is_list=True,
    ),
    Table("tags", "Tags.", free="name = text", free_check=is_text),
    OVERRIDE,
    HISTORY,
)
