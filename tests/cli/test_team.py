"""Two hosts and one journal in PostgreSQL: what one does the other sees, refuses, asks for and takes over."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from support.postgres import PostgresServer, postgres_server
from support.program import PROFILE, Program, runners, until
from support.simulator import SimulatorProcess

__all__ = ["postgres_server"]

pytestmark = pytest.mark.campaign

GENTLY = PROFILE + '\n[rollout]\nsteps = [1, { batch = "100%", approve = true }]\n'


@dataclass
class Team:
    """Two hosts with directories of their own, and the address of their journal."""

    first: Program
    second: Program
    address: str

    def start(self, on: Program) -> str:
        done = on("rollout", "gently", "hand", "--set", "version=2.0.0", "--yes", "--detach")
        assert done.code == 0, done.err
        return done.out.strip()

    def stage(self, rollout: str) -> str:
        (found,) = [row for row in self.second("rollouts", "--json").json if row["id"] == rollout]
        return str(found["stage"])


@pytest.fixture
def team(own: Program, tmp_path: Path, postgres_server: PostgresServer) -> Team:
    address = postgres_server.new_database()
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
    own.profile("gently", GENTLY)
    return Team(hosts[0], hosts[1], address)


def test_a_colleagues_rollout_is_seen_refused_and_approved_from_another_host(
    team: Team, own_world: SimulatorProcess
) -> None:
    rollout = team.start(team.first)
    refused = team.second("rollout", "gently", "hand", "--set", "version=3.0.0", "--yes")
    assert refused.code == 4 and "bastion-1" in refused.err, refused.err
    until(lambda: team.stage(rollout) == "awaiting approval", "the wait for approval")
    assert team.second("approve", rollout, "--why", "look").code == 0
    followed = team.second("attach", rollout)
    assert followed.code == 0, followed.err
    report = team.second("report", rollout).out
    assert "bastion-2" in report and "look" in report
    assert team.first("report", rollout, "--verify").code == 0


def test_another_host_resumes_what_a_dead_one_left(team: Team, own_world: SimulatorProcess) -> None:
    rollout = team.start(team.first)
    (runner,) = runners(team.address)
    runner.kill()
    until(lambda: not runners(team.address), "the runner's end")
    resumed = team.second("resume", rollout)
    until(lambda: team.stage(rollout) == "awaiting approval", "the wait for approval")
    assert team.second("approve", rollout).code == 0
    assert resumed.code == 0 and "starting one" in resumed.err, "its silence is noticed while the answer is awaited"
    assert team.second("attach", rollout).code == 0
