"""Fixtures of the suites that drive other clients: a simulator a module, and az signed in to it.

Each client's tests run where it is installed: `VMSS_TUI_AZ` names az, `VMSS_TUI_NODE` the folder of the JavaScript SDK.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import javascript
from support.azcli import AZ, SCENARIO, Az, fresh
from support.simulator import SimulatorProcess

_JAVASCRIPT = ["test_javascript.py"]
_AZ = [path.name for path in Path(__file__).parent.glob("test_*.py") if path.name not in _JAVASCRIPT]
collect_ignore = ([] if AZ else _AZ) + ([] if javascript.FOLDER else _JAVASCRIPT)


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
