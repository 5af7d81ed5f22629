"""The forecast: repeatable, bounded by what is known, and right about the odds."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support.engine.story import policy
from support.engine.toy import Toy, script
from support.fuzzing import examples
from vmss_tui.domain.plan.forecast import Forecast, Range, TrackRecord, forecast
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Amount

STEADY = TrackRecord(rollouts=3, seconds=(100.0,) * 50)


def plan(**more: object) -> RolloutPlan:
    toy = Toy()
    return plan_rollout(toy.snapshot(), script(2), policy(2, **more), now=toy.now)


def of_size(instances: int, batch: int, **more: object) -> RolloutPlan:
    ids = [str(number) for number in range(instances)]
    batches = tuple(Batch(number=at // batch + 1, ids=tuple(ids[at : at + batch])) for at in range(0, instances, batch))
    return replace(plan(**more), batches=batches, total=instances, healthy=instances)


def test_a_set_that_always_takes_as_long_has_no_spread() -> None:
    made = forecast(plan(pause_seconds=10, min_healthy_seconds=5, soak_seconds=60), STEADY)
    assert made.duration.p50 == made.duration.p90 == 3 * (100 + 5) + 2 * 10 + 60
    assert [end.p50 for end in made.batch_ends] == [105, 220, 335]
    assert made.batch_seconds == 105
    assert made.basis == "from 3 earlier rollouts of this set (50 instances)"


def test_without_a_history_the_assumption_is_said_and_bounds_it() -> None:
    made = forecast(plan())
    assert made.basis == "estimate: 1 to 6 minutes an instance, 1% of instances fail"
    assert 3 * 60 < made.duration.p50 < made.duration.p90 < 3 * 360
    assert forecast(plan(), TrackRecord(rollouts=1, seconds=(5.0,) * 4)) == made, "four instances prove nothing"


def test_the_slowest_of_many_is_slower_than_the_slowest_of_few() -> None:
    record = TrackRecord(rollouts=2, seconds=tuple(float(second) for second in range(60, 360)))
    few, many = forecast(of_size(40, 4), record), forecast(of_size(40, 20), record)
    assert many.batch_seconds > few.batch_seconds
    assert many.duration.p50 < few.duration.p50


def test_the_lowest_health_counts_the_batch_and_what_failed_before() -> None:
    sure = forecast(of_size(60, 12), STEADY)
    assert sure.lowest_healthy == Range(48, 48) or sure.lowest_healthy == Range(48, 47)
    shaky = forecast(of_size(60, 12, unhealthy_upgraded_percent=100), replace(STEADY, failed=25))
    assert shaky.lowest_healthy is not None and shaky.lowest_healthy.p90 < 40
    assert forecast(replace(of_size(60, 12), healthy=None), STEADY).lowest_healthy is None


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
    made = forecast(of_size(60, 12, **limits), replace(STEADY, failed=50))
    assert [breach.limit for breach in made.breaches] == [limit]
    assert made.breaches[0].chance > 0.99 and made.completes < 0.01
    calm = forecast(of_size(60, 12, unhealthy_upgraded_percent=20, unhealthy_percent=20), STEADY)
    assert calm.completes > 0.95


def test_the_odds_of_one_failure_are_the_binomial_ones() -> None:
    record = TrackRecord(rollouts=1, seconds=(100.0,) * 89, failed=10)
    made = forecast(of_size(10, 10, unhealthy_upgraded_percent=0), record, plays=4000)
    expected = 1 - (1 - 10.5 / 100) ** 10
    assert made.breaches[0].chance == pytest.approx(expected, abs=0.03)


def test_the_chance_to_be_done_in_time() -> None:
    made = forecast(plan())
    assert made.chance_within(3 * 60) == 0 and made.chance_within(3 * 360) == 1
    assert made.chance_within(made.duration.p90) == pytest.approx(0.9, abs=0.01)
    nothing = forecast(replace(plan(), batches=()))
    assert nothing.duration == Range(0, 0) and nothing.chance_within(0) == 1


@examples(50)
@given(st.integers(1, 200), st.integers(1, 60), st.lists(st.floats(1, 5000), max_size=40), st.integers(0, 40))
@example(57, 2, [1.0, 1.0, 1.0, 1.0, 2.0], 0)
def test_it_is_ordered_and_repeatable_whatever_is_known(
    instances: int, batch: int, seconds: list[float], failed: int
) -> None:
    made: Forecast = forecast(of_size(instances, batch), TrackRecord(rollouts=1, seconds=tuple(seconds), failed=failed))
    assert made == forecast(of_size(instances, batch), TrackRecord(rollouts=1, seconds=tuple(seconds), failed=failed))
    assert made.duration.p50 <= made.duration.p90 and 0 <= made.completes <= 1
    ends = [end.p50 for end in made.batch_ends if end.p50]
    assert ends == sorted(ends)
    assert made.lowest_healthy is not None and 0 <= made.lowest_healthy.p90 <= made.lowest_healthy.p50 <= instances


def test_a_thousand_batches_each_have_their_end() -> None:
    made = forecast(of_size(1000, 1, unhealthy_upgraded_percent=100), STEADY, plays=20)
    assert len(made.batch_ends) == 1000 and made.batch_ends[-1].p50 == 100_000
