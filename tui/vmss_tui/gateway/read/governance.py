"""Permissions, locks, policy assignments, standby pools, the subscription and the activity log of a scale set.

All of it makes a plan better and none of it is needed, so nothing here raises: what cannot be read says why.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from vmss_tui.domain.fleet.governance import Activity, ActivityLog, Governance, Lock, LockLevel, PolicyAssignment
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.errors import Forbidden, VmssTuiError
from vmss_tui.gateway import ownership
from vmss_tui.gateway.http.arm import Arm, ArmPart, decoder
from vmss_tui.gateway.read.inventory import read_subscription
from vmss_tui.gateway.read.mapping import moment
from vmss_tui.gateway.read.standby import StandbyPools
from vmss_tui.gateway.read.wire import Wire
from vmss_tui.ports import ReadsGovernance

PERMISSIONS_API, LOCKS_API, POLICIES_API, ACTIVITY_API = "2022-04-01", "2020-05-01", "2022-06-01", "2015-04-01"
PATIENCE_SECONDS = 8.0
MOST_ENTRIES = 200
_log = logging.getLogger("vmss_tui.gateway")
_LEVELS = {level.value.lower(): level for level in LockLevel}
_LOCKS_PART = "/providers/microsoft.authorization/locks/"


class PermissionEntry(Wire):
    """One entry of a permissions answer."""

    actions: list[str] | None = None
    not_actions: list[str] | None = None


class PermissionPage(Wire):
    """A page of permissions."""

    value: list[PermissionEntry] | None = None
    next_link: str | None = None


class LockProperties(Wire):
    """What a lock forbids, and why."""

    level: str | None = None
    notes: str | None = None


class LockEntry(Wire):
    """A management lock; its id begins with the scope where it was put."""

    id: str | None = None
    name: str | None = None
    properties: LockProperties | None = None


class LockPage(Wire):
    """A page of locks."""

    value: list[LockEntry] | None = None
    next_link: str | None = None


class PolicyParameter(Wire):
    """The value of a parameter."""

    value: Any = None


class PolicyProperties(Wire):
    """The assignments by scope; the effect is often a parameter of the definition."""

    display_name: str | None = None
    scope: str | None = None
    not_scopes: list[str] | None = None
    enforcement_mode: str | None = None
    parameters: dict[str, PolicyParameter] | None = None


class PolicyIdentity(Wire):
    """The managed identity by which an assignment changes or deploys something."""

    type: str | None = None


class PolicyEntry(Wire):
    """A policy assignment."""

    name: str | None = None
    identity: PolicyIdentity | None = None
    properties: PolicyProperties | None = None


class PolicyPage(Wire):
    """A page of policy assignments."""

    value: list[PolicyEntry] | None = None
    next_link: str | None = None


class Localizable(Wire):
    """A word with its translation."""

    value: str | None = None


class ActivityEntry(Wire):
    """An event of the activity log."""

    event_timestamp: str | None = None
    caller: str | None = None
    operation_name: Localizable | None = None
    status: Localizable | None = None
    correlation_id: str | None = None


class ActivityPage(Wire):
    """A page of the activity log."""

    value: list[ActivityEntry] | None = None
    next_link: str | None = None


_PERMISSIONS, _LOCKS, _POLICIES = decoder(PermissionPage), decoder(LockPage), decoder(PolicyPage)
_ACTIVITY = decoder(ActivityPage)


class GovernanceReader(ArmPart, ReadsGovernance):
    """Reads what is allowed, locked and was done."""

    def __init__(self, arm: Arm) -> None:
        super().__init__(arm)
        self._standby = StandbyPools(arm)

    async def governance(self, target: ScaleSetId) -> Governance:
        """See the port."""
        found, subscription, policies, pools, owners = await asyncio.gather(
            self._rights_and_locks(target),
            self._subscription(target),
            self._policies(target),
            self._standby.of(target),
            ownership.of_set(self.arm, target),
        )
        return replace(
            found,
            subscription=subscription,
            policies=policies,
            standby_pools=pools,
            managed_by=owners.managed_by(target),
            denied_by=owners.denied_by(target),
            denials=owners.denials_at(target),
        )

    async def _rights_and_locks(self, target: ScaleSetId) -> Governance:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                permissions, locks = await asyncio.gather(
                    self._permissions(target.subscription, str(target), target.short), self._locks(target)
                )
        except (VmssTuiError, TimeoutError) as error:
            _log.info("permissions and locks of %s are unknown: %s", target.short, str(error) or "no answer")
            return Governance(unknown=_why(error))
        return Governance(permissions=permissions, locks=locks)

    async def _policies(self, target: ScaleSetId) -> tuple[PolicyAssignment, ...] | None:
        """The assignments to the set and above it; None when it cannot be read."""
        wanted = quote("atScope()", safe="()")
        path = f"{_scope(target)}/providers/Microsoft.Authorization/policyAssignments"
        url = f"{path}?api-version={POLICIES_API}&$filter={wanted}"
        what = f"read the policy assignments of {target.short}"
        pages = self.arm.pages(target.subscription, url, _POLICIES, what=what, kind="policy assignments")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return tuple(
                    [
                        _assignment(entry)
                        async for page in pages
                        for entry in page.value or ()
                        if not _is_exempt(target, entry)
                    ]
                )
        except (VmssTuiError, TimeoutError) as error:
            _log.info("policy assignments of %s are unknown: %s", target.short, str(error) or "no answer")
            return None

    async def activity(self, target: ScaleSetId, since: datetime) -> ActivityLog:
        """See the port."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                identity = await self.arm.sign_in.identity()
                here = await ownership.account_in(self.arm, target.subscription)
                mine = {name.casefold() for name in (identity.name, identity.object_id, here) if name}
                entries = [
                    replace(entry, by_me=entry.caller.casefold() in mine)
                    async for entry in self._changes(target, since)
                ]
        except (VmssTuiError, TimeoutError) as error:
            _log.info("the activity log of %s is unknown: %s", target.short, str(error) or "no answer")
            return ActivityLog(unknown=_why(error))
        return ActivityLog(tuple(sorted(entries, key=lambda entry: entry.at, reverse=True)))

    async def _subscription(self, target: ScaleSetId) -> Subscription | None:
        """The subscription with its state; None when it cannot be read, which many roles do not allow."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await read_subscription(self.arm, target.subscription)
        except (VmssTuiError, TimeoutError) as error:
            _log.info("the state of subscription %s is unknown: %s", target.subscription, str(error) or "no answer")
            return None

    async def permissions(
        self, subscription: str, group: str = "", resource: str = ""
    ) -> tuple[Permission, ...] | None:
        """See the port."""
        scope = resource or f"/subscriptions/{subscription}" + (f"/resourceGroups/{group}" if group else "")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._permissions(subscription, scope, scope)
        except (VmssTuiError, TimeoutError) as error:
            _log.info("permissions on %s are unknown: %s", scope, str(error) or "no answer")
            return None

    async def _permissions(self, subscription: str, scope: str, name: str) -> tuple[Permission, ...]:
        path = f"{quote(scope, safe='/()-._~')}/providers/Microsoft.Authorization/permissions"
        url = f"{path}?api-version={PERMISSIONS_API}"
        what = f"read the permissions on {name}"
        pages = self.arm.pages(subscription, url, _PERMISSIONS, what=what, kind="permissions")
        return tuple(
            [
                Permission(tuple(entry.actions or ()), tuple(entry.not_actions or ()))
                async for page in pages
                for entry in page.value or ()
            ]
        )

    async def _locks(self, target: ScaleSetId) -> tuple[Lock, ...]:
        wanted = quote("atScope()", safe="()")
        url = f"{_scope(target)}/providers/Microsoft.Authorization/locks?api-version={LOCKS_API}&$filter={wanted}"
        what = f"read the locks of {target.short}"
        pages = self.arm.pages(target.subscription, url, _LOCKS, what=what, kind="locks")
        return tuple([lock async for page in pages for entry in page.value or () if (lock := _lock(entry)) is not None])

    async def _changes(self, target: ScaleSetId, since: datetime) -> AsyncIterator[Activity]:
        wanted = quote(f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}' and resourceUri eq '{target}'", safe="'()/:")
        url = (
            f"/subscriptions/{target.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
            f"?api-version={ACTIVITY_API}&$filter={wanted}"
        )
        what = f"read the activity log of {target.short}"
        count = 0
        async for page in self.arm.pages(target.subscription, url, _ACTIVITY, what=what, kind="activity log"):
            for entry in page.value or ():
                change = _change(entry)
                if change is not None:
                    count += 1
                    yield change
            if count >= MOST_ENTRIES:
                return


def _scope(target: ScaleSetId) -> str:
    return quote(str(target), safe="/()-._~")


def _lock(entry: LockEntry) -> Lock | None:
    properties = entry.properties or LockProperties()
    level = _LEVELS.get((properties.level or "").lower())
    if level is None:
        return None
    where = entry.id or ""
    at = where.lower().find(_LOCKS_PART)
    return Lock(entry.name or "", level, where[:at] if at >= 0 else where, properties.notes or "")


def _assignment(entry: PolicyEntry) -> PolicyAssignment:
    properties = entry.properties or PolicyProperties()
    parameters = {name.lower(): found.value for name, found in (properties.parameters or {}).items()}
    return PolicyAssignment(
        properties.display_name or entry.name or "",
        properties.scope or "",
        str(parameters.get("effect") or ""),
        (properties.enforcement_mode or "").lower() != "donotenforce",
        (entry.identity or PolicyIdentity()).type not in (None, "", "None"),
    )


def _is_exempt(target: ScaleSetId, entry: PolicyEntry) -> bool:
    """Whether the assignment excludes the set or a scope above it."""
    below = f"{target}/".casefold()
    exempt = (entry.properties or PolicyProperties()).not_scopes or ()
    return any(below.startswith(f"{scope.rstrip('/')}/".casefold()) for scope in exempt if scope)


def _change(entry: ActivityEntry) -> Activity | None:
    at = moment(entry.event_timestamp)
    if at is None:
        return None
    return Activity(
        at=at,
        caller=entry.caller or "",
        operation=(entry.operation_name or Localizable()).value or "",
        status=(entry.status or Localizable()).value or "",
        correlation_id=entry.correlation_id or "",
    )


def _why(error: BaseException) -> str:
    if isinstance(error, Forbidden):
        return "no right to read it"
    return "it could not be read" if str(error) else "no answer"
