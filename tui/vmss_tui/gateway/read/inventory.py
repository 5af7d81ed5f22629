"""What the signed-in principal can see: tenants, subscriptions over all tenants, scale sets page by page.

Subscription-wide lists return the resource group upper-cased (recording `vmss_list_all_sub_UPPERCASE_rg`); names are
restored from the subscription's groups, read once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import quote

from vmss_tui.domain.fleet.ids import Identity, ScaleSetId, Subscription, Tenant, TenantProblem
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.errors import AzureError, Forbidden, SignInFailed, VmssTuiError
from vmss_tui.gateway.faults import from_exception, suggested_command
from vmss_tui.gateway.http.arm import RESOURCES_API, SUBSCRIPTIONS_API, Arm, ArmPart, compute_path, decoder
from vmss_tui.gateway.ownership import Group, GroupPage, Ownership, from_subscription
from vmss_tui.gateway.read import mapping, wire
from vmss_tui.ports import ReadsFleet

_SETS, _GROUPS = decoder(wire.SetPage), decoder(GroupPage)
_SUBSCRIPTION, _SUBSCRIPTIONS = decoder(wire.Subscription), decoder(wire.SubscriptionPage)
TENANTS_SECONDS = 60.0
"""How long a list of tenants is valid; they rarely change."""
_log = logging.getLogger("vmss_tui.gateway")


class FleetReader(ArmPart, ReadsFleet):
    """Reads what exists, over every tenant that gives a token."""

    def __init__(self, arm: Arm) -> None:
        super().__init__(arm)
        self._refused_tenants: set[str] = set()
        """Tenants that gave this sign-in no token, in lower case; they are not asked again."""
        self._listed_tenants: tuple[tuple[Tenant, ...], float] | None = None
        """The tenants, and when they were listed by the monotonic clock."""
        self._owners: dict[str, Ownership] = {}
        """Who else owns the sets of a subscription."""

    async def identity(self) -> Identity:
        """The identity that the token's claims name."""
        return await self.arm.sign_in.identity()

    async def tenants(self) -> tuple[Tenant, ...]:
        """Tenants of the signed-in principal; those of the last minute are not listed again."""
        now = self.arm.governor.clock.monotonic()
        if self._listed_tenants is not None and now - self._listed_tenants[1] < TENANTS_SECONDS:
            return self._listed_tenants[0]
        try:
            found = [tenant async for tenant in (await self.arm.directory()).tenants.list(kind="tenants")]
        except Exception as error:
            raise from_exception(error, "list the tenants", self.arm.cloud.host) from error
        tenants = tuple(
            Tenant(tenant.tenant_id or "", tenant.display_name or "", tenant.default_domain or "")
            for tenant in found
            if tenant.tenant_id
        )
        self._listed_tenants = (tenants, now)
        return tenants

    async def subscriptions(self) -> tuple[Subscription, ...]:
        """Subscriptions over every tenant that gives a token; those of the sign-in's own tenant come first.

        With an explicit tenant, only that one is read. A tenant that refuses this sign-in (a guest without access, a
        second factor) is named in the sign-in record, with the command to run.
        """
        if self.arm.sign_in.environment.asked_tenant:
            return tuple(await self._subscriptions_in(""))
        own, others = await asyncio.gather(self._subscriptions_in(""), self._other_tenants())
        found = {entry.id.lower(): entry for entry in own}
        lists = await asyncio.gather(*(self._visible_in(tenant) for tenant in others))
        for tenant, subscriptions in zip(others, lists, strict=True):
            for entry in subscriptions:
                if found.setdefault(entry.id.lower(), entry) is entry:
                    self.arm.tenant_of[entry.id.lower()] = tenant.id
        return tuple(found.values())

    async def subscription(self, subscription_id: str) -> Subscription:
        """One subscription, with the token of its tenant: Azure names that tenant when the sign-in's own is another."""
        return await read_subscription(self.arm, subscription_id)

    async def _other_tenants(self) -> list[Tenant]:
        home = (await self.arm.sign_in.identity()).tenant_id.lower()
        try:
            listed = await self.tenants()
        except AzureError as error:
            _log.info("other tenants are not read: %s", error)
            return []
        return [
            tenant for tenant in listed if tenant.id.lower() != home and tenant.id.lower() not in self._refused_tenants
        ]

    async def _visible_in(self, tenant: Tenant) -> list[Subscription]:
        key = tenant.id.lower()
        try:
            found = await self._subscriptions_in(tenant.id)
        except VmssTuiError as error:
            _log.info("tenant %s is not read: %s", tenant.id, error)
            self.arm.tenant_problems[key] = _tenant_problem(tenant, error)
            if isinstance(error, SignInFailed):
                self._refused_tenants.add(key)
            return []
        self.arm.tenant_problems.pop(key, None)
        return found

    async def _subscriptions_in(self, tenant: str) -> list[Subscription]:
        try:
            listed = (await self.arm.directory(tenant)).subscriptions.list(kind="subscriptions")
            return [
                Subscription(
                    id=entry.subscription_id or "",
                    name=entry.display_name or entry.subscription_id or "",
                    tenant_id=entry.tenant_id or tenant,
                    state=str(getattr(entry.state, "value", entry.state) or "Enabled"),
                )
                async for entry in listed
                if entry.subscription_id
            ]
        except Exception as error:
            raise from_exception(error, "list the subscriptions", self.arm.cloud.host) from error

    async def scale_sets(self, subscription_id: str) -> AsyncIterator[tuple[ScaleSet, ...]]:
        """The scale sets of a subscription, page by page; empty pages are skipped."""
        url = compute_path(subscription_id, None, "virtualMachineScaleSets")
        what = f"list the scale sets of subscription {subscription_id}"
        async for page in self.arm.pages(subscription_id, url, _SETS, what=what, kind="scale sets"):
            if not page.value:
                continue
            names = await self._group_names(subscription_id)
            owners = self._owners[subscription_id]
            mapped = (_with_group(self._mapped(entry, what), names) for entry in page.value if entry.id)
            yield tuple(map(owners.marked, mapped))

    def _mapped(self, entry: wire.ScaleSet, what: str) -> ScaleSet:
        try:
            return self.ruled(mapping.scale_set(entry))
        except ValueError as error:
            raise from_exception(error, what, self.arm.cloud.host) from error

    async def _group_names(self, subscription: str) -> dict[str, str]:
        """Resource groups as their owners typed them, empty when they cannot be listed; notes who else owns them."""
        known = self.arm.group_names.get(subscription)
        if known is not None and subscription in self._owners:
            return known
        url = f"/subscriptions/{subscription}/resourcegroups?api-version={RESOURCES_API}"
        what, groups = "list the resource groups", list[Group]()
        try:
            async for page in self.arm.pages(subscription, url, _GROUPS, what=what, kind="groups"):
                groups += page.value or ()
        except VmssTuiError as error:
            _log.info("resource groups of %s cannot be listed: %s", subscription, error)
        names = {group.name.lower(): group.name for group in groups if group.name}
        self.arm.group_names[subscription] = names
        self._owners[subscription] = await from_subscription(self.arm, subscription, groups)
        return names


