"""The record of a rollout over several scale sets: the whole first, then a part for each set, in every format."""

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support import story
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import LINUX, ScriptConfig
from vmss_tui.domain.plan.waves import Wave, WaveSet, WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict
from vmss_tui.domain.rollout.waves import events as w
from vmss_tui.journal.store import Journal
from vmss_tui.report.for_waves import waves_text
from vmss_tui.report.formats import FORMATS as SINGLE
from vmss_tui.report.waves import FORMATS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OTHER = ScaleSetId("s", "g", "web-<other>")
SECRET = "c2VjcmV0c2VjcmV0c2VjcmV0"


def written(tmp_path: Path, form: str, *, ended: bool = True) -> tuple[str, str]:
    """One set that failed, one that was refused; returns the id of the whole and its record."""
    tmp_path.mkdir(exist_ok=True)
    journal = Journal.open(tmp_path / "journal.db")
    plan = story.plan_of()
    sets = (WaveSet(target=plan.target, instances=plan.total), WaveSet(target=OTHER, instances=4))
    script = ScriptConfig(
        name="cse", handler=LINUX, settings={"fileUris": [f"https://h.blob.core.windows.net/a?sig={SECRET}"]}
    )
    waves = journal.waves.create(
        WavesPlan(profile="web", label="web 2", waves=(Wave(number=1, name="all", sets=sets),), script=script),
        who="ann", why="release", ticket="CHG1", at=NOW,
    )  # fmt: skip
    journal.waves.append(waves, e.RunnerStarted(1, "h"), e.SignedIn("deployer"), w.WaveStarted(1), at=NOW)
    (started,) = journal.waves.start_set(waves, plan, rolls_back=False, at=NOW)
    assert isinstance(started.event, w.SetStarted)
    rollout = started.event.rollout
    journal.append(rollout, e.RunnerStarted(2, "h"), e.Ended(Verdict.FAILED, "broken"), at=NOW)
    end = w.SetEnded(plan.target, rollout, Verdict.FAILED, "broken", 3, 1)
    journal.waves.append(waves, end, w.SetRefused(OTHER, "no right"), at=NOW)
    if ended:
        journal.waves.append(waves, e.Ended(Verdict.FAILED, "1 failed"), at=NOW)
    text = waves_text(form, journal, journal.waves.header(waves))
    journal.close()
    return waves, text


def test_every_format_of_a_single_rollout_is_there() -> None:
    assert set(FORMATS) == set(SINGLE)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_each_has_the_set_and_no_secret(tmp_path: Path, form: str) -> None:
    _, text = written(tmp_path, form)
    assert story.plan_of().target.name in text and SECRET not in text


def test_markdown_and_html_have_the_whole_first_and_a_part_below(tmp_path: Path) -> None:
    waves, text = written(tmp_path, "md")
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads[0].startswith(f"# Rollout {waves}") and sum(line.startswith("# ") for line in heads) == 1
    assert any(line.startswith("## Rollout ") for line in heads) and "no right" in text and "CHG1" in text
    _, page = written(tmp_path / "2", "html")
    assert page.count("<!doctype html>") == 1 and page.count("<details><summary>Rollout") == 1
    assert "web-<other>" not in page and "web-&lt;other&gt;" in page


def test_json_holds_the_sets_and_lines_end_with_the_verdict_of_the_whole(tmp_path: Path) -> None:
    waves, text = written(tmp_path, "json")
    record = json.loads(text)
    assert record["rollout"]["kind"] == "waves" and len(record["sets"]) == 1
    assert [found["state"] for found in record["outcome"]["sets"]] == ["failed", "refused"]
    assert record["sets"][0]["rollout"]["waves"] == waves
    _, text = written(tmp_path / "2", "jsonl")
    records = [json.loads(line) for line in text.splitlines()]
    assert records[0]["event"] == "waves_planned" and records[-1]["event"] == "rollout_ended"
    assert records[-1]["verdict"] == "failed" and records[0]["hash"]


def test_junit_fails_for_a_set_that_was_refused_and_for_the_verdict(tmp_path: Path) -> None:
    _, text = written(tmp_path, "junit")
    whole, part = ET.fromstring(text)
    assert whole.get("failures") == "2" and part.get("name")
    _, text = written(tmp_path / "2", "junit", ended=False)
    assert ET.fromstring(text)[0].get("failures") == "1"
