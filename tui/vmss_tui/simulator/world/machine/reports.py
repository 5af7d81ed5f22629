"""What the Custom Script handlers, the agents and Azure say about a run: status messages and ARM errors.

Texts are those of custom-script-extension-linux (main/cmds.go), of WALinuxAgent's exceptions, and of answers quoted
from 2025; outputs are cut to the last 4 KiB as the handlers do. Output is arbitrary text, escapes included.
"""

from typing import assert_never

from vmss_tui.simulator.world.state.errors import Failure
from vmss_tui.simulator.world.state.extension import ExtensionSpec, full_version
from vmss_tui.simulator.world.state.states import FailureCause
from vmss_tui.simulator.world.state.timeline import ScriptResult

TAIL_BYTES = 4096
LAST_REPORTED = "Plugin enabled"
"""The last report of a handler that never ends (quoted: VMExtensionProvisioningTimeout)."""
_MORE = "More information on troubleshooting is available at https://aka.ms/VMExtensionCSE{os}Troubleshoot."
_WINDOWS_MORE = (
    "\r\n For more information, check the instance view by executing Get-AzVm or Get-AzVmss (https://aka.ms/GetAzVm). "
    "These commands can be executed using CloudShell (https://aka.ms/CloudShell)"
)
_WINDOWS_HANDLER_ERROR = 1009


def tail(text: str) -> str:
    """The last 4 KiB of an output, cut at the front as the handlers do."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= TAIL_BYTES else raw[-TAIL_BYTES:].decode("utf-8", "ignore")


def status_message(spec: ExtensionSpec, result: ScriptResult) -> str:
    """`message` of an instance's extension status, as the handler for Linux or Windows words it."""
    if spec.is_windows_script:
        return _windows_message(result)
    if result.settings_error:
        return f"Enable failed: invalid configuration: {result.settings_error}"
    if result.cause is FailureCause.FILE_DOWNLOAD:
        return (
            "Enable failed: processing file downloads failed: failed to download file[0]: failed to download file: "
            "unexpected status code: actual=404 expected=200"
        )
    outputs = f"\n[stdout]\n{tail(result.stdout)}\n[stderr]\n{tail(result.stderr)}"
    if result.exit_code == 0:
        return f"Enable succeeded: {outputs}"
    return f"Enable failed: failed to execute command: command terminated with exit status={result.exit_code}{outputs}"


def handler_message(spec: ExtensionSpec, result: ScriptResult) -> str:
    """What the agent says of a handler that failed; it is also the handler's status in the view of the agent."""
    name, version = f"{spec.publisher}.{spec.type}", full_version(spec)
    folder = f"/var/lib/waagent/{name}-{version}"
    outputs = f"\n[stdout]\n{tail(result.stdout)}\n\n[stderr]\n{tail(result.stderr)}"
    if spec.is_windows_script:
        return (
            f"Enable failed for plugin (name: {name}, version {version}) with exception Command "
            f"C:\\Packages\\Plugins\\{name}\\{version}\\bin\\CustomScriptHandler.exe of {name} has exited with Exit "
            f"code: {result.exit_code}"
        )
    match result.cause:
        case FailureCause.HANDLER_DOWNLOAD:
            return (
                "[ExtensionDownloadError] Failed to download artifacts: [ExtensionDownloadError] Failed to download "
                f"{name}__{version} from all URIs"
            )
        case FailureCause.HANDLER_NOT_ALLOWED:
            return (
                f"[ExtensionPolicyError] Extension will not be processed: failed to run extension '{name}' because it "
                "is not specified as an allowed extension. To run, add the extension to the list of allowed "
                "extensions in the policy file ('/etc/waagent_policy.json')."
            )
        case FailureCause.HANDLER_UPDATE:
            command = f"{folder}/bin/custom-script-shim update"
            return f"[ExtensionUpdateError] Non-zero exit code: {result.exit_code}, {command}{outputs}"
        case FailureCause.HANDLER_INSTALL | FailureCause.SCRIPT | FailureCause.FILE_DOWNLOAD:
            command = f"{folder}/bin/custom-script-shim install"
            return f"[ExtensionOperationError] Non-zero exit code: {result.exit_code}, {command}{outputs}"
        case _:
            assert_never(result.cause)


def failure_of(spec: ExtensionSpec, result: ScriptResult) -> Failure:
    """The ARM error of a failed extension, in the wording of 2025."""
    more = _MORE.format(os="Windows" if spec.is_windows_script else "Linux")
    if result.timed_out:
        return Failure(
            "VMExtensionProvisioningTimeout",
            f"Provisioning of VM extension {spec.name} has timed out. Extension provisioning has taken too long to "
            f'complete. The extension last reported "{LAST_REPORTED}".\r\n\r\n{more} ',
        )
    if result.cause.is_handlers:
        return _handler_failure(spec, result, more)
    who = f"(publisher '{spec.publisher}' and type '{spec.type}')"
    message = status_message(spec, result)
    if spec.is_windows_script:
        text = (
            f"VM has reported a user failure when processing extension '{spec.name}'. Please correct the error and "
            f"try again. {who}. Error code: '3'. Error message: '{message}'. Detailed error: ''. "
        )
    else:
        text = f"VM has reported a failure when processing extension '{spec.name}' {who}. Error message: '{message}'. "
    return Failure("VMExtensionProvisioningError", text + more + " ")


def _handler_failure(spec: ExtensionSpec, result: ScriptResult, more: str) -> Failure:
    """Failures of the handler itself, quoted for Linux (Azure/vm-scale-sets #82, WALinuxAgent) and for Windows."""
    handler, message = f"{spec.publisher}.{spec.type}", handler_message(spec, result)
    if spec.is_windows_script:
        text = (
            f"Handler '{handler}' has reported failure for VM Extension '{spec.name}' with terminal error code "
            f"'{_WINDOWS_HANDLER_ERROR}' and error message: '{message}'"
        )
    else:
        text = (
            f"The handler for VM extension type '{handler}' has reported terminal failure for VM extension "
            f"'{spec.name}' with error message: '{message}'.\r\n    \r\n'Install handler failed for the extension. "
            f"{more}'"
        )
    return Failure("VMExtensionHandlerNonTransientError", text)


def _windows_message(result: ScriptResult) -> str:
    if result.settings_error:
        return f"Invalid configuration: {result.settings_error}"
    if result.cause is FailureCause.FILE_DOWNLOAD:
        return (
            "Failed to download all specified files. Exiting. Error Message: The remote server returned an error: "
            "(404) Not Found."
        )
    if result.exit_code == 0:
        return "Finished executing command"
    return (
        "Command execution finished, but failed because it returned a non-zero exit code of: "
        f"'{result.exit_code}'. The command had an error output of: '{tail(result.stderr)}'{_WINDOWS_MORE}"
    )
