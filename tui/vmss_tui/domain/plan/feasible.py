"""The nearest policy that works for a set, as the keys of a profile's `[rollout]` to change. Pure.

Azure takes one batch size as a percentage from 5 to 100, and refuses a batch that is larger than the share that may be
unhealthy. Source: `RollingUpgradePolicy` in the ComputeRP 2024-07-01 swagger and Azure's error text. An offer never
switches a guard off: no limit becomes 100%.
"""

from collections.abc import Iterator

from vmss_tui.domain.fleet.upgrade_policy import percent_admitting, percent_for, percent_of
from vmss_tui.domain.plan.findings import Change
from vmss_tui.domain.plan.rollout_policy import Amount, RolloutPolicy

LOWEST_PERCENT = 5
_HIGHEST_LIMIT = 99


def batch_percent(amount: Amount, total: int) -> int:
    """The percentage that gives this many of `total` instances at a time, where Azure takes one that does.

    A number stays that number: 3 of 9 is 34%, since 33% would be 2. Of more than a hundred instances not every number
    is a whole percentage; then it is the next lower one. Below 5% Azure's own minimum counts.
    """
    if amount.percent or total <= 0:
        return amount.value
    return max(LOWEST_PERCENT, percent_for(amount.value, total))


def nearest_rolling(policy: RolloutPolicy, total: int) -> tuple[Change, ...]:
    """What to change so that Azure takes the policy as a rolling upgrade policy; empty when it does already."""
    asked = policy.steps[0].amount
    batch = min(100, max(LOWEST_PERCENT, batch_percent(asked, total)))
    limit = min(100, max(LOWEST_PERCENT, policy.unhealthy_percent))
    changes: dict[str, str] = {}
    if batch > limit:
        if percent_of(limit, total) == percent_of(batch, total) or batch > _HIGHEST_LIMIT:
            batch = limit
        else:
            limit = batch
    if batch != batch_percent(asked, total):
        changes["batch"] = f"{batch}%"
    if limit != policy.unhealthy_percent:
        changes["unhealthy"] = f"{limit}%"
    changes |= dict(_in_range(policy))
    return tuple(Change(f"rollout.{key}", value) for key, value in changes.items())


def limit_for_one(total: int) -> int | None:
    """The lowest limit that lets one of `total` instances be unhealthy; None when that would switch the guard off."""
    percent = percent_admitting(1, total) or 100
    return percent if percent <= _HIGHEST_LIMIT else None


def _in_range(policy: RolloutPolicy) -> Iterator[tuple[str, str]]:
    upgraded = policy.unhealthy_upgraded_percent
    if not 0 <= upgraded <= 100:
        yield "unhealthy_upgraded", f"{min(_HIGHEST_LIMIT, max(0, upgraded))}%"
    if policy.pause_seconds < 0:
        yield "pause", "0s"
