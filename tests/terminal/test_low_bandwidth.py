"""`--low-bandwidth` on the real program: 256 colors, and in the end the same screen."""

import os

import pytest

from support.simulator import SimulatorProcess
from support.terminal import Terminal

pytestmark = [pytest.mark.terminal, pytest.mark.campaign]


def test_the_screen_is_whole_in_256_colors_and_follows_the_cursor(shared_simulator: SimulatorProcess) -> None:
    env = {**os.environ, **shared_simulator.variables}
    with Terminal("--low-bandwidth", "--read-only", env=env) as terminal:
        terminal.wait_for(r"web-weu\b.*\n[\s\S]*\? help")
        terminal.wait_for(r"of 15 scale sets|15 scale sets")
        terminal.settle(1.5)
        names = [line for line in terminal.text.splitlines() if "Rolling" in line or "Manual" in line]
        for _ in range(3):
            terminal.press("down")
        terminal.settle(1.5)
        after = [line for line in terminal.text.splitlines() if "Rolling" in line or "Manual" in line]
        assert len(after) == len(names) > 5
        assert "▸" in after[3], terminal.text
        assert b"38;2;" not in terminal.raw and b"38;5;" in terminal.raw
        terminal.press("q")
        assert terminal.finish() == 0
        assert terminal.restored() == []
