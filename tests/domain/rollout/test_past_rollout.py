"""What a log shows of its set: durations of instances, failures by step, what the whole took without people."""

from dataclasses import replace
from datetime import timedelta

from support.engine.driver import Driver
from support.engine.story import policy
from support.engine.toy import BASE, Toy, script
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.script import SecretRef, SecretSource
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.track_record import StepShare, TrackRecord
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.past_rollout import past_rollout, protected_written, seconds_taken

PLAN = plan_rollout(Toy().snapshot(), script(2), policy(2, pause_seconds=30, soak_seconds=60), now=BASE)


def seen(instance: str, phase: e.Phase) -> e.InstancesSeen:
    return e.InstancesSeen((e.InstanceSeen(id=instance, phase=phase, health=Health.HEALTHY),), healthy=6, total=6)


def log_of(*steps: tuple[float, e.Event]) -> list[e.Logged]:
    return [e.Logged(n, BASE + timedelta(seconds=at), event) for n, (at, event) in enumerate(steps, 1)]


STORY = (
    (0.0, e.Planned(PLAN)),
    (0.0, e.RunnerStarted(1, "h")),
    (5.0, e.BatchStarted(1, 2, ("0", "1"))),
    (45.0, seen("0", e.Phase.HEALTH)),
    (65.0, seen("0", e.Phase.DONE)),
    (75.0, seen("1", e.Phase.FAILED)),
    (80.0, seen("1", e.Phase.DONE)),
    (85.0, e.BatchEnded(1)),
    (85.0, e.ApprovalNeeded(2)),
    (1085.0, e.Approved(2)),
    (1125.0, e.BatchStarted(2, 2, ("2", "3"))),
    (1165.0, seen("2", e.Phase.DONE)),
    (1205.0, seen("3", e.Phase.DONE)),
    (1205.0, e.BatchEnded(2)),
    (1280.0, e.Ended(e.Verdict.COMPLETED, "")),
)


def test_instances_steps_and_what_comes_around_the_batches() -> None:
    past = past_rollout(log_of(*STORY))
    assert past is not None
    assert past.seconds == (40.0, 60.0, 80.0), "the one that failed took no time that counts"
    assert (past.script_seconds, past.settle_seconds) == (40.0, 0.0)
    assert past.first == StepShare(2, 1), "a failed instance that was replaced has failed"
    assert past.later == StepShare(2, 0)
    assert (past.head_seconds, past.gap_seconds, past.tail_seconds) == (5.0, 10.0, 15.0)
    assert not TrackRecord(rollouts=(past,)).known, "three instances prove nothing"
    assert "8 instances, 2 failed" in TrackRecord(rollouts=(past, past)).basis


def test_waiting_for_a_person_is_no_part_of_it() -> None:
    assert seconds_taken(log_of(*STORY)) == 280.0
    assert seconds_taken(log_of(*STORY[:-1])) is None
    assert seconds_taken(log_of(*STORY[:-1], (1280.0, e.Ended(e.Verdict.FAILED, "x")))) is None


def test_waiting_for_a_decision_a_window_or_a_clock_is_no_part_of_it() -> None:
    """A night between two batches says nothing of the set, and must not be in its next forecast."""
    shut = e.GateChecked(e.GateName.WINDOW, False, "closed", 2)
    opened = e.GateChecked(e.GateName.WINDOW, True, "open", 2)
    others: tuple[tuple[tuple[float, e.Event], ...], ...] = (
        ((85.0, e.DecisionNeeded("1 failed", ("1",))), (1085.0, e.InstancesExcluded(("1",), "broken"))),
        ((85.0, shut), (1085.0, opened)),
        ((85.0, shut), (86.0, e.Paused("closed", window=True)), (1085.0, e.Resumed()), (1085.0, opened)),
        ((1085.0, e.ClockStepped(1000.0)),),
    )
    for waited in others:
        log = log_of(*STORY[:8], *waited, *STORY[10:])
        past = past_rollout(log)
        assert past is not None and past.gap_seconds == 10.0, waited
        assert seconds_taken(log) == 280.0


def test_a_window_that_closes_during_a_batch_takes_nothing_from_its_time() -> None:
    """Azure's batches run on until the upgrade is canceled."""
    shut = e.GateChecked(e.GateName.WINDOW, False, "closed", 2)
    past = past_rollout(log_of(*STORY[:5], (66.0, shut), *STORY[5:]))
    assert past is not None and past.seconds == (40.0, 60.0, 80.0)


def test_nothing_is_learned_before_a_batch_has_ended() -> None:
    assert past_rollout(log_of(*STORY[:5])) is None and past_rollout(()) is None


def test_a_rollout_of_the_toy_shows_all_of_its_instances() -> None:
    toy = Toy()
    driver = Driver(toy, plan_rollout(toy.snapshot(), script(2), policy(2), now=toy.now))
    driver.run()
    past = past_rollout(driver.log)
    assert past is not None and len(past.seconds) == driver.plan.affected
    taken = seconds_taken(driver.log)
    assert taken is not None and max(past.seconds) < taken


def test_the_protected_settings_that_a_rollout_wrote_are_known_by_name() -> None:
    key = SecretRef(SecretSource.ENV, "KEY")
    plan = replace(PLAN, script=replace(PLAN.script, protected={"b": key, "a": key}))
    planned, wrote = (0.0, e.Planned(plan)), (1.0, e.WriteAccepted("model", "u"))
    assert protected_written(log_of(planned, wrote)) == ("a", "b")
    assert protected_written(log_of(planned, (1.0, e.WriteAccepted("roll-1", "u")))) == ("a", "b")
    assert protected_written(log_of(planned)) == protected_written(log_of((0.0, e.Planned(PLAN)), wrote)) == ()
