"""The current state of a scale set as a scenario of the simulator: its model, its instances with their faults. Pure.

How long scripts and health take comes from the set's track record, else from the forecast's assumption, so that the
rehearsal and the forecast speak of the same set. Load balancers cannot be copied and are left to the simulator. Standby
pools and Azure Policy assignments are copied so that the plan of the copy says the same; they do nothing there.
"""

from collections.abc import Collection, Mapping
from statistics import median
from typing import Any

from vmss_tui.domain.fleet.governance import Governance
from vmss_tui.domain.fleet.health import Health, Power, Provisioning
from vmss_tui.domain.fleet.ids import ScaleSetId, Subscription
from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import Autoscale
from vmss_tui.domain.fleet.script import HandlerOs
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.track_record import tempo
from vmss_tui.engine.rehearsal import Faults

MODEL, MACHINES = "model.json", "instances.json"
POOL_STATES = ("Running", "Deallocated", "Hibernated")
SLOWER = 5
"""How many times as long a script takes on an instance that is to be slow."""
_SCRIPT_SHARE = 0.75
"""Share of an instance's time that its script takes when nothing is known; the rest is its health."""
_REPORTED = {Health.HEALTHY: "healthy", Health.UNHEALTHY: "unhealthy", Health.INITIALISING: "initializing"}


def scenario_of(snapshot: SetSnapshot, plan: RolloutPlan, place: Subscription, faults: Faults) -> dict[str, Any]:
    """The scenario's tables; model and instances of the set are expected beside it, in `MODEL` and `MACHINES`."""
    target = snapshot.scale_set.id
    script, settle = _spans(plan)
    scale_set: dict[str, Any] = {
        "name": target.name,
        "subscription": target.subscription,
        "group": target.group,
        "location": snapshot.scale_set.location,
        "os": "windows" if snapshot.scale_set.os is HandlerOs.WINDOWS else "linux",
        "model": MODEL,
        "machines": MACHINES,
        "script_seconds": script,
        "initialising": settle,
        "overrides": _overrides(faults, script[1]),
        "autoscale": _autoscale(snapshot.autoscale),
        "standby": _standby(snapshot.governance),
    }
    return {
        "scenario": {"name": f"rehearsal-of-{target.name}"[:60], "seed": 1, "poll_hint_ms": 5000},
        "throttling": {"enabled": False},
        "tenants": [{"id": place.tenant_id, "name": "rehearsal"} if place.tenant_id else {"name": "rehearsal"}],
        "subscriptions": [{"id": target.subscription, "name": place.name or target.subscription}],
        "scale_sets": [{key: value for key, value in scale_set.items() if value not in ([], {})}],
        "policies": _policies(snapshot.governance, target),
        "events": _events(target.name, plan, faults),
    }


def _spans(plan: RolloutPlan) -> tuple[list[int], list[int]]:
    """From and to, in seconds, for the script and for the health of an instance."""
    rhythm, past = tempo(plan.history), plan.history.timed
    shares = [
        rollout.script_seconds / (rollout.script_seconds + rollout.settle_seconds)
        for rollout in past
        if rollout.script_seconds > 0
    ]
    share = median(shares) if shares and plan.history.known else _SCRIPT_SHARE
    last = len(rhythm.shape) - 1
    ends = [rhythm.typical * rhythm.shape[round(place * last)] for place in (0.05, 0.95)]
    script, settle = ([max(1, round(part * seconds)) for seconds in ends] for part in (share, 1 - share))
    return script, settle


