"""The shell's own syntax check of an inline script: starts a local shell with `-n`, which reads and never runs it."""

import asyncio
import re
import shutil
from contextlib import suppress

from vmss_tui.profiles.format.inline_script import decode
from vmss_tui.profiles.format.problem import LintProblem, error, warning
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.lint.script_text import interpreter

_SHELLS = ("sh", "dash", "bash", "ksh", "zsh", "ash")
_LINE = re.compile(r"(?<!\d)(\d{1,9}): ?(.*)")


async def check_syntax(
    text: str, *, key: str = "script.inline", timeout_seconds: float = 5.0
) -> tuple[LintProblem, ...]:
    """What the shell itself says of the syntax; nothing for other interpreters. Never raises for a bad script."""
    name = interpreter(text)
    if name not in _SHELLS:
        return ()
    program = shutil.which(name)
    if program is None:
        hint = f"install {name}, or check it on an instance"
        return (warning(key, f"the syntax was not checked: there is no {name} here", hint, "not-checked"),)
    try:
        complaints = await _complaints(program, text, timeout_seconds)
    except TimeoutError:
        hint = "check it by hand"
        return (warning(key, f"the syntax check took longer than {timeout_seconds:g}s", hint, "not-checked"),)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        return (warning(key, f"the syntax was not checked: {reason}", f"run {name} -n by hand", "not-checked"),)
    return tuple(_complaint(line, name, key) for line in complaints)


async def syntax_problems(profile: Profile) -> tuple[LintProblem, ...]:
    """What the shell says of a profile's inline script, written down or encoded; nothing without one."""
    script = profile.script
    key = "script.inline_file" if script.inline_file else "script.inline"
    text, encoded = script.inline, script.settings.get("script")
    if not text and isinstance(encoded, str):
        key = "script.settings.script"
        with suppress(ValueError):
            text = decode(encoded)
    return await check_syntax(text, key=key) if text.strip() else ()


async def _complaints(program: str, text: str, timeout_seconds: float) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        program,
        "-n",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
    try:
        content = text.replace("\r\n", "\n").encode()
        _, said = await asyncio.wait_for(process.communicate(content), timeout_seconds)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode == 0:
        return []
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return [line for line in lines if _LINE.search(line)] or lines[:1] or ["syntax error"]


def _complaint(line: str, name: str, key: str) -> LintProblem:
    found = _LINE.search(line)
    message = f"line {found[1]}: {found[2].strip()}" if found is not None else line.strip()
    return error(key, message, f"correct it; {name} -n FILE checks it here", "syntax")
