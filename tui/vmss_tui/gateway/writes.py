"""Everything that changes Azure, each sent once through the SDK's `begin_*` operations and answered with a handle.

Nothing here waits or polls: the SDK's poller sleeps 30 s at a time and blocks for a whole roll. The polling URL is kept
verbatim for `operations`. No answer of a write is logged or shown: Azure has echoed protected settings in one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from azure.core import MatchConditions
from azure.core.polling import AsyncPollingMethod

from vmss_tui.domain.fleet.ids import OperationHandle, ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.domain.fleet.script import ScriptConfig, Secret
from vmss_tui.domain.fleet.upgrade_policy import RollingPolicy, UpgradeMode
from vmss_tui.errors import Changed
from vmss_tui.gateway import bodies
from vmss_tui.gateway.faults import from_exception
from vmss_tui.gateway.http.arm import COMPUTE_API, Arm, decode_any, path_of


class Accepted(AsyncPollingMethod[None]):
    """The SDK's own place for a way of polling: this one only notes where to poll."""

    def __init__(self) -> None:
        self.url = ""

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        """Keep the polling URL of the first answer."""
        response = initial_response.http_response
        headers = response.headers
        self.url = headers.get("Azure-AsyncOperation") or headers.get("Location") or ""
        if not self.url and response.request.method in ("PUT", "PATCH"):
            self.url = response.request.url

    async def run(self) -> None:
        """Nothing to run."""

    def status(self) -> str:
        """Not known here."""
        return "InProgress"

    def finished(self) -> bool:
        """As far as the SDK is concerned."""
        return True

    def resource(self) -> None:
        """The answer is not looked at."""


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


async def write_extension(
    arm: Arm, of: ScaleSet, script: ScriptConfig, protected: Mapping[str, Secret] | None
) -> OperationHandle:
    """PUT the extension's own resource; no other extension is touched."""
    current = next((each for each in of.extensions if each.name.lower() == script.name.lower()), None)
    name = current.name if current else script.name
    properties = bodies.extension_properties(script, protected, current)
    target = of.id
    if current is not None and current.from_key_vault and not protected and not script.protected:
        properties |= bodies.vault_of((await fresh(arm, target))[0], name)
    return await send(
        arm,
        f"write extension {name} of {target.short}",
        "PUT extension",
        arm.compute(target.subscription).virtual_machine_scale_set_extensions.begin_create_or_update,
        target.group,
        target.name,
        name,
        {"properties": properties},
    )


async def write_model(
    arm: Arm,
    of: ScaleSet,
    *,
    mode: UpgradeMode | None = None,
    policy: RollingPolicy | None = None,
    script: ScriptConfig | None = None,
    protected: Mapping[str, Secret] | None = None,
    without: str = "",
) -> OperationHandle:
    """PATCH policy and extensions in one write, under the etag of the model that was planned on."""
    target = of.id
    raw, etag = await fresh(arm, target)
    if of.etag and etag and etag != of.etag:
        raise Changed(
            f"cannot write scale set {target.short}: somebody else changed it in between",
            hint="read it again, look at the difference, and plan anew",
            status=412,
        )
    properties: dict[str, Any] = {}
    if mode is not None or policy is not None:
        properties["upgradePolicy"] = bodies.upgrade_policy(raw, mode, policy)
    if script is not None:
        current = next((each for each in of.extensions if each.name.lower() == script.name.lower()), None)
        ours = bodies.extension_properties(script, protected, current)
        properties["virtualMachineProfile"] = {"extensionProfile": bodies.extensions_array(raw, script, ours)}
    elif without:
        properties["virtualMachineProfile"] = {"extensionProfile": bodies.extensions_without(raw, without)}
    lock = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
    return await send(
        arm,
        f"write scale set {target.short}",
        "PATCH scale set",
        arm.compute(target.subscription).virtual_machine_scale_sets.begin_update,
        target.group,
        target.name,
        {"properties": properties},
        **lock,
    )


