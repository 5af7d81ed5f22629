"""How long waves will probably take: from each set's forecast, the number of sets at a time, and bake times. Pure.

Seconds. Sets are taken in their order; the time that a wave waits for approval is not part of it.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.forecast import Range, forecast
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.waves import WavesPlan


@dataclass(frozen=True, slots=True)
class WavesForecast:
    """What the waves and the whole probably take. `assumed`: it rests on the stated assumption for one of the sets."""

    waves: tuple[Range, ...]
    total: Range
    assumed: bool


def forecast_waves(plan: WavesPlan, planned: Mapping[ScaleSetId, RolloutPlan]) -> WavesForecast:
    """The forecast of a plan of waves; a set without a plan, or with nothing to do, takes no time."""
    known = {target: forecast(found) for target, found in planned.items() if found.batches}
    waves = tuple(
        Range(
            _makespan((known[s.target].duration.p50 for s in wave.sets if s.target in known), plan.rules.at_once),
            _makespan((known[s.target].duration.p90 for s in wave.sets if s.target in known), plan.rules.at_once),
        )
        for wave in plan.waves
    )
    bakes = sum(wave.bake_seconds for wave in plan.waves[:-1])
    total = Range(sum(found.p50 for found in waves) + bakes, sum(found.p90 for found in waves) + bakes)
    return WavesForecast(waves, total, any(found.assumed for found in known.values()))


def _makespan(durations: Iterable[float], at_once: int) -> float:
    """When the last task ends, with a limit on how many run at a time; each starts as soon as there is room."""
    ends = [0.0] * max(1, at_once)
    for seconds in durations:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)
