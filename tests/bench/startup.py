"""What it takes to answer `--version`, and to paint the first frame and rows, beside the least that is possible.

Seconds of the processor, so that other programs on this host do not count.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import psutil

from bench.results import Result, by_turns, ratio
from support.simulator import SimulatorProcess
from support.terminal import Terminal

ROUNDS = 15
FRAMES = 7
FRAME = r"\? help"
"""The first useful frame: header and keys."""
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
        yield ratio(f"vmss-tui {argument}, over starting Python", ours, bare, 2)
    yield from first_frames()


def first_frames() -> Iterator[Result]:
    """Until the app's header, and the first scale set, is on the screen, beside a bare Textual app that says hello."""
    sim = SimulatorProcess.start("shipping")
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, **sim.variables, "XDG_STATE_HOME": state, "XDG_CONFIG_HOME": state}
        hello = [sys.executable, "-c", HELLO]
        try:
            for what, wanted, budget in (
                ("first frame in a terminal, over a bare Textual app", FRAME, 1.35),
                ("first rows of the fleet, over a bare Textual app", r"web-weu", 1.6),
            ):
                ours, bare = by_turns(FRAMES, partial(until, env, wanted), partial(until, env, "hello", command=hello))
                yield ratio(what, ours, bare, budget)
        finally:
            sim.stop()


def _whole(command: Sequence[str]) -> float:
    """Seconds of processor of a command: other processes of this host do not count."""
    return processor_of_child(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))


def processor_of_child(run: Callable[[], object]) -> float:
    """Seconds of processor that the children of `run` use; they have ended when it returns."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def until(env: Mapping[str, str], wanted: str, *arguments: str, command: Sequence[str] | None = None) -> float:
    """Seconds of processor that a program in a terminal has used when its screen matches."""
    with Terminal(*arguments, env=env, command=command) as terminal:
        terminal.wait_for(wanted)
        assert terminal.child.pid is not None
        return sum(psutil.Process(terminal.child.pid).cpu_times()[:2])
