"""Makes the first world of a scenario: scale sets with instances that have been running for a while.

Writes of the past are applied in the past and the world is advanced from there, so that a rolling upgrade that is in
progress at the start has true times and true effects.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from vmss_tui.simulator.scenario.machines import copied, instance_id
from vmss_tui.simulator.scenario.model import EventAfter, EventSpec, Override, PastWrite, ScaleSetSpec, Scenario
from vmss_tui.simulator.scenario.scale_sets import script_body
from vmss_tui.simulator.world.changes import actions, writes
from vmss_tui.simulator.world.changes.advance import advance
from vmss_tui.simulator.world.changes.writes import Address, Conditions
from vmss_tui.simulator.world.machine.health import await_repairs
from vmss_tui.simulator.world.machine.reports import failure_of
from vmss_tui.simulator.world.machine.scaling import base36, id_order
from vmss_tui.simulator.world.machine.scripts import plan_run
from vmss_tui.simulator.world.state.chance import draw, guid
from vmss_tui.simulator.world.state.draft import Draft, commit
from vmss_tui.simulator.world.state.errors import Refused
from vmss_tui.simulator.world.state.extension import ExtensionSpec, InstalledExtension, full_version
from vmss_tui.simulator.world.state.model import Event, Instance, Note, ScaleSet, World
from vmss_tui.simulator.world.state.profile import (
    finish,
    health_source,
    is_windows,
    settle_extensions,
    specs,
    written_part,
)
from vmss_tui.simulator.world.state.rules import Rules
from vmss_tui.simulator.world.state.states import Health, Power, Provisioning
from vmss_tui.simulator.world.state.timeline import ScriptResult

_ROLLOUT = 2400.0
"""Seconds over which the scripts of a set ran when they were rolled out in the past."""


def first_world(scenario: Scenario, now: datetime) -> World:
    """The world of a scenario at `now`.

    Raises ValueError: a scale set is one that Azure would refuse, or an event names none; the text says which.
    """
    world = World(rules=scenario.rules)
    drafts = []
    for spec in scenario.scale_sets:
        value = _scale_set(spec, scenario.rules, now)
        drafts.append(Draft(value, world, value.touched or now))
        await_repairs(drafts[-1])
    world = commit(world, drafts)
    for spec in scenario.scale_sets:
        for past in sorted(spec.history, key=lambda write: write.ago, reverse=True):
            world = _relive(world, spec, past, now)
    world = advance(world, now)
    return with_events(world, scenario.events, now)


def _scale_set(spec: ScaleSetSpec, rules: Rules, now: datetime) -> ScaleSet:
    address = Address(spec.subscription_id, spec.group, spec.name)
    begin = now - timedelta(seconds=max((past.ago for past in spec.history), default=0.0))
    try:
        model, protected = settle_extensions(written_part(spec.model), {}, True)
        model = finish(model, rules.switches, fill=False)
        if spec.machines:
            protected = _with_unseen_commands(model, protected)
    except Refused as refusal:
        raise ValueError(f"scale set {spec.name}: {refusal.failure.message}") from refusal
    created = now - timedelta(seconds=spec.age)
    value = ScaleSet(
        key=address.key,
        subscription_id=spec.subscription_id,
        group=spec.group,
        name=spec.name,
        location=str(model["location"]).replace(" ", "").lower(),
        model=model,
        created=created,
        unique_id=guid(rules.seed, address.key),
        protected=protected,
        provisioned_at=begin - timedelta(seconds=spec.script_age),
        traits=spec.traits,
        repairs_suspended=spec.repairs_suspended,
        touched=begin,
        next_number=1 + max((int(key) for key in spec.ids if key.isdigit()), default=-1),
    )
    return replace(value, instances=_instances(spec, value, rules, begin))


def _with_unseen_commands(model: Mapping[str, Any], protected: Mapping[str, Any]) -> dict[str, Any]:
    """The stored state that a copy must assume: a script without a visible command has a protected one."""
    known = dict(protected)
    for spec in specs(model, protected):
        visible = spec.settings.get("commandToExecute") or spec.settings.get("script")
        if spec.is_script and not visible and spec.key not in known:
            known[spec.key] = {"commandToExecute": "./protected-command-that-cannot-be-read"}
    return known


def _instances(spec: ScaleSetSpec, value: ScaleSet, rules: Rules, begin: datetime) -> dict[str, Instance]:
    wanted = specs(value.model, value.protected)
    source = health_source(value.model)
    zones = [str(zone) for zone in value.model.get("zones") or ()]
    overrides = {key: override for override in spec.overrides for key in override.instances}
    items = {instance_id(item): item for item in spec.machines}
    found: dict[str, Instance] = {}
    ordered = spec.ids if spec.machines else sorted(spec.ids, key=id_order)
    for position, key in enumerate(ordered):
        instance = _instance(spec, value, rules, position, key)
        if zones:
            instance = replace(instance, zone=zones[position % len(zones)])
        spread = min(_ROLLOUT, 0.1 * spec.script_age)
        ran = begin - timedelta(seconds=spec.script_age - draw((0, spread), rules.seed, value.key, key))
        instance = replace(
            instance,
            provisioned_at=ran + timedelta(seconds=2),
            health=Health.HEALTHY if source.present else None,
            health_at=ran + timedelta(seconds=30),
            extensions=_installed(wanted, value, instance, rules, ran),
        )
        if key in items:
            instance = copied(items[key], instance, value, ran)
        if key in overrides:
            instance = _overridden(instance, overrides[key], value, rules, ran, source.present)
        found[instance.id] = instance
    return found


def _instance(spec: ScaleSetSpec, value: ScaleSet, rules: Rules, position: int, key: str) -> Instance:
    number = int(key) if key.isdigit() else position
    vm_id = guid(rules.seed, value.key, "vm", key)
    name = f"{spec.name}_{vm_id[:8]}" if value.flexible else f"{spec.name}_{key}"
    profile = value.properties.get("virtualMachineProfile", {})
    prefix = str((profile.get("osProfile") or {}).get("computerNamePrefix", spec.name))
    sku = value.model.get("sku") or {}
    return Instance(
        id=name if value.flexible else key,
        name=name,
        computer_name=prefix + base36(number, 6),
        vm_id=vm_id,
        created=value.created + timedelta(seconds=position),
        update_domain=position % max(1, spec.traits.update_domains),
        fault_domain=position % max(1, spec.traits.fault_domains),
        size=str(sku.get("name", "")),
        tier=str(sku.get("tier", "Standard")),
        image_version=spec.image_version,
        generation=value.generation,
    )


def _installed(
    wanted: tuple[ExtensionSpec, ...], value: ScaleSet, instance: Instance, rules: Rules, ran: datetime
) -> dict[str, InstalledExtension]:
    made = {}
    for spec in wanted:
        result = ScriptResult()
        if spec.is_script:
            plan = plan_run(_calm(rules), value, instance, spec, 0)
            result = plan.result or result
        took = timedelta(seconds=45)
        made[spec.key] = InstalledExtension(
            spec, 0, Provisioning.SUCCEEDED, ran, full_version(spec), ran - took, result
        )
    return made


def _calm(rules: Rules) -> Rules:
    """The rules under which everything went well in the past: no failures, no hanging."""
    calm = tuple(
        replace(script, fails_on=(), exit_code=0, hangs=False, hangs_on=(), unhealthy_on=()) for script in rules.scripts
    )
    return replace(rules, scripts=calm)


def _overridden(
    instance: Instance, override: Override, value: ScaleSet, rules: Rules, ran: datetime, has_health: bool
) -> Instance:
    """An instance with what is different on it; an older script ran half way back to the set's creation."""
    if override.script is not None:
        ran -= (ran - value.created) / 2
        instance = _behind(instance, override.script, value, rules, ran)
    changes: dict[str, Any] = {"traits": override.traits, "agent_ready": override.agent_ready}
    if override.health is not None and has_health:
        changes["health"] = None if override.health == "none" else Health(override.health)
        changes["health_at"] = ran + timedelta(seconds=90)
    if override.power is not None and override.power != "running":
        changes |= {"power": Power(override.power), "health": None, "agent_ready": False}
    if override.protect is not None:
        changes["protect_from_scale_in"] = True
        changes["protect_from_actions"] = override.protect == "actions"
    instance = replace(instance, **changes)
    if override.provisioning == Provisioning.FAILED:
        instance = _failed(instance, ran)
    return instance


