"""Who else has a say in scale sets: owners of their resource groups, and deny assignments.

A managed application, AKS, Databricks and the like keep their resources in a group whose `managedBy` names the owner,
and often put a deny assignment on it. Neither is a property of the scale set. Nothing here is needed, so nothing
raises: an owner that cannot be read is unknown. Sources: REST references of resource groups 2021-04-01 and of deny
assignments 2022-04-01; "Azure Resource Graph table and resource type reference" (groups are in ResourceContainers; deny
assignments are not listed for AuthorizationResources, and people query them there).
"""

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import quote

from vmss_tui.domain.fleet.governance import DenyAssignment
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.errors import VmssTuiError
from vmss_tui.gateway.http.arm import RESOURCES_API, Arm, decoder
from vmss_tui.gateway.read.resource_graph import ResourceGraph
from vmss_tui.gateway.read.wire import Wire
from vmss_tui.gateway.sign_in.claims import identity_of

DENIALS_API = "2022-04-01"
PATIENCE_SECONDS = 5.0
EVERYBODY = "00000000-0000-0000-0000-000000000000"
"""The principal of a deny assignment that holds for all."""
_GROUPS = (
    "ResourceContainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups'"
    " | where isnotempty(managedBy) | project id, managedBy | order by id asc"
)
_DENIALS = (
    "AuthorizationResources | where type =~ 'microsoft.authorization/denyassignments'"
    " | project id, name, properties | order by id asc"
)
_MARK = "/providers/microsoft.authorization/"
_log = logging.getLogger("vmss_tui.gateway")
T = TypeVar("T")


class Group(Wire):
    """A resource group."""

    id: str | None = None
    name: str | None = None
    managed_by: str | None = None


class GroupPage(Wire):
    """A page of resource groups."""

    value: list[Group] | None = None
    next_link: str | None = None


class _Denied(Wire):
    actions: list[str] | None = None
    not_actions: list[str] | None = None


class _Principal(Wire):
    id: str | None = None


class _DenialProperties(Wire):
    deny_assignment_name: str | None = None
    scope: str | None = None
    permissions: list[_Denied] | None = None
    principals: list[_Principal] | None = None
    exclude_principals: list[_Principal] | None = None
    do_not_apply_to_child_scopes: bool | None = None


class Denial(Wire):
    """A deny assignment."""

    id: str | None = None
    name: str | None = None
    properties: _DenialProperties | None = None


class DenialPage(Wire):
    """A page of deny assignments."""

    value: list[Denial] | None = None
    next_link: str | None = None


_GROUP, _DENIAL_PAGE = decoder(Group), decoder(DenialPage)


@dataclass(frozen=True, slots=True)
class Ownership:
    """The known owners: of resource groups by their ids in lower case, and what is denied to this account."""

    groups: Mapping[str, str] = field(default_factory=dict)
    denials: tuple[DenyAssignment, ...] = ()
    account: str = ""
    """Object id of the signed-in principal in the tenant."""

    def managed_by(self, target: ScaleSetId) -> str:
        """Id of the resource that manages the set's group; empty when none does."""
        return self.groups.get(f"/subscriptions/{target.subscription}/resourcegroups/{target.group}".lower(), "")

    def denied_by(self, target: ScaleSetId) -> str:
        """Name of the deny assignment that keeps the account from changing the set; empty when none does."""
        resource = str(target)
        return next((found.name for found in self.denials if found.holds_for(resource, self.account)), "")

    def denials_at(self, target: ScaleSetId) -> tuple[DenyAssignment, ...]:
        """The deny assignments that hold for the account at the set, for any action."""
        return tuple(found for found in self.denials if found.covers(str(target), self.account))

    def marked(self, scale_set: ScaleSet) -> ScaleSet:
        """A scale set with who else owns it."""
        owner, denied = scale_set.managed_by or self.managed_by(scale_set.id), self.denied_by(scale_set.id)
        if owner == scale_set.managed_by and denied == scale_set.denied_by:
            return scale_set
        return replace(scale_set, managed_by=owner, denied_by=denied)


