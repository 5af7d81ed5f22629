"""Look before writing: read the set, look at the files, plan, and add what only the network can tell.

Writes nothing, to Azure or to the journal.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from vmss_tui.domain.checks import by_weight
from vmss_tui.domain.ids import ScaleSetId
from vmss_tui.domain.plan import RolloutPlan
from vmss_tui.domain.planning import plan_rollout
from vmss_tui.domain.policy import Finding, RolloutPolicy, Severity
from vmss_tui.domain.scaleset import SetSnapshot
from vmss_tui.domain.script import ScriptConfig
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
    labels: Mapping[str, str] | None = None,
    sha256: Mapping[str, str] | None = None,
) -> tuple[RolloutPlan, tuple[FilePin, ...]]:
    """Plan a rollout against the set as it is now. `sha256` maps file URIs to the hash that a profile pinned (hex).

    Raises what reading the set raises; files that cannot be fetched are findings.
    """
    snapshot, pins = await asyncio.gather(
        read_set(azure, target, clock), asyncio.gather(*(azure.pin(uri) for uri in script.file_uris))
    )
    plan = plan_rollout(snapshot, script, policy, profile=profile, variables=variables, labels=labels, now=clock.now())
    findings = by_weight(*plan.findings, *file_findings(pins, sha256 or {}, script))
    return replace(plan, findings=findings), tuple(pins)


async def read_set(azure: ReadsScaleSet, target: ScaleSetId, clock: Clock) -> SetSnapshot:
    """The set, its instances and its latest upgrade, read together."""
    scale_set = await azure.scale_set(target)
    instances, upgrade = await asyncio.gather(azure.instances(scale_set), azure.latest_upgrade(target))
    return SetSnapshot(scale_set=scale_set, instances=instances, upgrade=upgrade, taken_at=clock.now())


def file_findings(
    pins: list[FilePin] | tuple[FilePin, ...], sha256: Mapping[str, str], script: ScriptConfig
) -> tuple[Finding, ...]:
    """What is wrong or doubtful with the files that every instance downloads."""
    found: list[Finding] = []
    protected = bool(script.protected)
    for pin in pins:
        wanted = sha256.get(pin.uri, "").lower()
        if pin.problem:
            found.append(
                Finding(
                    Severity.WARN,
                    "file-unreachable",
                    f"{pin.uri} could not be fetched from here: {pin.problem}",
                    "The instances may reach it with their own credentials."
                    if protected
                    else "If the instances cannot reach it either, every script fails.",
                )
            )
        elif wanted and wanted != pin.sha256.lower():
            found.append(
                Finding(
                    Severity.REFUSE,
                    "file-changed",
                    f"{pin.uri} is not the file that the profile pinned: its SHA-256 is {pin.sha256[:12]}…, "
                    f"not {wanted[:12]}…",
                    "Find out who changed it, then pin it again.",
                )
            )
        if pin.mutable and not wanted and not pin.problem:
            found.append(
                Finding(
                    Severity.INFO,
                    "file-mutable",
                    f"{pin.uri} may change during the rollout: {pin.mutable}",
                    "Pin its SHA-256 in the profile, or use a versioned address.",
                )
            )
    return tuple(found)
