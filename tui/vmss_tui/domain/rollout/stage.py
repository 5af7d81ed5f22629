"""The closed vocabularies of a rollout: phases, stages, verdicts, verbs and gates.

Light on purpose: every screen needs these words, few need the events. The journal stores the values.
"""

from enum import StrEnum


class Phase(StrEnum):
    """The phase of one instance in a rollout."""

    WAITING = "waiting"
    UPDATING = "updating"
    """The model is being applied; the script has not started."""
    SCRIPT = "script running"
    HEALTH = "awaiting health"
    DONE = "done"
    FAILED = "failed"
    UNHEALTHY = "unhealthy"
    """Updated, and its health source reports it as not healthy."""
    NOT_RUN = "script not run"
    """The model is applied and there is no proof that the script ran."""
    EXCLUDED = "excluded"
    LEAKED = "leaked"
    """It got the new version outside the plan (autoscale, automatic repairs, another operator)."""
    OVERWRITTEN = "overwritten"
    """It was updated by this rollout, and runs yet another version since: another operator's, or an earlier one."""
    GONE = "gone"
    """It was deleted or evicted during the rollout."""


BUSY = frozenset((Phase.UPDATING, Phase.SCRIPT, Phase.HEALTH))
"""In-flight phases: an update has begun and has not ended."""
BAD = frozenset((Phase.FAILED, Phase.UNHEALTHY, Phase.NOT_RUN))
"""Phases that count as failures of this rollout: for gates, budget, retry and verdict."""
FINAL = BAD | {Phase.DONE, Phase.EXCLUDED, Phase.GONE, Phase.LEAKED, Phase.OVERWRITTEN}
"""Phases that an instance does not leave by itself."""


class Verdict(StrEnum):
    """How a rollout ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """It was not started: another rollout was first, or its runner could not begin."""

    @property
    def word(self) -> str:
        """As texts say it; the value is what records hold."""
        return Stage(self.value).word


class Stage(StrEnum):
    """What a rollout as a whole is doing."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    APPROVAL = "awaiting approval"
    DECISION = "awaiting decision"
    """Something failed, and a person decides what becomes of it."""
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self in (Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED, Stage.REFUSED)

    @property
    def word(self) -> str:
        """As texts say it; the value is what records hold."""
        return _WORDS.get(self, self.value)


_WORDS = {
    Stage.APPROVAL: "waiting for approval",
    Stage.DECISION: "waiting for a decision",
    Stage.CANCELLING: "canceling",
    Stage.CANCELLED: "canceled",
}


class Verb(StrEnum):
    """What a person can request of a rollout."""

    PAUSE = "pause"
    RESUME = "resume"
    APPROVE = "approve"
    CANCEL = "cancel"
    RETRY = "retry"
    UNDO = "undo"
    EXCLUDE = "exclude"
    """Exclude instances that failed, and continue."""
    UNKNOWN = "unknown"
    """A request of a newer version that shares the journal; it is refused, never guessed at."""

    @classmethod
    def _missing_(cls, value: object) -> "Verb":
        return cls.UNKNOWN


class GateName(StrEnum):
    """What a gate checks."""

    HEALTH = "health"
    """Unhealthy instances of the whole set against the limit."""
    UPDATED = "updated"
    """Failed or unhealthy instances among those that were updated against the limit."""
    BUDGET = "budget"
    """Failures of the whole rollout against the failure budget."""
    LEAKS = "leaks"
    """Instances that got the new version outside the batches."""
    OTHERS = "others"
    """Changes of the scale set that this rollout did not make."""
    EXTERNAL = "external"
    """The profile's command or HTTP probe."""
    FILES = "files"
    """Whether the files that instances download are still those of the plan."""
    WINDOW = "window"
    """Whether the batch can end in the maintenance window."""
    DEADLINE = "deadline"
    """A batch, or Azure's rolling upgrade, that takes too long."""


EXTERNAL_GATES = frozenset((GateName.EXTERNAL, GateName.FILES))
"""Gates that the runner has to ask outside the process; their answers are kept in the log, once a batch."""
ASKED_APART = EXTERNAL_GATES | {GateName.WINDOW}
"""Gates that are not asked together with the others when a batch has ended."""
