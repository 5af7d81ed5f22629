"""What a rollout will probably take and cost: durations, batch ends, lowest health, the chance to breach a limit.

Pure and repeatable: the same plan and track record give the same forecast. It plays the plan through many times; an
instance takes as long and fails as often as the set's own history says, else as the stated assumption does. P50 is
reached by half of the plays, P90 by nine in ten. Times are seconds since the start, shares are between 0 and 1.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from vmss_tui.domain.fleet.upgrade_policy import exceeds, percent_of
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.text import counted

PLAYS = 500
_QUICKEST, _SLOWEST = 60.0, 360.0
"""What one instance takes when nothing is known of a set: evenly between these, in seconds."""
_ASSUMED_FAILURES = 0.01
_FEW = 5
"""Instances in the track record below which the assumption still stands."""
_SEED = 20260101


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """What earlier rollouts of a set showed.

    `seconds` has one entry for each instance that was updated well: from its batch's start until it was healthy,
    script and health together.
    """

    rollouts: int = 0
    seconds: tuple[float, ...] = ()
    failed: int = 0

    @property
    def known(self) -> bool:
        """Whether it is enough to forecast from."""
        return len(self.seconds) >= _FEW

    @property
    def failure_share(self) -> float:
        """Share of instances that failed, never quite none: what has not failed yet may still fail."""
        return (self.failed + 0.5) / (len(self.seconds) + self.failed + 1) if self.known else _ASSUMED_FAILURES

    @property
    def basis(self) -> str:
        """Where the numbers come from, in words."""
        if self.known:
            seen = counted(len(self.seconds) + self.failed, "instance")
            return f"from {counted(self.rollouts, 'earlier rollout')} of this set ({seen})"
        return "estimate: 1 to 6 minutes an instance, 1% of instances fail"


@dataclass(frozen=True, slots=True)
class Range:
    """A value that half of the plays stay within, and nine in ten."""

    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class Breach:
    """The chance that a limit stops the rollout. `limit` is its key in a profile's `[rollout]`."""

    limit: str
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What will probably happen. `batch_ends` has one range for each batch of the plan."""

    basis: str
    duration: Range
    batch_ends: tuple[Range, ...] = ()
    batch_seconds: float = 0.0
    """P90 of what the largest batch takes by itself, with its minimum healthy time."""
    lowest_healthy: Range | None = None
    """Healthy instances at the worst moment; None without a health source. P90: nine in ten plays stay above it."""
    breaches: tuple[Breach, ...] = ()
    completes: float = 1.0
    """Chance that no limit stops it."""
    _durations: tuple[float, ...] = ()

    def chance_within(self, seconds: float) -> float:
        """Chance that the rollout has ended `seconds` after its start."""
        if not self._durations:
            return 1.0
        return bisect_right(self._durations, seconds) / len(self._durations)


@dataclass(slots=True)
class _Play:
    ends: list[float]
    lowest: int
    stopped_by: str = ""


def forecast(plan: RolloutPlan, record: TrackRecord | None = None, *, plays: int = PLAYS) -> Forecast:
    """Forecast a plan from what is known of its set."""
    known = record or TrackRecord()
    if not plan.batches:
        return Forecast(basis=known.basis, duration=Range(0.0, 0.0), lowest_healthy=_sure(plan.healthy))
    rng = Random(_SEED)
    times = sorted(known.seconds) if known.known else []
    played = [_play(plan, known, times, rng) for _ in range(plays)]
    whole = [play.ends for play in played if not play.stopped_by] or [play.ends for play in played]
    tail = plan.policy.soak_seconds
    durations = tuple(sorted(ends[-1] + tail for ends in whole))
    stops = [play.stopped_by for play in played if play.stopped_by]
    largest = max(len(batch.ids) for batch in plan.batches)
    sizes = sorted(_slowest(largest, times, rng) + plan.policy.min_healthy_seconds for _ in range(plays))
    return Forecast(
        basis=known.basis,
        duration=_range(durations),
        batch_ends=tuple(_batch_ends(whole, len(plan.batches))),
        batch_seconds=_at(sizes, 0.9),
        lowest_healthy=_lowest(plan, played),
        breaches=tuple(Breach(limit, stops.count(limit) / plays) for limit in sorted(set(stops))),
        completes=1 - len(stops) / plays,
        _durations=durations,
    )


def _play(plan: RolloutPlan, record: TrackRecord, times: Sequence[float], rng: Random) -> _Play:
    """One rollout by dice, until its last batch or the first limit that stops it."""
    healthy = plan.healthy if plan.healthy is not None else plan.total
    ends: list[float] = []
    lowest, now, failed, updated = healthy, 0.0, 0, 0
    for number, batch in enumerate(plan.batches):
        size = len(batch.ids)
        lowest = min(lowest, healthy - failed - size)
        now += plan.policy.pause_seconds if number else 0
        now += _slowest(size, times, rng) + plan.policy.min_healthy_seconds
        ends.append(now)
        failed += _failures(size, record.failure_share, rng)
        updated += size
        stopped = next(_breached(plan, failed, updated, healthy), "")
        if stopped:
            return _Play(ends, max(0, lowest), stopped)
    return _Play(ends, max(0, lowest))


def _breached(plan: RolloutPlan, failed: int, updated: int, healthy: int) -> Iterator[str]:
    """Limits that so many failures breach, by their keys; Azure's own rule: only *more than* a limit does."""
    policy = plan.policy
    if exceeds(failed, updated, policy.unhealthy_upgraded_percent):
        yield "unhealthy_upgraded"
    if plan.healthy is not None and exceeds(plan.total - healthy + failed, plan.total, policy.unhealthy_percent):
        yield "unhealthy"
    budget = policy.failure_budget
    if budget is not None and failed > (percent_of(budget.value, plan.total) if budget.percent else budget.value):
        yield "failure_budget"


def _slowest(size: int, times: Sequence[float], rng: Random) -> float:
    """What the slowest of `size` instances takes: one draw, since the largest of n draws is a draw at u to the 1/n."""
    position: float = rng.random() ** (1 / max(1, size))
    if not times:
        return _QUICKEST + position * (_SLOWEST - _QUICKEST)
    return _at(times, position)


def _failures(size: int, share: float, rng: Random) -> int:
    """How many of `size` fail: jumps from one failure to the next, since most do not."""
    failed, at = 0, 0
    while True:
        at += 1 + int(math.log(1.0 - rng.random()) / math.log1p(-share))
        if at > size:
            return failed
        failed += 1


def _at(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie, between two of them in proportion."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _range(ordered: Sequence[float]) -> Range:
    return Range(_at(ordered, 0.5), _at(ordered, 0.9)) if ordered else Range(0.0, 0.0)


def _batch_ends(whole: Sequence[Sequence[float]], batches: int) -> Iterator[Range]:
    """When each batch ends, (0, 0) where no play comes that far.

    A batch never ends before the one in front of it, although fewer plays, and perhaps only the quicker ones, reach it.
    """
    latest = Range(0.0, 0.0)
    for number in range(batches):
        reached = _range(sorted(ends[number] for ends in whole if number < len(ends)))
        latest = Range(max(latest.p50, reached.p50), max(latest.p90, reached.p90))
        yield latest if reached.p50 else reached


def _lowest(plan: RolloutPlan, played: Sequence[_Play]) -> Range | None:
    if plan.healthy is None:
        return None
    ordered = sorted(float(play.lowest) for play in played)
    return Range(math.floor(_at(ordered, 0.5)), math.floor(_at(ordered, 0.1)))


def _sure(value: int | None) -> Range | None:
    return None if value is None else Range(value, value)
