"""Damage to a journal: one bad row blocks one rollout, and what the log can replace is replaced."""

import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.journal import NOW, WEB, plan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage, Verdict
from vmss_tui.errors import JournalUnavailable
from vmss_tui.journal.check import Damage, check, repair
from vmss_tui.journal.databases.sqlite import SqliteDatabase
from vmss_tui.journal.store import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def rollouts(path: Path) -> Iterator[tuple[str, str]]:
    """Two rollouts that have ended."""
    journal = Journal.open(path)
    made = []
    for who in ("maria", "bo"):
        rollout = journal.create(plan(), who=who, why="because", at=NOW)
        journal.append(rollout, e.RunnerStarted(1, "h"), at=NOW)
        journal.append(rollout, e.Ended(Verdict.COMPLETED, "all done"), at=NOW)
        made.append(rollout)
    journal.close()
    yield made[0], made[1]


def change(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def damages(path: Path) -> list[tuple[Damage, str, bool]]:
    opened = SqliteDatabase(path)
    found = [(problem.damage, problem.rollout, bool(problem.repair)) for problem in check(opened)]
    opened.close()
    return found


def repaired(path: Path) -> Path | None:
    opened = SqliteDatabase(path)
    copy, _ = repair(opened)
    opened.close()
    return Path(copy) if copy else None


def test_a_journal_without_damage_is_left_alone(path: Path, rollouts: tuple[str, str]) -> None:
    assert damages(path) == []
    assert repaired(path) is None
    assert list(path.parent.glob("*.bak")) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("target", "nonsense"),
        ("stage", "dreaming"),
        ("created_at", "yesterday"),
        ("created_at", 7),
        ("target", b"\xff"),
    ],
)
def test_a_bad_row_blocks_its_rollout_only(path: Path, rollouts: tuple[str, str], column: str, value: object) -> None:
    bad, good = rollouts
    change(path, f"UPDATE rollouts SET {column} = ? WHERE id = ?", value, bad)
    journal = Journal.open(path)
    assert [header.id for header in journal.rollouts()] == [good]
    assert journal.find(None).id == journal.find(good[:4]).id == good
    assert journal.damaged() == (bad,)
    with pytest.raises(JournalUnavailable, match=bad) as refused:
        journal.header(bad)
    assert "journal check" in refused.value.hint
    assert journal.create(plan(), who="maria", at=NOW)
    journal.close()
    assert damages(path) == [(Damage.HEADER, bad, True)]


def test_a_row_is_made_again_from_its_log(path: Path, rollouts: tuple[str, str]) -> None:
    bad, _ = rollouts
    change(path, "UPDATE rollouts SET target = 'x', stage = 'dreaming', ended_at = NULL WHERE id = ?", bad)
    copy = repaired(path)
    assert copy is not None and stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert damages(path) == []
    journal = Journal.open(path)
    header = journal.header(bad)
    assert (header.target, header.stage, header.ended_at, header.who, header.why) == (
        WEB, Stage.COMPLETED, NOW, "maria", "because"
    )  # fmt: skip
    journal.close()
    assert damages(copy) == [(Damage.HEADER, bad, True)], "the copy is the journal from before"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("stage", "running"), ("who", "eve"), ("why", "else"), ("ticket", "CHG9"), ("host", "elsewhere"),
        ("profile", "other"), ("label", "web 9.9"), ("digest", "00"), ("reason", "nothing"),
        ("created_at", "2020-01-01T00:00:00.000000Z"), ("ended_at", "2030-01-01T00:00:00.000000Z"),
        ("target_key", "a|b|c"), ("target", str(replace(WEB, name="other"))),
    ],
)  # fmt: skip
def test_a_row_that_contradicts_its_log_is_damage(
    path: Path, rollouts: tuple[str, str], column: str, value: str
) -> None:
    bad, _ = rollouts
    change(path, f"UPDATE rollouts SET {column} = ? WHERE id = ?", value, bad)
    assert damages(path) == [(Damage.HEADER, bad, True)]
    repaired(path)
    assert damages(path) == []


def test_an_event_that_cannot_be_read_becomes_a_note(path: Path, rollouts: tuple[str, str]) -> None:
    bad, good = rollouts
    change(path, "UPDATE events SET body = '{\"pid\": \"no\"}', at = 'never' WHERE rollout = ? AND seq = 2", bad)
    journal = Journal.open(path)
    with pytest.raises(JournalUnavailable):
        journal.events(bad)
    assert len(journal.events(good)) == 3
    journal.close()
    assert damages(path) == [(Damage.EVENT, bad, True)]
    repaired(path)
    journal = Journal.open(path)
    planned, note, ended = (entry.event for entry in journal.events(bad))
    assert isinstance(planned, e.Planned) and isinstance(note, e.Noted) and isinstance(ended, e.Ended)
    assert journal.state(bad).stage is Stage.COMPLETED
    journal.close()


def test_a_plan_that_cannot_be_read_is_beyond_repair(path: Path, rollouts: tuple[str, str]) -> None:
    bad, good = rollouts
    change(path, "UPDATE events SET body = '{}' WHERE rollout = ? AND seq = 1", bad)
    assert (Damage.EVENT, bad, False) in damages(path)
    repaired(path)
    assert (Damage.EVENT, bad, False) in damages(path)
    journal = Journal.open(path)
    assert journal.state(good).stage is Stage.COMPLETED
    journal.close()


def test_requests_and_leases_that_make_no_sense_are_removed(path: Path, rollouts: tuple[str, str]) -> None:
    _, good = rollouts
    columns = "rollout, verb, who, host, why, argument, at"
    change(path, f"INSERT INTO requests ({columns}) VALUES (?,'pause','m','h','','','x')", good)
    change(path, "INSERT INTO leases VALUES ('k','gone',1,'h','','','','','2026-03-01T12:00:00+00:00','t')")
    assert damages(path) == [(Damage.REQUEST, good, True), (Damage.LEASE, "gone", True)]
    repaired(path)
    assert damages(path) == []


def test_a_diagnostic_that_cannot_be_read_is_removed(path: Path, rollouts: tuple[str, str]) -> None:
    journal = Journal.open(path)
    sound, damaged = (journal.diagnostics.begin(WEB, "web_1", "disk", "df", who="m", at=NOW) for _ in range(2))
    change(path, "UPDATE diagnostics SET target = 'nowhere' WHERE id = ?", damaged)
    assert damages(path) == [(Damage.DIAGNOSTIC, "", True)]
    repaired(path)
    assert damages(path) == [] and [entry.id for entry in journal.diagnostics.entries()] == [sound]
    journal.close()


def test_a_copy_that_cannot_be_made_keeps_everything(
    path: Path, rollouts: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _ = rollouts
    change(path, "UPDATE rollouts SET stage = 'running' WHERE id = ?", bad)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("vmss_tui.journal.databases.sqlite.open_private", full)
        with pytest.raises(JournalUnavailable, match="No space left"):
            repaired(path)
    assert damages(path) == [(Damage.HEADER, bad, True)]
