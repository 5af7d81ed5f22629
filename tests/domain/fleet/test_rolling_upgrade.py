"""What Azure says of an upgrade, cut to what one reads."""

import pytest

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault

STOPPED = (
    "Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the "
    "RollingUpgradePolicy. 22% of instances are in an unhealthy state after being upgraded - more than the threshold "
    "of 20%."
)


@pytest.mark.parametrize(
    ("message", "brief"),
    [
        ("", ""),
        ("the roll is Faulted", "the roll is Faulted"),
        ("Code=409: version 2.1.4 of x.y is wrong.", "Code=409: version 2.1.4 of x.y is wrong"),
        (f"{STOPPED} The most impactful error is: VM has reported {'a failure ' * 40}", STOPPED.rstrip(".")),
        ("x" * 500, "x" * 239 + "…"),
    ],
)
def test_the_first_sentences_are_enough_to_know_what_happened(message: str, brief: str) -> None:
    assert AzureFault("Code", message).brief == brief


def test_what_stops_most_rolling_upgrades_has_words_of_its_own() -> None:
    fault = AzureFault("MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade", STOPPED)
    assert fault.brief == "too many of the updated instances are unhealthy"
