"""The closed sets of states in which Azure's resources are, and of the choices a scenario makes, as enums.

Values are Azure's own words where Azure shows them, and a scenario's where only a scenario names them.
"""

from enum import StrEnum


class Power(StrEnum):
    """Power state of a VM, as in `PowerState/running`."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"


class Provisioning(StrEnum):
    """`provisioningState` of a scale set, an instance or an extension."""

    CREATING = "Creating"
    UPDATING = "Updating"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    DELETING = "Deleting"


class Health(StrEnum):
    """What a health source reports, as in `HealthState/healthy`."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    INITIALIZING = "initializing"
    UNKNOWN = "unknown"


class HealthKind(StrEnum):
    """Kinds of health sources: load balancer probe, Application Health extension 1.0 (binary) or 2.0 (rich states)."""

    NONE = "none"
    PROBE = "probe"
    BINARY = "binary"
    RICH = "rich"


class OperationStatus(StrEnum):
    """`status` of a long-running operation."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class RollKind(StrEnum):
    """What a rolling upgrade brings to the instances."""

    MODEL = "model"
    OS = "os"
    EXTENSION = "extension"


class RollCode(StrEnum):
    """`runningStatus.code` of a rolling upgrade."""

    ROLLING_FORWARD = "RollingForward"
    ROLLING_BACK = "RollingBack"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    FAULTED = "Faulted"


class RollPhase(StrEnum):
    """Where a rolling upgrade is inside; Azure does not show it."""

    STARTING = "starting"
    UPDATING = "updating"
    PAUSING = "pausing"
    CANCELLING = "cancelling"
    ROLLING_BACK = "rolling back"
    OVER = "over"


class RollAction(StrEnum):
    """`runningStatus.lastAction` of a rolling upgrade."""

    START = "Start"
    CANCEL = "Cancel"


class Starter(StrEnum):
    """`startedBy` of a rolling upgrade."""

    USER = "User"
    PLATFORM = "Platform"


class Verdict(StrEnum):
    """How far an instance of a batch is."""

    WORKING = "working"
    WAITING = "waiting"
    """Updated, and not healthy yet."""
    GOOD = "good"
    BAD = "bad"


class ScriptTrait(StrEnum):
    """What scripts do on one particular instance."""

    USUAL = ""
    FAILS = "fails"
    HANGS = "hangs"


class FailureCause(StrEnum):
    """Where the failure of an extension lies: in its script, in what the handler does for it, or in the handler."""

    SCRIPT = "script"
    FILE_DOWNLOAD = "file download"
    """The handler cannot download one of fileUris."""
    HANDLER_INSTALL = "handler install"
    HANDLER_UPDATE = "handler update"
    HANDLER_DOWNLOAD = "handler download"
    """The agent cannot download the handler's package."""
    HANDLER_NOT_ALLOWED = "handler not allowed"
    """The agent's policy file does not list the extension."""

    @property
    def is_handlers(self) -> bool:
        """True when the handler itself failed, so that no extension status was written."""
        return self.value.startswith("handler")


class AfterScript(StrEnum):
    """How one particular instance is after a script that ended well."""

    USUAL = ""
    UNHEALTHY = "unhealthy"


class Execution(StrEnum):
    """Whether scripts are only simulated, or really run."""

    SIMULATE = "simulate"
    RUN = "run"


class CancelStyle(StrEnum):
    """What a cancel does to the batch in flight."""

    ABANDON = "abandon"
    """It counts as failed (recorded 2023)."""
    FINISH = "finish"
    """It is let to end (recorded 2018)."""


class NeverRolled(StrEnum):
    """Status of rollingUpgrades/latest before any rolling upgrade."""

    NOT_FOUND = "404"
    CONFLICT = "409"


class TwoHealthSources(StrEnum):
    """What Azure says to a probe and a health extension on one set."""

    REFUSE = "refuse"
    ACCEPT = "accept"


class RetryAfter(StrEnum):
    """On which answers Azure sends Retry-After."""

    NEVER = "never"
    WRITES = "writes"
    FIRST_POLLS = "first polls"
    EVERY_POLL = "every poll"
    """30 seconds, on every poll of an operation that runs (recorded 2023, a MaxSurge test)."""
