"""A configuration file that cannot be read must not count as none: its rules, roles and protection would be lifted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vmss_tui.config.maintenance import rules_in_use
from vmss_tui.config.protection import require_protection
from vmss_tui.config.read import read
from vmss_tui.config.team import team_in_use
from vmss_tui.errors import UsageError


@pytest.fixture(params=["loop", "directory", "latin-1"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in use, unreadable for root too."""
    path = tmp_path / "config.toml"
    match request.param:
        case "loop":
            path.symlink_to(path)
        case "directory":
            path.mkdir()
        case _:
            path.write_bytes(b'cloud = "\xe4"')
    monkeypatch.setenv("VMSS_TUI_CONFIG", str(path))
    return path


def test_it_is_a_problem_with_a_next_step(file: Path) -> None:
    (problem,) = read(file).problems
    assert problem.path == file and "cannot be read" in problem.message and problem.hint


@pytest.mark.parametrize("in_use", [rules_in_use, require_protection, team_in_use])
def test_nothing_that_it_may_restrict_is_allowed(in_use: Callable[[], object], file: Path) -> None:
    with pytest.raises(UsageError) as refused:
        in_use()
    assert str(file) in refused.value.message and refused.value.hint
