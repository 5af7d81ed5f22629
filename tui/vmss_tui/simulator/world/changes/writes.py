"""Writes to the model: PUT, PATCH and DELETE of scale sets and of their extensions, and what each mode makes of them.

Manual: the model only. Automatic: every instance at once. Rolling: the write itself starts the rolling upgrade and its
operation lasts until the last batch is done (recorded: extension_put_rolls_2018-05).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from vmss_tui.simulator.world.changes import operations
from vmss_tui.simulator.world.machine.power import remove
from vmss_tui.simulator.world.machine.scaling import resize
from vmss_tui.simulator.world.machine.updates import update_to_model
from vmss_tui.simulator.world.rolling import upgrade
from vmss_tui.simulator.world.state.admission import admit_model
from vmss_tui.simulator.world.state.chance import guid
from vmss_tui.simulator.world.state.draft import Draft, change, commit
from vmss_tui.simulator.world.state.errors import (
    Refused,
    bad_content,
    being_deleted,
    missing_parameter,
    precondition_failed,
    rolling_in_progress,
)
from vmss_tui.simulator.world.state.model import Event, Operation, ScaleSet, World
from vmss_tui.simulator.world.state.profile import declared, finish, merge, settle_extensions, written_part
from vmss_tui.simulator.world.state.states import Provisioning, RollKind


@dataclass(frozen=True, slots=True)
class Address:
    """Where a scale set is, or is to be."""

    subscription_id: str
    group: str
    name: str

    @property
    def key(self) -> str:
        """Lower-cased resource id: ids are compared without case."""
        return (
            f"/subscriptions/{self.subscription_id}/resourcegroups/{self.group}"
            f"/providers/microsoft.compute/virtualmachinescalesets/{self.name}"
        ).lower()


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditional headers of a write, as sent."""

    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a write answers with."""

    scale_set: ScaleSet
    operation: Operation | None
    created: bool = False


def put_scale_set(
    world: World, now: datetime, address: Address, body: Mapping[str, Any], conditions: Conditions
) -> tuple[World, Written]:
    """Create a scale set, or merge `body` into the one that is there.

    Raises Refused: 400, 409 or 412 as Azure answers.
    """
    if address.key not in world.scale_sets:
        return _create(world, now, address, body, conditions)

    def write(draft: Draft) -> Written:
        _check(draft, conditions)
        written = written_part(body)
        _check_location(draft.value, written)
        return write_model(draft, written, "PUT")

    return change(world, address.key, now, write)


def patch_scale_set(
    world: World, now: datetime, address: Address, body: Mapping[str, Any], conditions: Conditions
) -> tuple[World, Written]:
    """Merge `body` into a scale set; an `extensions` array replaces (recorded: VMSS patch operations)."""

    def write(draft: Draft) -> Written:
        _check(draft, conditions)
        return write_model(draft, written_part(body), "PATCH")

    return change(world, address.key, now, write)


def delete_scale_set(world: World, now: datetime, address: Address) -> tuple[World, Written | None]:
    """Delete a scale set and its instances; none when there is none (204)."""
    if address.key not in world.scale_sets:
        return world, None

    def write(draft: Draft) -> Written:
        operations.preempt(draft, operations.WRITES)
        for instance in list(draft.instances.values()):
            remove(draft, instance)
        draft.update(provisioning=Provisioning.DELETING, provisioned_at=draft.at)
        lasting = draft.seconds(draft.rules.timings.delete_set, "delete set")
        operation = operations.begin(draft, "DELETE", lasting, draft.instances, removes_set=True)
        return Written(draft.value, operation)

    return change(world, address.key, now, write)


def put_extension(
    world: World, now: datetime, address: Address, name: str, body: Mapping[str, Any], *, merging: bool = False
) -> tuple[World, Written]:
    """Create or replace one extension of the model, leaving the others alone; with `merging` it is a PATCH.

    Absent protectedSettings stay, as in a write of the whole set (assumed: not recorded here).
    """
    properties = body.get("properties")
    if not isinstance(properties, Mapping):
        raise bad_content("'properties' of the extension must be a JSON object.")

    def write(draft: Draft) -> Written:
        _check(draft, Conditions())
        public = {key: value for key, value in properties.items() if key not in ("provisioningState",)}
        return _write_extension(draft, name, public, merging)

    return change(world, address.key, now, write)


def delete_extension(world: World, now: datetime, address: Address, name: str) -> tuple[World, Written | None]:
    """Take one extension out of the model; none when it is not there (204)."""

    def write(draft: Draft) -> Written | None:
        _check(draft, Conditions())
        listed = declared(draft.value.model)
        kept = [item for item in listed if str(item.get("name", "")).lower() != name.lower()]
        if len(kept) == len(listed):
            return None
        return write_model(draft, _extensions_body(kept), "EXTENSION", extension=name.lower())

    return change(world, address.key, now, write)


def write_model(
    draft: Draft, body: Mapping[str, Any], kind: str, *, extension: str | None = None, admitted: bool = True
) -> Written:
    """Merge a body into the model and start what the upgrade mode makes of it.

    A write that changes nothing keeps the etag (recorded once). Without `admitted` the body is a scenario's own and is
    taken as it is.
    """
    before = draft.value
    merged = merge(before.model, body)
    model, protected = settle_extensions(merged, before.protected, _carries_extensions(body))
    model = finish(model, draft.rules.switches)
    if admitted:
        admit_model(before.model, model)
    changed = _profile(model) != _profile(before.model) or protected != before.protected
    operations.preempt(draft, operations.WRITES)
    draft.update(
        model=model,
        protected=protected,
        generation=before.generation + int(changed),
        etag=before.etag + int(changed or model != before.model),
        provisioning=Provisioning.UPDATING,
        provisioned_at=draft.at,
    )
    _arm_events(draft)
    worked_on = resize(draft, draft.value.capacity)
    rolls = draft.value.mode == "Rolling" and _asks_for_roll(before, draft.value, changed)
    if rolls:
        upgrade.start(draft, RollKind.MODEL)
    elif draft.value.mode == "Automatic" and changed:
        worked_on = (*worked_on, *_update_everything(draft))
    lasting = draft.seconds(draft.rules.timings.model_write, kind, draft.value.etag)
    operation = operations.begin(draft, kind, lasting, worked_on, with_roll=rolls, extension=extension)
    return Written(draft.value, operation)


def check_writable(draft: Draft) -> None:
    """Refuse a write to a set that is being deleted or that has a rolling upgrade in progress."""
    if draft.value.provisioning is Provisioning.DELETING:
        raise being_deleted(draft.value.name)
    if draft.value.rolling:
        raise rolling_in_progress()


def _create(
    world: World, now: datetime, address: Address, body: Mapping[str, Any], conditions: Conditions
) -> tuple[World, Written]:
    if conditions.if_match is not None:
        raise precondition_failed()
    written = written_part(body)
    if not written.get("location"):
        raise Refused(400, "LocationRequired", "The location property is required for this definition.")
    model, protected = settle_extensions(written, {}, True)
    model = finish(model, world.rules.switches)
    admit_model(None, model)
    value = ScaleSet(
        key=address.key,
        subscription_id=address.subscription_id,
        group=address.group,
        name=address.name,
        location=str(model["location"]).replace(" ", "").lower(),
        model=model,
        created=now,
        unique_id=guid(world.rules.seed, address.key, now),
        protected=protected,
        provisioning=Provisioning.CREATING,
        provisioned_at=now,
    )
    draft = Draft(value, world, now)
    new = resize(draft, value.capacity)
    operation = operations.begin(draft, "PUT", draft.seconds(world.rules.timings.model_write, "create"), new)
    return commit(world, [draft]), Written(draft.value, operation, created=True)


def _check_location(value: ScaleSet, written: Mapping[str, Any]) -> None:
    """Refuse a PUT that names another region; ARM's own wording."""
    wanted = str(written.get("location", value.location)).replace(" ", "").lower()
    if wanted != value.location:
        raise Refused(
            409,
            "InvalidResourceLocation",
            f"The resource '{value.name}' already exists in location '{value.location}' in resource group "
            f"'{value.group}'. A resource with the same name cannot be created in location '{wanted}'. Please select a "
            "new resource name.",
        )


