"""The arithmetic and the checks of the rolling policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.simulated.story import refusal
from vmss_tui.simulator.world.state.policy import (
    RollingPolicy,
    batch_size,
    check_policy,
    duration_seconds,
    exceeds,
    healthy_room,
    rolling_policy,
    with_defaults,
)

PERCENTS = st.integers(5, 100)
TOTALS = st.integers(1, 1000)


def model(**policy: object) -> dict[str, object]:
    return {"upgradePolicy": {"mode": "Manual", "rollingUpgradePolicy": policy}}


@pytest.mark.parametrize(
    ("percent", "total", "size"),
    [
        (20, 2, 1),  # recorded: rolling_upgrade_story_2020-07, two instances roll one by one
        (20, 10, 2),  # "Configure rolling upgrades": inProgress 2 of 10
        (20, 60, 12),
        (5, 10, 1),
        (100, 7, 7),
        (34, 9, 3),
    ],
)
def test_a_batch_is_at_most_the_percentage_and_at_least_one(percent: int, total: int, size: int) -> None:
    """ComputeRP swagger; recorded: 2 instances at 20 % roll one by one."""
    assert batch_size(percent, total) == size


@given(PERCENTS, TOTALS)
def test_a_batch_never_exceeds_its_percentage_except_for_the_first_instance(percent: int, total: int) -> None:
    size = batch_size(percent, total)
    assert 1 <= size <= total
    assert size == 1 or size * 100 <= percent * total


@given(PERCENTS, TOTALS, st.integers(0, 1000))
def test_what_is_unhealthy_and_what_a_batch_takes_stay_within_the_limit(
    percent: int, total: int, unhealthy: int
) -> None:
    room = healthy_room(RollingPolicy(max_unhealthy=percent), total, unhealthy)
    assert room == 0 or (room + unhealthy) * 100 <= percent * total


def test_a_batch_leaves_room_for_what_is_already_unhealthy() -> None:
    """ComputeRP swagger: unhealthy instances elsewhere make batches smaller."""
    policy = RollingPolicy(max_batch=20, max_unhealthy=20)
    assert [healthy_room(policy, 60, unhealthy) for unhealthy in (0, 1, 12, 40)] == [12, 11, 0, 0]


def test_a_threshold_is_passed_by_more_than_it_not_by_itself() -> None:
    """Quoted: "more than the threshold of 20%"."""
    assert not exceeds(2, 10, 20)
    assert exceeds(3, 10, 20)
    assert exceeds(1, 2, 20)
    assert exceeds(1, 100, 0)
    assert not exceeds(0, 0, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("PT0S", 0.0), ("PT30S", 30.0), ("PT1M30S", 90.0), ("PT1H", 3600.0), ("P1DT1S", 86401.0), ("PT0.5S", 0.5)],
)
def test_iso_durations_are_read(text: str, value: float) -> None:
    assert duration_seconds(text) == value


@pytest.mark.parametrize("text", ["", "PT", "30s", "P", "P1DT", "PT-1S", "1H"])
def test_what_is_not_an_iso_duration_is_reported(text: str) -> None:
    assert duration_seconds(text) is None


def test_rolling_without_a_policy_comes_back_with_the_defaults() -> None:
    """Recorded: TestVMScaleSetRollingUpgradeAPIs."""
    assert with_defaults({"mode": "Rolling"})["rollingUpgradePolicy"] == {
        "maxBatchInstancePercent": 20,
        "maxUnhealthyInstancePercent": 20,
        "maxUnhealthyUpgradedInstancePercent": 20,
        "pauseTimeBetweenBatches": "PT0S",
    }


def test_manual_mode_has_no_rolling_policy_of_its_own() -> None:
    """Recorded: vmss_get_after_cse."""
    assert with_defaults({"mode": "Manual"}) == {"mode": "Manual"}


def test_a_batch_larger_than_the_unhealthy_limit_is_refused_in_azures_words_in_manual_mode_too() -> None:
    """Quoted OperationNotAllowed with the old field name and the missing blank."""
    refused = refusal(check_policy, model(maxBatchInstancePercent=100))
    prefix = "upgradePolicy.rollingUpgradePolicy"
    assert (refused.status, refused.failure.code) == (409, "OperationNotAllowed")
    assert refused.failure.message == (
        f"The property {prefix}.batchInstancePercent has value '100' and is greater than the property "
        f"{prefix}.maxUnhealthyInstancePercent with value '20'. {prefix}.batchInstancePercent must be less than or "
        f"equal to {prefix}.maxUnhealthyInstancePercent because each Virtual Machines being upgraded may become "
        f"unhealthy or unavailable during the upgrade. To prevent more than "
        f"{prefix}.maxUnhealthyInstancePercentpercent of the instances from becoming unhealthy or unavailable we do "
        f"not allow updating more than {prefix}.maxUnhealthyInstancePercent instances in a single batch."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maxBatchInstancePercent", 4),
        ("maxBatchInstancePercent", 101),
        ("maxUnhealthyInstancePercent", 2),
        ("maxUnhealthyUpgradedInstancePercent", -1),
        ("maxBatchInstancePercent", "20"),
        ("pauseTimeBetweenBatches", "30 seconds"),
    ],
)
def test_values_out_of_the_swaggers_ranges_are_refused(name: str, value: object) -> None:
    """ComputeRP swagger: 5-100, 5-100, 0-100; the error's text is inferred."""
    refused = refusal(check_policy, model(**{name: value}))
    assert (refused.status, refused.failure.code) == (400, "InvalidParameter")
    assert refused.failure.target == f"upgradePolicy.rollingUpgradePolicy.{name}"


def test_zero_upgraded_unhealthy_is_a_legal_limit() -> None:
    """ComputeRP swagger: minimum 0."""
    check_policy(model(maxUnhealthyUpgradedInstancePercent=0))
    assert rolling_policy(model(maxUnhealthyUpgradedInstancePercent=0)).max_unhealthy_upgraded == 0
