"""The state of a rollout, computed once for the live screen, report, records, notifications and exit summary.

Pure: a folded log, the time and the journal's header in; numbers, names and sentences out. Knows no width, no color.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, UpgradeCode
from vmss_tui.domain.plan.rollout_plan import Purpose, RolloutPlan, Strategy
from vmss_tui.domain.plan.timetable import DURING_FREEZE
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.batch_schedule import batch_count
from vmss_tui.domain.rollout.decide.verdict import gone_instances, in_scope
from vmss_tui.domain.rollout.stage import BAD, BUSY, GateName, Phase, Stage, Verdict
from vmss_tui.domain.rollout.state import Lowest, RolloutState
from vmss_tui.domain.rollout.write_keys import writes_model
from vmss_tui.presentation.glyphs import HALF, NO_RUNNER, SCHEDULED, STAGE, WINDOW_ENDED, Mark, Role
from vmss_tui.presentation.rollout.batches import BatchInfo as BatchInfo
from vmss_tui.presentation.rollout.batches import batches_of
from vmss_tui.presentation.rollout.failures import Failure as Failure
from vmss_tui.presentation.rollout.failures import failures as failures
from vmss_tui.presentation.rollout.failures import why_failed as why_failed
from vmss_tui.presentation.rollout.header import Head as Head
from vmss_tui.presentation.rollout.header import Header as Header
from vmss_tui.presentation.rollout.remaining import Remaining, elapsed, rest
from vmss_tui.presentation.rollout.waits import Moment, moment
from vmss_tui.text import listed, plain, seconds_between

FAILED = (Phase.FAILED, Phase.UNHEALTHY)
"""Phases of instances on which the update failed; `BAD` counts those as well where the script did not run."""
ODD = (Phase.NOT_RUN, Phase.LEAKED, Phase.OVERWRITTEN)
"""Phases that a person should see although nothing failed."""

_WINDOW_MARGIN, _WINDOW_SHARE = 60.0, 0.1
"""Seconds, and share of what is left, before the end of the window at which it counts as short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutInfo:
    """Everything that is said of a rollout. Durations are seconds, times UTC, counts instances."""

    rollout: str = ""
    plan: RolloutPlan | None = None
    stage: Stage = Stage.PLANNED
    mark: Mark = STAGE[Stage.PLANNED]
    """Glyph, word and role of what it is doing."""
    old: str = "?"
    new: str = "?"
    phases: Counter[Phase]
    """Instances by phase."""
    total: int = 0
    """Instances of the scale set."""
    in_scope: int = 0
    """Instances that it is for, also those that are gone since, and those that got the version outside it."""
    gone: tuple[str, ...] = ()
    """Instances of the plan that were deleted or evicted since."""
    batches: tuple[BatchInfo, ...] = ()
    batch_number: int = 0
    batch_count: int = 0
    healthy: int | None = None
    """Healthy instances now; None without a health source."""
    lowest: Lowest | None = None
    """The fewest healthy instances so far; None also where no instance reported its health before the rollout."""
    floor: int | None = None
    """The fewest healthy instances that the plan allows for; None without a health source."""
    health_trend: tuple[tuple[datetime, int], ...] = ()
    verdict: Verdict | None = None
    reason: str = ""
    """The verdict in a sentence."""
    fault: AzureFault | None = None
    policy_restored: bool | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    now: datetime
    """When this was so: the end of a rollout that is over."""
    elapsed: float = 0.0
    remaining: Remaining | None = None
    """What it may still take, while it moves."""
    rest: Remaining | None = None
    """What it may still take once it moves: also while it waits for a person."""
    waiting: e.Waiting | None = None
    moment: Moment | None = None
    """The current wait, in every upgrade mode."""
    staged_at: datetime | None = None
    """When its stage last changed."""
    awaiting_approval: int | None = None
    undecided: str = ""
    """The failure that waits for a decision."""
    failures: tuple[Failure, ...] = ()
    """By id."""
    runner_alive: bool = True
    who: str = ""
    host: str = ""
    why: str = ""
    ticket: str = ""
    account: str = ""
    """The Azure account that the runner writes with, and its credential: `deployer (Azure CLI)`."""
    leaves_failed_model: bool = False
    """It ended without success and the scale set model has its script: new instances get it too."""
    starts_at: datetime | None = None
    """When it is to start, or to resume."""
    window_ended: bool = False
    """It is paused since no batch could end in the maintenance window, and its runner has left."""
    frozen: str = ""
    """The freeze that is in force, in words; empty without one."""
    window_closes: datetime | None = None
    """When the maintenance window closes that is open; None: not soon, or it is closed."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Refusals that were overridden, by their code, and the reason that was given."""

    @property
    def window_left(self) -> float | None:
        """Seconds until the maintenance window closes."""
        return None if self.window_closes is None else max(0.0, (self.window_closes - self.now).total_seconds())

    @property
    def window_short(self) -> bool:
        """Whether the rest of the rollout may soon take longer than the window is open, also while it waits."""
        left = self.window_left
        if left is None or self.rest is None:
            return False
        return self.rest.p90 + max(_WINDOW_MARGIN, _WINDOW_SHARE * self.rest.p90) > left

    @property
    def stopped_for(self) -> float | None:
        """Seconds since it stopped to wait for a person; None while it moves."""
        if self.stage not in (Stage.PAUSED, Stage.APPROVAL, Stage.DECISION) or self.staged_at is None:
            return None
        return max(0.0, (self.now - self.staged_at).total_seconds())

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.stage.over

    @property
    def done(self) -> int:
        """Instances that run the new version: also those that got it outside the plan."""
        return self.count(Phase.DONE, Phase.LEAKED)

    @property
    def busy(self) -> int:
        """Instances in progress."""
        return self.count(*BUSY)

    @property
    def failed(self) -> int:
        """Instances on which the update failed."""
        return self.count(*FAILED)

    @property
    def bad(self) -> int:
        """Instances that a retry would take."""
        return self.count(*BAD)

    def count(self, *phases: Phase) -> int:
        """Instances in one of these phases."""
        return sum(self.phases[phase] for phase in phases)

    @property
    def arrow(self) -> str:
        """`web 2.4.0 → web 2.5.0`; of a retry only `web 2.5.0`."""
        return self.new if self.old == self.new else arrow(self.old, self.new)

    @property
    def first_failure(self) -> Failure | None:
        """The instance that failed first."""
        failed = [failure for failure in self.failures if failure.phase in FAILED]
        return min(failed, key=lambda it: seconds_between(self.started_at, it.since), default=None)

    @property
    def reached(self) -> str:
        """How far it came: `60 of 60 run web 2.5.0 and are healthy, never below 51`."""
        health = ""
        if self.healthy is not None:
            well = self.healthy >= max(self.done, self.in_scope - len(self.gone))
            verb = "is" if self.healthy == 1 else "are"
            health = " and are healthy" if well and self.done else f", {self.healthy} {verb} healthy"
        lowest = f", never below {self.lowest.healthy} healthy" if self.lowest is not None else ""
        gone = f"; {len(self.gone)} gone: {listed(self.gone)}" if self.gone else ""
        return f"{self.done} of {self.in_scope} {self.reaching} {self.new}{health}{lowest}{gone}"

    @property
    def rolls_back(self) -> bool:
        """Whether it restores an earlier version."""
        return self.plan is not None and self.plan.purpose is Purpose.ROLLBACK

    @property
    def reaching(self) -> str:
        """What instances do with the new version: `run`, or `rolled back to`."""
        return "rolled back to" if self.rolls_back else "run"

    @property
    def sentence(self) -> str:
        """The verdict: the reason it ended, and how far it came."""
        reason = plain(self.reason)
        if reason and self.over and len(self.gone) == self.in_scope:  # it was for none, or none is left
            return reason
        if self.stage is Stage.COMPLETED or not reason:
            return self.reached
        phrase = f" {self.reaching} {self.new}"
        rest = self.reached
        if phrase in reason:
            rest = rest.partition(phrase)[2].removeprefix(" and are healthy").removeprefix(", ")
        return f"{reason} ({rest})" if rest else reason


