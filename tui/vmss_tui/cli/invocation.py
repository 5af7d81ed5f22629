"""How this program was started, so that the commands in its texts can be copied and run as shown.

Pure but for the process's own arguments and environment. Texts name commands as `vmss-tui …`, in backticks or at the
beginning of a line.
"""

import os
import re
import sys
from pathlib import Path

NAME = "vmss-tui"
DEMO = "VMSS_TUI_DEMO"
"""Set in the environment of what runs within the demo."""

_COMMAND = re.compile(rf"(`|^(?=\S+ (?:attach|report|rollouts)\b)){NAME} (demo )?", re.MULTILINE)


def as_typed(text: str) -> str:
    """The commands that `text` suggests, as they must be typed on this host: `.venv/bin/vmss-tui demo attach`."""
    if NAME not in text:
        return text
    within = "demo " if DEMO in os.environ else ""
    return _COMMAND.sub(lambda found: f"{found[1]}{program()} {found[2] or within}", text)


def program() -> str:
    """What one types to run this program from here: its name when the shell finds it, else its path."""
    import shlex
    import shutil

    started = Path(sys.argv[0])
    if started.name == "__main__.py" and sys.argv[1:2] != ["runner"]:
        beside = Path(sys.executable).parent / NAME
        if not beside.exists():
            return f"{shlex.quote(_near(Path(sys.executable)))} -m vmss_tui"
        started = beside
    if started.name != NAME:
        return NAME
    found = shutil.which(NAME)
    return NAME if found is not None and _same(Path(found), started) else shlex.quote(_near(started))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _near(path: Path) -> str:
    """The path from the current directory when it is inside of it, else in full."""
    try:
        whole, here = path.absolute(), Path.cwd()
    except OSError:
        return str(path)
    return str(whole.relative_to(here)) if whole.is_relative_to(here) and here != Path(here.anchor) else str(whole)
