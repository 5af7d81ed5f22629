"""What can go wrong with the journal's file, in words that name the file and the next step."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.journal import connection_of, plan
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal import schema
from vmss_tui.journal.databases import sqlite
from vmss_tui.journal.databases.sqlite import on_local_disk
from vmss_tui.journal.store import Journal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_full_disk_loses_nothing_that_was_written(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan(), who="m", at=NOW)
    connection = connection_of(journal)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalUnavailable, match="the disk is full") as full:
        journal.append(rollout, e.Noted("x" * 100_000), e.Resumed(), at=NOW)
    assert "Free some space" in full.value.hint
    assert len(journal.events(rollout)) == 1
    connection.execute("PRAGMA max_page_count = 1000000")
    assert journal.append(rollout, e.Resumed(), at=NOW)[0].seq == 2


def test_a_disk_that_is_full_before_the_first_rollout(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    connection.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as full:
        sqlite.migrate(connection)
    assert full.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    assert "the disk is full" in sqlite.explain(full.value, tmp_path / "journal.db").message


def test_a_read_only_disk(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan(), who="m", at=NOW)
    connection_of(journal).execute("PRAGMA query_only = 1")
    with pytest.raises(JournalUnavailable, match="is read-only"):
        journal.append(rollout, e.Resumed(), at=NOW)


def test_a_journal_on_a_read_only_file_system_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    rollout = journal.create(plan(), who="m", at=NOW)
    journal.close()
    connect = sqlite._connect

    def protected(path: Path, mode: str) -> sqlite3.Connection:
        if "immutable" in mode:
            return connect(path, mode)
        problem = sqlite3.OperationalError("unable to open database file")
        problem.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise problem

    monkeypatch.setattr(sqlite, "_connect", protected)
    with pytest.raises(JournalUnavailable, match="cannot be opened"):
        Journal.open(path)
    monkeypatch.setattr("vmss_tui.journal.databases.sqlite.os.access", lambda *_: False)
    reader = Journal.open(path)
    assert reader.find(None).id == rollout
    with pytest.raises(JournalUnavailable, match="is read-only") as refused:
        reader.request(rollout, "cancel", who="m")
    assert "XDG_STATE_HOME" in refused.value.hint
    with monkeypatch.context() as mounted_again:
        mounted_again.setattr("vmss_tui.journal.databases.sqlite.os.access", lambda *_: True)
        mounted_again.setattr(sqlite, "_connect", connect)
        assert reader.request(rollout, "cancel", who="m") == 1
    reader.close()
    (tmp_path / "journal.db-wal").write_bytes(b"not yet in the file")
    with pytest.raises(JournalUnavailable, match="cannot be opened"):
        Journal.open(path)


def test_opened_for_reading_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with pytest.raises(JournalUnavailable, match="cannot be opened"):
        Journal.open(path, read_only=True)
    rollout = Journal.open(path).create(plan(), who="m", at=NOW)
    reader = Journal.open(path, read_only=True)
    assert reader.find(None).id == rollout
    with pytest.raises(JournalUnavailable, match="is open read-only"):
        reader.append(rollout, e.Resumed(), at=NOW)


def test_an_empty_file_opened_for_reading(tmp_path: Path) -> None:
    (tmp_path / "journal.db").touch()
    with pytest.raises(JournalUnavailable, match="is empty"):
        Journal.open(tmp_path / "journal.db", read_only=True)


def test_something_else_under_its_name(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"this is a text and no database" * 100)
    with pytest.raises(JournalUnavailable, match="is not a journal") as found:
        Journal.open(tmp_path / "journal.db")
    assert "Move the file away" in found.value.hint


def test_a_journal_of_a_newer_program(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    connection_of(journal).execute("PRAGMA user_version = 99")
    journal.close()
    with pytest.raises(JournalUnavailable, match="newer vmss-tui"):
        Journal.open(tmp_path / "journal.db")


def test_a_damaged_event_is_named(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan(), who="m", at=NOW)
    connection_of(journal).execute("UPDATE events SET body = '{\"plan\": 7}'")
    with pytest.raises(JournalUnavailable, match="is damaged"):
        journal.events(rollout)


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalUnavailable, match="cannot be used") as found:
        Journal.open(tmp_path / "file" / "journal.db")
    assert "XDG_STATE_HOME" in found.value.hint


def test_a_lock_that_nobody_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    journal = Journal.open(tmp_path / "journal.db")
    rollout = journal.create(plan(), who="m", at=NOW)
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnavailable, match="locked by another process"):
        journal.append(rollout, e.Resumed(), at=NOW)
    other.close()


def test_an_error_nobody_knows() -> None:
    found = sqlite.explain(sqlite3.OperationalError("strange"), Path("j.db"))
    assert found.message == "the journal j.db cannot be used: strange"


@pytest.mark.parametrize(
    ("mounts", "local"),
    [
        ("/dev/sda1 / ext4 rw 0 0\n", True),
        ("/dev/sda1 / ext4 rw 0 0\nfiler:/home /home nfs4 rw 0 0\n", False),
        ("filer:/home /home nfs4 rw 0 0\n/dev/sdb /home/maria ext4 rw 0 0\n", True),
        ("//filer/share /home cifs rw 0 0\n", False),
        ("bastion:/ /home fuse.sshfs rw 0 0\nbroken line\n", False),
        ("", True),
        (None, True),
    ],
)
def test_which_file_systems_share_memory(mounts: str | None, local: bool, tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    if mounts is not None:
        table.write_text(mounts)
    assert on_local_disk(Path("/home/maria/.local/state/vmss-tui/journal.db"), table) is local


def test_a_journal_on_a_network_file_system_works_without_wal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "on_local_disk", lambda path: False)
    path = tmp_path / "journal.db"
    journal, other = Journal.open(path), Journal.open(path)
    assert connection_of(journal).execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    rollout = journal.create(plan(), who="m", at=NOW)
    other.append(rollout, e.Resumed(), at=NOW)
    assert len(journal.events(rollout)) == 2


def test_two_that_open_it_at_once_for_the_first_time(tmp_path: Path) -> None:
    first, second = (sqlite.SqliteDatabase(tmp_path / "journal.db") for _ in range(2))
    sqlite.migrate(second.connection)
    assert first.connection.execute("SELECT count(*) FROM rollouts").fetchone()[0] == 0


# --- bodies ---------------------------------------------------------------------------------------------------------


def test_events_of_a_newer_program_become_notes() -> None:
    newer = schema.VERSION + 1
    for kind, body in (("dreamed_up", "{}"), ("batch_started", '{"number": "one"}')):
        note = schema.decode(kind, newer, body)
        assert isinstance(note, e.Noted) and note.severity is Severity.WARN and kind in note.message


def test_fields_that_are_missing_or_new_do_not_matter() -> None:
    assert schema.decode("batch_started", 1, '{"number":1,"of":2,"ids":[],"color":"red"}') == e.BatchStarted(1, 2, ())


def test_a_first_look_at_a_thousand_instances_is_small() -> None:
    seen = tuple(e.InstanceSeen(id=str(i), name=f"web_{i:04}", zone="1") for i in range(200))
    _, body = schema.encode(e.InstancesSeen(seen, 200, 1000))
    assert len(body) < 200 * 60
    assert schema.decode("instances_seen", 1, body) == e.InstancesSeen(seen, 200, 1000)
