"""From a profile to waves over all its targets, for `plan --all` and `rollout --all`. Writes nothing."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vmss_tui.cli.commands.fleet import find
from vmss_tui.cli.commands.rollout.prepare import Order, adjusted, complete
from vmss_tui.cli.session import LiveSession
from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.plan.findings import by_weight
from vmss_tui.domain.plan.waves import WavesPlan, select

if TYPE_CHECKING:
    from vmss_tui.profiles.model import Profile, ReportFields


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedWaves:
    """A profile, filled in for all its targets, and the resulting waves."""

    profile: "Profile"
    report: "ReportFields"
    plan: WavesPlan


async def prepare_waves(session: LiveSession, order: Order) -> OrderedWaves:
    """Find the targets and group them. Raises ProfileInvalid, UsageError and what reading Azure raises."""
    from vmss_tui.profiles.plan_findings import syntax_findings
    from vmss_tui.profiles.waves import plan_waves

    profile = session.profiles().get(order.profile)
    variables = complete(profile, order.variables)
    inventory = await find.everything(await session.connect(), within=session.subscription, overview=False)
    entries = [
        FleetEntry(scale_set=scale_set, subscription=subscription)
        for scale_set, subscription in inventory.found
        if not profile.targets.given or profile.targets.choose(scale_set)
    ]
    selection = select(entries, profile.waves.groups)
    plan, resolved = plan_waves(profile, variables, selection, environ=os.environ)
    findings = by_weight(*selection.findings, *await syntax_findings(profile), *plan.findings)
    plan = replace(plan, findings=findings, overrides=order.overrides)
    return OrderedWaves(profile=profile, report=resolved.report, plan=_adjusted(plan, order))


def _adjusted(plan: WavesPlan, order: Order) -> WavesPlan:
    """The waves with what the command line says of each set's policy."""
    waves = tuple(
        replace(
            wave,
            sets=tuple(
                replace(member, policy=adjusted(member.policy, order)) if member.policy is not None else member
                for member in wave.sets
            ),
        )
        for wave in plan.waves
    )
    return replace(plan, waves=waves)
