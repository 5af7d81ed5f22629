"""Every scale set of some subscriptions: by an overview where one can be had, else subscription by subscription.

Shared by the app and the command line. Knows ports only.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription, SubscriptionProblem
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import InstanceCounts
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure
from vmss_tui.streams import Give, given_by

AT_ONCE = 4
"""Subscriptions that are listed at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Scale sets as an answer brought them, each with its subscription; `counts` of these sets or of earlier ones."""

    scale_sets: tuple[tuple[ScaleSet, Subscription], ...] = ()
    counts: Mapping[ScaleSetId, InstanceCounts] = field(default_factory=dict)
    uncounted: str = ""
    """Why the overview lacks counts; empty when it is not known to lack any."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A subscription whose scale sets cannot be listed."""

    subscription: Subscription
    error: VmssTuiError

    @property
    def problem(self) -> SubscriptionProblem:
        """The same for people."""
        return SubscriptionProblem(self.subscription, self.error.message, self.error.hint)


@dataclass(frozen=True, slots=True)
class Listed:
    """Subscriptions, by their ids in lower case, all of whose sets have been given."""

    subscriptions: frozenset[str]
    lags: bool = False
    """Whether what was given may be a minute old."""


async def read_inventory(
    azure: Azure, subscriptions: Sequence[Subscription], *, overview: bool = True, named: str = ""
) -> AsyncGenerator[Found | Listed | Unreadable, None]:
    """The sets as they are found; without `overview` nothing is older than this read.

    A set may come twice: as the overview has it, and as its own subscription lists it. With a name, sets of other
    names need not be given.
    """
    places = {subscription.id.lower(): subscription for subscription in subscriptions}
    listed: set[str] = set()
    if overview and places:
        async for page in azure.overview(subscriptions, named=named):
            pairs = _with_places(page.scale_sets, places)
            if pairs or page.counts or page.uncounted:
                yield Found(scale_sets=pairs, counts=page.counts, uncounted=page.uncounted)
            if page.listed:
                listed |= page.listed
                yield Listed(page.listed, lags=True)
    rest = [subscription for key, subscription in places.items() if key not in listed]
    async with aclosing(_one_by_one(azure, rest)) as found:
        async for item in found:
            yield item


def _with_places(
    scale_sets: Iterable[ScaleSet], places: Mapping[str, Subscription]
) -> tuple[tuple[ScaleSet, Subscription], ...]:
    return tuple(
        (scale_set, place)
        for scale_set in scale_sets
        if (place := places.get(scale_set.id.subscription.lower())) is not None
    )


def _one_by_one(
    azure: Azure, subscriptions: Sequence[Subscription]
) -> AsyncGenerator[Found | Listed | Unreadable, None]:
    """A list of each, a few at a time; pages of all of them as they come."""
    room = asyncio.Semaphore(AT_ONCE)

    async def read(subscription: Subscription, give: Give[Found | Listed | Unreadable]) -> None:
        try:
            async with room:
                async for page in azure.scale_sets(subscription.id):
                    give(Found(scale_sets=tuple((scale_set, subscription) for scale_set in page)))
            give(Listed(frozenset((subscription.id.lower(),))))
        except VmssTuiError as error:
            give(Unreadable(subscription, error))

    return given_by(partial(read, subscription) for subscription in subscriptions)