async def fresh(arm: Arm, target: ScaleSetId) -> tuple[Mapping[str, Any], str]:
    """The set's JSON as it is now, verbatim, and its etag."""
    what = f"read scale set {target.short}"
    answer = await arm.read(target.subscription, path_of(target), decode_any, what=what, kind="scale set")
    found = answer.value if isinstance(answer.value, dict) else {}
    return found, str(found.get("etag") or answer.headers.get("ETag") or "")


async def write_vm_extension(
    arm: Arm, of: ScaleSet, instance: Instance, script: ScriptConfig, protected: Mapping[str, Secret] | None
) -> OperationHandle:
    """PUT the extension of one machine: of a Flexible set's VM, or of one instance of a Uniform set."""
    current = next((each for each in of.extensions if each.name.lower() == script.name.lower()), None)
    properties = bodies.extension_properties(script, protected, current)
    properties.pop("provisionAfterExtensions", None)
    client, where = _machine(arm, of, instance)
    flexible = of.orchestration is Orchestration.FLEXIBLE
    body: dict[str, Any] = {"properties": properties} | ({"location": of.location} if flexible else {})
    what = f"write extension {script.name} of {instance.name}"
    return await send(arm, what, "PUT VM extension", client.begin_create_or_update, *where, script.name, body)


async def remove_vm_extension(arm: Arm, of: ScaleSet, instance: Instance, name: str) -> OperationHandle:
    """DELETE the extension from one machine."""
    client, where = _machine(arm, of, instance)
    what = f"remove extension {name} of {instance.name}"
    return await send(arm, what, "DELETE VM extension", client.begin_delete, *where, name)


def _machine(arm: Arm, of: ScaleSet, instance: Instance) -> tuple[Any, tuple[str, ...]]:
    """The SDK's operations on the extensions of one machine, and the path that names it."""
    client = arm.compute(of.id.subscription)
    if of.orchestration is Orchestration.UNIFORM:
        return client.virtual_machine_scale_set_vm_extensions, (of.id.group, of.name, instance.id)
    return client.virtual_machine_extensions, (of.id.group, instance.name)


async def remove_extension(arm: Arm, of: ScaleSet, name: str) -> OperationHandle:
    """DELETE the extension from the model."""
    target = of.id
    return await send(
        arm,
        f"remove extension {name} of {target.short}",
        "DELETE extension",
        arm.compute(target.subscription).virtual_machine_scale_set_extensions.begin_delete,
        target.group,
        target.name,
        name,
    )


async def update_instances(arm: Arm, of: ScaleSet, ids: Sequence[str]) -> OperationHandle:
    """Apply the latest model to these instances; an empty list is refused here, since Azure would not know whom."""
    if not ids:
        raise ValueError("no instances to update")
    target = of.id
    return await send(
        arm,
        f"update {len(ids)} instances of {target.short}",
        "manualupgrade",
        arm.compute(target.subscription).virtual_machine_scale_sets.begin_update_instances,
        target.group,
        target.name,
        {"instanceIds": list(ids)},
    )


async def cancel_upgrade(arm: Arm, of: ScaleSet) -> OperationHandle:
    """Cancel the rolling upgrade that runs. Raises Conflict when none does."""
    target = of.id
    return await send(
        arm,
        f"cancel the rolling upgrade of {target.short}",
        "cancel",
        arm.compute(target.subscription).virtual_machine_scale_set_rolling_upgrades.begin_cancel,
        target.group,
        target.name,
    )


async def set_repairs(arm: Arm, of: ScaleSet, *, running: bool) -> OperationHandle:
    """Resume or suspend automatic repairs."""
    target, action = of.id, "Resume" if running else "Suspend"
    return await send(
        arm,
        f"{action.lower()} automatic repairs of {target.short}",
        "setOrchestrationServiceState",
        arm.compute(target.subscription).virtual_machine_scale_sets.begin_set_orchestration_service_state,
        target.group,
        target.name,
        {"serviceName": "AutomaticRepairs", "action": action},
    )
