"""The batches of a rollout as planned and as they went. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vmss_tui.domain.rollout.batch_schedule import RemainingBatch, remaining_batches
from vmss_tui.domain.rollout.stage import BAD, BUSY, Phase
from vmss_tui.domain.rollout.state import BatchState, RolloutState
from vmss_tui.text import natural


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchInfo:
    """A batch as planned and as it went: `ids` are those that it had, or those that wait for it before it began.

    `lowest` is the fewest healthy instances while it ran. Times are None before it began, or before it ended.
    """

    number: int
    ids: tuple[str, ...]
    planned: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    approve: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failed: tuple[str, ...] = ()
    lowest: int | None = None
    phases: Counter[Phase] = field(default_factory=Counter)
    """Its instances by phase."""

    @property
    def running(self) -> bool:
        """Whether it has begun and has not ended."""
        return self.started_at is not None and self.ended_at is None

    @property
    def bad(self) -> int:
        """Its instances that count as failures."""
        return sum(self.phases[phase] for phase in BAD)

    @property
    def busy(self) -> int:
        """Its instances in progress."""
        return sum(self.phases[phase] for phase in BUSY)


def batches_of(state: RolloutState, now: datetime) -> Iterator[BatchInfo]:
    """The batches that began, with what will still join them, then those that remain."""
    planned = {batch.number: batch.ids for batch in state.plan.batches} if state.plan is not None else {}
    approved = {batch.number for batch in state.plan.batches if batch.approve} if state.plan is not None else set()
    remain = {batch.number: batch for batch in remaining_batches(state)}
    times = [at for at, _ in state.health_trend]
    for begun in state.batches:
        joining = remain.pop(begun.number, None)
        ids = (*begun.ids, *(joining.ids if joining is not None else ()))
        yield BatchInfo(
            number=begun.number,
            ids=tuple(sorted(ids, key=natural)),
            planned=planned.get(begun.number, ()),
            zones=begun.zones,
            approve=begun.number in approved,
            started_at=begun.started_at,
            ended_at=begun.ended_at,
            failed=begun.failed,
            lowest=_lowest_during(state, begun, times, now),
            phases=_phases(state, ids),
        )
    yield from (_remaining(state, batch) for batch in remain.values())


def _remaining(state: RolloutState, batch: RemainingBatch) -> BatchInfo:
    return BatchInfo(
        number=batch.number,
        ids=batch.ids,
        planned=batch.ids,
        zones=batch.zones,
        approve=batch.approve,
        phases=_phases(state, batch.ids),
    )


def _lowest_during(state: RolloutState, batch: BatchState, times: Sequence[datetime], now: datetime) -> int | None:
    """The fewest healthy instances while a batch ran."""
    if batch.started_at is None:
        return None
    first = max(0, bisect_right(times, batch.started_at) - 1)
    last = bisect_right(times, batch.ended_at or now)
    return min((healthy for _, healthy in state.health_trend[first:last]), default=None)


def _phases(state: RolloutState, ids: Iterable[str]) -> Counter[Phase]:
    return Counter(state.instances[i].seen.phase for i in ids if i in state.instances)
