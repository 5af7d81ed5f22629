"""Moves a world forward in time: everything that was due by then happens, in order, set by set.

Only scale sets on the agenda are touched, and inside one only what is due; nothing is polled.
"""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from vmss_tui.simulator.world.changes import events, operations
from vmss_tui.simulator.world.machine import health, power, updates
from vmss_tui.simulator.world.rolling import upgrade
from vmss_tui.simulator.world.state.draft import Draft, commit
from vmss_tui.simulator.world.state.model import Instance, World
from vmss_tui.simulator.world.state.timeline import (
    AgentReports,
    Due,
    ExtensionBegins,
    ExtensionEnds,
    HealthTurns,
    PowerTurns,
    ProvisioningEnds,
    Vanishes,
)


def advance(world: World, now: datetime) -> World:
    """The world as it is at `now`; the same object when nothing was due."""
    due = [key for key, when in world.agenda.items() if when <= now]
    if not due:
        return world
    drafts = []
    for key in due:
        value = world.scale_sets[key]
        draft = Draft(value, world, value.touched or value.created)
        run(draft, now)
        drafts.append(draft)
    return commit(world, drafts)


def run(draft: Draft, now: datetime) -> None:
    """Work off one scale set until `now`."""
    while not draft.gone and (when := draft.next_due()) is not None and when <= now:
        draft.at = max(when, draft.at)
        settle(draft)


def settle(draft: Draft) -> None:
    """Let everything happen that is due at the draft's own moment."""
    for instance in draft.take_due():
        _happen(draft, instance)
    events.fire(draft)
    upgrade.step(draft)
    operations.settle(draft)


def _happen(draft: Draft, instance: Instance) -> None:
    due, *rest = instance.timeline
    _apply(draft, replace(instance, timeline=tuple(rest)), due)


def _apply(draft: Draft, instance: Instance, due: Due) -> None:
    match due.change:
        case ExtensionBegins():
            updates.begin_extension(draft, instance)
        case ExtensionEnds():
            updates.end_extension(draft, instance, due.change)
        case ProvisioningEnds():
            updates.end_provisioning(draft, instance)
        case HealthTurns():
            health.report_health(draft, instance, due.change)
        case PowerTurns():
            power.turn_power(draft, instance, due.change)
        case AgentReports():
            power.agent_reports(draft, instance)
        case Vanishes():
            draft.drop(instance.id)
        case _:
            assert_never(due.change)
