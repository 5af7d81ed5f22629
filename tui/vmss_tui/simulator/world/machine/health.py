"""The health of instances: what the source says during and after an update, relapses, and repairs that follow.

Sources: "Use Application Health extension with Virtual Machine Scale Sets", "Automatic instance repairs".
"""

from dataclasses import replace
from datetime import datetime, timedelta

from vmss_tui.simulator.world.machine.scripts import stays_unhealthy, survives_failure
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.extension import ExtensionSpec
from vmss_tui.simulator.world.state.model import Event, Instance
from vmss_tui.simulator.world.state.policy import duration_seconds
from vmss_tui.simulator.world.state.source import HealthSource, health_extension
from vmss_tui.simulator.world.state.states import AfterScript, Health, HealthKind, Provisioning
from vmss_tui.simulator.world.state.timeline import HealthTurns, ScriptResult, without

SICK = (Health.UNHEALTHY, Health.UNKNOWN)
"""States that count against the limits and that repairs act on; Initializing is waited for (documented)."""


def source_of(draft: Draft, instance: Instance) -> HealthSource:
    """What reports this instance's health: the extension that it has, else the probe of the model.

    An extension that is in the model but not on the instance yet reports nothing.
    """
    own = health_extension(
        installed.spec
        for installed in instance.extensions.values()
        if installed.state not in (Provisioning.CREATING, Provisioning.DELETING)
    )
    if own is not None:
        return own
    model = draft.health_source
    return model if model.kind is HealthKind.PROBE else HealthSource()


def reports_metrics(instance: Instance) -> bool:
    """Whether the custom metrics of an instance reach Azure: rich health states, asked by HTTP or HTTPS."""
    specs = (installed.spec for installed in instance.extensions.values() if installed.processed)
    return any(
        spec.is_health
        and spec.handler_version.startswith("2")
        and str(spec.settings.get("protocol", "")).lower() != "tcp"
        for spec in specs
    )


def turn_health(draft: Draft, instance: Instance, to: Health) -> Instance:
    """What the health source says now; an unhealthy instance may be due for an automatic repair."""
    source = source_of(draft, instance)
    if not source.present or instance.is_off or instance.health == to:
        return instance
    if to in SICK:
        _plan_repair(draft, instance, draft.at)
    elif to is Health.HEALTHY and instance.repaired:
        draft.update(failed_repairs=0)
        instance = replace(instance, repaired=False)
    if to is Health.INITIALIZING:
        instance = draft.later(instance, source.grace, HealthTurns(source.silent, ends_grace=True))
    return replace(instance, health=to, health_at=draft.at)


def report_health(draft: Draft, instance: Instance, turn: HealthTurns) -> Instance:
    """The health source reports; after an update an instance may relapse, and recover, as its traits say."""
    if turn.ends_grace and instance.health is not Health.INITIALIZING:
        return draft.put(instance)
    instance = turn_health(draft, instance, turn.to)
    traits = instance.traits
    if turn.after_script and traits.relapse_after:
        relapse = timedelta(seconds=traits.relapse_after)
        instance = draft.later(instance, relapse, HealthTurns(Health.UNHEALTHY))
        if traits.recover_after:
            recovery = relapse + timedelta(seconds=traits.recover_after)
            instance = draft.later(instance, recovery, HealthTurns(Health.HEALTHY))
    return draft.put(instance)


def begin_reports(draft: Draft, instance: Instance, answers_in: timedelta | None) -> Instance:
    """The source starts, with the machine or newly installed; the application answers after `answers_in`.

    None: a script has yet to install the application, and plans what follows.
    """
    instance = replace(instance, timeline=without(instance.timeline, HealthTurns))
    source = source_of(draft, instance)
    instance = turn_health(draft, instance, source.starting)
    if answers_in is None:
        return instance
    return draft.later(instance, answers_in + source.lag, HealthTurns(Health.HEALTHY))


def end_reports(draft: Draft, instance: Instance) -> Instance:
    """The source is taken away: nothing is known any more, unless there is another one."""
    if source_of(draft, instance).present:
        return instance
    return replace(instance, health=None, health_at=None, timeline=without(instance.timeline, HealthTurns))


def interrupt(draft: Draft, instance: Instance) -> Instance:
    """A script begins to replace the application, which answers no more; a machine that is starting is not asked."""
    source = source_of(draft, instance)
    if instance.health is Health.INITIALIZING:
        kept = tuple(due for due in instance.timeline if due.change != HealthTurns(Health.HEALTHY))
        return replace(instance, timeline=kept)
    instance = replace(instance, timeline=without(instance.timeline, HealthTurns))
    return draft.later(instance, source.lag, HealthTurns(source.silent))


def follow_script(draft: Draft, instance: Instance, spec: ExtensionSpec, result: ScriptResult) -> Instance:
    """Plan what the health source will say after a script: healthy after initialising, or not at all.

    An outage that is over before the source would have reported it is never seen.
    """
    initialising = draft.seconds(draft.value.traits.initialising, instance.id, "initialising", draft.value.minted)
    lag = source_of(draft, instance).lag
    if result.failed:
        if result.cause.is_handlers or not (result.settings_error or survives_failure(draft.rules, draft.value, spec)):
            return instance
        return draft.later(instance, initialising + lag, HealthTurns(Health.HEALTHY))
    if (
        stays_unhealthy(draft.rules, draft.value, instance, spec)
        or instance.traits.after_script is AfterScript.UNHEALTHY
    ):
        return draft.later(instance, initialising + lag, HealthTurns(Health.UNHEALTHY))
    answers = draft.at + initialising
    kept = tuple(due for due in instance.timeline if due.at <= answers or not _is_outage(due.change))
    instance = replace(instance, timeline=kept)
    return draft.later(instance, initialising + lag, HealthTurns(Health.HEALTHY, after_script=True))


def _is_outage(change: object) -> bool:
    return isinstance(change, HealthTurns) and change.to in SICK and not change.ends_grace


def _plan_repair(draft: Draft, instance: Instance, since: datetime | None) -> None:
    if repairs_enabled(draft):
        draft.plan_event(Event(draft.at + repair_grace(draft), "repair", {"instance": instance.id, "since": since}))


def await_repairs(draft: Draft) -> None:
    """Plan the repair of what is unhealthy already: the grace period begins now."""
    for instance in draft.instances.values():
        if instance.health in SICK and not instance.is_off:
            _plan_repair(draft, instance, instance.health_at)


def repairs_enabled(draft: Draft) -> bool:
    """Whether the set has automatic repairs."""
    return bool((draft.value.properties.get("automaticRepairsPolicy") or {}).get("enabled"))


def repair_grace(draft: Draft) -> timedelta:
    """How long an instance may be unhealthy before a repair: gracePeriod of automaticRepairsPolicy."""
    policy = draft.value.properties.get("automaticRepairsPolicy") or {}
    return timedelta(seconds=duration_seconds(str(policy.get("gracePeriod", "PT10M"))) or 600.0)
