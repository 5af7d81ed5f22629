"""The nearest policy that works: as asked where Azure takes it, never without a guard."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.build import fleet, plan, snapshot
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode, percent_of
from vmss_tui.domain.plan.feasible import batch_percent, limit_for_one, nearest_rolling
from vmss_tui.domain.plan.findings import Change, Severity
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy, check_rolling


def policy(batch: str | int, unhealthy: int = 20, upgraded: int = 20, pause: int = 0) -> RolloutPolicy:
    return RolloutPolicy(
        mode=UpgradeMode.ROLLING,
        steps=(BatchStep(Amount.parse(batch)),),
        unhealthy_percent=unhealthy,
        unhealthy_upgraded_percent=upgraded,
        pause_seconds=pause,
    )


@pytest.mark.parametrize(
    ("number", "total", "percent"), [(3, 9, 34), (2, 9, 23), (9, 9, 100), (12, 60, 20), (1, 60, 5)]
)
def test_a_number_stays_that_number_where_azure_takes_a_percentage_for_it(
    number: int, total: int, percent: int
) -> None:
    assert batch_percent(Amount(number), total) == percent


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_a_number_never_grows_and_stays_itself_in_a_small_set(number: int, total: int) -> None:
    got = percent_of(batch_percent(Amount(number), total), total)
    assert got <= max(number, percent_of(5, total))
    if total <= 100 and number >= percent_of(5, total):
        assert got == min(number, total)


@pytest.mark.parametrize(
    ("asked", "total", "changes"),
    [
        (policy("20%"), 60, ()),
        (policy("34%"), 60, (Change("rollout.unhealthy", "34%"),)),
        (policy("34%"), 3, (Change("rollout.batch", "20%"),)),
        (policy("100%"), 60, (Change("rollout.batch", "20%"),)),
        (policy("2%"), 60, (Change("rollout.batch", "5%"),)),
        (policy("5%", unhealthy=3), 60, (Change("rollout.unhealthy", "5%"),)),
        (policy("20%", upgraded=120, pause=-5), 60,
         (Change("rollout.unhealthy_upgraded", "99%"), Change("rollout.pause", "0s"))),
    ],
)  # fmt: skip
def test_the_offer_is_the_smallest_change(asked: RolloutPolicy, total: int, changes: tuple[Change, ...]) -> None:
    assert nearest_rolling(asked, total) == changes


@given(st.integers(1, 100), st.integers(-5, 130), st.integers(-5, 130), st.integers(1, 400))
def test_azure_takes_every_offer_and_no_offer_switches_a_guard_off(
    batch: int, unhealthy: int, upgraded: int, total: int
) -> None:
    asked = policy(f"{batch}%", unhealthy, upgraded)
    offer = {change.key: int(change.value.rstrip("%")) for change in nearest_rolling(asked, total)}
    taken = replace(
        asked.as_rolling(),
        batch_percent=offer.get("rollout.batch", batch),
        unhealthy_percent=offer.get("rollout.unhealthy", unhealthy),
        unhealthy_upgraded_percent=offer.get("rollout.unhealthy_upgraded", upgraded),
    )
    assert check_rolling(taken) == ()
    raised = offer.get("rollout.unhealthy", 0)
    assert raised < 100 or unhealthy > 100


def test_one_of_a_few() -> None:
    assert (limit_for_one(3), limit_for_one(60), limit_for_one(1), limit_for_one(0)) == (34, 2, None, None)


def test_the_plan_of_a_small_set_offers_what_works() -> None:
    found = {finding.code: finding for finding in plan(snapshot(*fleet(3)), policy("50%")).findings}
    assert found["policy-unhealthy"].severity is Severity.REFUSE
    assert found["policy-unhealthy"].changes == (Change("rollout.batch", "20%"),)
    assert 'batch = "20%"' in found["policy-unhealthy"].hint
    assert found["small-set"].changes == (Change("rollout.unhealthy", "34%"),)
