"""A large estate read completely: 2,000 scale sets in 100 subscriptions, with 300 ms before each answer of Azure."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.results import Result, at_most
from support.program import Program
from support.simulator import SimulatorProcess

SUBSCRIPTIONS, SETS, DELAY = 100, 20, 0.3


def measure() -> Iterator[Result]:
    """`list --json`, from a start to the complete answer."""
    with tempfile.TemporaryDirectory(prefix="vmss-tui-bench-") as name:
        home = Path(name)
        scenario = home / "estate.toml"
        scenario.write_text(_estate())
        os.environ.update(XDG_STATE_HOME=name, XDG_CONFIG_HOME=name, XDG_CACHE_HOME=name)
        sim = SimulatorProcess.start(scenario)
        try:
            sim.control.add_fault(kind="delay", path="*", seconds=DELAY, count=0)
            sim.control.reset_counters()
            begun = time.monotonic()
            done = Program(sim.variables, home)("list", "--json", timeout=300)
            spent = time.monotonic() - begun
            requests = sum(count for route, count in sim.control.counters()["routes"].items() if "oauth2" not in route)
        finally:
            sim.stop()
    assert done.code == 0, done.err
    found = len(done.json)
    assert found == SUBSCRIPTIONS * SETS, f"{found} scale sets"
    one_by_one = f"{SUBSCRIPTIONS} subscriptions one by one: {SUBSCRIPTIONS * DELAY:.0f} s"
    yield at_most(f"{found:,} scale sets in {SUBSCRIPTIONS} subscriptions", spent, 3, "s", baseline=one_by_one)
    yield at_most("requests for them", requests, 12, "requests", baseline=f"{SUBSCRIPTIONS} subscriptions")


def _estate() -> str:
    parts = ["[scenario]\nname = 'estate'\nseed = 5\n[throttling]\nenabled = false\n"]
    parts += [f"[[subscriptions]]\nname = 'estate-{n}'\n" for n in range(SUBSCRIPTIONS)]
    parts += ["[defaults]\ninstances = 3\nhealth = 'extension'\n"]
    parts += [
        f"[[scale_sets]]\nname = 'app-{n}-{{n}}'\ncopies = {SETS}\nsubscription = 'estate-{n}'\ngroup = 'rg-{n}'\n"
        "location = 'westeurope'\nmode = 'Rolling'\n"
        for n in range(SUBSCRIPTIONS)
    ]
    return "".join(parts)
