"""The machine under an instance: created, reimaged, switched off and on, restarted, deleted.

A script that was running when the machine went off is taken up again when the agent is back.
"""

from dataclasses import replace
from datetime import timedelta

from vmss_tui.simulator.world.machine.health import begin_reports, source_of, turn_health
from vmss_tui.simulator.world.machine.updates import delivered, update_to_model
from vmss_tui.simulator.world.state.draft import Draft
from vmss_tui.simulator.world.state.extension import InstalledExtension
from vmss_tui.simulator.world.state.model import Instance
from vmss_tui.simulator.world.state.rules import Seconds
from vmss_tui.simulator.world.state.states import Power, Provisioning
from vmss_tui.simulator.world.state.timeline import (
    AgentReports,
    Due,
    ExtensionBegins,
    ExtensionEnds,
    HealthTurns,
    PowerTurns,
    ProvisioningEnds,
    Vanishes,
    without,
)


def create(draft: Draft, instance: Instance) -> Instance:
    """Bring a new instance to life with the newest model."""
    fresh = _fresh(draft)
    born = replace(
        instance,
        provisioning=Provisioning.CREATING,
        provisioned_at=draft.at,
        generation=draft.value.generation,
        power=Power.STARTING,
        agent_ready=False,
        extensions=fresh,
        todo=tuple(fresh),
    )
    delay = draft.seconds(draft.rules.timings.create, instance.id, "create")
    return draft.put(_boot(draft, born, delay))


def reimage(draft: Draft, instance: Instance) -> Instance:
    """Put a fresh OS disk in: everything of the newest model is installed again."""
    fresh = _fresh(draft)
    delay = draft.seconds(draft.rules.timings.reimage, instance.id, "reimage", draft.value.minted)
    instance = turn_health(draft, instance, source_of(draft, instance).silent)
    emptied = replace(
        instance,
        provisioning=Provisioning.UPDATING,
        provisioned_at=draft.at,
        etag=instance.etag + 1,
        generation=draft.value.generation,
        image_version=draft.value.traits.newest_image or instance.image_version,
        extensions=fresh,
        todo=tuple(fresh),
        failure=None,
        agent_ready=False,
        deferred=False,
        timeline=(),
    )
    return draft.put(_boot(draft, emptied, delay))


def remove(draft: Draft, instance: Instance) -> Instance:
    """Start deleting an instance."""
    delay = draft.seconds(draft.rules.timings.delete, instance.id, "delete")
    doomed = replace(instance, provisioning=Provisioning.DELETING, provisioned_at=draft.at, timeline=())
    return draft.put(draft.later(doomed, delay, Vanishes()))


def begin_power(draft: Draft, instance: Instance, passing: Power, final: Power, span: Seconds) -> Instance:
    """Start, stop or deallocate: a passing power state, then the final one; nothing to do ends at once."""
    if instance.power == final:
        return instance
    delay = draft.seconds(span, instance.id, final, draft.value.minted)
    instance = replace(
        instance, power=passing, provisioning=Provisioning.UPDATING, provisioned_at=draft.at, timeline=_quiet(instance)
    )
    if final is not Power.RUNNING:
        left = without(instance.timeline, ExtensionBegins, ExtensionEnds)
        instance = replace(instance, deferred=instance.deferred or bool(instance.todo), timeline=left)
    instance = draft.later(instance, delay, PowerTurns(final))
    return draft.put(draft.later(instance, delay, ProvisioningEnds()))


def start_restart(draft: Draft, instance: Instance, span: Seconds) -> Instance:
    """Restart or redeploy: the VM boots, scripts are not repeated."""
    delay = draft.seconds(span, instance.id, "restart", draft.value.minted)
    instance = replace(
        instance,
        provisioning=Provisioning.UPDATING,
        provisioned_at=draft.at,
        agent_ready=False,
        timeline=_quiet(instance),
    )
    instance = turn_health(draft, instance, source_of(draft, instance).silent)
    instance = draft.later(instance, delay, PowerTurns(Power.RUNNING))
    return draft.put(draft.later(instance, delay, ProvisioningEnds()))


def turn_power(draft: Draft, instance: Instance, turn: PowerTurns) -> Instance:
    """The power state changes; a VM that is off reports no health, one that starts boots its agent."""
    instance = replace(instance, power=turn.to)
    if turn.to in (Power.STOPPED, Power.DEALLOCATED):
        instance = replace(instance, health=None, health_at=None, agent_ready=False)
    if turn.to is Power.RUNNING:
        instance = _boot_guest(draft, replace(instance, agent_ready=False))
    return draft.put(instance)


def _boot_guest(draft: Draft, instance: Instance) -> Instance:
    """Agent and health source come up; a health extension that has yet to be installed begins after that."""
    agent = draft.seconds(draft.rules.timings.boot_to_agent, instance.id, "agent", draft.value.minted)
    if not any(instance.extensions[name].spec.is_health for name in instance.todo):
        application = draft.seconds(draft.value.traits.initialising, instance.id, "boot", draft.value.minted)
        instance = begin_reports(draft, instance, agent + application)
    return draft.later(instance, agent, AgentReports())


def agent_reports(draft: Draft, instance: Instance) -> Instance:
    """The agent is up; a model assigned while the VM was off is applied now."""
    ready = draft.put(replace(instance, agent_ready=True))
    if ready.deferred:
        return update_to_model(draft, ready)
    return ready


def _boot(draft: Draft, instance: Instance, delay: timedelta) -> Instance:
    """Power on after `delay`, agent and extensions after that."""
    agent = draft.seconds(draft.rules.timings.boot_to_agent, instance.id, "agent", draft.value.minted)
    instance = draft.later(instance, delay, PowerTurns(Power.RUNNING))
    after = delay + agent + timedelta(seconds=1)
    return draft.later(instance, after, ExtensionBegins() if instance.todo else ProvisioningEnds())


def _quiet(instance: Instance) -> tuple[Due, ...]:
    """The timeline of a VM that is being switched, without power, agent, health and its end."""
    return without(instance.timeline, PowerTurns, AgentReports, HealthTurns, ProvisioningEnds)


def _fresh(draft: Draft) -> dict[str, InstalledExtension]:
    """The extensions of the newest model, none of them processed yet."""
    return {spec.key: delivered(None, spec, draft) for spec in draft.specs}
