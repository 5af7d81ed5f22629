"""What can be seen of an inline script without running anything: shebang, line ends, size. Pure."""

import re
from collections.abc import Iterator

from vmss_tui.profiles.convert.inline_script import encode
from vmss_tui.profiles.format.problem import LintProblem, error, warning


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
