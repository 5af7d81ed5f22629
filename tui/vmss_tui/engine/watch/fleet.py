"""Watching everything that can be seen: subscriptions, then scale sets as pages come, then health within the quota.

Publishes a whole `FleetSnapshot` whenever it differs, at most a few times a second. Lists are read again at the idle
pace, with how many instances are current where one answer says it for all; health (one expensive read a set) goes by
need: those on screen, those that move, favorites, then the rest, no faster than half of what Azure allows a
subscription. Knows ports only.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from vmss_tui.domain.fleet.health import Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription, SubscriptionProblem, Tenant
from vmss_tui.domain.fleet.snapshot import FleetEntry, FleetSnapshot, InstanceCounts, count_instances
from vmss_tui.domain.fleet.upgrade_policy import UpgradeMode
from vmss_tui.engine.inventory import Found, Listed, Unreadable, read_inventory
from vmss_tui.engine.watch.pace import Backoff, Pulse, WatchFailure, eased, giving_up
from vmss_tui.errors import Throttled, VmssTuiError
from vmss_tui.ports import Azure, Clock

SECONDS_A_SET = 4.0
"""Half of 900 expensive reads in 30 minutes a subscription: its sets take turns at this pace."""
FLEETS_SHARE = 10.0
"""While the quota is short, a set is counted at this multiple of the time its refill takes: after those who watch
it."""
SECONDS_AN_INSTANCE = 0.072
"""Half of 5,000 views of instances in 3 minutes a subscription: a read of a set costs one for each instance."""
TOGETHER = 4
"""Reads in flight."""
TURN = 16
"""Sets counted before it is asked again who needs it most."""
CALM = 0.2
"""Seconds between two publications."""
_FAILED_FACTOR = 5.0
_MOVING = (Provisioning.UPDATING, Provisioning.CREATING, Provisioning.DELETING)


@dataclass(slots=True)
class _Known:
    """A set and when (monotonic seconds) its counts are due."""

    entry: FleetEntry
    due: float = 0.0
    counted: bool = False
    is_fresh: bool = True
    """False for what an earlier start kept, until something newer is known."""
    overview: InstanceCounts | None = None
    """What the last overview said: when it differs, instances have changed."""

    @property
    def moves(self) -> bool:
        """Whether something is known to happen to it."""
        upgrade = self.entry.upgrade
        return (upgrade is not None and upgrade.code.running) or self.entry.scale_set.provisioning in _MOVING

    def forget_kept(self) -> None:
        """Counts of an earlier start are not those of a fleet that has been listed."""
        if not self.is_fresh:
            self.entry, self.is_fresh = replace(self.entry, counts=None), True

    def note(self, counts: InstanceCounts) -> None:
        """Take an overview's counts; health that was read stays, and is due again when instances have changed."""
        if self.overview is not None and self.overview != counts:
            self.due = 0.0
        self.overview = counts
        before = self.entry.counts
        if before is None or not before.health_known or not self.is_fresh:
            self.entry, self.is_fresh = replace(self.entry, counts=counts), True


