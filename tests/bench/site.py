"""A scale set of any size on a simulator of its own, a real rollout over it, and the live screen in a terminal."""

import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from support.program import PROFILE, Program, runners
from support.simulator import SimulatorProcess
from support.terminal import Terminal
from vmss_tui.simulator import __file__ as SIMULATOR

SCENARIO = Path(SIMULATOR).parent / "scenarios" / "thousand.toml"
SET = "big-weu"


@dataclass
class Site:
    """A simulator with one scale set, and directories of its own for the program."""

    sim: SimulatorProcess
    program: Program
    home: Path
    instances: int

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that runs here."""
        return self.program.env

    def roll_out(self, *arguments: str) -> str:
        """Start a rollout in the background; returns its id."""
        done = self.program(
            "rollout", "app", SET, "--set", "version=2.5.0", "--yes", "--confirm", SET, "--detach", *arguments
        )
        assert done.code == 0, done.err
        return done.out.split()[0]

    def runner(self) -> psutil.Process:
        """The runner of the rollout here."""
        (found,) = runners(self.home)
        return found


@contextmanager
def site(instances: int, *, speed: float = 1.0) -> Iterator[Site]:
    """A site; its runners and its simulator are ended at the end."""
    with tempfile.TemporaryDirectory(prefix="vmss-tui-bench-") as name:
        home = Path(name)
        text = re.sub(r"(?m)^instances = 1000$", f"instances = {instances}", SCENARIO.read_text()).replace(
            "web/v?", "(web|app)/v?"
        )
        scenario = home / "site.toml"
        scenario.write_text(text)
        own = {"XDG_STATE_HOME": name, "XDG_CONFIG_HOME": name, "XDG_CACHE_HOME": name, "XDG_DATA_HOME": name}
        before = {key: os.environ.get(key) for key in own}
        os.environ.update(own)
        sim = SimulatorProcess.start(scenario, speed=speed)
        program = Program({**sim.variables, "TERM": "xterm-256color", "COLORTERM": "truecolor"}, home)
        program.profile("app", PROFILE)
        try:
            yield Site(sim, program, home, instances)
        finally:
            for process in runners(home):
                process.kill()
            sim.stop()
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.update({key: value})


@dataclass
class Watched:
    """The program in a terminal, with its event loop observed by `bench.probe`."""

    terminal: Terminal
    file: Path

    @property
    def process(self) -> psutil.Process:
        """The program's process."""
        return psutil.Process(self.terminal.child.pid)

    def forget(self) -> None:
        """Begin a measurement: earlier requests do not count."""
        self.terminal.kill(signal.SIGUSR1)

    def seen(self) -> dict[str, Any]:
        """What the probe saw since `forget`."""
        self.file.unlink(missing_ok=True)
        self.terminal.kill(signal.SIGUSR2)
        deadline = time.monotonic() + 20
        while not self.file.exists():
            self.terminal.pump(0.02)
            assert time.monotonic() < deadline, f"the program does not answer:\n{self.terminal.text}"
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found


@contextmanager
def watched(place: Site, *arguments: str, ready: str, env: dict[str, str] | None = None) -> Iterator[Watched]:
    """Open the program here with the probe, and wait until its screen matches `ready`."""
    with probed(place.home, {**place.env, **(env or {})}, *arguments, ready=ready) as screen:
        yield screen


@contextmanager
def probed(home: Path, env: dict[str, str], *arguments: str, ready: str) -> Iterator[Watched]:
    """Open the program with the probe, and wait until its screen matches `ready`."""
    file = home / "probe.json"
    command = [sys.executable, "-m", "bench.probe", str(file)]
    tests = str(Path(__file__).parents[1])
    with Terminal(*arguments, env={**env, "PYTHONPATH": tests}, command=command) as terminal:
        terminal.wait_for(ready, timeout=60)
        yield Watched(terminal, file)
