"""The real program against a real simulator process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Done, Inside, Program, no_runner_left, quick
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.cli.main import main

SCENARIO = Path(__file__).parents[1] / "scenarios" / "cli.toml"
SPEED = 30.0


@pytest.fixture(autouse=True)
def runners_end_with_the_test(own_environment: None) -> Iterator[None]:
    """Runners that a test started end with it."""
    with no_runner_left():
        yield


@pytest.fixture(scope="session")
def cli_world() -> Iterator[SimulatorProcess]:
    """One simulator a worker; a test that changes a scale set of it has that set for itself."""
    sim = SimulatorProcess.start(SCENARIO, speed=SPEED)
    yield sim
    sim.stop()


@pytest.fixture
def vmss(cli_world: SimulatorProcess, tmp_path: Path) -> Program:
    """The program, signed in to the shared simulator."""
    program = Program(quick(cli_world, tmp_path), tmp_path)
    program.profile()
    return program


@pytest.fixture
def own_world(simulator: StartsSimulator) -> SimulatorProcess:
    """A simulator of the test's own."""
    return simulator(SCENARIO, speed=SPEED)


@pytest.fixture
def own(own_world: SimulatorProcess, tmp_path: Path) -> Program:
    """The program, signed in to a simulator of the test's own."""
    program = Program(quick(own_world, tmp_path), tmp_path)
    program.profile()
    return program


@pytest.fixture
def bare(tmp_path: Path) -> Program:
    """The program without any cloud."""
    return Program({}, tmp_path)


@pytest.fixture
def inside(
    cli_world: SimulatorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Inside:
    """The same program in this process, which has azure imported already: for commands that only read."""
    Program({}, tmp_path).profile()
    monkeypatch.chdir(tmp_path)
    for name, value in quick(cli_world, tmp_path).items():
        monkeypatch.setenv(name, value)

    def go(*arguments: str) -> Done:
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return go
