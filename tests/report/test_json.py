"""The record for programs: one document, or the log as lines."""

import json

from support.recorded_rollout import HEADER, LOG
from vmss_tui.presentation.records import event_record
from vmss_tui.report.formats import write


def test_the_lines_are_the_records_of_the_events_and_the_verdict() -> None:
    *events, ended = [json.loads(line) for line in write("jsonl", HEADER, LOG).splitlines()]
    assert events == [event_record(HEADER.id, entry) for entry in LOG]
    assert events[4] == {
        "event": "write_accepted", "rollout": "7f3a01bc", "seq": 5, "at": "2026-03-01T12:00:40.000Z", "key": "model",
    }  # fmt: skip
    assert (ended["event"], ended["exit_code"], ended["floor"]) == ("rollout_ended", 1, 1)
    assert [failure["id"] for failure in ended["failed"]] == ["0"]


def test_a_rollout_that_continues_has_no_verdict() -> None:
    assert len(write("jsonl", HEADER, LOG[:8]).splitlines()) == 8


def test_the_document_sums_up() -> None:
    document = json.loads(write("json", HEADER, LOG))
    outcome = document["outcome"]
    assert (outcome["stage"], outcome["floor"], outcome["lowest_healthy"]["healthy"]) == ("failed", 1, 1)
    assert {key: count for key, count in outcome["counts"].items() if count} == {
        "waiting": 2, "failed": 1, "excluded": 1,
    }  # fmt: skip
    assert [failure["id"] for failure in document["failures"]] == ["0"]
    assert document["batches"][0]["failed"] == ["0"] and document["batches"][0]["lowest_healthy"] == 1
    assert document["batches"][0]["planned"] == ["0"]
    assert document["plan"]["policy"]["soak_seconds"] == 60 and document["plan"]["target"] == str(HEADER.target)
    assert document["rollout"]["ticket"] == "CHG1"
    requested = next(decision for decision in document["decisions"] if decision["kind"] == "person")
    assert "bo on pc" in requested["text"] and "enough" in requested["text"]
    assert [event["event"] for event in document["events"]][:2] == ["planned", "runner_started"]
