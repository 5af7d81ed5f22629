"""What follows on a rollout, from the journal alone: an undo of a retry is one of the rollout that it retried."""

from datetime import timedelta
from pathlib import Path

from support.journal import NOW, plan, script
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.prepare import RetryWish, UndoWish
from vmss_tui.journal.store import Journal


def ended(journal: Journal, made: RolloutPlan, hours: int) -> str:
    at = NOW + timedelta(hours=hours)
    rollout = journal.create(made, who="maria", at=at)
    journal.append(rollout, e.RunnerStarted(1, "h"), e.Ended(e.Verdict.FAILED, "1 failed"), at=at)
    return rollout


def test_an_undo_of_a_retry_of_a_retry_rolls_the_first_rollout_back(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    before = script(settings={"commandToExecute": "./v1.sh"}, label="web 1")
    first = ended(journal, plan(previous=before), 1)
    second = ended(journal, plan(previous=script(), purpose=Purpose.RETRY, origin=f"retry of {first}"), 2)
    third = ended(journal, plan(previous=script(), purpose=Purpose.RETRY, origin=f"retry of {second}"), 3)
    undo = followup_wish(Followup.UNDO, third, journal)
    assert isinstance(undo, UndoWish) and undo.rollout == first and undo.plan.previous == before
    retry = followup_wish(Followup.RETRY, third, journal)
    assert isinstance(retry, RetryWish) and retry.rollout == third
    journal.close()


def test_a_retry_whose_rollout_is_not_in_the_journal_is_undone_itself(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    alone = ended(journal, plan(previous=script(), purpose=Purpose.RETRY, origin="retry of 00000000"), 1)
    undo = followup_wish(Followup.UNDO, alone, journal)
    assert isinstance(undo, UndoWish) and undo.rollout == alone
    journal.close()
