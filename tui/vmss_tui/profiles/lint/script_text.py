"""What can be seen of an inline script without running anything: shebang, line ends, size. Pure."""

import re
from collections.abc import Iterator

from vmss_tui.profiles.format.inline_script import encode
from vmss_tui.profiles.format.problem import LintProblem, error, warning

REBOOT = re.compile(r"(?:^|[;&|\s])(?:sudo\s{1,8})?(?:reboot|shutdown|init\s[06]|Restart-Computer)(?=$|[;&|\s])")
"""A command that reboots the instance."""
_PROMPT = re.compile(
    r"(?:^|[;&|]\s{0,8})(?:read\s{1,8}(?:-\w{1,4}\s{1,8}){0,4}-\w{0,3}[ps]\b|Read-Host\b|passwd\s{1,8}\w|select\s\w{1,40}\sin\b)"
)
_INSTALLS = re.compile(
    r"(?:^|[;&|\s])(?:apt|apt-get|yum|dnf|zypper)\s{1,8}(?:-\w{1,12}\s{1,8}){0,4}(?:install|remove|upgrade|dist-upgrade)\b"
)
_UNASKED = re.compile(
    r"\s-(?:y|yy|qq|qy|yq|n)\b|--yes|--assume-yes|--assumeyes|--non-interactive|--noconfirm|\byes\s{0,8}\|"
)


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
    yield from _unattended(text, key)


def _unattended(text: str, key: str) -> Iterator[LintProblem]:
    """Commands of a script that need a person, or end the instance under the handler."""
    for number, line in enumerate(text.splitlines(), 1):
        code = line.strip()[:500]
        if code.startswith("#"):
            continue
        if REBOOT.search(code):
            yield warning(key, f"line {number} reboots the instance, which is not supported", "reboot later", "reboot")
        if _PROMPT.search(code) or (_INSTALLS.search(code) and not _UNASKED.search(code)):
            hint = "pass the answer as an argument, such as -y"
            yield warning(key, f"line {number} waits for input, and no one can type any", hint, "prompt")


def _shebang(text: str, key: str) -> Iterator[LintProblem]:
    lines = text.splitlines()
    late = next((number for number, line in enumerate(lines, 1) if line.startswith("#!") and number > 1), 0)
    if text.startswith("#!"):
        if interpreter(text) == "":
            yield error(key, "the first line names no interpreter", "write #!/bin/sh")
        return
    if late and not any(line.strip() for line in lines[: late - 1]):
        yield error(key, f"the #! is on line {late} and has no effect there", "make it the very first line")
    elif text.strip() and re.search(r"\[\[ |\bfunction \w|<<<|\$\{\w+\[", text):
        yield warning(key, "uses bash and has no #!: it is run by /bin/sh", "begin with #!/bin/bash", "no-shebang")


def interpreter(text: str) -> str:
    """The program that runs a script: `sh` without a shebang, empty when the shebang names none."""
    if not text.startswith("#!"):
        return "sh"
    words = [word for word in text[2:].split("\n", 1)[0].split() if not word.startswith("-")]
    names = [word.rsplit("/", 1)[-1] for word in words]
    return names[1] if len(names) > 1 and names[0] == "env" else names[0] if names else ""
