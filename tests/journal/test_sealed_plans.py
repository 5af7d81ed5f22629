"""Signed addresses in a plan: written while they are needed, redacted everywhere else, gone when a newer one ended."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.journal import file_of, plan, script
from vmss_tui.domain.fleet.script import SettingChange
from vmss_tui.domain.plan.pinned_files import PlannedFile
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.commands import Action
from vmss_tui.domain.rollout.stage import Verb
from vmss_tui.engine.runner.writes import needed_secrets
from vmss_tui.errors import UsageError
from vmss_tui.journal.schema import encode_signed
from vmss_tui.journal.sealed_plans import sealed
from vmss_tui.journal.store import Journal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIG = "Zm9vYmFyYmF6cXV4Zm9vYmFy"
URI = f"https://x.blob.core.windows.net/c/a.sh?sv=2024&sig={SIG}"


def signed_plan() -> RolloutPlan:
    config = script(settings={"fileUris": [URI], "commandToExecute": f"./a.sh --password {SIG}"})
    return replace(
        plan(),
        script=config,
        previous=config,
        changes=(SettingChange("fileUris[0]", None, URI),),
        files=(PlannedFile(URI),),
        variables={"url": URI},
    )


def test_a_plan_without_secrets_is_left_alone() -> None:
    bare = plan()
    assert sealed(bare) is bare
    assert encode_signed(e.Planned(plan())) is None


def test_a_redacted_plan_keeps_its_digests_and_nothing_secret() -> None:
    whole = signed_plan()
    shown = sealed(whole)
    assert SIG not in repr(shown)
    assert shown.target_digest == whole.target_digest
    assert shown.previous is not None and whole.previous is not None
    assert shown.previous.digest == whole.previous.digest


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal.open(tmp_path / "journal.db")


def columns_with(journal: Journal, needle: str) -> set[tuple[str, str]]:
    """Table and column of every text in the file that holds this."""
    found = set()
    with sqlite3.connect(file_of(journal)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = connection.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                found |= {(table, name) for name, value in zip(names, row, strict=True) if needle in str(value)}
    return found


def end(journal: Journal, rollout: str) -> None:
    journal.append(rollout, e.RunnerStarted(1, "host"), e.Ended(e.Verdict.COMPLETED, "done"), at=NOW)


def test_the_runner_reads_the_whole_plan_and_only_one_column_has_it(journal: Journal) -> None:
    whole = signed_plan()
    rollout = journal.create(whole, who="ann", why=f"see {URI}", at=NOW)
    assert journal.state(rollout).plan == whole
    assert columns_with(journal, SIG) == {("rollouts", "signed")}
    end(journal, rollout)
    assert journal.state(rollout).plan == whole, "an undo of the newest rollout needs it"


def test_a_newer_rollout_that_ended_takes_it_away(journal: Journal) -> None:
    first = journal.create(signed_plan(), who="ann", at=NOW)
    end(journal, first)
    second = journal.create(plan(), who="bob", at=NOW.replace(hour=13))
    assert columns_with(journal, SIG), "the second one is not over"
    journal.append(second, e.Ended(e.Verdict.FAILED, "refused"), at=NOW)
    assert columns_with(journal, SIG), "a start that was refused changed nothing"
    third = journal.create(plan(), who="bob", at=NOW.replace(hour=14))
    end(journal, third)
    assert columns_with(journal, SIG) == set()
    kept = journal.state(first).plan
    assert kept is not None and kept.script.sealed_digest == signed_plan().script.digest == kept.target_digest


def test_one_that_was_refused_keeps_nothing_and_one_that_may_be_resumed_keeps_all(journal: Journal) -> None:
    unfinished = journal.create(signed_plan(), who="ann", at=NOW)
    journal.append(unfinished, e.RunnerStarted(1, "host"), at=NOW)
    refused = journal.create(signed_plan(), who="bob", at=NOW.replace(hour=13))
    journal.append(refused, e.Ended(e.Verdict.REFUSED, "not started"), at=NOW)
    later = journal.create(plan(), who="bob", at=NOW.replace(hour=14))
    end(journal, later)
    assert journal.state(unfinished).plan == signed_plan()
    assert journal.state(refused).plan == sealed(signed_plan())
    journal.append(unfinished, e.Ended(e.Verdict.CANCELLED, "canceled"), at=NOW)
    assert columns_with(journal, SIG) == set(), "a newer one has ended since"


def test_a_plan_without_its_secrets_is_never_written() -> None:
    with pytest.raises(UsageError, match="no longer keeps"):
        needed_secrets(sealed(signed_plan()), Action.MODEL, dict)
    assert needed_secrets(sealed(signed_plan()), Action.UPDATE, dict) is None


def test_what_the_log_quotes_is_redacted(journal: Journal) -> None:
    rollout = journal.create(plan(), who="ann", at=NOW)
    journal.append(
        rollout,
        e.Noted(f"cannot read {URI}"),
        e.Waiting(f"trying {URI}", NOW),
        e.Requested(Verb.PAUSE, "ann", "host", f"password={SIG}", 1, ""),
        e.Ended(e.Verdict.FAILED, f"AccountKey={SIG}"),
        at=NOW,
    )
    assert columns_with(journal, SIG) == set()
