"""Look before writing: read the set, look at the files, plan, and add what only the network can tell.

Writes nothing, to Azure or to the journal.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.checks.maintenance import allow_outside
from vmss_tui.domain.plan.findings import by_weight
from vmss_tui.domain.plan.planner import plan_rollout
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import RolloutPolicy
from vmss_tui.engine.pinned_files import file_findings, look_at, planned_files
from vmss_tui.engine.watch.pace import giving_up
from vmss_tui.ports import Azure, Clock, FilePin, ReadsScaleSet


async def preflight(
    azure: Azure,
    target: ScaleSetId,
    script: ScriptConfig,
    policy: RolloutPolicy,
    *,
    clock: Clock,
    profile: str = "",
    variables: Mapping[str, str] | None = None,
    names: Callable[[SetSnapshot], Mapping[str, str]] | None = None,
    sha256: Mapping[str, str] | None = None,
    outside_window: str = "",
) -> tuple[RolloutPlan, tuple[FilePin, ...]]:
    """Plan a rollout against the set as it is now.

    `sha256` maps file URIs to the hash that a profile pinned (hex); `names` gives versions their names by digest;
    `outside_window` is the reason for a start outside the maintenance window.

    Raises what reading the set raises; files that cannot be fetched are findings.
    """
    snapshot, pins = await asyncio.gather(read_whole(azure, target, clock), look_at(azure, script.file_uris))
    labels = names(snapshot) if names is not None else {}
    plan = plan_rollout(snapshot, script, policy, profile=profile, variables=variables, labels=labels, now=clock.now())
    findings = by_weight(*plan.findings, *file_findings(pins, sha256 or {}, script))
    plan = replace(plan, findings=findings, files=planned_files(pins, sha256 or {}))
    return allow_outside(plan, outside_window), pins


async def read_set(azure: ReadsScaleSet, target: ScaleSetId, clock: Clock) -> SetSnapshot:
    """The set, its instances and its latest upgrade, read together; given up after `GIVE_UP_SECONDS`."""
    async with giving_up(f"read scale set {target.name}"):
        scale_set = await azure.scale_set(target)
        instances, upgrade = await asyncio.gather(azure.instances(scale_set), azure.latest_upgrade(target))
    return SetSnapshot(scale_set=scale_set, instances=instances, upgrade=upgrade, taken_at=clock.now())


async def read_whole(azure: ReadsScaleSet, target: ScaleSetId, clock: Clock) -> SetSnapshot:
    """What `read_set` reads, and the autoscale setting: for people and for plans, not for every look of a runner."""
    snapshot, autoscale = await asyncio.gather(read_set(azure, target, clock), azure.autoscale(target))
    return replace(snapshot, autoscale=autoscale)
