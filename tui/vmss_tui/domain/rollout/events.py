"""What can happen in a rollout: the closed set of events of which the journal consists.

Every screen, report, replay and resume is a fold over these. Fields are plain data (the journal stores them as JSON);
times are stored beside the event, not in it. A new kind or field must have a default, so that old journals still read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from vmss_tui.domain.fleet.rolling_upgrade import AzureFault, OperationState, UpgradeCode
from vmss_tui.domain.plan.findings import Severity
from vmss_tui.domain.plan.rollout_plan import RolloutPlan
from vmss_tui.domain.plan.timetable import MaintenanceRules
from vmss_tui.domain.rollout.instance_seen import InstanceSeen as InstanceSeen
from vmss_tui.domain.rollout.stage import GateName as GateName
from vmss_tui.domain.rollout.stage import Phase as Phase
from vmss_tui.domain.rollout.stage import Verb as Verb
from vmss_tui.domain.rollout.stage import Verdict as Verdict


@dataclass(frozen=True, slots=True)
class Planned:
    """The rollout was created: always the first event. Who started it on which host, what for, and the ticket."""

    plan: RolloutPlan
    who: str = ""
    host: str = ""
    why: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class RunnerStarted:
    """A runner took the lease (first start or resume)."""

    pid: int
    host: str
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The runner signed in to Azure: the account that its writes are made with, and the credential in words."""

    account: str
    credential: str = ""


@dataclass(frozen=True, slots=True)
class RunnerStopped:
    """A runner stopped in good order before the rollout ended."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class WriteIntended:
    """Committed before a request that changes Azure is sent. `what` is a sentence, `key` names the write for resume."""

    key: str
    what: str
    batch: int | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteAccepted:
    """Azure accepted the write. `operation` is the polling URL (private: never exported)."""

    key: str
    operation: str = ""


@dataclass(frozen=True, slots=True)
class WriteEnded:
    """The operation of a write ended, or the write was refused."""

    key: str
    state: OperationState
    fault: AzureFault | None = None


@dataclass(frozen=True, slots=True)
class WriteDeferred:
    """Azure did not accept the write (throttled, or another operation in progress); it is sent again after `until`."""

    key: str
    reason: str
    until: datetime
    attempt: int = 1
    etag: str = ""
    """The etag of the set that a refusal for a stale etag (412) was sent with."""
    repeats: int = 0
    """How many such refusals in a row came although the etag was the same."""


@dataclass(frozen=True, slots=True)
class UpgradeSeen:
    """Azure's rolling upgrade changed. Counts are instances."""

    code: UpgradeCode
    started_at: datetime | None = None
    successful: int = 0
    failed: int = 0
    in_progress: int = 0
    pending: int = 0
    ours: bool = True
    fault: AzureFault | None = None


@dataclass(frozen=True, slots=True)
class InstancesSeen:
    """Instances that differ from the last observation, and the set's healthy count now."""

    changed: tuple[InstanceSeen, ...]
    healthy: int | None = None
    total: int | None = None
    """Instances of the set; None when the event does not say."""


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """A batch began. In a rolling upgrade it is inferred from what was observed."""

    number: int
    of: int
    ids: tuple[str, ...]
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchEnded:
    """A batch came to its end. `failed`: instances that failed or are unhealthy.

    `refused`: instances whose update Azure refused; they are as they were before.
    """

    number: int
    failed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the runner waits for and until when (None: for a person). `why` is a sentence.

    `takes_seconds`: how long it takes as a whole, as a pause does; 0: it may be over sooner, `until` is the latest.
    """

    why: str
    until: datetime | None = None
    takes_seconds: int = 0


@dataclass(frozen=True, slots=True)
class GateChecked:
    """A gate was checked: which number against which limit."""

    gate: GateName
    passed: bool
    message: str
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """A person requested something: pause, resume, approve, cancel, retry, undo."""

    verb: Verb
    who: str
    host: str = ""
    why: str = ""
    request_id: int = 0
    argument: str = ""


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """The answer to a request: accepted or not, and why in a sentence."""

    verb: Verb
    accepted: bool
    message: str
    request_id: int = 0


@dataclass(frozen=True, slots=True)
class Paused:
    """No new batch starts until the rollout is resumed. `window`: the maintenance window ended, the runner leaves."""

    reason: str = ""
    window: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """Batches continue."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """A person lifted maintenance windows or freezes for a rollout that runs; `code` as in the plan's overrides."""

    code: str
    reason: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """It starts, or resumes, at this time. `at_window`: when the maintenance window opens, whenever that will be."""

    at: datetime
    at_window: bool = False
    who: str = ""


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """The windows and freezes of the configuration for this scale set differ from those known so far."""

    rules: MaintenanceRules


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """The next batch is waiting for approval."""

    batch: int


