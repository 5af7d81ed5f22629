"""The log of a rollout over several sets: kept, chained, checked, and never a set started without a word of it."""

import contextlib
import os
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from support import build
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig, SecretRef, SecretSource
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, RolloutPolicy
from vmss_tui.domain.plan.waves import Wave, WaveGroup, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage, Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.errors import JournalUnavailable, LeaseHeld, UsageError
from vmss_tui.journal import check
from vmss_tui.journal.chain import breaks
from vmss_tui.journal.lease import Owner, owner
from vmss_tui.journal.store import Journal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNED = "https://h.blob.core.windows.net/c/deploy.sh?sv=2024&sig=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def waves_plan(uri: str = "https://h/deploy.sh") -> WavesPlan:
    script = ScriptConfig(
        name="CustomScript",
        handler=LINUX,
        settings={"fileUris": [uri], "commandToExecute": "./deploy.sh"},
        protected={"storageAccountKey": SecretRef(SecretSource.LITERAL, "topsecret")},
        label="web 2",
    )
    sets = tuple(
        WaveSet(target=ScaleSetId("s", "g", name), instances=10, policy=RolloutPolicy(), extension="cse")
        for name in ("a", "b")
    )
    rules = WaveRules(groups=(WaveGroup(name="all", tags={"app": "web"}),), failed_instances=Amount(5, percent=True))
    return WavesPlan(
        profile="web", label="web 2", waves=(Wave(number=1, name="all", sets=sets),), rules=rules, script=script
    )


def over(*names: str) -> WavesPlan:
    """The same over other sets."""
    sets = tuple(WaveSet(target=ScaleSetId("S", "G", name)) for name in names)
    return replace(waves_plan(), waves=(Wave(number=1, name="all", sets=sets),))


def set_plan(name: str = "a") -> RolloutPlan:
    snapshot = build.snapshot()
    made = plan_rollout(snapshot, build.script(2), RolloutPolicy(), now=NOW)
    return replace(made, target=ScaleSetId("s", "g", name))


def here(pid: int) -> Owner:
    return owner(pid, "h")


def test_a_log_is_read_as_it_was_written(journal: Journal) -> None:
    plan = waves_plan()
    waves = journal.waves.create(plan, who="ann", why="release", ticket="CHG1", at=NOW)
    journal.waves.append(waves, e.RunnerStarted(1, "h"), w.WaveStarted(1), at=NOW)
    (planned, *rest) = journal.waves.events(waves)
    assert isinstance(planned.event, w.WavesPlanned)
    assert (planned.event.who, planned.event.why, planned.event.ticket) == ("ann", "release", "CHG1")
    assert planned.event.plan.waves == plan.waves and planned.event.plan.rules == plan.rules
    assert [entry.event for entry in rest] == [e.RunnerStarted(1, "h"), w.WaveStarted(1)]
    header = journal.waves.header(waves)
    assert (header.stage, header.label, header.who) == (Stage.RUNNING, "web 2", "ann")
    assert list(breaks(journal.links(waves))) == []


