"""What a Custom Script Extension says in prose: exit code, stdout, stderr, read leniently.

Pure. Wordings: custom-script-extension-linux, its legacy, the Windows handler, and the operations' errors that quote
them (recordings `op_failed_cse_v1_create`, `*_cse_*`). Each output is at most the last 4 KiB, cut at the front.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.text import one_line

TAIL = 4096
_EXIT = (
    re.compile(r"exit(?:ed with)? (?:status|code)[=:\s]+'?(-?\d+)", re.IGNORECASE),
    re.compile(r"non-zero exit code(?: of)?[=:\s]+'?(-?\d+)", re.IGNORECASE),
    re.compile(r"ExitCode[=:\s]+'?(-?\d+)"),
)
_OUTPUTS = (
    re.compile(r"\[stdout\][ \t]*\r?\n?(?P<out>.*?)\r?\n?\[stderr\][ \t]*\r?\n?(?P<err>.*)", re.DOTALL),
    re.compile(r"---stdout---[ \t]*\r?\n?(?P<out>.*?)\r?\n?---errout---[ \t]*\r?\n?(?P<err>.*)", re.DOTALL),
)
_MARKER = re.compile(r"\[stdout\]|---stdout---")
_TRAILER = re.compile(
    r"""\s*(?:['"]?\.?\s*(?:Detailed error: '.*?'\.?)?\s*"""
    r"""More information on troubleshooting is available at \S+\s*|\\?["']\.?\s*)$""",
    re.DOTALL,
)
_QUOTED = re.compile(r"Error message: \\?[\"'](?P<text>.*)", re.DOTALL)
_STATES = {
    "succeeded": ScriptState.SUCCEEDED,
    "failed": ScriptState.FAILED,
    "updating": ScriptState.RUNNING,
    "transitioning": ScriptState.RUNNING,
    "creating": ScriptState.RUNNING,
    "deleting": ScriptState.RUNNING,
}


@dataclass(frozen=True, slots=True)
class ScriptReport:
    """A status message taken apart: `summary` on one line, `exit_code` None when it names none."""

    summary: str = ""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""


def state_of(code: str) -> ScriptState:
    """State of `ProvisioningState/<state>[/<error>]`; parts after the second do not matter."""
    parts = code.split("/")
    return _STATES.get(parts[1].lower(), ScriptState.UNKNOWN) if len(parts) > 1 else ScriptState.UNKNOWN


def tail(text: str) -> str:
    """The last 4 KiB of an output, whole characters only."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= TAIL else data[-TAIL:].decode("utf-8", "ignore")


def read_message(message: str) -> ScriptReport:
    """Take a status or error message of any handler apart."""
    quoted = _QUOTED.search(message)
    inner = _TRAILER.sub("", quoted["text"]) if quoted else message
    found = next((hit for each in _OUTPUTS if (hit := each.search(inner))), None)
    marker = _MARKER.search(inner)
    head = inner[: marker.start()] if marker else inner
    stdout, stderr = (found["out"], found["err"]) if found else ("", "")
    if found is None and marker is not None:
        stdout = inner[marker.end() :].lstrip("\r\n")
    return ScriptReport(
        summary=one_line(head).rstrip(" :"),
        exit_code=_exit_code(head if marker else message),
        stdout=tail(stdout),
        stderr=tail(stderr),
    )


def read_substatuses(pairs: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Stdout and stderr of the Windows handler from its (code, message) substatuses."""
    outputs = {"stdout": "", "stderr": ""}
    for code, message in pairs:
        parts = code.lower().split("/")
        if len(parts) > 1 and parts[1] in outputs:
            outputs[parts[1]] = tail(message)
    return outputs["stdout"], outputs["stderr"]


def _exit_code(text: str) -> int | None:
    found = next((hit for each in _EXIT if (hit := each.search(text))), None)
    return int(found[1]) if found else None
