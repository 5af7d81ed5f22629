"""The life of one instance: creation, updates, extension runs, health, power, and its end.

Each function takes a draft and an instance, stores what changes, and puts what follows on the instance's timeline.
Order of an update: assigned model (latestModelApplied is true at once, as recorded in
vm_list_with_resources_updating) - the agent picks it up - extensions one by one - provisioning ends - healthy.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from .draft import Draft
from .errors import Failure
from .extension import ExtensionSpec, InstalledExtension, full_version
from .model import Event, Health, Instance, Power
from .policy import duration_seconds
from .rules import Seconds
from .scripts import failure_of, plan_run, stays_unhealthy, survives_failure
from .timeline import (
    AgentReports,
    Due,
    ExtensionBegins,
    ExtensionEnds,
    HealthTurns,
    PowerTurns,
    ProvisioningEnds,
    ScriptResult,
    Vanishes,
    without,
)

_SEVERAL_FAILED = (
    "Multiple VM extensions failed to be provisioned on the VM. Please see the VM extension instance view for "
    "other failures."
)


def update_to_model(draft: Draft, instance: Instance) -> Instance:
    """Make an instance run the newest model: only extensions whose settings differ are delivered anew."""
    generation = draft.value.generation
    if instance.is_off:
        return draft.put(replace(instance, generation=generation, deferred=True))
    return update_extensions(draft, instance, draft.specs, generation)


def update_extensions(
    draft: Draft, instance: Instance, wanted: tuple[ExtensionSpec, ...], generation: int | None = None
) -> Instance:
    """Give an instance exactly these extensions; what is under way and stays the same goes on undisturbed."""
    told = instance.generation if generation is None else generation
    installed, todo = _deliver(instance.extensions, wanted, draft)
    if not todo and instance.busy:
        return draft.put(replace(instance, generation=told))
    updated = replace(
        instance,
        previous=instance.extensions,
        previous_generation=instance.generation,
        generation=told,
        extensions=installed,
        deferred=False,
    )
    return start_update(draft, updated, todo)


def start_update(draft: Draft, instance: Instance, todo: tuple[str, ...]) -> Instance:
    """Set an instance to Updating and let it work off `todo`, extensions by lower-cased name."""
    started = replace(
        instance,
        provisioning="Updating",
        provisioned_at=draft.at,
        failure=None,
        todo=todo,
        timeline=without(instance.timeline, ExtensionBegins, ExtensionEnds, ProvisioningEnds),
    )
    timings = draft.rules.timings
    if todo:
        delay = draft.seconds(timings.agent_pickup, instance.id, "pickup", draft.value.minted)
        return draft.put(draft.later(started, delay, ExtensionBegins()))
    delay = draft.seconds(timings.noop_update, instance.id, "noop", draft.value.minted)
    return draft.put(draft.later(started, delay, ProvisioningEnds()))


def restore(draft: Draft, instance: Instance) -> Instance:
    """Bring back what was installed before the last update, under new sequence numbers."""
    before = instance.previous or {}
    installed, todo = _deliver(instance.extensions, tuple(one.spec for one in before.values()), draft)
    restored = replace(instance, extensions=installed, generation=instance.previous_generation, previous=None)
    return start_update(draft, restored, todo)


def reimage(draft: Draft, instance: Instance) -> Instance:
    """Put a fresh OS disk in: everything of the newest model is installed again."""
    fresh = {spec.key: InstalledExtension(spec, 0, "Creating", draft.at, full_version(spec)) for spec in draft.specs}
    delay = draft.seconds(draft.rules.timings.reimage, instance.id, "reimage", draft.value.minted)
    emptied = replace(
        instance,
        provisioning="Updating",
        provisioned_at=draft.at,
        generation=draft.value.generation,
        image_version=draft.value.traits.newest_image or instance.image_version,
        extensions=fresh,
        todo=tuple(fresh),
        failure=None,
        agent_ready=False,
        deferred=False,
        timeline=(),
    )
    emptied = turn_health(draft, emptied, _disturbed(draft))
    return draft.put(_boot(draft, emptied, delay))


def create(draft: Draft, instance: Instance) -> Instance:
    """Bring a new instance to life with the newest model."""
    fresh = {spec.key: InstalledExtension(spec, 0, "Creating", draft.at, full_version(spec)) for spec in draft.specs}
    born = replace(
        instance,
        provisioning="Creating",
        provisioned_at=draft.at,
        generation=draft.value.generation,
        power="starting",
        agent_ready=False,
        extensions=fresh,
        todo=tuple(fresh),
    )
    delay = draft.seconds(draft.rules.timings.create, instance.id, "create")
    return draft.put(_boot(draft, born, delay))


def remove(draft: Draft, instance: Instance) -> Instance:
    """Start deleting an instance."""
    delay = draft.seconds(draft.rules.timings.delete, instance.id, "delete")
    doomed = replace(instance, provisioning="Deleting", provisioned_at=draft.at, timeline=())
    return draft.put(draft.later(doomed, delay, Vanishes()))


def end_extension(draft: Draft, instance: Instance, end: ExtensionEnds) -> Instance:
    """A handler reports; stale reports of replaced settings are ignored."""
    current = instance.extensions.get(end.name)
    if current is None or current.sequence != end.sequence or current.state in ("Succeeded", "Failed"):
        return draft.put(instance)
    extensions = dict(instance.extensions)
    if current.state == "Deleting":
        del extensions[end.name]
    else:
        failed = end.result.exit_code != 0 or end.result.timed_out
        extensions[end.name] = replace(
            current, state="Failed" if failed else "Succeeded", since=draft.at, result=end.result
        )
        if current.spec.is_script:
            instance = _health_after_script(draft, instance, current.spec, failed)
    todo = tuple(name for name in instance.todo if name != end.name)
    instance = replace(instance, extensions=extensions, todo=todo)
    pause = draft.seconds((0.5, 2.0), instance.id, end.name, end.sequence)
    return draft.put(draft.later(instance, pause, ExtensionBegins() if todo else ProvisioningEnds()))


def begin_extension(draft: Draft, instance: Instance) -> Instance:
    """The agent starts the next handler; a script disturbs the instance's health until it is through."""
    if not instance.todo:
        return draft.put(draft.later(instance, timedelta(), ProvisioningEnds()))
    name = instance.todo[0]
    current = instance.extensions[name]
    extensions = {**instance.extensions, name: replace(current, started=draft.at, since=draft.at)}
    instance = replace(instance, extensions=extensions)
    if current.spec.is_script and current.state != "Deleting":
        instance = replace(instance, timeline=without(instance.timeline, HealthTurns))
        instance = turn_health(draft, instance, _disturbed(draft))
        if draft.rules.execution == "run":
            return draft.put(instance)
    seconds, result = _plan(draft, instance, current)
    delay = timedelta(seconds=seconds)
    return draft.put(draft.later(instance, delay, ExtensionEnds(name, current.sequence, result)))


