"""What is rolled out on each set of the waves: from the waves' plan to the set's own wish and plan. Writes nothing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.overrides import Override
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook
from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules
from vmss_tui.domain.plan.track_record import TrackRecord
from vmss_tui.domain.plan.waves import WaveSet, WavesPlan
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.prepare import Names, Prepared, RolloutWish, Wish, prepare
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure, Clock

_AT_ONCE = 8
"""Sets that are read for a preview at the same time; the quota slows them down where it must."""
_NOTHING_FAILED = {"nothing-failed"}
_WHEN = {Override.OUTSIDE_WINDOW.value, "during-freeze"}
"""Findings that depend on the time of the start: a later wave starts at another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known of a set beside Azure's answer: names of versions, and what earlier rollouts showed."""

    journal: Journal
    names: Names
    track_record: Callable[[ScaleSetId], TrackRecord]
    known_versions: Callable[[ScaleSetId], frozenset[str] | None]
    hooks: tuple[Hook, ...] = ()
    """Those of the configuration, for every rollout."""
    rules: Callable[[], MaintenanceRules] = lambda: NO_RULES
    """Windows and freezes of the configuration, as they are now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlan:
    """The plan of a set, or why there is none."""

    member: WaveSet
    wave: int
    plan: RolloutPlan | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    """Why it could not be planned."""

    @property
    def refusals(self) -> tuple[str, ...]:
        """What keeps the whole from being started; what depends on the time counts for the first wave only."""
        if self.plan is None:
            return (self.problem,)
        return tuple(finding.message for finding in self.plan.refusals if self.wave == 1 or finding.code not in _WHEN)


def rollout_wish(plan: WavesPlan, member: WaveSet, script: ScriptConfig, known: Background) -> RolloutWish:
    """The profile on one set."""
    if member.policy is None:
        raise UsageError(f"{member.target.name} has no policy in the plan of the waves")
    return RolloutWish(
        target=member.target,
        names=known.names,
        hooks=known.hooks,
        rules=known.rules(),
        history=known.track_record(member.target),
        known_versions=known.known_versions(member.target),
        script=replace(script, name=member.extension or script.name),
        policy=member.policy,
        profile=plan.profile,
        variables=plan.variables,
        sha256=plan.sha256,
        profile_findings=plan.findings,
        overrides=plan.overrides,
    )


async def plan_set(
    azure: Azure, plan: WavesPlan, member: WaveSet, known: Background, clock: Clock, *, retried: bool = False
) -> Prepared:
    """The plan of a set as it is now; with `retried`, of what remains after its failed instances were retried.

    Raises what reading the set raises, and UsageError when there is nothing to plan from.
    """
    if member.undoes:
        return await _followup(azure, Followup.UNDO, member.undoes, plan, known, clock)
    if member.retries and not retried:
        again = await _followup(azure, Followup.RETRY, member.retries, plan, known, clock)
        if {finding.code for finding in again.plan.refusals} != _NOTHING_FAILED or plan.script is None:
            return again
    if plan.script is None:
        raise UsageError(f"the plan of the waves has no script for {member.target.name}")
    return await prepare(azure, rollout_wish(plan, member, plan.script, known), clock)


async def plan_rollback(azure: Azure, plan: WavesPlan, rollout: str, known: Background, clock: Clock) -> Prepared:
    """The roll back of a set's rollout."""
    return await _followup(azure, Followup.UNDO, rollout, plan, known, clock)


async def _followup(
    azure: Azure, followup: Followup, rollout: str, plan: WavesPlan, known: Background, clock: Clock
) -> Prepared:
    wish: Wish = followup_wish(
        followup,
        rollout,
        known.journal,
        names=known.names,
        overrides=plan.overrides,
        hooks=known.hooks,
        rules=known.rules(),
    )
    return await prepare(azure, wish, clock)


def nothing_to_do(plan: RolloutPlan) -> bool:
    """Whether the set has the version already, in its model and on every instance."""
    same = plan.previous is not None and plan.previous.digest == plan.script.digest
    return same and not plan.batches and not plan.removes


def refusals(plan: WavesPlan, sets: Sequence[SetPlan]) -> list[str]:
    """What keeps the whole from being started."""
    own = [finding.message for finding in plan.findings if finding.severity is Severity.REFUSE]
    return own + [f"{found.member.target.name}: {reason}" for found in sets for reason in found.refusals]


async def preview(azure: Azure, plan: WavesPlan, known: Background, clock: Clock) -> tuple[SetPlan, ...]:
    """The plan of every set as it would be now, in the order of the waves; never raises for a single set."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, member: WaveSet) -> SetPlan:
        async with room:
            try:
                made = await plan_set(azure, plan, member, known, clock)
            except VmssTuiError as error:
                return SetPlan(member=member, wave=number, problem=error.message)
        return SetPlan(member=member, wave=number, plan=made.plan, tags=made.snapshot.scale_set.tags)

    members: Iterable[tuple[int, WaveSet]] = ((wave.number, member) for wave in plan.waves for member in wave.sets)
    return tuple(await asyncio.gather(*(one(number, member) for number, member in members)))