def info_of(
    state: RolloutState, now: datetime, *, header: Header | None = None, runner_alive: bool = True
) -> RolloutInfo:
    """The facts about a rollout at a moment."""
    plan = state.plan
    phases = Counter(progress.seen.phase for progress in state.instances.values())
    seconds, left = elapsed(state, now), rest(state, now)
    return RolloutInfo(
        rollout=header.id if header is not None else "",
        plan=plan,
        stage=state.stage,
        mark=_mark(state, runner_alive=runner_alive),
        old=versions(state)[0],
        new=versions(state)[1],
        phases=phases,
        total=state.total if plan is not None else len(state.instances),
        in_scope=in_scope(plan, state) + phases[Phase.LEAKED] if plan is not None else 0,
        gone=gone_instances(plan, state) if plan is not None else (),
        batches=tuple(batches_of(state, now)),
        batch_number=state.batch.number if state.batch is not None else 0,
        batch_count=batch_count(state),
        healthy=state.healthy,
        lowest=state.lowest if floor(state) is not None else None,
        floor=floor(state),
        health_trend=state.health_trend,
        verdict=state.verdict,
        reason=state.reason,
        fault=state.fault,
        policy_restored=state.policy_restored,
        started_at=state.started_at,
        ended_at=state.ended_at,
        now=state.ended_at or now,
        elapsed=seconds,
        remaining=left if runner_alive and state.stage is Stage.RUNNING else None,
        rest=left,
        waiting=state.waiting,
        moment=moment(state, now),
        staged_at=state.staged_at,
        awaiting_approval=state.awaiting_approval,
        undecided=state.decision.why if state.stage is Stage.DECISION and state.decision is not None else "",
        failures=failures(state),
        runner_alive=runner_alive,
        who=header.who if header is not None else "",
        host=header.host if header is not None else "",
        why=header.why if header is not None else "",
        ticket=header.ticket if header is not None else "",
        account=_account(state.signed_in),
        leaves_failed_model=_leaves_failed_model(state),
        starts_at=state.scheduled.at if state.scheduled is not None and not state.stage.over else None,
        window_ended=state.window_ended and not state.stage.over,
        frozen=_frozen(state, now),
        window_closes=_window_closes(state, now),
        overrides={**(plan.overrides if plan is not None else {}), **state.overrides},
    )


