"""The Custom Script Extension: when a script runs again, what the handlers report, how failures are worded."""

import base64
import gzip
from typing import Any

import pytest

from support.simulated.story import V1, V2, Story
from vmss_tui.simulator.world.machine.reports import failure_of, status_message, tail
from vmss_tui.simulator.world.machine.scripts import read_settings
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.timeline import ScriptResult

TWO = 'mode = "Automatic"\ninstances = 2\n'


def linux(settings: dict[str, Any], protected: dict[str, Any] | None = None, **more: Any) -> ExtensionSpec:
    properties = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "settings": settings}
    return ExtensionSpec("CustomScript", properties | more, protected)


WINDOWS = ExtensionSpec("Setup", {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension"})


# --- when it runs ---


def test_the_same_settings_are_not_run_again() -> None:
    """custom-script-extension-linux: a sequence number that was processed is not run again."""
    story = Story.of(TWO)
    before = story.script(0)
    story.wait_for(story.put_script(V1).operation)
    assert story.script(0) is before


@pytest.mark.parametrize(
    "change",
    [
        {"forceUpdateTag": "release-2"},
        {"settings": {"commandToExecute": V1, "timestamp": 20261121}},
        {"protectedSettings": {"storageAccountName": "abc", "storageAccountKey": "a2V5"}},
    ],
)
def test_a_tag_a_timestamp_or_a_secret_runs_the_same_command_again(change: dict[str, Any]) -> None:
    """ "Custom Script Extension": timestamp and forceUpdateTag."""
    story = Story.of(TWO)
    story.wait_for(story.put_script(V1, **change).operation)
    assert story.script(0).sequence == 1
    assert story.script(0).started >= story.now.replace(hour=8, minute=0, second=0)


def test_a_run_passes_from_assigned_over_in_progress_to_ended() -> None:
    """latestModelApplied is true while provisioningState is Updating (recorded: vm_list_with_resources_updating)."""
    story = Story.of(TWO)
    story.put_script()
    first = story.instance(0)
    assert (first.generation, first.provisioning) == (story.value.generation, "Updating")
    assert (story.script(0).state, story.script(0).started) == ("Updating", None)
    story.wait(20)
    assert story.script(0).started is not None
    assert (story.script(0).state, story.script(0).result) == ("Updating", None)
    story.wait(60)
    done = story.script(0)
    assert (done.state, done.result.exit_code) == ("Succeeded", 0)
    assert 60 <= (done.since - done.started).total_seconds() <= 61
    assert story.instance(0).provisioning == "Succeeded"
    story.wait(20)
    assert story.instance(0).health == "healthy"


def test_a_newer_write_replaces_a_script_in_progress() -> None:
    """custom-script-extension-linux: the newest sequence number counts."""
    story = Story.of(TWO)
    story.put_script("./slow.sh")
    story.wait(15)
    story.wait_for(story.put_script(V2).operation)
    assert story.runs(V2) == ["0", "1"]
    assert story.script(0).sequence == 2
    assert "app 2" in story.script(0).result.stdout


def test_full_handler_versions_are_installed() -> None:
    """Recorded: the model has 2.1, the instance view 2.1.x."""
    story = Story.of(TWO)
    assert story.script(0).version == "2.1.19"
    assert story.instance(0).extensions["healthextension"].version == "2.0.14"


def test_failures_that_an_extension_suppresses_do_not_fail_the_instance() -> None:
    """ComputeRP swagger: suppressFailures."""
    story = Story.of(f'{TWO}[[scale_sets.overrides]]\ninstances = [0]\nscript = "fails"\n')
    assert story.wait_for(story.put_script(suppressFailures=True).operation).status == "Succeeded"
    assert (story.script(0).state, story.instance(0).provisioning) == ("Failed", "Succeeded")


def test_a_hanging_script_is_ended_by_the_time_budget() -> None:
    """extensionsTimeBudget, default PT1H30M; quoted VMExtensionProvisioningTimeout."""
    story = Story.of(f'{TWO}[[scale_sets.overrides]]\ninstances = [0]\nscript = "hangs"\n')
    written = story.put_script()
    story.wait(5000)
    assert story.operation(written.operation).status == "InProgress"
    failed = story.wait_for(written.operation, step=60)
    assert failed.failure is not None
    assert failed.failure.code == "VMExtensionProvisioningTimeout"
    assert failed.failure.message.startswith(
        "Provisioning of VM extension CustomScript has timed out. Extension provisioning has taken too long to "
        'complete. The extension last reported "Plugin enabled".'
    )


def test_a_stuck_instance_stays_updating() -> None:
    """A fault on demand."""
    story = Story.of(f"{TWO}[[scale_sets.overrides]]\ninstances = [0]\nstuck = true\n")
    story.put_script()
    story.wait(3600)
    assert (story.instance(0).provisioning, story.instance(1).provisioning) == ("Updating", "Succeeded")


def test_a_wiped_secret_shows_as_a_failure_on_the_instances_not_on_the_write() -> None:
    """Azure accepts wrong settings; the handler refuses them."""
    story = Story.of(
        'mode = "Manual"\ninstances = 1\n[scale_sets.script]\nprotected = { commandToExecute = "./a.sh" }\n'
    )
    assert story.wait_for(story.put_script(settings={}, protectedSettings={}).operation).status == "Succeeded"
    failed = story.wait_for(story.upgrade("*"))
    assert failed.failure is not None and "'commandToExecute' is not specified" in failed.failure.message


def test_behaviors_may_be_huge_hold_escapes_and_differ_by_instance() -> None:
    """Faults on demand: 1 MB of output, escapes, chosen instances."""
    scripts = """
[[scripts]]
match = 'custom_application_v2'
seconds = [10, 20]
output_bytes = 1048576
stdout = "\\u001b[31mred\\u001b[0m on {name}, instance {instance} of {scale_set}\\n"
unhealthy_on = [1]
"""
    story = Story.of(TWO, scripts=scripts)
    story.wait_for(story.put_script().operation)
    assert len(story.script(0).result.stdout.encode()) == 4096
    assert "\x1b[31mred\x1b[0m on app_0, instance 0 of app" in tail(story.script(0).result.stdout)
    story.wait(60)
    assert (story.instance(0).health, story.instance(1).health) == ("healthy", "unhealthy")


def test_an_unknown_command_simply_succeeds() -> None:
    """The simulator's own rule for scripts that no scenario describes."""
    story = Story.of(TWO)
    story.wait_for(story.put_script("bash whatever_v9.1.sh").operation)
    assert "Installing 9.1 on app_0" in story.script(0).result.stdout


def test_several_failed_extensions_are_reported() -> None:
    """Quoted: Multiple VM extensions failed to be provisioned on the VM."""
    story = Story.of(f'{TWO}[[scale_sets.overrides]]\ninstances = [0]\nscript = "fails"\n')
    another: dict[str, Any] = {
        "name": "Second",
        "properties": {
            "publisher": "Microsoft.OSTCExtensions",
            "type": "CustomScriptForLinux",
            "typeHandlerVersion": "1.5",
            "settings": {"commandToExecute": "./second.sh"},
        },
    }
    handler = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
    first = {"name": "CustomScript", "properties": {**another["properties"], **handler}}
    body = {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": [first, another]}}}}
    failed = story.wait_for(story.patch(body).operation)
    assert failed.failure is not None
    assert "Multiple VM extensions failed to be provisioned on the VM." in failed.failure.message


# --- what is reported ---


def test_linux_success_is_worded_as_by_the_handler() -> None:
    """custom-script-extension-linux: main/cmds.go."""
    spec = linux({"commandToExecute": "x"})
    assert status_message(spec, ScriptResult(0, "out\n", "err\n")) == (
        "Enable succeeded: \n[stdout]\nout\n\n[stderr]\nerr\n"
    )


def test_linux_failure_is_worded_as_in_2025() -> None:
    """Quoted bodies of 2025."""
    failure = failure_of(linux({"commandToExecute": "x"}), ScriptResult(100, "", "E: Unable to locate package nginx\n"))
    assert failure.code == "VMExtensionProvisioningError"
    assert failure.message == (
        "VM has reported a failure when processing extension 'CustomScript' (publisher 'Microsoft.Azure.Extensions' "
        "and type 'CustomScript'). Error message: 'Enable failed: failed to execute command: command terminated with "
        "exit status=100\n[stdout]\n\n[stderr]\nE: Unable to locate package nginx\n'. More information on "
        "troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot. "
    )


def test_windows_failure_is_worded_as_in_2025() -> None:
    """Quoted body of 2025."""
    failure = failure_of(WINDOWS, ScriptResult(1, "", "boom"))
    assert failure.message == (
        "VM has reported a user failure when processing extension 'Setup'. Please correct the error and try again. "
        "(publisher 'Microsoft.Compute' and type 'CustomScriptExtension'). Error code: '3'. Error message: 'Command "
        "execution finished, but failed because it returned a non-zero exit code of: '1'. The command had an error "
        "output of: 'boom'\r\n For more information, check the instance view by executing Get-AzVm or Get-AzVmss "
        "(https://aka.ms/GetAzVm). These commands can be executed using CloudShell (https://aka.ms/CloudShell)'. "
        "Detailed error: ''. More information on troubleshooting is available at "
        "https://aka.ms/VMExtensionCSEWindowsTroubleshoot. "
    )


def test_outputs_are_cut_to_their_last_four_kib() -> None:
    """custom-script-extension-linux: the last 4 KiB of each stream."""
    text = "a" * 5000 + "é" * 2000
    assert len(tail(text).encode()) <= 4096
    assert text.endswith(tail(text))
    assert tail("short") == "short"


@pytest.mark.parametrize(
    ("public", "protected", "complaint"),
    [
        ({}, None, "'commandToExecute' is not specified"),
        (
            {"commandToExecute": "a", "script": "ZWNobw=="},
            None,
            "'commandToExecute' and 'script' were both specified, but only one is validate at a time",
        ),
        (
            {"commandToExecute": "a"},
            {"commandToExecute": "b"},
            "'commandToExecute' was specified both in public and protected settings; it must be specified only once",
        ),
        (
            {"commandToExecute": "a"},
            {"storageAccountName": "abc"},
            "both 'storageAccountName' and 'storageAccountKey' must be specified",
        ),
        ({"script": "not base64!"}, None, "failed to decode script"),
        ({"commandToExecute": "a", "foo": 1}, None, "Additional property foo is not allowed"),
    ],
)
def test_wrong_settings_are_refused_in_the_handlers_words(
    public: dict[str, Any], protected: dict[str, Any] | None, complaint: str
) -> None:
    """custom-script-extension-linux: main/handlersettings.go, schema.go."""
    assert complaint in read_settings(linux(public, protected)).error


@pytest.mark.parametrize("packed", [False, True])
def test_inline_scripts_are_decoded(packed: bool) -> None:
    """custom-script-extension-linux: base64, perhaps gzip."""
    raw = b"echo hello\n"
    encoded = base64.b64encode(gzip.compress(raw) if packed else raw).decode()
    settings = read_settings(linux({"script": encoded}))
    assert (settings.script, settings.error) == ("echo hello\n", "")


def test_a_secret_from_key_vault_counts_as_a_command() -> None:
    """ComputeRP swagger: protectedSettingsFromKeyVault."""
    spec = linux({}, protectedSettingsFromKeyVault={"secretUrl": "https://v/secrets/s", "sourceVault": {"id": "/v"}})
    assert read_settings(spec).error == ""


def test_specs_do_not_show_their_secrets() -> None:
    assert "hunter2" not in repr(linux({}, {"commandToExecute": "hunter2"}))
