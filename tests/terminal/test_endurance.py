"""An hour of watching in sped-up time: changes five times a second, and the app neither grows nor collects handles.

The hour's 18,000 changes are played in a minute; a replay folds and paints as a live screen does.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.history import fill
from bench.site import Watched, probed
from vmss_tui.journal.store import Journal

pytestmark = [pytest.mark.terminal, pytest.mark.campaign]

HOUR_OF_CHANGES = 18_000
"""Five a second."""
SPEED = 300
GROWTH = 1.05


@pytest.fixture
def hour(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    file = tmp_path / "journal.sqlite3"
    yield file, fill(file, rollouts=1, events=HOUR_OF_CHANGES)


def test_an_hour_of_changes_leaves_memory_flat_and_handles_and_tasks_constant(
    hour: tuple[Path, str], tmp_path: Path
) -> None:
    file, rollout = hour
    journal = Journal.open(file)
    last = len(journal.events(rollout))
    journal.close()
    assert last >= HOUR_OF_CHANGES
    env = {**os.environ, "VMSS_TUI_JOURNAL": str(file), "TERM": "xterm-256color"}
    with probed(tmp_path, env, "replay", rollout, "--speed", str(SPEED), ready=r"\d+ waiting") as screen:
        _watch(screen, 10)
        begun, memory = screen.seen(), screen.process.memory_info().rss
        _watch(screen, 60)
        ended = screen.seen()
        assert ended["callbacks"] > begun["callbacks"] + 500, "it painted all the time"
        assert screen.process.memory_info().rss <= memory * GROWTH
        assert ended["handles"] == begun["handles"]
        assert abs(ended["tasks"] - begun["tasks"]) <= 2, "a timer more or less is on its way"


def _watch(screen: Watched, seconds: int) -> None:
    for _ in range(seconds * 10):
        screen.terminal.pump(0.1)
