"""Failures whose reason is not in an extension status, and statuses whose numbers mislead."""

import json
from typing import Any

import pytest

from support.simulated.client import Compute, serving

KEYS = 'mode = "Manual"\ninstances = 2\n'
WINDOWS = f'os = "windows"\nscript = {{ command = "powershell -File setup_v1.ps1" }}\n{KEYS}'


def failing(cause: str, **keys: Any) -> str:
    more = "".join(f"{name} = {json.dumps(value)}\n" for name, value in keys.items())
    return f'[[scale_sets.overrides]]\ninstances = [0]\nscript = "fails"\nscript_failure = "{cause}"\n{more}'


async def upgraded(call: Compute, command: str = "./custom_application_v2.sh") -> dict[str, Any]:
    """The operation of an upgrade of both instances to a newer script."""
    await call.finish(await call.put_script(command))
    operation: dict[str, Any] = await call.finish(
        await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["*"]})
    )
    return operation


async def view(call: Compute, instance: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = (await call.get(f"{call.app}/virtualMachines/{instance}/instanceView")).body
    return body


def script_status(seen: dict[str, Any]) -> dict[str, Any] | None:
    for extension in seen.get("extensions", ()):
        if extension["name"] == "CustomScript":
            status: dict[str, Any] = extension["statuses"][0]
            return status
    return None


def handler(seen: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(
        item["status"] for item in seen["vmAgent"]["extensionHandlers"] if item["type"].endswith("CustomScript")
    )
    return found


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("handler install", "[ExtensionOperationError] Non-zero exit code: 51"),
        ("handler update", "[ExtensionUpdateError] Non-zero exit code: 51"),
        ("handler download", "[ExtensionDownloadError] Failed to download"),
        ("handler not allowed", "because it is not specified as an allowed extension"),
    ],
)
async def test_a_handler_that_fails_leaves_its_reason_outside_the_extension_status(cause: str, words: str) -> None:
    """Azure/vm-scale-sets #82, WALinuxAgent PR 3414: statuses[] and extensionHandlers[], not extensions[]."""
    async with serving(KEYS + failing(cause, script_exit_code=51)) as call:
        before = script_status(await view(call))
        operation = await upgraded(call)
        seen = await view(call)
        assert script_status(seen) == before and before is not None and before["level"] == "Info"
        own = next(status for status in seen["statuses"] if status["code"].startswith("ProvisioningState/"))
        assert own["code"] == "ProvisioningState/failed/VMExtensionHandlerNonTransientError"
        assert words in own["message"] and words in handler(seen)["message"]
        assert handler(seen)["displayStatus"] == "Not Ready"
        assert (operation["status"], operation["error"]["code"]) == ("Failed", "VMExtensionHandlerNonTransientError")
        assert words in operation["error"]["message"]
        assert seen["vmHealth"]["status"]["code"] == "HealthState/healthy"
        assert script_status(await view(call, 1))["message"].startswith("Enable succeeded")  # type: ignore[index]


async def test_a_handler_that_never_came_to_run_has_no_status_at_all() -> None:
    async with serving(KEYS + failing("handler install", script_exit_code=52)) as call:
        await call.finish(await call("DELETE", f"{call.app}/extensions/CustomScript"))
        await call.finish(await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["*"]}))
        await upgraded(call)
        seen = await view(call)
        assert script_status(seen) is None
        assert handler(seen)["code"] == "ProvisioningState/failed/52"
        path = f"{call.app}/virtualMachines/0/extensions/CustomScript?$expand=instanceView"
        shown = (await call.get(path)).body["properties"]
        assert shown["provisioningState"] == "Failed" and "instanceView" not in shown


async def test_an_extension_that_timed_out_still_says_that_it_is_transitioning() -> None:
    """Quoted: VMExtensionProvisioningTimeout, 'The extension last reported "Plugin enabled"'."""
    async with serving(f'{KEYS}[[scale_sets.overrides]]\ninstances = [0]\nscript = "hangs"\n') as call:
        operation = await upgraded(call)
        assert operation["error"]["code"] == "VMExtensionProvisioningTimeout"
        seen = await view(call)
        status = script_status(seen)
        assert status is not None and status["code"] == "ProvisioningState/transitioning"
        assert any(item["code"].endswith("/VMExtensionProvisioningTimeout") for item in seen["statuses"])


