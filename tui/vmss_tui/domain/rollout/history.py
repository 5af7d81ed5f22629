"""What the logs of earlier rollouts teach about the next one. Pure."""

from collections.abc import Iterable
from datetime import datetime

from vmss_tui.domain.rollout import events as e


def batch_times(log: Iterable[e.Logged]) -> tuple[float, ...]:
    """Seconds that each batch without a failure took until its instances were healthy, from a rollout's log."""
    begun: dict[int, datetime] = {}
    took: list[float] = []
    holds = 0
    for entry in log:
        match entry.event:
            case e.Planned(plan):
                holds = plan.policy.min_healthy_seconds
            case e.BatchStarted(number, _, ids) if ids:
                begun.setdefault(number, entry.at)
            case e.BatchEnded(number, failed) if number in begun and not failed:
                took.append(max(1.0, (entry.at - begun[number]).total_seconds() - holds))
    return tuple(took)
