"""What earlier rollouts of a scale set showed, and an estimate for a set without any: the basis of a forecast.

Pure and plain data: a plan carries it into the journal, so that a rollout is forecast from the same facts to its end.
Durations are seconds, shares are between 0 and 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vmss_tui import duration
from vmss_tui.text import counted

_FEW = 5
"""Number of instances in the track record below which the assumption is used."""
_MOST_SAMPLES = 60
"""Durations that are kept of one rollout: evenly spaced ones of all, the shortest and the longest among them."""
_QUICKEST, _SLOWEST = 60.0, 360.0
"""Seconds that one instance takes when nothing is known of a set: nine in ten sets are between these."""
_ASSUMED_FAILURES, _PRIOR_INSTANCES = 0.01, 10.0
"""The failure share that is assumed, and how many observed instances that assumption weighs as much as."""
_PRIOR_SPREAD, _PRIOR_ROLLOUTS = 0.2, 2
"""How much the pace of one rollout differs from another of the same set (log scale), and how many observed rollouts
that weighs as much as; chosen so that P90 holds from the second rollout on (`vmss-tui forecast --check`)."""
_WIDEST = 1.645
"""Standard deviations that hold nine in ten values of a normal distribution between them."""
_ASSUMED_SHAPE = (0.8, 0.9, 1.0, 1.1, 1.25)
"""How instances of one rollout differ, as multiples of their median, when nothing is known."""


@dataclass(frozen=True, slots=True)
class StepShare:
    """How many instances a step of a rollout updated, and how many of them failed or became unhealthy."""

    updated: int = 0
    failed: int = 0

    def __add__(self, other: "StepShare") -> "StepShare":
        return StepShare(self.updated + other.updated, self.failed + other.failed)

    @property
    def odds(self) -> tuple[float, float]:
        """The two parameters of the beta distribution of the failure share: what was seen, and the assumption."""
        prior = _ASSUMED_FAILURES * _PRIOR_INSTANCES
        return self.failed + prior, max(0, self.updated - self.failed) + _PRIOR_INSTANCES - prior


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRollout:
    """What one earlier rollout showed.

    `seconds` has one entry for each instance that was updated well: from the start of its batch until it was healthy.
    """

    seconds: tuple[float, ...] = ()
    script_seconds: float = 0.0
    """Median of the script alone: from the start of the batch until the script ended."""
    settle_seconds: float = 0.0
    """Median from the end of the script until the instance was healthy."""
    first: StepShare = StepShare()
    """The first batch."""
    later: StepShare = StepShare()
    """All batches after it."""
    head_seconds: float = 0.0
    """From the start of the rollout to its first batch."""
    gap_seconds: float = 0.0
    """Median between two batches beyond the pause that was planned."""
    tail_seconds: float = 0.0
    """From the end of the last batch to the end of the rollout beyond the soak time."""


def thinned(seconds: Sequence[float]) -> tuple[float, ...]:
    """The durations of one rollout in order, as many as a record keeps, to a tenth of a second."""
    ordered = sorted(max(0.1, round(value, 1)) for value in seconds)
    if len(ordered) <= _MOST_SAMPLES:
        return tuple(ordered)
    last = len(ordered) - 1
    return tuple(ordered[round(index * last / (_MOST_SAMPLES - 1))] for index in range(_MOST_SAMPLES))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """What earlier rollouts of a set showed, the newest last."""

    rollouts: tuple[PastRollout, ...] = ()
    protected: tuple[str, ...] = ()
    """Names of the protected settings that a rollout wrote last; Azure never shows them."""

    @property
    def known(self) -> bool:
        """Whether it is enough to forecast from."""
        return sum(len(past.seconds) for past in self.rollouts) >= _FEW

    @property
    def timed(self) -> tuple[PastRollout, ...]:
        """The rollouts that updated an instance well."""
        return tuple(past for past in self.rollouts if past.seconds)

    @property
    def first(self) -> StepShare:
        """Failures of first batches."""
        return sum((past.first for past in self.rollouts), StepShare())

    @property
    def later(self) -> StepShare:
        """Failures of all batches after the first."""
        return sum((past.later for past in self.rollouts), StepShare())

    @property
    def basis(self) -> str:
        """Where the numbers come from, in words."""
        if not self.known:
            return "estimate: 1 to 6 minutes an instance, 1% of instances fail"
        from statistics import median

        every = self.first + self.later
        script, settle = (
            duration.expected(median(values))
            for values in zip(*((past.script_seconds, past.settle_seconds) for past in self.timed), strict=True)
        )
        return (
            f"from {counted(len(self.timed), 'earlier rollout')} of this set ({counted(every.updated, 'instance')}, "
            f"{every.failed} failed; script {script}, health {settle})"
        )


NOTHING_KNOWN = TrackRecord()
"""A set without earlier rollouts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How fast instances of a set are updated: a typical time, how rollouts differ, how instances of one differ."""

    typical: float
    """Median of an instance over all rollouts, in seconds."""
    spread: float
    """Standard deviation of a whole rollout's pace, on a log scale."""
    shape: tuple[float, ...]
    """Instances of one rollout in order, as multiples of their median."""
    widest: float = math.inf
    """Most standard deviations that a pace is away from the typical one."""
    head: float = 0.0
    gap: float = 0.0
    tail: float = 0.0


def tempo(record: TrackRecord) -> Tempo:
    """What the record says of the set's tempo; the assumption where it says too little."""
    if not record.known:
        typical = math.sqrt(_QUICKEST * _SLOWEST)
        spread = math.log(_SLOWEST / typical) / _WIDEST
        return Tempo(typical=typical, spread=spread, shape=_ASSUMED_SHAPE, widest=_WIDEST)
    from statistics import fmean, median

    past = record.timed
    logs = [math.log(median(rollout.seconds)) for rollout in past]
    center, count = fmean(logs), len(logs)
    squares = _PRIOR_ROLLOUTS * _PRIOR_SPREAD**2 + sum((value - center) ** 2 for value in logs)
    variance = squares / (_PRIOR_ROLLOUTS + count - 1)
    shape = sorted(value / math.exp(log) for rollout, log in zip(past, logs, strict=True) for value in rollout.seconds)
    return Tempo(
        typical=math.exp(center),
        spread=math.sqrt(variance * (1 + 1 / count)),
        shape=tuple(shape),
        head=median(rollout.head_seconds for rollout in past),
        gap=median(rollout.gap_seconds for rollout in past),
        tail=median(rollout.tail_seconds for rollout in past),
    )
