"""Two hosts with one journal in PostgreSQL: programs with directories and host names of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.postgres import PostgresServer, postgres_server
from support.program import PROFILE, Program, no_runner_left
from support.simulator import SimulatorProcess

__all__ = ["postgres_server", "team"]

STEPS = PROFILE + '\n[rollout]\nsteps = [1, { batch = "100%", approve = true }]\n'
BATCHES = PROFILE + '\n[rollout]\nbatch = "25%"\npause = "3s"\n'


@dataclass
class Team:
    """Two hosts, and the address of their journal."""

    first: Program
    second: Program
    address: str

    def start(self, on: Program, profile: str = "gently", target: str = "hand", version: str = "2.0.0") -> str:
        """Start a rollout in the background; its id."""
        done = on("rollout", profile, target, "--set", f"version={version}", "--yes", "--detach")
        assert done.code == 0, done.err
        return done.out.strip()

    def stage(self, rollout: str) -> str:
        """What the second host says of a rollout."""
        (found,) = [row for row in self.second("rollouts", "--json").json if row["id"] == rollout]
        return str(found["stage"])

    def log(self, rollout: str) -> list[dict[str, Any]]:
        """The events of a rollout."""
        return self.second("report", rollout, "--format", "jsonl").records

    @contextmanager
    def worker(self, on: Program) -> Iterator[psutil.Process]:
        """A worker on a host, killed at the end."""
        with on.running("worker") as process:
            assert process.stderr is not None
            assert "rollouts at once" in process.stderr.readline()
            yield psutil.Process(process.pid)


def writes(world: SimulatorProcess) -> list[dict[str, Any]]:
    """The writes that the simulated Azure accepted."""
    return [row for row in world.control.writes() if 200 <= row["status"] < 300]


def check_whole(team: Team, world: SimulatorProcess, rollout: str) -> None:
    """Every instance of `hand` was updated, one batch each, none twice, and the record holds."""
    assert team.stage(rollout) == "completed"
    assert team.second("report", rollout, "--verify").code == 0
    notes = [str(row["message"]) for row in team.log(rollout) if row["event"] == "noted"]
    assert not [note for note in notes if "by force" in note], "silence by the database's clock is proof"
    updates = [row for row in writes(world) if "manualupgrade" in row["path"]]
    assert len(updates) == 4, "one batch an instance, each asked for once"
    current = {row["version"] for row in team.second("instances", "hand", "--json").json}
    assert len(current) == 1
    assert most_at_once(team.second("activity", "hand", "--since", "1d", "--json").json) == 1, "a batch is one instance"


def most_at_once(activity: list[dict[str, Any]]) -> int:
    """How many updates of instances were in progress at the same time at most, by Azure's activity log."""
    updates = [row for row in activity if "manualupgrade" in str(row["operation"]).casefold()]
    begun, most = set[str](), 0
    for row in sorted(updates, key=lambda row: (row["at"], row["status"] in _BEGUN)):
        (begun.add if row["status"] in _BEGUN else begun.discard)(row["correlation_id"])
        most = max(most, len(begun))
    return most


_BEGUN = ("Started", "Accepted")


@pytest.fixture
def team(own: Program, tmp_path: Path, postgres_server: PostgresServer) -> Iterator[Team]:
    """Two hosts that work on the scale sets of `own`."""
    made = team_on(own, postgres_server, tmp_path)
    with no_runner_left(made.address):
        yield made


def team_on(own: Program, server: PostgresServer, tmp_path: Path) -> Team:
    """The same, with a journal on a server of one's choice."""
    return team_on_address(own, server.new_database(), tmp_path)


def team_on_address(own: Program, address: str, tmp_path: Path) -> Team:
    """The same, with a journal at an address."""
    hosts = []
    for name in ("bastion-1", "bastion-2"):
        home = tmp_path / name
        home.mkdir()
        (home / "sitecustomize.py").write_text(f"import socket\nsocket.gethostname = lambda: {name!r}\n")
        places = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("STATE", "CACHE", "DATA")}
        program = Program(
            {**own.variables, **places, "PYTHONPATH": str(home), "VMSS_TUI_JOURNAL": address}, own.directory
        )
        hosts.append(program)
    own.profile("gently", STEPS)
    own.profile("batches", BATCHES)
    return Team(hosts[0], hosts[1], address)
