"""What the script of an instance did, when its own status does not say it: handlers, agents, time limits."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from vmss_tui.domain.fleet.script import ScriptRun, ScriptState
from vmss_tui.gateway.http.arm import decoder
from vmss_tui.gateway.read import wire
from vmss_tui.gateway.read.script_run import script_run

TYPE = "Microsoft.Azure.Extensions.CustomScript"
EARLY, LATE = "2026-11-28T09:00:00+00:00", "2026-11-28T09:30:00+00:00"
DOWNLOAD = (
    f"The handler for VM extension type '{TYPE}' has reported terminal failure for VM extension 'cse' with error "
    "message: 'Failed to download artifacts: [ExtensionDownloadError] Timeout downloading extension package.'"
)
OF_ANOTHER = DOWNLOAD.replace("cse", "mon").replace(TYPE, "Microsoft.Monitor")
INSTALL = "[ExtensionOperationError] Non-zero exit code: 51, /var/lib/waagent/x/bin/custom-script-shim install"
TIMED_OUT = (
    "Provisioning of VM extension cse has timed out. Extension provisioning has taken too long to complete. The "
    'extension last reported "Enable in progress".'
)


def extension(code: str = "succeeded", message: str = "Enable succeeded: ", time: str | None = EARLY) -> dict[str, Any]:
    status = {"code": f"ProvisioningState/{code}", "message": message, "time": time}
    return {"name": "cse", "type": TYPE, "statuses": [status]}


def vm_status(code: str, message: str, time: str | None = LATE) -> dict[str, Any]:
    return {"code": f"ProvisioningState/failed/{code}", "level": "Error", "message": message, "time": time}


def handler(message: str, code: str = "failed", type_: str = TYPE, level: str = "Error") -> dict[str, Any]:
    status = {"code": f"ProvisioningState/{code}", "level": level, "displayStatus": "Not Ready", "message": message}
    return {"statuses": [], "extensionHandlers": [{"type": type_, "status": status}]}


def run_of(*, installed: bool = True, state: str = "Succeeded", **view: Any) -> ScriptRun:
    properties = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "provisioningState": state}
    resource = decoder(wire.Extension)(json.dumps({"name": "cse", "properties": properties}).encode())
    return script_run(
        resource if installed else None, decoder(wire.InstanceView)(json.dumps(view, default=str).encode())
    )


def test_a_handler_that_failed_gives_the_reason_of_the_instance() -> None:
    found = run_of(state="Failed", statuses=[vm_status("VMExtensionHandlerNonTransientError", DOWNLOAD)])
    assert (found.state, found.exit_code) == (ScriptState.FAILED, None)
    assert "ExtensionDownloadError" in found.message
    assert found.at == datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def test_a_failure_of_the_handler_outdates_what_the_last_run_reported() -> None:
    found = run_of(extensions=[extension()], statuses=[vm_status("VMExtensionHandlerNonTransientError", DOWNLOAD)])
    assert found.state is ScriptState.FAILED and "ExtensionDownloadError" in found.message
    assert found.stdout == found.stderr == ""


def test_a_run_that_succeeded_after_the_failure_counts() -> None:
    late = run_of(
        extensions=[extension(time=LATE)],
        statuses=[vm_status("VMExtensionHandlerNonTransientError", DOWNLOAD, EARLY)],
    )
    assert late.state is ScriptState.SUCCEEDED


def test_a_time_limit_that_passed_ends_a_run_that_still_says_transitioning() -> None:
    waiting = extension("transitioning", "Enable in progress")
    assert run_of(extensions=[waiting]).state is ScriptState.RUNNING
    found = run_of(extensions=[waiting], statuses=[vm_status("VMExtensionProvisioningTimeout", TIMED_OUT)])
    assert (found.state, found.exit_code) == (ScriptState.FAILED, None)
    assert "timed out" in found.message


def test_the_scripts_own_failure_keeps_its_exit_code_and_output() -> None:
    own = extension("failed/1", "Enable failed: command terminated with exit status=7\n[stdout]\n\n[stderr]\nno disk\n")
    quoted = (
        f"VM has reported a failure when processing extension 'cse'. Error message: '{own['statuses'][0]['message']}'"
    )
    found = run_of(extensions=[own], statuses=[vm_status("VMExtensionProvisioningError", quoted)])
    assert (found.exit_code, found.stderr.strip()) == (7, "no disk")
    silent = run_of(statuses=[vm_status("VMExtensionProvisioningError", quoted)])
    assert (silent.state, silent.exit_code, silent.stderr.strip()) == (ScriptState.FAILED, 7, "no disk")


def test_an_agents_exit_code_is_not_the_scripts() -> None:
    own = run_of(extensions=[extension("failed", INSTALL)])
    assert (own.state, own.exit_code) == (ScriptState.FAILED, None)
    said = run_of(vmAgent=handler(INSTALL))
    assert (said.state, said.exit_code) == (ScriptState.FAILED, None)
    assert "custom-script-shim" in said.message


@pytest.mark.parametrize(
    "view",
    [
        {
            "statuses": [
                vm_status("VMExtensionHandlerNonTransientError", DOWNLOAD.replace("cse", "mon").replace(TYPE, "M"))
            ]
        },
        {"statuses": [vm_status("VMExtensionProvisioningTimeout", TIMED_OUT.replace("cse", "cse-monitor"))]},
        {"statuses": [vm_status("OSProvisioningTimedOut", "cse")]},
        {"vmAgent": handler(INSTALL, type_="Microsoft.Azure.Monitor.AzureMonitorLinuxAgent")},
        {"vmAgent": handler("Installing", code="NotReady", level="Info")},
        {"vmAgent": {"extensionHandlers": [{"type": TYPE}]}},
    ],
)
def test_what_others_did_is_not_blamed_on_the_script(view: dict[str, Any]) -> None:
    assert run_of(extensions=[extension()], **view).state is ScriptState.SUCCEEDED
    assert run_of(installed=False, **view).state is ScriptState.NOT_INSTALLED


def test_a_failure_without_any_text_still_says_something() -> None:
    found = run_of(statuses=[vm_status("VMExtensionHandlerNonTransientError", "cse", None)], state="Failed")
    assert found.state is ScriptState.FAILED and found.message
