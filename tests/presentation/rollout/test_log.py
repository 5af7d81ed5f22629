"""The events of a rollout as sentences."""

from datetime import UTC, datetime

from support import story
from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import RolloutState, fold
from vmss_tui.presentation.glyphs import Role
from vmss_tui.presentation.rollout.log import LogLine, follow, tell
from vmss_tui.presentation.table import text_of

LATER = datetime(2026, 5, 1, 14, 20, 11, tzinfo=UTC)
LOCAL = f"{LATER.astimezone():%H:%M:%S}"


def test_the_log_tells_the_whole_story_in_order() -> None:
    state, lines = follow(story.whole())
    assert state.stage.over
    texts = [each.text for each in lines]
    assert texts[0] == "planned for web-weu: web 2.4.0 → web 2.5.0, 60 instances in 5 batches"
    assert "batch 2 of 5 started: 12 instances, zone 1 and 2" in texts
    assert "batch 2 done: 12 instances" in texts
    assert texts[-1] == "completed: every instance runs web 2.5.0"
    assert text_of(lines[0].line(UTC)).startswith("23:14:07  planned")


def test_following_in_pieces_is_the_same_as_at_once() -> None:
    log = story.whole()
    state: RolloutState | None = None
    told: list[LogLine] = []
    for chunk in story.chunks(log, 7):
        state, lines = follow(chunk, state)
        told += lines
    assert (state, tuple(told)) == follow(log)


def test_a_failure_is_told_once() -> None:
    tale = story.until_batch(2, fails=("3",))
    tale.see(["3"], message="still failed")
    _, lines = follow(tale.log)
    assert sum("web-weu_3 failed" in each.text for each in lines) == 1


def test_decisions_and_trouble_have_words() -> None:
    said: dict[e.Event, tuple[str, Role]] = {
        e.RunnerStarted(1, "box", resumed=True): ("runner took over on box (process 1)", Role.DIM),
        e.RunnerStopped("asked"): ("runner stopped: asked", Role.WARN),
        e.GateChecked(e.GateName.HEALTH, False, "3 of 12"): (
            "gate health before the start FAILED: 3 of 12",
            Role.BAD,
        ),
        e.GateChecked(e.GateName.HEALTH, True, "0 of 12", 2): ("gate health before batch 2 passed: 0 of 12", Role.DIM),
        e.GateChecked(e.GateName.DEADLINE, False, "batch 2 took longer than 90 min", 2): (
            "too late: batch 2 took longer than 90 min",
            Role.BAD,
        ),
        e.ClockStepped(3600): (
            "the machine's clock went forward by 1h (set, or it slept): waits begin anew",
            Role.WARN,
        ),
        e.ClockStepped(-60): (
            "the machine's clock went back by 1m (set, or it slept): waits begin anew",
            Role.WARN,
        ),
        e.Concluding(e.Verdict.FAILED, "2 of 4 failed"): (
            "will end as failed: 2 of 4 failed; first the set's own policy and repairs are looked after",
            Role.BAD,
        ),
        e.PolicyRestored(True, "the set's own policy is back"): ("the set's own policy is back", Role.PLAIN),
        e.WriteDeferred("batch-3", "Azure is busy; it is sent again", LATER, 2): (
            f"the update of batch 3 has to wait: Azure is busy; it is sent again at {LOCAL}, attempt 3",
            Role.WARN,
        ),
        e.WriteEnded("cancel-1", OperationState.GONE): (
            "Azure has forgotten how canceling the rolling upgrade went: it is judged by what is there",
            Role.WARN,
        ),
        e.Waiting("the soak", LATER, 60): (f"the soak, until {LOCAL}", Role.WAIT),
        e.Waiting("for instance 3", LATER): (f"for instance 3, at most until {LOCAL}", Role.WAIT),
        e.Requested(e.Verb.PAUSE, "maria", "box", "lunch"): ("maria on box asks to pause: lunch", Role.ACCENT),
        e.RequestAnswered(e.Verb.PAUSE, False, "Azure has no pause"): ("will not pause: Azure has no pause", Role.WARN),
        e.Paused("budget"): ("paused: budget", Role.WARN),
        e.Resumed(): ("goes on", Role.PLAIN),
        e.ApprovalNeeded(3): ("batch 3 waits for a person to approve it", Role.WARN),
        e.Approved(3, "maria"): ("batch 3 approved by maria", Role.PLAIN),
        e.Noted("a leak", Severity.WARN, ("7",)): ("a leak (7)", Role.WARN),
        e.PolicyRestored(False, "409"): ("the set's own upgrade policy is NOT back: 409", Role.BAD),
        e.WriteEnded("w", OperationState.FAILED, AzureFault("Conflict", "busy")): (
            "w failed [Conflict: busy]",
            Role.BAD,
        ),
        e.UpgradeSeen(UpgradeCode.FAULTED, ours=False): ("Azure's rolling upgrade (not ours): Faulted", Role.PLAIN),
    }
    for event, expected in said.items():
        assert tell(event, RolloutState()) == (expected,)
    assert tell(e.WriteAccepted("w"), RolloutState()) == ()


def test_gates_without_a_batch_say_when_they_were_asked() -> None:
    tale = story.until_batch(2)
    soak = e.GateChecked(e.GateName.HEALTH, False, "3 of 60")
    running = tell(soak, fold(tale.log))[0][0]
    tale.say(e.BatchEnded(2))
    assert running == "gate health meanwhile FAILED: 3 of 60"
    assert tell(soak, fold(tale.log))[0][0] == "gate health after the last batch FAILED: 3 of 60"


def test_a_wait_whose_end_only_moves_on_is_told_once() -> None:
    moving = e.Waiting("Azure moves batch by batch", LATER)
    assert tell(moving, RolloutState(waiting=e.Waiting(moving.why))) == ()


def test_what_azure_says_is_told_in_short_and_once() -> None:
    script = "The most impactful error is: VM has reported a failure. " + "Installing on web-weu_44 … " * 30
    fault = AzureFault("TooMany", f"Rolling Upgrade failed. 22% of instances are unhealthy. {script}")
    ended = e.WriteEnded("roll-1", OperationState.FAILED, fault)
    assert tell(ended, RolloutState()) == (
        (
            "starting the rolling upgrade failed [TooMany: Rolling Upgrade failed. 22% of instances are "
            "unhealthy. The most impactful error is: VM has reported a failure]",
            Role.BAD,
        ),
    )
    over = e.Ended(e.Verdict.FAILED, f"Azure stopped its roll: {fault.brief}; 3 untouched", fault)
    assert text_of(tell(over, RolloutState())).endswith("reported a failure; 3 untouched [TooMany]")
