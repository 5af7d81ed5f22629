"""Finds scale sets by what users type: a resource id, `group/name`, or a name that is unique among the visible ones."""

import difflib
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import assert_never

from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import InstanceCounts
from vmss_tui.engine.inventory import Found, Listed, Unreadable, read_inventory
from vmss_tui.errors import AzureError, NotUnique, UsageError
from vmss_tui.ports import Azure
from vmss_tui.text import counted, listed


@dataclass(frozen=True, slots=True)
class Inventory:
    """Every scale set that can be seen; `problems` says which subscriptions could not be read, and why."""

    found: tuple[tuple[ScaleSet, Subscription], ...]
    problems: tuple[str, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    counts: Mapping[ScaleSetId, InstanceCounts] = field(default_factory=dict)
    """What an overview says of instances; may be a minute old."""
    lags: bool = False
    """Whether the sets may be a minute old as well."""
    uncounted: str = ""
    """Why the overview lacks counts; empty when it is not known to lack any."""
    within: str = ""
    """The only subscription that was looked at, as it was named; empty for all."""


async def everything(azure: Azure, *, within: str | None = None, overview: bool = True, named: str = "") -> Inventory:
    """Read all subscriptions, or the one that `within` names; without `overview` nothing is older than this read.

    With a name, sets of other names may be missing.

    Raises what went wrong only when none of them could be read, and UsageError for a subscription that is not visible.
    """
    subscriptions = await azure.subscriptions()
    if within:
        subscriptions = _subscriptions_named(within, subscriptions)
    sets: dict[ScaleSetId, tuple[ScaleSet, Subscription]] = {}
    counts: dict[ScaleSetId, InstanceCounts] = {}
    failed: list[Unreadable] = []
    lags, uncounted = False, ""
    async with aclosing(read_inventory(azure, subscriptions, overview=overview, named=named)) as inventory:
        async for answer in inventory:
            match answer:
                case Found():
                    sets |= {scale_set.id: (scale_set, place) for scale_set, place in answer.scale_sets}
                    counts |= answer.counts
                    uncounted = uncounted or answer.uncounted
                case Unreadable():
                    failed.append(answer)
                case Listed():
                    lags |= answer.lags
                case _:
                    assert_never(answer)
    if failed and len(failed) == len(subscriptions):
        raise failed[0].error
    tenants = azure.sign_in_record().tenant_problems
    problems = (*(it.sentence for it in tenants), *(it.problem.sentence for it in failed))
    return Inventory(tuple(sets.values()), problems, subscriptions, counts, lags, uncounted, within or "")


async def resolve(azure: Azure, text: str, *, within: str | None = None) -> ScaleSetId:
    """The scale set that `text` names, in the subscription that `within` names.

    Raises UsageError when there is none (naming the nearest), NotUnique when there are several (listing them).
    """
    if text.startswith("/"):
        try:
            target = ScaleSetId.parse(text)
        except ValueError as error:
            raise UsageError(str(error), hint="/subscriptions/…/virtualMachineScaleSets/NAME") from error
        if within:
            await _require_within(azure, target, within)
        return target
    inventory = await everything(azure, within=within, named=_parts(text)[-1])
    if inventory.lags and not _matches(text, inventory):
        inventory = await everything(azure, within=within, overview=False)
    return pick(text, inventory)


async def _require_within(azure: Azure, target: ScaleSetId, within: str) -> None:
    """Raise UsageError for a resource id of another subscription than the one asked for."""
    own = target.subscription.casefold()
    if own == within.casefold():
        return
    chosen = _subscriptions_named(within, await azure.subscriptions())
    if own not in {place.id.casefold() for place in chosen}:
        raise UsageError(
            f"{target.name} is in the subscription {target.subscription}, not in {within}",
            hint="leave --subscription out: a resource id names its own",
        )


def _subscriptions_named(wanted: str, visible: Sequence[Subscription]) -> tuple[Subscription, ...]:
    """The subscriptions of this name or id, without regard to case. Raises UsageError that names the nearest."""
    found = tuple(it for it in visible if wanted.casefold() in (it.id.casefold(), it.name.casefold()))
    if not found:
        names = {it.name.casefold(): it.name for it in visible}
        near = difflib.get_close_matches(wanted.casefold(), names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(names[name] for name in near)}?" if near else ""
        seen = f"visible: {listed(sorted(names.values()))}" if names else "no subscription is visible"
        raise UsageError(f"no subscription {wanted!r} among {counted(len(visible), 'visible one')}", hint=hint or seen)
    return found


async def subscription_of(azure: Azure, target: ScaleSetId) -> Subscription:
    """The subscription of a scale set; by its id alone when it cannot be read."""
    try:
        return await azure.subscription(target.subscription)
    except AzureError:
        return Subscription(target.subscription, target.subscription)


def pick(text: str, inventory: Inventory) -> ScaleSetId:
    """The one scale set of the inventory with this name, `group/name` or `subscription/group/name`.

    Raises UsageError when there is none (naming the nearest), NotUnique when there are several (listing them).
    """
    matches = _matches(text, inventory)
    if len(matches) == 1:
        return matches[0][0].id
    if matches:
        raise NotUnique(
            f"{len(matches)} scale sets have the name {text}", hint=f"name one: {_choices(matches, _parts(text))}"
        )
    place = f" of the subscription {inventory.within}" if inventory.within else ""
    raise UsageError(
        f"no scale set {text!r} among {counted(len(inventory.found), 'visible one')}{place}",
        hint=_nearest(text, inventory),
    )


def _matches(text: str, inventory: Inventory) -> list[tuple[ScaleSet, Subscription]]:
    wanted = _parts(text)
    return [(scale_set, place) for scale_set, place in inventory.found if _fits(wanted, scale_set.id, place)]


def _parts(text: str) -> tuple[str, ...]:
    """The parts of a name. Raises UsageError when it cannot be one."""
    wanted = tuple(part.casefold() for part in text.split("/"))
    if not 1 <= len(wanted) <= 3 or not all(wanted):
        raise UsageError(f"{text!r} does not name a scale set", hint="use NAME, GROUP/NAME or a resource id")
    return wanted


def _fits(wanted: tuple[str, ...], target: ScaleSetId, place: Subscription) -> bool:
    tail = (target.group.casefold(), target.name.casefold())
    if len(wanted) == 3:
        return wanted[0] in (place.id.casefold(), place.name.casefold()) and wanted[1:] == tail
    return wanted == tail[-len(wanted) :]


def _choices(matches: Iterable[tuple[ScaleSet, Subscription]], wanted: tuple[str, ...]) -> str:
    found = list(matches)
    short = [scale_set.id.short for scale_set, _ in found]
    if len({name.casefold() for name in short}) == len(short) and len(wanted) == 1:
        return listed(short, 6)
    return listed((f"{place.name}/{scale_set.id.short}" for scale_set, place in found), 6)


def _nearest(text: str, inventory: Inventory) -> str:
    names = {scale_set.id.name.casefold(): scale_set.id.short for scale_set, _ in inventory.found}
    near = difflib.get_close_matches(text.rsplit("/", 1)[-1].casefold(), names, n=3, cutoff=0.5)
    also = f"; did you mean {' or '.join(names[name] for name in near)}?" if near else ""
    unread = f"; {inventory.problems[0]}" if inventory.problems else ""
    only = f" --subscription {shlex.quote(inventory.within)}" if inventory.within else ""
    return f"`vmss-tui list{only}` lists them{also}{unread}"