async def test_a_download_that_fails_is_the_handlers_failure_and_names_no_exit_code() -> None:
    """custom-script-extension-linux: codes 50 to 56 are downloads."""
    async with serving(KEYS + failing("file download")) as call:
        await upgraded(call)
        status = script_status(await view(call))
        assert status is not None and status["code"] == "ProvisioningState/failed/52"
        assert "unexpected status code: actual=404 expected=200" in status["message"]


async def test_the_number_in_a_status_code_is_not_the_exit_code() -> None:
    """The handler's own code: 2 on Linux, 3 on Windows, for any exit code of the script."""
    keys = failing("script", script_exit_code=7, script_stderr="msiexec exited with code 1603")
    async with serving(KEYS + keys) as call:
        await upgraded(call)
        status = script_status(await view(call))
        assert status is not None and status["code"] == "ProvisioningState/failed/2"
        assert "command terminated with exit status=7\n" in status["message"]
    async with serving(WINDOWS + keys) as call:
        properties = {
            "publisher": "Microsoft.Compute",
            "type": "CustomScriptExtension",
            "typeHandlerVersion": "1.10",
            "settings": {"commandToExecute": "powershell -File setup_v2.ps1"},
        }
        path = f"{call.app}/extensions/CustomScriptExtension"
        await call.finish(await call("PUT", path, {"properties": properties}))
        await call.finish(await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["0"]}))
        seen = await view(call)
        script = next(item for item in seen["extensions"] if item["name"] == "CustomScriptExtension")
        assert script["statuses"][0]["code"] == "ProvisioningState/failed/3"
        assert (
            "non-zero exit code of: '7'. The command had an error output of: 'msiexec exited with code 1603'"
            in (script["statuses"][0]["message"])
        )


async def test_windows_handlers_fail_with_their_own_text() -> None:
    """Quoted: Handler '...' has reported failure for VM Extension '...' with terminal error code '1009'."""
    async with serving(WINDOWS + failing("handler install", script_exit_code=51)) as call:
        properties = {
            "publisher": "Microsoft.Compute",
            "type": "CustomScriptExtension",
            "typeHandlerVersion": "1.10",
            "settings": {"commandToExecute": "powershell -File setup_v2.ps1"},
        }
        path = f"{call.app}/extensions/CustomScriptExtension"
        await call.finish(await call("PUT", path, {"properties": properties}))
        operation = await call.finish(await call("POST", f"{call.app}/manualupgrade", {"instanceIds": ["0"]}))
        assert "with terminal error code '1009' and error message: 'Enable failed" in operation["error"]["message"]


async def test_markers_inside_a_line_of_output_are_passed_on_as_they_are() -> None:
    """custom-script-extension-linux writes [stdout] and [stderr] alone on a line; scripts print what they like."""
    keys = failing("script", script_stderr="see [stdout] above\n[stderr] is not a marker here")
    async with serving(KEYS + keys) as call:
        await upgraded(call)
        status = script_status(await view(call))
        assert status is not None and "see [stdout] above\n[stderr] is not a marker here" in status["message"]


async def test_a_command_in_public_and_protected_settings_fails_on_every_instance() -> None:
    """custom-script-extension-linux, handlersettings.go; the protected block is kept when a write leaves it out."""
    keys = f'{KEYS}script = {{ protected = {{ commandToExecute = "./secret.sh" }} }}\n'
    async with serving(keys) as call:
        operation = await upgraded(call)
        assert "specified both in public and protected settings" in operation["error"]["message"]
        for instance in range(2):
            status = script_status(await view(call, instance))
            assert status is not None and status["code"] == "ProvisioningState/failed/20"


async def test_the_protected_block_is_replaced_as_a_whole() -> None:
    """A write with one key drops all others; one without the block keeps it (recorded: N-PATCH, FL)."""
    protected = '{ storageAccountName = "store", storageAccountKey = "a2V5", commandToExecute = "./secret.sh" }'
    async with serving(f"{KEYS}script = {{ protected = {protected} }}\n") as call:
        key = next(iter(call.simulation.world.scale_sets))

        def stored() -> Any:
            return call.simulation.world.scale_sets[key].protected["customscript"]

        await call.finish(await call.put_script("", settings={"timestamp": 2}))
        assert set(stored()) == {"storageAccountName", "storageAccountKey", "commandToExecute"}
        await call.finish(await call.put_script("", settings={}, protectedSettings={"commandToExecute": "./x.sh"}))
        assert stored() == {"commandToExecute": "./x.sh"}
