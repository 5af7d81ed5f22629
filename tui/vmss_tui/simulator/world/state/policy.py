"""The upgrade policy: reading it from a model, checking it as Azure does, and its arithmetic.

Sources: ComputeRP 2024-07-01 swagger (ranges, defaults), "Configure rolling upgrades" (batch and thresholds),
the quoted OperationNotAllowed text for the rule across two fields.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vmss_tui.simulator.world.state.errors import Refused, invalid_parameter

DEFAULT_PERCENT = 20
LONGEST = 1e9
"""Seconds (31 years) that stand for every longer duration, for which no maximum is documented."""
_RANGES = {
    "maxBatchInstancePercent": (5, 100),
    "maxUnhealthyInstancePercent": (5, 100),
    "maxUnhealthyUpgradedInstancePercent": (0, 100),
}
_DURATION = re.compile(
    r"^P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$"
)


@dataclass(frozen=True, slots=True)
class RollingPolicy:
    """A rolling upgrade policy; percentages are of instances."""

    max_batch: int = DEFAULT_PERCENT
    max_unhealthy: int = DEFAULT_PERCENT
    max_unhealthy_upgraded: int = DEFAULT_PERCENT
    pause: str = "PT0S"
    """ISO 8601 duration, as written."""
    cross_zone: bool = False
    prioritize_unhealthy: bool = False
    rollback: bool = False
    max_surge: bool = False

    @property
    def pause_seconds(self) -> float:
        """The pause between two batches in seconds."""
        return duration_seconds(self.pause) or 0.0


def duration_seconds(text: str) -> float | None:
    """Seconds of an ISO 8601 duration of days and time, at most `LONGEST`; none when it is not one."""
    match = _DURATION.match(text)
    if match is None or text in ("P", "PT") or text.endswith("T"):
        return None
    parts = {name: float(value or 0) for name, value in match.groupdict().items()}
    return min(LONGEST, parts["days"] * 86400 + parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"])


def rolling_policy(properties: Mapping[str, Any]) -> RollingPolicy:
    """The policy of a model's `properties`, with Azure's defaults for missing values."""
    written = properties.get("upgradePolicy", {}).get("rollingUpgradePolicy") or {}
    return RollingPolicy(
        max_batch=int(written.get("maxBatchInstancePercent", DEFAULT_PERCENT)),
        max_unhealthy=int(written.get("maxUnhealthyInstancePercent", DEFAULT_PERCENT)),
        max_unhealthy_upgraded=int(written.get("maxUnhealthyUpgradedInstancePercent", DEFAULT_PERCENT)),
        pause=str(written.get("pauseTimeBetweenBatches", "PT0S")),
        cross_zone=bool(written.get("enableCrossZoneUpgrade", False)),
        prioritize_unhealthy=bool(written.get("prioritizeUnhealthyInstances", False)),
        rollback=bool(written.get("rollbackFailedInstancesOnPolicyBreach", False)),
        max_surge=bool(written.get("maxSurge", False)),
    )


def with_defaults(policy: Mapping[str, Any]) -> dict[str, Any]:
    """An `upgradePolicy` as Azure gives it back: Rolling without a policy gets 20/20/20/PT0S (recorded)."""
    if policy.get("mode") != "Rolling":
        return dict(policy)
    defaults = {
        "maxBatchInstancePercent": DEFAULT_PERCENT,
        "maxUnhealthyInstancePercent": DEFAULT_PERCENT,
        "maxUnhealthyUpgradedInstancePercent": DEFAULT_PERCENT,
        "pauseTimeBetweenBatches": "PT0S",
    }
    return {**policy, "rollingUpgradePolicy": {**defaults, **(policy.get("rollingUpgradePolicy") or {})}}


def check_policy(properties: Mapping[str, Any]) -> None:
    """Refuse a policy that Azure refuses in any mode of the set.

    Raises Refused: 400 for a value out of range, 409 when the batch may be larger than the unhealthy limit.
    """
    written = properties.get("upgradePolicy", {}).get("rollingUpgradePolicy") or {}
    for name, (low, high) in _RANGES.items():
        value = written.get(name)
        if value is not None and not (isinstance(value, int) and low <= value <= high):
            raise invalid_parameter(f"upgradePolicy.rollingUpgradePolicy.{name}")
    pause = written.get("pauseTimeBetweenBatches")
    if pause is not None and duration_seconds(str(pause)) is None:
        raise invalid_parameter("upgradePolicy.rollingUpgradePolicy.pauseTimeBetweenBatches")
    policy = rolling_policy(properties)
    if written and policy.max_batch > policy.max_unhealthy:
        raise _batch_over_unhealthy(policy)


def _batch_over_unhealthy(policy: RollingPolicy) -> Refused:
    """The real text, with Azure's old field name and its missing blank."""
    prefix = "upgradePolicy.rollingUpgradePolicy"
    return Refused(
        409,
        "OperationNotAllowed",
        f"The property {prefix}.batchInstancePercent has value '{policy.max_batch}' and is greater than the "
        f"property {prefix}.maxUnhealthyInstancePercent with value '{policy.max_unhealthy}'. "
        f"{prefix}.batchInstancePercent must be less than or equal to {prefix}.maxUnhealthyInstancePercent "
        "because each Virtual Machines being upgraded may become unhealthy or unavailable during the upgrade. "
        f"To prevent more than {prefix}.maxUnhealthyInstancePercentpercent of the instances from becoming "
        "unhealthy or unavailable we do not allow updating more than "
        f"{prefix}.maxUnhealthyInstancePercent instances in a single batch.",
    )


def batch_size(percent: int, total: int) -> int:
    """Instances a batch may have at most.

    "At most maxBatchInstancePercent of the total, at least 1" (swagger and "Configure rolling upgrades";
    recorded: 2 instances at 20 % are upgraded one by one).
    """
    return max(1, percent * total // 100)


def exceeds(count: int, total: int, percent: int) -> bool:
    """True when `count` of `total` instances is *more than* `percent` (the threshold itself still passes)."""
    return total > 0 and count * 100 > percent * total


def healthy_room(policy: RollingPolicy, total: int, unhealthy: int) -> int:
    """Healthy instances the next batch may take out of service.

    The swagger calls the batch percentage a maximum that unhealthy instances in other batches reduce: together they
    stay within maxUnhealthyInstancePercent. A batch has one instance in any case.
    """
    return max(0, policy.max_unhealthy * total // 100 - unhealthy)
