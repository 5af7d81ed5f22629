"""A scale set while it is being changed: the one mutable place of the world.

A mutation takes a `Draft` of one scale set, changes it as often as it likes without copying a thousand instances
each time, and `World` gets the frozen result. A draft never outlives the call that made it.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from vmss_tui.simulator.world.state.chance import draw, guid
from vmss_tui.simulator.world.state.errors import not_found
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.model import Event, Instance, Note, Operation, ScaleSet, World
from vmss_tui.simulator.world.state.profile import health_source, specs
from vmss_tui.simulator.world.state.rules import Rules, Seconds
from vmss_tui.simulator.world.state.source import HealthSource
from vmss_tui.simulator.world.state.timeline import Change, insert

T = TypeVar("T")
_KEPT_OPERATIONS = 2000


class Draft:
    """One scale set at one moment, open for changes."""

    def __init__(self, value: ScaleSet, world: World, at: datetime) -> None:
        self.value = value
        self.rules: Rules = world.rules
        self.at = at
        self.instances = dict(value.instances)
        self.operations = {key: world.operations[key] for key in value.running}
        self.ended: dict[str, Operation] = {}
        self.gone = False
        self._agenda = [
            (instance.timeline[0].at, instance.id) for instance in self.instances.values() if instance.timeline
        ]
        heapq.heapify(self._agenda)
        self._specs: tuple[int, tuple[ExtensionSpec, ...]] | None = None
        self._source: tuple[int, HealthSource] | None = None

    # --- reading ---

    @property
    def specs(self) -> tuple[ExtensionSpec, ...]:
        """The extensions of the newest model, in processing order; the same objects for every instance."""
        if self._specs is None or self._specs[0] != self.value.generation:
            self._specs = (self.value.generation, specs(self.value.model, self.value.protected))
        return self._specs[1]

    @property
    def health_source(self) -> HealthSource:
        """Where the health of its instances comes from."""
        if self._source is None or self._source[0] != self.value.generation:
            self._source = (self.value.generation, health_source(self.value.model))
        return self._source[1]

    def members(self) -> list[Instance]:
        """Its instances, without overprovisioned extras."""
        return [instance for instance in self.instances.values() if not instance.hidden]

    def seconds(self, span: Seconds, *parts: object) -> timedelta:
        """A repeatable duration within `span`; `parts` identify what is drawn."""
        return timedelta(seconds=draw(span, self.rules.seed, self.value.key, *parts))

    # --- changing ---

    def update(self, **fields: Any) -> None:
        """Replace fields of the scale set."""
        self.value = replace(self.value, **fields)

    def put(self, instance: Instance) -> Instance:
        """Store an instance, new or changed."""
        self.instances[instance.id] = instance
        if instance.timeline:
            heapq.heappush(self._agenda, (instance.timeline[0].at, instance.id))
        return instance

    def drop(self, instance_id: str) -> None:
        """Take an instance away."""
        self.instances.pop(instance_id, None)

    def later(self, instance: Instance, delay: timedelta, change: Change) -> Instance:
        """The instance with one change more on its timeline; the caller stores it."""
        return replace(instance, timeline=insert(instance.timeline, self.at + delay, change))

    def mint(self, purpose: str) -> str:
        """A new GUID, repeatable for the same story."""
        minted = self.value.minted + 1
        self.update(minted=minted)
        return guid(self.rules.seed, self.value.key, self.value.created, purpose, minted)

    def note(self, caller: str, action: str) -> None:
        """Note an action and its caller for the activity log."""
        self.update(log=(*self.value.log, Note(self.at, caller, action)))

    def plan_event(self, event: Event) -> None:
        """Put a scenario event on the set's list."""
        self.update(events=tuple(sorted((*self.value.events, event), key=lambda planned: planned.at)))

    # --- time ---

    def next_due(self) -> datetime | None:
        """When something happens next, or none."""
        while self._agenda and not self._current(self._agenda[0]):
            heapq.heappop(self._agenda)
        candidates = [entry[0] for entry in self._agenda[:1]]
        candidates += [operation.not_before for operation in self.operations.values() if operation.not_before > self.at]
        candidates += [event.at for event in self.value.events[:1]]
        roll = self.value.roll
        if roll is not None and roll.running and roll.due is not None:
            candidates.append(roll.due)
        return min(candidates, default=None)

    def take_due(self) -> Iterable[Instance]:
        """The instances with something due by now, soonest first; each is to be stored again by the caller."""
        while self._agenda and self._agenda[0][0] <= self.at:
            entry = heapq.heappop(self._agenda)
            if self._current(entry):
                yield self.instances[entry[1]]

    def _current(self, entry: tuple[datetime, str]) -> bool:
        instance = self.instances.get(entry[1])
        return instance is not None and bool(instance.timeline) and instance.timeline[0].at == entry[0]

    def frozen(self) -> ScaleSet:
        """The scale set with everything that was changed."""
        return replace(self.value, instances=self.instances, running=tuple(self.operations), touched=self.at)


def commit(world: World, drafts: Iterable[Draft]) -> World:
    """The world with drafts in the place of what they were made from."""
    sets, agenda = dict(world.scale_sets), dict(world.agenda)
    changed: dict[str, Operation] = {}
    for draft in drafts:
        key = draft.value.key
        changed |= draft.ended | draft.operations
        agenda.pop(key, None)
        if draft.gone:
            sets.pop(key, None)
            continue
        sets[key] = draft.frozen()
        due = draft.next_due()
        if due is not None:
            agenda[key] = due
    operations = world.operations
    if any(operations.get(key) is not operation for key, operation in changed.items()):
        operations = _pruned({**operations, **changed})
    return replace(world, scale_sets=sets, agenda=agenda, operations=operations)


def change(world: World, key: str, now: datetime, body: Callable[[Draft], T]) -> tuple[World, T]:
    """Run one mutation on one scale set.

    Raises Refused: 404 when there is no such set, or a refusal of the mutation.
    """
    value = world.scale_sets.get(key)
    if value is None:
        raise not_found()
    draft = Draft(value, world, now)
    result = body(draft)
    return commit(world, [draft]), result


def _pruned(operations: dict[str, Operation]) -> dict[str, Operation]:
    """Forget the oldest finished operations when there are very many, as Azure does after a while."""
    surplus = len(operations) - _KEPT_OPERATIONS
    if surplus <= 0:
        return operations
    old = {
        key
        for key, _ in islice(((key, operation) for key, operation in operations.items() if operation.ended), surplus)
    }
    return {key: operation for key, operation in operations.items() if key not in old}
