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

_OWNER = ("-u", "33333333-3333-4333-8333-333333333303", "-p", "made-up-owner")
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


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Az]:
    """az at a simulator that the test may write to, signed in as an owner: contributors create no locks, no roles."""
    sim = SimulatorProcess.start(SCENARIO)
    found = fresh(sim, tmp_path / "az")
    found("login", "--service-principal", *_OWNER, "--tenant", sim.tenant_id)
    yield found
    sim.stop()
