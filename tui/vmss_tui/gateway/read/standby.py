"""Standby pools of a subscription: VMs that are ready to be moved into a scale set; kept for some minutes.

Beside the point when they cannot be read, so nothing here raises; None means unknown. Where the provider is not
registered there is no pool. Shapes: `Microsoft.StandbyPool/standbyVirtualMachinePools` 2024-03-01.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from vmss_tui.domain.fleet.governance import StandbyPool
from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.errors import AzureError, VmssTuiError
from vmss_tui.gateway.http.arm import Arm, decoder
from vmss_tui.gateway.read.wire import Wire

API = "2024-03-01"
KEPT_SECONDS = 300.0
PATIENCE_SECONDS = 8.0
_UNREGISTERED = (
    "MissingSubscriptionRegistration",
    "SubscriptionNotRegistered",
    "NoRegisteredProviderFound",
    "InvalidResourceType",
    "InvalidResourceNamespace",
)
_log = logging.getLogger("vmss_tui.gateway")


class Elasticity(Wire):
    """How many VMs are kept ready."""

    max_ready_capacity: int | None = None
    min_ready_capacity: int | None = None


class PoolProperties(Wire):
    """Which scale set takes VMs from the pool, and in which state they wait."""

    attached_virtual_machine_scale_set_id: str | None = None
    elasticity_profile: Elasticity | None = None
    virtual_machine_state: str | None = None


class Pool(Wire):
    """A standby pool."""

    id: str | None = None
    name: str | None = None
    properties: PoolProperties | None = None


class PoolPage(Wire):
    """A page of a list."""

    value: list[Pool] | None = None
    next_link: str | None = None


_PAGE = decoder(PoolPage)


@dataclass(slots=True)
class StandbyPools:
    """Pools by subscription; one list serves every set of it for `KEPT_SECONDS`, and so does a refusal."""

    arm: Arm
    _kept: dict[str, tuple[float, tuple[Pool, ...] | None]] = field(default_factory=dict)
    _reading: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def of(self, target: ScaleSetId) -> tuple[StandbyPool, ...] | None:
        """The pools that are attached to a scale set; None when they could not be read. Never raises."""
        key = target.subscription.lower()
        async with self._reading.setdefault(key, asyncio.Lock()):
            kept, now = self._kept.get(key), self.arm.governor.clock.monotonic()
            if kept is None or now - kept[0] > KEPT_SECONDS:
                kept = self._kept[key] = (now, await self._read(target.subscription))
        return None if kept[1] is None else _attached(kept[1], target)

    async def _read(self, subscription: str) -> tuple[Pool, ...] | None:
        url = (
            f"/subscriptions/{subscription}/providers/Microsoft.StandbyPool/standbyVirtualMachinePools"
            f"?api-version={API}"
        )
        pages = self.arm.pages(subscription, url, _PAGE, what="read the standby pools", kind="standby pools")
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return tuple([pool async for page in pages for pool in page.value or ()])
        except (VmssTuiError, TimeoutError) as error:
            if isinstance(error, AzureError) and error.code in _UNREGISTERED:
                return ()
            _log.info("standby pools are unknown: %s", str(error) or "no answer")
            return None


def _attached(pools: Sequence[Pool], target: ScaleSetId) -> tuple[StandbyPool, ...]:
    found, wanted = [], str(target).lower()
    for pool in pools:
        properties = pool.properties or PoolProperties()
        if (properties.attached_virtual_machine_scale_set_id or "").rstrip("/").lower() == wanted:
            size = properties.elasticity_profile or Elasticity()
            found.append(
                StandbyPool(
                    pool.name or "",
                    minimum=size.min_ready_capacity or 0,
                    maximum=size.max_ready_capacity or 0,
                    state=properties.virtual_machine_state or "",
                    id=pool.id or "",
                )
            )
    return tuple(found)
