"""Automatic instance repairs: which unhealthy instance is repaired, when, and when the service gives up.

Source: "Automatic instance repairs for Virtual Machine Scale Sets": at most 5 % of the instances at a time and one in
sets of fewer than 20, none with instance protection, a grace period that starts again after every state change, and a
service that is suspended when repairs keep failing. The wait of a repair for the end of a rolling upgrade, and the
number of failures, are inferred.
"""

from dataclasses import replace
from datetime import timedelta

from vmss_tui.simulator.world.machine.health import SICK, repair_grace
from vmss_tui.simulator.world.machine.power import create, reimage, remove, start_restart
from vmss_tui.simulator.world.machine.scaling import new_instance
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.model import Event, Instance

_RETRY = timedelta(seconds=60)
_SMALL_SET = 20
_PERCENT = 5
_MOST_FAILURES = 3
"""Repairs in a row that did not help, after which the service is suspended."""


def repair(draft: Draft, event: Event) -> None:
    """Replace, reimage or restart an instance that stayed unhealthy for the grace period."""
    instance = draft.instances.get(str(event.arguments["instance"]))
    since = event.arguments.get("since")
    if instance is None or instance.health not in SICK or draft.value.repairs_suspended or instance.is_off:
        return
    if since is not None and instance.health_at != since:
        return
    changed = instance.provisioned_at or instance.created
    if since is not None and changed + repair_grace(draft) > draft.at and not instance.busy:
        draft.plan_event(replace(event, at=changed + repair_grace(draft)))
    elif draft.value.rolling or instance.busy or _is_protected(instance) or _room(draft) <= 0:
        draft.plan_event(replace(event, at=draft.at + _RETRY))
    elif instance.repaired and draft.value.failed_repairs + 1 >= _MOST_FAILURES:
        draft.update(repairs_suspended=True, failed_repairs=0)
    else:
        draft.update(failed_repairs=draft.value.failed_repairs + instance.repaired)
        _carry_out(draft, instance)


def _carry_out(draft: Draft, instance: Instance) -> None:
    policy = draft.value.properties.get("automaticRepairsPolicy") or {}
    repaired = replace(instance, repaired=True)
    match str(policy.get("repairAction", "Replace")):
        case "Reimage":
            reimage(draft, repaired)
        case "Restart":
            start_restart(draft, repaired, draft.rules.timings.restart)
        case _:
            remove(draft, instance)
            create(draft, replace(new_instance(draft), repaired=True))


def _is_protected(instance: Instance) -> bool:
    return instance.protect_from_scale_in or instance.protect_from_actions


def _room(draft: Draft) -> int:
    """How many more instances may be repaired now."""
    members = draft.members()
    most = 1 if len(members) < _SMALL_SET else len(members) * _PERCENT // 100
    return most - sum(instance.repaired and instance.busy for instance in members)
