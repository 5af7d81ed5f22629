"""Two hosts and one journal in PostgreSQL: what one does the other sees, refuses, asks for and takes over."""

import asyncio
import os
import random
import time

import psycopg
import pytest

from support.journal import NOW, plan
from support.program import runners, until
from support.simulator import SimulatorProcess
from support.team import Team, check_whole, postgres_server, team
from vmss_tui.journal.jobs import Jobs
from vmss_tui.journal.store import Journal

__all__ = ["postgres_server", "team"]

pytestmark = pytest.mark.campaign

KILLS = int(os.environ.get("KILLS", "3"))


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


# --- workers ----------------------------------------------------------------------------------------------------------


def test_a_worker_carries_out_what_the_team_starts(team: Team, own_world: SimulatorProcess) -> None:
    with team.worker(team.first) as worker:
        rollout = team.start(team.second)
        (started,) = [row for row in team.log(rollout) if row["event"] == "runner_started"]
        assert (started["pid"], started["host"]) == (worker.pid, "bastion-1"), "no runner of its own"
        assert not runners(team.address)
        until(lambda: team.stage(rollout) == "awaiting approval", "the wait for approval")
        assert team.second("approve", rollout).code == 0
        assert team.second("attach", rollout).code == 0


def test_without_a_worker_the_host_runs_it_itself(team: Team, own_world: SimulatorProcess) -> None:
    team.start(team.first)
    assert len(runners(team.address)) == 1


def test_rollouts_of_one_worker_do_not_touch_each_other(team: Team, own_world: SimulatorProcess) -> None:
    with team.worker(team.first) as worker:
        malformed = asyncio.run(_hand_over_a_damaged_one(team, own_world.origin))
        hanging = team.start(team.second, "app", "slow")
        own_world.control.add_fault(kind="delay", path="*/virtualMachineScaleSets/slow*", seconds=600, count=0)
        failing = team.start(team.second, "app", "fragile", "9.0.0")
        good = team.start(team.second, "batches", "hand")
        until(lambda: team.stage(good) == "completed", "the end of the good one", 60)
        until(lambda: team.stage(failing) == "failed", "the end of the failing one", 60)
        assert team.stage(hanging) == "running" and team.stage(malformed) == "planned"
        assert worker.is_running()
        again = team.start(team.second, "batches", "hand", "2.1.0")
        until(lambda: team.stage(again) == "completed", "the next one", 60)


async def _hand_over_a_damaged_one(team: Team, cloud: str) -> str:
    """A rollout whose plan cannot be read, as a job of the workers."""
    journal = Journal.open(team.address)
    rollout = journal.create(plan(), who="maria", at=NOW)
    with psycopg.connect(team.address) as connection:
        connection.execute("UPDATE vmss_tui.events SET body = 'not JSON' WHERE rollout = %s", (rollout,))
    async with Jobs(team.address, cloud) as jobs:
        await jobs.hand_over(rollout, journal.target_key(rollout))
    journal.close()
    return rollout


def test_a_worker_ends_with_what_it_has_when_a_newer_program_changes_the_journal(
    team: Team, own_world: SimulatorProcess
) -> None:
    """Plans of the newer program may have settings that it would not know of."""

    def change_format(by: int) -> None:
        with psycopg.connect(team.address) as connection:
            connection.execute("UPDATE vmss_tui.format SET number = number + %s", (by,))

    with team.first.running("worker") as worker:
        assert worker.stderr is not None
        assert "at once" in worker.stderr.readline()
        rollout = team.start(team.second)
        until(lambda: team.stage(rollout) == "awaiting approval", "the wait for approval")
        change_format(+1)
        assert "newer vmss-tui" in worker.stderr.readline()
        change_format(-1)
        other = team.start(team.second, "batches", "fragile")
        assert len(runners(team.address)) == 1, "its host runs it itself"
        assert team.second("approve", rollout).code == 0
        assert worker.wait(60) == 0
        assert team.stage(rollout) == "completed"
        until(lambda: team.stage(other) in ("completed", "failed"), "the end of the other", 60)


@pytest.mark.timeout(120 + 180 * KILLS)
def test_workers_that_are_killed_lose_nothing(team: Team, own_world: SimulatorProcess) -> None:
    chance = random.Random(7)
    for number in range(KILLS):
        own_world.control.reset_counters()
        with team.worker(team.first) as dead:
            rollout = team.start(team.second, "batches", version=f"3.0.{number}")
            with team.worker(team.second):
                time.sleep(chance.uniform(0.0, 2.0))
                dead.kill()
                wait_for_end(team, rollout)
        check_whole(team, own_world, rollout)


@pytest.mark.timeout(300)
def test_a_second_worker_that_dies_while_it_waits_for_the_lease_blocks_nothing(
    team: Team, own_world: SimulatorProcess
) -> None:
    """Its rollout is then queued twice: as the job of a dead worker, and since its lease was abandoned."""

    def taken_up_again() -> bool:
        with psycopg.connect(team.address) as connection:
            statement = "SELECT count(*) FROM vmss_tui_jobs.procrastinate_jobs WHERE status = 'doing' AND attempts > 0"
            return connection.execute(statement).fetchone() == (1,)

    with team.worker(team.first) as first:
        rollout = team.start(team.second, "batches")
        first.kill()
    with team.worker(team.second) as second:
        until(taken_up_again, "the second worker", 60)
        second.kill()
    with team.worker(team.first):
        wait_for_end(team, rollout)
    check_whole(team, own_world, rollout)


def wait_for_end(team: Team, rollout: str) -> None:
    """Wait until it has completed, on any worker."""
    until(lambda: team.stage(rollout) == "completed", "the end, by the other worker", 90)
