"""A team's database goes away, and a worker that seemed dead comes back: nothing is lost, nothing is done twice."""

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from support.postgres import postgres_server, private_server
from support.program import Program, until
from support.simulator import SimulatorProcess
from support.standby import crash, standby_of
from support.team import Team, check_whole, team, team_on, team_on_address

__all__ = ["postgres_server", "team"]

OUTAGE = float(os.environ.get("OUTAGE", "12"))
"""Seconds for which the database is away."""
pytestmark = [pytest.mark.campaign, pytest.mark.timeout(400 + 2 * OUTAGE)]


def test_a_worker_that_comes_back_from_the_dead_is_fenced(team: Team, own_world: SimulatorProcess) -> None:
    with team.worker(team.first) as asleep:
        rollout = team.start(team.second, "batches")
        until(lambda: _batches(team, rollout) >= 1, "the first batch")
        asleep.send_signal(signal.SIGSTOP)
        with team.worker(team.second):
            until(lambda: team.stage(rollout) == "completed", "the end, by the other worker", 90)
            asleep.send_signal(signal.SIGCONT)
            time.sleep(3.0)
            check_whole(team, own_world, rollout)
            assert asleep.is_running(), "it lost one rollout, not its life"
    hosts = [row["host"] for row in team.log(rollout) if row["event"] == "runner_started"]
    assert hosts == ["bastion-1", "bastion-2"]


def test_the_database_restarts_in_the_middle(own: Program, own_world: SimulatorProcess, tmp_path: Path) -> None:
    with private_server() as server:
        team = team_on(own, server, tmp_path)
        with team.worker(team.first) as worker:
            rollout = team.start(team.second, "batches")
            until(lambda: _batches(team, rollout) >= 1, "the first batch")
            server.stop()
            time.sleep(OUTAGE)
            assert worker.is_running(), "it waits for the database"
            server.start()
            until(lambda: _stage(team, rollout) == "completed", "the end", 120)
        check_whole(team, own_world, rollout)


def test_a_database_that_is_read_only_for_a_while(team: Team, own_world: SimulatorProcess) -> None:
    with team.worker(team.first):
        rollout = team.start(team.second, "batches")
        until(lambda: _batches(team, rollout) >= 1, "the first batch")
        _read_only(team.address, True)
        time.sleep(4.0)
        _read_only(team.address, False)
        until(lambda: team.stage(rollout) == "completed", "the end", 120)
    check_whole(team, own_world, rollout)


def test_the_database_fails_over_to_another_server(own: Program, own_world: SimulatorProcess, tmp_path: Path) -> None:
    with private_server() as server, standby_of(server) as standby:
        team = team_on_address(own, standby.both(server.new_database()), tmp_path)
        with team.worker(team.first) as worker:
            rollout = team.start(team.second, "batches")
            until(lambda: _batches(team, rollout) >= 1, "the first batch")
            crash(server)
            time.sleep(5.0)
            assert worker.is_running(), "it waits for a database that takes writes"
            standby.promote()
            until(lambda: _stage(team, rollout) == "completed", "the end, on the other server", 120)
        check_whole(team, own_world, rollout)


def _read_only(address: str, wanted: bool) -> None:
    """What a standby that took over too early answers; every connection that is open learns of it."""
    with psycopg.connect(address, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"on" if wanted else "off"}')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )


def _batches(team: Team, rollout: str) -> int:
    return sum(row["event"] == "batch_started" for row in team.log(rollout))


def _stage(team: Team, rollout: str) -> str:
    """The stage; empty while the database cannot be asked."""
    done = team.second("rollouts", "--json")
    return next((row["stage"] for row in done.json if row["id"] == rollout), "") if done.code == 0 else ""
