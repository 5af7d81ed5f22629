"""What is shipped: a wheel that works on its own, an sdist that can be tested."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tui" / "vmss_tui"
HOME = "https://github.com/vmss-tui/vmss-tui"


def build(target: str, directory: Path) -> Path:
    """Build from the working tree; returns the file."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(directory)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    (found,) = directory.iterdir()
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, as pip would put it; its dependencies are those of this environment."""
    place = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def data_files() -> Iterator[str]:
    """Everything in the package that is no code."""
    for path in PACKAGE.rglob("*"):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            yield f"vmss_tui/{path.relative_to(PACKAGE)}"


def test_the_wheel_carries_styles_scenarios_and_profiles(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"vmss_tui/py.typed", *data_files()} <= names
    assert any(name.endswith(".tcss") for name in names)
    assert any(name.startswith("vmss_tui/simulator/scenarios/") for name in names)
    bundled = {f"vmss_tui/profiles/bundled/{path.relative_to(ROOT / 'profiles')}" for path in profiles()}
    assert bundled
    assert bundled <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


def profiles() -> list[Path]:
    return [path for path in (ROOT / "profiles").rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_the_wheel_names_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entry_points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "vmss-tui = vmss_tui.cli.main:main" in archive.read(entry_points).decode()


def test_the_wheel_says_who_made_it_where_it_runs_and_under_which_licenses(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        about = message_from_string(archive.read(metadata).decode())
    assert about["Author"] == "The vmss-tui authors"
    assert {"LICENSE", "NOTICE.md", "LICENSES/Apache-2.0.txt"} <= set(about.get_all("License-File", []))
    assert len([name for name in names if ".dist-info/licenses/" in name]) == 3
    systems = [text for text in about.get_all("Classifier", []) if text.startswith("Operating System")]
    assert "Operating System :: POSIX" in systems and not [text for text in systems if "Windows" in text]
    addresses = [text.partition(", ")[2] for text in about.get_all("Project-URL", [])]
    assert addresses and all(address.startswith(HOME) for address in addresses)


def test_every_recorded_file_that_ships_is_covered_by_the_notice() -> None:
    """The notice names the folders; a recording somewhere else would ship without one."""
    notice = (ROOT / "NOTICE.md").read_text(encoding="utf-8")
    recorded = {path.parent for path in PACKAGE.rglob("*.json") if "recorded" in path.parts}
    assert recorded and all(f"`{folder.relative_to(ROOT)}/`" in notice for folder in recorded)


def run(installed: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the program from the unpacked wheel, in another directory than the repository's."""
    code = f"import sys; sys.path.insert(0, {str(installed)!r}); from vmss_tui.cli.main import main; sys.exit(main())"
    env = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=installed, env=env
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_unpacked_wheel_runs_where_no_repository_is(installed: Path) -> None:
    where = "import vmss_tui; print(vmss_tui.__file__)"
    env = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run(
        [sys.executable, "-P", "-c", where], capture_output=True, text=True, cwd=installed, env=env, check=True
    )
    assert found.stdout.startswith(str(installed))
    listed = run(installed, "profiles", "list").stdout
    assert {path.stem for path in (ROOT / "profiles").glob("*.toml") if path.stem in listed}
    assert "bundled" in listed
    assert "shipping" in run(installed, "simulate", "--list").stdout


def test_the_sdist_can_be_built_and_tested(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "CHANGELOG.md", "Makefile", "requirements.lock"}
    wanted |= {"CONTRIBUTING.md", "LICENSE", "NOTICE.md", "docs/architecture.md"}
    wanted |= {"tui/vmss_tui/py.typed", "profiles/web.toml", "tests/conftest.py", "tests/scenarios/cli.toml"}
    assert wanted <= names
    assert not [name for name in names if name.startswith((".venv", ".git/")) or "__pycache__" in name]


def test_every_dependency_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    locked = {line.partition("==")[0].lower().replace("_", "-") for line in lock()}
    names = {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower() for requirement in wanted}
    assert names <= locked


def test_every_locked_version_is_exact() -> None:
    assert all(line.count("==") == 1 for line in lock())


def lock() -> list[str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
