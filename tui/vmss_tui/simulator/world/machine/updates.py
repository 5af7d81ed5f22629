"""The updates of one instance: a model is assigned, extensions run one by one, provisioning ends.

Each function takes a draft and an instance, stores what changes, and puts what follows on the instance's timeline.
Order of an update: assigned model (latestModelApplied is true at once, as recorded in
vm_list_with_resources_updating) - the agent picks it up - extensions one by one - provisioning ends - healthy.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from vmss_tui.simulator.world.machine.health import begin_reports, end_reports, follow_script, interrupt
from vmss_tui.simulator.world.machine.reports import failure_of
from vmss_tui.simulator.world.machine.scripts import plan_run
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.errors import Failure
from vmss_tui.simulator.world.state.extension import ExtensionSpec, InstalledExtension, full_version
from vmss_tui.simulator.world.state.model import Instance
from vmss_tui.simulator.world.state.policy import duration_seconds
from vmss_tui.simulator.world.state.states import Execution, Provisioning
from vmss_tui.simulator.world.state.timeline import (
    ExtensionBegins,
    ExtensionEnds,
    ProvisioningEnds,
    ScriptResult,
    without,
)

_SEVERAL_FAILED = (
    "Multiple VM extensions failed to be provisioned on the VM. Please see the VM extension instance view for "
    "other failures."
)


def update_to_model(draft: Draft, instance: Instance) -> Instance:
    """Make an instance run the newest model: only extensions whose settings differ are delivered."""
    generation = draft.value.generation
    if instance.is_off:
        return draft.put(replace(instance, generation=generation, deferred=True))
    return update_extensions(draft, instance, draft.specs, generation)


def update_extensions(
    draft: Draft, instance: Instance, wanted: tuple[ExtensionSpec, ...], generation: int | None = None
) -> Instance:
    """Give an instance exactly these extensions; an unchanged extension in progress is not disturbed."""
    assigned = instance.generation if generation is None else generation
    installed, todo, differs = _deliver(instance.extensions, wanted, draft)
    if instance.busy and not differs:
        return draft.put(replace(instance, generation=assigned))
    updated = replace(
        instance,
        previous=instance.extensions,
        previous_generation=instance.generation,
        generation=assigned,
        extensions=installed,
        deferred=False,
    )
    return start_update(draft, updated, todo)


def start_update(draft: Draft, instance: Instance, todo: tuple[str, ...]) -> Instance:
    """Set an instance to Updating and let it work off `todo`, extensions by lower-cased name."""
    started = replace(
        instance,
        provisioning=Provisioning.UPDATING,
        provisioned_at=draft.at,
        etag=instance.etag + 1,
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
    wanted = tuple(installed.spec for installed in before.values())
    restored_extensions, todo, _ = _deliver(instance.extensions, wanted, draft)
    restored = replace(instance, extensions=restored_extensions, generation=instance.previous_generation, previous=None)
    return start_update(draft, restored, todo)


def end_extension(draft: Draft, instance: Instance, end: ExtensionEnds) -> Instance:
    """A handler reports; stale reports of replaced settings are ignored."""
    current = instance.extensions.get(end.name)
    if (
        current is None
        or current.sequence != end.sequence
        or current.state in (Provisioning.SUCCEEDED, Provisioning.FAILED)
    ):
        return draft.put(instance)
    extensions = dict(instance.extensions)
    todo = tuple(name for name in instance.todo if name != end.name)
    if current.state is Provisioning.DELETING:
        del extensions[end.name]
    else:
        state = Provisioning.FAILED if end.result.failed else Provisioning.SUCCEEDED
        extensions[end.name] = replace(current, state=state, since=draft.at, result=end.result)
    instance = _affect_health(draft, replace(instance, extensions=extensions, todo=todo), current, end.result)
    pause = draft.seconds((0.5, 2.0), instance.id, end.name, end.sequence)
    return draft.put(draft.later(instance, pause, ExtensionBegins() if todo else ProvisioningEnds()))


def _affect_health(draft: Draft, instance: Instance, ended: InstalledExtension, result: ScriptResult) -> Instance:
    """The effect of the end of an extension on the reported health."""
    if ended.spec.is_health:
        if ended.state is Provisioning.DELETING:
            return end_reports(draft, instance)
        scripts_to_come = any(instance.extensions[name].spec.is_script for name in instance.todo)
        return begin_reports(draft, instance, None if scripts_to_come else timedelta())
    if ended.spec.is_script and ended.state is not Provisioning.DELETING:
        return follow_script(draft, instance, ended.spec, result)
    return instance


def begin_extension(draft: Draft, instance: Instance) -> Instance:
    """The agent starts the next handler; a script disturbs the instance's health until it is through."""
    if not instance.todo:
        return draft.put(draft.later(instance, timedelta(), ProvisioningEnds()))
    name = instance.todo[0]
    current = instance.extensions[name]
    extensions = {**instance.extensions, name: replace(current, started=draft.at, since=draft.at)}
    instance = replace(instance, extensions=extensions)
    is_script = current.spec.is_script and current.state is not Provisioning.DELETING
    if is_script and draft.rules.execution is Execution.RUN:
        return draft.put(interrupt(draft, instance))
    seconds, result = _plan(draft, instance, current)
    if is_script and not result.cause.is_handlers:
        instance = interrupt(draft, instance)
    delay = timedelta(seconds=seconds)
    return draft.put(draft.later(instance, delay, ExtensionEnds(name, current.sequence, result)))


