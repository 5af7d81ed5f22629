"""Closed sets are closed: an event, verb or gate without a handler, and a misspelt field, fail the type checker.

Domain and presentation are copied, patched as a careless change would, and checked by mypy as the project is.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tui/vmss_tui"
NEW_EVENT = """
@dataclass(frozen=True, slots=True)
class WindowClosed:
    at: datetime


Event = (
    WindowClosed
    | Planned
"""


class Copy:
    """A copy of domain and presentation that may be patched and checked, with its own cache."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "vmss_tui"
        for part in ("domain", "presentation"):
            shutil.copytree(PACKAGE / part, self.root / part, ignore=shutil.ignore_patterns("__pycache__"))
        for module in PACKAGE.glob("*.py"):
            shutil.copy(module, self.root / module.name)
        self._pristine = {path: path.read_text() for path in self.root.rglob("*.py")}

    def patch(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which must be there exactly once."""
        file = self.root / path
        assert file.read_text().count(old) == 1, (path, old)
        file.write_text(file.read_text().replace(old, new))

    def restore(self) -> None:
        for path, text in self._pristine.items():
            if path.read_text() != text:
                path.write_text(text)

    def check(self) -> str:
        """What mypy reports; empty when it finds nothing."""
        command = [sys.executable, "-m", "mypy", "--strict", "--explicit-package-bases", "--cache-dir", "cache"]
        command += ["--ignore-missing-imports"]
        done = subprocess.run(
            [*command, "--config-file", "", "vmss_tui"],
            cwd=self.root.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        return "" if done.returncode == 0 else done.stdout


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = Copy(tmp_path_factory.mktemp("closed"))
    assert made.check() == ""
    return made


@pytest.fixture
def patched(domain: Copy) -> Callable[[str, str, str], str]:
    """Patch one place and return what mypy reports."""

    def check(path: str, old: str, new: str) -> str:
        domain.restore()
        domain.patch(path, old, new)
        return domain.check()

    return check


@pytest.mark.parametrize(
    ("path", "old", "new", "reported"),
    [
        ("domain/rollout/events.py", "\nEvent = (\n    Planned\n", NEW_EVENT, "domain/rollout/state.py"),
        ("domain/rollout/events.py", "\nEvent = (\n    Planned\n", NEW_EVENT, "presentation/rollout/log.py"),
        (
            "domain/rollout/stage.py",
            '    UNDO = "undo"\n',
            '    UNDO = "undo"\n    EXTEND = "extend"\n',
            "domain/rollout/requests.py",
        ),
        (
            "domain/plan/rollout_plan.py",
            '    VM_BATCHES = "vm batches"\n',
            '    VM_BATCHES = "vm batches"\n    SURGE = "surge"\n',
            "domain/rollout/decide/__init__.py",
        ),
        ("domain/rollout/state.py", "replace(state, waiting=event)", "replace(state, waitin=event)", "waitin"),
        (
            "domain/rollout/decide/gates.py",
            "GateName.HEALTH",
            "GateName.HEALHT",
            "HEALHT",
        ),
    ],
    ids=["event folded", "event worded", "verb", "strategy", "field", "gate"],
)
def test_a_careless_change_fails_the_type_checker(
    patched: Callable[[str, str, str], str], path: str, old: str, new: str, reported: str
) -> None:
    assert reported in patched(path, old, new)
