"""Standard output on a full disk, closed, or in a poor encoding: an error in words, or silence; never a bug of ours."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmss_tui.cli import output

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


@pytest.mark.parametrize("words", ["profiles list", "profiles list --json", "completion bash", "--help"])
def test_a_reader_that_has_gone_is_reported_as_shells_report_it(words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "vmss_tui", *words.split()]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(writing)
    assert done.returncode in ((0, 141) if words == "--help" else (141,)) and done.stderr == ""


@pytest.mark.parametrize(
    ("encoding", "wish", "shown"),
    [
        ("utf-8", "", "● 3 läuft – …"),
        ("utf-8", "1", "# 3 läuft - ~"),
        ("latin-1", "", "# 3 läuft - ~"),
        ("ascii", "", "# 3 l?uft - ~"),
        ("ascii", "0", "? 3 l?uft ? ?"),
    ],
)
def test_signs_that_a_stream_cannot_show_are_ascii(
    encoding: str, wish: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMSS_TUI_ASCII", wish)
    monkeypatch.setenv("TERM", "dumb")  # which says nothing about a pipe
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert output.displayable("● 3 läuft – …", stream) == shown
