"""The input of a decision, and its possible outcomes: `Situation` and the commands. Pure data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from vmss_tui.domain.fleet.instance import Instance
from vmss_tui.domain.fleet.scale_set import ScaleSet
from vmss_tui.domain.fleet.snapshot import SetSnapshot
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.rollout_policy import ExternalGate
from vmss_tui.domain.plan.timetable import Timetable
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.instance_phase import retried_digests
from vmss_tui.domain.rollout.state import RolloutState, Stage

SETTLE_SECONDS = 20.0
"""How long after an unanswered request its effect may take to show, before it is sent again."""


class Action(StrEnum):
    """What a write does in Azure."""

    MODEL = "write the model"
    """Policy and script of the set in one change, or the script alone; in Rolling mode this starts the upgrade."""
    REMOVE = "remove the extension"
    UPDATE = "apply the model to instances"
    VM = "write the script of one instance"
    UNDO = "run the undo command on one instance"
    RERUN = "run the script of one instance again"
    CANCEL = "cancel the rolling upgrade"
    RESTORE = "restore the upgrade policy"
    SUSPEND_REPAIRS = "suspend automatic repairs"
    RESUME_REPAIRS = "resume automatic repairs"


@dataclass(frozen=True, slots=True)
class Record:
    """Add these events to the log."""

    events: tuple[e.Event, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Commit `before` and the intent to the log, then change Azure. `ids` are the instances that the request names."""

    key: str
    action: Action
    what: str
    ids: tuple[str, ...] = ()
    batch: int | None = None
    before: tuple[e.Event, ...] = ()
    tag: str = ""
    """The force-update tag of a rerun."""


@dataclass(frozen=True, slots=True)
class CheckExternalGate:
    """Call the external gate of the profile before `batch` starts."""

    batch: int
    gate: ExternalGate


@dataclass(frozen=True, slots=True)
class CheckFiles:
    """Fetch the plan's files again before `batch` starts, and compare them."""

    batch: int


Command = Record | Write | CheckExternalGate | CheckFiles
Commands = list[Command]


@dataclass(frozen=True)
class Situation:
    """The plan, the log so far, Azure as it is now, and the time."""

    plan: RolloutPlan
    state: RolloutState
    snapshot: SetSnapshot
    now: datetime
    settle_seconds: float = SETTLE_SECONDS
    host_now: datetime | None = None
    """The host's clock where it differs from `now`, which never goes back."""

    @property
    def clock(self) -> datetime:
        """The time that windows and freezes go by: a host's clock that was ahead and is set back closes them again."""
        return self.host_now or self.now

    @property
    def set(self) -> ScaleSet:
        """The scale set as it is now."""
        return self.snapshot.scale_set

    @cached_property
    def by_id(self) -> Mapping[str, Instance]:
        """The instances that exist now."""
        return {instance.id: instance for instance in self.snapshot.instances}

    @cached_property
    def target(self) -> str:
        """Digest of the configuration that the rollout brings."""
        return self.plan.target_digest

    @cached_property
    def timetable(self) -> Timetable:
        """When changes may be made."""
        return self.state.timetable

    @cached_property
    def targets(self) -> frozenset[str]:
        """Digests of the configurations that count as the rollout's: its own, and those of retries within it."""
        return frozenset((self.target, *retried_digests(self.plan, self.state).values()))

    @property
    def cancelling(self) -> bool:
        """Whether a cancellation was requested."""
        return self.state.stage is Stage.CANCELLING

    @property
    def paused(self) -> bool:
        """Whether nothing new may start."""
        return self.state.stage is Stage.PAUSED

    def due(self, since: datetime | None, seconds: float) -> datetime:
        """When a wait that began at `since` ends; never counted from before this runner took over."""
        starts = [moment for moment in (since, self.state.resumed_at) if moment is not None]
        return max(starts, default=self.now) + timedelta(seconds=seconds)

    def wait(self, why: str, until: datetime | None = None, *, takes_seconds: int = 0) -> Commands:
        """Wait, and record it once; without a time the wait is for a person."""
        waiting = e.Waiting(why, until, takes_seconds)
        return [] if self.state.waiting == waiting else [Record((waiting,))]
