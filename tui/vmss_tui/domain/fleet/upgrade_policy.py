"""Azure's upgrade policy of a scale set, and the arithmetic of its percentages.

Ranges: ComputeRP 2024-07-01 swagger `RollingUpgradePolicy`.
"""

from dataclasses import dataclass
from enum import StrEnum


class UpgradeMode(StrEnum):
    """The scale set's upgrade policy mode."""

    MANUAL = "Manual"
    ROLLING = "Rolling"
    AUTOMATIC = "Automatic"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingPolicy:
    """Azure's rolling upgrade policy. Percentages are of all instances of the set; the pause is in seconds."""

    batch_percent: int = 20
    unhealthy_percent: int = 20
    unhealthy_upgraded_percent: int = 20
    pause_seconds: int = 0
    cross_zone: bool = False
    prioritise_unhealthy: bool = False
    rollback_on_breach: bool = False
    surge: bool = False


def percent_of(percent: int, total: int) -> int:
    """How many of `total` instances `percent` is: rounded down, at least 1 (0 when there are none).

    The one place where a percentage becomes a count. Source: "maxBatchInstancePercent" is a maximum, and recordings
    of two instances at 20% went one by one, so a batch is never empty.
    """
    if total <= 0:
        return 0
    return max(1, min(total, total * percent // 100))


def percent_for(count: int, total: int) -> int:
    """The percentage that makes batches of `count` of `total` instances, never larger ones; between 1 and 100."""
    if total <= 0:
        return 100
    exact = -(-count * 100 // total)
    percent = exact if percent_of(exact, total) <= count else count * 100 // total
    return max(1, min(100, percent))


def percent_admitting(count: int, total: int) -> int:
    """The lowest limit, in percent, that `count` of `total` instances do not exceed."""
    return -(-100 * count // total) if total > 0 else 0


def explain_percent(percent: int, total: int) -> str:
    """The same in words: `20% of 7 is 1`."""
    return f"{percent}% of {total} is {percent_of(percent, total)}"


def exceeds(count: int, total: int, limit_percent: int) -> bool:
    """Whether `count` of `total` is *more than* `limit_percent`; Azure stops only above the limit."""
    return total > 0 and count * 100 > limit_percent * total
