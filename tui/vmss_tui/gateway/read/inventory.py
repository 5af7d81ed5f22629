"""What can be seen: tenants, subscriptions over all tenants, scale sets page by page, one set, its latest roll.

Subscription-wide lists return the resource group upper-cased (recording `vmss_list_all_sub_UPPERCASE_rg`); names are
mended from the subscription's groups, read once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription, Tenant
from vmss_tui.domain.fleet.rolling_upgrade import RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.errors import AzureError, Conflict, NotFound, SignInFailed, VmssTuiError
from vmss_tui.gateway.faults import from_exception
from vmss_tui.gateway.http.arm import RESOURCES_API, Arm, compute_path, decode_any, decoder, path_of
from vmss_tui.gateway.read import mapping, wire

_SETS = decoder(wire.SetPage)
_SET = decoder(wire.ScaleSet)
_VIEW = decoder(wire.ScaleSetView)
_UPGRADE = decoder(wire.Upgrade)
_GONE = ("ResourceNotFound", "ResourceGroupNotFound", "ParentResourceNotFound", "SubscriptionNotFound")
_log = logging.getLogger("vmss_tui.gateway")


async def tenants(arm: Arm) -> tuple[Tenant, ...]:
    """Tenants of the signed-in principal."""
    try:
        found = [each async for each in arm.directory().tenants.list(kind="tenants")]
    except Exception as error:
        raise from_exception(error, "list the tenants", arm.cloud.host) from error
    return tuple(
        Tenant(each.tenant_id or "", each.display_name or "", each.default_domain or "")
        for each in found
        if each.tenant_id
    )


async def subscriptions(arm: Arm, only_tenant: str = "") -> tuple[Subscription, ...]:
    """Subscriptions over every tenant that gives a token; those of the sign-in's own tenant come first.

    A tenant that refuses this sign-in (a guest without access, a second factor) is left out.
    """
    found = {each.id.lower(): each for each in await _subscriptions(arm, "")}
    if only_tenant:
        return tuple(found.values())
    others = await _other_tenants(arm)
    for tenant, more in zip(others, await asyncio.gather(*(_of_tenant(arm, each) for each in others)), strict=True):
        for each in more:
            if found.setdefault(each.id.lower(), each) is each:
                arm.tenant_of[each.id.lower()] = tenant
    return tuple(found.values())


async def _other_tenants(arm: Arm) -> list[str]:
    home = (await arm.sign_in.identity()).tenant_id.lower()
    try:
        listed = await tenants(arm)
    except AzureError as error:
        _log.info("other tenants are left out: %s", error)
        return []
    return [each.id for each in listed if each.id.lower() != home and each.id not in arm.refused_tenants]


async def _of_tenant(arm: Arm, tenant: str) -> list[Subscription]:
    try:
        return await _subscriptions(arm, tenant)
    except (SignInFailed, AzureError) as error:
        _log.info("tenant %s is left out: %s", tenant, error)
        if isinstance(error, SignInFailed):
            arm.refused_tenants.add(tenant)
        return []


async def _subscriptions(arm: Arm, tenant: str) -> list[Subscription]:
    try:
        listed = arm.directory(tenant).subscriptions.list(kind="subscriptions")
        return [
            Subscription(
                id=each.subscription_id or "",
                name=each.display_name or each.subscription_id or "",
                tenant_id=each.tenant_id or tenant,
                state=str(getattr(each.state, "value", each.state) or "Enabled"),
            )
            async for each in listed
            if each.subscription_id
        ]
    except Exception as error:
        raise from_exception(error, "list the subscriptions", arm.cloud.host) from error


async def scale_sets(arm: Arm, subscription: str) -> AsyncIterator[tuple[ScaleSet, ...]]:
    """The scale sets of a subscription, page by page; empty pages are passed over."""
    url = compute_path(subscription, None, "virtualMachineScaleSets")
    what = f"list the scale sets of subscription {subscription}"
    async for page in arm.pages(subscription, url, _SETS, what=what, kind="scale sets"):
        if not page.value:
            continue
        names = await _group_names(arm, subscription)
        yield tuple(_mended(_mapped(arm, each, what), names) for each in page.value if each.id)


def _mapped(arm: Arm, found: wire.ScaleSet, what: str, **more: Any) -> ScaleSet:
    try:
        return mapping.scale_set(found, **more)
    except ValueError as error:
        raise from_exception(error, what, arm.cloud.host) from error


async def _group_names(arm: Arm, subscription: str) -> dict[str, str]:
    """Resource groups as their owners typed them; empty when they cannot be listed."""
    known = arm.group_names.get(subscription)
    if known is not None:
        return known
    names: dict[str, str] = {}
    url: str | None = f"/subscriptions/{subscription}/resourcegroups?api-version={RESOURCES_API}"
    try:
        while url:
            page = (await arm.read(subscription, url, decode_any, what="list the resource groups", kind="groups")).value
            names |= {each["name"].lower(): each["name"] for each in page.get("value") or () if each.get("name")}
            url = page.get("nextLink")
    except VmssTuiError as error:
        _log.info("resource groups of %s cannot be listed: %s", subscription, error)
    arm.group_names[subscription] = names
    return names


def _mended(found: ScaleSet, names: dict[str, str]) -> ScaleSet:
    target = found.id
    name = names.get(target.group.lower(), target.group)
    return found if name == target.group else replace(found, id=ScaleSetId(target.subscription, name, target.name))


async def scale_set(arm: Arm, target: ScaleSetId) -> ScaleSet:
    """A set's model, policy and etag; with automatic repairs on, also whether they are suspended (one more call)."""
    what = f"read scale set {target.short}"
    answer = await arm.read(target.subscription, path_of(target), _SET, what=what, kind="scale set")
    etag = answer.headers.get("ETag", "")
    repairs = answer.value.properties.automatic_repairs_policy if answer.value.properties else None
    held = False
    if repairs is not None and repairs.enabled:
        held = await _repairs_suspended(arm, target, answer.value)
    if not answer.value.id:
        answer.value.id = str(target)
    return _mapped(arm, answer.value, what, etag=etag, repairs_suspended=held)


async def _repairs_suspended(arm: Arm, target: ScaleSetId, found: wire.ScaleSet) -> bool:
    mode = found.properties.orchestration_mode if found.properties else None
    if (mode or "").lower() == Orchestration.FLEXIBLE.value.lower():
        return False
    try:
        view = await arm.read(
            target.subscription,
            path_of(target, "instanceView"),
            _VIEW,
            what=f"read the state of {target.short}",
            kind="set view",
        )
    except AzureError as error:
        _log.info("whether repairs of %s are suspended is unknown: %s", target.short, error)
        return False
    return mapping.suspended(view.value)


async def latest_upgrade(arm: Arm, target: ScaleSetId) -> RollingUpgrade | None:
    """The latest rolling upgrade; None when there never was one (404 or 409, whichever Azure prefers)."""
    url = path_of(target, "rollingUpgrades", "latest")
    what = f"read the rolling upgrade of {target.short}"
    try:
        return mapping.upgrade((await arm.read(target.subscription, url, _UPGRADE, what=what, kind="upgrade")).value)
    except NotFound as error:
        if error.code in _GONE:
            raise
        return None
    except Conflict:
        return None
