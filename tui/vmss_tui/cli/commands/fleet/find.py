"""Finds scale sets by what users type: a resource id, `group/name`, or a name that is unique among the visible ones."""

import asyncio
import difflib
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass

from vmss_tui.cli import known_names
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import FleetSnapshot
from vmss_tui.errors import AzureError, NotUnique, Throttled, UsageError
from vmss_tui.ports import Azure, Clock

AT_ONCE = 4
"""Subscriptions that are read at the same time."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every scale set that can be seen; `problems` says which subscriptions could not be read, and why."""

    found: tuple[tuple[ScaleSet, Subscription], ...]
    problems: tuple[str, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()


async def everything(azure: Azure) -> Inventory:
    """Read all subscriptions. Raises what went wrong only when none of them could be read."""
    room = asyncio.Semaphore(AT_ONCE)

    async def read(subscription: Subscription) -> list[tuple[ScaleSet, Subscription]] | AzureError:
        async with room:
            try:
                return [
                    (scale_set, subscription) async for page in azure.scale_sets(subscription.id) for scale_set in page
                ]
            except AzureError as error:
                return error

    subscriptions = await azure.subscriptions()
    answers = await asyncio.gather(*(read(subscription) for subscription in subscriptions))
    failures = [answer for answer in answers if isinstance(answer, AzureError)]
    if failures and len(failures) == len(subscriptions):
        raise failures[0]
    problems = tuple(problem.sentence for problem in azure.sign_in_record().tenant_problems) + tuple(
        f"subscription {subscription.name} could not be read: {answer.message}"
        for subscription, answer in zip(subscriptions, answers, strict=True)
        if isinstance(answer, AzureError)
    )
    lists = (answer for answer in answers if not isinstance(answer, AzureError))
    found = tuple(scale_set for found in lists for scale_set in found)
    _remember((scale_set.id for scale_set, _ in found), subscriptions)
    return Inventory(found, problems, subscriptions)


def _remember(scale_sets: Iterable[ScaleSetId], subscriptions: Iterable[Subscription]) -> None:
    """Keep names for the completion of a shell."""
    known_names.remember((target.short for target in scale_sets), (place.tenant_id for place in subscriptions))


async def counted(azure: Azure, clock: Clock, *, idle_seconds: float) -> FleetSnapshot:
    """Everything with its counts, as fast as Azure's quota allows. Raises what kept it from being read at all."""
    from vmss_tui.engine.watch.fleet import FleetWatcher
    from vmss_tui.engine.watch.pace import WatchFailure

    async with aclosing(FleetWatcher(azure, clock, idle_seconds=idle_seconds).snapshots()) as snapshots:
        async for found in snapshots:
            if isinstance(found, WatchFailure) and not isinstance(found.error, Throttled):
                raise found.error
            if isinstance(found, FleetSnapshot) and found.complete:
                _remember((entry.id for entry in found.entries), found.subscriptions)
                return found
    return FleetSnapshot()


async def resolve(azure: Azure, text: str) -> ScaleSetId:
    """The scale set that `text` names.

    Raises UsageError when there is none (naming the nearest), NotUnique when there are several (listing them).
    """
    if text.startswith("/"):
        try:
            return ScaleSetId.parse(text)
        except ValueError as error:
            raise UsageError(str(error), hint="/subscriptions/…/virtualMachineScaleSets/NAME") from error
    inventory = await everything(azure)
    return pick(text, inventory)


async def subscription_of(azure: Azure, target: ScaleSetId) -> Subscription:
    """The subscription of a scale set; by its id alone when it cannot be read."""
    try:
        return await azure.subscription(target.subscription)
    except AzureError:
        return Subscription(target.subscription, target.subscription)


def pick(text: str, inventory: Inventory) -> ScaleSetId:
    """The one scale set of the inventory with this name, `group/name` or `subscription/group/name`."""
    wanted = tuple(part.casefold() for part in text.split("/"))
    if not 1 <= len(wanted) <= 3 or not all(wanted):
        raise UsageError(f"{text!r} does not name a scale set", hint="use NAME, GROUP/NAME or a resource id")
    matches = [(scale_set, place) for scale_set, place in inventory.found if _fits(wanted, scale_set.id, place)]
    if len(matches) == 1:
        return matches[0][0].id
    if matches:
        raise NotUnique(
            f"{len(matches)} scale sets have the name {text}", hint=f"name one: {_choices(matches, wanted)}"
        )
    raise UsageError(
        f"no scale set {text!r} among the {len(inventory.found)} visible ones", hint=_nearest(text, inventory)
    )


def _fits(wanted: tuple[str, ...], target: ScaleSetId, place: Subscription) -> bool:
    tail = (target.group.casefold(), target.name.casefold())
    if len(wanted) == 3:
        return wanted[0] in (place.id.casefold(), place.name.casefold()) and wanted[1:] == tail
    return wanted == tail[-len(wanted) :]


def _choices(matches: Iterable[tuple[ScaleSet, Subscription]], wanted: tuple[str, ...]) -> str:
    found = list(matches)
    short = [scale_set.id.short for scale_set, _ in found]
    if len({name.casefold() for name in short}) == len(short) and len(wanted) == 1:
        return ", ".join(short[:6])
    return ", ".join(f"{place.name}/{scale_set.id.short}" for scale_set, place in found[:6])


def _nearest(text: str, inventory: Inventory) -> str:
    names = {scale_set.id.name.casefold(): scale_set.id.short for scale_set, _ in inventory.found}
    near = difflib.get_close_matches(text.rsplit("/", 1)[-1].casefold(), names, n=3, cutoff=0.5)
    also = f"; did you mean {' or '.join(names[name] for name in near)}?" if near else ""
    unread = f"; {inventory.problems[0]}" if inventory.problems else ""
    return f"`vmss-tui list` lists them{also}{unread}"
