"""Rollouts in progress, as the list of scale sets and the badge of the tabs show them."""

from datetime import timedelta
from pathlib import Path

from support.journal import NOW, WEB, plan
from vmss_tui.app.running_rollouts import RunningRollouts, to_check
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
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


def test_the_end_of_a_known_rollout_is_read_behind_any_number_of_newer_ones(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    wave = Wave(number=1, name="all", sets=(WaveSet(target=WEB),))
    waves = journal.waves.create(WavesPlan(profile="web", label="web 2", waves=(wave,)), who="maria", at=NOW)
    single = journal.create(plan(), who="maria", at=NOW)
    known = {header.id for header in to_check(journal, ())}
    assert known == {waves, single}
    journal.append(single, e.Ended(Verdict.FAILED, "2 failed"), at=NOW)
    journal.waves.append(waves, e.Ended(Verdict.CANCELLED, ""), at=NOW)
    for number in range(1, 60):
        newer = journal.create(plan(), who="maria", at=NOW + timedelta(minutes=number))
        journal.append(newer, e.Ended(Verdict.COMPLETED, "2 of 2"), at=NOW)
        other = journal.waves.create(
            WavesPlan(profile="web", label="web 2", waves=(wave,)), who="maria", at=NOW + timedelta(minutes=number)
        )
        journal.waves.append(other, e.Ended(Verdict.COMPLETED, ""), at=NOW)
    assert not known & {header.id for header in to_check(journal, ())}
    stages = {header.id: header.stage for header in to_check(journal, {*known, "gone"})}
    assert (stages[single], stages[waves]) == (Stage.FAILED, Stage.CANCELLED) and "gone" not in stages
    journal.close()
