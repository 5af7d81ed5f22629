"""Where an instance and a rollout stand, in one word each. Light: every screen needs the words, few need the events."""

from enum import StrEnum


class Phase(StrEnum):
    """Where one instance stands in a rollout."""

    WAITING = "waiting"
    UPDATING = "updating"
    """The model is being applied; the script has not started."""
    SCRIPT = "script running"
    HEALTH = "awaiting health"
    DONE = "done"
    FAILED = "failed"
    UNHEALTHY = "unhealthy"
    """Updated, and its health source says it is not well."""
    NOT_RUN = "script not run"
    """The model is applied and there is no proof that the script ran."""
    EXCLUDED = "excluded"
    LEAKED = "leaked"
    """It got the new model outside the plan (autoscale, automatic repairs, a colleague)."""
    GONE = "gone"
    """It was deleted meanwhile."""


class Verdict(StrEnum):
    """How a rollout ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What a rollout as a whole is doing."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    APPROVAL = "awaiting approval"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED)
