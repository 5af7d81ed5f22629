"""Windows has no sessions, no SIGHUP and no file modes: the program says in one line that it does not run there."""

import subprocess
import sys

import pytest

# A Python as on Windows, as far as the way to that line can notice.
_ON_WINDOWS = """
import os, signal, sys
from vmss_tui.cli.main import main
for missing in ("fcntl", "termios", "pwd", "grp", "resource", "pty", "tty"):
    sys.modules[missing] = None
for missing in ("SIGHUP", "SIGPIPE", "SIGWINCH", "SIGTSTP"):
    delattr(signal, missing)
os.name = "nt"
sys.exit(main({arguments!r}))
"""


@pytest.mark.parametrize("arguments", [[], ["--version"], ["demo"], ["list", "--json"]])
def test_it_says_in_one_line_that_it_does_not_run_there(arguments: list[str]) -> None:
    code = _ON_WINDOWS.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "Windows" in line and "WSL" in line
