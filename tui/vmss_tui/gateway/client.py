"""Connecting: the `Azure` of `vmss_tui.ports` over one session, one sign-in and one pipeline per subscription.

Importing this imports azure (a third of a second): do it off the event loop, after the first frame.
"""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp

from vmss_tui.domain.fleet.ids import Identity, OperationHandle, ScaleSetId, Subscription, Tenant
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rolling_upgrade import OperationStatus, RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import UsageError
from vmss_tui.gateway import operations, writes
from vmss_tui.gateway.http.arm import Arm
from vmss_tui.gateway.http.throttle import Governor
from vmss_tui.gateway.http.transport import new_session, proxies_for, transport_over, trust
from vmss_tui.gateway.read import instances, inventory
from vmss_tui.gateway.read.autoscale import AutoscaleSettings
from vmss_tui.gateway.read.pins import Pins
from vmss_tui.gateway.sign_in.auth import SignIn
from vmss_tui.gateway.sign_in.clouds import CREDENTIALS, Cloud
from vmss_tui.gateway.sign_in.device import DeviceCodePrompt
from vmss_tui.ports import Azure, Clock, FilePin, Quota, SystemClock


class AzureClient:
    """All that `ports.Azure` asks for; each method is one function of its own module."""

    def __init__(self, arm: Arm, session: aiohttp.ClientSession, pins: Pins, only_tenant: str = "") -> None:
        self._arm = arm
        self._session = session
        self._pins = pins
        self._autoscale = AutoscaleSettings(arm)
        self._only_tenant = only_tenant

    async def identity(self) -> Identity:
        """See ReadsFleet."""
        return await self._arm.sign_in.identity()

    async def tenants(self) -> tuple[Tenant, ...]:
        """See ReadsFleet."""
        return await inventory.tenants(self._arm)

    async def subscriptions(self) -> tuple[Subscription, ...]:
        """See ReadsFleet."""
        return await inventory.subscriptions(self._arm, self._only_tenant)

    def scale_sets(self, subscription_id: str) -> AsyncIterator[tuple[ScaleSet, ...]]:
        """See ReadsFleet."""
        return inventory.scale_sets(self._arm, subscription_id)

    async def scale_set(self, target: ScaleSetId) -> ScaleSet:
        """See ReadsScaleSet."""
        return await inventory.scale_set(self._arm, target)

    async def instances(self, scale_set: ScaleSet) -> tuple[Instance, ...]:
        """See ReadsScaleSet."""
        return await instances.instances(self._arm, scale_set)

    async def latest_upgrade(self, target: ScaleSetId) -> RollingUpgrade | None:
        """See ReadsScaleSet."""
        return await inventory.latest_upgrade(self._arm, target)

    async def autoscale(self, target: ScaleSetId) -> Autoscale | None:
        """See ReadsScaleSet."""
        return await self._autoscale.of(target)

    async def raw(self, target: ScaleSetId, instance_id: str | None = None) -> Mapping[str, Any]:
        """See ReadsScaleSet."""
        return await instances.raw(self._arm, target, instance_id)

    async def write_extension(
        self, scale_set: ScaleSet, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        """See AppliesScript."""
        return await writes.write_extension(self._arm, scale_set, script, protected)

    async def write_model(
        self,
        scale_set: ScaleSet,
        *,
        mode: UpgradeMode | None = None,
        policy: RollingPolicy | None = None,
        script: ScriptConfig | None = None,
        protected: Mapping[str, Secret] | None = None,
        without: str = "",
    ) -> OperationHandle:
        """See AppliesScript."""
        return await writes.write_model(
            self._arm, scale_set, mode=mode, policy=policy, script=script, protected=protected, without=without
        )

    async def write_vm_extension(
        self,
        scale_set: ScaleSet,
        instance: Instance,
        script: ScriptConfig,
        protected: Mapping[str, Secret] | None,
    ) -> OperationHandle:
        """See AppliesScript."""
        return await writes.write_vm_extension(self._arm, scale_set, instance, script, protected)

    async def remove_extension(self, scale_set: ScaleSet, name: str) -> OperationHandle:
        """See AppliesScript."""
        return await writes.remove_extension(self._arm, scale_set, name)

    async def remove_vm_extension(self, scale_set: ScaleSet, instance: Instance, name: str) -> OperationHandle:
        """See AppliesScript."""
        return await writes.remove_vm_extension(self._arm, scale_set, instance, name)

    async def update_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> OperationHandle:
        """See MovesInstances."""
        return await writes.update_instances(self._arm, scale_set, ids)

    async def cancel_upgrade(self, scale_set: ScaleSet) -> OperationHandle:
        """See MovesInstances."""
        return await writes.cancel_upgrade(self._arm, scale_set)

    async def set_repairs(self, scale_set: ScaleSet, *, running: bool) -> OperationHandle:
        """See MovesInstances."""
        return await writes.set_repairs(self._arm, scale_set, running=running)

    async def operation(self, handle: OperationHandle) -> OperationStatus:
        """See WatchesOperations."""
        return await operations.operation(self._arm, handle)

    async def pin(self, uri: str) -> FilePin:
        """See PinsFiles."""
        return await self._pins.pin(uri)

    def quota(self) -> Quota:
        """See ReportsQuota."""
        return self._arm.governor.quota()

    async def close(self) -> None:
        """Close connections and credentials; safe to call twice."""
        await self._arm.close()
        await self._arm.sign_in.close()
        await self._pins.close()
        await self._session.close()


async def connect(
    cloud: Cloud,
    *,
    auth: str = "",
    tenant: str | None = None,
    on_device_code: DeviceCodePrompt | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Azure:
    """Sign in to a cloud and give its `Azure`; the caller closes it.

    `auth` is one of `clouds.CREDENTIALS`; empty, or `auto` on a cloud that names its own, means the cloud's.
    `on_device_code` is called on the loop with the page to open and the code to type (`device.CodeToType`).
    `environ` replaces the process environment for signing in.

    Raises SignInFailed (with everything that was tried), ConnectionFailed, UsageError.
    """
    method = cloud.credential if auth in ("", "auto") else auth
    if method not in CREDENTIALS:
        raise UsageError(f"--auth {method!r} is unknown", hint=f"use {', '.join(CREDENTIALS)}")
    env = os.environ if environ is None else environ
    session = new_session(trust(cloud, env))
    transport = transport_over(session)
    sign_in = SignIn(
        cloud,
        auth=method,
        tenant=tenant,
        transport=transport,
        proxies=proxies_for(cloud.authority),
        environ=env,
        on_device_code=on_device_code,
    )
    arm = Arm(cloud, sign_in, transport, Governor(clock or SystemClock()))
    client = AzureClient(arm, session, Pins(cloud), tenant or "")
    try:
        await sign_in.token()
    except BaseException:
        await client.close()
        raise
    return client
