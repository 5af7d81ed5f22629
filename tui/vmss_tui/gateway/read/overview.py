"""Every scale set of every subscription by a few queries of Resource Graph, and how many instances are current.

A query covers the subscriptions of one tenant. Sets and counts are read at the same time and given page by page. Where
Resource Graph cannot be used, or does not hold the settings of scripts, nothing is said to be listed, and the caller
lists subscription by subscription. Why counts are missing is given with the pages.

Sources: "Supported tables and resources" (Uniform instances are in ComputeResources, with `latestModelApplied`;
Flexible VMs and their extensions in Resources). Health and script status are in neither.
"""

import asyncio
import logging
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import handler_of
from vmss_tui.domain.fleet.snapshot import InstanceCounts, OverviewPage
from vmss_tui.errors import AzureError, ConnectionFailed
from vmss_tui.gateway.http.arm import Arm, ArmPart
from vmss_tui.gateway.ownership import Ownership, from_graph
from vmss_tui.gateway.read import mapping, wire
from vmss_tui.gateway.read.instance_mapping import script_digest
from vmss_tui.gateway.read.resource_graph import ResourceGraph
from vmss_tui.streams import Give, given_by

AT_ONCE = 1000
"""Subscriptions that one query names at most."""
MOST_FLEXIBLE_PAGES = 20
"""Where Flexible sets have more VMs or extensions than this many pages, theirs are not counted here."""
_SETS = (
    "Resources | where type =~ 'microsoft.compute/virtualmachinescalesets'"
    " | project id, name, location, tags, zones, sku, managedBy, properties | order by id asc"
)
_NAMED = _SETS.replace(" | project", " | where name =~ '{name}' | project", 1)
_NAME = re.compile(r"[\w.-]+")
"""Names that a scale set may have, safe in a query."""
_UNIFORM = (
    "ComputeResources | where type =~ 'microsoft.compute/virtualmachinescalesets/virtualmachines'"
    " | extend set = tostring(split(tolower(id), '/virtualmachines/')[0])"
    " | summarize total = count(), current = countif(properties.latestModelApplied == true),"
    " behind = countif(properties.latestModelApplied == false) by id = set | order by id asc"
)
_FLEXIBLE = (
    "Resources | where type =~ 'microsoft.compute/virtualmachines'"
    " | where isnotempty(properties.virtualMachineScaleSet.id)"
    " | project id, set = tolower(tostring(properties.virtualMachineScaleSet.id)) | order by id asc"
)
_EXTENSIONS = (
    "Resources | where type =~ 'microsoft.compute/virtualmachines/extensions'"
    " | where properties.type in~ ('CustomScript', 'CustomScriptExtension')"
    " | project id, name, properties | order by id asc"
)
_log = logging.getLogger("vmss_tui.gateway")


class _UniformRow(wire.Wire):
    """How many instances of a Uniform set there are, by its id in lower case."""

    id: str | None = None
    total: int | None = None
    current: int | None = None
    behind: int | None = None


class _FlexibleRow(wire.Wire):
    """A VM of a Flexible set, and that set's id in lower case."""

    id: str | None = None
    set: str | None = None


class OverviewReader(ArmPart):
    """Reads what Resource Graph knows of all scale sets."""

    def __init__(self, arm: Arm) -> None:
        super().__init__(arm)
        self._graph = ResourceGraph(arm)

    async def overview(self, subscriptions: Sequence[Subscription], *, named: str = "") -> AsyncIterator[OverviewPage]:
        """See `ports.ReadsFleet`."""
        if named and not _NAME.fullmatch(named):
            return

        async def read(some: Sequence[str], give: Give[OverviewPage]) -> None:
            try:
                tenant = _Tenant(self, self._graph, some, give)
                await (tenant.read_named(named) if named else tenant.read())
            except (AzureError, ConnectionFailed) as error:
                self._graph.rest(some[0], error)
                give(OverviewPage(uncounted=error.message))

        async with aclosing(given_by(partial(read, some) for some in self._usable(subscriptions))) as pages:
            async for page in pages:
                yield page

    def _usable(self, subscriptions: Sequence[Subscription]) -> Iterator[tuple[str, ...]]:
        """Ids by tenant, in groups that one query may name, of tenants that can be asked now."""
        tenants = defaultdict[str, list[str]](list)
        for subscription in subscriptions:
            tenants[self.arm.tenant_of.get(subscription.id.lower(), "")].append(subscription.id)
        for ids in tenants.values():
            if self._graph.is_usable(ids[0]):
                yield from (tuple(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE))


