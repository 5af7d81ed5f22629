"""What is said of a rollout, computed once."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from support import estate, story
from support.recorded_rollout import HEADER
from vmss_tui.domain.fleet.rolling_upgrade import UpgradeCode
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Phase, Stage
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.rollout.info import RolloutInfo, info_of, why_failed
from vmss_tui.report.report import report_of


def test_screen_and_report_say_the_same_floor_and_lowest() -> None:
    tale = story.until_batch(4, fails=("3",))
    screen = info_of(fold(tale.log), tale.now, header=HEADER)
    report = report_of(HEADER, tale.log).info
    assert (screen.floor, screen.lowest, screen.healthy) == (report.floor, report.lowest, report.healthy)
    assert screen.plan is not None and screen.floor == screen.plan.floor == 48
    facts = dict(report_of(HEADER, tale.log).facts)
    assert facts["Lowest healthy"].endswith("floor 48")


def test_batches_are_those_of_the_plan_until_they_begin() -> None:
    tale = story.until_batch(2)
    info = info_of(fold(tale.log), tale.now)
    assert [batch.started_at is not None for batch in info.batches] == [True, True, False, False, False]
    first, second, third = info.batches[:3]
    assert first.ended_at is not None and second.ended_at is None and third.lowest is None
    assert third.ids == third.planned == tale.plan.batches[2].ids
    assert first.lowest == 48 and first.ids == tale.plan.batches[0].ids


def test_who_and_why_come_from_the_header_and_overrides_from_the_plan() -> None:
    tale = story.Story(replace(story.plan_of(), overrides={"window": "an outage"}))
    tale.begin()
    info = info_of(fold(tale.log), tale.now, header=HEADER)
    assert (info.who, info.host, info.ticket, info.rollout) == ("maria", "bastion", "CHG1", "7f3a01bc")
    assert info.overrides == {"window": "an outage"}
    assert info_of(fold(tale.log), tale.now).who == ""


def test_nothing_is_left_while_nothing_moves() -> None:
    tale = story.until_batch(3)
    assert info_of(fold(tale.log), tale.now).remaining is not None
    assert info_of(fold(tale.log), tale.now, runner_alive=False).remaining is None
    for event in (e.Paused(), e.ApprovalNeeded(4)):
        stopped = [*tale.log, e.Logged(len(tale.log) + 1, tale.now, event)]
        assert info_of(fold(stopped), tale.now).remaining is None


def test_the_word_says_what_azure_does() -> None:
    words = []
    for code in (UpgradeCode.ROLLING_FORWARD, UpgradeCode.ROLLING_BACK):
        tale = story.until_batch(2)
        tale.say(e.UpgradeSeen(code, tale.now))
        words.append(info_of(fold(tale.log), tale.now).mark.word)
    assert words == ["rolling forward", "rolling back"]
    early = story.Story(story.plan_of())
    early.say(e.Planned(early.plan), e.RunnerStarted(1, "box"))
    assert info_of(fold(early.log), early.now).mark.word == "starting"


def test_the_end_stands_still() -> None:
    done = fold(story.whole())
    assert done.ended_at is not None
    later = info_of(done, done.ended_at + timedelta(days=1))
    assert later.now == done.ended_at and later.over and later.failed == 0 and later.in_scope == later.done == 60


def test_the_first_failure_is_the_earliest() -> None:
    tale = story.until_batch(3, fails=("15",))
    tale.see(["2"], after=30, phase=e.Phase.FAILED, exit_code=1, message="late")
    first = info_of(fold(tale.log), tale.now).first_failure
    assert first is not None and first.id == "15" and first.title == "web-weu_15: failed, exit code 22"
    assert info_of(RolloutState(), estate.NOW).first_failure is None


def test_what_explains_a_failure_best() -> None:
    assert why_failed("Enable failed", "a\nlast line\n\n", 22) == "exit 22: last line"
    assert why_failed("Enable failed", "", 1) == "exit 1: Enable failed"
    assert why_failed("", "", None) == "failed"


def test_a_rollout_that_was_for_no_instance_says_what_it_did() -> None:
    info = RolloutInfo(
        phases=Counter(), stage=Stage.COMPLETED, reason="the scale set model is web 2; no instance needed it",
        healthy=0, new="web 2", now=estate.NOW,
    )  # fmt: skip
    assert info.sentence == info.reason, "and not that 0 of 0 run it"


def test_evicted_instances_are_part_of_how_far_it_came() -> None:
    info = RolloutInfo(
        phases=Counter({Phase.DONE: 4, Phase.GONE: 2}),
        in_scope=6,
        gone=("1", "2"),
        healthy=4,
        new="web 2",
        now=estate.NOW,
    )
    assert info.reached == "4 of 6 run web 2 and are healthy; 2 gone: 1, 2"
