"""Rollouts that start later, in the journal: when, who takes one up, and that there is one worker."""

import os
from datetime import timedelta

import pytest

from support.build import NOW, fleet, snapshot
from support.build import plan as plan_of
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.errors import LeaseHeld
from vmss_tui.journal.lease import Owner, owner
from vmss_tui.journal.store import Journal

HOUR = timedelta(hours=1)


def scheduled(journal: Journal, hours: float) -> str:
    rollout = journal.create(plan_of(snapshot(*fleet(3))), who="maria", at=NOW)
    journal.append(rollout, e.Scheduled(NOW + hours * HOUR, who="maria"), at=NOW)
    return rollout


def scheduled_waves(journal: Journal, hours: float) -> str:
    plan = WavesPlan(profile="web", label="web 2", waves=())
    waves = journal.waves.create(plan, who="maria", at=NOW)
    journal.waves.append(waves, e.Scheduled(NOW + hours * HOUR, who="maria"), at=NOW)
    return waves


def test_waves_are_due_as_rollouts_of_one_set_are(journal: Journal) -> None:
    waves, single = scheduled_waves(journal, 1), scheduled(journal, 2)
    assert journal.waves.header(waves).starts_at == journal.schedule.header(waves).starts_at == NOW + HOUR
    assert [header.id for header in journal.schedule.due(NOW + 2 * HOUR)] == [waves, single]
    assert journal.waves.state(waves).stage is Stage.PLANNED
    journal.waves.append(waves, e.Scheduled(NOW + 5 * HOUR, at_window=True), at=NOW)
    assert journal.schedule.header(waves).starts_at == NOW + 5 * HOUR
    assert journal.schedule.claim(waves, NOW + 5 * HOUR) and not journal.schedule.claim(waves, NOW + 5 * HOUR)
    journal.waves.append(waves, e.RunnerStarted(1, "here"), at=NOW)
    assert journal.schedule.header(waves).starts_at is None
    state = journal.waves.state(waves)
    assert state.scheduled is None and state.stage is Stage.RUNNING


def test_what_is_due_is_listed_earliest_first(journal: Journal) -> None:
    late, early = scheduled(journal, 2), scheduled(journal, 1)
    scheduled(journal, 3)
    assert journal.header(early).starts_at == NOW + HOUR
    assert [header.id for header in journal.schedule.due(NOW + 2 * HOUR)] == [early, late]


def test_one_process_takes_it_up(journal: Journal) -> None:
    rollout = scheduled(journal, 1)
    assert not journal.schedule.claim(rollout, NOW), "it is not due"
    assert journal.schedule.claim(rollout, NOW + HOUR)
    assert not journal.schedule.claim(rollout, NOW + HOUR)
    assert journal.schedule.claim(rollout, NOW + 2 * HOUR), "whoever took it up has died"


@pytest.mark.parametrize("event", [e.RunnerStarted(1, "here"), e.Ended(e.Verdict.CANCELLED, "canceled by maria")])
def test_a_start_or_an_end_clears_it(journal: Journal, event: e.Event) -> None:
    rollout = scheduled(journal, 1)
    journal.append(rollout, event, at=NOW)
    assert journal.header(rollout).starts_at is None
    assert journal.schedule.due(NOW + 9 * HOUR) == ()


def test_it_can_be_moved_and_other_events_leave_it(journal: Journal) -> None:
    rollout = scheduled(journal, 1)
    journal.append(rollout, e.Scheduled(NOW + 5 * HOUR), at=NOW)
    journal.append(rollout, e.Noted("x"), at=NOW)
    assert journal.header(rollout).starts_at == NOW + 5 * HOUR
    assert journal.state(rollout).scheduled == e.Scheduled(NOW + 5 * HOUR)


def test_a_journal_has_one_worker(journal: Journal) -> None:
    living = owner(os.getpid(), "here")
    lease = journal.schedule.lead(living, NOW)
    other = Owner(pid=7, host="there", machine="m", boot_id="b")
    with pytest.raises(LeaseHeld, match="worker on here"):
        journal.schedule.lead(other, NOW)
    journal.beat(lease, NOW)
    journal.release(lease)
    assert journal.schedule.lead(other, NOW).host == "there"