def end_provisioning(draft: Draft, instance: Instance) -> Instance:
    """The update is over: Succeeded, or Failed when an extension failed that does not suppress it."""
    failed = [
        one
        for one in instance.extensions.values()
        if one.state == "Failed" and one.result and not one.spec.suppresses_failures
    ]
    failures = [failure_of(one.spec, one.result) for one in failed if one.result]
    failure = failures[0] if failures else None
    if len(failures) > 1:
        failure = Failure(failures[0].code, failures[0].message + " " + _SEVERAL_FAILED)
    return draft.put(
        replace(
            instance,
            provisioning="Failed" if failure else "Succeeded",
            provisioned_at=draft.at,
            failure=failure,
            todo=(),
        )
    )


def turn_health(draft: Draft, instance: Instance, to: Health | None) -> Instance:
    """What the health source says now; an unhealthy instance may be due for an automatic repair."""
    if draft.health_source == "none" or instance.is_off or instance.health == to:
        return instance
    if to == "unhealthy":
        _plan_repair(draft, instance)
    return replace(instance, health=to, health_at=draft.at)


def turn_power(draft: Draft, instance: Instance, turn: PowerTurns) -> Instance:
    """The power state changes; a VM that is off reports no health, one that starts boots its agent."""
    instance = replace(instance, power=turn.to)
    if turn.to in ("stopped", "deallocated"):
        instance = replace(instance, health=None, health_at=None, agent_ready=False)
    if turn.to == "running":
        instance = turn_health(draft, replace(instance, agent_ready=False), _disturbed(draft))
        agent = draft.seconds(draft.rules.timings.boot_to_agent, instance.id, "agent", draft.value.minted)
        instance = draft.later(instance, agent, AgentReports())
        healthy = draft.seconds(draft.value.traits.initialising, instance.id, "boot", draft.value.minted)
        instance = draft.later(instance, agent + healthy, HealthTurns("healthy"))
    return draft.put(instance)


def agent_reports(draft: Draft, instance: Instance) -> Instance:
    """The agent is up; a model assigned while the VM was off is applied now."""
    ready = draft.put(replace(instance, agent_ready=True))
    if ready.deferred:
        return update_to_model(draft, ready)
    return ready


def _boot(draft: Draft, instance: Instance, delay: timedelta) -> Instance:
    """Power on after `delay`, agent and extensions after that."""
    agent = draft.seconds(draft.rules.timings.boot_to_agent, instance.id, "agent", draft.value.minted)
    instance = draft.later(instance, delay, PowerTurns("running"))
    after = delay + agent + timedelta(seconds=1)
    return draft.later(instance, after, ExtensionBegins() if instance.todo else ProvisioningEnds())


