"""The events of a rollout as sentences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

from support import story
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.timetable import NO_RULES
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Stage
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.info import info_of
from vmss_tui.presentation.rollout.log import LogLine, event_line, follow, notification, sentences
from vmss_tui.presentation.table import text_of
from vmss_tui.text import width

LATER = datetime(2026, 5, 1, 14, 20, 11, tzinfo=UTC)
LOCAL = f"{LATER.astimezone():%H:%M:%S}"


def said(event: e.Event) -> tuple[str, Role]:
    """The one sentence of an event at the start of a rollout."""
    (sentence,) = sentences(event, RolloutState())
    return sentence.text, sentence.role


def test_the_log_tells_the_whole_story_in_order() -> None:
    state, lines = follow(story.whole())
    assert state.stage.over
    texts = [line.text for line in lines]
    assert texts[0] == "planned for web-weu: web 2.4.0 → web 2.5.0, 60 instances in 5 batches"
    assert "batch 2 of 5 started: 12 instances, zone 1 and 2" in texts
    assert "batch 2 done: 12 instances" in texts
    assert texts[-1] == "completed: every instance runs web 2.5.0"
    assert text_of(lines[0].line(UTC)).startswith("23:14:07  planned")


def test_following_in_pieces_is_the_same_as_at_once() -> None:
    log = story.whole()
    state: RolloutState | None = None
    collected: list[LogLine] = []
    for chunk in story.chunks(log, 7):
        state, lines = follow(chunk, state)
        collected += lines
    assert (state, tuple(collected)) == follow(log)


def test_a_failure_is_reported_once() -> None:
    tale = story.until_batch(2, fails=("3",))
    tale.see(["3"], message="still failed")
    _, lines = follow(tale.log)
    assert sum("web-weu_3 failed" in line.text for line in lines) == 1


def test_decisions_and_trouble_have_words() -> None:
    expected: dict[e.Event, tuple[str, Role]] = {
        e.RunnerStarted(1, "box", resumed=True): ("runner took over on box (process 1)", Role.DIM),
        e.RunnerStopped("asked"): ("runner stopped: asked", Role.WARN),
        e.GateChecked(e.GateName.HEALTH, False, "3 of 12"): (
            "gate health before the start FAILED: 3 of 12",
            Role.BAD,
        ),
        e.GateChecked(e.GateName.HEALTH, True, "0 of 12", 2): ("gate health before batch 2 passed: 0 of 12", Role.DIM),
        e.GateChecked(e.GateName.DEADLINE, False, "batch 2 took longer than 90 min", 2): (
            "timed out: batch 2 took longer than 90 min",
            Role.BAD,
        ),
        e.ClockStepped(3600): (
            "system clock moved forward by 1h (set, or suspended): waits are restarted",
            Role.WARN,
        ),
        e.ClockStepped(-60): (
            "system clock moved back by 1m (set, or suspended): waits are restarted",
            Role.WARN,
        ),
        e.Concluding(e.Verdict.FAILED, "2 of 4 failed"): (
            "ending as failed: 2 of 4 failed; restoring the scale set's own policy and repairs, where safe",
            Role.BAD,
        ),
        e.PolicyRestored(True, "the set's own policy is back"): ("the set's own policy is back", Role.PLAIN),
        e.WriteDeferred("batch-3", "Azure is busy; it is sent again", LATER, 2): (
            f"the update of batch 3 is delayed: Azure is busy; it is sent again at {LOCAL}, attempt 3",
            Role.WARN,
        ),
        e.WriteEnded("cancel-1", OperationState.GONE): (
            "Azure no longer knows the outcome of canceling the rolling upgrade: its current state decides",
            Role.WARN,
        ),
        e.Waiting("the soak", LATER, 60): (f"the soak, until {LOCAL}", Role.WAIT),
        e.Waiting("for instance 3", LATER): (f"for instance 3, times out at {LOCAL}", Role.WAIT),
        e.Requested(e.Verb.PAUSE, "maria", "box", "lunch"): ("pause requested by maria on box: lunch", Role.ACCENT),
        e.RequestAnswered(e.Verb.PAUSE, False, "Azure has no pause"): ("pause refused: Azure has no pause", Role.WARN),
        e.Paused("budget"): ("paused: budget", Role.WARN),
        e.Resumed(): ("resumed", Role.PLAIN),
        e.ApprovalNeeded(3): ("batch 3 is waiting for approval", Role.WARN),
        e.Approved(3, "maria"): ("batch 3 approved by maria", Role.PLAIN),
        e.Noted("a leak", Severity.WARN, ("7",)): ("a leak (7)", Role.WARN),
        e.PolicyRestored(False, "409"): ("upgrade policy NOT restored: 409", Role.BAD),
        e.WriteEnded("w", OperationState.FAILED, AzureFault("Conflict", "busy")): (
            "w failed [Conflict: busy]",
            Role.BAD,
        ),
        e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, ours=False): (
            "Azure's rolling upgrade (not ours): RollingForward",
            Role.PLAIN,
        ),
    }
    for event, words in expected.items():
        assert said(event) == words
    assert sentences(e.WriteAccepted("w"), RolloutState()) == ()


def test_gates_without_a_batch_say_when_they_were_asked() -> None:
    tale = story.until_batch(2)
    soak = e.GateChecked(e.GateName.HEALTH, False, "3 of 60")
    running = sentences(soak, fold(tale.log))[0].text
    tale.say(e.BatchEnded(2))
    assert running == "gate health during a batch FAILED: 3 of 60"
    assert sentences(soak, fold(tale.log))[0].text == "gate health after the last batch FAILED: 3 of 60"


def test_a_batch_that_azure_refused_is_not_done() -> None:
    tale = story.until_batch(2)
    refusal = e.WriteEnded("batch-2", OperationState.FAILED, AzureFault("AuthorizationFailed", "no right"))
    begun = fold(tale.log)
    ended = sentences(e.BatchEnded(2), replace(begun, writes={**begun.writes, "batch-2": refusal}))[0]
    assert ended.role is Role.BAD and "refused" in ended.text
    assert sentences(e.BatchEnded(2), begun)[0].role is Role.WELL


def test_a_wait_whose_end_only_moves_on_is_reported_once() -> None:
    moving = e.Waiting("Azure moves batch by batch", LATER)
    assert sentences(moving, RolloutState(waiting=e.Waiting(moving.why))) == ()


def test_what_azure_says_is_reported_in_short_and_once() -> None:
    script = "The most impactful error is: VM has reported a failure. " + "Installing on web-weu_44 … " * 30
    fault = AzureFault("TooMany", f"Rolling Upgrade failed. 22% of instances are unhealthy. {script}")
    ended = e.WriteEnded("roll-1", OperationState.FAILED, fault)
    words, role = said(ended)
    assert role is Role.BAD
    assert words.endswith(
        " failed [TooMany: Rolling Upgrade failed. 22% of instances are unhealthy. "
        "The most impactful error is: VM has reported a failure]"
    )
    over = e.Ended(e.Verdict.FAILED, f"Azure stopped its roll: {fault.brief}; 3 untouched", fault)
    assert said(over)[0].endswith("reported a failure; 3 untouched [TooMany]")


def test_every_kind_of_event_is_put_into_words() -> None:
    """What gives no sentence is a handle for polling, or what the instances of a batch look like."""
    silent = {e.WriteAccepted, e.InstancesSeen}
    examples: tuple[e.Event, ...] = (
        e.Planned(story.plan_of()),
        e.RunnerStarted(1, "h"),
        e.SignedIn("deployer", "Azure CLI"),
        e.RunnerStopped(),
        e.WriteIntended("model", "the model"),
        e.WriteAccepted("model"),
        e.WriteEnded("model", OperationState.FAILED),
        e.WriteDeferred("model", "busy", LATER),
        e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD),
        e.InstancesSeen(()),
        e.BatchStarted(1, 2, ("0",)),
        e.BatchEnded(1),
        e.Waiting("x"),
        e.GateChecked(e.GateName.HEALTH, True, "fine"),
        e.Requested(e.Verb.PAUSE, "bo"),
        e.RequestAnswered(e.Verb.PAUSE, True, "yes"),
        e.Paused(),
        e.Resumed(),
        e.Overridden("outside-window", "CVE", "bo"),
        e.Scheduled(datetime(2026, 11, 28, tzinfo=UTC), at_window=True, who="bo"),
        e.RulesChanged(NO_RULES),
        e.ApprovalNeeded(2),
        e.Approved(2),
        e.DecisionNeeded("1 failed", ("1",)),
        e.InstancesRetried(("1",), "tag", 1, "bo"),
        e.InstancesExcluded(("1",), "broken disk", "bo"),
        e.RollbackStarted(story.plan_of(), "1 failed"),
        e.Noted("hm"),
        e.ClockStepped(60.0),
        e.Concluding(e.Verdict.FAILED, "no"),
        e.PolicyRestored(True),
        e.Ended(e.Verdict.CANCELLED, "asked"),
    )
    assert {type(event) for event in examples} == set(get_args(e.Event))
    assert {type(event) for event in examples if not sentences(event, RolloutState())} == silent
    assert notification(examples[-1]) == "canceled: asked"


def test_azures_upgrades_are_said_where_their_state_changes() -> None:
    rolling = e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, LATER, pending=3)
    events: tuple[e.Event, ...] = (
        e.UpgradeSeen(UpgradeCode.COMPLETED, LATER - timedelta(days=1), ours=False),
        rolling,
        replace(rolling, pending=2, successful=1),
        e.WriteIntended("restore", "restore it"),
        e.UpgradeSeen(UpgradeCode.ROLLING_FORWARD, LATER + timedelta(days=1), ours=False),
    )
    _, lines = follow([e.Logged(n, LATER, event) for n, event in enumerate(events, 1)])
    upgrades = [line.text for line in lines if "rolling upgrade" in line.text]
    assert upgrades == [
        "Azure's rolling upgrade: RollingForward",
        "Azure's rolling upgrade (to restore the scale set's own policy): RollingForward",
    ]


def test_times_of_day_are_those_of_the_zone_that_is_asked_for() -> None:
    deferred = e.WriteDeferred("model", "busy", LATER)
    assert "14:20:11" in sentences(deferred, RolloutState(), tz=UTC)[0].text


def test_the_event_line_shows_the_newest_events_and_a_failure_first() -> None:
    tale = story.until_batch(3)
    state, lines = follow(tale.log)
    line = text_of(event_line(info_of(state, tale.now), lines, 120, tz=UTC))
    assert line.index("batch 3 of 5 started") < line.index("batch 2 done") and width(line) <= 120
    assert "batch 2 done" not in text_of(event_line(info_of(state, tale.now), lines, 60, tz=UTC))
    tale = story.until_batch(3, fails=("3",))
    state, lines = follow(tale.log)
    assert text_of(event_line(info_of(state, tale.now), lines, 160, tz=UTC)).startswith("✖ web-weu_3: exit 22")


def test_after_the_end_the_event_line_says_why_or_what_next() -> None:
    done, lines = follow(story.whole())
    assert done.ended_at is not None
    assert "report" in text_of(event_line(info_of(done, done.ended_at), lines, 120))
    tale = story.until_batch(2, fails=("3",))
    tale.end(e.Verdict.FAILED, "1 failed")
    state, lines = follow(tale.log)
    info = info_of(state, tale.now)
    assert text_of(event_line(info, lines, 120)).startswith("✖ web-weu_3")
    assert "replay again" in text_of(event_line(info, lines, 120, replay=True))


def test_instances_that_leave_or_leak_are_said_once() -> None:
    tale = story.until_batch(1)
    tale.see(["5"], phase=e.Phase.LEAKED, message="autoscale")
    tale.see(["6"], phase=e.Phase.GONE, message="")
    _, lines = follow(tale.log)
    assert [line.text for line in lines[-2:]] == ["web-weu_5 leaked: autoscale", "web-weu_6 gone"]


def test_an_approval_that_is_awaited_is_one_line() -> None:
    asked = replace(RolloutState(), stage=Stage.APPROVAL, awaiting_approval=3)
    assert sentences(e.Waiting("batch 3 is waiting for approval"), asked) == ()
    assert sentences(e.Waiting("pause before batch 3"), replace(asked, stage=Stage.RUNNING))


def test_a_verdict_is_not_repeated_by_its_reason() -> None:
    assert said(e.Ended(e.Verdict.CANCELLED, "canceled by root; 3 untouched"))[0] == "canceled by root; 3 untouched"
    assert said(e.Ended(e.Verdict.FAILED, "canceled by Azure"))[0] == "failed: canceled by Azure"
