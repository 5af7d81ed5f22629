"""The state of a rollout as data: its log, folded. How it is folded is in `state`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.timetable import MaintenanceRules, Timetable, timetable
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import BAD, BUSY, GateName, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One instance in a rollout: the last observation, and since when it is in this phase."""

    seen: e.InstanceSeen
    since: datetime | None = None
    """When its phase last changed."""
    first: e.InstanceSeen | None = None
    """What was observed of it before its update began: the version it came from, its last run of a script.

    None for an instance that was created during the rollout: all that it has is new.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """A batch that began."""

    number: int
    ids: tuple[str, ...]
    zones: tuple[str, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Instances whose update Azure refused."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry of one instance within its rollout: the number of the request, and the force-update tag of its script."""

    number: int
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowest:
    """The lowest healthy count of the whole run, and when."""

    healthy: int
    at: datetime


Write = e.WriteIntended | e.WriteAccepted | e.WriteEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutState:
    """Everything the log says, folded. Times are UTC, counts are instances."""

    plan: RolloutPlan | None = None
    stage: Stage = Stage.PLANNED
    staged_at: datetime | None = None
    """When its stage last changed."""
    started_at: datetime | None = None
    resumed_at: datetime | None = None
    """When a runner last took over or the clock was set: waits are never counted from before."""
    ended_at: datetime | None = None
    last_at: datetime | None = None
    runner: tuple[int, str] | None = None
    started_by: str = ""
    """Who started it; empty when that is not on record."""
    signed_in: e.SignedIn | None = None
    """With which account the runner writes; after a take-over the last one."""
    instances: Mapping[str, Progress] = field(default_factory=dict)
    batches: tuple[BatchState, ...] = ()
    batch_count: int = 0
    healthy: int | None = None
    total: int = 0
    lowest: Lowest | None = None
    health_trend: tuple[tuple[datetime, int], ...] = ()
    """(time, healthy) each time it changed, newest last."""
    upgrade: e.UpgradeSeen | None = None
    own_upgrades: frozenset[datetime] = frozenset()
    """Start times of Azure's rolling upgrades that this rollout caused."""
    other_upgrades: frozenset[datetime] = frozenset()
    waiting: e.Waiting | None = None
    writes: Mapping[str, Write] = field(default_factory=dict)
    """Per write key, the furthest that it is known to have got."""
    write_at: Mapping[str, datetime] = field(default_factory=dict)
    """Per write key, when it got there."""
    accepted: frozenset[str] = frozenset()
    """Keys of the writes that Azure took."""
    deferred: Mapping[str, e.WriteDeferred] = field(default_factory=dict)
    gates: Mapping[tuple[GateName, int | None], e.GateChecked] = field(default_factory=dict)
    """The last answer of each gate, per batch."""
    asked: Mapping[int, e.Requested] = field(default_factory=dict)
    cancelled_by: str = ""
    approved: frozenset[int] = frozenset()
    awaiting_approval: int | None = None
    decision: e.DecisionNeeded | None = None
    """The failure that waits, or waited last, for a person's decision."""
    retries: Mapping[str, Retry] = field(default_factory=dict)
    """By instance, its last retry within this rollout."""
    waived: Mapping[str, str] = field(default_factory=dict)
    """Instances that were excluded after they had failed, with the reason."""
    rollback_asked: bool = False
    """A person decided to roll back after a failure."""
    rollback: e.RollbackStarted | None = None
    """The roll back that followed a failure: from then on the plan is the one of the roll back."""
    forward: "RolloutState | None" = None
    """The state of the rollout when its roll back began."""
    concluding: e.Concluding | None = None
    verdict: e.Verdict | None = None
    reason: str = ""
    fault: AzureFault | None = None
    policy_restored: bool | None = None
    rules: MaintenanceRules | None = None
    """The windows and freezes of the configuration, where they changed since the plan."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """What a person lifted since the start, by its code, with the reason."""
    scheduled: e.Scheduled | None = None
    """When a runner starts it, or resumes it; None once one has."""
    window_ended: bool = False
    """Paused since no batch can end in the maintenance window; the runner has left."""
    seq: int = 0

    @property
    def timetable(self) -> Timetable:
        """When changes may be made."""
        if self.plan is None:
            return Timetable()
        policy = self.plan.policy
        return timetable(policy.window, self.rules or policy.rules, {**self.plan.overrides, **self.overrides})

    @property
    def batch(self) -> BatchState | None:
        """The batch that runs, or the last one that ran."""
        return self.batches[-1] if self.batches else None

    @property
    def open_batch(self) -> BatchState | None:
        """The batch that runs."""
        return self.batch if self.batch is not None and self.batch.ended_at is None else None

    @property
    def answered(self) -> int:
        """Number of the last request that the runner took up."""
        return max(self.asked, default=0)

    def count(self, *phases: e.Phase) -> int:
        """How many instances are in one of these phases."""
        return sum(progress.seen.phase in phases for progress in self.instances.values())

    def ids_in(self, *phases: e.Phase) -> tuple[str, ...]:
        """The instances that are in one of these phases."""
        return tuple(i for i, progress in self.instances.items() if progress.seen.phase in phases)

    @property
    def bad(self) -> tuple[str, ...]:
        """Instances that count as failures: not those that were broken before what a roll back undoes."""
        known = self.plan.tolerated if self.plan is not None else ()
        return tuple(i for i in self.ids_in(*BAD) if i not in known)

    @property
    def unread(self) -> tuple[str, ...]:
        """Instances that would count as not updated, but whose configuration could not be read."""
        return tuple(
            i
            for i, progress in self.instances.items()
            if progress.seen.phase in (e.Phase.WAITING, *BUSY) and not progress.seen.version_known
        )

    def ended(self, key: str) -> OperationState | None:
        """How a write ended; None while it has not."""
        write = self.writes.get(key)
        return write.state if isinstance(write, e.WriteEnded) else None
