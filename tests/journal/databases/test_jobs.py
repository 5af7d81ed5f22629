"""The queue of rollouts for workers, on a real server: what a dead worker leaves does not hold its scale set."""

import asyncio
import logging

import psycopg
import pytest

from support.postgres import PostgresServer
from vmss_tui.journal import jobs
from vmss_tui.journal.jobs import Jobs


@pytest.mark.parametrize("queued_again", [(), ("one", "two")], ids=["once", "twice"])
async def test_the_jobs_of_a_dead_worker_are_taken_up(
    queued_again: tuple[str, ...],
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also when their rollouts were queued a second time before, since their leases were abandoned."""
    monkeypatch.setattr(jobs, "_LOOK_SECONDS", 0.2)
    caplog.set_level(logging.CRITICAL, "procrastinate")
    address, done, stop = postgres_server.new_database(), list[str](), asyncio.Event()

    async def carry_out(rollout: str) -> None:
        done.append(rollout)
        if len(done) == 3:
            stop.set()

    async with Jobs(address, "cloud") as queue:
        for rollout in ("one", "two"):
            await queue.hand_over(rollout, f"set of {rollout}")
        with psycopg.connect(address) as connection:
            connection.execute("SET search_path TO vmss_tui_jobs")
            connection.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        for rollout in (*queued_again, "three"):
            await queue.hand_over(rollout, f"set of {rollout}")
        async with asyncio.timeout(60):
            await queue.work(carry_out, most=5, stop=stop)
    assert sorted(done) == ["one", "three", "two"]
    with psycopg.connect(address) as connection:
        left = connection.execute("SELECT count(*) FROM vmss_tui_jobs.procrastinate_jobs WHERE status = 'todo'")
        assert left.fetchone() == (0,)