async def read_subscription(arm: Arm, subscription_id: str) -> Subscription:
    """One subscription by its id. An account that may not read it may list it, for which any role below it is enough.

    Raises NotFound, Forbidden.
    """
    url = f"/subscriptions/{quote(subscription_id, safe='')}?api-version={SUBSCRIPTIONS_API}"
    what = f"read subscription {subscription_id}"
    try:
        found = (await arm.read(subscription_id, url, _SUBSCRIPTION, what=what, kind="subscriptions")).value
    except Forbidden:
        url = f"/subscriptions?api-version={SUBSCRIPTIONS_API}"
        pages = arm.pages(subscription_id, url, _SUBSCRIPTIONS, what=what, kind="subscriptions")
        listed = [entry async for page in pages for entry in page.value or ()]
        mine = [entry for entry in listed if (entry.subscription_id or "").lower() == subscription_id.lower()]
        if not mine:
            raise
        found = mine[0]
    return Subscription(
        id=found.subscription_id or subscription_id,
        name=found.display_name or subscription_id,
        tenant_id=found.tenant_id or "",
        state=found.state or "Enabled",
    )


def _tenant_problem(tenant: Tenant, error: VmssTuiError) -> TenantProblem:
    """Why a tenant is not read, and what to run; the command is in the hint of a refused sign-in."""
    return TenantProblem(tenant, error.message, suggested_command(error.hint))


def _with_group(found: ScaleSet, names: dict[str, str]) -> ScaleSet:
    target = found.id
    name = names.get(target.group.lower(), target.group)
    return found if name == target.group else replace(found, id=ScaleSetId(target.subscription, name, target.name))
