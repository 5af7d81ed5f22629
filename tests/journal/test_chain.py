"""The hash chain: what is changed, removed, exchanged or added in a log of the journal breaks it."""

import json
import sqlite3
from pathlib import Path

import pytest

from support.chained_rollout import OPERATION, ended_rollout
from support.journal import NOW, connection_of, plan
from vmss_tui.domain.rollout import events as e
from vmss_tui.journal import chain
from vmss_tui.journal.check import Damage, check, check_rollout, repair
from vmss_tui.journal.databases.sqlite import SqliteDatabase
from vmss_tui.journal.store import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def rollout(path: Path) -> str:
    return ended_rollout(path)


def run(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys=OFF")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def damages(path: Path) -> set[Damage]:
    opened = SqliteDatabase(path)
    found = {problem.damage for problem in check(opened)}
    opened.close()
    return found


def test_a_log_that_nobody_touched_holds(path: Path, rollout: str) -> None:
    assert damages(path) == set()
    journal = Journal.open(path)
    log, links = journal.events(rollout), journal.links(rollout)
    assert [entry.hash for entry in log] == [link.hash for link in links]
    head = connection_of(journal).execute("SELECT head FROM rollouts").fetchone()[0]
    assert head == log[-1].hash and len({link.hash for link in links}) == len(log) == 7
    journal.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = replace(body, 'bo', 'al') WHERE kind = 'approved'",
        "UPDATE events SET body = replace(body, '/operations/7', '/operations/8') WHERE kind = 'write_accepted'",
        "UPDATE events SET body = replace(body, 'late', 'soon') WHERE seq = 1",
        "UPDATE events SET at = '2026-03-01T12:00:01.000000+00:00' WHERE seq = 3",
        "UPDATE events SET kind = 'resumed', body = '{}' WHERE seq = 5",
        "UPDATE events SET hash = '' WHERE seq = 5",
        "DELETE FROM events WHERE seq = 5",
        "DELETE FROM events WHERE seq = 1",
        "DELETE FROM events WHERE seq = 7",
        "UPDATE rollouts SET signed = replace(signed, './a.sh', './b.sh')",
    ],
)
def test_a_change_of_the_log_breaks_it(path: Path, rollout: str, statement: str) -> None:
    run(path, statement)
    assert Damage.CHAIN in damages(path)


@pytest.mark.parametrize("column", ["who", "host", "why", "ticket", "profile"])
def test_the_row_cannot_say_another_than_the_log(path: Path, rollout: str, column: str) -> None:
    run(path, f"UPDATE rollouts SET {column} = 'other'")
    assert damages(path) == {Damage.HEADER}
    opened = SqliteDatabase(path)
    repair(opened)
    assert check(opened) == ()
    opened.close()


def test_events_at_the_end_of_a_running_rollout_are_missed(path: Path) -> None:
    journal = Journal.open(path)
    rollout = journal.create(plan(), who="maria")
    journal.append(rollout, e.RunnerStarted(1, "h"), e.Paused("x"), e.Resumed(), at=NOW)
    journal.close()
    run(path, "DELETE FROM events WHERE seq > 2")
    opened = SqliteDatabase(path)
    assert [problem.damage for problem in check_rollout(opened, rollout)] == [Damage.CHAIN]
    opened.close()


def test_a_repair_says_what_it_replaced_and_launders_nothing(path: Path, rollout: str) -> None:
    run(
        path,
        "UPDATE events SET body = 'no JSON' WHERE seq = 2",
        "UPDATE events SET body = replace(body, 'bo', 'al') WHERE kind = 'approved'",
    )
    opened = SqliteDatabase(path)
    repair(opened)
    found = check(opened)
    opened.close()
    assert [problem.damage for problem in found] == [Damage.CHAIN] and "event 6" in found[0].message


def test_a_repaired_journal_is_whole_again(path: Path, rollout: str) -> None:
    run(path, "UPDATE events SET body = 'no JSON' WHERE seq = 2")
    opened = SqliteDatabase(path)
    repair(opened)
    assert check(opened) == ()
    opened.close()


def test_the_address_of_an_operation_is_not_exported() -> None:
    body = json.dumps({"key": "model", "operation": OPERATION})
    assert "azure.com" not in chain.exported("write_accepted", body)
    assert chain.exported("write_accepted", "no JSON") == "no JSON"
    assert chain.exported("write_accepted", '{"key":"model","operation":""}') == '{"key":"model","operation":""}'
    assert chain.exported("write_intended", body) == body
