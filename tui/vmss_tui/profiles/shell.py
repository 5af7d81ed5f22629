"""Checks of an inline script before it reaches a machine: shebang, line ends, size, and the shell's own syntax check.

The syntax check starts a local shell with `-n`, which reads and never runs the script.
"""

import asyncio
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress

from vmss_tui.profiles.inline import encode
from vmss_tui.profiles.problem import LintProblem, error, warning

_SHELLS = ("sh", "dash", "bash", "ksh", "zsh", "ash")
_LINE = re.compile(r"(?:line )?(\d+): ?(.*)")


def check_text(text: str, *, skip_dos2unix: bool = False, key: str = "script.inline") -> tuple[LintProblem, ...]:
    """What can be seen without a shell; usable while it is typed."""
    return tuple(_text_problems(text, skip_dos2unix, key))


def _text_problems(text: str, skip_dos2unix: bool, key: str) -> Iterator[LintProblem]:
    size = encode(text)
    if not text.strip():
        yield error(key, "is empty", "write a script, or use a command")
    if not size.fits:
        yield error(key, f"is too long: {size.meter()}", "download it with script.files instead")
    if "\r\n" in text and skip_dos2unix:
        yield error(key, "has CRLF line ends, and skip_dos2unix keeps them", "remove skip_dos2unix or save it with LF")
    elif "\r\n" in text:
        yield warning(key, "has CRLF line ends; the handler removes them", "save it with LF", "crlf")
    if text.startswith("\ufeff"):
        yield warning(key, "begins with a byte order mark; the handler removes it", "save it without", "bom")
    yield from _shebang(text.removeprefix("\ufeff"), key)


def _shebang(text: str, key: str) -> Iterator[LintProblem]:
    lines = text.splitlines()
    late = next((number for number, line in enumerate(lines, 1) if line.startswith("#!") and number > 1), 0)
    if text.startswith("#!"):
        if interpreter(text) == "":
            yield error(key, "the first line names no interpreter", "write #!/bin/sh")
        return
    if late and not any(line.strip() for line in lines[: late - 1]):
        yield error(key, f"the #! stands on line {late} and has no effect there", "make it the very first line")
    elif text.strip() and re.search(r"\[\[ |\bfunction \w|<<<|\$\{\w+\[", text):
        yield warning(key, "uses bash and has no #!: it is run by /bin/sh", "begin with #!/bin/bash", "no-shebang")


def interpreter(text: str) -> str:
    """The program that runs a script: `sh` without a shebang, empty when the shebang names none."""
    if not text.startswith("#!"):
        return "sh"
    words = [word for word in text[2:].split("\n", 1)[0].split() if not word.startswith("-")]
    names = [word.rsplit("/", 1)[-1] for word in words]
    return names[1] if len(names) > 1 and names[0] == "env" else names[0] if names else ""


async def check_syntax(
    text: str, *, key: str = "script.inline", timeout_seconds: float = 5.0
) -> tuple[LintProblem, ...]:
    """What the shell itself says of the syntax; nothing for other interpreters. Never raises for a bad script."""
    name = interpreter(text)
    if name not in _SHELLS:
        return ()
    program = shutil.which(name)
    if program is None:
        hint = f"install {name}, or rely on the machine to tell"
        return (warning(key, f"the syntax was not checked: there is no {name} here", hint, "not-checked"),)
    try:
        complaints = await _complaints(program, text, timeout_seconds)
    except TimeoutError:
        hint = "check it by hand"
        return (warning(key, f"the syntax check took longer than {timeout_seconds:g} s", hint, "not-checked"),)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        return (warning(key, f"the syntax was not checked: {reason}", f"run {name} -n by hand", "not-checked"),)
    return tuple(_complaint(line, name, key) for line in complaints)


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
    if found is None:
        return error(key, line.strip(), f"{name} -n finds it", "syntax")
    return error(key, f"line {found[1]}: {found[2].strip()}", f"{name} -n finds it", "syntax")