def _frozen(state: RolloutState, now: datetime) -> str:
    return next((closed.words for closed in state.timetable.closed(now) if closed.code == DURING_FREEZE), "")


def _window_closes(state: RolloutState, now: datetime) -> datetime | None:
    table = state.timetable
    if state.stage.over or table.free or table.closed(now):
        return None
    return table.closes_at(now)


def _leaves_failed_model(state: RolloutState) -> bool:
    """Whether a model that was written with a script that failed somewhere stays behind."""
    ended = state.verdict in (Verdict.FAILED, Verdict.CANCELLED) and bool(state.ids_in(Phase.FAILED))
    plan = state.plan
    wrote = plan is not None and plan.writes_model and not plan.removes and plan.purpose is not Purpose.ROLLBACK
    others = any(gate is GateName.OTHERS and not checked.passed for (gate, _), checked in state.gates.items())
    return ended and wrote and not others and any(map(writes_model, state.accepted))


def _account(signed_in: e.SignedIn | None) -> str:
    if signed_in is None:
        return ""
    return f"{signed_in.account} ({signed_in.credential})" if signed_in.credential else signed_in.account


def versions(state: RolloutState) -> tuple[str, str]:
    """From which version to which."""
    if state.plan is None:
        return ("?", "?")
    return (state.plan.from_label or "nothing", state.plan.to_label)


def _mark(state: RolloutState, *, runner_alive: bool) -> Mark:
    if not state.stage.over and (state.scheduled is not None or state.window_ended or not runner_alive):
        return _without_runner(state)
    if state.stage is not Stage.RUNNING or state.plan is None:
        return STAGE[state.stage]
    if state.plan.purpose is Purpose.ROLLBACK:
        return Mark(HALF, "rolling back", Role.WARN)
    if state.plan.strategy is not Strategy.ROLLING_UPGRADE:
        return Mark(HALF, "updating", Role.BUSY)
    if state.upgrade is None:
        return Mark(HALF, "starting", Role.BUSY)
    if state.upgrade.code is UpgradeCode.ROLLING_BACK:
        return Mark(HALF, "rolling back", Role.WARN)
    return Mark(HALF, "rolling forward", Role.BUSY)


def _without_runner(state: RolloutState) -> Mark:
    if state.scheduled is not None:
        return SCHEDULED
    return WINDOW_ENDED if state.window_ended else NO_RUNNER


def floor(state: RolloutState) -> int | None:
    """The fewest healthy instances that the plan allows for, less those that have left the set since."""
    if state.plan is None or state.healthy is None or state.plan.floor is None:
        return None
    left = state.plan.total - state.total
    return max(0, state.plan.floor - max(0, left))


def arrow(old: str, new: str, *, tight: bool = False) -> str:
    """`web 2.4.0 → web 2.5.0`; tight: `2.4.0→2.5.0` when both begin alike."""
    if not tight:
        return f"{old} → {new}"
    head, _, rest = new.rpartition(" ")
    short = old.removeprefix(f"{head} ") if head else old
    return f"{short}→{rest if short != old else new}"
