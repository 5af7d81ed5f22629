"""What a rollout will probably take and cost: durations, batch ends, lowest health, the chance to breach a limit.

Pure and repeatable: the same plan, with the track record that it carries, gives the same forecast. It plays the plan
through many times; an instance takes as long and fails as often as the set's own history says, else as the stated
assumption does. P50 is reached by half of the plays, P90 by nine in ten. Times are seconds since the start, shares are
between 0 and 1; time spent waiting for a person (approvals, decisions, a pause that was asked for) or for a window is
not part of it.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from vmss_tui.domain.fleet.upgrade_policy import exceeds
from vmss_tui.domain.plan.rollout_plan import RolloutPlan, Strategy
from vmss_tui.domain.plan.rollout_policy import Amount
from vmss_tui.domain.plan.track_record import Tempo, TrackRecord, tempo

_PLAYS = 500
_FEWEST_PLAYS = 100
_DRAWS = 60_000
"""Batches that all plays of one forecast draw together at most: what keeps a thousand batches within a second."""
_SEED = 20260101
_NOISE = 0.05
"""Least deviation of one batch from its rollout's pace (log scale)."""
_OVERDUE = 0.25
"""Share of what a batch has taken already that it may still take when it exceeds all that is known."""

_LEAST = 1e-9
"""What a failure share is away from 0 and 1, so that its logarithm exists."""

Took = tuple[int, float]
"""A finished batch: how many instances it had, and the seconds it took without its minimum healthy time."""


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
    assumed: bool
    """Whether it rests on the stated assumption, since too little is known of the set."""
    duration: Range
    batch_ends: tuple[Range, ...] = ()
    lowest_healthy: Range | None = None
    """Healthy instances at the worst moment; None without a health source. P90: nine in ten plays stay above it."""
    breaches: tuple[Breach, ...] = ()
    completes: float = 1.0
    """Chance that no limit stops it."""
    durations: tuple[float, ...] = ()
    """How long each play took, in order."""

    def chance_within(self, seconds: float) -> float:
        """Chance that the rollout has ended `seconds` after its start."""
        if not self.durations:
            return 1.0
        return bisect_right(self.durations, seconds) / len(self.durations)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """What a forecast depends on: two plans with the same course have the same one."""

    record: TrackRecord
    sizes: tuple[int, ...]
    total: int
    healthy: int | None
    pause: int
    hold: int
    soak: int
    unhealthy: int
    unhealthy_upgraded: int
    budget: Amount | None


@dataclass(slots=True)
class _Play:
    ends: list[float]
    lowest: int
    stopped_by: str = ""


def forecast(plan: RolloutPlan) -> Forecast:
    """Forecast a plan from what is known of its set."""
    return _forecast(_course(plan))


def batch_seconds(plan: RolloutPlan, instances: int, *, took: Sequence[Took] = (), share: float = 0.9) -> float:
    """Seconds that a batch of `instances` takes with its minimum healthy time, in `share` of all cases (P90).

    `took`: the batches of the same rollout that have finished; they show its pace better than any history.
    """
    return _batch(plan.history, max(1, instances), tuple(took), share) + held_seconds(plan)


CANCEL_SECONDS = 60.0
"""How long before the last moment an Azure rolling upgrade is canceled: the request takes a while to act."""


def first_batch_seconds(plan: RolloutPlan) -> float:
    """What must remain of a window for a start: the first batch (P90), with its roll back where time is reserved."""
    return window_seconds(plan, len(plan.batches[0].ids)) if plan.batches else 0.0


def window_seconds(plan: RolloutPlan, instances: int, *, ended: Sequence[int] = (), took: Sequence[Took] = ()) -> float:
    """What must remain of a window before a batch of `instances` starts (P90).

    Where it is reserved, with the roll back of this batch and of those that have `ended` (their sizes). A version with
    an undo command runs a second script on each instance that is rolled back.
    """
    once = batch_seconds(plan, instances, took=took)
    margin = CANCEL_SECONDS if plan.strategy is Strategy.ROLLING_UPGRADE else 0.0
    if not plan.reserves_rollback:
        return once * (1 if plan.undoes is None else 2) + margin
    back = [once, *(batch_seconds(plan, size, took=took) for size in ended)]
    return once + (2 if plan.script.undo else 1) * sum(back) + plan.policy.pause_seconds * len(ended) + margin


