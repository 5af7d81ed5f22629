"""The real program in a pseudo-terminal."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from support.program import Program, no_runner_left, quick
from support.simulator import StartsSimulator
from support.terminal import Opens, Terminal

SCENARIO = Path(__file__).parents[1] / "scenarios" / "cli.toml"


@pytest.fixture(autouse=True)
def runners_end_with_the_test(own_environment: None) -> Iterator[None]:
    """Runners that a test started end with it."""
    with no_runner_left():
        yield


@pytest.fixture
def opens() -> Iterator[Opens]:
    """Open a terminal; what still runs in it at the end of the test is killed."""
    opened: list[Terminal] = []

    def start(*arguments: str, env: Mapping[str, str], columns: int = 120, lines: int = 40) -> Terminal:
        terminal = Terminal(*arguments, env=env, columns=columns, lines=lines)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def vmss(simulator: StartsSimulator, tmp_path: Path) -> Program:
    """The program, signed in to a simulator of the test's own."""
    program = Program(quick(simulator(SCENARIO, speed=30.0), tmp_path), tmp_path)
    program.profile()
    return program
