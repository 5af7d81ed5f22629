"""A scale set as it stands now as a scenario of the simulator: model verbatim, instances with what ails them. Pure.

What cannot be copied is left to the simulator: how long scripts take, which zone an instance is in, load balancers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from vmss_tui.domain.fleet.health import Health, Power
from vmss_tui.domain.fleet.ids import Subscription
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.domain.fleet.snapshot import SetSnapshot

MODEL = "model.json"
_OFF = {Power.DEALLOCATED: "deallocated", Power.STOPPED: "stopped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What a person wants to see go wrong: ids where the script fails, or where the instance stays unhealthy."""

    fails: frozenset[str] = frozenset()
    unhealthy: frozenset[str] = frozenset()


def scenario_of(snapshot: SetSnapshot, place: Subscription, mishap: Mishap) -> dict[str, Any]:
    """The scenario's tables; the set's model is expected beside it in `model.json`."""
    target = snapshot.scale_set.id
    ids = [instance.id for instance in sorted(snapshot.instances, key=lambda instance: instance.ordinal)]
    scale_set: dict[str, Any] = {
        "name": target.name,
        "subscription": target.subscription,
        "group": target.group,
        "location": snapshot.scale_set.location,
        "os": "windows" if snapshot.scale_set.os is HandlerOs.WINDOWS else "linux",
        "model": MODEL,
        **_members(ids),
        "overrides": _overrides(snapshot.instances, mishap),
        "autoscale": _autoscale(snapshot.autoscale),
    }
    return {
        "scenario": {"name": f"rehearsal-of-{target.name}"[:60], "seed": 1, "poll_hint_ms": 100},
        "throttling": {"enabled": False},
        "tenants": [{"id": place.tenant_id, "name": "rehearsal"} if place.tenant_id else {"name": "rehearsal"}],
        "subscriptions": [{"id": target.subscription, "name": place.name or target.subscription}],
        "scale_sets": [{key: value for key, value in scale_set.items() if value not in ([], {})}],
    }


def _members(ids: list[str]) -> dict[str, Any]:
    """Their own ids where Azure numbers them; else (Flexible) only how many there are."""
    return (
        {"ids": [int(instance_id) for instance_id in ids]}
        if ids and all(map(str.isdigit, ids))
        else {"instances": len(ids)}
    )


def _autoscale(setting: Autoscale | None) -> dict[str, Any]:
    """Shown as it is, so that the plan says the same; in a rehearsal it does not act."""
    if setting is None or setting.unknown:
        return {}
    return {"minimum": setting.minimum, "maximum": setting.maximum, "enabled": setting.enabled}


def _overrides(instances: Collection[Instance], mishap: Mishap) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for instance in instances:
        if instance.id.isdigit():
            keys = {**_ailing(instance), **_mishap(instance.id, mishap)}
            if keys:
                found.append({"instances": [int(instance.id)], **keys})
    return found


def _ailing(instance: Instance) -> Mapping[str, Any]:
    keys: dict[str, Any] = {}
    if instance.power in _OFF:
        keys["power"] = _OFF[instance.power]
    if instance.health is Health.UNHEALTHY:
        keys["health"] = "unhealthy"
    if instance.protected:
        keys["protect"] = "actions"
    return keys


def _mishap(instance: str, mishap: Mishap) -> Mapping[str, Any]:
    if instance in mishap.fails:
        return {"script": "fails", "script_exit_code": 1, "script_stderr": "rehearsed: the script fails here"}
    return {"after_script": "unhealthy"} if instance in mishap.unhealthy else {}
