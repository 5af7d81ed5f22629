"""How long it takes to answer `--version`, and to paint the first useful frame, beside the least that is possible."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.results import Result, median_of, ratio
from support.simulator import SimulatorProcess
from support.terminal import Terminal

ROUNDS = 15
FRAMES = 5
HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello")
Hello().run()
"""


def measure() -> Iterator[Result]:
    """`--version`, `--help`, and the first frame."""
    least = median_of(ROUNDS, lambda: _whole([sys.executable, "-c", "pass"]))
    program = str(Path(sys.executable).parent / "vmss-tui")
    for argument in ("--version", "--help"):
        yield ratio(f"vmss-tui {argument}", median_of(ROUNDS, lambda a=argument: _whole([program, a])), least, 3)  # type: ignore[misc]
    yield first_frame()


def first_frame() -> Result:
    """Until the app's header is on the screen, beside a bare Textual app that says hello."""
    sim = SimulatorProcess.start("shipping")
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, **sim.variables, "XDG_STATE_HOME": state, "XDG_CONFIG_HOME": state}
        try:
            ours = median_of(FRAMES, lambda: _until((), env, "SCALE SET|vmss-tui", None))
            bare = median_of(FRAMES, lambda: _until((), env, "hello", [sys.executable, "-c", HELLO]))
        finally:
            sim.stop()
    return ratio("first useful frame in a terminal", ours, bare, 1.6)


def _whole(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def _until(arguments: Sequence[str], env: dict[str, str], wanted: str, command: list[str] | None) -> float:
    begun = time.perf_counter()
    with Terminal(*arguments, env=env, command=command) as terminal:
        terminal.wait_for(wanted)
        return time.perf_counter() - begun
