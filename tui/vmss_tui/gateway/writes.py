"""Everything that changes Azure: each write is one request, sent once through the SDK's pipeline, and gives a handle.

Nothing here waits or polls: the SDK's poller sleeps 30 s at a time and blocks for a whole rolling upgrade. The polling
URL is kept verbatim for `operations`. The bodies are JSON that is built in `bodies`; the SDK's typed operations would
send the same and take 20 MiB for their models. No answer of a write is logged or shown: Azure has echoed protected
settings in one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vmss_tui.domain.fleet.ids import UNTRACKED, OperationHandle, ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Extension, Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import Changed
from vmss_tui.gateway import bodies
from vmss_tui.gateway.http.arm import Arm, ArmPart, compute_path, decode_any, path_of
from vmss_tui.gateway.read.flexible import vm_key
from vmss_tui.ports import AppliesScript, MovesInstances


async def send(
    arm: Arm, what: str, name: str, method: str, url: str, body: Any = None, *, etag: str = ""
) -> OperationHandle:
    """Send one write. `what` is for messages, `name` for the handle; with an `etag` only if that is still right."""
    answer = await arm.write(_subscription_of(url), method, url, body, what=what, etag=etag)
    poll = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location") or ""
    if not poll and method in ("PUT", "PATCH"):
        poll = answer.request.url
    elif not poll and answer.status_code == 202:
        poll = UNTRACKED
    return OperationHandle(poll, name)


def _subscription_of(path: str) -> str:
    """The subscription in a path: `/subscriptions/ID/…`."""
    return path.split("/")[2]


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
            "PUT",
            path_of(target, "extensions", name),
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
        return await send(
            self.arm,
            f"write scale set {target.short}",
            "PATCH scale set",
            "PATCH",
            path_of(target),
            {"properties": properties},
            etag=etag,
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
        flexible = scale_set.orchestration is Orchestration.FLEXIBLE
        body: dict[str, Any] = {"properties": properties} | ({"location": scale_set.location} if flexible else {})
        what = f"write extension {script.name} of {instance.name}"
        self.arm.vm_writes[vm_key(scale_set.id, instance.name)] += 1
        url = instance_path(scale_set, instance, "extensions", script.name)
        return await send(self.arm, what, "PUT VM extension", "PUT", url, body)

    async def remove_vm_extension(self, scale_set: ScaleSet, instance: Instance, name: str) -> OperationHandle:
        """DELETE the extension from one instance."""
        what = f"remove extension {name} of {instance.name}"
        self.arm.vm_writes[vm_key(scale_set.id, instance.name)] += 1
        url = instance_path(scale_set, instance, "extensions", name)
        return await send(self.arm, what, "DELETE VM extension", "DELETE", url)

    async def remove_extension(self, scale_set: ScaleSet, name: str) -> OperationHandle:
        """DELETE the extension from the model."""
        target = scale_set.id
        return await send(
            self.arm,
            f"remove extension {name} of {target.short}",
            "DELETE extension",
            "DELETE",
            path_of(target, "extensions", name),
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
            f"update {len(ids)} instances of {target.short}",
            "manualupgrade",
            "POST",
            path_of(target, "manualupgrade"),
            {"instanceIds": list(ids)},
        )

    async def cancel_upgrade(self, scale_set: ScaleSet) -> OperationHandle:
        """Cancel the running rolling upgrade. Raises Conflict when none runs."""
        target = scale_set.id
        return await send(
            self.arm,
            f"cancel the rolling upgrade of {target.short}",
            "cancel",
            "POST",
            path_of(target, "rollingUpgrades", "cancel"),
        )

    async def set_repairs(self, scale_set: ScaleSet, *, running: bool) -> OperationHandle:
        """Resume or suspend automatic repairs."""
        target, action = scale_set.id, "Resume" if running else "Suspend"
        return await send(
            self.arm,
            f"{action.lower()} automatic repairs of {target.short}",
            "setOrchestrationServiceState",
            "POST",
            path_of(target, "setOrchestrationServiceState"),
            {"serviceName": "AutomaticRepairs", "action": action},
        )


def instance_path(scale_set: ScaleSet, instance: Instance, *more: str) -> str:
    """The path of something below an instance; one of a Flexible set is a virtual machine of its group."""
    target = scale_set.id
    if scale_set.orchestration is Orchestration.UNIFORM:
        return path_of(target, "virtualMachines", instance.id, *more)
    return compute_path(target.subscription, target.group, "virtualMachines", instance.name, *more)


async def fresh(arm: Arm, target: ScaleSetId) -> tuple[Mapping[str, Any], str]:
    """The set's JSON as it is now, verbatim, and its etag."""
    what = f"read scale set {target.short}"
    answer = await arm.read(target.subscription, path_of(target), decode_any, what=what, kind="scale set")
    found = answer.value if isinstance(answer.value, dict) else {}
    return found, str(found.get("etag") or answer.headers.get("ETag") or "")


def _current(scale_set: ScaleSet, name: str) -> Extension | None:
    return next((known for known in scale_set.extensions if known.name.lower() == name.lower()), None)
