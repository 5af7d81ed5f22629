"""A value of a wrong type in any column of any table blocks its own row: the other rollouts are listed and read."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from support.journal import NOW, WEB, plan
from support.leases import me
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.team.presence import Through
from vmss_tui.errors import LeaseHeld, VmssTuiError
from vmss_tui.journal.check import check, repair
from vmss_tui.journal.databases.sqlite import SqliteDatabase
from vmss_tui.journal.logs.presence import Presence
from vmss_tui.journal.store import Journal

GARBAGE: tuple[object, ...] = (
    None, b"\xff\x00\xfe", -1, float("inf"), "garbage", "[" * 3000, "2026-11-28T20:00:00",
    "0001-01-01T00:00:00+14:00",
)  # fmt: skip
TABLES = ("rollouts", "events", "requests", "leases", "labels", "diagnostics", "watchers")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A journal with a row in every table, the rollout that will be damaged, and another one."""
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    with closing(Journal.open(path)) as journal:
        other, damaged = (journal.create(plan(), who=who, why="", at=NOW) for who in ("bo", "maria"))
        journal.take_lease(damaged, me(), at=NOW)
        journal.request(damaged, "pause", who="bo", why="", at=NOW)
        journal.append(damaged, e.RunnerStarted(1, "h"), at=NOW)
        journal.append(other, e.Ended(Verdict.COMPLETED, "done"), at=NOW)
        journal.name_version("d" * 64, "web 2")
        journal.diagnostics.begin(WEB, "0", "script", "id", who="bo", at=NOW)
    with closing(SqliteDatabase(path)) as database:
        Presence(database).note("w", damaged, who="bo", through=Through.APP)
    return path, damaged, other


@contextmanager
def damaged_copy(path: Path, to: Path, statement: str, value: object) -> Iterator[bool]:
    """The journal with one value replaced; False where the table does not take it."""
    shutil.copy(path, to)
    with closing(sqlite3.connect(to)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        try:
            connection.execute(statement, (value,))
        except sqlite3.IntegrityError:
            yield False
            return
        connection.commit()
    yield True


def readers(journal: Journal, rollout: str) -> Iterator[Callable[[], object]]:
    """What commands and screens ask a journal."""
    yield lambda: journal.locate(rollout)
    yield lambda: journal.events(rollout)
    yield lambda: journal.requests(rollout)
    yield lambda: journal.lease(rollout)
    yield lambda: journal.schedule.due(NOW + timedelta(days=9))
    yield lambda: journal.take_lease(rollout, me(), at=NOW)


@pytest.mark.campaign
@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_value_blocks_its_own_row(table: str, whole: tuple[Path, str, str], tmp_path: Path) -> None:
    path, rollout, other = whole
    with closing(sqlite3.connect(path)) as connection:
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    which = {"rollouts": f"id = '{rollout}'", "events": f"rollout = '{rollout}' AND seq = 2"}.get(table, "1 = 1")
    for name in names:
        for number, value in enumerate(GARBAGE):
            to = tmp_path / f"{name}{number}.db"
            with damaged_copy(path, to, f"UPDATE {table} SET {name} = ? WHERE {which}", value) as changed:
                if changed:
                    reads(to, rollout, other)


def reads(path: Path, rollout: str, other: str) -> None:
    """Everything can be asked; errors are ours, and the other rollout is whole."""
    with closing(Journal.open(path)) as journal:
        assert other in {header.id for header in journal.rollouts()}
        journal.damaged()
        assert journal.events(other)[-1].event == e.Ended(Verdict.COMPLETED, "done")
        journal.leases()
        journal.watchers()
        journal.labels()
        journal.diagnostics.entries()
        for read in readers(journal, rollout):
            with suppress(VmssTuiError, LeaseHeld):
                read()
    with closing(SqliteDatabase(path)) as database:
        check(database)
        with suppress(VmssTuiError):
            repair(database)
    with closing(Journal.open(path)) as journal:
        assert other in {header.id for header in journal.rollouts()}
