"""Starts the runner: a process of its own, in its own session, that outlives the terminal, the app and the SSH line.

Protected values travel through a pipe to its stdin and nowhere else: not in its arguments, not in its environment,
not in a file. What it prints goes to a private log file.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from vmss_tui.cli.settings import Settings
from vmss_tui.domain.fleet.script import Secret
from vmss_tui.errors import LeaseHeld, VmssTuiError
from vmss_tui.paths import open_private
from vmss_tui.ports import Clock

LONGEST_START = 60.0
"""Seconds after which a runner that has not taken its lease counts as stuck."""
_LOOK = 0.05
_LEAN = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""Settings of glibc for a process that waits most of its life: one heap for all threads, and free memory is returned to
the system: 6 MiB. Other systems ignore them, and what the user has set stays."""
_OWN = "vmss-tui: "
"""How the program begins what it says."""


def python(*arguments: str) -> list[str]:
    """A command line for this very Python; `-P` keeps the current directory out of its imports."""
    return [sys.executable, "-P", "-m", *arguments]


def runner_command(
    rollout: str, journal: Path | str, settings: Settings, *, force: bool = False, wait: bool = False
) -> list[str]:
    """The command line of the runner of a rollout.

    `force` takes over from a silent one on another host; with `wait` it starts a scheduled one when that is due.
    """
    command = python("vmss_tui", "runner", rollout, "--journal", str(journal), *(["--force"] if force else []))
    command += ["--wait"] if wait else []
    for option, value in (
        ("--cloud", settings.cloud),
        ("--auth", settings.auth),
        ("--tenant", settings.tenant),
        ("--log-level", "debug" if settings.debug else settings.log_level),
    ):
        if value:
            command += [option, value]
    return command


async def spawn(
    command: Sequence[str], secrets: Mapping[str, Secret], log: Path, *, environ: Mapping[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start a detached process, hand it the secrets, return it. `environ`: its environment; None: this process's own.

    Raises VmssTuiError when it cannot be started.
    """
    return await asyncio.to_thread(_spawn, command, secrets, log, os.environ if environ is None else environ)


def _spawn(
    command: Sequence[str], secrets: Mapping[str, Secret], log: Path, given: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    from vmss_tui.profiles.secrets import VARIABLES

    environ = {**_LEAN, **{name: value for name, value in given.items() if not name.startswith(VARIABLES)}}
    try:
        output = open_private(log)
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True, env=environ
            )
        finally:
            os.close(output)
    except OSError as error:
        raise VmssTuiError(
            f"the runner cannot be started: {error.strerror or error}", hint=f"its log would be {log}"
        ) from error
    threading.Thread(target=process.wait, name="reap the runner", daemon=True).start()
    _hand_over(process, secrets)
    return process


def _hand_over(process: "subprocess.Popen[bytes]", secrets: Mapping[str, Secret]) -> None:
    assert process.stdin is not None
    text = json.dumps({name: value.reveal() for name, value in secrets.items()})
    with contextlib.suppress(BrokenPipeError), process.stdin:
        process.stdin.write(text.encode())


def read_secrets() -> dict[str, Secret]:
    """What `spawn` handed over: everything on stdin, unless a person sits there. Raises VmssTuiError."""
    if sys.stdin is None or sys.stdin.isatty():
        return {}
    text = sys.stdin.read()
    try:
        given = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise VmssTuiError("stdin is not the JSON object of protected settings") from None
    if not isinstance(given, dict):
        raise VmssTuiError("stdin is not the JSON object of protected settings")
    return {str(name): Secret(value) for name, value in given.items()}


async def wait_until_running(
    process: "subprocess.Popen[bytes]", is_running: Callable[[int], bool], log: Path, clock: Clock
) -> None:
    """Return once `is_running(pid)`.

    Raises LeaseHeld when another runner was first, VmssTuiError with the last line of its log when it ended at once.
    """
    limit = clock.monotonic() + LONGEST_START
    while not is_running(process.pid):
        code = process.poll()
        if code is not None and not is_running(process.pid):
            raise died(code, log)
        if clock.monotonic() > limit:
            raise VmssTuiError(f"the runner has not started within {LONGEST_START:.0f}s", hint=f"its log is {log}")
        await clock.sleep(_LOOK)


def died(code: int, log: Path) -> VmssTuiError:
    """The last output of a runner that ended too early, as an error."""
    said, hint = _last_words(log)
    if code == LeaseHeld.exit_code:
        follow = "`vmss-tui attach` follows it"
        return LeaseHeld(said or "another runner is active on this scale set", hint=hint or follow)
    return VmssTuiError(said or f"the runner exited immediately with code {code}", hint=hint or f"its log is {log}")


def _last_words(log: Path) -> tuple[str, str]:
    """The last message of the program in a log, without its prefix, and the hint below it."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:]
    except OSError:
        return "", ""
    own = [index for index, line in enumerate(lines) if line.startswith(_OWN)]
    if not own:
        return "", ""
    hint = takewhile(lambda line: line.startswith("  "), lines[own[-1] + 1 :])
    return lines[own[-1]].removeprefix(_OWN), " ".join(line.strip() for line in hint)
