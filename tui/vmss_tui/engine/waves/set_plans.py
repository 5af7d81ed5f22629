"""The plan of each set of the waves: from the waves' plan to the set's own wish and plan. Writes nothing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.fleet.script import ScriptConfig
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.overrides import TIME_OF_START, closed_only
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import Hook, OnWindowEnd
from vmss_tui.domain.plan.timetable import NO_RULES, MaintenanceRules
from vmss_tui.domain.plan.track_record import TrackRecord
from vmss_tui.domain.plan.waves import WaveSet, WavesPlan
from vmss_tui.domain.rollout.team.roles import EVERYONE
from vmss_tui.engine.followup import Followup, followup_wish
from vmss_tui.engine.in_progress import finding_of, named_in
from vmss_tui.engine.prepare import Names, Prepared, RolloutWish, Wish, compose, prepare
from vmss_tui.engine.runner.rollout_log import Team
from vmss_tui.errors import UsageError, VmssTuiError
from vmss_tui.journal.store import Journal
from vmss_tui.ports import Azure, Clock

_AT_ONCE = 8
"""Sets that are read for a preview at the same time; the quota slows them down where it must."""
_NOTHING_FAILED = {"nothing-failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Facts about a set beside Azure's answer: names of versions, and what earlier rollouts showed."""

    journal: Journal
    names: Names
    track_record: Callable[[ScaleSetId], TrackRecord]
    known_versions: Callable[[ScaleSetId], frozenset[str] | None]
    hooks: tuple[Hook, ...] = ()
    """Those of the configuration, for every rollout."""
    rules: Callable[[], MaintenanceRules] = lambda: NO_RULES
    """Windows and freezes of the configuration, as they are now."""
    team: Team = lambda: EVERYONE
    """Who may do what by the configuration, as it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlan:
    """The plan of a set, or why there is none."""

    member: WaveSet
    wave: int
    plan: RolloutPlan | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    """Why it could not be planned."""
    error: VmssTuiError | None = None
    """The error behind that."""
    rests_on: tuple[Wish, Prepared] | None = None
    """What the plan was made of."""

    def starting(self, at: datetime, clock: Clock) -> "SetPlan":
        """The same for a start at another time; Azure is not read again."""
        if self.rests_on is None:
            return self
        wish, made = self.rests_on
        return replace(self, plan=compose(replace(wish, starts_at=at), made.snapshot, made.pins, clock))

    @property
    def waits_for_window(self) -> bool:
        """Whether windows and freezes, and nothing else, refuse it."""
        return self.plan is not None and closed_only(self.plan)

    @property
    def refusals(self) -> tuple[str, ...]:
        """What keeps the whole from being started; what depends on the time counts for the first wave only."""
        if self.plan is None:
            return (self.problem,)
        return tuple(
            finding.message for finding in self.plan.refusals if self.wave == 1 or finding.code not in TIME_OF_START
        )


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
    return (await _wish_and_plan(azure, plan, member, known, clock, retried=retried))[1]


async def _wish_and_plan(
    azure: Azure, plan: WavesPlan, member: WaveSet, known: Background, clock: Clock, *, retried: bool = False
) -> tuple[Wish, Prepared]:
    if member.undoes:
        back = _followup(Followup.UNDO, member.undoes, plan, known)
        return back, await prepare(azure, back, clock)
    if member.retries and not retried:
        again = _followup(Followup.RETRY, member.retries, plan, known)
        made = await prepare(azure, again, clock)
        if {finding.code for finding in made.plan.refusals} != _NOTHING_FAILED or plan.script is None:
            return again, made
    if plan.script is None:
        raise UsageError(f"the plan of the waves has no script for {member.target.name}")
    wish = rollout_wish(plan, member, plan.script, known)
    return wish, await prepare(azure, wish, clock)


async def plan_rollback(azure: Azure, plan: WavesPlan, rollout: str, known: Background, clock: Clock) -> Prepared:
    """The roll back of a set's rollout."""
    return await prepare(azure, _followup(Followup.UNDO, rollout, plan, known), clock)


def _followup(followup: Followup, rollout: str, plan: WavesPlan, known: Background) -> Wish:
    return followup_wish(
        followup,
        rollout,
        known.journal,
        names=known.names,
        overrides=plan.overrides,
        hooks=known.hooks,
        rules=known.rules(),
    )


def waits_for_window(plan: RolloutPlan, now: datetime) -> str:
    """Why a set whose turn has come waits for its own window, by its `on_window_end`; empty: it does not."""
    opens = plan.timetable.opens_at(now) if closed_only(plan) else None
    if opens is None or plan.policy.on_window_end is not OnWindowEnd.WAIT:
        return ""
    return f"waiting for its next maintenance window, which opens on {plan.timetable.moment(opens)}"


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
                wish, made = await _wish_and_plan(azure, plan, member, known, clock)
            except VmssTuiError as error:
                return SetPlan(member=member, wave=number, problem=error.message, error=error)
        tags = made.snapshot.scale_set.tags
        running = finding_of(known.journal, member.target, Severity.WARN)  # it may have ended when the set's turn comes
        named = named_in(made.plan, running)
        return SetPlan(member=member, wave=number, plan=named, tags=tags, rests_on=(wish, made))

    members: Iterable[tuple[int, WaveSet]] = ((wave.number, member) for wave in plan.waves for member in wave.sets)
    return tuple(await asyncio.gather(*(one(number, member) for number, member in members)))
