"""The batches that remain, numbered on from those that began.

Azure forms the batches of a rolling upgrade itself: there may be more of them than planned, and smaller ones. So the
instances that wait are in no batch of the plan any more; they are shown by what Azure has done so far. Batches that the
runner forms keep their planned numbers. Pure.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from vmss_tui.domain.plan.rollout_plan import Batch, RolloutPlan, Strategy
from vmss_tui.domain.rollout.rollout_state import BatchState, RolloutState
from vmss_tui.domain.rollout.stage import Phase


@dataclass(frozen=True, slots=True)
class RemainingBatch:
    """Instances that wait for the same batch; `approve`: it waits for approval first.

    The batch that runs may be one of them, with the instances that are still to join it.
    """

    number: int
    ids: tuple[str, ...]
    zones: tuple[str, ...] = ()
    approve: bool = False


def remaining_batches(state: RolloutState) -> tuple[RemainingBatch, ...]:
    """The batches that remain, in their order; none without a plan. After the end: those that never began."""
    plan = state.plan
    if plan is None:
        return ()
    if plan.strategy is Strategy.ROLLING_UPGRADE:
        waiting = {i for i, progress in state.instances.items() if progress.seen.phase is Phase.WAITING}
        return tuple(_azure_batches(plan, state.batches, waiting, None if state.stage.over else state.open_batch))
    begun = {batch.number for batch in state.batches}
    return tuple(
        RemainingBatch(batch.number, batch.ids, batch.zones, batch.approve)
        for batch in plan.batches
        if batch.number not in begun
    )


def _azure_batches(
    plan: RolloutPlan, begun: Sequence[BatchState], waiting: Collection[str], running: BatchState | None
) -> Iterator[RemainingBatch]:
    """As Azure forms them: a zone after the other, each as large as the plan's largest; first what joins `running`."""
    largest = max((len(batch.ids) for batch in plan.batches), default=1)
    taken = {i for batch in begun for i in batch.ids}
    number = max((batch.number for batch in begun), default=0)
    joined = frozenset(running.ids) if running is not None else frozenset()
    for zones, group in _stretches(plan):
        ids = [i for batch in group for i in batch.ids if i in waiting and i not in taken]
        if running is not None and any(i in joined for batch in group for i in batch.ids):
            room = max(0, largest - len(running.ids))
            joining, ids = ids[:room], ids[room:]
            if joining:
                yield RemainingBatch(running.number, tuple(joining), zones)
        for start in range(0, len(ids), largest):
            number += 1
            yield RemainingBatch(number, tuple(ids[start : start + largest]), zones)


def _stretches(plan: RolloutPlan) -> Iterator[tuple[tuple[str, ...], tuple[Batch, ...]]]:
    """Planned batches in a row that Azure may draw instances from together: those of one zone."""
    for zones, group in groupby(plan.batches, key=lambda batch: () if plan.policy.cross_zone else batch.zones):
        yield zones, tuple(group)


def batch_count(state: RolloutState) -> int:
    """How many batches there will have been at the end, by what is known now."""
    begun = [batch.number for batch in state.batches]
    return max((*begun, *(batch.number for batch in remaining_batches(state))), default=0)
