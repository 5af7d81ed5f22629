"""A large estate read completely: 2,000 scale sets in 100 subscriptions, with 300 ms before each answer of Azure.

Where the Azure CLI is installed (`make conformance` does that), it lists some of the same subscriptions.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.results import Result, at_most
from support import azcli
from support.program import Program
from support.simulator import SimulatorProcess
from support.source.modules import ROOT

SUBSCRIPTIONS, SETS, DELAY = 100, 20, 0.3
SAMPLE = 5
"""Subscriptions that the Azure CLI lists; the others take as long."""


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
            by_az = _by_az(sim, home, [found["subscription_id"] for found in done.json[::SETS]][:SAMPLE])
        finally:
            sim.stop()
    assert done.code == 0, done.err
    found = len(done.json)
    assert found == SUBSCRIPTIONS * SETS, f"{found} scale sets"
    one_by_one = f"{SUBSCRIPTIONS} subscriptions one by one: {SUBSCRIPTIONS * DELAY:.0f} s"
    yield at_most(f"{found:,} scale sets in {SUBSCRIPTIONS} subscriptions", spent, 3, "s", baseline=one_by_one)
    if by_az:
        times, what = by_az / spent, "faster than `az vmss list` for each subscription"
        yield Result(what, times, "x", 20 / times, "≥ 20 x", f"{by_az:.0f} s, from {SAMPLE} of them")
    yield at_most("requests for them", requests, 12, "requests", baseline=f"{SUBSCRIPTIONS} subscriptions")


def _by_az(sim: SimulatorProcess, home: Path, subscriptions: Sequence[str]) -> float:
    """Seconds that `az vmss list` takes for all subscriptions, from some of them; 0 without az."""
    azcli.AZ = azcli.AZ or str(ROOT / ".venv-az" / "bin" / "az")
    if not Path(azcli.AZ).exists():
        return 0.0
    az = azcli.fresh(sim, home / "az")
    az.sign_in()
    begun = time.monotonic()
    for subscription in subscriptions:
        assert len(az("vmss", "list", "--subscription", subscription)) == SETS
    return (time.monotonic() - begun) / len(subscriptions) * SUBSCRIPTIONS


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