def machines_of(snapshot: SetSnapshot, model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The instances as `virtualMachines?$expand=instanceView` has them. `model`: Azure's JSON of the set."""
    ordered = sorted(snapshot.instances, key=lambda instance: instance.ordinal)
    return [_machine(instance, snapshot, model) for instance in ordered]


def _machine(instance: Instance, snapshot: SetSnapshot, model: Mapping[str, Any]) -> dict[str, Any]:
    view: dict[str, Any] = {"statuses": [{"code": f"PowerState/{_power(instance)}"}]}
    if instance.update_domain is not None:
        view["platformUpdateDomain"] = instance.update_domain
    if instance.health is not Health.NONE and not instance.is_off:
        view["vmHealth"] = {"status": {"code": f"HealthState/{_REPORTED.get(instance.health, 'unknown')}"}}
    item: dict[str, Any] = {
        "name": instance.name or instance.id,
        "properties": {
            "latestModelApplied": instance.latest_model,
            "provisioningState": "Failed" if instance.provisioning is Provisioning.FAILED else "Succeeded",
            "instanceView": view,
            "protectionPolicy": {"protectFromScaleSetActions": instance.protected},
        },
    }
    if instance.id.isdigit():
        item["instanceId"] = instance.id
    else:
        item["name"] = instance.id
    if instance.zone:
        item["zones"] = [instance.zone]
    current = snapshot.scale_set.script
    if instance.version_known and current is not None and instance.script_digest != current.digest:
        item["resources"] = _extensions(instance, current.name, model)
    return item


def _power(instance: Instance) -> str:
    return (
        "deallocated"
        if instance.power in (Power.DEALLOCATED, Power.DEALLOCATING)
        else ("stopped" if instance.is_off else "running")
    )


def _extensions(instance: Instance, script: str, model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The versions installed on an instance that runs another script than the model's."""
    profile = model.get("properties", {}).get("virtualMachineProfile", {}).get("extensionProfile") or {}
    listed: list[dict[str, Any]] = []
    for extension in profile.get("extensions") or ():
        properties = dict(extension.get("properties", {}))
        if str(extension.get("name", "")).lower() == script.lower():
            if not instance.script_digest:
                continue
            properties = {**properties, "settings": dict(instance.script_settings)}
        listed.append({"name": extension.get("name"), "properties": properties})
    return listed


def _autoscale(setting: Autoscale | None) -> dict[str, Any]:
    """Shown as it is, so that the plan says the same; it acts only when it is asked for."""
    if setting is None or setting.unknown:
        return {}
    return {"minimum": setting.minimum, "maximum": setting.maximum, "enabled": setting.enabled}


def _standby(known: Governance | None) -> dict[str, Any]:
    """A set has one pool at most ("Standby pools: limitations")."""
    for pool in (known.standby_pools if known is not None else None) or ():
        state = next((state for state in POOL_STATES if state.casefold() == pool.state.casefold()), POOL_STATES[0])
        return {"name": pool.name, "minimum": pool.minimum, "maximum": pool.maximum, "state": state}
    return {}


def _policies(known: Governance | None, target: ScaleSetId) -> list[dict[str, Any]]:
    """Assignments that matter to a write. Whether one denies this rollout is for Azure to say: here none does.

    Assignments of a management group move to the copy's subscription, since the simulator has no such groups.
    """
    place = f"/subscriptions/{target.subscription}"
    found = (known.policies if known is not None else None) or ()
    return [
        {
            "name": policy.name,
            "scope": policy.scope if policy.scope.casefold().startswith(place.casefold()) else place,
            "effect": "Deny" if policy.denies else "DeployIfNotExists",
            "actions": [],
        }
        for policy in found
        if (policy.denies or policy.writes) and policy.name
    ]


def _overrides(faults: Faults, longest: int) -> list[dict[str, Any]]:
    return [{"instances": [instance], **_fault(instance, faults, longest)} for instance in sorted(faults.instances)]


def _fault(instance: str, faults: Faults, longest: int) -> Mapping[str, Any]:
    keys: dict[str, Any] = {"script_seconds": longest * SLOWER} if instance in faults.slow else {}
    if instance in faults.fails:
        keys |= {"script": "fails", "script_exit_code": 1, "script_stderr": "rehearsed: the script fails here"}
    if instance in faults.unhealthy:
        keys |= {"after_script": "unhealthy"}
    return keys


def _events(name: str, plan: RolloutPlan, faults: Faults) -> Collection[dict[str, Any]]:
    """What others do during the rollout."""
    events: list[dict[str, Any]] = []
    scaling = faults.autoscale
    if scaling is not None:
        change = {"capacity": scaling.capacity} if scaling.capacity is not None else {"by": scaling.by}
        events.append({"scale_set": name, "at": scaling.after, "after": "write", "action": "autoscale", **change})
    if faults.colleague_after is not None:
        script = {"name": plan.script.name, "command": "./changed-by-a-colleague.sh"}
        events.append(
            {"scale_set": name, "at": faults.colleague_after, "after": "write", "action": "write", "script": script}
        )
    return events
