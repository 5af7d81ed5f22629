"""What the log of a rollout shows of its scale set: how long instances took, how many failed, what it took as a whole.

Pure: a log in, numbers out. Waits for a person (a pause that was asked for, an approval, a decision) or for a
maintenance window do not count, nor does time that a clock was set forward by: they say nothing of the set. Times are
UTC, durations are seconds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from vmss_tui.domain.plan.track_record import PastRollout, StepShare, thinned
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import GateName, Phase, Stage
from vmss_tui.domain.rollout.state import BatchState, RolloutState, apply
from vmss_tui.domain.rollout.write_keys import writes_model

_FOR_A_PERSON = (Stage.PAUSED, Stage.APPROVAL, Stage.DECISION)
_FAILED = (Phase.FAILED, Phase.UNHEALTHY)


@dataclass(slots=True)
class _Reading:
    """Facts gathered on the way through a log."""

    state: RolloutState = field(default_factory=RolloutState)
    settling: dict[str, datetime] = field(default_factory=dict)
    """When the script of an instance had ended."""
    done: dict[str, datetime] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    """Instances that failed at any time, including those that recovered."""
    waits: list[tuple[datetime, datetime]] = field(default_factory=list)
    """From when to when the rollout waited for a person or its window, or a clock was set forward."""
    waiting_since: datetime | None = None
    closed: bool = False
    """Whether the window was closed for the next batch when that was last checked."""

    def take(self, entry: e.Logged) -> None:
        """One more event."""
        self.state = apply(self.state, entry)
        if isinstance(entry.event, e.InstancesSeen):
            for seen in entry.event.changed:
                self._saw(seen, entry.at)
        elif isinstance(entry.event, e.GateChecked) and entry.event.gate is GateName.WINDOW:
            self.closed = not entry.event.passed
        elif isinstance(entry.event, e.ClockStepped) and entry.event.seconds > 0 and self.waiting_since is None:
            self.waits.append((entry.at - timedelta(seconds=entry.event.seconds), entry.at))
        waits = self.state.stage in _FOR_A_PERSON or (self.closed and self.state.open_batch is None)
        if waits and self.waiting_since is None:
            self.waiting_since = entry.at
        elif not waits and self.waiting_since is not None:
            self.waits.append((self.waiting_since, entry.at))
            self.waiting_since = None

    def _saw(self, seen: e.InstanceSeen, at: datetime) -> None:
        if seen.phase is Phase.HEALTH:
            self.settling.setdefault(seen.id, at)
        elif seen.phase is Phase.DONE:
            self.done.setdefault(seen.id, at)
        elif seen.phase in _FAILED:
            self.failed.add(seen.id)

    def between(self, start: datetime | None, end: datetime | None) -> float | None:
        """Seconds from one moment to another without what does not count; None when either is unknown."""
        if start is None or end is None:
            return None
        waited = sum(max(0.0, (min(end, until) - max(start, since)).total_seconds()) for since, until in self.waits)
        return max(0.0, (end - start).total_seconds() - waited)


def _read(log: Iterable[e.Logged]) -> _Reading:
    reading = _Reading()
    for entry in log:
        reading.take(entry)
    return reading


def past_rollout(log: Iterable[e.Logged]) -> PastRollout | None:
    """What the log shows; None when no batch has ended."""
    from statistics import median

    reading = _read(log)
    state = reading.state
    ended = [batch for batch in state.batches if batch.ended_at is not None and batch.ids]
    if not ended:
        return None
    totals, scripts, settles = _instances(reading, ended)
    policy = state.plan.policy if state.plan is not None else None
    gaps = [
        reading.between(before.ended_at, after.started_at) or 0.0
        for before, after in pairwise(ended)
        if after.number == before.number + 1
    ]
    tail = reading.between(ended[-1].ended_at, state.ended_at) if len(ended) == state.batch_count else None
    return PastRollout(
        seconds=thinned(totals),
        script_seconds=round(median(scripts), 1) if scripts else 0.0,
        settle_seconds=round(median(settles), 1) if settles else 0.0,
        first=_share(reading, [batch for batch in ended if batch.number == 1]),
        later=_share(reading, [batch for batch in ended if batch.number != 1]),
        head_seconds=round(reading.between(state.started_at, ended[0].started_at) or 0.0, 1),
        gap_seconds=round(max(0.0, median(gaps) - (policy.pause_seconds if policy else 0)), 1) if gaps else 0.0,
        tail_seconds=round(max(0.0, (tail or 0.0) - (policy.soak_seconds if policy else 0)), 1),
    )


def _instances(reading: _Reading, batches: Iterable[BatchState]) -> tuple[list[float], list[float], list[float]]:
    """Of each instance that was updated well: the whole, the script, and the wait for its health."""
    totals: list[float] = []
    scripts: list[float] = []
    settles: list[float] = []
    for batch in batches:
        for instance in batch.ids:
            whole = reading.between(batch.started_at, reading.done.get(instance))
            if whole is None or instance in reading.failed:
                continue
            script = reading.between(batch.started_at, reading.settling.get(instance))
            script = whole if script is None else min(script, whole)
            totals.append(whole)
            scripts.append(script)
            settles.append(whole - script)
    return totals, scripts, settles


def _share(reading: _Reading, batches: Iterable[BatchState]) -> StepShare:
    ids = {instance for batch in batches for instance in batch.ids}
    failed = {instance for batch in batches for instance in batch.failed} | (ids & reading.failed)
    return StepShare(len(ids), len(failed))


def seconds_taken(log: Iterable[e.Logged]) -> float | None:
    """What a rollout took that updated all of its batches, without waits for others; None for any other."""
    reading = _read(log)
    if reading.state.verdict is not e.Verdict.COMPLETED:
        return None
    return reading.between(reading.state.started_at, reading.state.ended_at)


def protected_written(log: Sequence[e.Logged]) -> tuple[str, ...]:
    """Names of the protected settings that a rollout wrote to the scale set model; empty when it wrote none."""
    plan = next((entry.event.plan for entry in log if isinstance(entry.event, e.Planned)), None)
    accepted = (entry.event.key for entry in log if isinstance(entry.event, e.WriteAccepted))
    wrote = any(map(writes_model, accepted))
    return tuple(sorted(plan.script.protected)) if plan is not None and wrote else ()
