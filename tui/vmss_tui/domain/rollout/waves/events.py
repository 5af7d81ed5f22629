"""What can happen in a rollout over several scale sets: a closed set, kept in the journal like a rollout's own events.

Each set has a rollout of its own with its own log; these events only say which, and how it ended. Events of every kind
of log (runner, requests and their answers, pauses, schedule, notes, the end) are in `rollout.events`.
"""

from dataclasses import dataclass

from vmss_tui.domain.fleet.ids import ScaleSetId
from vmss_tui.domain.plan.waves import WavesPlan
from vmss_tui.domain.rollout import events as e
from vmss_tui.domain.rollout.stage import Verdict


@dataclass(frozen=True, slots=True)
class WavesPlanned:
    """The waves were created: always the first event. Who started them on which host, what for, and the ticket."""

    plan: WavesPlan
    who: str = ""
    host: str = ""
    why: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class WaveStarted:
    """The sets of a wave may start."""

    number: int


@dataclass(frozen=True, slots=True)
class WaveEnded:
    """Every set of a wave has ended."""

    number: int


@dataclass(frozen=True, slots=True)
class WaveApprovalNeeded:
    """A wave is waiting for approval."""

    number: int


@dataclass(frozen=True, slots=True)
class WaveApproved:
    """The wave may start."""

    number: int
    who: str = ""


@dataclass(frozen=True, slots=True)
class SetStarted:
    """A set's rollout was created, in the same transaction: it is never created twice."""

    target: ScaleSetId
    rollout: str
    rolls_back: bool = False


@dataclass(frozen=True, slots=True)
class SetRefused:
    """Preflight refused a set, or its roll back: nothing of it was changed by that."""

    target: ScaleSetId
    reason: str
    rolls_back: bool = False


@dataclass(frozen=True, slots=True)
class SetSkipped:
    """There was nothing to do on a set, or to roll back."""

    target: ScaleSetId
    reason: str
    rolls_back: bool = False


@dataclass(frozen=True, slots=True)
class SetFailures:
    """How many instances of a set in progress have failed so far."""

    target: ScaleSetId
    rollout: str
    failed: int


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
class WavesStopping:
    """No further set starts: a set failed, or a budget is spent. `rolls_back`: the wave that is rolled back."""

    reason: str
    rolls_back: int = 0


SetEvent = SetStarted | SetRefused | SetSkipped | SetFailures | SetEnded
WaveEvent = WaveStarted | WaveEnded | WaveApprovalNeeded | WaveApproved
LogEvent = (
    e.RunnerStarted
    | e.SignedIn
    | e.RunnerStopped
    | e.Requested
    | e.RequestAnswered
    | e.Paused
    | e.Resumed
    | e.Scheduled
    | e.Noted
)
"""What the log of any kind of rollout has."""
WavesEvent = WavesPlanned | WaveEvent | SetEvent | WavesStopping | LogEvent | e.Ended


@dataclass(frozen=True, slots=True)
class WavesLogged(e.Entry[WavesEvent]):
    """An event of the waves in its place."""
