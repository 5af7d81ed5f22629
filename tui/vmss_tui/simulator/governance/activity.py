"""The activity log: who wrote what, when and with which outcome.

Source: "Azure Activity Log event schema" (Administrative events; 90 days; a person by name, an application by object
id). Holds what requests did here; changes that a scenario makes for others are kept with the scale set.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

KEPT = 5000
DAYS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    at: datetime
    caller: str
    action: str
    scope: str
    """Id of the resource, as typed."""
    status: str
    """Started, Accepted, Succeeded or Failed."""
    correlation_id: str
    operation: str = ""
    """Id of the long-running operation that it began; its end is an event of its own."""


@dataclass(slots=True)
class ActivityLog:
    """The newest events, oldest first."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))

    def note(self, entry: Entry) -> None:
        """Keep one more."""
        self.entries.append(entry)
