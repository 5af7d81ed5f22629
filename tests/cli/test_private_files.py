"""With any umask, no other user can read or write the program's files; checked after using all of it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import PROFILE, Program
from support.terminal import Terminal

pytestmark = pytest.mark.campaign
PLACES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")


@pytest.fixture
def program(own: Program, tmp_path: Path) -> Iterator[Program]:
    """With a home of its own, where every new file is open to everyone unless the program says otherwise."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    before = os.umask(0)
    yield Program({**own.variables, "HOME": str(home), **dict.fromkeys(PLACES, "")}, home)
    os.umask(before)


def open_to_others(home: Path) -> dict[str, str]:
    """Files and directories at which the group or others may do anything."""
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in home.rglob("*") if not path.is_symlink()}
    return {str(path.relative_to(home)): f"{mode:o}" for path, mode in modes.items() if mode & 0o077}


def test_everything_that_is_written_is_private(program: Program) -> None:
    home = program.directory
    assert program("profiles", "new", "app").code == 0
    profile = home / ".config" / "vmss-tui" / "profiles" / "app.toml"
    profile.write_text(PROFILE)
    assert program("profiles", "import", "--from", "hand", "--name", "im").code == 0
    assert program("profiles", "export", "app", "--set", "version=2.0.0", "--directory", "exported").code == 0
    assert program("list").code == 0
    assert program("rehearse", "app", "hand", "--set", "version=2.0.0").code == 0
    rollout = program("rollout", "app", "hand", "--set", "version=2.0.0", "--yes", "--detach").out.strip()
    assert program("attach", rollout, "--jsonl").code == 0
    for form in ("md", "html", "json", "jsonl", "csv", "junit"):
        assert program("report", rollout, "--format", form, "--output", f"report.{form}").code == 0
    assert program("report", rollout, "--output", "/dev/null").code == 0
    later = program("rollout", "app", "slow", "--set", "version=2.0.0", "--yes", "--at", "+2h")
    assert later.code == 0, later.err
    program("cancel")
    assert program("diagnose", "hand", "0", "disk").code == 0
    assert program("support-bundle", "--output", "bundle.tar.gz").code == 0
    program("journal", "repair")
    with Terminal(env=program.env, directory=home) as app:
        app.wait_for("deployer")  # signed in
        app.press("*")
        app.settle()
        app.press("e")
        app.wait_for("WHAT CHANGES")
        app.press("x")
        app.settle(2.0)  # the draft is kept
        app.press("escape")
        app.wait_for("Leave the form")
        app.press("y")
        app.wait_for("scale sets")
        app.press("q")
        app.finish()
    assert list((home / ".local" / "state" / "vmss-tui" / "drafts").iterdir())
    assert (home / ".local" / "state" / "vmss-tui" / "journal.db").exists()
    assert (home / ".config" / "vmss-tui" / "favorites").exists()
    assert open_to_others(home) == {}