def remaining(
    plan: RolloutPlan,
    left: Sequence[int],
    *,
    took: Sequence[Took] = (),
    current: Took | None = None,
    begun: bool = True,
    idle: float = 0.0,
) -> Range:
    """The rest of a rollout, given its log: its own finished batches count more than the history.

    `left`: instances of each batch that has not begun. `current`: the batch in progress, and for how many seconds.
    Without one: `begun`, whether there was a batch before, and `idle`, the seconds since it ended, or since the start.
    """
    rhythm = tempo(plan.history)
    rest = _rest(_course(plan), tuple(left), tuple(took))
    if current is None:
        before = rhythm.head if not begun else plan.policy.pause_seconds + rhythm.gap
        known = (0.0 if begun else before - plan.policy.pause_seconds - rhythm.gap) if left else 0.0
        due = before if left else plan.policy.soak_seconds + rhythm.tail
        return _range(sorted(max(0.0, seconds + known - min(idle, due)) for seconds in rest))
    size, into = current
    hold = held_seconds(plan)
    plays = zip(_current(plan.history, tuple(took), len(rest)), rest, strict=True)
    return _range(sorted(_still(rhythm, pace, size, into, hold, drawn) + tail for (pace, drawn), tail in plays))


def held_seconds(plan: RolloutPlan) -> int:
    """Seconds that each batch is held while its instances stay healthy; Azure's rolling upgrade has no such time."""
    return 0 if plan.strategy is Strategy.ROLLING_UPGRADE else plan.policy.min_healthy_seconds


def _course(plan: RolloutPlan) -> _Course:
    policy = plan.policy
    return _Course(
        record=plan.history,
        sizes=tuple(len(batch.ids) for batch in plan.batches),
        total=plan.total,
        healthy=plan.healthy,
        pause=policy.pause_seconds,
        hold=held_seconds(plan),
        soak=policy.soak_seconds,
        unhealthy=policy.unhealthy_percent,
        unhealthy_upgraded=policy.unhealthy_upgraded_percent,
        budget=policy.failure_budget,
    )


@lru_cache(maxsize=64)
def _forecast(course: _Course) -> Forecast:
    record, batches = course.record, len(course.sizes)
    if not batches:
        lowest = None if course.healthy is None else Range(course.healthy, course.healthy)
        return Forecast(basis=record.basis, assumed=not record.known, duration=Range(0.0, 0.0), lowest_healthy=lowest)
    rng, rhythm = Random(_SEED), tempo(record)
    plays = _plays(batches)
    played = [_play(course, rhythm, pace, rng) for pace in _paces(rhythm, (), rng, plays)]
    whole = [play.ends for play in played if not play.stopped_by] or [play.ends for play in played]
    durations = tuple(sorted(ends[-1] + course.soak + rhythm.tail for ends in whole))
    stops = [play.stopped_by for play in played if play.stopped_by]
    return Forecast(
        basis=record.basis,
        assumed=not record.known,
        duration=_range(durations),
        batch_ends=tuple(_batch_ends(whole, batches)),
        lowest_healthy=_lowest(course, played),
        breaches=tuple(Breach(limit, stops.count(limit) / plays) for limit in sorted(set(stops))),
        completes=1 - len(stops) / plays,
        durations=durations,
    )


