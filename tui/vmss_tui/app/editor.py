"""The user's editor over a text or a file, with the terminal lent to it meanwhile. Must not import Textual."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

Lend = Callable[[], AbstractContextManager[object]]
"""Gives the terminal away until its context ends."""


def run_editor(command: Sequence[str], lend: Lend) -> None:
    """Run the editor `command` and wait for its end. Raises OSError when it cannot be started."""
    with lend():
        subprocess.run([*command], check=False)


def edit_text(text: str, suffix: str, command: Callable[[Path], Sequence[str]], lend: Lend) -> str:
    """The text as it is after the editor; it stands in a file of its own meanwhile, mode 0600.

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
