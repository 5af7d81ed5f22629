"""A journal of an earlier program: its tables are brought up to date, and it says what it said."""

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from support.journal import NOW, WEB, connection_of, plan, script
from vmss_tui.domain.fleet.version_names import unnamed
from vmss_tui.domain.plan.rollout_plan import NO_SCRIPT, RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal import chain, schema
from vmss_tui.journal.check import Damage, check_rollout
from vmss_tui.journal.databases import migrations, sqlite
from vmss_tui.journal.store import Journal

FORMAT_1 = """
CREATE TABLE rollouts (
  id TEXT PRIMARY KEY, target TEXT NOT NULL, target_key TEXT NOT NULL, label TEXT NOT NULL, profile TEXT NOT NULL,
  who TEXT NOT NULL, why TEXT NOT NULL, ticket TEXT NOT NULL, host TEXT NOT NULL, created_at TEXT NOT NULL,
  stage TEXT NOT NULL, ended_at TEXT, reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE events (
  rollout TEXT NOT NULL REFERENCES rollouts (id), seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  version INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (rollout, seq)
) WITHOUT ROWID;
CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL REFERENCES rollouts (id), verb TEXT NOT NULL,
  who TEXT NOT NULL, host TEXT NOT NULL, why TEXT NOT NULL, argument TEXT NOT NULL, at TEXT NOT NULL
);
CREATE TABLE leases (
  target_key TEXT PRIMARY KEY, rollout TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, machine TEXT NOT NULL,
  boot_id TEXT NOT NULL, namespace TEXT NOT NULL, started TEXT NOT NULL, heartbeat TEXT NOT NULL, token TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE labels (digest TEXT PRIMARY KEY, label TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX rollouts_by_target ON rollouts (target_key);
PRAGMA user_version=1;
"""
NAMED = plan()
NAMELESS = plan(script=script(label=""))
REMOVAL = plan(removes=True)


def insert(connection: sqlite3.Connection, rollout: str, label: str, made: RolloutPlan) -> None:
    connection.execute(
        "INSERT INTO rollouts VALUES (?,?,?,?,'web','maria','why','CHG1','bastion',?,'completed',?,'done')",
        (rollout, str(WEB), "|".join(WEB.key), label, schema.stamp(NOW), schema.stamp(NOW)),
    )
    kind, body = schema.encode(e.Planned(made))
    connection.execute(
        "INSERT INTO events VALUES (?,1,?,?,?,?)", (rollout, schema.stamp(NOW), kind, schema.VERSION, body.decode())
    )


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal as format 1 left it: three rollouts, one request, and a log that cannot be read."""
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.executescript(FORMAT_1)
    digest = NAMELESS.script.digest
    for rollout, label, made in (
        ("aaaaaaaa", "web 2", NAMED), ("bbbbbbbb", digest[:8], NAMELESS), ("cccccccc", NO_SCRIPT, REMOVAL)
    ):  # fmt: skip
        insert(connection, rollout, label, made)
    insert(connection, "dddddddd", "web 0", NAMED)
    connection.execute("UPDATE events SET body = 'not JSON' WHERE rollout = 'dddddddd'")
    connection.execute("INSERT INTO requests VALUES (7,'aaaaaaaa','pause','bo','bastion','','','2026-03-01T12:00:00Z')")
    connection.executemany("INSERT INTO labels VALUES (?,?)", [(digest, digest[:8]), ("ff" * 32, "web 1")])
    connection.commit()
    connection.close()
    return path


def test_a_label_that_was_the_digest_becomes_no_label(old: Path) -> None:
    journal = Journal.open(old)
    assert journal.labels() == {NAMELESS.script.digest: None, "ff" * 32: "web 1"}
    labels = {header.id: header.label for header in journal.rollouts()}
    assert labels == {
        "aaaaaaaa": "web 2", "bbbbbbbb": unnamed(NAMELESS.script.digest), "cccccccc": NO_SCRIPT, "dddddddd": "web 0"
    }  # fmt: skip
    assert sqlite.format_of(connection_of(journal)) == migrations.FORMAT
    journal.close()


def test_everything_else_is_as_it_was(old: Path) -> None:
    journal = Journal.open(old)
    planned = e.Planned(NAMED, who="maria", host="bastion", why="why", ticket="CHG1")
    assert [entry.event for entry in journal.events("aaaaaaaa")] == [planned]
    assert [request.id for request in journal.requests("aaaaaaaa")] == [7]
    header = journal.header("bbbbbbbb")
    assert (header.who, header.ticket, header.reason, header.ended_at) == ("maria", "CHG1", "done", NOW)
    again = journal.create(replace(NAMED, profile="new"), who="maria", at=NOW)
    with pytest.raises(sqlite3.IntegrityError):
        connection_of(journal).execute("DELETE FROM rollouts WHERE id = ?", (again,))
    journal.close()


def test_the_events_of_old_rollouts_are_chained(old: Path) -> None:
    journal = Journal.open(old)
    for header in journal.rollouts():
        assert list(chain.breaks(journal.links(header.id))) == []
    assert Damage.CHAIN not in {problem.damage for problem in check_rollout(journal._db, "bbbbbbbb")}
    (planned,) = journal.events("aaaaaaaa")
    assert planned.hash == journal.links("aaaaaaaa")[0].hash != ""
    journal.close()


def test_a_journal_opened_for_reading_is_brought_up_to_date_too(old: Path) -> None:
    reader = Journal.open(old, read_only=True)
    assert reader.header("bbbbbbbb").label == unnamed(NAMELESS.script.digest)
    reader.close()


def test_one_that_cannot_be_written_says_so(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmss_tui.journal.databases.sqlite.os", FakeOs())
    with pytest.raises(JournalUnavailable, match="older vmss-tui") as refused:
        Journal.open(old, read_only=True)
    assert "writable" in refused.value.hint


class FakeOs:
    """`os` on a file system where nothing may be written."""

    W_OK = os.W_OK

    def access(self, *_: object) -> bool:
        return False


def test_a_step_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE labels")
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "_STEPS", (full,))
        with pytest.raises(JournalUnavailable):
            Journal.open(old)
    journal = Journal.open(old)
    assert journal.labels()["ff" * 32] == "web 1"
    journal.close()
