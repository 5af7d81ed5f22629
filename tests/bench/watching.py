"""What the app costs while it is open: bytes to the terminal, memory, calls to Azure."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bench.results import Result, at_most
from bench.site import SET, Site, site
from support.simulator import SimulatorProcess
from support.terminal import Terminal

SIZES = (100, 500, 1000)
SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
"""How long to look at an open app; an hour (3600) says whether memory stays flat."""


def measure() -> Iterator[Result]:
    """An app that watches a scale set of which nothing changes, at three sizes."""
    for size in SIZES:
        with site(size) as place, _watched(place) as terminal:
            yield from _look(place, terminal)


@contextmanager
def _watched(place: Site) -> Iterator[Terminal]:
    with Terminal(env=place.env) as terminal:
        terminal.wait_for(SET)
        terminal.press("enter")
        terminal.wait_for(f"{place.instances} instances")
        terminal.settle(1.0)
        yield terminal


def _look(place: Site, terminal: Terminal) -> Iterator[Result]:
    sim, size = place.sim, place.instances
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
    yield at_most("bytes to the terminal while nothing changes", count / SECONDS, 20, "B/s", size=size)
    grown = f"{(after - before) / 2**20:+.1f} MiB in {SECONDS:.0f} s"
    yield at_most("memory of the app with the set open", after / 2**20, 90, "MiB", detail=grown, size=size)
    used = (sum(process.cpu_times()[:2]) - cpu) / SECONDS * 100
    yield at_most("processor while nothing changes", used, 5, "%", size=size)
    dear = sum(count for route, count in counters["routes"].items() if route.endswith("virtualMachines"))
    yield at_most("lists of instances a minute", dear / minutes, 5 * _faster(sim), "calls", size=size)
    yield at_most("calls that Azure throttled", float(counters["throttled"]), 0, "calls", size=size)


def _faster(sim: SimulatorProcess) -> float:
    """How much quicker this cloud asks to be watched than Azure's own pace of 12 s."""
    pace = next(line for line in sim.cloud_file.read_text().splitlines() if line.startswith("watch_seconds"))
    return 12.0 / float(pace.partition("=")[2])
