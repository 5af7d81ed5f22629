"""Rollouts of this journal that have not ended on a scale set are named in the plan of another one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from support.journal import NOW, WEB, plan
from support.leases import me
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
from vmss_tui.domain.rollout.events import Ended, Scheduled
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.engine.in_progress import (
    CODE,
    SCHEDULED,
    WAVES_TO_COME,
    WITHOUT_RUNNER,
    finding_of,
    named_in,
    rollout_in_progress,
    waiting,
)
from vmss_tui.journal.store import Journal

OTHER = ScaleSetId("s1", "rg-web", "other")
BUSY = Finding(Severity.WARN, "instances-busy", "2 instances being updated from outside")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db")
    yield opened
    opened.close()


def test_without_a_runner_nothing_is_in_progress(journal: Journal) -> None:
    journal.create(plan(), who="maria", at=NOW)
    assert rollout_in_progress(journal, WEB) is None and finding_of(journal, WEB) is None
    assert named_in(plan(), None) == plan()


def test_its_id_its_host_and_how_to_follow_it(journal: Journal) -> None:
    rollout = journal.create(plan(), who="maria", at=NOW)
    journal.take_lease(rollout, me(), at=NOW)
    running = finding_of(journal, WEB)
    assert running is not None and finding_of(journal, OTHER) is None
    assert rollout in running.message and "maria" in running.message and me().host in running.message
    assert f"attach {rollout}" in running.hint
    (found,) = named_in(plan(findings=(BUSY,)), running).findings
    assert (found.code, found.severity) == (CODE, Severity.REFUSE)


def test_a_start_that_may_come_later_is_only_warned(journal: Journal) -> None:
    journal.take_lease(journal.create(plan(), who="maria", at=NOW), me(), at=NOW)
    running = finding_of(journal, WEB, Severity.WARN)
    assert not named_in(plan(findings=(BUSY,)), running).refusals
    assert [found.code for found in named_in(plan(), running, refuse=True).refusals] == [CODE]


def test_a_journal_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    journal.close()
    assert finding_of(journal, WEB) is None


def test_a_rollout_without_a_runner_and_one_that_is_scheduled_are_named(journal: Journal) -> None:
    alone = journal.create(plan(), who="maria", at=NOW)
    later = journal.create(plan(), who="maria", at=NOW)
    journal.append(later, Scheduled(NOW + timedelta(days=1), who="maria"), at=NOW)
    found = {finding.code: finding for finding in waiting(journal, WEB)}
    assert set(found) == {WITHOUT_RUNNER, SCHEDULED}
    assert f"resume {alone}" in found[WITHOUT_RUNNER].hint and f"cancel {later}" in found[SCHEDULED].hint
    assert f"{NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC" in found[SCHEDULED].message
    assert not list(waiting(journal, OTHER))
    journal.take_lease(alone, me(), at=NOW)
    assert [finding.code for finding in waiting(journal, WEB)] == [SCHEDULED], "the other one is running"


def test_a_plan_has_them_beside_the_one_that_is_running(journal: Journal) -> None:
    journal.create(plan(), who="maria", at=NOW)
    journal.take_lease(journal.create(plan(), who="maria", at=NOW), me(), at=NOW)
    running, others = finding_of(journal, WEB), tuple(waiting(journal, WEB))
    assert [found.code for found in named_in(plan(), running, others).findings] == [CODE, WITHOUT_RUNNER]
    assert [found.code for found in named_in(plan(findings=(BUSY,)), None, others).findings] == [
        "instances-busy",
        WITHOUT_RUNNER,
    ]


def test_waves_that_have_not_reached_the_set_are_named_until_they_end(journal: Journal) -> None:
    wave = Wave(number=1, name="all", sets=(WaveSet(target=WEB),))
    waves = journal.waves.create(WavesPlan(profile="web", label="web 2", waves=(wave,)), who="maria")
    (found,) = waiting(journal, WEB)
    assert found.code == WAVES_TO_COME and waves in found.message and "maria" in found.message
    journal.waves.append(waves, Ended(Verdict.CANCELLED, ""), at=NOW)
    assert not list(waiting(journal, WEB))
