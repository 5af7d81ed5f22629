"""The forecast in words: a line for each thing, what is cut of many batches, what is said of limits."""

from dataclasses import replace

from support import story
from vmss_tui.domain.plan.rollout_plan import Batch
from vmss_tui.domain.plan.track_record import PastRollout, StepShare, TrackRecord
from vmss_tui.presentation.plan.outlook import expectation, outlook_facts, outlook_lines
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width


def test_each_thing_has_its_line() -> None:
    facts = dict(outlook_facts(story.plan_of()))
    assert list(facts) == ["duration", "batch ends", "lowest health", "limits", "based on"]
    assert facts["duration"].startswith("P50 ") and "P90 " in facts["duration"]
    assert facts["lowest health"].startswith("48 of 60")
    assert facts["based on"].startswith("estimate") and expectation(story.plan_of()).endswith("(estimate)")
    for cells in (40, 60, 100):
        lines = [text_of(line) for line in outlook_lines(story.plan_of(), cells)]
        assert lines and all(width(line) <= cells for line in lines)


def test_a_plan_without_batches_health_or_a_second_batch_says_less() -> None:
    plan = story.plan_of()
    assert outlook_lines(replace(plan, batches=()), 80) == ()
    single = dict(outlook_facts(replace(plan, batches=plan.batches[:1], healthy=None)))
    assert "batch ends" not in single and "lowest health" not in single


def test_of_many_batches_six_ends_are_shown_the_first_and_the_last_among_them() -> None:
    batches = tuple(Batch(number=number, ids=(str(number),)) for number in range(1, 41))
    ends = dict(outlook_facts(replace(story.plan_of(), batches=batches)))["batch ends"]
    assert ends.startswith("1: ") and ", 40: " in ends and ends.count(": ") == 6
    assert ends.count("…") == 5


def test_only_batches_that_are_left_out_are_marked() -> None:
    def ends(count: int) -> str:
        batches = tuple(Batch(number=number, ids=(str(number),)) for number in range(1, count + 1))
        return dict(outlook_facts(replace(story.plan_of(), batches=batches)))["batch ends"]

    assert "…" not in ends(6)
    numbers = [part.strip().partition(":")[0] for part in ends(7).split(",")]
    assert numbers == ["1", "2", "3", "…", "5", "6", "7"]


def test_a_set_that_never_failed_has_no_limit_to_fear() -> None:
    calm = PastRollout(seconds=(100.0,) * 400, first=StepShare(2000, 0), later=StepShare(2000, 0))
    facts = dict(outlook_facts(replace(story.plan_of(), history=TrackRecord(rollouts=(calm,)))))
    assert "no limit" in facts["limits"]


def test_approvals_and_probable_stops_are_said() -> None:
    plan = story.plan_of()
    failing = PastRollout(seconds=(100.0,) * 40, first=StepShare(40, 30), later=StepShare(40, 30))
    risky = replace(plan, history=TrackRecord(rollouts=(failing,)), batches=(replace(plan.batches[0], approve=True),))
    facts = dict(outlook_facts(risky))
    assert "approval" in facts["duration"]
    assert "unhealthy_upgraded" in facts["limits"] and "%" in facts["limits"]
    assert "1 earlier rollout" in facts["based on"] and "earlier rollouts" in expectation(risky)
    stopped = replace(risky, batches=plan.batches)
    assert "not reached" in dict(outlook_facts(stopped))["batch ends"]
