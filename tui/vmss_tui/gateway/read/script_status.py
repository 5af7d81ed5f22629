"""What a Custom Script Extension reports as text: exit code, stdout, stderr, read leniently.

Pure. Wordings: custom-script-extension-linux and its legacy, the Windows handler, the guest agents (WALinuxAgent), and
the operations' errors that quote them (recordings `op_failed_cse_v1_create`, `*_cse_*`). Each output is at most the
last 4 KiB, cut at the front.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from vmss_tui.domain.fleet.script import ScriptState
from vmss_tui.text import one_line

TAIL = 4096
_EXIT = (
    re.compile(r"non-zero exit code(?: of)?[=:\s]+'?(-?\d+)", re.IGNORECASE),
    re.compile(r"terminated with exit status[=:\s]+(-?\d+)", re.IGNORECASE),
    re.compile(r"exit(?:ed with)? (?:status|code)[=:\s]+'?(-?\d+)", re.IGNORECASE),
    re.compile(r"ExitCode[=:\s]+'?(-?\d+)"),
)
"""The wording of the handler first: what a script prints may speak of other codes."""
_MARKS = (
    (
        re.compile(r"^[ \t]*\[stdout\][ \t]*\r?$", re.MULTILINE),
        re.compile(r"^[ \t]*\[stderr\][ \t]*\r?$", re.MULTILINE),
    ),
    (
        re.compile(r"^[ \t]*---stdout---[ \t]*\r?$", re.MULTILINE),
        re.compile(r"^[ \t]*---errout---[ \t]*\r?$", re.MULTILINE),
    ),
)
"""Lines that begin stdout and stderr; only alone on a line, since a script may print them."""
_WINDOWS_ERROR = re.compile(
    r"\s{0,8}The command had an error output of: '(?P<err>.*?)'{0,4}\.?\s{0,8}"
    r"(?:For more information, check the instance view.{0,400})?\Z",
    re.DOTALL,
)
_HANDLER = re.compile(
    r"\[Extension\w*Error\]|custom-script-shim \w+|Failed to download artifacts"
    r"|(?:Install|Enable|Update|Disable|Uninstall) failed for plugin|has exited with Exit code|terminal error code",
    re.IGNORECASE,
)
"""The guest agent speaks of the handler: an exit code in such a text is the handler's, not the script's."""
_TRAILER = re.compile(
    r"""\s{0,8}(?:['"]?\.?\s{0,8}(?:Detailed error: '.{0,1000}?'\.?)?\s{0,8}"""
    r"""(?:'?\w{1,20} handler failed for the extension\.?\s{0,8})?"""
    r"""More information on troubleshooting is available at \S{1,400}\s{0,8}|\\?["']\.?\s{0,8})$""",
    re.DOTALL,
)
_QUOTED = re.compile(r"[Ee]rror message: \\?[\"'](?P<text>.*)", re.DOTALL)
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
    """A status message taken apart: `summary` on one line, `exit_code` the script's, None when it names none."""

    summary: str = ""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    of_handler: bool = False
    """Whether the handler failed (download, install, update), so that the script did not run."""


@lru_cache(maxsize=256)
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
    head, stdout, stderr = _split(inner)
    of_handler = bool(_HANDLER.search(head))
    return ScriptReport(
        summary=one_line(head).rstrip(" :"),
        exit_code=None if of_handler else _exit_code(head),
        stdout=tail(stdout),
        stderr=tail(stderr),
        of_handler=of_handler,
    )


def _split(text: str) -> tuple[str, str, str]:
    """What the handler says, then the script's stdout and stderr."""
    for begins_out, begins_err in _MARKS:
        if (out := begins_out.search(text)) is None:
            continue
        ends = list(begins_err.finditer(text, out.end()))
        stop, start = (ends[-1].start(), ends[-1].end()) if ends else (len(text), len(text))
        return text[: out.start()], _trimmed(text[out.end() : stop]), text[start:].lstrip("\r\n")
    if windows := _WINDOWS_ERROR.search(text):
        return text[: windows.start()], "", windows["err"]
    return text, "", ""


def _trimmed(text: str) -> str:
    """An output without the line ends of the marks around it."""
    text = text.removeprefix("\r").removeprefix("\n")
    return text.removesuffix("\n").removesuffix("\r")


def read_substatuses(pairs: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Stdout and stderr of the Windows handler from its (code, message) substatuses."""
    outputs = {"stdout": "", "stderr": ""}
    for code, message in pairs:
        parts = code.lower().split("/")
        if len(parts) > 1 and parts[1] in outputs:
            outputs[parts[1]] = tail(message)
    return outputs["stdout"], outputs["stderr"]


def _exit_code(text: str) -> int | None:
    found = next((hit for pattern in _EXIT if (hit := pattern.search(text))), None)
    return int(found[1]) if found else None
