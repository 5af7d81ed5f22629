"""The real program against a real simulator process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Program
from support.simulator import SimulatorProcess, StartsSimulator

SCENARIO = Path(__file__).parents[1] / "scenarios" / "cli.toml"
SPEED = 30.0


@pytest.fixture(scope="session")
def cli_world() -> Iterator[SimulatorProcess]:
    """One simulator a worker; a test that changes a scale set of it has that set for itself."""
    sim = SimulatorProcess.start(SCENARIO, speed=SPEED)
    yield sim
    sim.stop()


@pytest.fixture
def vmss(cli_world: SimulatorProcess, tmp_path: Path) -> Program:
    """The program, signed in to the shared simulator."""
    program = Program(cli_world.variables, tmp_path)
    program.profile()
    return program


@pytest.fixture
def own_world(simulator: StartsSimulator) -> SimulatorProcess:
    """A simulator of the test's own."""
    return simulator(SCENARIO, speed=SPEED)


@pytest.fixture
def own(own_world: SimulatorProcess, tmp_path: Path) -> Program:
    """The program, signed in to a simulator of the test's own."""
    program = Program(own_world.variables, tmp_path)
    program.profile()
    return program


@pytest.fixture
def bare(tmp_path: Path) -> Program:
    """The program without any cloud."""
    return Program({}, tmp_path)
