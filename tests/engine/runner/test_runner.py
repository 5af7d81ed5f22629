"""The real runner over the toy: the disk, the clock, the lease, signals, secrets, and death at every single step."""

import asyncio
import os
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from support.engine.bench import POLICY, SLOW, Bench
from support.engine.toy import Toy
from support.engine.toy_azure import Trouble
from support.journal import connection_of, file_of
from vmss_tui.domain.fleet.script import Secret, SecretRef, SecretSource
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep
from vmss_tui.domain.plan.track_record import NOTHING_KNOWN
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.runner.pacing import Pace
from vmss_tui.errors import (
    ConnectionFailed,
    JournalUnavailable,
    LeaseHeld,
    NotFound,
    ProfileInvalid,
)
from vmss_tui.journal.lease import owner
from vmss_tui.journal.store import Journal

KEY = {"key": SecretRef(SecretSource.PROMPT, "the key")}


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory in memory where there is one: hundreds of journals are made in it."""
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield Path(name)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.of(tmp_path)
    yield made
    made.journal.close()


async def test_to_the_end_and_never_again(bench: Bench) -> None:
    assert await bench.run() is e.Verdict.COMPLETED
    length = len(bench.journal.events(bench.rollout))
    assert await bench.run() is e.Verdict.COMPLETED
    assert len(bench.journal.events(bench.rollout)) == length and bench.journal.lease(bench.rollout) is None


async def test_a_pause_lasts_at_least_as_long_as_asked(bench: Bench) -> None:
    await bench.run()
    first, second, third = bench.state.batches
    for before, after in ((first, second), (second, third)):
        assert before.ended_at is not None and after.started_at is not None
        assert 10 <= (after.started_at - before.ended_at).total_seconds() <= 10.5


async def test_it_stays_within_half_of_what_azure_allows_for_one_set(tmp_path: Path) -> None:
    """Cheap reads 12 a minute, dear reads 10 a minute ("Understand throttling")."""
    toy = Toy(takes=1200, mode=UpgradeMode.ROLLING)
    bench = Bench.of(tmp_path, replace(POLICY, steps=(BatchStep(Amount(34, percent=True)),)), toy)
    calls: list[tuple[float, str]] = []
    bench.azure.before = lambda name: calls.append((bench.clock.seconds, name))
    assert await bench.run(pace=Pace()) is e.Verdict.COMPLETED
    minutes = bench.clock.seconds / 60
    dear = sum(name == "instances" for _, name in calls)
    cheap = sum(name in ("scale_set", "latest_upgrade") for _, name in calls)
    assert minutes > 50
    assert cheap / minutes <= 6 and dear / minutes <= 5.2, (cheap / minutes, dear / minutes)


# --- the disk ---------------------------------------------------------------------------------------------------------


def pages(journal: Journal, number: int) -> None:
    connection_of(journal).execute(f"PRAGMA max_page_count = {number}")


async def test_a_full_disk_stops_it_until_there_is_space(bench: Bench) -> None:
    used = connection_of(bench.journal).execute("PRAGMA page_count").fetchone()[0]
    pages(bench.journal, used)
    seen: list[int] = []

    def space() -> None:
        seen.append(len(bench.toy.writes))
        pages(bench.journal, 10**6)

    bench.at(100, space)
    assert await bench.run() is e.Verdict.COMPLETED
    assert seen == [0], "nothing is done that is not on record"
    (note,) = [event for event in bench.events(e.Noted) if isinstance(event, e.Noted)]
    assert note.severity is Severity.WARN
    assert note.message.startswith("nothing was done for 1") and "the disk is full" in note.message


async def test_a_disk_that_stays_read_only_ends_the_runner_and_not_the_rollout(bench: Bench) -> None:
    bench.at(8, lambda: connection_of(bench.journal).execute("PRAGMA query_only = 1"))
    with pytest.raises(JournalUnavailable, match="read-only"):
        await bench.run()
    assert bench.state.verdict is None
    connection_of(bench.journal).execute("PRAGMA query_only = 0")
    lease = bench.journal.lease(bench.rollout)
    assert lease is not None
    bench.journal.release(lease)
    assert await bench.run() is e.Verdict.COMPLETED
    assert all(count == 1 for count in bench.toy.asked.values())


async def test_events_whose_answer_was_lost_are_not_written_twice(bench: Bench) -> None:
    append = bench.journal.append
    lost: list[tuple[e.Logged, ...]] = []

    def lossy(*words: Any, **more: Any) -> tuple[e.Logged, ...]:
        log = append(*words, **more)
        if len(lost) < 20:
            lost.append(log)
            raise JournalUnavailable("the answer of the database was lost")
        return log

    bench.journal.append = lossy  # type: ignore[method-assign]
    assert await bench.run() is e.Verdict.COMPLETED
    assert len(lost) == 20 and all(entry in bench.journal.events(bench.rollout) for log in lost for entry in log)
    assert bench.events(e.Noted) == [] and len(bench.events(e.Ended)) == 1
    assert all(count == 1 for count in bench.toy.asked.values())


# --- the lease --------------------------------------------------------------------------------------------------------


async def test_two_runners_on_one_set_are_impossible(bench: Bench) -> None:
    other = bench.journal.create(bench.plan, who="bo")
    bench.journal.take_lease(other, owner(os.getppid(), socket.gethostname()), at=bench.clock.now())
    with pytest.raises(LeaseHeld):
        await bench.run()
    with pytest.raises(LeaseHeld):
        await bench.run(force=True)
    assert len(bench.journal.events(bench.rollout)) == 1


async def test_a_runner_that_lost_its_lease_writes_nothing_more(bench: Bench) -> None:
    def take() -> None:
        lease = bench.journal.lease(bench.rollout)
        assert lease is not None
        bench.journal.release(lease)
        bench.journal.take_lease(bench.rollout, owner(os.getppid(), "elsewhere"), at=bench.clock.now())

    bench.at(8, take)
    with pytest.raises(LeaseHeld, match="took over"):
        await bench.run()
    assert not bench.events(e.RunnerStopped)
    lease = bench.journal.lease(bench.rollout)
    assert lease is not None and lease.host == "elsewhere"


async def test_a_person_may_replace_a_silent_runner_of_another_host_and_it_is_on_record(bench: Bench) -> None:
    long_ago = bench.clock.now() - timedelta(minutes=11)
    bench.journal.take_lease(bench.rollout, owner(7, "bastion-2"), at=long_ago)
    with pytest.raises(LeaseHeld, match="cannot be verified") as held:
        await bench.run()
    assert held.value.forcible and "resume" in held.value.hint
    assert await bench.run(force=True) is e.Verdict.COMPLETED
    notes = [event for event in bench.events(e.Noted) if isinstance(event, e.Noted)]
    assert notes[0].severity is Severity.WARN
    assert notes[0].message.startswith("lease taken by force: the runner on bastion-2 (process 7)")


# --- signals ----------------------------------------------------------------------------------------------------------


async def test_a_signal_in_the_middle_of_a_write_lets_it_end(bench: Bench) -> None:
    bench.azure.hold = asyncio.Event()
    sent = asyncio.Event()
    bench.azure.before = lambda name: sent.set() if name == "send" else None
    task = asyncio.create_task(bench.run())
    await sent.wait()
    task.cancel()
    await asyncio.sleep(0)
    bench.azure.hold.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "model" in bench.state.accepted
    assert bench.events(e.RunnerStopped) == [e.RunnerStopped("terminated")]
    assert bench.journal.lease(bench.rollout) is None
    assert await bench.run() is e.Verdict.COMPLETED and bench.toy.asked["0"] == 1


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_secrets_are_revealed_at_the_write_and_missing_ones_stop_the_runner(tmp_path: Path) -> None:
    bench = Bench.of(tmp_path, protected=KEY)
    bench.secrets = ProfileInvalid("the value of key is missing")
    with pytest.raises(ProfileInvalid):
        await bench.run()
    assert bench.events(e.RunnerStopped) == [e.RunnerStopped("the value of key is missing")]
    assert not bench.toy.writes and not bench.events(e.WriteIntended)
    bench.secrets = {"key": Secret("hunter2"), "other": Secret("x")}
    assert await bench.run() is e.Verdict.COMPLETED
    assert bench.azure.protected == [{"key": Secret("hunter2")}]
    assert b"hunter2" not in file_of(bench.journal).read_bytes()


# --- Azure away -------------------------------------------------------------------------------------------------------


async def test_a_set_that_is_deleted_ends_the_rollout(bench: Bench) -> None:
    bench.azure.before = Trouble(NotFound("no such set", code="ResourceNotFound"))
    bench.at(9, lambda: setattr(bench.azure.before, "on", True))
    assert await bench.run() is e.Verdict.FAILED
    assert bench.state.reason.startswith("the scale set no longer exists; ")


async def test_an_unclear_answer_is_looked_into(bench: Bench) -> None:
    failed: list[str] = []

    def once(name: str) -> None:
        if name == "sent" and not failed:
            failed.append(name)
            raise ConnectionFailed("the answer got lost")

    bench.azure.before = once
    assert await bench.run() is e.Verdict.COMPLETED
    notes = [event.message for event in bench.events(e.Noted) if isinstance(event, e.Noted)]
    assert notes == [
        "no clear answer to: update the scale set model to web 2 (the answer got lost); "
        "checking Azure before it is sent again"
    ]
    assert bench.toy.writes.count(bench.toy.writes[0]) == 1


# --- death at every step ----------------------------------------------------------------------------------------------


class Dead(BaseException):
    """As after kill -9: nothing of the runner is left but the journal."""


@pytest.mark.parametrize("kind", ["manual", "rolling", "flexible", "automatic"])
async def test_death_at_every_single_step(kind: str, memory: Path) -> None:
    """The runner dies at its n-th contact with the world, for every n, and another one takes over."""
    steps = 0
    for die_at in range(1, 400):
        toy = Toy(
            count=3,
            takes=3,
            mode={"rolling": UpgradeMode.ROLLING, "automatic": UpgradeMode.AUTOMATIC}.get(kind, UpgradeMode.MANUAL),
            flexible=kind == "flexible",
        )
        mode = UpgradeMode.MANUAL if kind == "automatic" else None
        policy = replace(POLICY, mode=mode, steps=(BatchStep(Amount(2)),), unhealthy_percent=67, pause_seconds=0)
        bench = Bench.of(memory / str(die_at), policy, toy)
        steps, died = 0, False
        append = bench.journal.append

        def step(name: str = "") -> None:
            nonlocal steps, died
            steps += 1
            if steps == die_at:  # noqa: B023
                died = True
                raise Dead

        def append_and_step(*args: object, **words: object) -> object:
            step()
            done = append(*args, **words)  # type: ignore[arg-type]  # noqa: B023
            step()
            return done

        bench.azure.before = step
        bench.journal.append = append_and_step  # type: ignore[method-assign,assignment]
        try:
            await bench.run(pace=SLOW)
        except Dead:
            bench.azure.before = lambda name: None
            await bench.run(pace=SLOW)
        assert bench.state.verdict is e.Verdict.COMPLETED, (die_at, bench.state.reason)
        assert all(count == 1 for count in toy.asked.values()), (die_at, toy.asked)
        assert toy.rolls <= 1 and toy.most_busy <= 2, die_at
        assert toy.mode is bench.plan.set_mode
        bench.journal.close()
        if not died:
            assert die_at > 30
            return
    raise AssertionError(f"more than {steps} steps")


async def test_a_second_plan_knows_how_long_the_first_rollout_took(bench: Bench) -> None:
    assert bench.journal.track_record(bench.plan.target) == NOTHING_KNOWN
    await bench.run()
    record = bench.journal.track_record(bench.plan.target)
    (past,) = record.rollouts
    longest = max(
        (batch.ended_at - batch.started_at).total_seconds()
        for batch in bench.state.batches
        if batch.ended_at is not None and batch.started_at is not None
    )
    assert len(past.seconds) == bench.plan.affected and max(past.seconds) <= longest
    assert past.first.updated + past.later.updated == bench.plan.affected and not past.first.failed
    assert bench.journal.track_record(replace(bench.plan.target, name="other")) == NOTHING_KNOWN
    assert bench.journal.track_record(bench.plan.target, before=bench.state.started_at) == NOTHING_KNOWN
