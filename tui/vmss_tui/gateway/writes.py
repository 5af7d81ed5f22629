"""Everything that changes Azure: each write is sent once by the SDK's `begin_*` operations and gives a handle.

Nothing here waits or polls: the SDK's poller sleeps 30 s at a time and blocks for a whole rolling upgrade. The polling
URL is kept verbatim for `operations`. No answer of a write is logged or shown: Azure has echoed protected settings in
one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core.polling import AsyncPollingMethod

from vmss_tui.domain.fleet.ids import UNTRACKED, OperationHandle, ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import Changed
from vmss_tui.gateway import bodies
from vmss_tui.gateway.faults import from_exception
from vmss_tui.gateway.http.arm import COMPUTE_API, Arm, ArmPart, decode_any, path_of
from vmss_tui.gateway.read.flexible import vm_key
from vmss_tui.ports import AppliesScript, MovesInstances
from vmss_tui.text import counted


class Accepted(AsyncPollingMethod[None]):
    """The SDK's extension point for polling: this one only notes where to poll."""

    def __init__(self) -> None:
        self.url = ""

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        """Keep the polling URL of the first answer."""
        response = initial_response.http_response
        headers = response.headers
        self.url = headers.get("Azure-AsyncOperation") or headers.get("Location") or ""
        if not self.url and response.request.method in ("PUT", "PATCH"):
            self.url = response.request.url
        elif not self.url and response.status_code == 202:
            self.url = UNTRACKED

    async def run(self) -> None:
        """Nothing to run."""

    def status(self) -> str:
        """Not known here."""
        return "InProgress"

    def finished(self) -> bool:
        """As far as the SDK is concerned."""
        return True

    def resource(self) -> None:
        """The answer is not used."""


async def send(
    arm: Arm, what: str, name: str, begin: Callable[..., Awaitable[Any]], *args: Any, **more: Any
) -> OperationHandle:
    """Send one write. `what` is for messages, `name` for the handle."""
    accepted = Accepted()
    try:
        await begin(*args, polling=accepted, api_version=COMPUTE_API, **more)
    except Exception as error:
        raise from_exception(error, what, arm.cloud.host) from None
    return OperationHandle(accepted.url, name)


class ScriptWriter(ArmPart, AppliesScript):
    """Writes the custom script: to the model, to the model with its policy, or to one instance."""

    async def write_extension(
        self, scale_set: ScaleSet, script: ScriptConfig, protected: Mapping[str, Secret] | None
    ) -> OperationHandle:
        """PUT the extension's own resource; no other extension is touched."""
        current = _current(scale_set, script.name)
        name = current.name if current else script.name
        properties = bodies.extension_properties(script, protected, current)
        target = scale_set.id
        if current is not None and current.from_key_vault and not protected and not script.protected:
            properties |= bodies.vault_of((await fresh(self.arm, target))[0], name)
        return await send(
            self.arm,
            f"write extension {name} of {target.short}",
            "PUT extension",
            (await self.arm.compute(target.subscription)).virtual_machine_scale_set_extensions.begin_create_or_update,
            target.group,
            target.name,
            name,
            {"properties": properties},
        )

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
        """PATCH policy and extensions in one write, under the etag of the model that was planned on."""
        target = scale_set.id
        raw, etag = await fresh(self.arm, target)
        if scale_set.etag and etag and etag != scale_set.etag:
            raise Changed(
                f"cannot write scale set {target.short}: it was changed outside this rollout",
                hint="read it again, review the difference, and plan again",
                status=412,
            )
        properties: dict[str, Any] = {}
        if mode is not None or policy is not None:
            properties["upgradePolicy"] = bodies.upgrade_policy(raw, mode, policy)
        if script is not None:
            ours = bodies.extension_properties(script, protected, _current(scale_set, script.name))
            properties["virtualMachineProfile"] = {"extensionProfile": bodies.extensions_array(raw, script, ours)}
        elif without:
            properties["virtualMachineProfile"] = {"extensionProfile": bodies.extensions_without(raw, without)}
        lock = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        return await send(
            self.arm,
            f"write scale set {target.short}",
            "PATCH scale set",
            (await self.arm.compute(target.subscription)).virtual_machine_scale_sets.begin_update,
            target.group,
            target.name,
            {"properties": properties},
            **lock,
        )

    async def write_vm_extension(
        self,
        scale_set: ScaleSet,
        instance: Instance,
        script: ScriptConfig,
        protected: Mapping[str, Secret] | None,
    ) -> OperationHandle:
        """PUT the extension of one VM of a Flexible set, or of one instance of a Uniform set."""
        properties = bodies.extension_properties(script, protected, _current(scale_set, script.name))
        properties.pop("provisionAfterExtensions", None)
        client, where = await self._instance_extensions(scale_set, instance)
        flexible = scale_set.orchestration is Orchestration.FLEXIBLE
        body: dict[str, Any] = {"properties": properties} | ({"location": scale_set.location} if flexible else {})
        what = f"write extension {script.name} of {instance.name}"
        self.arm.vm_writes[vm_key(scale_set.id, instance.name)] += 1
        return await send(self.arm, what, "PUT VM extension", client.begin_create_or_update, *where, script.name, body)

    async def remove_vm_extension(self, scale_set: ScaleSet, instance: Instance, name: str) -> OperationHandle:
        """DELETE the extension from one instance."""
        client, where = await self._instance_extensions(scale_set, instance)
        what = f"remove extension {name} of {instance.name}"
        self.arm.vm_writes[vm_key(scale_set.id, instance.name)] += 1
        return await send(self.arm, what, "DELETE VM extension", client.begin_delete, *where, name)

    async def _instance_extensions(self, scale_set: ScaleSet, instance: Instance) -> tuple[Any, tuple[str, ...]]:
        """The SDK's operations on the extensions of one instance, and the names in its path."""
        client = await self.arm.compute(scale_set.id.subscription)
        if scale_set.orchestration is Orchestration.UNIFORM:
            return client.virtual_machine_scale_set_vm_extensions, (scale_set.id.group, scale_set.name, instance.id)
        return client.virtual_machine_extensions, (scale_set.id.group, instance.name)

    async def remove_extension(self, scale_set: ScaleSet, name: str) -> OperationHandle:
        """DELETE the extension from the model."""
        target = scale_set.id
        return await send(
            self.arm,
            f"remove extension {name} of {target.short}",
            "DELETE extension",
            (await self.arm.compute(target.subscription)).virtual_machine_scale_set_extensions.begin_delete,
            target.group,
            target.name,
            name,
        )


