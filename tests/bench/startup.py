"""How long it takes to answer `--version`, and to paint the first useful frame, beside the least that is possible."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from bench.results import Result, by_turns, ratio
from support.simulator import SimulatorProcess
from support.terminal import Terminal

ROUNDS = 15
FRAMES = 7
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
    least = [sys.executable, "-c", "pass"]
    program = str(Path(sys.executable).parent / "vmss-tui")
    for argument in ("--version", "--help"):
        ours, bare = by_turns(ROUNDS, partial(_whole, [program, argument]), partial(_whole, least))
        yield ratio(f"vmss-tui {argument}", ours, bare, 3)
    yield first_frame()


def first_frame() -> Result:
    """Until the app's header is on the screen, beside a bare Textual app that says hello."""
    sim = SimulatorProcess.start("shipping")
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, **sim.variables, "XDG_STATE_HOME": state, "XDG_CONFIG_HOME": state}
        hello = [sys.executable, "-c", HELLO]
        try:
            ours, bare = by_turns(
                FRAMES,
                partial(_until, env, "SCALE SET|vmss-tui", None),
                partial(_until, env, "hello", hello),
            )
        finally:
            sim.stop()
    return ratio("first useful frame in a terminal", ours, bare, 1.6)


def _whole(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def _until(env: dict[str, str], wanted: str, command: list[str] | None) -> float:
    begun = time.perf_counter()
    with Terminal(env=env, command=command) as terminal:
        terminal.wait_for(wanted)
        return time.perf_counter() - begun
