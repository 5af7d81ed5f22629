"""The ports over the toy, and a clock that moves it: the real runner in milliseconds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from support.engine.toy import BASE, Toy
from vmss_tui.domain.fleet.governance import ActivityLog, Governance
from vmss_tui.domain.fleet.ids import Identity, OperationHandle, ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.rights import Permission
from vmss_tui.domain.fleet.rolling_upgrade import OperationStatus, RollingUpgrade
from vmss_tui.domain.fleet.scale_set import Autoscale, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.rollout.commands import Action, Write
from vmss_tui.errors import VmssTuiError
from vmss_tui.ports import Azure, Quota, SignInRecord

_SETTLE = 6
"""Turns of the event loop after which everybody who can do something has done it."""


class ToyClock:
    """Time passes when everybody sleeps, and takes the toy along; the wall clock may be set."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy
        self.seconds = 0.0
        self.set_by = 0.0
        """By how many seconds the wall clock was set."""
        self.on_sleep: Callable[[], None] = lambda: None
        self.sleepers: list[float] = []

    def now(self) -> datetime:
        return BASE + timedelta(seconds=self.seconds + self.set_by)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        wake = self.seconds + max(0.0, seconds)
        self.sleepers.append(wake)
        try:
            while True:
                for _ in range(_SETTLE):
                    await asyncio.sleep(0)
                if self.seconds >= wake:
                    return
                if wake == min(self.sleepers):
                    self._move(wake)
        finally:
            self.sleepers.remove(wake)

    def _move(self, to: float) -> None:
        self.seconds = to
        while self.toy.seconds < int(to):
            self.toy.advance()
        self.on_sleep()


@dataclass
class ToyAzure:
    """What the runner needs of `Azure`, over a toy. `before` is called with the name of every call."""

    toy: Toy
    plan: RolloutPlan
    before: Callable[[str], None] = lambda name: None
    hold: asyncio.Event | None = None
    """When set, a write waits for it after the toy took it."""
    protected: list[Mapping[str, Secret] | None] = field(default_factory=list)

    async def scale_set(self, target: ScaleSetId) -> ScaleSet:
        self.before("scale_set")
        return self.toy.snapshot().scale_set

    async def instances(self, scale_set: ScaleSet, *, overview: bool = False) -> tuple[Instance, ...]:
        self.before("instances")
        return self.toy.snapshot().instances

    async def some_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> tuple[Instance, ...]:
        self.before("some_instances")
        return tuple(instance for instance in self.toy.snapshot().instances if instance.id in ids)

    async def latest_upgrade(self, target: ScaleSetId) -> RollingUpgrade | None:
        self.before("latest_upgrade")
        return self.toy.snapshot().upgrade

    async def identity(self) -> Identity:
        return Identity("toy", "a toy's credential")

    async def governance(self, target: ScaleSetId) -> Governance:
        return Governance(unknown="a toy has none")

    async def permissions(
        self, subscription: str, group: str = "", resource: str = ""
    ) -> tuple[Permission, ...] | None:
        return (Permission(("*",)),)

    async def activity(self, target: ScaleSetId, since: datetime) -> ActivityLog:
        return ActivityLog(unknown="a toy has none")

    async def autoscale(self, target: ScaleSetId) -> Autoscale | None:
        return None

    async def operation(self, handle: OperationHandle) -> OperationStatus:
        self.before("operation")
        return self.toy.operation(handle.url)

    def quota(self) -> Quota:
        return Quota()

    def refill_seconds(self, target: ScaleSetId) -> float:
        return 0.0

    def list_wait(self, target: ScaleSetId) -> float:
        return 0.0

    def sign_in_record(self) -> SignInRecord:
        return SignInRecord()

    async def _take(self, action: Action, ids: Sequence[str] = ()) -> OperationHandle:
        self.before("send")
        url = self.toy.write(self.plan, Write("", action, "", tuple(ids)))
        if self.hold is not None:
            await self.hold.wait()
        self.before("sent")
        return OperationHandle(url)

    async def write_extension(
        self, scale_set: ScaleSet, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        self.protected.append(protected)
        return await self._take(Action.MODEL)

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
        if without:
            return await self._take(Action.REMOVE)
        self.protected.append(protected)
        restoring = script is None and (mode, policy or self.plan.own[1]) == self.plan.own
        return await self._take(Action.RESTORE if restoring else Action.MODEL)

    async def write_vm_extension(
        self, scale_set: ScaleSet, instance: Instance, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        return await self._take(Action.VM, (instance.id,))

    async def remove_extension(self, scale_set: ScaleSet, name: str) -> OperationHandle:
        return await self._take(Action.REMOVE)

    async def remove_vm_extension(self, scale_set: ScaleSet, instance: Instance, name: str) -> OperationHandle:
        return await self._take(Action.VM, (instance.id,))

    async def update_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> OperationHandle:
        return await self._take(Action.UPDATE, ids)

    async def set_repairs(self, scale_set: ScaleSet, *, running: bool) -> OperationHandle:
        return await self._take(Action.RESUME_REPAIRS if running else Action.SUSPEND_REPAIRS)

    async def cancel_upgrade(self, scale_set: ScaleSet) -> OperationHandle:
        return await self._take(Action.CANCEL)

    def port(self) -> Azure:
        """As the port; what a runner never calls is not there."""
        return cast(Azure, self)


class Trouble:
    """Raises an error in every call while it is on."""

    def __init__(self, error: VmssTuiError) -> None:
        self.error = error
        self.on = False

    def __call__(self, name: str) -> None:
        if self.on:
            raise self.error