def test_it_is_not_among_the_rollouts_of_sets(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", at=NOW)
    assert journal.rollouts() == () and [header.id for header in journal.waves.headers()] == [waves]
    assert journal.unfinished() == () and [header.id for header in journal.waves.unfinished()] == [waves]
    alone = journal.create(set_plan("z"), who="ann", at=NOW)
    assert [header.id for header in journal.rollouts()] == [alone] and journal.header(alone).waves == ""
    with pytest.raises(UsageError):
        journal.waves.header(alone)


def test_a_set_is_created_together_with_the_word_of_it(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", why="release", ticket="CHG1", at=NOW)
    (entry,) = journal.waves.start_set(waves, set_plan(), rolls_back=False, at=NOW)
    assert isinstance(entry.event, w.SetStarted)
    (header,) = journal.waves.sets(waves)
    assert header.id == entry.event.rollout and header.waves == waves
    assert (header.who, header.why, header.ticket) == ("ann", "release", "CHG1")


def test_a_coordinator_that_lost_its_lease_creates_nothing(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", at=NOW)
    lost = journal.take_lease(waves, here(os.getpid()), at=NOW)
    journal.release(lost)
    journal.take_lease(waves, here(os.getppid()), at=NOW)
    with pytest.raises(LeaseHeld):
        journal.waves.start_set(waves, set_plan(), rolls_back=False, at=NOW, lease=lost)
    assert journal.waves.sets(waves) == ()


def test_the_leases_of_the_whole_and_of_a_set_are_two(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", at=NOW)
    (entry,) = journal.waves.start_set(waves, set_plan(), rolls_back=False, at=NOW)
    assert isinstance(entry.event, w.SetStarted)
    journal.take_lease(waves, here(os.getpid()), at=NOW)
    journal.take_lease(entry.event.rollout, here(os.getppid()), at=NOW)
    with pytest.raises(LeaseHeld):
        journal.take_lease(waves, here(1), at=NOW + timedelta(seconds=1))


def test_of_two_with_a_set_in_common_one_runs_at_a_time(journal: Journal) -> None:
    first, here = journal.waves.create(waves_plan(), who="maria"), owner(os.getpid(), socket.gethostname())
    with pytest.raises(LeaseHeld, match=first):
        journal.waves.create(waves_plan(), who="tom")  # it has no coordinator yet, but gets one
    lease = journal.take_lease(first, here, at=NOW)
    for common in (waves_plan(), over("b", "c")):
        with pytest.raises(LeaseHeld, match=f"{first} of maria.*: .*b"):
            journal.waves.create(common, who="tom")
    assert [header.id for header in journal.waves.running_over(ScaleSetId("S", "G", "B"))] == [first]
    journal.waves.create(over("c"), who="tom")
    later = journal.waves.create(waves_plan(), who="tom", later=True)
    for held in (journal.take_lease, journal.require_free):
        with pytest.raises(LeaseHeld, match=first):
            held(later, here, at=NOW)
    journal.waves.append(first, e.Ended(Verdict.CANCELLED, "x"), at=NOW)
    journal.release(lease)
    journal.take_lease(later, here, at=NOW)


def test_one_that_never_started_keeps_no_other_from_starting(journal: Journal) -> None:
    journal.waves.create(waves_plan(), who="maria", at=datetime.now(UTC) - timedelta(minutes=2))
    journal.waves.create(waves_plan(), who="tom")


@pytest.mark.parametrize("number", range(5))
def test_of_two_that_start_at_the_same_time_one_does(journal: Journal, number: int) -> None:
    ready, made = threading.Barrier(2), []

    def start() -> None:
        own = Journal.open(journal.place)
        ready.wait()
        with contextlib.suppress(LeaseHeld):
            made.append(own.waves.create(waves_plan(), who="tom"))
        own.close()

    both = [threading.Thread(target=start) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(made) == 1 == len(journal.waves.headers())


def test_requests_are_kept_until_the_end(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", at=NOW)
    journal.request(waves, "pause", who="ann", at=NOW)
    assert [request.verb for request in journal.requests(waves)] == ["pause"]
    journal.waves.append(waves, e.Ended(Verdict.COMPLETED, "done"), at=NOW)
    header = journal.waves.header(waves)
    assert (header.stage, header.ended_at, header.reason) == (Stage.COMPLETED, NOW, "done")
    with pytest.raises(UsageError):
        journal.request(waves, "pause", who="ann", at=NOW)
    with pytest.raises(JournalUnavailable):
        journal.waves.append(waves, w.WaveStarted(1), at=NOW)


def test_secrets_are_in_no_event_and_the_signed_address_in_one_column(embedded: Journal) -> None:
    waves = embedded.waves.create(waves_plan(SIGNED), who="ann", at=NOW)
    (entry,) = embedded.waves.events(waves)
    assert isinstance(entry.event, w.WavesPlanned) and entry.event.plan.script is not None
    assert entry.event.plan.script.file_uris == (SIGNED,)
    with embedded._db.reading() as connection:
        body = connection.execute("SELECT body FROM events").fetchone()["body"]
        signed = connection.execute("SELECT signed FROM rollouts").fetchone()["signed"]
    assert "c2VjcmV0" not in body and "topsecret" not in body + signed and "c2VjcmV0" in signed
    later = embedded.waves.create(waves_plan(SIGNED), who="ann", at=NOW + timedelta(hours=1))
    embedded.waves.append(later, e.Ended(Verdict.COMPLETED, "done"), at=NOW)
    assert with_secrets(embedded) == {waves, later}, "an unfinished one may be resumed"
    embedded.waves.append(waves, e.Ended(Verdict.CANCELLED, "canceled"), at=NOW)
    assert with_secrets(embedded) == {later}


def with_secrets(journal: Journal) -> set[str]:
    """Ids of the rollouts whose plan is kept whole."""
    with journal._db.reading() as connection:
        found = connection.execute("SELECT id FROM rollouts WHERE signed IS NOT NULL").fetchall()
    return {row["id"] for row in found}


def test_a_damaged_log_is_found_and_repaired(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", at=NOW)
    journal.waves.append(waves, e.RunnerStarted(1, "h"), w.WaveStarted(1), at=NOW)
    database = journal._db
    assert check.check(database) == ()
    with database.writing() as connection:
        connection.execute("UPDATE events SET body = '{' WHERE seq = 3")
        connection.execute("UPDATE rollouts SET stage = 'failed'")
    assert {problem.damage for problem in check.check(database)} == {check.Damage.EVENT, check.Damage.HEADER}
    check.repair(database)
    assert check.check(database) == ()
    assert isinstance(journal.waves.events(waves)[2].event, e.Noted)
    assert journal.waves.header(waves).stage is Stage.RUNNING


async def test_a_tail_ends_with_the_end(journal: Journal) -> None:
    waves = journal.waves.create(waves_plan(), who="ann", at=NOW)
    journal.waves.append(waves, w.WaveStarted(1), e.Ended(Verdict.COMPLETED, "done"), at=NOW)
    seen = [entry async for chunk in journal.waves.tail(waves) for entry in chunk]
    assert isinstance(seen[-1].event, e.Ended) and len(seen) == 3
