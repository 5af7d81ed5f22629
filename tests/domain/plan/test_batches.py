"""Batches: sizes, rounding, order, and their arithmetic in words."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.build import fleet, policy, steps, vm
from vmss_tui.domain.fleet.health import Health
from vmss_tui.domain.fleet.upgrade_policy import percent_of
from vmss_tui.domain.plan.batches import batches, ordered
from vmss_tui.domain.plan.rollout_policy import Amount, BatchStep, RolloutPolicy


def sizes(count: int, *amounts: int | str, zones: int = 1, **more: object) -> list[int]:
    made = batches(fleet(count, zones=zones), policy(*amounts, **more), count)
    return [len(batch.ids) for batch in made]


@pytest.mark.parametrize(
    ("count", "amounts", "expected"),
    [
        (60, ("20%",), [12] * 5),
        (7, ("20%",), [1] * 7),
        (2, ("20%",), [1, 1]),
        (10, ("25%",), [2] * 5),
        (11, ("34%",), [3, 3, 3, 2]),
        (5, ("100%",), [5]),
        (5, (2,), [2, 2, 1]),
        (3, (12,), [3]),
        (0, ("20%",), []),
        (60, (1, "10%", "50%", "100%"), [1, 5, 24, 30]),
        (60, (1, "20%"), [1, 11, 12, 12, 12, 12]),
        (10, ("50%", "10%"), [5, 1, 1, 1, 1, 1]),
        (10, (1, 2, 4), [1, 2, 4, 3]),
        (100, ("1%", 1, "10%", "10%"), [1, 1, 8, *[10] * 9]),
        (20, ("5%", "5%", "50%", "100%"), [1, 9, 10]),
    ],
)
def test_sizes(count: int, amounts: Sequence[int | str], expected: list[int]) -> None:
    assert sizes(count, *amounts) == expected


def test_zones_are_not_mixed_unless_allowed() -> None:
    assert sizes(60, "20%", zones=3) == [12, 8, 12, 8, 12, 8]
    assert sizes(60, "20%", zones=3, cross_zone=True) == [12] * 5
    assert sizes(9, "50%", "100%", zones=3) == [3, 1, 2, 3]


@pytest.mark.parametrize(
    ("count", "amounts", "zones", "notes"),
    [
        (7, ("20%",), 1, ["20% of 7 is 1"] * 7),
        (3, (2,), 1, ["2 at a time", "2 at a time; 1 left"]),
        (10, (1, "50%"), 1, ["a step of 1", "until 50% of 10 (5) are updated", "50% of 10 is 5"]),
        (4, ("100%",), 2, ["100% of 4 is 4; zone 1 has 2 left, zones are not mixed", "100% of 4 is 4; 2 left"]),
    ],
)
def test_notes(count: int, amounts: Sequence[int | str], zones: int, notes: list[str]) -> None:
    made = batches(fleet(count, zones=zones), policy(*amounts), count)
    assert [batch.note for batch in made] == notes


def test_order_is_by_zone_update_domain_and_number() -> None:
    instances = [
        vm(10, zone="2", update_domain=0),
        vm(2, zone="1", update_domain=1),
        vm(12, zone="1", update_domain=0),
        vm(9, zone="1", update_domain=0),
        vm(3, zone="1"),
    ]
    assert [instance.id for instance in ordered(instances, policy())] == ["3", "9", "12", "2", "10"]
    assert [instance.id for instance in ordered(instances, policy(cross_zone=True))] == ["3", "9", "10", "12", "2"]


def test_unhealthy_first_when_asked_in_all_zones() -> None:
    instances = [vm(0, zone="1"), vm(1, zone="1", health=Health.UNHEALTHY), vm(2, zone="2", health=Health.UNKNOWN)]
    asked = policy("100%", prioritise_unhealthy=True)
    assert [instance.id for instance in ordered(instances, asked)] == ["1", "2", "0"]
    assert [instance.id for instance in ordered(instances, policy())] == ["0", "1", "2"]
    made = batches(instances, asked, 3)
    assert [batch.ids for batch in made] == [("1",), ("2",), ("0",)]
    assert made[0].note == "100% of 3 is 3; the next one is in zone 2, zones are not mixed"


def test_canaries_go_first_as_named_and_alone() -> None:
    chosen = policy("50%", canary=("5", "web_1"))
    made = batches(fleet(6), chosen, 6)
    assert [batch.ids for batch in made] == [("5", "1"), ("0", "2", "3"), ("4",)]
    assert made[0].note == "50% of 6 is 3; canaries go alone"


def test_an_approval_is_asked_once_for_a_step() -> None:
    asked = RolloutPolicy(steps=(*steps(1), BatchStep(Amount(50, percent=True), approve=True), *steps("100%")))
    made = batches(fleet(8, zones=2), asked, 8)
    assert [(len(batch.ids), batch.approve) for batch in made] == [(1, False), (3, True), (4, False)]
    repeated = RolloutPolicy(steps=(BatchStep(Amount(2), approve=True),))
    assert [batch.approve for batch in batches(fleet(5), repeated, 5)] == [True, True, True]
    split = RolloutPolicy(steps=(*steps(1), BatchStep(Amount(100, percent=True), approve=True)))
    assert [batch.approve for batch in batches(fleet(9, zones=3), split, 9)] == [False, True, False, False]


AMOUNTS = st.one_of(st.integers(1, 40), st.integers(1, 100).map(lambda n: f"{n}%"))


@given(st.integers(0, 80), st.lists(AMOUNTS, min_size=1, max_size=5), st.integers(1, 3), st.booleans())
def test_everyone_goes_exactly_once_and_no_batch_is_too_large(
    count: int, amounts: list[int | str], zones: int, cross_zone: bool
) -> None:
    chosen = policy(*amounts, cross_zone=cross_zone)
    made = batches(fleet(count, zones=zones), chosen, count)
    ids = [i for batch in made for i in batch.ids]
    assert sorted(ids) == sorted(str(i) for i in range(count))
    assert [batch.number for batch in made] == list(range(1, len(made) + 1))
    assert all(batch.ids for batch in made)
    largest = max(
        step.amount.value if not step.amount.percent else percent_of(step.amount.value, count) for step in chosen.steps
    )
    assert all(len(batch.ids) <= largest for batch in made)
    assert cross_zone or all(len(batch.zones) <= 1 for batch in made)
