"""The health of instances: what the source says during and after an update, relapses, and repairs that follow."""

from dataclasses import replace
from datetime import timedelta

from .draft import Draft
from .extension import ExtensionSpec
from .model import Event, Health, Instance
from .policy import duration_seconds
from .scripts import stays_unhealthy, survives_failure
from .timeline import HealthTurns


def turn_health(draft: Draft, instance: Instance, to: Health | None) -> Instance:
    """What the health source says now; an unhealthy instance may be due for an automatic repair."""
    if draft.health_source == "none" or instance.is_off or instance.health == to:
        return instance
    if to == "unhealthy":
        _plan_repair(draft, instance)
    return replace(instance, health=to, health_at=draft.at)


def report_health(draft: Draft, instance: Instance, turn: HealthTurns) -> Instance:
    """The health source reports; after an update an instance may relapse, and recover, as its traits say."""
    instance = turn_health(draft, instance, turn.to)
    traits = instance.traits
    if turn.after_script and traits.relapse_after:
        relapse = timedelta(seconds=traits.relapse_after)
        instance = draft.later(instance, relapse, HealthTurns("unhealthy"))
        if traits.recover_after:
            recovery = relapse + timedelta(seconds=traits.recover_after)
            instance = draft.later(instance, recovery, HealthTurns("healthy"))
    return draft.put(instance)


def follow_script(draft: Draft, instance: Instance, spec: ExtensionSpec, failed: bool) -> Instance:
    """Plan what the health source will say after a script: healthy after initialising, or not at all."""
    delay = draft.seconds(draft.value.traits.initialising, instance.id, "initialising", draft.value.minted)
    if failed:
        well = survives_failure(draft.rules, draft.value, spec)
    else:
        well = not stays_unhealthy(draft.rules, draft.value, instance, spec)
        well = well and instance.traits.after_script != "unhealthy"
    if well:
        return draft.later(instance, delay, HealthTurns("healthy", after_script=not failed))
    if failed:
        return turn_health(draft, instance, "unhealthy")
    return draft.later(instance, delay, HealthTurns("unhealthy"))


def disturbed(draft: Draft) -> Health:
    """What a health source says while the application is being replaced."""
    return "initializing" if draft.health_source == "rich" else "unhealthy"


def _plan_repair(draft: Draft, instance: Instance) -> None:
    policy = draft.value.properties.get("automaticRepairsPolicy") or {}
    if not policy.get("enabled"):
        return
    grace = duration_seconds(str(policy.get("gracePeriod", "PT10M"))) or 600.0
    arguments = {"instance": instance.id, "since": draft.at}
    draft.plan_event(Event(draft.at + timedelta(seconds=grace), "repair", arguments))
