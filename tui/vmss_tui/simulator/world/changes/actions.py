"""Actions on instances (apply the model, power, reimage, redeploy, delete) and the rolling upgrades a client starts.

Durations come from the recorded operations of the same name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vmss_tui.simulator.world.changes import operations
from vmss_tui.simulator.world.changes.writes import Address, check_writable
from vmss_tui.simulator.world.machine.power import begin_power, reimage, remove, start_restart
from vmss_tui.simulator.world.machine.updates import start_update, update_extensions, update_to_model
from vmss_tui.simulator.world.rolling import upgrade
from vmss_tui.simulator.world.state.admission import admit_extensions
from vmss_tui.simulator.world.state.draft import Draft, change
from vmss_tui.simulator.world.state.errors import (
    Refused,
    being_deleted,
    machine_not_running,
    missing_parameter,
    os_roll_not_applicable,
    precondition_failed,
    unknown_instance,
    wildcard_not_alone,
)
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.model import Instance, Operation, World
from vmss_tui.simulator.world.state.profile import is_windows
from vmss_tui.simulator.world.state.states import CancelStyle, Power, Provisioning, RollKind

Action = Callable[[Draft, Instance], object]

POWER_ACTIONS = {"start", "poweroff", "deallocate", "restart", "reimage", "reimageall", "redeploy"}
"""Verbs of the set and of one instance that need nothing but ids."""
MACHINE_ACTIONS = (POWER_ACTIONS - {"reimageall"}) | {"reapply"}
"""Verbs of one virtual machine of a Flexible set."""


def manual_upgrade(world: World, now: datetime, address: Address, ids: Sequence[str] | None) -> tuple[World, Operation]:
    """Bring the named instances (or `*`) to the newest model; refused while a rolling upgrade runs."""

    def act(draft: Draft) -> Operation:
        if not ids:
            raise missing_parameter("instanceIds")
        check_writable(draft)
        chosen = _choose(draft, ids)
        if "*" in ids:
            chosen = [instance for instance in chosen if not instance.protect_from_actions]
        draft.update(provisioning=Provisioning.UPDATING, provisioned_at=draft.at)
        for instance in chosen:
            update_to_model(draft, instance)
        lasting = draft.seconds((1.0, 4.0), "manualupgrade", draft.value.minted)
        return operations.begin(draft, "MANUALUPGRADE", lasting, [instance.id for instance in chosen])

    return change(world, address.key, now, act)


def act_on_instances(
    world: World, now: datetime, address: Address, verb: str, ids: Sequence[str] | None
) -> tuple[World, Operation]:
    """One of `POWER_ACTIONS` or `MACHINE_ACTIONS` on the named instances, or on all when none is named."""

    def act(draft: Draft) -> Operation:
        if draft.value.provisioning is Provisioning.DELETING:
            raise being_deleted(draft.value.name)
        chosen = _choose(draft, ids or ["*"])
        if not ids:
            chosen = [instance for instance in chosen if not instance.protect_from_actions]
        action = _ACTIONS[verb]
        for instance in chosen:
            action(draft, instance)
        return operations.begin(draft, verb.upper(), timedelta(seconds=0.5), [instance.id for instance in chosen])

    return change(world, address.key, now, act)


def delete_instances(
    world: World, now: datetime, address: Address, ids: Sequence[str] | None
) -> tuple[World, Operation]:
    """Delete the named instances; the capacity shrinks with them."""

    def act(draft: Draft) -> Operation:
        if not ids:
            raise missing_parameter("instanceIds")
        chosen = _choose(draft, ids)
        for instance in chosen:
            remove(draft, instance)
        sku = {**draft.value.model.get("sku", {})}
        sku["capacity"] = max(0, draft.value.capacity - len(chosen))
        draft.update(model={**draft.value.model, "sku": sku}, etag=draft.value.etag + 1)
        return operations.begin(draft, "DELETEINSTANCES", timedelta(seconds=1), [instance.id for instance in chosen])

    return change(world, address.key, now, act)


def start_os_roll(world: World, now: datetime, address: Address) -> tuple[World, Operation]:
    """osRollingUpgrade: refused unless the image's version is `latest` on some unprotected instance."""

    def act(draft: Draft) -> Operation:
        check_writable(draft)
        profile = draft.value.properties.get("virtualMachineProfile", {})
        image = (profile.get("storageProfile") or {}).get("imageReference") or {}
        free = [instance for instance in draft.members() if not instance.protect_from_actions]
        if not free or str(image.get("version", "latest")).lower() != "latest":
            raise os_roll_not_applicable()
        upgrade.start(draft, RollKind.OS)
        return operations.begin(draft, "OSROLLINGUPGRADE", timedelta(seconds=1), with_roll=True)

    return change(world, address.key, now, act)


def start_extension_roll(world: World, now: datetime, address: Address) -> tuple[World, Operation]:
    """extensionRollingUpgrade: newest handler versions; allowed in every mode (recorded in Automatic)."""

    def act(draft: Draft) -> Operation:
        check_writable(draft)
        upgrade.start(draft, RollKind.EXTENSION)
        return operations.begin(draft, "EXTENSIONROLLINGUPGRADE", timedelta(seconds=1), with_roll=True)

    return change(world, address.key, now, act)


def cancel_roll(world: World, now: datetime, address: Address) -> tuple[World, Operation]:
    """rollingUpgrades/cancel."""

    def act(draft: Draft) -> Operation:
        upgrade.cancel(draft)
        timings = draft.rules.timings
        finish = draft.rules.switches.cancel is CancelStyle.FINISH
        lasting = draft.seconds(timings.cancel_finish if finish else timings.cancel_abandon, "cancel")
        operation = operations.begin(draft, "CANCEL", lasting, with_roll=True)
        operations.settle(draft)
        return operation

    return change(world, address.key, now, act)


