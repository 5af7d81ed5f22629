"""Azure's own rolling upgrade of a scale set: `rollingUpgrades/latest` in our words.

There is no upgrade id and no history: `latest` is the last one, of any client; two of them differ by `started_at` only.
Source: recordings `rolling_latest_*`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")
_KNOWN = {
    "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade": "too many instances are unhealthy to begin",
    "MaxUnhealthyInstancePercentExceededInRollingUpgrade": "too many instances of the set are unhealthy",
    "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade": "too many of the updated instances are unhealthy",
}
"""Codes whose texts are long and always the same. Source: "Troubleshoot rolling upgrades", recordings."""
_BRIEF = 240
"""Characters: two of Azure's sentences, without the output of a script that it likes to append."""


class UpgradeCode(StrEnum):
    """Running status of the latest rolling upgrade."""

    ROLLING_FORWARD = "RollingForward"
    ROLLING_BACK = "RollingBack"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    FAULTED = "Faulted"
    UNKNOWN = "Unknown"

    @property
    def running(self) -> bool:
        """Whether Azure is still updating instances."""
        return self in (UpgradeCode.ROLLING_FORWARD, UpgradeCode.ROLLING_BACK)


@dataclass(frozen=True, slots=True)
class AzureFault:
    """Azure's reason: its code, its text, and the instances it names with a text each."""

    code: str
    message: str
    details: tuple[tuple[str, str], ...] = ()
    """(instance id or empty, text)."""
    next_step: str = ""
    """What to do about it, in plain words; empty when nothing is known."""
    request_id: str = ""
    """What Azure support needs; empty when the answer had none."""
    azure_says: str = ""
    """Azure's own words, whole and without ours; empty when the reason is not Azure's, and in older logs."""

    @property
    def brief(self) -> str:
        """What happened in a few words, else the first sentences of the text, at most 240 characters."""
        if known := _KNOWN.get(self.code):
            return known
        first, *rest = _SENTENCE.split(self.message.strip())
        text = first
        for sentence in rest:
            if len(text) + 1 + len(sentence) > _BRIEF:
                break
            text = f"{text} {sentence}"
        text = text.rstrip(".")
        return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1].rstrip()}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingUpgrade:
    """The latest rolling upgrade. Counts are instances and may all be 0."""

    code: UpgradeCode
    started_at: datetime | None = None
    last_action: str = ""
    last_action_at: datetime | None = None
    successful: int = 0
    failed: int = 0
    in_progress: int = 0
    pending: int = 0
    fault: AzureFault | None = None


class OperationState(StrEnum):
    """State of a long-running operation."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"
    """Azure no longer knows the operation (they expire); the resources themselves show how it went."""


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """What Azure reports of a long-running operation."""

    state: OperationState
    fault: AzureFault | None = None
