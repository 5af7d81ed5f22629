"""Standard output on a full disk, or closed: an error in words, or silence; never a bug of ours."""

import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def run(redirection: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = f'exec "$0" -m vmss_tui "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *words], stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [("version",), ("profiles", "list"), ("profiles", "list", "--json")])
def test_a_full_disk_is_named(words: tuple[str, ...]) -> None:
    done = run(f">{FULL}", *words)
    assert done.returncode == 2 and "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr and "bug" not in done.stderr


def test_a_closed_stdout_is_nothing_to_write_to() -> None:
    done = run(">&-", "profiles", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
