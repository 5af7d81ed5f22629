"""A rollout of this journal that is running on a scale set is named in the plan of another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.journal import NOW, WEB, plan
from support.leases import me
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.findings import Finding, Severity
from vmss_tui.engine.in_progress import CODE, finding_of, named_in, rollout_in_progress
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