def end_provisioning(draft: Draft, instance: Instance) -> Instance:
    """The update is over: Succeeded, or Failed when an extension failed that does not suppress it."""
    failed = [
        installed
        for installed in instance.extensions.values()
        if installed.state is Provisioning.FAILED and installed.result and not installed.spec.suppresses_failures
    ]
    failures = [failure_of(failing.spec, failing.result) for failing in failed if failing.result]
    failure = failures[0] if failures else None
    if len(failures) > 1:
        failure = Failure(failures[0].code, failures[0].message + " " + _SEVERAL_FAILED)
    return draft.put(
        replace(
            instance,
            provisioning=Provisioning.FAILED if failure else Provisioning.SUCCEEDED,
            provisioned_at=draft.at,
            failure=failure,
            todo=(),
        )
    )


def _deliver(
    installed: Mapping[str, InstalledExtension], wanted: tuple[ExtensionSpec, ...], draft: Draft
) -> tuple[dict[str, InstalledExtension], tuple[str, ...], bool]:
    """Compare what is installed with what is wanted: a new sequence number where anything differs.

    Returns the extensions from now on, the names to work off, and whether anything differs.
    """
    result = {spec.key: delivered(installed.get(spec.key), spec, draft) for spec in wanted}
    for key, current in installed.items():
        if key not in result:
            result[key] = replace(current, state=Provisioning.DELETING, since=draft.at)
    differs = any(installed.get(key) is not other for key, other in result.items())
    return (
        result,
        tuple(key for key, other in result.items() if other.state not in (Provisioning.SUCCEEDED, Provisioning.FAILED)),
        differs,
    )


def delivered(current: InstalledExtension | None, spec: ExtensionSpec, draft: Draft) -> InstalledExtension:
    """The extension of an instance that is assigned `spec`: the same, or the new settings under the next number."""
    if current is None:
        return InstalledExtension(spec, 0, Provisioning.CREATING, draft.at, full_version(spec))
    if current.spec is spec or current.spec == spec:
        return current
    return replace(
        current,
        spec=spec,
        sequence=current.sequence + 1,
        state=Provisioning.UPDATING,
        since=draft.at,
        version=full_version(spec),
        started=None,
        result=None,
        reported=_last_report(current),
    )


def _last_report(current: InstalledExtension) -> InstalledExtension | None:
    """The run whose status stays visible while newer settings are waiting for their own."""
    if current.result is not None and current.processed and not current.result.cause.is_handlers:
        return replace(current, reported=None)
    return current.reported


def _plan(draft: Draft, instance: Instance, current: InstalledExtension) -> tuple[float, ScriptResult]:
    """Seconds and result of a handler's run; a hanging one is ended by the extensions' time budget."""
    timings = draft.rules.timings
    timeout = (_budget(draft), ScriptResult(exit_code=124, timed_out=True))
    if instance.traits.stuck:
        return timeout
    if current.state is Provisioning.DELETING:
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
