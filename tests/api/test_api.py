"""The public API: what is exported, that it is typed and lazy, and its documented example against the simulator."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vmss_tui
from support.program import no_runner_left
from support.simulator import SimulatorProcess, StartsSimulator
from support.source.modules import PACKAGE, ROOT
from vmss_tui.errors import JournalUnavailable, ProfileInvalid, UsageError

_PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture
def reached(shared_simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment leads to a simulator."""
    for name, value in shared_simulator.variables.items():
        monkeypatch.setenv(name, value)
    yield


def test_the_stub_the_package_and_the_api_name_the_same() -> None:
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    named = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    from vmss_tui import api

    assert named == set(vmss_tui.__all__) == set(api.__all__) == set(dir(vmss_tui)) & set(api.__all__)
    assert all(getattr(vmss_tui, name) is getattr(api, name) for name in named)
    assert (PACKAGE / "py.typed").exists()


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        vmss_tui.__getattr__("no_such_name")


def test_the_package_itself_loads_nothing() -> None:
    code = "import sys; before = set(sys.modules); import vmss_tui; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['vmss_tui']"


def test_everything_can_be_imported_at_once() -> None:
    names: dict[str, object] = {}
    exec("from vmss_tui import *", names)
    assert set(vmss_tui.__all__) == names.keys() - {"__builtins__"}


def test_every_export_is_in_the_page() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    from vmss_tui import api

    missing = {name for name in api.__all__ if not re.search(rf"`{name}\b", page)} - {"Record"}
    assert missing == set()


async def test_planning_answers_with_the_record_and_writes_nothing(reached: None) -> None:
    async with vmss_tui.connect() as connection:
        assert "web-weu" in {found["name"] for found in await connection.scale_sets()}
        plan = await vmss_tui.plan(connection, "web", "web-weu", variables={"version": "2.5.0"}, batch="10")
        assert (plan.scale_set, plan.refusals) == ("web-weu", ())
        assert plan.record["affected"] == plan.affected > 0
        with pytest.raises(UsageError, match="confirm"):
            await vmss_tui.rollout(connection, plan)
        with pytest.raises(UsageError):
            await vmss_tui.rollout(connection, plan, confirm="web-neu")
    with vmss_tui.open_journal() as journal:
        assert journal.rollouts() == ()


async def test_nothing_is_asked(reached: None) -> None:
    async with vmss_tui.connect() as connection:
        with pytest.raises(ProfileInvalid):
            await vmss_tui.plan(connection, "web", "web-weu")
        with pytest.raises(UsageError):
            await vmss_tui.plan(connection, "no-such-profile", "web-weu")


def test_a_journal_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable), vmss_tui.open_journal(tmp_path / "journal.db"):
        pass


@pytest.mark.campaign
def test_the_example_of_the_page_rolls_out(simulator: StartsSimulator, tmp_path: Path) -> None:
    (example,) = _PYTHON.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
    sim = simulator(speed=60)
    with no_runner_left():
        done = subprocess.run(
            [sys.executable, "-c", example],
            env={**os.environ, **sim.variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("web-weu: ")
    assert "rollout_ended" in done.stdout and "run web 2.5.0 and are healthy" in done.stdout
    assert done.stderr == ""
