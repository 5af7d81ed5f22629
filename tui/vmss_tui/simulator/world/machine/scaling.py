"""Scaling out and in: new instances with the newest model, overprovisioned extras, ids that leave gaps."""

from collections import Counter
from dataclasses import replace

from vmss_tui.simulator.world.machine.power import create, remove
from vmss_tui.simulator.world.state.chance import fraction
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.model import Instance
from vmss_tui.simulator.world.state.states import Provisioning

_OVERPROVISION = 0.2
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def resize(draft: Draft, capacity: int) -> tuple[str, ...]:
    """Create or delete instances until there are `capacity`; returns the ids that are worked on.

    Deletion takes the newest first and spares instances protected from scale-in ("Default" scale-in policy,
    without its balancing over fault domains).
    """
    members = [instance for instance in draft.members() if instance.provisioning is not Provisioning.DELETING]
    missing = capacity - len(members)
    if missing > 0:
        return scale_out(draft, missing)
    spare = [instance for instance in members if not (instance.protect_from_scale_in or instance.protect_from_actions)]
    doomed = sorted(spare, key=lambda instance: (instance.created, id_order(instance.id)), reverse=True)[
        : max(0, -missing)
    ]
    for instance in doomed:
        remove(draft, instance)
    return tuple(instance.id for instance in doomed)


def scale_out(draft: Draft, count: int) -> tuple[str, ...]:
    """Create `count` instances; with overprovisioning some more are made, hidden, and dropped in the end."""
    hidden = 0
    if draft.value.properties.get("overprovision", False) and not draft.value.flexible:
        hidden = max(1, int(count * _OVERPROVISION))
    new = [create(draft, new_instance(draft)) for _ in range(count + hidden)]
    by_luck = sorted(new, key=lambda instance: fraction(draft.rules.seed, draft.value.key, instance.id, "slow"))
    for instance in by_luck[count:]:
        draft.put(replace(instance, hidden=True))
    return tuple(instance.id for instance in by_luck[:count])


def drop_extras(draft: Draft) -> None:
    """Take overprovisioned extras away; their ids are never used again."""
    for instance in [instance for instance in draft.instances.values() if instance.hidden]:
        draft.drop(instance.id)


def new_instance(draft: Draft) -> Instance:
    """An instance that does not live yet, placed in the emptiest zone."""
    number = draft.value.next_number
    draft.update(next_number=number + 1)
    model, traits = draft.value.model, draft.value.traits
    zones = [str(zone) for zone in model.get("zones") or ()]
    in_zone = Counter(instance.zone for instance in draft.instances.values())
    zone = min(zones, key=lambda name: (in_zone[name], name)) if zones else None
    profile = draft.value.properties.get("virtualMachineProfile", {})
    prefix = str((profile.get("osProfile") or {}).get("computerNamePrefix", draft.value.name))
    vm_id = draft.mint("vm")
    identity = f"{draft.value.name}_{vm_id[:8]}" if draft.value.flexible else str(number)
    return Instance(
        id=identity,
        name=identity if draft.value.flexible else f"{draft.value.name}_{number}",
        computer_name=prefix + base36(number, 6),
        vm_id=vm_id,
        created=draft.at,
        zone=zone,
        update_domain=number % max(1, traits.update_domains),
        fault_domain=number % max(1, traits.fault_domains),
        size=str((model.get("sku") or {}).get("name", "")),
        tier=str((model.get("sku") or {}).get("tier", "Standard")),
        image_version=traits.newest_image,
    )


def id_order(instance_id: str) -> tuple[int, str]:
    """Sorts numeric ids by value, names after them."""
    return (int(instance_id), "") if instance_id.isdigit() else (1 << 62, instance_id)


def base36(number: int, width: int) -> str:
    """A number as Azure appends it to the computer name prefix."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits.rjust(width, "0")
