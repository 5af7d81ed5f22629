"""What the app costs while it is open: bytes to the terminal, memory, calls to Azure."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bench.results import Result, at_most
from support.simulator import SimulatorProcess
from support.terminal import Terminal

SECONDS = float(os.environ.get("BENCH_SECONDS", "20"))
"""How long to look at an open app; an hour (3600) says whether memory stays flat."""


def measure() -> Iterator[Result]:
    """An app that watches 1,000 instances of which nothing changes."""
    sim = SimulatorProcess.start("thousand")
    try:
        with _watched(sim) as terminal:
            yield from _look(sim, terminal)
    finally:
        sim.stop()


@contextmanager
def _watched(sim: SimulatorProcess) -> Iterator[Terminal]:
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, **sim.variables, "XDG_STATE_HOME": state, "XDG_CONFIG_HOME": state}
        with Terminal(env=env) as terminal:
            terminal.wait_for(r"1000 .*●|1000 +\d+")
            terminal.press("enter")
            terminal.wait_for(r"1000 instances")
            terminal.settle(1.0)
            yield terminal


def _look(sim: SimulatorProcess, terminal: Terminal) -> Iterator[Result]:
    assert terminal.child.pid is not None
    process = psutil.Process(terminal.child.pid)
    sim.control.reset_counters()
    before, begun = process.memory_info().rss, time.monotonic()
    cpu = sum(process.cpu_times()[:2])
    count = 0
    while (spent := time.monotonic() - begun) < SECONDS:
        count += max(0, terminal.pump(min(0.5, SECONDS - spent)))
    after = process.memory_info().rss
    counters = sim.control.counters()
    minutes = SECONDS / 60
    yield at_most(f"bytes a second, nothing changing ({SECONDS:.0f} s)", count / SECONDS, 20, "B/s", digits=1)
    grown = (after - before) / 2**20
    yield at_most("resident memory, 1,000 instances", after / 2**20, 120, "MiB", baseline=f"{grown:+.1f} MiB since")
    used = (sum(process.cpu_times()[:2]) - cpu) / SECONDS * 100
    yield at_most("processor while nothing changes", used, 10, "%", digits=1)
    dear = sum(count for route, count in counters["routes"].items() if route.endswith("virtualMachines"))
    yield at_most("dear reads of one set a minute", dear / minutes, 5 * _faster(sim), "calls", digits=1)
    yield at_most("calls that Azure throttled", float(counters["throttled"]), 0.5, "calls")


def _faster(sim: SimulatorProcess) -> float:
    """How much quicker this cloud asks to be watched than Azure's own pace of 12 s."""
    pace = next(line for line in sim.cloud_file.read_text().splitlines() if line.startswith("watch_seconds"))
    return 12.0 / float(pace.partition("=")[2])