def _deliver(
    installed: Mapping[str, InstalledExtension], wanted: tuple[ExtensionSpec, ...], draft: Draft
) -> tuple[dict[str, InstalledExtension], tuple[str, ...]]:
    """Compare what is installed with what is wanted: a new sequence number where anything differs.

    Returns:
        the extensions from now on, and the names to work off; none when nothing differs.
    """
    result = {spec.key: _delivered(installed.get(spec.key), spec, draft) for spec in wanted}
    for key, current in installed.items():
        if key not in result:
            result[key] = replace(current, state="Deleting", since=draft.at)
    if all(installed.get(key) is one for key, one in result.items()):
        return result, ()
    return result, tuple(key for key, one in result.items() if one.state not in ("Succeeded", "Failed"))


def _delivered(current: InstalledExtension | None, spec: ExtensionSpec, draft: Draft) -> InstalledExtension:
    if current is None:
        return InstalledExtension(spec, 0, "Creating", draft.at, full_version(spec))
    if current.spec is spec or current.spec == spec:
        return current
    return replace(
        current,
        spec=spec,
        sequence=current.sequence + 1,
        state="Updating",
        since=draft.at,
        version=full_version(spec),
        started=None,
        result=None,
    )


def _plan(draft: Draft, instance: Instance, current: InstalledExtension) -> tuple[float, ScriptResult]:
    """Seconds and result of a handler's run; a hanging one is ended by the extensions' time budget."""
    timings = draft.rules.timings
    timeout = (_budget(draft), ScriptResult(exit_code=124, timed_out=True))
    if instance.traits.stuck:
        return timeout
    if current.state == "Deleting":
        return draft.seconds(timings.extension_removal, instance.id, "removal").total_seconds(), ScriptResult()
    if not current.spec.is_script:
        span = timings.extension
        return draft.seconds(span, instance.id, current.spec.key).total_seconds(), ScriptResult()
    plan = plan_run(draft.rules, draft.value, instance, current.spec, current.sequence)
    return timeout if plan.result is None else (plan.seconds, plan.result)


def _budget(draft: Draft) -> float:
    """Seconds that all extensions may take (extensionsTimeBudget, default PT1H30M)."""
    profile = draft.value.properties.get("virtualMachineProfile", {}).get("extensionProfile") or {}
    return duration_seconds(str(profile.get("extensionsTimeBudget", ""))) or draft.rules.timings.extension_budget


def _disturbed(draft: Draft) -> Health:
    """What a health source says while the application is being replaced."""
    return "initializing" if draft.health_source == "rich" else "unhealthy"


def _health_after_script(draft: Draft, instance: Instance, spec: ExtensionSpec, failed: bool) -> Instance:
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


def _plan_repair(draft: Draft, instance: Instance) -> None:
    policy = draft.value.properties.get("automaticRepairsPolicy") or {}
    if not policy.get("enabled"):
        return
    grace = duration_seconds(str(policy.get("gracePeriod", "PT10M"))) or 600.0
    arguments = {"instance": instance.id, "since": draft.at}
    draft.plan_event(Event(draft.at + timedelta(seconds=grace), "repair", arguments))


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


def begin_power(draft: Draft, instance: Instance, passing: Power, final: Power, span: Seconds) -> Instance:
    """Start, stop or deallocate: a passing power state, then the final one; nothing to do ends at once."""
    if instance.power == final:
        return instance
    delay = draft.seconds(span, instance.id, final, draft.value.minted)
    instance = replace(
        instance, power=passing, provisioning="Updating", provisioned_at=draft.at, timeline=_quiet(instance)
    )
    instance = draft.later(instance, delay, PowerTurns(final))
    return draft.put(draft.later(instance, delay, ProvisioningEnds()))


def start_restart(draft: Draft, instance: Instance, span: Seconds) -> Instance:
    """Restart or redeploy: the VM boots anew, scripts are not run again."""
    delay = draft.seconds(span, instance.id, "restart", draft.value.minted)
    instance = replace(
        instance, provisioning="Updating", provisioned_at=draft.at, agent_ready=False, timeline=_quiet(instance)
    )
    instance = turn_health(draft, instance, _disturbed(draft))
    instance = draft.later(instance, delay, PowerTurns("running"))
    return draft.put(draft.later(instance, delay, ProvisioningEnds()))


def _quiet(instance: Instance) -> tuple[Due, ...]:
    """What stays on the timeline of a VM that is being switched: nothing of power, agent, health or its end."""
    return without(instance.timeline, PowerTurns, AgentReports, HealthTurns, ProvisioningEnds)