def _write_extension(draft: Draft, name: str, properties: Mapping[str, Any], merging: bool) -> Written:
    listed = declared(draft.value.model)
    current = next((item for item in listed if str(item.get("name", "")).lower() == name.lower()), None)
    if merging and current is not None:
        properties = {**current.get("properties", {}), **properties}
    for required in ("publisher", "type", "typeHandlerVersion"):
        if not properties.get(required):
            raise missing_parameter(required)
    written = {"name": current["name"] if current else name, "properties": properties}
    extensions = [written if item is current else item for item in listed]
    if current is None:
        extensions.append(written)
    answer = write_model(draft, _extensions_body(extensions), "EXTENSION", extension=name.lower())
    states = {**draft.value.extension_states, name.lower(): Provisioning.CREATING}
    draft.update(extension_states=states)
    return replace(answer, scale_set=draft.value, created=current is None)


def _extensions_body(extensions: list[Any]) -> dict[str, Any]:
    return {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": extensions}}}}


def _check(draft: Draft, conditions: Conditions) -> None:
    etag = f'"{draft.value.etag}"'
    if conditions.if_none_match is not None and conditions.if_none_match in ("*", etag):
        raise precondition_failed()
    if conditions.if_match not in (None, "*", etag, etag.strip('"')):
        raise precondition_failed()
    check_writable(draft)


def _carries_extensions(body: Mapping[str, Any]) -> bool:
    profile = (body.get("properties") or {}).get("virtualMachineProfile") or {}
    return "extensions" in (profile.get("extensionProfile") or {})


def _profile(model: Mapping[str, Any]) -> Any:
    return model.get("properties", {}).get("virtualMachineProfile"), (model.get("sku") or {}).get("name")


def _asks_for_roll(before: ScaleSet, after: ScaleSet, changed: bool) -> bool:
    """A write that only scales or tags starts no rolling upgrade; every other one does, even without a change.

    Recorded (2020): a change of mode alone walks every instance; documented: a no-op PUT restarts a rolling upgrade.
    That scaling alone starts none is inferred.
    """
    if changed:
        return True
    same_properties = before.properties == after.properties
    scaled = before.capacity != after.capacity
    tagged = before.model.get("tags") != after.model.get("tags")
    return not (same_properties and (scaled or tagged))


def _update_everything(draft: Draft) -> tuple[str, ...]:
    """Automatic mode: all instances at once, in no order."""
    chosen = [
        instance
        for instance in draft.members()
        if not (instance.protect_from_actions or instance.provisioning is Provisioning.DELETING)
    ]
    for instance in chosen:
        if instance.generation != draft.value.generation:
            update_to_model(draft, instance)
    return tuple(instance.id for instance in chosen)


def _arm_events(draft: Draft) -> None:
    """Events that a scenario counts from the first write get their moment now."""
    waiting = draft.value.after_write
    if not waiting:
        return
    draft.update(after_write=())
    for seconds, event in waiting:
        draft.plan_event(Event(draft.at + timedelta(seconds=seconds), event.action, event.arguments))
