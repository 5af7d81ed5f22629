"""The store: what goes in comes out, in order, once, and without secrets."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from support.journal import NOW, WEB, file_of, plan, script
from support.leases import me
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.rollout_plan import NO_SCRIPT
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import Stage
from vmss_tui.errors import JournalUnavailable, LeaseHeld, NotUnique, UsageError
from vmss_tui.journal import lease as leases
from vmss_tui.journal.store import Journal


def test_a_plan_comes_back_as_it_was(journal: Journal) -> None:
    rollout = journal.create(plan(), who="maria", why="because", ticket="CHG1", at=NOW)
    assert len(rollout) == 8
    (first,) = journal.events(rollout)
    host = socket.gethostname()
    assert first == e.Logged(1, NOW, e.Planned(plan(), who="maria", host=host, why="because", ticket="CHG1"))
    header = journal.find(None)
    assert (header.id, header.target, header.label, header.who, header.why, header.ticket, header.stage) == (
        rollout, WEB, "web 2", "maria", "because", "CHG1", Stage.PLANNED
    )  # fmt: skip
    assert journal.labels() == {script().digest: "web 2"}


def test_what_has_not_ended_is_found_behind_any_number_of_newer_rollouts(journal: Journal) -> None:
    paused = journal.create(plan(), who="maria", at=NOW)
    journal.append(paused, e.Paused("maria"), at=NOW)
    newer = [journal.create(plan(), who="maria", at=NOW + timedelta(minutes=number)) for number in (1, 2, 3)]
    for rollout in newer[:2]:
        journal.append(rollout, e.Ended(e.Verdict.COMPLETED, "2 of 2"), at=NOW)
    assert [header.id for header in journal.rollouts(limit=2)] == [newer[2], newer[1]]
    assert [header.id for header in journal.unfinished()] == [newer[2], paused]
    assert journal.waves.unfinished() == ()


def test_every_kind_of_event_survives_the_round_trip(journal: Journal) -> None:
    rollout = journal.create(plan(), who="maria", at=NOW)
    seen = e.InstanceSeen(id="0", name="web_0", zone="1", phase=e.Phase.FAILED, exit_code=0, script_at=NOW, stderr="x")
    log = (
        e.RunnerStarted(1, "h"),
        e.WriteIntended("model", "update the model", None, ("0",)),
        e.WriteAccepted("model", "https://x/op?sig=1"),
        e.WriteEnded("model", OperationState.FAILED, AzureFault("Code", "text", (("0", "bad"),))),
        e.UpgradeSeen(UpgradeCode.FAULTED, NOW, 1, 2, 3, 4, False, None),
        e.InstancesSeen((seen, e.InstanceSeen(id="1")), 1, 2),
        e.BatchStarted(1, 2, ("0",), ("1",)),
        e.Ended(e.Verdict.FAILED, "no", None, {"done": 1}),
    )
    written = journal.append(rollout, *log, at=NOW)
    assert [entry.seq for entry in written] == list(range(2, 10))
    assert journal.events(rollout, after=1) == written
    assert journal.events(rollout, after=1, limit=2) == written[:2]


def test_a_literal_secret_never_reaches_the_file(embedded: Journal) -> None:
    secret = "hunter2-very-secret"
    protected = {
        "key": SecretRef(SecretSource.LITERAL, secret),
        "other": SecretRef(SecretSource.ENV, "KEY"),
        "storageAccountName": SecretRef(SecretSource.LITERAL, "ships"),
    }
    rollout = embedded.create(
        plan(script=script(protected=protected), previous=script(protected=protected)), who="m", at=NOW
    )
    embedded.close()
    for path in file_of(embedded).parent.iterdir():
        assert secret.encode() not in path.read_bytes()
    with_names = Journal.open(file_of(embedded)).events(rollout)[0].event
    assert isinstance(with_names, e.Planned)
    assert with_names.plan.script.protected == {
        "key": SecretRef(SecretSource.LITERAL),
        "other": SecretRef(SecretSource.ENV, "KEY"),
        "storageAccountName": SecretRef(SecretSource.LITERAL, "ships"),
    }, "the name of an account is no secret, and a runner that takes over needs it"


def test_file_and_directory_are_private(embedded: Journal) -> None:
    assert stat.S_IMODE(file_of(embedded).stat().st_mode) == 0o600
    assert stat.S_IMODE(file_of(embedded).parent.stat().st_mode) == 0o700


def test_a_journal_is_not_written_through_a_link(tmp_path: Path) -> None:
    victim, link = tmp_path / "victim", tmp_path / "state" / "journal.db"
    victim.write_text("")
    victim.chmod(0o644)
    link.parent.mkdir()
    link.symlink_to(victim)
    with pytest.raises(JournalUnavailable, match="symbolic link"):
        Journal.open(link)
    assert victim.read_text() == "" and stat.S_IMODE(victim.stat().st_mode) == 0o644


def test_a_journal_that_others_could_read_is_made_private_again(embedded: Journal) -> None:
    file_of(embedded).chmod(0o644)
    Journal.open(file_of(embedded)).close()
    assert stat.S_IMODE(file_of(embedded).stat().st_mode) & 0o007 == 0


def test_stage_end_and_reason_are_in_the_header(journal: Journal) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    stages = []
    for event in (
        e.RunnerStarted(1, "h"),
        e.Paused("why"),
        e.Resumed(),
        e.RequestAnswered(e.Verb.CANCEL, True, "yes"),
        e.Ended(e.Verdict.CANCELLED, "asked"),
    ):
        journal.append(rollout, event, at=NOW)
        stages.append(journal.header(rollout).stage)
    assert stages == [Stage.RUNNING, Stage.PAUSED, Stage.RUNNING, Stage.CANCELLING, Stage.CANCELLED]
    header = journal.header(rollout)
    assert (header.ended_at, header.reason) == (NOW, "asked")
    with pytest.raises(JournalUnavailable, match="has ended"):
        journal.append(rollout, e.Resumed(), at=NOW)


def test_find_takes_a_prefix_and_says_what_fits(journal: Journal) -> None:
    with pytest.raises(UsageError, match="no rollout yet"):
        journal.find(None)
    first = journal.create(plan(), who="m", at=NOW)
    second = journal.create(plan(), who="m", at=NOW + timedelta(seconds=1))
    assert journal.find(None).id == second
    journal.append(second, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
    assert journal.find(None).id == first
    assert journal.find(second[:7]).id == second
    with pytest.raises(UsageError, match="no rollout 'zz'"):
        journal.find("zz")
    while first[0] != second[0]:
        second = journal.create(plan(), who="m", at=NOW)
    with pytest.raises(NotUnique):
        journal.find(first[0])


def test_rollouts_of_one_scale_set(journal: Journal) -> None:
    other = ScaleSetId("s1", "rg-web", "api")
    journal.create(plan(), who="m", at=NOW)
    api = journal.create(plan(other), who="m", at=NOW)
    assert [rollout.id for rollout in journal.rollouts(target=ScaleSetId("S1", "RG-WEB", "API"))] == [api]
    assert len(journal.rollouts(limit=1)) == 1


async def test_tail_follows_until_the_end(journal: Journal) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    got: list[e.Event] = []
    begun = asyncio.Event()

    async def follow() -> None:
        reader = Journal.open(journal.place, read_only=True)
        async for chunk in reader.tail(rollout, poll_seconds=0.001):
            got.extend(entry.event for entry in chunk)
            begun.set()
        reader.close()

    task = asyncio.create_task(follow())
    await begun.wait()
    journal.append(rollout, e.Resumed(), at=NOW)
    journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
    await task
    assert [type(event) for event in got] == [e.Planned, e.Resumed, e.Ended]


def test_requests_are_numbered_and_refused_after_the_end(journal: Journal) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    number = journal.request(rollout, "cancel", who="bo", why="bad", argument="x", at=NOW)
    (request,) = journal.requests(rollout)
    assert (request.id, request.verb, request.who, request.why, request.argument, request.at) == (
        number, "cancel", "bo", "bad", "x", NOW
    )  # fmt: skip
    assert journal.requests(rollout, after=number) == ()
    with pytest.raises(UsageError, match="is not a request"):
        journal.request(rollout, "explode", who="bo")
    journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
    with pytest.raises(UsageError, match="undo is no longer possible") as refused:
        journal.request(rollout, "undo", who="bo")
    assert "a new rollout" in refused.value.hint
    with pytest.raises(UsageError, match="no rollout 'nope'"):
        journal.request("nope", "cancel", who="bo")


# --- leases ---------------------------------------------------------------------------------------------------------


def test_one_scale_set_has_one_runner(journal: Journal) -> None:
    first, second = journal.create(plan(), who="m", at=NOW), journal.create(plan(), who="m", at=NOW)
    assert journal.lease(first) is None
    lease = journal.take_lease(first, me(), at=NOW)
    found = journal.lease(first)
    assert found is not None and found.alive and found.pid == os.getpid()
    with pytest.raises(LeaseHeld, match=f"active for rollout {first}$"):
        journal.take_lease(first, me(), at=NOW)
    with pytest.raises(LeaseHeld, match=f"active for rollout {first}, on this scale set"):
        journal.take_lease(second, me(), at=NOW, force=True)
    journal.release(lease)
    journal.take_lease(second, me(), at=NOW)


def test_a_dead_process_is_proof_and_its_writes_are_fenced(embedded: Journal) -> None:
    rollout = embedded.create(plan(), who="m", at=NOW)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = embedded.take_lease(rollout, leases.owner(child.pid, socket.gethostname()), at=NOW)
    with pytest.raises(LeaseHeld):
        embedded.take_lease(rollout, me(), at=NOW)
    child.kill()
    child.wait()
    assert child.stdin is not None
    child.stdin.close()
    found = embedded.lease(rollout)
    assert found is not None and not found.alive
    mine = embedded.take_lease(rollout, me(), at=NOW)
    with pytest.raises(LeaseHeld, match="took over"):
        embedded.append(rollout, e.Resumed(), at=NOW, lease=dead)
    with pytest.raises(LeaseHeld):
        embedded.beat(dead, NOW)
    embedded.release(dead)
    embedded.beat(mine, NOW + timedelta(seconds=9))
    kept = embedded.lease(rollout)
    assert kept is not None and kept.heartbeat == NOW + timedelta(seconds=9)
    embedded.append(rollout, e.Resumed(), at=NOW, lease=mine)


@pytest.mark.parametrize(
    ("change", "age", "proof"),
    [
        ({}, 0, ""),
        ({"pid": 2**22 - 3}, 0, "no longer exists"),
        ({"started": "12345"}, 0, "is now another process"),
        ({"boot_id": "other"}, 60, "was restarted"),
        ({"boot_id": "other"}, -60, "was restarted"),
        ({"boot_id": "other"}, 3, ""),
        ({"host": "elsewhere"}, 1e6, ""),
        ({"machine": "elsewhere"}, 1e6, ""),
        ({"namespace": "pid:[7]", "pid": 2**22 - 3}, 1e6, ""),
    ],
)
def test_what_counts_as_proof(change: dict[str, object], age: float, proof: str) -> None:
    here = me()
    values = {name: getattr(here, name) for name in ("pid", "host", "machine", "boot_id", "namespace", "started")}
    heartbeat = NOW - timedelta(seconds=age)
    lease = leases.Lease(**{**values, **change}, rollout="r", heartbeat=heartbeat, alive=True)
    found = leases.gone(lease, here, NOW)
    assert found.endswith(proof) and bool(found) == bool(proof)
    assert leases.is_alive(lease, here, NOW) is (not proof and age < 1e5)


def test_another_host_is_replaced_only_by_force_and_after_long_silence(embedded: Journal) -> None:
    rollout = embedded.create(plan(), who="m", at=NOW)
    embedded.take_lease(rollout, replace(me(), host="bastion-2"), at=NOW)
    later = NOW + timedelta(seconds=300)
    with pytest.raises(LeaseHeld) as held:
        embedded.take_lease(rollout, me(), at=later, force=True)
    assert "bastion-2" in held.value.message and "--force" in held.value.hint and not held.value.forcible
    late = NOW + timedelta(seconds=601)
    with pytest.raises(LeaseHeld) as held:
        embedded.take_lease(rollout, me(), at=late)
    assert held.value.forcible and f"`vmss-tui resume {rollout} --force` takes over" in held.value.hint
    with pytest.raises(LeaseHeld):
        embedded.require_free(rollout, me(), at=late)
    embedded.require_free(rollout, me(), at=late, force=True)
    assert embedded.take_lease(rollout, me(), at=late, force=True).host == socket.gethostname()


def test_a_living_process_of_this_machine_is_never_replaced_however_long_it_slept(embedded: Journal) -> None:
    rollout = embedded.create(plan(), who="m", at=NOW)
    embedded.take_lease(rollout, me(), at=NOW)
    with pytest.raises(LeaseHeld, match=f"active for rollout {rollout}") as held:
        embedded.take_lease(rollout, me(), at=NOW + timedelta(hours=9), force=True)
    assert not held.value.forcible


def test_the_name_of_the_version_from_before_is_remembered_too(journal: Journal) -> None:
    old = script(settings={"commandToExecute": "./old.sh"}, label="web 1")
    journal.create(replace(plan(), previous=old), who="maria")
    assert journal.labels() == {old.digest: "web 1", script().digest: "web 2"}


def test_a_version_without_a_name_has_no_label_until_somebody_names_it(journal: Journal) -> None:
    nameless = replace(plan(), script=script(label=""))
    digest = nameless.script.digest
    first = journal.create(nameless, who="maria")
    assert journal.labels() == {digest: None}
    assert journal.header(first).label == unnamed(digest)
    journal.name_version(digest, "web night")
    assert journal.header(first).label == "web night", "a name that is given later holds for what was rolled out before"
    journal.create(nameless, who="maria")
    assert journal.labels()[digest] == "web night"
    removal = journal.create(replace(plan(), names={"ab" * 32: "web 0.9"}, removes=True), who="maria")
    assert journal.header(removal).label == NO_SCRIPT
    assert journal.labels()["ab" * 32] == "web 0.9", "a version that is about to be replaced keeps its name"


def test_a_version_that_a_roll_back_restored_is_one_of_ours(journal: Journal) -> None:
    """The model is written by the failed rollout itself; instances that keep the new version are no one else's."""
    before = script(settings={"commandToExecute": "./v1.sh"}, label="web 1")
    rollout = journal.create(plan(previous=before), who="maria", at=NOW)
    assert journal.versions_brought(WEB) == {script().digest}
    back = plan(script=before, previous=script())
    journal.append(rollout, e.RunnerStarted(1, "h"), e.RollbackStarted(back, "1 failed"), at=NOW)
    journal.append(rollout, e.Ended(e.Verdict.FAILED, "1 failed"), at=NOW)
    assert journal.versions_brought(WEB) == {script().digest, before.digest}
    assert journal.versions_brought(replace(WEB, name="other")) == frozenset()
