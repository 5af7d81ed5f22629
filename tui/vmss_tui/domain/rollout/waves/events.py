"""What can happen in a rollout over several scale sets: a closed set, kept in the journal like a rollout's own events.

Each set has a rollout of its own with its own log; these events only say which, and how it ended.
"""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout.stage import Verdict


@dataclass(frozen=True, slots=True)
class WavesPlanned:
    """The waves were created: always the first event."""

    plan: WavesPlan


@dataclass(frozen=True, slots=True)
class CoordinatorStarted:
    """A coordinator took the lease (first start or resume)."""

    pid: int
    host: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class WaveStarted:
    """The sets of a wave may start."""

    number: int


@dataclass(frozen=True, slots=True)
class SetStarted:
    """A set's rollout was created; committed before its runner is started, so that it is never created twice."""

    target: ScaleSetId
    rollout: str
    rolls_back: bool = False


@dataclass(frozen=True, slots=True)
class SetRefused:
    """Preflight refused a set: nothing of it was changed."""

    target: ScaleSetId
    reason: str


@dataclass(frozen=True, slots=True)
class SetEnded:
    """A set's rollout ended. `updated` and `failed` are instances."""

    target: ScaleSetId
    rollout: str
    verdict: Verdict
    reason: str = ""
    updated: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class WaveEnded:
    """Every set of a wave has ended."""

    number: int


@dataclass(frozen=True, slots=True)
class WaveApprovalNeeded:
    """A wave waits for a person."""

    number: int


@dataclass(frozen=True, slots=True)
class WaveApproved:
    """An operator approved a wave."""

    number: int
    who: str = ""


@dataclass(frozen=True, slots=True)
class WavesPaused:
    """No further set starts until an operator resumes."""

    who: str = ""


@dataclass(frozen=True, slots=True)
class WavesResumed:
    """Sets start again."""

    who: str = ""


@dataclass(frozen=True, slots=True)
class WavesCanceled:
    """An operator asked to cancel; sets in progress are canceled too."""

    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class WavesStopping:
    """No further set starts: a set failed, or a budget is spent. `rolls_back` names the wave that goes back."""

    reason: str
    rolls_back: int = 0


@dataclass(frozen=True, slots=True)
class WavesEnded:
    """The end: always the last event."""

    verdict: Verdict
    reason: str


WavesEvent = (
    WavesPlanned
    | CoordinatorStarted
    | WaveStarted
    | SetStarted
    | SetRefused
    | SetEnded
    | WaveEnded
    | WaveApprovalNeeded
    | WaveApproved
    | WavesPaused
    | WavesResumed
    | WavesCanceled
    | WavesStopping
    | WavesEnded
)


@dataclass(frozen=True, slots=True)
class WavesLogged:
    """An event with its number (from 1) and its time in UTC."""

    seq: int
    at: datetime
    event: WavesEvent