class _Tenant:
    """One overview of the subscriptions of one tenant."""

    def __init__(
        self,
        part: ArmPart,
        graph: ResourceGraph,
        subscriptions: Sequence[str],
        give: Give[OverviewPage],
    ) -> None:
        self._part = part
        self._graph = graph
        self._subscriptions = subscriptions
        self._give = give
        self._known: dict[str, ScaleSet] = {}
        """Sets by their ids in lower case."""
        self._scripts: Counter[str] = Counter()
        """Subscription -> scripts of its sets."""
        self._settled: set[str] = set()
        """Subscriptions where a script came with its settings."""
        self._owners: asyncio.Task[Ownership] | None = None
        """Who else owns the sets; read at the same time."""

    async def read(self) -> None:
        """Read everything. Raises AzureError, ConnectionFailed when the sets cannot be read."""
        uniform = asyncio.create_task(self._read_uniform())
        self._owners = asyncio.create_task(from_graph(self._part.arm, self._graph, self._subscriptions))
        try:
            await self._read_sets()
            await asyncio.gather(self._publish_uniform(uniform), self._quietly(self._read_flexible()))
        finally:
            uniform.cancel()
            self._owners.cancel()
            await asyncio.gather(uniform, self._owners, return_exceptions=True)

    async def read_named(self, name: str) -> None:
        """Read the sets of one name, without counts. Raises AzureError, ConnectionFailed."""
        await self._read_sets(_NAMED.format(name=name))

    async def _read_sets(self, query: str = _SETS) -> None:
        async for rows in self._rows(query, wire.ScaleSet, "list the scale sets"):
            found, owners = [], await self._owners if self._owners is not None else Ownership()
            for row in rows:
                try:
                    scale_set = owners.marked(self._part.ruled(mapping.scale_set(row)))
                except ValueError as error:
                    _log.info("a row of Resource Graph is skipped: %s", error)
                    continue
                self._note_settings(scale_set.id.subscription.lower(), row)
                self._known[str(scale_set.id).lower()] = scale_set
                found.append(scale_set)
            self._give(OverviewPage(scale_sets=tuple(found)))
        without = {place for place in self._scripts if place not in self._settled}
        listed = frozenset(place.lower() for place in self._subscriptions) - without
        self._give(OverviewPage(listed=listed))

    def _note_settings(self, subscription: str, row: wire.ScaleSet) -> None:
        """Whether scripts come with their settings: no source says that Resource Graph always has them."""
        profile = (row.properties or wire.ScaleSetProperties()).virtual_machine_profile or wire.VmProfile()
        for extension in (profile.extension_profile or wire.ExtensionProfile()).extensions or ():
            found = extension.properties
            if found is not None and handler_of(found.publisher or "", found.type or ""):
                self._scripts[subscription] += 1
                if found.has_settings:
                    self._settled.add(subscription)

    async def _read_uniform(self) -> list[_UniformRow] | None:
        try:
            return [row async for rows in self._rows(_UNIFORM, _UniformRow, "count the instances") for row in rows]
        except (AzureError, ConnectionFailed) as error:
            _log.info("instances are not counted by Resource Graph: %s", error)
            self._give(OverviewPage(uncounted=error.message))
            return None

    async def _publish_uniform(self, reading: "asyncio.Task[list[_UniformRow] | None]") -> None:
        """Counts of Uniform sets; those of which it is not said which instances are current are left to others."""
        rows = await reading
        if rows is None:
            return
        by_id = {(row.id or "").lower(): row for row in rows}
        counts: dict[ScaleSetId, InstanceCounts] = {}
        for key, scale_set in self._known.items():
            if scale_set.orchestration is Orchestration.FLEXIBLE:
                continue
            row = by_id.get(key)
            if row is None:
                if not scale_set.capacity:
                    counts[scale_set.id] = _counts(0, 0)
                continue
            total, current = row.total or 0, row.current or 0
            if total == current + (row.behind or 0):
                counts[scale_set.id] = _counts(total, current)
        self._give(OverviewPage(counts=counts))

    async def _read_flexible(self) -> None:
        """Counts of Flexible sets: how many VMs have the script of the model."""
        sets = {key: found for key, found in self._known.items() if found.orchestration is Orchestration.FLEXIBLE}
        if not sets:
            return
        places = sorted({found.id.subscription for found in sets.values()})
        vms = await self._some(_FLEXIBLE, _FlexibleRow, "list the VMs of Flexible sets", places)
        extensions = await self._some(_EXTENSIONS, wire.Extension, "list the scripts of VMs", places)
        digests: dict[str, str] = {}
        unreadable: set[str] = set()
        for row in extensions:
            vm = (row.id or "").lower().partition("/extensions/")[0]
            if row.properties and row.properties.has_settings:
                digests[vm] = script_digest(row)
            else:
                unreadable.add(vm)
        members = defaultdict[str, list[str]](list)
        for row in vms:
            members[(row.set or "").lower()].append((row.id or "").lower())
        self._give(OverviewPage(counts=dict(_flexible_counts(sets, members, digests, unreadable))))

    async def _some(self, query: str, row: type[Any], what: str, places: Sequence[str]) -> list[Any]:
        """All rows of a query in some subscriptions. Raises ConnectionFailed when they are too many."""
        rows: list[Any] = []
        pages = 0
        async for page in self._rows(query, row, what, places):
            pages += 1
            if pages > MOST_FLEXIBLE_PAGES:
                raise ConnectionFailed(f"cannot {what} by Resource Graph: there are too many")
            rows += page
        return rows

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except (AzureError, ConnectionFailed) as error:
            _log.info("Flexible sets are not counted by Resource Graph: %s", error)
            self._give(OverviewPage(uncounted=error.message))

    def _rows(self, query: str, row: type[Any], what: str, places: Sequence[str] = ()) -> AsyncIterator[list[Any]]:
        some = places or self._subscriptions
        via = self._subscriptions[0]
        return self._graph.pages(query, row, via=via, subscriptions=some, what=what, patient=True)


def _flexible_counts(
    sets: Mapping[str, ScaleSet],
    members: Mapping[str, Sequence[str]],
    digests: Mapping[str, str],
    unreadable: set[str],
) -> Iterator[tuple[ScaleSetId, InstanceCounts]]:
    """Counts by set; a set with a VM whose script has no settings here is left to others."""
    for key, scale_set in sets.items():
        vms = members.get(key, ())
        if len(vms) == 0 < scale_set.capacity or not unreadable.isdisjoint(vms):
            continue
        wanted = scale_set.script.digest if scale_set.script else ""
        yield scale_set.id, _counts(len(vms), sum(digests.get(vm, "") == wanted for vm in vms))


def _counts(total: int, current: int) -> InstanceCounts:
    return InstanceCounts(total, None, current, health_known=False)
