"""A profile filled in for several scale sets at once: what a rollout in waves carries. Pure.

The coordinator of the waves reads no profile: one that is changed meanwhile does not change what the later sets get.
"""

from collections.abc import Mapping

from vmss_tui.domain.fleet.snapshot import FleetEntry
from vmss_tui.domain.plan.waves import Selection, WaveSet, WavesPlan, instances_of, waves_of
from vmss_tui.profiles.format.profile import Profile
from vmss_tui.profiles.plan_findings import profile_wide_findings
from vmss_tui.profiles.resolve import Resolved, resolve


def plan_waves(
    profile: Profile, variables: Mapping[str, str], selection: Selection, *, environ: Mapping[str, str]
) -> tuple[WavesPlan, Resolved]:
    """The waves of a selection, and the profile with its variables filled in. Raises ProfileInvalid."""
    whole = resolve(profile, variables, environ=environ)

    def member(entry: FleetEntry) -> WaveSet:
        here = resolve(profile, variables, environ=environ, scale_set=entry.scale_set)
        return WaveSet(target=entry.id, instances=instances_of(entry), extension=here.script.name, policy=here.policy)

    members = {entry.id: member(entry) for _, sets in selection.groups for entry in sets}
    plan = WavesPlan(
        profile=profile.name,
        label=whole.script.label,
        waves=waves_of(selection, members),
        rules=profile.waves,
        script=whole.script,
        variables=whole.variables,
        sha256=whole.sha256,
        findings=profile_wide_findings(profile),
    )
    return plan, whole
