"""Five hundred scale sets in waves, by three workers of a team: all done, and Azure's quota respected.

Only by name (`make bench ARGS=team_waves`): it takes ten minutes.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.results import Result, at_most
from support.postgres import private_server
from support.program import Program
from support.simulator import SimulatorProcess
from vmss_tui.journal.store import Journal

SETS, SUBSCRIPTIONS, WORKERS, SPEED = int(os.environ.get("SETS", "500")), 5, 3, 5.0
_LIMIT = 3600.0
_HEAD = """
[scenario]
name = "estate"
seed = 7
[[scripts]]
match = "v(?P<version>[0-9.]+)/install[.]sh"
seconds = 20
stdout = "Installed {version} on {name}"
[defaults]
instances = 4
health = "extension"
mode = "Manual"
[defaults.script]
file_uris = ["https://files.contoso.example/app/v1.0.0/install.sh"]
command = "./install.sh"
"""
_PROFILE = """\
schema = 1
name = "estate"
[variables.version]
help = "Release to install"
[script]
os = "linux"
label = "app ${version}"
files = ["https://files.contoso.example/app/v${version}/install.sh"]
command = "./install.sh"
[targets]
match = ["*/web-*"]
[waves]
at_once = 100
[[waves.groups]]
name = "first"
names = ["web-*-001"]
[[waves.groups]]
name = "rest"
[rollout]
batch = "50%"
"""


def measure() -> Iterator[Result]:
    """From the start of the waves to the end of the last set."""
    with ExitStack() as stack:
        server = stack.enter_context(private_server())
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vmss-tui-bench-")))
        address = server.new_database()
        for kind in ("STATE", "CONFIG", "CACHE"):
            os.environ[f"XDG_{kind}_HOME"] = str(home / kind.lower())
        scenario = home / "estate.toml"
        scenario.write_text(_HEAD + "".join(map(_subscription, range(SUBSCRIPTIONS))))
        sim = SimulatorProcess.start(scenario, speed=SPEED)
        stack.callback(sim.stop)
        program = Program({**sim.variables, "VMSS_TUI_JOURNAL": address}, home)
        program.profile("estate", _PROFILE)
        for _ in range(WORKERS):
            worker = stack.enter_context(program.running("worker", "--most", "40"))
            assert worker.stderr is not None and "at once" in worker.stderr.readline()
        yield from _measured(program, address, sim)


def _measured(program: Program, address: str, sim: SimulatorProcess) -> Iterator[Result]:
    words = ("--all", "--set", "version=2.0.0", "--confirm", "estate", "--detach")
    done = program("rollout", "estate", *words, timeout=900)
    assert done.code == 0, done.err
    journal, begun = Journal.open(address), time.monotonic()
    try:
        waves = done.out.strip()
        while not journal.stage(waves).over:
            assert time.monotonic() - begun < _LIMIT, "it takes too long"
            time.sleep(10)
            ended = sum(header.stage.over for header in journal.waves.sets(waves))
            sys.stderr.write(f"{time.monotonic() - begun:5.0f} s: {ended} of {SETS} sets\n")
        spent = time.monotonic() - begun
        sets = journal.waves.sets(waves)
        stages = Counter(header.stage.value for header in sets)
    finally:
        journal.close()
    sent = sim.control.counters()
    models = sent["routes"]
    refused, asked = int(sent["statuses"].get("429", 0)), int(sent["total"])
    updates = sum(count for route, count in models.items() if "manualupgrade" in route)
    outcome = ", ".join(f"{count:,} {stage}" for stage, count in stages.items())
    detail = f"{outcome}, {updates:,} updates of instances"
    what, left = f"{SETS} scale sets in waves by {WORKERS} workers, not completed", SETS - stages["completed"]
    yield at_most(what, left, 0, "sets", detail=detail)
    yield at_most("time for them", spent, _LIMIT, "s", detail=f"{asked:,} requests")
    yield at_most("requests that Azure refused by its quota", refused, 0, "requests")
    yield at_most("updates sent twice", updates - 2 * SETS, 0, "requests")


def _subscription(number: int) -> str:
    return (
        f"[[subscriptions]]\nname = 'prod-{number}'\n[[scale_sets]]\nname = 'web-{number}-{{n}}'\n"
        f"copies = {SETS // SUBSCRIPTIONS}\nsubscription = 'prod-{number}'\ngroup = 'rg-{number}'\n"
        "location = 'westeurope'\n"
    )
