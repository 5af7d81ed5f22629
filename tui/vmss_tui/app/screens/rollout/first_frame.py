"""The first frame of a rollout's screen: instances that its runner has not observed yet, from the plan's reading.

Must not import Textual.
"""

from dataclasses import replace

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.fleet.version_names import NAMELESS, VersionNames
from vmss_tui.domain.rollout.state import Progress, RolloutState


def seeded(state: RolloutState, snapshot: SetSnapshot) -> RolloutState:
    """The state with names, zones, versions and health of the instances that were not observed yet."""
    plan = state.plan
    if plan is None:
        return state
    names = NAMELESS.including(plan.previous, plan.script, others=plan.names)
    known = {instance.id: instance for instance in snapshot.instances}
    instances = {
        i: _seen(progress, known[i], names) if i in known and not progress.seen.name else progress
        for i, progress in state.instances.items()
    }
    return replace(state, instances=instances)


def _seen(progress: Progress, instance: Instance, names: VersionNames) -> Progress:
    seen = replace(
        progress.seen,
        name=instance.name,
        zone=instance.zone,
        update_domain=instance.update_domain,
        health=instance.health,
        version=names.text(instance.script_digest),
    )
    return replace(progress, seen=seen)
