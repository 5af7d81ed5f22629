"""Files that instances download: what was planned, and what is there when a batch is about to start."""

from dataclasses import replace

import pytest

from support.engine.story import drive, kinds, policy
from support.engine.toy import Toy
from vmss_tui.domain.plan.pinned_files import FetchedFile, PlannedFile, judge_files
from vmss_tui.domain.rollout import events as e

A = PlannedFile("https://h/a.sh?sig=s3cret", "aa" * 32, 12)
B = PlannedFile("https://h/b.sh", "bb" * 32, 30, pinned=True)
LOST = PlannedFile("https://h/c.sh", problem="no such file")


@pytest.mark.parametrize(
    ("fetched", "passed", "message"),
    [
        ({A.uri: FetchedFile("AA" * 32), B.uri: FetchedFile("bb" * 32)}, True, "2 of 2 files are as planned"),
        (
            {A.uri: FetchedFile("aa" * 32), B.uri: FetchedFile("cc" * 32)},
            False,
            "changed since the plan: https://h/b.sh (SHA-256 cccccccccccc…, planned bbbbbbbbbbbb…)",
        ),
        (
            {A.uri: FetchedFile("aa" * 32), B.uri: FetchedFile(problem="timed out")},
            True,
            "1 of 2 files are as planned; unverified: https://h/b.sh (timed out)",
        ),
    ],
)
def test_another_content_stops_and_an_unreachable_file_does_not(
    fetched: dict[str, FetchedFile], passed: bool, message: str
) -> None:
    assert judge_files((A, B), fetched) == (passed, message)


def test_a_file_that_nobody_saw_stays_unverified_and_no_signature_is_reported() -> None:
    assert judge_files((LOST,), {LOST.uri: FetchedFile("dd" * 32)}) == (
        True,
        "0 of 1 files are as planned; unverified: https://h/c.sh (no such file)",
    )
    assert "s3cret" not in judge_files((A,), {A.uri: FetchedFile("00" * 32)})[1]
    assert [file.standing for file in (A, B, LOST)] == ["as seen when planning", "pinned", "unverified: no such file"]


def test_they_are_looked_at_before_every_batch_of_ours() -> None:
    driver = drive(Toy(), policy(2))
    driver.plan = replace(driver.plan, files=(A,))
    assert driver.run().verdict is e.Verdict.COMPLETED
    checks = [
        event for event in kinds(driver, e.GateChecked) if isinstance(event, e.GateChecked) and event.gate == "files"
    ]
    assert [check.batch for check in checks] == [1, 2, 3]


def test_a_file_that_changed_stops_the_next_batch() -> None:
    driver = drive(Toy(), policy(2))
    driver.plan = replace(driver.plan, files=(A,))
    driver.files = lambda batch: (batch < 2, "as planned" if batch < 2 else "changed since the plan: a.sh")
    state = driver.run()
    assert state.verdict is e.Verdict.FAILED
    assert state.reason.startswith("changed since the plan: a.sh; 2 instances run web 2")
    assert len(state.batches) == 1
