"""The panes of the list of scale sets and of one scale set."""

from datetime import timedelta

from support import estate, story
from support.fakes import FakeSession
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.rollout.events import Ended, RunnerStarted, Verdict
from vmss_tui.presentation.fleet.state import Knowledge
from vmss_tui.presentation.panes.fleet import set_pane
from vmss_tui.presentation.panes.scaleset import instance_pane
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

SETS = {found.scale_set.name: found for found in estate.estate()}


def test_an_instance_shows_details_and_why_its_script_failed() -> None:
    failed = SETS["gw-eus"].instances[3]
    found = [text_of(line) for line in instance_pane(failed, {}, estate.NOW, 56, 37)]
    assert len(found) == 37 and found[0] == "DETAILS"
    assert any("gw-eus_3" in line for line in found)
    output = next(n for n, line in enumerate(found) if line.startswith("OUTPUT"))
    assert "✖ failed" in found[output] and found[output + 1].startswith("exit 1")
    assert max(map(width, found)) <= 58


def test_a_set_shows_its_facts_and_its_rollouts(tmp_path: object) -> None:
    session = FakeSession(tmp_path)  # type: ignore[arg-type]
    journal, now = session.journal(), estate.NOW
    rollout = journal.create(story.plan_of(), who="ben", why="hot fix", at=now - timedelta(days=2))
    journal.append(rollout, RunnerStarted(1, "box"), at=now - timedelta(days=2))
    journal.append(rollout, Ended(Verdict.FAILED, "3 of 12 failed in batch 1"), at=now - timedelta(days=2, hours=-1))
    target = SETS["web-weu"].scale_set.id
    entry = FleetEntry(scale_set=SETS["web-weu"].scale_set, subscription=estate.PROD_EUROPE)
    past = journal.rollouts(target=target)
    found = [text_of(line) for line in set_pane(entry, Knowledge(now=now), past, 56, 37)]
    assert found[0] == "web-weu" and any("resource id" in line for line in found)
    assert "✖ failed  web 2.5.0  2d ago, by ben" in found and "  3 of 12 failed in batch 1" in found
    alone = [text_of(line) for line in set_pane(entry, Knowledge(now=now), (), 56, 37)]
    assert "none in the journal" in alone
    session.close()
