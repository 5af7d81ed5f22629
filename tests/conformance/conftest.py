"""Fixtures of the suite that drives the real Azure CLI: a simulator a module, and az signed in to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.azcli import SCENARIO, Az, fresh
from support.simulator import SimulatorProcess


@pytest.fixture(scope="module")
def sim() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(SCENARIO)
    yield process
    process.stop()


@pytest.fixture(scope="module")
def az(sim: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """A signed-in az; tests of one module share its simulator, each story has a scale set of its own."""
    found = fresh(sim, tmp_path_factory.mktemp("az"))
    found.sign_in()
    return found


@pytest.fixture
def new_az(sim: SimulatorProcess, tmp_path: Path) -> Any:
    """A factory of az that is not signed in; keywords are environment variables."""
    return lambda **more: fresh(sim, tmp_path / "az", **more)
