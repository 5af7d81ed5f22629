"""The hash chain: what is changed, removed, exchanged or added in a log breaks it, in the journal and in an export."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support.journal import NOW, connection_of, plan, script
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verb, Verdict
from vmss_tui.journal import chain
from vmss_tui.journal.check import Damage, check, check_rollout, repair
from vmss_tui.journal.databases.sqlite import SqliteDatabase
from vmss_tui.journal.store import Journal
from vmss_tui.report.formats import write
from vmss_tui.report.verify import verify_export

OPERATION = "https://management.azure.com/operations/7?sig=c2VjcmV0c2VjcmV0"
URI = "https://x.blob.core.windows.net/c/a.sh?sv=2024&sig=Zm9vYmFyYmF6cXV4Zm9vYmFy"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def rollout(path: Path) -> str:
    """A rollout that has ended: seven events."""
    journal = Journal.open(path)
    made = plan(script=script(settings={"fileUris": [URI], "commandToExecute": "./a.sh"}))
    rollout = journal.create(replace(made, overrides={"outside-window": "late"}), who="maria", why="CVE", ticket="C1")
    journal.append(rollout, e.RunnerStarted(1, "h"), at=NOW)
    journal.append(rollout, e.WriteIntended("model", "update"), e.WriteAccepted("model", OPERATION), at=NOW)
    journal.append(rollout, e.Requested(Verb.APPROVE, "bo", "pc", "looks good", 1), e.Approved(2, "bo"), at=NOW)
    journal.append(rollout, e.Ended(Verdict.COMPLETED, "all done"), at=NOW)
    journal.close()
    return rollout


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


def export(path: Path, rollout: str) -> list[str]:
    journal = Journal.open(path)
    text = write("jsonl", journal.header(rollout), journal.events(rollout), journal.links(rollout))
    journal.close()
    return text.splitlines()


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


# --- exports --------------------------------------------------------------------------------------------------------


def test_an_export_carries_its_proof_and_no_secret(path: Path, rollout: str) -> None:
    lines = export(path, rollout)
    proof = verify_export("\n".join(lines))
    assert (proof.rollout, proof.events, proof.ended, proof.problems) == (rollout, 7, True, ())
    assert json.loads(lines[6])["hash"] == proof.head
    assert "c2VjcmV0" not in "".join(lines) and "Zm9vYmFy" not in "".join(lines)
    assert verify_export("\n".join(lines), proof.head).problems == ()
    assert verify_export("\n".join(lines), "0" * 64).problems


def test_the_documented_recipe_finds_the_same_head(path: Path, rollout: str) -> None:
    head = ""
    for line in map(json.loads, export(path, rollout)[:-1]):
        known = line["chain"]
        parts = [head, line["rollout"], line["seq"], known["at"], known["kind"], known["version"], known["body"]]
        head = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
        assert head == line["hash"]


def changed(number: int, **values: object) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        return [*lines[:number], json.dumps({**json.loads(lines[number]), **values}), *lines[number + 1 :]]

    return change


def without(number: int, key: str) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        left = {name: value for name, value in json.loads(lines[number]).items() if name != key}
        return [*lines[:number], json.dumps(left), *lines[number + 1 :]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        changed(0, who="other"),
        changed(0, overrides={}),
        changed(5, who="other"),
        changed(5, at="2026-03-01T12:00:01.000Z"),
        changed(5, hash="0" * 64),
        changed(5, added=1),
        changed(3, key="other"),
        changed(7, verdict="failed"),
        without(4, "why"),
        without(4, "chain"),
        lambda lines: lines[:4] + lines[5:],
        lambda lines: lines[1:],
        lambda lines: [*lines[:6], lines[7]],
        lambda lines: lines[:7],
        lambda lines: [*lines[:5], lines[4], *lines[5:]],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [line.replace('"bo"', '"al"').replace('\\"bo\\"', '\\"al\\"') for line in lines],
    ],
)
def test_a_changed_export_is_found_out(path: Path, rollout: str, change: Callable[[list[str]], list[str]]) -> None:
    assert verify_export("\n".join(change(export(path, rollout)))).problems


@pytest.mark.parametrize("text", ["", "not JSON", "[]", '{"event":"planned","rollout":"x"}'])
def test_what_is_no_export_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|hashes"):
        verify_export(text)


def test_the_address_of_an_operation_is_not_exported() -> None:
    body = json.dumps({"key": "model", "operation": OPERATION})
    assert "azure.com" not in chain.exported("write_accepted", body)
    assert chain.exported("write_accepted", "no JSON") == "no JSON"
    assert chain.exported("write_accepted", '{"key":"model","operation":""}') == '{"key":"model","operation":""}'
    assert chain.exported("write_intended", body) == body