class InstanceUpdater(ArmPart, MovesInstances):
    """Applies the model to instances, cancels rolling upgrades, suspends and resumes automatic repairs."""

    async def update_instances(self, scale_set: ScaleSet, ids: Sequence[str]) -> OperationHandle:
        """Apply the latest model to these instances. Raises ValueError for none: Azure has no such request."""
        if not ids:
            raise ValueError("no instances to update")
        target = scale_set.id
        self.arm.vm_writes.update(vm_key(target, name) for name in ids)
        return await send(
            self.arm,
            f"update {counted(len(ids), 'instance')} of {target.short}",
            "manualupgrade",
            (await self.arm.compute(target.subscription)).virtual_machine_scale_sets.begin_update_instances,
            target.group,
            target.name,
            {"instanceIds": list(ids)},
        )

    async def cancel_upgrade(self, scale_set: ScaleSet) -> OperationHandle:
        """Cancel the running rolling upgrade. Raises Conflict when none runs."""
        target = scale_set.id
        return await send(
            self.arm,
            f"cancel the rolling upgrade of {target.short}",
            "cancel",
            (await self.arm.compute(target.subscription)).virtual_machine_scale_set_rolling_upgrades.begin_cancel,
            target.group,
            target.name,
        )

    async def set_repairs(self, scale_set: ScaleSet, *, running: bool) -> OperationHandle:
        """Resume or suspend automatic repairs."""
        target, action = scale_set.id, "Resume" if running else "Suspend"
        return await send(
            self.arm,
            f"{action.lower()} automatic repairs of {target.short}",
            "setOrchestrationServiceState",
            (
                await self.arm.compute(target.subscription)
            ).virtual_machine_scale_sets.begin_set_orchestration_service_state,
            target.group,
            target.name,
            {"serviceName": "AutomaticRepairs", "action": action},
        )


async def fresh(arm: Arm, target: ScaleSetId) -> tuple[Mapping[str, Any], str]:
    """The set's JSON as it is now, verbatim, and its etag."""
    what = f"read scale set {target.short}"
    answer = await arm.read(target.subscription, path_of(target), decode_any, what=what, kind="scale set")
    found = answer.value if isinstance(answer.value, dict) else {}
    return found, str(found.get("etag") or answer.headers.get("ETag") or "")


def _current(scale_set: ScaleSet, name: str) -> Extension | None:
    return next((known for known in scale_set.extensions if known.name.lower() == name.lower()), None)
