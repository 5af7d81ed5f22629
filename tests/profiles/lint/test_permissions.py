"""Commands of a profile run on this host: not from a file that others can write."""

import os
from pathlib import Path

import pytest

from support.profiles.texts import HEAD, SCRIPT
from vmss_tui.errors import ProfileInvalid
from vmss_tui.profiles.lint.permissions import unsafe_commands
from vmss_tui.profiles.model import lint_file, load

HOOK = '[[hooks]]\ncommand = ["notify"]\n'
GATE = '[rollout.gate]\ncommand = ["check"]\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "profiles"
    directory.mkdir(mode=0o700)
    return directory


def refused(path: Path) -> list[str]:
    return [problem.key for problem in lint_file(path) if problem.code == "others-can-write"]


def written(home: Path, text: str, mode: int = 0o600) -> Path:
    path = home / "web.toml"
    path.write_text(HEAD + text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(("mode", "safe"), [(0o600, True), (0o644, True), (0o664, False), (0o602, False)])
def test_a_command_needs_a_file_that_only_its_owner_can_write(home: Path, mode: int, safe: bool) -> None:
    path = written(home, SCRIPT + HOOK + GATE, mode)
    assert refused(path) == ([] if safe else ["hooks[0].command", "rollout.gate.command"])
    if not safe:
        with pytest.raises(ProfileInvalid, match="others can write"):
            load(path)


def test_its_directory_counts_unless_it_is_sticky(home: Path) -> None:
    path = written(home, SCRIPT + HOOK)
    home.chmod(0o777)
    assert refused(path)
    home.chmod(0o1777)
    assert not refused(path)


def test_a_directory_further_up_counts_when_everyone_can_write_it(home: Path) -> None:
    (home / "team").mkdir(mode=0o700)
    path = written(home / "team", SCRIPT + HOOK)
    home.chmod(0o770)
    assert not refused(path), "a group may share a directory further up"
    home.chmod(0o777)
    assert refused(path)


def test_the_place_that_a_link_leads_to_counts(home: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    written(shared, SCRIPT + HOOK)
    (home / "web.toml").symlink_to(shared / "web.toml")
    shared.chmod(0o755)
    assert not refused(home / "web.toml")
    shared.chmod(0o777)
    assert refused(home / "web.toml")


def test_a_base_counts(home: Path) -> None:
    base = home / "base.toml"
    base.write_text("schema = 1\nbase = true\n" + HOOK)
    base.chmod(0o666)
    path = written(home, 'extends = "base.toml"\n' + SCRIPT)
    assert refused(path)


def test_a_profile_without_commands_may_be_shared(home: Path) -> None:
    path = written(home, SCRIPT + '[[hooks]]\nurl = "https://chat.example/x"\n', 0o666)
    assert not refused(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_another_user_or_is_gone(home: Path) -> None:
    path = written(home, SCRIPT + HOOK)
    made = load(path)
    path.unlink()
    assert list(unsafe_commands(made)) == [], "what is not there cannot be written by others"
    path = written(home, SCRIPT + HOOK)
    os.chown(path, 12345, -1)
    assert refused(path) == ["hooks[0].command"]
