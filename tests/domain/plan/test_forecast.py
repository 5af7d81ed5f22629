"""The forecast: repeatable, bounded by what is known, and right about the odds."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.engine.story import policy
from support.engine.toy import Toy, script
from support.fuzzing import examples
from vmss_tui.domain.plan.forecast import Range, batch_seconds, first_batch_seconds, forecast, remaining
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount, Reserve
from vmss_tui.domain.plan.track_record import NOTHING_KNOWN, PastRollout, StepShare, TrackRecord, thinned


def record(*rollouts: tuple[float, ...], failed: int = 0) -> TrackRecord:
    """One past rollout for each tuple of instances' seconds; `failed` instances in the later batches of the first."""
    first, *others = (PastRollout(seconds=seconds) for seconds in rollouts)
    return TrackRecord(rollouts=(replace(first, later=StepShare(len(first.seconds) + failed, failed)), *others))


STEADY = record(*[(100.0,) * 20] * 3)


def plan(**more: object) -> RolloutPlan:
    toy = Toy()
    return plan_rollout(toy.snapshot(), script(2), policy(2, **more), now=toy.now)


def of_size(instances: int, batch: int, history: TrackRecord = NOTHING_KNOWN, **more: object) -> RolloutPlan:
    ids = [str(number) for number in range(instances)]
    batches = tuple(Batch(number=at // batch + 1, ids=tuple(ids[at : at + batch])) for at in range(0, instances, batch))
    return replace(plan(**more), batches=batches, total=instances, healthy=instances, history=history)


def test_a_steady_set_is_forecast_within_a_few_percent() -> None:
    made = forecast(replace(plan(pause_seconds=10, min_healthy_seconds=5, soak_seconds=60), history=STEADY))
    fixed = 3 * 5 + 2 * 10 + 60
    assert made.duration.p50 == pytest.approx(3 * 100 + fixed, rel=0.05)
    assert made.duration.p50 < made.duration.p90 < 3 * 135 + fixed
    assert [end.p50 for end in made.batch_ends] == pytest.approx([105, 220, 335], rel=0.05)
    assert not made.assumed and "3 earlier rollouts" in made.basis


def test_what_comes_before_between_and_after_the_batches_counts() -> None:
    (past,) = record((100.0,) * 9).rollouts
    around = replace(past, head_seconds=20.0, gap_seconds=7.0, tail_seconds=30.0)
    bare, full = (forecast(of_size(9, 3, TrackRecord(rollouts=(rollout,)))) for rollout in (past, around))
    assert full.duration.p50 - bare.duration.p50 == pytest.approx(20 + 2 * 7 + 30)


def test_without_a_history_the_assumption_is_said_and_bounds_it() -> None:
    made = forecast(plan())
    assert made.assumed and made.basis.startswith("estimate: 1 to 6 minutes an instance")
    assert 3 * 50 < made.duration.p50 < made.duration.p90 < 3 * 450
    few = forecast(replace(plan(), history=record((5.0,) * 4)))
    assert few.assumed and few.duration.p50 == pytest.approx(made.duration.p50, rel=0.1), "four prove nothing"


def test_a_set_whose_rollouts_differ_has_a_wider_range_than_one_whose_instances_do() -> None:
    within = forecast(of_size(40, 4, record((50.0, 100.0, 100.0, 200.0), (50.0, 100.0, 100.0, 200.0))))
    between = forecast(of_size(40, 4, record((50.0,) * 4, (200.0,) * 4)))
    assert between.duration.p90 / between.duration.p50 > within.duration.p90 / within.duration.p50 + 0.3


def test_the_slowest_of_many_is_slower_than_the_slowest_of_few() -> None:
    history = record(tuple(float(second) for second in range(60, 120)))
    few, many = of_size(40, 4, history), of_size(40, 20, history)
    assert batch_seconds(many, 20) > batch_seconds(few, 4) > batch_seconds(few, 4, share=0.5)
    assert forecast(many).duration.p50 < forecast(few).duration.p50


def test_a_batch_takes_its_minimum_healthy_time_and_the_pace_of_the_batches_before_it() -> None:
    made = of_size(12, 4, STEADY, min_healthy_seconds=30)
    assert batch_seconds(made, 4) == pytest.approx(100 * 1.23 + 30, rel=0.08)
    slow = batch_seconds(made, 4, took=((4, 300.0), (4, 310.0)))
    assert slow > 1.5 * batch_seconds(made, 4), "two batches at a third of the pace outweigh the history"
    unknown = of_size(12, 4)
    assert batch_seconds(unknown, 4, took=((4, 20.0), (4, 20.0))) < 40 < batch_seconds(unknown, 4)


def test_the_lowest_health_counts_the_batch_and_what_failed_before() -> None:
    assert forecast(of_size(60, 12, STEADY)).lowest_healthy == Range(48, 48)
    failing = record((100.0,) * 50, failed=25)
    shaky = forecast(of_size(60, 12, failing, unhealthy_upgraded_percent=100, unhealthy_percent=100))
    assert shaky.lowest_healthy is not None and shaky.lowest_healthy.p90 < 40
    assert forecast(replace(of_size(60, 12), healthy=None)).lowest_healthy is None


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"unhealthy_upgraded_percent": 0}, "unhealthy_upgraded"),
        ({"unhealthy_upgraded_percent": 100, "unhealthy_percent": 5}, "unhealthy"),
        ({"unhealthy_upgraded_percent": 100, "unhealthy_percent": 100, "failure_budget": Amount(0)}, "failure_budget"),
        (
            {
                "unhealthy_upgraded_percent": 100,
                "unhealthy_percent": 100,
                "failure_budget": Amount(2, percent=True),
            },
            "failure_budget",
        ),
    ],
)
def test_a_set_that_often_fails_will_probably_breach_its_tightest_limit(limits: dict[str, object], limit: str) -> None:
    made = forecast(of_size(60, 12, record((100.0,) * 50, failed=50), **limits))
    assert [breach.limit for breach in made.breaches] == [limit]
    assert made.breaches[0].chance > 0.99 and made.completes < 0.01
    calm = forecast(of_size(60, 12, STEADY, unhealthy_upgraded_percent=20, unhealthy_percent=20))
    assert calm.completes > 0.95


