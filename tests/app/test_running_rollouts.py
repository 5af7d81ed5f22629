"""Rollouts in progress, as the list of scale sets and the badge of the tabs show them."""

from datetime import timedelta
from pathlib import Path

from support.journal import NOW, WEB, plan
from vmss_tui.app.running_rollouts import RunningRollouts
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage, Verdict
from vmss_tui.journal.store import Journal


def test_a_rollout_that_was_paused_long_ago_still_needs_a_person(tmp_path: Path) -> None:
    """Also behind more newer rollouts than a list shows."""
    journal = Journal.open(tmp_path / "journal.db")
    paused = journal.create(plan(), who="maria", at=NOW)
    journal.append(paused, e.Paused("maria"), at=NOW)
    for number in range(1, 202):
        newer = journal.create(plan(), who="maria", at=NOW + timedelta(minutes=number))
        journal.append(newer, e.Ended(Verdict.COMPLETED, "2 of 2"), at=NOW)
    assert paused not in {header.id for header in journal.rollouts()}
    running = RunningRollouts(lambda: journal)
    for _ in range(3):
        running.refresh()
    assert running.by_target[WEB].id == paused
    assert running.by_target[WEB].stage is Stage.PAUSED and running.needing_person == 1
    journal.close()
