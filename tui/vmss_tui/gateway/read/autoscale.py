"""Autoscale settings of a resource group, read through the compute client's pipeline and kept for some minutes.

They are beside the point when they cannot be read: no right, no such provider in this cloud, no answer soon. So nothing
here raises; an unknown value has its reason. Shapes: "Autoscale Settings" of the Azure Monitor REST reference,
2022-10-01.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.errors import Forbidden, VmssTuiError
from vmss_tui.gateway.http.arm import Arm, decoder
from vmss_tui.gateway.read.wire import Wire

API = "2022-10-01"
KEPT_SECONDS = 300.0
PATIENCE_SECONDS = 8.0
"""The longest wait for a detail that may stay unknown."""
_log = logging.getLogger("vmss_tui.gateway")


class Capacity(Wire):
    """Bounds of one profile, in instances; Azure writes them as texts."""

    minimum: int | None = None
    maximum: int | None = None


class Profile(Wire):
    """One schedule of a setting."""

    capacity: Capacity | None = None


class SettingProperties(Wire):
    """What a setting does to which resource."""

    enabled: bool | None = None
    target_resource_uri: str | None = None
    profiles: list[Profile] | None = None


class Setting(Wire):
    """An autoscale setting."""

    properties: SettingProperties | None = None


class SettingPage(Wire):
    """A page of a list."""

    value: list[Setting] | None = None
    next_link: str | None = None


_PAGE = decoder(SettingPage)
_Settings = tuple[SettingProperties, ...]


@dataclass(slots=True)
class AutoscaleSettings:
    """Settings by group; one call serves every set of a group for `KEPT_SECONDS`, and so does a refusal."""

    arm: Arm
    _kept: dict[tuple[str, str], tuple[float, _Settings | Autoscale]] = field(default_factory=dict)
    _locks: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    async def of(self, target: ScaleSetId) -> Autoscale | None:
        """The setting of a scale set, None when it has none; never raises."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                found = await self._of_group(target)
        except (VmssTuiError, TimeoutError) as error:
            _log.info("autoscale of %s is unknown: %s", target.short, str(error) or "no answer")
            return Autoscale(unknown="it could not be read")
        return found if isinstance(found, Autoscale) else setting_of(found, target)

    async def _of_group(self, target: ScaleSetId) -> _Settings | Autoscale:
        key = (target.subscription.lower(), target.group.lower())
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept, now = self._kept.get(key), self.arm.governor.clock.monotonic()
            if kept is None or now - kept[0] > KEPT_SECONDS:
                kept = self._kept[key] = (now, await self._read(target))
            return kept[1]

    async def _read(self, target: ScaleSetId) -> _Settings | Autoscale:
        what = f"read the autoscale settings of {target.group}"
        pages = self.arm.pages(target.subscription, _url(target), _PAGE, what=what, kind="autoscale")
        try:
            return tuple(
                [setting.properties async for page in pages for setting in page.value or () if setting.properties]
            )
        except Forbidden as error:
            _log.info("autoscale is unknown: %s", error)
            return Autoscale(unknown="no right to read it")


def setting_of(found: Sequence[SettingProperties], target: ScaleSetId) -> Autoscale | None:
    """The setting that targets a set; its schedules' bounds taken together. One that is on wins."""
    wanted = str(target).lower()
    own = [setting for setting in found if (setting.target_resource_uri or "").rstrip("/").lower() == wanted]
    if not own:
        return None
    chosen = max(own, key=lambda setting: bool(setting.enabled))
    bounds = [profile.capacity for profile in chosen.profiles or () if profile.capacity is not None]
    return Autoscale(
        enabled=bool(chosen.enabled),
        minimum=min((bound.minimum or 0 for bound in bounds), default=0),
        maximum=max((bound.maximum or 0 for bound in bounds), default=0),
    )


def _url(target: ScaleSetId) -> str:
    group = quote(target.group, safe="()-._~")
    scope = f"/subscriptions/{target.subscription}/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.Insights/autoscalesettings?api-version={API}"
