"""Suggested commands work in the directory and environment of the user."""

import sys
from pathlib import Path

import pytest

from vmss_tui.cli.invocation import DEMO, as_typed


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the program in its .venv, which is not on the PATH."""
    started = tmp_path / "my work" / ".venv" / "bin" / "vmss-tui"
    started.parent.mkdir(parents=True)
    started.write_text("#!/bin/sh\n")
    started.chmod(0o755)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv(DEMO, raising=False)
    monkeypatch.chdir(tmp_path / "my work")
    monkeypatch.setattr(sys, "argv", [str(started)])
    return started


def test_from_a_checkout_it_is_the_path_from_here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert as_typed("see `vmss-tui attach 7f3a`.") == "see `.venv/bin/vmss-tui attach 7f3a`."
    assert as_typed("`vmss-tui demo attach` shows it") == "`.venv/bin/vmss-tui demo attach` shows it"
    monkeypatch.chdir("/")
    assert as_typed("`vmss-tui list`") == f"`'{place}' list`"


def test_on_the_path_it_is_the_name(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{place.parent}:/usr/bin")
    assert as_typed("`vmss-tui list`") == "`vmss-tui list`"


def test_within_the_demo_every_command_is_one_of_the_demo(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEMO, "1")
    assert as_typed("`vmss-tui attach`, `vmss-tui demo cancel`") == (
        "`.venv/bin/vmss-tui demo attach`, `.venv/bin/vmss-tui demo cancel`"
    )
    assert as_typed("done\nvmss-tui report 7f3a --format md") == (
        "done\n.venv/bin/vmss-tui demo report 7f3a --format md"
    )
    assert as_typed("vmss-tui: the app needs a terminal") == "vmss-tui: the app needs a terminal"


@pytest.mark.usefixtures("place")
def test_a_module_is_run_as_a_module_and_a_runner_speaks_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/lib/vmss_tui/__main__.py", "list"])
    monkeypatch.setattr(sys, "executable", "/opt/bin/python3")
    assert as_typed("`vmss-tui list`") == "`/opt/bin/python3 -m vmss_tui list`"
    monkeypatch.setattr(sys, "executable", str(Path.cwd() / ".venv" / "bin" / "python3"))
    assert as_typed("`vmss-tui list`") == "`.venv/bin/vmss-tui list`"
    monkeypatch.setattr(sys, "argv", ["/opt/lib/vmss_tui/__main__.py", "runner", "7f3a"])
    assert as_typed("`vmss-tui list`") == "`vmss-tui list`"
