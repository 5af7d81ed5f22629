"""What only a shared database does: its clock judges leases, several processes write, it goes away and comes back."""

import asyncio
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from support.journal import NOW, plan
from support.leases import me
from support.postgres import PostgresServer
from vmss_tui.cli.commands.database_roles import statements
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.team.roles import Right
from vmss_tui.errors import JournalUnavailable, LeaseHeld, UsageError
from vmss_tui.journal import lease as leases
from vmss_tui.journal.chain import breaks
from vmss_tui.journal.databases import postgres
from vmss_tui.journal.databases.postgres import translated
from vmss_tui.journal.databases.postgres_address import parameters
from vmss_tui.journal.databases.postgres_errors import explain
from vmss_tui.journal.jobs import Jobs
from vmss_tui.journal.store import Journal


@pytest.fixture
def address(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()


@pytest.fixture
def journal(address: str) -> Iterator[Journal]:
    opened = Journal.open(address)
    yield opened
    opened.close()


def age_heartbeats(address: str, seconds: float) -> None:
    """Let the server believe that all owners were silent for this long."""
    stamp = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE vmss_tui.leases SET heartbeat = %s", (stamp,))


def test_of_many_who_open_an_empty_database_at_once_one_makes_the_tables(postgres_server: PostgresServer) -> None:
    address, start, problems = postgres_server.new_database(), threading.Barrier(6), list[Exception]()

    def first() -> None:
        start.wait()
        try:
            Journal.open(address).close()
            Jobs(address, "cloud").prepare()
        except Exception as problem:
            problems.append(problem)

    openers = [threading.Thread(target=first) for _ in range(start.parties)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert problems == []


def test_a_silent_owner_on_another_host_is_replaced_and_fenced(journal: Journal, address: str) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    theirs = journal.take_lease(rollout, replace(me(), host="bastion-2"), at=NOW)
    with pytest.raises(LeaseHeld) as held:
        journal.take_lease(rollout, me(), at=NOW)
    assert "bastion-2" in held.value.message and "attach" in held.value.hint
    age_heartbeats(address, leases.SHARED_SECONDS + 1)
    found = journal.lease(rollout)
    assert found is not None and not found.alive
    mine = journal.take_lease(rollout, me(), at=NOW)
    with pytest.raises(LeaseHeld, match="took over"):
        journal.append(rollout, e.Resumed(), at=NOW, lease=theirs)
    with pytest.raises(LeaseHeld):
        journal.beat(theirs, NOW)
    journal.append(rollout, e.Resumed(), at=NOW, lease=mine)


def test_heartbeats_are_of_the_servers_clock(journal: Journal) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    lease = journal.take_lease(rollout, me(), at=NOW - timedelta(days=1))
    journal.beat(lease, NOW - timedelta(days=2))
    found = journal.lease(rollout)
    assert found is not None and abs((datetime.now(UTC) - found.heartbeat).total_seconds()) < 60


def test_of_many_who_want_a_lease_at_once_one_gets_it(journal: Journal, address: str) -> None:
    rollouts = [journal.create(plan(), who="m", at=NOW) for _ in range(6)]
    won: list[str] = []
    start = threading.Barrier(len(rollouts))

    def want(rollout: str) -> None:
        own = Journal.open(address)
        start.wait()
        try:
            won.append(own.take_lease(rollout, replace(me(), host=f"host-{rollout}"), at=NOW).rollout)
        except LeaseHeld:
            pass
        finally:
            own.close()

    threads = [threading.Thread(target=want, args=(rollout,)) for rollout in rollouts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_events_of_many_writers_are_numbered_without_a_gap_and_chained(journal: Journal, address: str) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)

    def write() -> None:
        own = Journal.open(address)
        for _ in range(10):
            own.append(rollout, e.Resumed(), at=NOW)
        own.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.seq for entry in journal.events(rollout)] == list(range(1, 42))
    assert list(breaks(journal.links(rollout))) == []


async def test_a_reader_is_woken_by_the_event_itself(journal: Journal, address: str) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    reader = Journal.open(address, read_only=True)
    chunks = reader.tail(rollout, poll_seconds=3600)
    first = await anext(chunks)
    assert [type(entry.event) for entry in first] == [e.Planned]
    waiting = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0.1)
    journal.append(rollout, e.Ended(e.Verdict.COMPLETED, ""), at=NOW)
    assert isinstance((await waiting)[-1].event, e.Ended)
    reader.close()