def _behind(
    instance: Instance, properties: Mapping[str, Any], value: ScaleSet, rules: Rules, ran: datetime
) -> Instance:
    """An instance that still runs an older script, since `ran`."""
    public = {name: item for name, item in properties.items() if name != "protectedSettings"}
    extensions = dict(instance.extensions)
    for key, installed in instance.extensions.items():
        if installed.spec.is_script:
            old = ExtensionSpec(installed.spec.name, public, properties.get("protectedSettings"))
            extensions[key] = _installed((old,), value, instance, rules, ran)[key]
    return replace(
        instance,
        extensions=extensions,
        generation=value.generation - 1,
        provisioned_at=ran,
        health_at=ran if instance.health else None,
    )


def _failed(instance: Instance, ran: datetime) -> Instance:
    """An instance whose last script failed."""
    extensions = dict(instance.extensions)
    failure = None
    for key, installed in instance.extensions.items():
        if installed.spec.is_script:
            stderr = instance.traits.script_stderr or "installation failed\n"
            stdout = installed.result.stdout if installed.result else ""
            traits = instance.traits
            result = ScriptResult(traits.script_exit_code, stdout, stderr, cause=traits.script_failure)
            extensions[key] = replace(
                installed, state=Provisioning.FAILED, since=ran, result=result, reported=installed
            )
            failure = failure_of(installed.spec, result)
    return replace(instance, provisioning=Provisioning.FAILED, extensions=extensions, failure=failure)


