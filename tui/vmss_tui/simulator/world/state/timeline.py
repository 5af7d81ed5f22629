"""What is going to happen to an instance, and when: its timeline of changes."""

from dataclasses import dataclass
from datetime import datetime

from vmss_tui.simulator.world.state.states import FailureCause, Health, Power


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """How a script, or another extension's handler, ended."""

    exit_code: int = 0
    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False
    cause: FailureCause = FailureCause.SCRIPT
    settings_error: str = ""
    """Set when the handler refused its settings and ran nothing."""

    @property
    def failed(self) -> bool:
        """Whether it ended badly, or not in time."""
        return self.exit_code != 0 or self.timed_out


@dataclass(frozen=True, slots=True)
class ExtensionBegins:
    """The agent picks up the next extension."""


@dataclass(frozen=True, slots=True)
class ExtensionEnds:
    """A handler reports its result; `sequence` guards against one that was replaced meanwhile."""

    name: str
    sequence: int
    result: ScriptResult


@dataclass(frozen=True, slots=True)
class ProvisioningEnds:
    """Azure regards the update as done: Succeeded or Failed."""


@dataclass(frozen=True, slots=True)
class HealthTurns:
    """The probe or the health extension reports something else."""

    to: Health
    after_script: bool = False
    """It is the end of an update, from which an instance may relapse."""
    ends_grace: bool = False
    """The grace period is over; it means nothing to an instance that is initializing no more."""


@dataclass(frozen=True, slots=True)
class PowerTurns:
    """The power state changes."""

    to: Power


@dataclass(frozen=True, slots=True)
class AgentReports:
    """The guest agent reports for the first time after a boot."""


@dataclass(frozen=True, slots=True)
class Vanishes:
    """The instance is gone."""


Change = ExtensionBegins | ExtensionEnds | ProvisioningEnds | HealthTurns | PowerTurns | AgentReports | Vanishes


@dataclass(frozen=True, slots=True)
class Due:
    """One change and its moment."""

    at: datetime
    change: Change


def insert(timeline: tuple[Due, ...], at: datetime, change: Change) -> tuple[Due, ...]:
    """The timeline with one change more, still in order of time; equal moments keep their order."""
    position = len(timeline)
    while position and timeline[position - 1].at > at:
        position -= 1
    return (*timeline[:position], Due(at, change), *timeline[position:])


def without(timeline: tuple[Due, ...], *kinds: type) -> tuple[Due, ...]:
    """The timeline without changes of the given kinds."""
    return tuple(due for due in timeline if not isinstance(due.change, kinds))