async def from_graph(arm: Arm, graph: ResourceGraph, subscriptions: Sequence[str]) -> Ownership:
    """Of the subscriptions of one tenant, by one query each."""
    via = subscriptions[0]

    async def rows(query: str, row: type[T], what: str) -> list[T]:
        pages = graph.pages(query, row, via=via, subscriptions=subscriptions, what=what)
        return [found async for page in pages for found in page]

    groups, denials, account = await asyncio.gather(
        _or_none(rows(_GROUPS, Group, "list the owners of resource groups")),
        _or_none(rows(_DENIALS, Denial, "list the deny assignments")),
        _or_none(account_in(arm, via)),
    )
    return Ownership(owners_of(groups or ()), _mapped(denials or ()), account or "")


async def from_subscription(arm: Arm, subscription: str, groups: Iterable[Group]) -> Ownership:
    """Of one subscription whose groups have been listed."""
    scope = f"/subscriptions/{quote(subscription, safe='')}"
    return await _with_denials(arm, subscription, scope, owners_of(groups), below=True)


async def of_set(arm: Arm, target: ScaleSetId) -> Ownership:
    """Of one scale set."""
    path = f"/subscriptions/{quote(target.subscription, safe='')}/resourceGroups/{quote(target.group, safe='')}"
    what = f"read resource group {target.group}"
    url = f"{path}?api-version={RESOURCES_API}"
    group, found = await asyncio.gather(
        _or_none(arm.read(target.subscription, url, _GROUP, what=what, kind="groups")),
        _with_denials(arm, target.subscription, quote(str(target), safe="/()-._~"), {}),
    )
    return replace(found, groups=owners_of([group.value]) if group is not None else {})


async def _with_denials(
    arm: Arm, subscription: str, scope: str, groups: Mapping[str, str], *, below: bool = False
) -> Ownership:
    only = "" if below else f"&$filter={quote('atScope()', safe='()')}"
    url = f"{scope}/providers/Microsoft.Authorization/denyAssignments?api-version={DENIALS_API}{only}"

    async def listed() -> list[Denial]:
        what = "list the deny assignments"
        pages = arm.pages(subscription, url, _DENIAL_PAGE, what=what, kind="deny assignments")
        return [entry async for page in pages for entry in page.value or ()]

    denials, account = await asyncio.gather(_or_none(listed()), _or_none(account_in(arm, subscription)))
    return Ownership(groups, _mapped(denials or ()), account or "")


async def account_in(arm: Arm, subscription: str) -> str:
    """The principal's object id in the tenant of a subscription: a guest, or an application, has one in each tenant."""
    token = await arm.sign_in.token(arm.tenant_of.get(subscription.lower(), ""))
    return identity_of(token.token, "").object_id


def owners_of(groups: Iterable[Group]) -> dict[str, str]:
    """Owner by the id of its resource group in lower case, of groups that have one."""
    return {group.id.lower(): group.managed_by for group in groups if group.id and group.managed_by}


def _mapped(entries: Iterable[Denial]) -> tuple[DenyAssignment, ...]:
    """Those for everyone and for the scopes below; members of a group of principals are not known."""
    found = []
    for entry in entries:
        given = entry.properties or _DenialProperties()
        principals = {(principal.id or "").lower() for principal in given.principals or ()}
        if given.do_not_apply_to_child_scopes or EVERYBODY not in principals:
            continue
        at = (entry.id or "").lower().find(_MARK)
        found.append(
            DenyAssignment(
                given.deny_assignment_name or entry.name or "",
                given.scope or (entry.id or "")[: max(0, at)],
                tuple(
                    Permission(tuple(denied.actions or ()), tuple(denied.not_actions or ()))
                    for denied in given.permissions or ()
                ),
                frozenset((principal.id or "").lower() for principal in given.exclude_principals or ()),
            )
        )
    return tuple(found)


async def _or_none(reading: Awaitable[T]) -> T | None:
    """The answer, or None when it cannot be read in time."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await reading
    except (VmssTuiError, TimeoutError) as error:
        _log.info("who else owns scale sets is not wholly known: %s", str(error) or "no answer")
        return None