def _relive(world: World, spec: ScaleSetSpec, past: PastWrite, now: datetime) -> World:
    """Write in the past what was written then, and let it take its course until now."""
    address = Address(spec.subscription_id, spec.group, spec.name)
    then = now - timedelta(seconds=past.ago)
    world = advance(world, then)
    try:
        if past.body:
            world, _ = writes.patch_scale_set(world, then, address, past.body, Conditions())
        if past.upgrade:
            world, _ = actions.manual_upgrade(world, then, address, past.upgrade)
        if past.cancel_after is not None:
            later = then + timedelta(seconds=past.cancel_after)
            world, _ = actions.cancel_roll(advance(world, later), later, address)
    except Refused as refusal:
        raise ValueError(f"scale set {spec.name}, history: {refusal.failure.message}") from refusal
    return _noted(world, address, past, then) if past.who else world


def _noted(world: World, address: Address, past: PastWrite, then: datetime) -> World:
    """The world with this past write in the set's log."""
    notes = [Note(then, past.who, "write")] if past.body else []
    notes += [Note(then, past.who, "manualUpgrade/action")] if past.upgrade else []
    if past.cancel_after is not None:
        notes.append(Note(then + timedelta(seconds=past.cancel_after), past.who, "rollingUpgrades/action"))
    value = world.scale_sets[address.key]
    changed = replace(value, log=(*value.log, *notes))
    return replace(world, scale_sets={**world.scale_sets, address.key: changed})


def with_events(world: World, events: Iterable[EventSpec], now: datetime) -> World:
    """The world with events in store, counted from `now`.

    Raises ValueError: an event names no scale set of this world.
    """
    drafts: dict[str, Draft] = {}
    for event in events:
        keys = [key for key, value in world.scale_sets.items() if event.scale_set in (key, value.name.lower())]
        if not keys:
            raise ValueError(f"events: there is no scale set {event.scale_set!r}")
        for key in keys:
            draft = drafts.setdefault(key, Draft(world.scale_sets[key], world, now))
            made = Event(now + timedelta(seconds=event.at), event.action, _arguments(event, draft.value))
            if event.after is EventAfter.WRITE:
                draft.update(after_write=(*draft.value.after_write, (event.at, made)))
            else:
                draft.plan_event(made)
    return commit(world, drafts.values())


def _arguments(event: EventSpec, value: ScaleSet) -> dict[str, Any]:
    arguments = dict(event.arguments)
    script = arguments.pop("script", None)
    if script is not None:
        arguments["body"] = {**arguments["body"], **script_body(value.model, script, is_windows(value.model))}
    return arguments
