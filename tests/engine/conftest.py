"""Fixtures of the engine's tests: a lab with the scenario that a test names.

Plain labs share one simulator per worker, each with a scale set that no other test has; a lab of its own scenario or
speed gets a simulator of its own.
"""

import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.engine.lab import Lab, estate, scenario
from support.engine.opens import OpensLab
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.gateway.sign_in import candidates

SPEED = 60.0
_NUMBERS: defaultdict[str, Iterator[int]] = defaultdict(lambda: itertools.count(1))
"""The next scale set of each mode."""


@pytest.fixture(scope="session")
def estate_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """One simulator for all plain labs of this worker."""
    path = tmp_path_factory.mktemp("estate") / "scenario.toml"
    path.write_text(estate(120))
    sim = SimulatorProcess.start(path, speed=SPEED)
    yield sim
    sim.stop()


@pytest.fixture
async def open_lab(
    simulator: StartsSimulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[OpensLab]:
    """Connect to a scale set for this test alone."""
    monkeypatch.setattr(candidates, "IMDS", ("127.0.0.1", 9))
    opened: list[Lab] = []

    async def start(*, mode: str = "Rolling", speed: float = SPEED, **words: Any) -> Lab:
        state = tmp_path / f"state-{len(opened)}"
        if words or speed != SPEED:
            path = tmp_path / f"scenario-{len(opened)}.toml"
            path.write_text(scenario(mode=mode, **words))
            lab = await Lab.open(simulator(path, speed=speed), state)
        else:
            shared: SimulatorProcess = request.getfixturevalue("estate_simulator")
            shared.control.clear_faults()
            shared.control.clock(speed=SPEED)
            shared.control.throttle(enabled=False)
            lab = await Lab.open(shared, state, f"{mode.lower()}-{next(_NUMBERS[mode]):03}")
        opened.append(lab)
        return lab

    yield start
    for client in opened:
        client.sim.control.clear_faults()
        await client.close()