def test_a_lost_connection_is_said_and_made_again(journal: Journal, address: str) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vmss-tui'")
    with pytest.raises(JournalUnavailable, match="cannot be reached"):
        journal.append(rollout, e.Resumed(), at=NOW)
    assert journal.append(rollout, e.Resumed(), at=NOW)[0].seq == 2


def test_a_lock_that_somebody_keeps_is_said(journal: Journal, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_LOCKED_MS", 100)
    rollout = journal.create(plan(), who="maria", at=NOW)
    other = Journal.open(address)
    with psycopg.connect(address) as administrator:
        administrator.execute("LOCK TABLE vmss_tui.events")
        with pytest.raises(JournalUnavailable, match="locked"):
            other.append(rollout, e.Noted("x"), at=NOW)
    other.append(rollout, e.Noted("x"), at=NOW)
    other.close()


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(JournalUnavailable, match="cannot be reached") as refused:
        Journal.open("postgresql://nobody@127.0.0.1:1/none")
    assert "Check the address" in refused.value.hint


@pytest.mark.parametrize(
    "said",
    [
        "SSL error: certificate verify failed",
        'server certificate for "a" does not match host name "b"',
        "server does not support SSL, but SSL was required",
        'root certificate file "/x.pem" does not exist',
    ],
)
def test_what_is_wrong_with_tls_has_its_own_next_step(said: str) -> None:
    problem = psycopg.OperationalError(
        f'connection failed: connection to server at "10.0.0.4", port 5432 failed: {said}'
    )
    explained = explain(problem, "postgresql://db/journal")
    assert said in explained.message and "sslrootcert" in explained.hint


def test_a_role_that_may_only_read(journal: Journal, address: str) -> None:
    rollout = journal.create(plan(), who="m", at=NOW)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS viewer")
        connection.execute("CREATE ROLE viewer LOGIN")
        connection.execute("GRANT USAGE ON SCHEMA vmss_tui TO viewer")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA vmss_tui TO viewer")
    viewer = Journal.open(address.replace("postgres:@", "viewer@"))
    assert viewer.find(None).id == rollout
    with pytest.raises(JournalUnavailable, match="not allow that to your database role"):
        viewer.request(rollout, "cancel", who="m")
    viewer.close()


def test_a_reason_with_nul_in_it_ends_a_rollout(journal: Journal) -> None:
    """Azure's errors are text of others; the log itself is JSON, which writes NUL in other characters."""
    rollout = journal.create(plan(), who="maria", at=NOW)
    journal.append(rollout, e.Ended(e.Verdict.FAILED, "a\0b"), at=NOW)
    assert journal.find(rollout).stage.over
    (*_, ended) = journal.events(rollout)
    assert ended.event == e.Ended(e.Verdict.FAILED, "a\0b")
    with pytest.raises(UsageError):
        journal.find("\0")


def test_an_empty_database_is_not_made_a_journal_by_reading(address: str) -> None:
    with pytest.raises(JournalUnavailable, match="is empty"):
        Journal.open(address, read_only=True)


def test_a_role_without_rights_or_without_the_tables_is_told_so(journal: Journal, address: str) -> None:
    role = f"role_{secrets.token_hex(3)}"
    own = address.replace("postgres:@", f"{role}@")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        with pytest.raises(JournalUnavailable, match="grants nothing"):
            Journal.open(own)
        for statement in statements(role, Right.OPERATOR):
            connection.execute(statement.encode())
        Journal.open(own).close()
        connection.execute("DROP TABLE vmss_tui.quota; UPDATE vmss_tui.format SET number = number - 1")
        with pytest.raises(JournalUnavailable, match="older vmss-tui") as refused:
            Journal.open(own)
        assert "owns its tables" in refused.value.hint
        Journal.open(address).close()
        Journal.open(own).close()


def test_a_newer_format_is_refused(journal: Journal, address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("UPDATE vmss_tui.format SET number = 99")
    with pytest.raises(JournalUnavailable, match="newer vmss-tui"):
        Journal.open(address)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:hunter2@db/x", "postgresql://u@db/x?password=hunter2", "postgresql://u@db/x?sslpassword=hunter2",
        "service=team password=hunter2",
    ],
)  # fmt: skip
def test_a_password_in_the_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError, match="holds a password") as refused:
        Journal.open(address)
    assert "hunter2" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("address", ["postgresql://[::1", "service=x nonsense"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not one of PostgreSQL"):
        parameters(address)


def test_statements_in_the_words_of_postgresql() -> None:
    assert translated("SELECT '50%' WHERE a = ?") == "SELECT '50%%' WHERE a = %s"