def approve_roll(world: World, now: datetime, address: Address, ids: Sequence[str] | None) -> tuple[World, Operation]:
    """ApproveRollingUpgrade of the named instances, or of all."""

    def act(draft: Draft) -> Operation:
        upgrade.approve(draft, [instance.id for instance in _choose(draft, ids or ["*"])])
        upgrade.step(draft)
        return operations.begin(draft, "APPROVEROLLINGUPGRADE", timedelta(seconds=1))

    return change(world, address.key, now, act)


def set_repairs(world: World, now: datetime, address: Address, action: str) -> tuple[World, Operation]:
    """setOrchestrationServiceState: Suspend or Resume automatic repairs."""

    def act(draft: Draft) -> Operation:
        if action not in ("Suspend", "Resume"):
            raise Refused(400, "InvalidParameter", "The value of parameter action is invalid.", "action")
        draft.update(repairs_suspended=action == "Suspend")
        return operations.begin(draft, "SETORCHESTRATIONSERVICESTATE", timedelta(seconds=2))

    return change(world, address.key, now, act)


def protect(
    world: World,
    now: datetime,
    address: Address,
    instance_id: str,
    protection: tuple[bool, bool],
    if_match: str | None = None,
) -> tuple[World, Operation]:
    """PUT of one instance's protectionPolicy: from scale-in, and from scale set actions; honours If-Match (412)."""

    def act(draft: Draft) -> Operation:
        instance = _choose(draft, [instance_id])[0]
        etag = f'"{instance.etag}"'
        if if_match not in (None, "*", etag, etag.strip('"')):
            raise precondition_failed()
        scale_in, actions = protection
        changed = protection != (instance.protect_from_scale_in, instance.protect_from_actions)
        raised = replace(instance, etag=instance.etag + int(changed))
        draft.put(replace(raised, protect_from_scale_in=scale_in, protect_from_actions=actions))
        return operations.begin(draft, "PUTINSTANCE", timedelta(seconds=2))

    return change(world, address.key, now, act)


def _choose(draft: Draft, ids: Sequence[str]) -> list[Instance]:
    """The instances a request names; `*` is all of them and must be the only entry (recorded)."""
    present = (instance for instance in draft.members() if instance.provisioning is not Provisioning.DELETING)
    members = {instance.id: instance for instance in present}
    if "*" in ids:
        if len(ids) > 1:
            raise wildcard_not_alone()
        return list(members.values())
    for key in ids:
        if key not in members:
            raise unknown_instance(key)
    return [members[key] for key in dict.fromkeys(ids)]


def _start(draft: Draft, instance: Instance) -> Instance:
    return begin_power(draft, instance, Power.STARTING, Power.RUNNING, draft.rules.timings.start)


def _power_off(draft: Draft, instance: Instance) -> Instance:
    return begin_power(draft, instance, Power.STOPPING, Power.STOPPED, draft.rules.timings.power_off)


def _reapply(draft: Draft, instance: Instance) -> Instance:
    """Azure delivers the state that the VM should have once more; settings that were processed are not run again."""
    return start_update(draft, instance, ())


def _deallocate(draft: Draft, instance: Instance) -> Instance:
    return begin_power(draft, instance, Power.DEALLOCATING, Power.DEALLOCATED, draft.rules.timings.deallocate)


_ACTIONS: dict[str, Action] = {
    "start": _start,
    "poweroff": _power_off,
    "deallocate": _deallocate,
    "restart": lambda draft, instance: start_restart(draft, instance, draft.rules.timings.restart),
    "redeploy": lambda draft, instance: start_restart(draft, instance, draft.rules.timings.redeploy),
    "reimage": reimage,
    "reimageall": reimage,
    "reapply": _reapply,
}


def put_instance_extension(
    world: World, now: datetime, address: Address, instance_id: str, name: str, properties: Mapping[str, Any]
) -> tuple[World, tuple[Operation, bool]]:
    """Write one extension on one instance, regardless of the model; same settings are not run again."""

    def act(draft: Draft) -> tuple[Operation, bool]:
        instance = _choose(draft, [instance_id])[0]
        if instance.is_off:
            raise machine_not_running()
        current = instance.extensions.get(name.lower())
        public = {
            key: value for key, value in properties.items() if key not in ("protectedSettings", "provisioningState")
        }
        kept = current.spec.protected if current is not None else None
        protected = properties.get("protectedSettings", kept) or None
        spec = ExtensionSpec(current.spec.name if current is not None else name, public, protected)
        had = tuple(installed.spec for installed in instance.extensions.values())
        others = [other for other in had if other.key != spec.key]
        admit_extensions(had, (*others, spec), is_windows(draft.value.model))
        update_extensions(draft, instance, (*others, spec))
        lasting = draft.seconds((1.0, 4.0), "instance extension", draft.value.minted)
        operation = operations.begin(draft, "PUTINSTANCEEXTENSION", lasting, [instance.id])
        return operation, current is None

    return change(world, address.key, now, act)


def delete_instance_extension(
    world: World, now: datetime, address: Address, instance_id: str, name: str
) -> tuple[World, Operation | None]:
    """Take one extension off one instance; none when it is not there (204)."""

    def act(draft: Draft) -> Operation | None:
        instance = _choose(draft, [instance_id])[0]
        if instance.is_off:
            raise machine_not_running()
        if name.lower() not in instance.extensions:
            return None
        kept = tuple(installed.spec for installed in instance.extensions.values() if installed.spec.key != name.lower())
        update_extensions(draft, instance, kept)
        return operations.begin(draft, "DELETEINSTANCEEXTENSION", timedelta(seconds=2), [instance.id])

    return change(world, address.key, now, act)
