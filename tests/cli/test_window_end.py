"""The end of a maintenance window in simulated time, through the real program: nothing starts that cannot end.

Runner and simulator share a virtual clock, so that hours take seconds.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.program import PROFILE, Program, no_runner_left
from support.simulator import SimulatorProcess, StartsSimulator
from vmss_tui.domain.plan.maintenance_window import DAYS
from vmss_tui.engine.shared_clock import SharedClock

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(180)]

SCENARIO = Path(__file__).parents[1] / "scenarios" / "windows.toml"
OPEN = timedelta(minutes=25)
"""Two batches with a pause of ten minutes fit in; the third does not."""


@pytest.fixture(autouse=True)
def runners_end_with_the_test(own_environment: None) -> Iterator[None]:
    with no_runner_left():
        yield


@pytest.fixture
def world(simulator: StartsSimulator, tmp_path: Path) -> SimulatorProcess:
    return simulator(SCENARIO, extra=["--clock-file", str(tmp_path / "clock")])


@pytest.fixture
def closes(vmss: Program, tmp_path: Path) -> datetime:
    """When the window closes that is open now."""
    return opened(tmp_path) + OPEN


@pytest.fixture
def vmss(world: SimulatorProcess, tmp_path: Path) -> Program:
    return Program(world.variables, tmp_path)


def opened(directory: Path) -> datetime:
    return SharedClock(directory / "clock").now()


def profile(vmss: Program, directory: Path, on_window_end: str) -> None:
    """A window that is open for the next minutes, and from now on every day."""
    now = opened(directory)
    day = ", ".join(f'"{name}"' for name in DAYS)
    window = f'[window]\ndays = [{day}]\nstart = "{now - timedelta(hours=1):%H:%M}"\nend = "{now + OPEN:%H:%M}"\n'
    vmss.profile(text=f'{PROFILE}\n[rollout]\npause = "10m"\non_window_end = "{on_window_end}"\n{window}')


def rolled_out(vmss: Program, name: str) -> list[dict[str, Any]]:
    done = vmss("rollout", "app", name, "--set", "version=2.0.0", "--yes", "--jsonl", timeout=120)
    assert done.records, done.err
    return done.records


def ends(records: list[dict[str, Any]]) -> list[datetime]:
    return [datetime.fromisoformat(one["at"]) for one in records if one["event"] == "batch_ended"]
