"""A home of another user, as `sudo -u` leaves it: every command says what it cannot read, none calls it a bug."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {"profiles list": 0, "config check": 2, "rollouts": 1, "profiles new mine": 2}
WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
"""Root passes no check of rights without these."""


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(home), "PATH": os.environ["PATH"]}
    before = WITHOUT_PRIVILEGES if os.getuid() == 0 else ()
    command = [*before, sys.executable, *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (home := tmp_path / "home").mkdir(mode=0)
    if os.getuid() == 0 and shutil.which(WITHOUT_PRIVILEGES[0]) is None:
        pytest.skip("no setpriv, and root may read everything")
    return home


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_read_is_named(command: str, home: Path) -> None:
    done = run(home, "-m", "vmss_tui", *command.split())
    assert done.returncode == COMMANDS[command], done.stderr
    assert f"{home}/.config/vmss-tui" in done.stderr or command == "profiles list"
    assert "bug" not in done.stderr and "Traceback" not in done.stderr
