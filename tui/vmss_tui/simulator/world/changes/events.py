"""What a scenario, or Azure itself, lets happen to a scale set: autoscale, a colleague's write, sickness, repairs.

Owns the actions by name; a scenario's `[[events]]` may use each of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from vmss_tui.simulator.world.changes.repairs import repair
from vmss_tui.simulator.world.changes.writes import check_writable, write_model
from vmss_tui.simulator.world.machine.health import turn_health
from vmss_tui.simulator.world.machine.power import begin_power, remove
from vmss_tui.simulator.world.machine.updates import update_to_model
from vmss_tui.simulator.world.rolling import upgrade
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.model import Event, Instance
from vmss_tui.simulator.world.state.states import Health, Power, RollKind, Starter

_AUTOSCALE = "Microsoft.Insights/autoscaleSettings"
_COLLEAGUE = "colleague@example.com"
"""The caller of a write of the scenario that names none."""


def fire(draft: Draft) -> None:
    """Let every event happen that is due."""
    while draft.value.events and draft.value.events[0].at <= draft.at:
        event, *rest = draft.value.events
        draft.update(events=tuple(rest))
        ACTIONS[event.action](draft, event)


def _autoscale(draft: Draft, event: Event) -> None:
    """Autoscale writes the capacity; refused while a rolling upgrade runs, it tries again later (quoted)."""
    wanted = event.arguments.get("capacity")
    capacity = int(wanted) if wanted is not None else draft.value.capacity + int(event.arguments.get("by", 0))
    try:
        check_writable(draft)
        write_model(draft, {"sku": {"capacity": max(0, capacity)}}, "PATCH")
        draft.note(_AUTOSCALE, "write")
    except Refused:
        retry = draft.at + timedelta(seconds=draft.rules.timings.autoscale_retry)
        draft.plan_event(replace(event, at=retry))


def _write(draft: Draft, event: Event) -> None:
    """A colleague writes to the model; Azure may refuse, and the colleague gives up."""
    try:
        check_writable(draft)
        write_model(draft, event.arguments["body"], "PATCH", admitted=False)
    except Refused:
        return
    caller = str(event.arguments.get("who", _COLLEAGUE))
    draft.note(caller, "write")
    if event.arguments.get("upgrade"):
        draft.note(caller, "manualUpgrade/action")
    for instance in _named(draft, event.arguments.get("upgrade", ())):
        update_to_model(draft, instance)


def _health(draft: Draft, event: Event) -> None:
    """Instances turn healthy or unhealthy, with any version."""
    for instance in _named(draft, event.arguments.get("instances", ())):
        draft.put(turn_health(draft, instance, Health(event.arguments["to"])))


def _deallocate(draft: Draft, event: Event) -> None:
    """A person or a spot eviction deallocates instances."""
    for instance in _named(draft, event.arguments.get("instances", ())):
        begin_power(draft, instance, Power.DEALLOCATING, Power.DEALLOCATED, draft.rules.timings.deallocate)


def _delete(draft: Draft, event: Event) -> None:
    """Instances disappear without a change of the capacity."""
    for instance in _named(draft, event.arguments.get("instances", ())):
        remove(draft, instance)


def _roll(draft: Draft, event: Event) -> None:
    """The platform starts a rolling upgrade of its own: automatic OS or extension upgrade."""
    if not draft.value.rolling:
        upgrade.start(draft, RollKind(event.arguments.get("kind", "os")), by=Starter.PLATFORM)


def _named(draft: Draft, ids: Iterable[object]) -> list[Instance]:
    wanted = [str(key) for key in ids]
    return [draft.instances[key] for key in (draft.instances if "*" in wanted else wanted) if key in draft.instances]


ACTIONS: dict[str, Callable[[Draft, Event], None]] = {
    "autoscale": _autoscale,
    "write": _write,
    "health": _health,
    "deallocate": _deallocate,
    "delete": _delete,
    "roll": _roll,
    "repair": repair,
}
"""Name in a scenario -> what it does."""
