"""Turns a scenario's tables of scale sets and events into their specifications."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vmss_tui.simulator.scenario.build import document, script_name, script_properties
from vmss_tui.simulator.scenario.machines import instance_id
from vmss_tui.simulator.scenario.model import (
    Autoscale,
    EventAfter,
    EventSpec,
    Override,
    PastWrite,
    ScaleSetSpec,
    Standby,
)
from vmss_tui.simulator.scenario.values import ids, seconds, span, typed
from vmss_tui.simulator.world.state.rules import InstanceTraits, SetTraits

_LINUX_VERSION = "22.04.202411060"
_WINDOWS_VERSION = "20348.2966.241205"
_DURATIONS = {"script_seconds", "relapse_after", "recover_after"}


def scale_set(keys: Mapping[str, Any]) -> tuple[ScaleSetSpec, Autoscale | None, Standby | None]:
    """The specification of one scale set, its autoscale setting and its standby pool when it has them.

    `keys` is its table with defaults filled in, `subscription` as an id, and `document` for a recorded model.
    """
    windows = keys.get("os") == "windows"
    given = keys.get("document")
    count = int(given["sku"]["capacity"]) if given and "instances" not in keys else int(keys.get("instances", 3))
    items = keys.get("items", ())
    members = ids(keys["ids"]) if "ids" in keys else tuple(str(number) for number in range(count))
    members = tuple(instance_id(item) for item in items) or members
    scope = f"/subscriptions/{keys['subscription']}/resourceGroups/{keys['group']}"
    model = document(keys, scope, len(members)) if given is None else _recorded(given, keys, len(members))
    spec = ScaleSetSpec(
        subscription_id=keys["subscription"],
        group=keys["group"],
        name=keys["name"],
        model=model,
        ids=members,
        traits=_traits(keys),
        age=seconds(keys.get("age", "30d")),
        script_age=seconds(keys.get("script_age", "3d")),
        image_version=keys.get("image_version", _WINDOWS_VERSION if windows else _LINUX_VERSION),
        overrides=tuple(_override(override, windows) for override in keys.get("overrides", ())),
        history=tuple(_past(past, windows, model) for past in keys.get("history", ())),
        repairs_suspended=keys.get("repairs_suspended", False),
        machines=items,
    )
    return spec, _autoscale(keys, scope, len(members)), _standby(keys, scope)


def event(keys: Mapping[str, Any]) -> EventSpec:
    """One event of a scenario."""
    arguments = {
        name: value
        for name, value in keys.items()
        if name not in ("scale_set", "at", "after", "action", "script", "tags")
    }
    for name in ("instances", "upgrade"):
        if name in arguments:
            arguments[name] = ids(arguments[name])
    body: dict[str, Any] = {}
    if "tags" in keys:
        body["tags"] = keys["tags"]
    if "script" in keys:
        arguments["script"] = keys["script"]
    arguments["body"] = body
    return EventSpec(
        scale_set=keys["scale_set"].lower(),
        at=seconds(keys["at"]),
        action=keys["action"],
        after=EventAfter(keys.get("after", "start")),
        arguments=arguments,
    )


def script_body(model: Mapping[str, Any], script: Mapping[str, Any], windows: bool) -> dict[str, Any]:
    """A PATCH body that replaces the script extension of a model and keeps the others."""
    name = script_name(script, windows)
    profile = model["properties"].get("virtualMachineProfile", {})
    listed = (profile.get("extensionProfile") or {}).get("extensions") or []
    kept = [
        {"name": item["name"], "properties": {k: v for k, v in item["properties"].items() if k != "protectedSettings"}}
        for item in listed
        if item["name"].lower() != name.lower()
    ]
    extensions = [*kept, {"name": name, "properties": script_properties(script, windows)}]
    return {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": extensions}}}}


def _recorded(given: Mapping[str, Any], keys: Mapping[str, Any], capacity: int) -> dict[str, Any]:
    """A recorded resource as the document it was written from, under the names of this scenario."""
    kept = {name: value for name, value in given.items() if name not in ("id", "name", "type", "etag")}
    properties = {
        name: value
        for name, value in kept.get("properties", {}).items()
        if name not in ("provisioningState", "uniqueId", "timeCreated")
    }
    sku = {**kept.get("sku", {}), "capacity": capacity}
    return {**kept, "location": kept.get("location", keys["location"]), "sku": sku, "properties": properties}


def _traits(keys: Mapping[str, Any]) -> SetTraits:
    made: dict[str, Any] = {}
    for name in ("initialising", "script_seconds"):
        if name in keys:
            made[name] = span(keys[name])
    if "surge_quota" in keys:
        made["surge_quota"] = int(keys["surge_quota"])
    for name in ("update_domains", "fault_domains", "newest_image", "managed_by"):
        if name in keys:
            made[name] = keys[name]
    if keys.get("zones"):
        made.setdefault("fault_domains", 1)
    return SetTraits(**made)


def _override(keys: Mapping[str, Any], windows: bool) -> Override:
    traits: dict[str, Any] = {}
    for setting in fields(InstanceTraits):
        if setting.name in keys:
            traits[setting.name] = seconds(keys[setting.name]) if setting.name in _DURATIONS else keys[setting.name]
    return Override(
        instances=ids(keys["instances"]),
        traits=InstanceTraits(**typed(InstanceTraits, traits)),
        health=keys.get("health"),
        power=keys.get("power"),
        provisioning=keys.get("provisioning"),
        protect=keys.get("protect"),
        script=script_properties(keys["runs"], windows) if "runs" in keys else None,
        agent_ready=keys.get("agent_ready", True),
    )


def _past(keys: Mapping[str, Any], windows: bool, model: Mapping[str, Any]) -> PastWrite:
    body = script_body(model, keys["script"], windows) if "script" in keys else {}
    return PastWrite(
        ago=seconds(keys["ago"]),
        body=body,
        upgrade=ids(keys["upgrade"]) if "upgrade" in keys else (),
        cancel_after=seconds(keys["cancel_after"]) if "cancel_after" in keys else None,
        who=keys.get("who", ""),
    )


def _autoscale(keys: Mapping[str, Any], scope: str, count: int) -> Autoscale | None:
    if "autoscale" not in keys:
        return None
    setting = keys["autoscale"]
    return Autoscale(
        scale_set_id=f"{scope}/providers/Microsoft.Compute/virtualMachineScaleSets/{keys['name']}",
        name=f"{keys['name']}-autoscale",
        minimum=setting["minimum"],
        maximum=setting["maximum"],
        default=setting.get("default", count),
        enabled=setting.get("enabled", True),
    )


def _standby(keys: Mapping[str, Any], scope: str) -> Standby | None:
    if "standby" not in keys:
        return None
    pool = keys["standby"]
    return Standby(
        scale_set_id=f"{scope}/providers/Microsoft.Compute/virtualMachineScaleSets/{keys['name']}",
        name=pool.get("name", f"{keys['name']}-pool"),
        minimum=pool.get("minimum", 0),
        maximum=pool["maximum"],
        state=pool.get("state", "Running"),
    )
