"""The user's editor, or a shell, with the terminal lent to it meanwhile. Must not import Textual."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from vmss_tui.text import plain

Lend = Callable[[], AbstractContextManager[object]]
"""Gives the terminal away until its context ends."""


def run_editor(command: Sequence[str], lend: Lend) -> None:
    """Run the editor `command` and wait for its end. Raises OSError when it cannot be started."""
    with lend():
        _run(command)


def run_program(command: Sequence[str], title: str, lend: Lend) -> int:
    """Run a program below a line with its `title`; returns its exit status. Raises OSError when it cannot start."""
    with lend():
        os.write(2, f"{plain(title)}\r\n".encode())
        return _run(command)


def _run(command: Sequence[str]) -> int:
    """Wait for a program that has the terminal: an interrupt from its keyboard is for the program alone.

    Our own handler does nothing meanwhile. It is a function, since a program would inherit an ignored signal.
    """
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        return subprocess.run([*command], check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def edit_text(text: str, suffix: str, command: Callable[[Path], Sequence[str]], lend: Lend) -> str:
    """The text as it is after the editor; meanwhile it is in a file of its own, mode 0600.

    Raises OSError when the editor cannot be started, and what `lend` raises.
    """
    handle, name = tempfile.mkstemp(prefix="vmss-tui-", suffix=suffix)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        run_editor(command(path), lend)
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
    finally:
        path.unlink(missing_ok=True)
