"""Whether the signed-in account can change anything of a fleet, by as few permission reads as will do."""

import asyncio
from collections.abc import Iterable

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rights import may_write
from vmss_tui.ports import ReadsGovernance

MOST_SCOPES = 40
"""Permission reads for one answer: each costs one read of the subscription's quota."""


async def only_reads(azure: ReadsGovernance, targets: Iterable[ScaleSetId]) -> bool:
    """Whether the account may change no scale set in the subscriptions and groups of these sets.

    False as soon as one scope allows a change, cannot be read, or there are too many scopes to ask. A role on a single
    set is not seen here; the set's own permissions say so when it is opened.
    """
    known = list(targets)
    subscriptions = sorted({target.subscription.casefold() for target in known})
    groups = sorted({(target.subscription.casefold(), target.group.casefold()) for target in known})
    if not known or len(subscriptions) + len(groups) > MOST_SCOPES:
        return False
    for scopes in ([(subscription, "") for subscription in subscriptions], groups):
        answers = await asyncio.gather(*(azure.permissions(subscription, group) for subscription, group in scopes))
        if any(answer is None or may_write(answer) for answer in answers):
            return False
    return True