def _plays(batches: int) -> int:
    return max(_FEWEST_PLAYS, min(_PLAYS, _DRAWS // max(1, batches)))


def _play(course: _Course, rhythm: Tempo, pace: float, rng: Random) -> _Play:
    """One rollout by dice, until its last batch or the first limit that stops it."""
    healthy = course.healthy if course.healthy is not None else course.total
    shares = [rng.betavariate(*step.odds) for step in (course.record.first, course.record.later)]
    ends: list[float] = []
    lowest, now, failed, updated = healthy, rhythm.head, 0, 0
    for number, size in enumerate(course.sizes):
        lowest = min(lowest, healthy - failed - size)
        now += course.pause + rhythm.gap if number else 0
        now += pace * _slowest(rhythm, size, rng.random()) + course.hold
        ends.append(now)
        failed += _failures(size, shares[min(1, number)], rng)
        updated += size
        stopped = next(_breached(course, failed, updated, healthy), "")
        if stopped:
            return _Play(ends, max(0, lowest), stopped)
    return _Play(ends, max(0, lowest))


def _breached(course: _Course, failed: int, updated: int, healthy: int) -> Iterator[str]:
    """Limits that this number of failures breaches, by their keys; Azure's own rule: only *more than* a limit does."""
    if exceeds(failed, updated, course.unhealthy_upgraded):
        yield "unhealthy_upgraded"
    if course.healthy is not None and exceeds(course.total - healthy + failed, course.total, course.unhealthy):
        yield "unhealthy"
    budget = course.budget
    if budget is not None and failed > budget.limit(course.total):
        yield "failure_budget"


def _paces(rhythm: Tempo, took: Sequence[Took], rng: Random, count: int) -> list[float]:
    """The typical seconds of an instance in each of `count` plays, given the batches that the rollout has finished.

    A normal distribution on a log scale, which each finished batch narrows.
    """
    mean, precision = 0.0, 1 / rhythm.spread**2
    for size, seconds in took:
        usual = rhythm.typical * _slowest(rhythm, size, 0.5)
        noise = max(_NOISE, math.log(_slowest(rhythm, size, 0.84) / _slowest(rhythm, size, 0.16)) / 2)
        weight = 1 / noise**2
        mean += weight * (math.log(max(1.0, seconds) / usual) - mean) / (precision + weight)
        precision += weight
    deviation, bound = 1 / math.sqrt(precision), rhythm.widest if not took else math.inf
    return [
        rhythm.typical * math.exp(mean + deviation * max(-bound, min(bound, rng.gauss(0.0, 1.0)))) for _ in range(count)
    ]


@lru_cache(maxsize=64)
def _rest(course: _Course, left: tuple[int, ...], took: tuple[Took, ...]) -> tuple[float, ...]:
    """What all batches that have not begun take in each play, with the pauses before them and what follows."""
    rhythm, rng = tempo(course.record), Random(_SEED)
    fixed = len(left) * (course.pause + rhythm.gap + course.hold) + course.soak + rhythm.tail
    paces = _paces(rhythm, took, rng, _plays(len(left)))
    return tuple(fixed + pace * sum(_slowest(rhythm, size, rng.random()) for size in left) for pace in paces)


@lru_cache(maxsize=64)
def _current(record: TrackRecord, took: tuple[Took, ...], count: int) -> tuple[tuple[float, float], ...]:
    """The pace of the batch in progress in each play, and where among those of its size it is (0 to 1)."""
    rng = Random(_SEED)
    return tuple((pace, rng.random()) for pace in _paces(tempo(record), took, rng, count))


@lru_cache(maxsize=256)
def _batch(record: TrackRecord, size: int, took: tuple[Took, ...], share: float) -> float:
    rhythm, rng = tempo(record), Random(_SEED)
    paces = _paces(rhythm, took, rng, _PLAYS)
    return _at(sorted(pace * _slowest(rhythm, size, rng.random()) for pace in paces), share)


def _still(rhythm: Tempo, pace: float, size: int, into: float, hold: int, drawn: float) -> float:
    """Remaining seconds of a batch that has run for `into` seconds: as long as those that took longer than that."""
    gone = max(0.0, into) / pace
    reached = bisect_right(rhythm.shape, gone) / len(rhythm.shape)
    begun: float = reached**size
    if begun >= 1:
        return max(hold - max(0.0, into - pace * rhythm.shape[-1]), _OVERDUE * into * drawn)
    position = begun + drawn * (1 - begun)
    return max(0.0, pace * _slowest(rhythm, size, position) - into) + hold


def _slowest(rhythm: Tempo, size: int, position: float) -> float:
    """What the slowest of `size` instances takes, as a multiple of the pace; `position` in 0 to 1 is the quantile.

    The largest of n draws at a quantile is one draw at its nth root.
    """
    return _at(rhythm.shape, position ** (1 / max(1, size)))


def _failures(size: int, share: float, rng: Random) -> int:
    """How many of `size` fail: jumps from one failure to the next, since most do not."""
    share = max(_LEAST, min(1 - _LEAST, share))
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


def _lowest(course: _Course, played: Sequence[_Play]) -> Range | None:
    if course.healthy is None:
        return None
    ordered = sorted(float(play.lowest) for play in played)
    return Range(math.floor(_at(ordered, 0.5)), math.floor(_at(ordered, 0.1)))