@dataclass(slots=True)
class _State:
    tenants: tuple[Tenant, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    known: dict[ScaleSetId, _Known] = field(default_factory=dict)
    problems: dict[str, SubscriptionProblem] = field(default_factory=dict)
    listed: bool = False
    failure: WatchFailure | None = None


class FleetWatcher:
    """Snapshots of the fleet. `idle_seconds` is the pace of reading the lists again.

    `kept` is the inventory of an earlier start: a set stays until it is read again, or is gone.
    """

    def __init__(self, azure: Azure, clock: Clock, *, idle_seconds: float, kept: Iterable[FleetEntry] = ()) -> None:
        self.checked_at: datetime | None = None
        """When Azure last answered, also when nothing differed."""
        self._azure = azure
        self._clock = clock
        self._idle = idle_seconds
        self._state = _State(known={entry.id: _Known(entry, is_fresh=False) for entry in kept})
        self._pulse = Pulse(clock)
        self._changed = asyncio.Event()
        self._limit = asyncio.Semaphore(TOGETHER)
        self._preferred: frozenset[ScaleSetId] = frozenset()
        self._favorites: frozenset[ScaleSetId] = frozenset()
        self._held: dict[str, float] = {}
        """Subscription -> monotonic seconds before which its counts wait for the quota."""
        self._neighbors: Counter[str] = Counter()
        """Subscription -> how many sets it has."""
        self._instances: Counter[str] = Counter()
        """Subscription -> how many instances its sets have."""

    def refresh(self) -> None:
        """Read everything again now."""
        for known in self._state.known.values():
            known.due = 0.0
        self._pulse.now()

    def prefer(self, ids: Iterable[ScaleSetId], favorites: frozenset[ScaleSetId] = frozenset()) -> None:
        """Count `ids` first and keep them fresh: those on screen. Favorites go before the rest."""
        new = frozenset(ids)
        self._favorites = favorites
        fresh, self._preferred = new - self._preferred, new
        if any(not entry.counted for target in fresh if (entry := self._state.known.get(target))):
            self._pulse.now()

    async def snapshots(self) -> AsyncGenerator[FleetSnapshot | WatchFailure, None]:
        """Every snapshot that differs from the one before, and every failure; ends only when it is closed."""
        worker = asyncio.create_task(self._work(), name="fleet watcher")
        worker.add_done_callback(lambda _: self._changed.set())
        last: FleetSnapshot | None = None
        failure: WatchFailure | None = None
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                if worker.done():
                    worker.result()
                recovered = failure is not None and self._state.failure is None
                if self._state.failure is not failure:
                    failure = self._state.failure
                    if failure is not None:
                        yield failure
                        continue
                found = self._snapshot()
                if found != last or recovered:
                    last = found
                    yield found
                    await self._clock.sleep(CALM)
        finally:
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    def _snapshot(self) -> FleetSnapshot:
        state = self._state
        return FleetSnapshot(
            entries=tuple(known.entry for known in state.known.values()),
            subscriptions=state.subscriptions,
            tenants=state.tenants,
            problems=(
                *(problem.sentence for problem in self._azure.sign_in_record().tenant_problems),
                *(problem.sentence for problem in state.problems.values()),
            ),
            complete=state.listed and all(known.counted for known in state.known.values()),
            listed=state.listed,
            taken_at=self._clock.now(),
        )

    async def _work(self) -> None:
        backoff = Backoff(first=min(2.0, self._idle))
        while True:
            try:
                await self._list()
            except VmssTuiError as error:
                wait = backoff.after(error)
                since = self._state.failure.since if self._state.failure else self._clock.now()
                self._state.failure = WatchFailure(error, since, wait)
                self._changed.set()
                await self._pulse.wait(wait)
                continue
            backoff.reset()
            self._state.failure = None
            self._changed.set()
            await self._count_until(self._clock.monotonic() + eased(self._idle, self._azure.quota().share))

    async def _list(self) -> None:
        """Subscriptions and their sets; a subscription that cannot be read is a problem, all of them a failure."""
        state = self._state
        async with giving_up("read your subscriptions"):
            state.subscriptions = await self._azure.subscriptions()
            if not state.tenants:
                state.tenants = await self._azure.tenants()
        self._changed.set()
        seen: set[ScaleSetId] = set()
        errors: list[VmssTuiError] = []
        async with aclosing(read_inventory(self._azure, state.subscriptions)) as inventory:
            async for found in inventory:
                match found:
                    case Found():
                        seen.update(self._take(found))
                    case Listed():
                        state.problems = {
                            key: it for key, it in state.problems.items() if key not in found.subscriptions
                        }
                    case Unreadable(subscription, error):
                        errors.append(error)
                        state.problems[subscription.id.lower()] = found.problem
                        seen.update(target for target in state.known if target.subscription == subscription.id)
                    case _:
                        assert_never(found)
                self._changed.set()
        if errors and len(errors) == len(state.subscriptions):
            raise errors[0]
        for gone in [target for target in state.known if target not in seen]:
            del state.known[gone]
        for entry in state.known.values():
            entry.forget_kept()
        self._neighbors = Counter(target.subscription for target in state.known)
        self._instances = Counter()
        for target, entry in state.known.items():
            self._instances[target.subscription] += entry.entry.scale_set.capacity
        state.listed = True
        self.checked_at = self._clock.now()

    def _take(self, found: Found) -> list[ScaleSetId]:
        known = self._state.known
        for scale_set, subscription in found.scale_sets:
            before = known.get(scale_set.id)
            if before is None:
                known[scale_set.id] = _Known(FleetEntry(scale_set=scale_set, subscription=subscription))
            elif before.entry.scale_set != scale_set or before.entry.subscription != subscription:
                before.entry = replace(before.entry, scale_set=scale_set, subscription=subscription, kept_version="")
                before.due = 0.0
        for target, counts in found.counts.items():
            if target in known:
                known[target].note(counts)
        return [scale_set.id for scale_set, _ in found.scale_sets]

    async def _count_until(self, deadline: float) -> None:
        while (now := self._clock.monotonic()) < deadline:
            batch = self._next(now)
            if batch:
                await asyncio.gather(*map(self._count, batch))
                continue
            upcoming = min((self._due(known) for known in self._state.known.values()), default=deadline)
            if await self._pulse.wait(max(0.01, min(deadline, upcoming) - now)) and not self._next(now):
                return

    def _next(self, now: float) -> list[_Known]:
        due = (known for known in self._state.known.values() if self._due(known) <= now)
        return heapq.nsmallest(TURN, due, key=lambda known: (self._need(known), known.counted, known.due))

    def _need(self, known: _Known) -> int:
        """The order of counting: 0 for sets on screen, then those with changes, then favorites, then the rest."""
        if known.entry.id in self._preferred:
            return 0
        if known.moves:
            return 1
        return 2 if known.entry.id in self._favorites else 3

    def _due(self, known: _Known) -> float:
        return max(known.due, self._held.get(known.entry.id.subscription, 0.0))

    async def _count(self, known: _Known) -> None:
        async with self._limit:
            if self._due(known) <= self._clock.monotonic():
                await self._read_counts(known)

    async def _read_counts(self, known: _Known) -> None:
        entry = known.entry
        try:
            instances = await self._azure.instances(entry.scale_set, overview=True)
            upgrade = entry.upgrade
            if entry.scale_set.mode is UpgradeMode.ROLLING or entry.scale_set.automatic_os_upgrade:
                upgrade = await self._azure.latest_upgrade(entry.id)
        except Throttled as error:
            self._held[entry.id.subscription] = self._clock.monotonic() + max(1.0, error.retry_after)
            return
        except VmssTuiError as error:
            known.entry = replace(known.entry, problem=error.message)
            known.due, known.counted = self._clock.monotonic() + self._idle * _FAILED_FACTOR, True
        else:
            known.entry = replace(known.entry, counts=count_instances(instances), upgrade=upgrade, problem="")
            known.is_fresh = True
            known.due, known.counted = self._clock.monotonic() + self._interval(known.entry), True
            self.checked_at = self._clock.now()
        self._changed.set()

    def _interval(self, entry: FleetEntry) -> float:
        """Seconds until a set is read again: sooner while it moves, for those on screen only what the quota permits."""
        short = self._azure.refill_seconds(entry.id) * FLEETS_SHARE
        if entry.upgrade is not None and entry.upgrade.code.running:
            return max(self._idle, short)
        subscription = entry.id.subscription
        sets, instances = self._neighbors[subscription], self._instances[subscription]
        if entry.id in self._preferred:
            sets = sum(target.subscription == subscription for target in self._preferred)
        return max(self._idle, SECONDS_A_SET * sets, SECONDS_AN_INSTANCE * instances, short)
