"""Commands without a shell and HTTP without secrets: what external gates and notifications are made of.

Their output never reaches Azure. A gate that cannot be checked has failed; a hook that fails is noted.
"""

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from vmss_tui import duration
from vmss_tui.domain.plan.rollout_policy import ExternalGate
from vmss_tui.text import one_line

_KEPT_LENGTH = 300
_CREDENTIALS = ("AZURE_", "ARM_", "IDENTITY_", "MSI_", "PGPASSWORD", "VMSS_TUI_SECRET_", "VMSS_TUI_SERVE_")
"""How the variables begin that hold a way into Azure, into the team's journal or into a served app."""


async def check_gate(gate: ExternalGate, facts: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether an external gate passes, and its message. `facts` reach a command as JSON on standard input."""
    try:
        if gate.command:
            code, output = await run_command(gate.command, facts, gate.timeout_seconds)
            return code == 0, output or f"{gate.command[0]} ended with {code}"
        status, said = await call("GET", gate.url, None, gate.timeout_seconds)
        return 200 <= status < 300, f"{gate.url} answered {status}" + (f": {said}" if said else "")
    except TimeoutError:
        return False, f"{_name(gate.command, gate.url)} did not answer within {duration.exact(gate.timeout_seconds)}"
    except (OSError, ValueError) as problem:
        return False, f"{_name(gate.command, gate.url)} cannot be checked: {problem}"


async def run_command(command: Sequence[str], facts: Mapping[str, Any], timeout_seconds: float) -> tuple[int, str]:
    """Run a command without a shell and without credentials around it; its exit code and its last line of output.

    Raises TimeoutError (the command is killed), OSError.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: value for name, value in os.environ.items() if not name.startswith(_CREDENTIALS)},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            output, _ = await process.communicate(json.dumps(facts).encode())
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            await process.wait()
    return process.returncode or 0, _last_line(output)


async def call(method: str, url: str, body: Mapping[str, Any] | None, timeout_seconds: float) -> tuple[int, str]:
    """One HTTP request; its status and the first words of its answer. Raises TimeoutError, OSError, ValueError."""
    import aiohttp

    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url!r} is not a web address")
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    connector = aiohttp.TCPConnector(ssl=await asyncio.to_thread(ssl.create_default_context))
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=True) as session,
            session.request(method, url, json=body) as answer,
        ):
            said = (await answer.content.read(4096)).decode("utf-8", "replace")
            return answer.status, _last_line(said.encode())
    except aiohttp.ClientError as problem:
        raise OSError(str(problem)) from problem


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return one_line(lines[-1], _KEPT_LENGTH) if lines else ""


def _name(command: Sequence[str], url: str) -> str:
    return command[0] if command else url
