"""The hot read: a set's instances with their instance views, Uniform and Flexible; and raw JSON for people.

`$expand=instanceView` without `$select`: with it Azure says `latestModelApplied: false` of everything (recording
`vm_list_select_instanceview_QUIRK`). Flexible machines come from the compute VM list, filtered by the set.
"""

from collections.abc import Mapping
from typing import Any

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Orchestration, ScaleSet
from vmss_tui.gateway.http.arm import Arm, compute_path, decode_any, decoder, path_of
from vmss_tui.gateway.read import instance_mapping, wire

_PAGE = decoder(wire.VmPage)
HIDDEN = "***"
_SECRET_KEYS = {
    "protectedsettings", "adminpassword", "customdata", "userdata", "secrets", "storageaccountkey", "sastoken",
    "password", "keydata",
}  # fmt: skip


async def instances(arm: Arm, of: ScaleSet) -> tuple[Instance, ...]:
    """The set's instances in the order of their numbers."""
    target = of.id
    if of.orchestration is Orchestration.FLEXIBLE:
        url = compute_path(
            target.subscription,
            target.group,
            "virtualMachines",
            filter=f"'virtualMachineScaleSet/id' eq '{target}'",
            expand="instanceView",
        )
        kind = "machines"
    else:
        url, kind = path_of(target, "virtualMachines", expand="instanceView"), "instances"
    found: list[wire.Vm] = []
    what = f"read the instances of {target.short}"
    async for page in arm.pages(target.subscription, url, _PAGE, what=what, kind=kind):
        found += page.value or ()
    return instance_mapping.instances(found, of)


async def raw(arm: Arm, target: ScaleSetId, instance_id: str | None = None) -> Mapping[str, Any]:
    """Azure's JSON of the set, or of one instance with its view; anything protected is `***`."""
    what = f"read {target.short}" + (f" instance {instance_id}" if instance_id else "")
    if instance_id is None:
        url = path_of(target)
    elif instance_id.isdigit():
        url = path_of(target, "virtualMachines", instance_id, expand="instanceView")
    else:
        url = compute_path(target.subscription, target.group, "virtualMachines", instance_id, expand="instanceView")
    found = scrub((await arm.read(target.subscription, url, decode_any, what=what, kind="raw")).value)
    return found if isinstance(found, dict) else {"value": found}


def scrub(value: Any) -> Any:
    """A copy without anything that is or could be a secret: protected settings, passwords, custom data, keys."""
    if isinstance(value, dict):
        return {
            key: HIDDEN if key.lower() in _SECRET_KEYS and each not in (None, [], {}) else scrub(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [scrub(each) for each in value]
    return value
