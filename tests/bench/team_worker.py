"""Fifty rollouts at once in one worker of a team: its memory and processor time, and what it asks Azure for.

Only by name (`make bench ARGS=team_worker`): it takes five minutes.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.results import Result, at_most
from support.postgres import private_server
from support.program import Program
from support.simulator import SimulatorProcess
from vmss_tui.journal.store import Journal

ROLLOUTS = 50
SECONDS = 60.0
_SCENARIO = f"""
[scenario]
name = "worker"
seed = 7
[[subscriptions]]
name = "prod"
[[scripts]]
match = "v(?P<version>[0-9.]+)/install[.]sh"
seconds = 20
stdout = "Installed {{version}} on {{name}}"
[defaults]
copies = {ROLLOUTS}
instances = 20
health = "extension"
mode = "Manual"
[defaults.script]
file_uris = ["https://files.contoso.example/app/v1.0.0/install.sh"]
command = "./install.sh"
[[scale_sets]]
name = "web-{{n}}"
subscription = "prod"
group = "rg"
location = "westeurope"
"""
_PROFILE = """\
schema = 1
name = "steady"
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
at_once = 50
[rollout]
batch = "5%"
pause = "10s"
"""


def measure() -> Iterator[Result]:
    """A worker that carries them all out, over a minute of their middle."""
    with private_server() as server, tempfile.TemporaryDirectory(prefix="vmss-tui-bench-") as name:
        home, address = Path(name), server.new_database()
        for kind in ("STATE", "CONFIG", "CACHE"):
            os.environ[f"XDG_{kind}_HOME"] = str(home / kind.lower())
        scenario = home / "worker.toml"
        scenario.write_text(_SCENARIO)
        sim = SimulatorProcess.start(scenario)
        try:
            program = Program({**sim.variables, "VMSS_TUI_JOURNAL": address}, home)
            program.profile("steady", _PROFILE)
            with program.running("worker", "--most", "60") as worker:
                yield from _measured(program, worker, address, sim)
        finally:
            sim.stop()


def _measured(
    program: Program, worker: "subprocess.Popen[str]", address: str, sim: SimulatorProcess
) -> Iterator[Result]:
    assert worker.stderr is not None and "at once" in worker.stderr.readline()
    words = ("--all", "--set", "version=2.0.0", "--confirm", "steady", "--detach")
    done = program("rollout", "steady", *words, timeout=300)
    assert done.code == 0, done.err
    journal = Journal.open(address)
    try:
        limit = time.monotonic() + 300
        while sum(lease.alive for lease in journal.leases().values()) <= ROLLOUTS:
            assert time.monotonic() < limit, f"{len(journal.leases())} at work"
            time.sleep(1)
        process = psutil.Process(worker.pid)
        sim.control.reset_counters()
        before = process.cpu_times()
        time.sleep(SECONDS)
        after = process.cpu_times()
        at_work = sum(lease.alive for lease in journal.leases().values()) - 1
    finally:
        journal.close()
    counted = sim.control.counters()
    refused = int(counted["statuses"].get("429", 0))
    cores = (after.user + after.system - before.user - before.system) / SECONDS
    detail = f"{at_work} at work, {counted['total']} requests in {SECONDS:.0f} s"
    yield at_most(f"memory of a worker with {ROLLOUTS} rollouts", process.memory_info().rss / 2**20, 200, "MiB")
    yield at_most(f"processor of a worker with {ROLLOUTS} rollouts", cores, 1, "cores", detail=detail)
    yield at_most("requests that Azure refused it by its quota", refused, 0, "requests")