@dataclass(frozen=True, slots=True)
class Approved:
    """The batch may start."""

    batch: int
    who: str = ""


@dataclass(frozen=True, slots=True)
class DecisionNeeded:
    """The rollout failed, and its policy asks: retry or exclude these instances, roll back, or cancel."""

    why: str
    ids: tuple[str, ...] = ()
    fault: AzureFault | None = None


@dataclass(frozen=True, slots=True)
class InstancesRetried:
    """A person decided that the script runs once more on these instances, with this force-update tag."""

    ids: tuple[str, ...]
    tag: str
    number: int
    """Of the request."""
    who: str = ""


@dataclass(frozen=True, slots=True)
class InstancesExcluded:
    """A person excluded instances that had failed, for a reason; the rollout continues without them."""

    ids: tuple[str, ...]
    reason: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class RollbackStarted:
    """The rollout failed and is rolled back: from here on it carries out this plan."""

    plan: RolloutPlan
    why: str
    fault: AzureFault | None = None
    who: str = ""
    """Who decided it; empty when the policy did."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth a line in the log: a warning, a retry, a leak."""

    message: str
    severity: Severity = Severity.INFO
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The host's clock was set, or the host slept, for `seconds`; waits start again, so that none is cut short."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Concluding:
    """The verdict is known, no further batch starts; the set's own policy is being restored."""

    verdict: Verdict
    reason: str
    fault: AzureFault | None = None


@dataclass(frozen=True, slots=True)
class PolicyRestored:
    """The set's own upgrade policy is restored (or could not be restored, with the reason)."""

    restored: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The rollout is over: always the last event. `reason` is the verdict in one sentence."""

    verdict: Verdict
    reason: str
    fault: AzureFault | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


Event = (
    Planned
    | RunnerStarted
    | SignedIn
    | RunnerStopped
    | WriteIntended
    | WriteAccepted
    | WriteEnded
    | WriteDeferred
    | UpgradeSeen
    | InstancesSeen
    | BatchStarted
    | BatchEnded
    | Waiting
    | GateChecked
    | Requested
    | RequestAnswered
    | Paused
    | Resumed
    | Overridden
    | RulesChanged
    | Scheduled
    | ApprovalNeeded
    | Approved
    | DecisionNeeded
    | InstancesRetried
    | InstancesExcluded
    | RollbackStarted
    | Noted
    | ClockStepped
    | Concluding
    | PolicyRestored
    | Ended
)


_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def kind_name(event: type[object] | object) -> str:
    """How the journal and every JSON record call a kind of event: `InstancesSeen` is `instances_seen`."""
    cls = event if isinstance(event, type) else type(event)
    return _CAPITAL.sub("_", cls.__name__).lower()


Kind = TypeVar("Kind", covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[Kind]):
    """An event in its place: `seq` counts from 1 without gaps within a log, `at` is UTC."""

    seq: int
    at: datetime
    event: Kind
    hash: str = field(default="", compare=False)
    """The head of the journal's hash chain up to this event; empty where it was not read from the journal."""


@dataclass(frozen=True, slots=True)
class Logged(Entry[Event]):
    """An event of a rollout in its place."""
