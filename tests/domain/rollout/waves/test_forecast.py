"""How long waves take: each set by its own forecast, so many at a time, one wave after the other."""

from dataclasses import replace

import pytest

from support.build import fleet, plan, policy, snapshot
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.forecast import forecast
from vmss_tui.domain.plan.waves import Wave, WaveRules, WaveSet, WavesPlan
from vmss_tui.domain.rollout.waves.forecast import forecast_waves

A, B, C = (ScaleSetId("s", "g", name) for name in "abc")
MADE = plan(snapshot(*fleet(6)), policy("50%"))
ONCE = forecast(MADE).duration


def waves(*sets: tuple[ScaleSetId, ...], at_once: int = 1, bake_seconds: int = 0) -> WavesPlan:
    made = tuple(
        Wave(
            number=number, name=str(number), sets=tuple(WaveSet(target=it) for it in targets), bake_seconds=bake_seconds
        )
        for number, targets in enumerate(sets, 1)
    )
    return WavesPlan(profile="web", label="2", waves=made, rules=WaveRules(at_once=at_once))


@pytest.mark.parametrize(("at_once", "times"), [(1, 3), (2, 2), (3, 1), (9, 1)])
def test_sets_of_a_wave_share_the_places(at_once: int, times: int) -> None:
    found = forecast_waves(waves((A, B, C), at_once=at_once), dict.fromkeys((A, B, C), MADE))
    assert found.total.p50 == pytest.approx(times * ONCE.p50) and found.total.p90 == pytest.approx(times * ONCE.p90)
    assert found.assumed is forecast(MADE).assumed


def test_waves_follow_each_other_with_the_bake_time_between_them() -> None:
    found = forecast_waves(waves((A,), (B,), at_once=9, bake_seconds=600), {A: MADE, B: MADE})
    assert [wave.p50 for wave in found.waves] == [ONCE.p50, ONCE.p50]
    assert found.total.p50 == pytest.approx(2 * ONCE.p50 + 600), "nothing bakes after the last wave"


def test_a_set_without_a_plan_or_with_nothing_to_do_takes_no_time() -> None:
    found = forecast_waves(waves((A, B)), {A: replace(MADE, batches=())})
    assert (found.total.p50, found.total.p90, found.assumed) == (0.0, 0.0, False)
