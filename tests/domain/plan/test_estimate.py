"""How long it takes, learned from earlier batches of the same set."""

from dataclasses import replace
from datetime import timedelta

from support.engine.driver import Driver
from support.engine.story import policy
from support.engine.toy import BASE, Toy, script
from vmss_tui.domain.plan.estimate import learn
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.state import fold


def plan(**more: object) -> RolloutPlan:
    toy = Toy()
    return plan_rollout(toy.snapshot(), script(2), policy(2, **more), now=toy.now)


def test_nothing_is_learned_from_nothing() -> None:
    made = plan()
    assert learn(made, ()) is made and learn(made, [()]) is made
    assert made.estimate.basis.startswith("estimate")
    nothing = replace(made, batches=())
    assert learn(nothing, [(30.0,)]) is nothing


def test_the_fastest_and_the_slowest_batch_are_the_range_and_known_times_are_added() -> None:
    made = learn(plan(pause_seconds=10, min_healthy_seconds=5, soak_seconds=60), [(30.0, 40.0), (), (25.0,)])
    fixed = 2 * 10 + 3 * 5 + 60
    assert (made.estimate.low_seconds, made.estimate.high_seconds) == (3 * 25 + fixed, 3 * 40 + fixed)
    assert made.estimate.basis == "from 2 earlier rollouts of this set"
    assert made.estimate.lowest_healthy == plan().estimate.lowest_healthy
    assert learn(plan(), [(30.0,)]).estimate.basis == "from 1 earlier rollout of this set"


def test_of_many_batches_the_outliers_say_nothing() -> None:
    times = [*map(float, range(30, 50)), 1.0, 9000.0]
    made = learn(plan(), [times])
    assert (made.estimate.low_seconds, made.estimate.high_seconds) == (3 * 31, 3 * 48)


def test_a_batch_counts_without_its_minimum_healthy_time_and_only_when_nothing_failed() -> None:
    made = plan(min_healthy_seconds=10)
    at = [BASE + timedelta(seconds=each) for each in (0, 5, 45, 50, 52, 60, 99, 100)]
    events: list[e.Event] = [
        e.Planned(made),
        e.BatchStarted(1, 3, ("0", "1")),
        e.BatchEnded(1),
        e.BatchStarted(2, 3, ()),
        e.BatchEnded(2),
        e.BatchStarted(3, 3, ("4",)),
        e.BatchEnded(3, ("4",)),
        e.BatchEnded(9),
    ]
    log = [e.Logged(i, moment, event) for i, (moment, event) in enumerate(zip(at, events, strict=True), 1)]
    assert fold(log).batch_seconds == (30.0,)


def test_what_was_learned_from_a_rollout_is_what_it_took() -> None:
    toy = Toy()
    first = Driver(toy, plan_rollout(toy.snapshot(), script(2), policy(2), now=toy.now))
    first.run()
    took = first.state.batch_seconds
    assert len(took) == 3
    second = learn(plan_rollout(toy.snapshot(), script(3), policy(2), now=toy.now), [took])
    began = toy.now
    Driver(toy, second).run()
    spent = (toy.now - began).total_seconds()
    assert second.estimate.low_seconds <= spent <= second.estimate.high_seconds + 15
