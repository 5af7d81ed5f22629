"""Every known wording of a Custom Script Extension, taken apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.gateway.read.script_status import read_message, read_substatuses, state_of, tail
from vmss_tui.text import one_line

BODY = (
    "Enable failed: failed to execute command: command terminated with exit status=100\n"
    "[stdout]\nout\n[stderr]\nE: no\n"
)
LINUX_2025 = (
    "VM has reported a failure when processing extension 'Nginx' (publisher 'Microsoft.Azure.Extensions' and type "
    f"'CustomScript'). Error message: '{BODY}'. More information on troubleshooting is available at "
    "https://aka.ms/VMExtensionCSELinuxTroubleshoot. "
)
LINUX_2020 = (
    f"VM has reported a failure when processing extension 'x'. Error message: \"{BODY}\".\r\n\r\nMore information on "
    "troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot "
)
LINUX_2018 = f"VM has reported a failure when processing extension 'x'. Error message: \"{BODY}\"."
WINDOWS_2025 = (
    "VM has reported a user failure when processing extension 'cse'. Please correct the error and try again. "
    "(publisher 'Microsoft.Compute' and type 'CustomScriptExtension'). Error code: '3'. Error message: 'Command "
    "execution finished, but failed because it returned a non-zero exit code of: '1'. The command had an error output "
    "of: 'boom''. Detailed error: ''. More information on troubleshooting is available at "
    "https://aka.ms/VMExtensionCSEWindowsTroubleshoot."
)


@pytest.mark.parametrize("text", [LINUX_2025, LINUX_2020, LINUX_2018, BODY])
def test_linux_failures_of_all_years(text: str) -> None:
    found = read_message(text)
    assert found.exit_code == 100
    assert found.stdout.strip() == "out"
    assert found.stderr.strip() == "E: no"
    assert found.summary == "Enable failed: failed to execute command: command terminated with exit status=100"


def test_windows_failure_in_an_operation() -> None:
    found = read_message(WINDOWS_2025)
    assert found.exit_code == 1
    assert "non-zero exit code" in found.summary
    assert "troubleshooting" not in found.summary


def test_linux_success_with_empty_outputs() -> None:
    found = read_message("Enable succeeded: \n[stdout]\n\n[stderr]\n")
    assert (found.summary, found.exit_code, found.stdout.strip(), found.stderr) == ("Enable succeeded", None, "", "")


def test_legacy_linux_marks() -> None:
    found = read_message("Command returned an error.\n---stdout---\na\nb\n---errout---\nnot found\n")
    assert (found.summary, found.stdout, found.stderr) == ("Command returned an error.", "a\nb", "not found\n")


def test_output_that_was_cut_before_its_second_mark() -> None:
    assert read_message("Enable failed: exit status=2\n[stdout]\nhalf").stdout == "half"


def test_terminal_failure_and_time_out_have_no_output() -> None:
    terminal = read_message("… with error message: '[ExtensionOperationError] Non-zero exit code: 126, /bin/x'.")
    assert terminal.exit_code is None and terminal.of_handler
    assert read_message('The extension last reported "Plugin enabled".').exit_code is None


def test_exit_codes_in_the_scripts_own_output_do_not_count() -> None:
    assert read_message("Enable succeeded: \n[stdout]\nexit status=9\n[stderr]\n").exit_code is None


def test_the_recorded_failure(recordings: Path) -> None:
    body = json.loads((recordings / "exchanges" / "op_failed_cse_v1_create.json").read_text())["response"]["body"]
    found = read_message(body["error"]["message"])
    assert found.summary
    assert found.stdout or found.stderr


CASES = json.loads((Path(__file__).parents[2] / "data" / "script_status.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_messages_from_the_field(case: dict[str, Any]) -> None:
    found = read_message(case["message"])
    assert found.exit_code == case["exit_code"]
    assert (case["stdout_holds"] or "") in found.stdout
    assert (case["stderr_holds"] or "") in found.stderr
    assert not found.of_handler


@pytest.mark.parametrize("output", ["a [stderr] b", "see [stdout] and [stderr]", "x\n[stderr]\ny", "[stdout]", ""])
def test_a_script_may_print_the_marks(output: str) -> None:
    found = read_message(f"Enable failed: command terminated with exit status=3\n[stdout]\n{output}\n[stderr]\nE: no\n")
    assert (found.exit_code, found.stdout, found.stderr) == (3, output, "E: no\n")


def test_marks_inside_a_line_of_the_summary_are_none() -> None:
    found = read_message("Enable failed: bad argument [stdout] given, exit code 4")
    assert (found.stdout, found.stderr, found.exit_code) == ("", "", 4)


def test_lines_that_end_as_on_windows() -> None:
    found = read_message("Enable succeeded: \r\n[stdout]\r\nhi\r\n[stderr]\r\nbad\r\n")
    assert (found.stdout, found.stderr.strip()) == ("hi", "bad")


@pytest.mark.parametrize(
    "text",
    [
        "[ExtensionOperationError] Non-zero exit code: 51, /var/lib/waagent/Microsoft.Azure.Extensions.CustomScript-2.1"
        "/bin/custom-script-shim install\n[stdout]\n+ /usr/bin/env bash\n[stderr]\nUnsupported\n",
        "Failed to download artifacts: [ExtensionDownloadError] Timeout downloading extension package. Elapsed: 0:08",
        "Handler 'Microsoft.Azure.Extensions.CustomScript' has reported failure for VM Extension 'x' with "
        "terminal error code '1007' and error message: 'Install failed for plugin (name: Microsoft.CustomScript)'",
        "Enable failed for plugin (name: Microsoft.Compute.CustomScriptExtension, version 1.10.15) with exception "
        "Command C:\\Packages\\Plugins\\enable.cmd of Microsoft.Compute.X has exited with Exit code: 4",
    ],
)
def test_an_exit_code_of_the_handler_is_not_the_scripts(text: str) -> None:
    found = read_message(text)
    assert found.of_handler and found.exit_code is None
    assert found.summary


def test_azures_own_sentence_after_the_handlers_message_is_no_part_of_it() -> None:
    text = (
        "The handler for VM extension type 'Microsoft.Azure.Extensions.CustomScript' has reported terminal failure for "
        "VM extension 'cse' with error message: '[ExtensionOperationError] Non-zero exit code: 51, /bin/shim install\n"
        "[stdout]\nout\n[stderr]\nUnsupported'.\r\n    \r\n'Install handler failed for the extension. More information "
        "on troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot'."
    )
    found = read_message(text)
    assert (found.stderr, found.stdout, found.of_handler) == ("Unsupported", "out", True)


def test_windows_standard_error_ends_where_azures_advice_begins() -> None:
    text = (
        "Command execution finished, but failed because it returned a non-zero exit code of: '5'. The command had an "
        "error output of: 'it's \r\n broken: exit code 9'\r\n For more information, check the instance view by Get-AzVm"
    )
    found = read_message(text)
    assert (found.exit_code, found.stderr) == (5, "it's \r\n broken: exit code 9")
    assert "error output" not in found.summary


def test_a_script_may_print_what_azures_advice_begins_with() -> None:
    text = (
        "Command execution finished, but failed because it returned a non-zero exit code of: '1'. The command had an "
        "error output of: 'a\r\nFor more information, check the log'\r\n For more information, check the instance view "
        "by executing Get-AzVm"
    )
    assert read_message(text).stderr == "a\r\nFor more information, check the log"


def test_substatuses_of_windows() -> None:
    pairs = [("ComponentStatus/StdOut/succeeded", "hello"), ("ComponentStatus/StdErr/succeeded", "bad"), ("x", "y")]
    assert read_substatuses(pairs) == ("hello", "bad")


def test_states_ignore_what_follows_the_second_part() -> None:
    assert state_of("ProvisioningState/failed/42") is ScriptState.FAILED
    assert state_of("ProvisioningState/transitioning") is ScriptState.RUNNING
    assert state_of("ProvisioningState/novel") is ScriptState.UNKNOWN
    assert state_of("odd") is ScriptState.UNKNOWN


def test_foreign_text_becomes_one_harmless_line() -> None:
    assert one_line("\x1b[31mred\x1b[0m\x1b]0;title\x07\r\n next\x00") == "red next"
    assert len(one_line("x" * 900)) == 400


def test_tails_are_cut_at_the_front_in_whole_characters() -> None:
    text = "é" * 4000
    assert tail(text) == "é" * 2048
    assert tail("short") == "short"
