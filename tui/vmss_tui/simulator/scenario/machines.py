"""Instances copied from an answer of `virtualMachines?$expand=instanceView`: a rehearsal starts from the current state.

Reads Azure's JSON leniently: a missing property is as on any other instance of the scenario.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from vmss_tui.simulator.world.state.extension import ExtensionSpec, InstalledExtension, full_version
from vmss_tui.simulator.world.state.model import Instance, ScaleSet
from vmss_tui.simulator.world.state.profile import specs
from vmss_tui.simulator.world.state.states import Health, Power, Provisioning
from vmss_tui.simulator.world.state.timeline import ScriptResult

_OUTPUTS = re.compile(r"\[stdout\]\n(?P<stdout>.*?)\n\[stderr\]\n(?P<stderr>.*)\Z", re.DOTALL)
_EXIT_STATUS = re.compile(r"exit status[= ](\d+)")
_SHARES = re.compile(r"\.(\d{1,6})\d*")
_READ_ONLY = ("provisioningState", "instanceView", "statuses")


def read(document: Any) -> tuple[Mapping[str, Any], ...]:
    """The items of a list answer, or of a bare array.

    Raises ValueError: it is neither.
    """
    items = document.get("value") if isinstance(document, Mapping) else document
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise ValueError("machines: expected the JSON of a virtualMachines list")
    return tuple(items)


def instance_id(item: Mapping[str, Any]) -> str:
    """The id under which the set knows the instance: its number, or the VM's name in a Flexible set."""
    return str(item.get("instanceId") or item.get("name", ""))


def copied(item: Mapping[str, Any], usual: Instance, value: ScaleSet, ran: datetime) -> Instance:
    """The instance of an item.

    `usual` is an instance as the scenario would have made it, for everything that the item does not say. An instance
    on the latest model of the scale set `value` shares the model's extensions, secrets included. `ran` is when its
    scripts ran, where the item does not say.
    """
    properties = item.get("properties", {})
    view = properties.get("instanceView", {})
    protection = properties.get("protectionPolicy", {})
    current = bool(properties.get("latestModelApplied", True))
    health, health_at = _health(view, usual, ran)
    return replace(
        usual,
        id=str(item.get("name") if value.flexible else instance_id(item)),
        name=str(item.get("name", usual.name)),
        computer_name=str(properties.get("osProfile", {}).get("computerName", usual.computer_name)),
        vm_id=str(properties.get("vmId", usual.vm_id)),
        created=_time(properties.get("timeCreated"), usual.created),
        zone=next(iter(item.get("zones", ())), None),
        update_domain=int(view.get("platformUpdateDomain", usual.update_domain)),
        fault_domain=int(view.get("platformFaultDomain", usual.fault_domain)),
        generation=value.generation if current else value.generation - 1,
        provisioning=Provisioning.FAILED if properties.get("provisioningState") == "Failed" else Provisioning.SUCCEEDED,
        power=_power(view),
        health=health,
        health_at=health_at,
        extensions=_extensions(item, view, value, current, ran),
        protect_from_scale_in=bool(protection.get("protectFromScaleIn", False)),
        protect_from_actions=bool(protection.get("protectFromScaleSetActions", False)),
    )


def _extensions(
    item: Mapping[str, Any], view: Mapping[str, Any], value: ScaleSet, current: bool, ran: datetime
) -> dict[str, InstalledExtension]:
    """The installed versions of the item; without a word about it, what the model asks for."""
    wanted = {spec.key: spec for spec in specs(value.model, value.protected)}
    shown = {str(shown.get("name", "")).lower(): shown for shown in view.get("extensions", ())}
    listed = item.get("resources")
    if listed is None:
        found = wanted
    else:
        found = {spec.key: spec for spec in map(_spec, listed)}
        if current:
            found |= {key: wanted[key] for key in found if key in wanted}
    return {key: _installed(spec, shown.get(key, {}), ran) for key, spec in found.items()}


def _spec(resource: Mapping[str, Any]) -> ExtensionSpec:
    properties = resource.get("properties", {})
    public = {name: item for name, item in properties.items() if name not in _READ_ONLY}
    return ExtensionSpec(str(resource.get("name", "")).rsplit("/", 1)[-1], public)


def _installed(spec: ExtensionSpec, shown: Mapping[str, Any], ran: datetime) -> InstalledExtension:
    status: Mapping[str, Any] = next(iter(shown.get("statuses", ())), {})
    failed = "/failed" in str(status.get("code", "")).lower()
    since = _time(status.get("time"), ran)
    return InstalledExtension(
        spec=spec,
        sequence=0,
        state=Provisioning.FAILED if failed else Provisioning.SUCCEEDED,
        since=since,
        version=str(shown.get("typeHandlerVersion") or full_version(spec)),
        started=since,
        result=_result(str(status.get("message") or ""), shown.get("substatuses", ()), failed),
    )


def _result(message: str, substatuses: Iterable[Mapping[str, Any]], failed: bool) -> ScriptResult:
    texts = {
        str(status.get("code", "")).removeprefix("ComponentStatus/").split("/")[0]: str(status.get("message", ""))
        for status in substatuses
    }
    outputs = _OUTPUTS.search(message)
    status = _EXIT_STATUS.search(message)
    return ScriptResult(
        exit_code=(int(status[1]) if status else 1) if failed else 0,
        stdout=outputs["stdout"] if outputs else texts.get("StdOut", ""),
        stderr=outputs["stderr"] if outputs else texts.get("StdErr", ""),
    )


def _power(view: Mapping[str, Any]) -> Power:
    word = _code(view.get("statuses", ()), "PowerState/")
    return Power(word) if word in set(Power) else Power.RUNNING


def _health(view: Mapping[str, Any], usual: Instance, ran: datetime) -> tuple[Health | None, datetime | None]:
    status = view.get("vmHealth", {}).get("status")
    if status is None:
        return (None, None) if view else (usual.health, usual.health_at)
    word = _code([status], "HealthState/")
    return Health(word) if word in set(Health) else Health.UNKNOWN, _time(status.get("time"), ran)


def _code(statuses: Iterable[Mapping[str, Any]], prefix: str) -> str:
    for status in statuses:
        code = str(status.get("code", ""))
        if code.lower().startswith(prefix.lower()):
            return code[len(prefix) :].split("/")[0].lower()
    return ""


def _time(text: Any, otherwise: datetime) -> datetime:
    """A timestamp of Azure, with up to seven digits, or `otherwise`."""
    if not isinstance(text, str):
        return otherwise
    try:
        found = datetime.fromisoformat(_SHARES.sub(r".\1", text))
    except ValueError:
        return otherwise
    return found if found.tzinfo is not None else otherwise