def test_the_odds_of_one_failure_are_those_of_the_track_record() -> None:
    history = TrackRecord(rollouts=(PastRollout(seconds=(100.0,) * 890, first=StepShare(1000, 100)),))
    made = forecast(of_size(10, 10, history, unhealthy_upgraded_percent=0))
    assert made.breaches[0].chance == pytest.approx(1 - 0.9**10, abs=0.06)


def test_failures_of_the_first_batch_say_nothing_of_the_others() -> None:
    history = TrackRecord(
        rollouts=(PastRollout(seconds=(100.0,) * 9, first=StepShare(500, 500), later=StepShare(500, 0)),)
    )
    limits = {"unhealthy_upgraded_percent": 100, "unhealthy_percent": 10}
    assert forecast(of_size(60, 1, history, **limits)).completes > 0.9
    assert forecast(of_size(60, 12, history, **limits)).completes < 0.1


def test_the_chance_to_be_done_in_time() -> None:
    made = forecast(plan())
    assert made.chance_within(3 * 45) == 0 and made.chance_within(3 * 450) == 1
    assert made.chance_within(made.duration.p90) == pytest.approx(0.9, abs=0.01)
    nothing = forecast(replace(plan(), batches=()))
    assert nothing.duration == Range(0, 0) and nothing.chance_within(0) == 1


def test_what_has_happened_decides_what_is_left() -> None:
    made = of_size(12, 4)
    before = remaining(made, (4, 4, 4), begun=False)
    quick, slow = (remaining(made, (4,), took=((4, seconds), (4, seconds))) for seconds in (20.0, 900.0))
    assert quick.p90 < 40 and slow.p50 > 600
    assert before.p50 == pytest.approx(forecast(made).duration.p50, rel=0.1)
    assert quick.p90 - quick.p50 < before.p90 - before.p50


def test_a_batch_in_progress_takes_what_is_left_of_it_and_longer_than_it_already_has() -> None:
    made = replace(of_size(8, 4, STEADY), policy=replace(plan().policy, soak_seconds=0))
    fresh, half, over = (remaining(made, (), current=(4, into)) for into in (0.0, 60.0, 1000.0))
    assert half.p50 == pytest.approx(fresh.p50 - 60, abs=5)
    assert 0 < over.p50 < over.p90 < 1000


def test_a_pause_counts_down_to_its_end() -> None:
    made = of_size(8, 4, STEADY, pause_seconds=30)
    now, later, late = (remaining(made, (4,), took=((4, 100.0),), idle=idle) for idle in (0.0, 20.0, 500.0))
    assert now.p50 - later.p50 == pytest.approx(20) and now.p50 - late.p50 == pytest.approx(30)


@examples(50)
@given(st.integers(1, 200), st.integers(1, 60), st.lists(st.floats(1, 5000), max_size=40), st.integers(0, 40))
@example(57, 2, [1.0, 1.0, 1.0, 1.0, 2.0], 0)
def test_it_is_ordered_and_repeatable_whatever_is_known(
    instances: int, batch: int, seconds: list[float], failed: int
) -> None:
    made = forecast(of_size(instances, batch, record(tuple(seconds), failed=failed)))
    assert made == forecast(of_size(instances, batch, record(tuple(seconds), failed=failed)))
    assert made.duration.p50 <= made.duration.p90 and 0 <= made.completes <= 1
    ends = [end.p50 for end in made.batch_ends if end.p50]
    assert ends == sorted(ends)
    assert made.lowest_healthy is not None and 0 <= made.lowest_healthy.p90 <= made.lowest_healthy.p50 <= instances


def test_a_thousand_batches_each_have_their_end() -> None:
    made = forecast(of_size(1000, 1, STEADY, unhealthy_upgraded_percent=100, unhealthy_percent=100))
    assert len(made.batch_ends) == 1000 and made.batch_ends[-1].p50 == pytest.approx(100_000, rel=0.05)


def test_a_record_keeps_the_shortest_and_the_longest_of_many() -> None:
    kept = thinned([float(second) for second in range(1, 1001)])
    assert len(kept) == 60 and (kept[0], kept[-1]) == (1.0, 1000.0) and list(kept) == sorted(kept)
    assert thinned([3.0, 1.04, 2.0]) == (1.0, 2.0, 3.0)


def test_a_start_needs_time_for_its_first_batch_and_twice_that_with_a_reserve() -> None:
    made = replace(plan(), history=STEADY)
    once = first_batch_seconds(made)
    assert once == batch_seconds(made, len(made.batches[0].ids)) > 0
    assert first_batch_seconds(replace(made, policy=replace(made.policy, reserve=Reserve.ROLLBACK))) == 2 * once
    assert first_batch_seconds(replace(made, batches=())) == 0
